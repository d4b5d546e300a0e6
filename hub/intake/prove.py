"""From records in custody to cases that can be judged: decode, open, verify."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import Kept, Stretch, gathered
from hub.intake.opening import content_key, stored
from hub.intake.verify import (
    Promise,
    Task,
    Verifier,
    need_of,
    signed_by_card,
    towns_of_tickets,
)
from hub.points.case import Case, Line, Proof, done_of, moment_of
from hub.store.database import Tx
from sync.records import Record

if TYPE_CHECKING:
    from sync.values import AccountId, KeyDigest, MunicipalityCode


@dataclass(frozen=True, slots=True)
class Standing:
    """How an epoch stood: what came in behind ``closed_seq`` is judged by its own proof."""

    closed: bool
    closed_seq: int


class Draft(NamedTuple):
    """Records whose proofs may still be on their way."""

    stretch: Stretch
    promise: Promise
    all_known: bool
    """Whether every card was known that the records name."""


class Prover:
    """Makes cases; asks once for what several records share: cards, shift keys, tickets' keys.

    Good for one round: what it knows of cards is not asked again.
    """

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._shifts: dict[tuple[Line, int], bytes | None] = {}
        self._public_keys: dict[KeyDigest, bytes] = {}
        self._cards: dict[tuple[MunicipalityCode, AccountId], tuple[KeyDigest, ...]] = {}

    def cases(self, tx: Tx, records: Iterable[Kept]) -> list[Case]:
        """One case a record, in order."""
        drafts = [self.begin(tx, stretch) for stretch in gathered(records)]
        return self.finish(drafts, self.standings(tx, drafts))

    def begin(self, tx: Tx, stretch: Stretch) -> Draft:
        """Begin to check the proofs of what came together."""
        records = stretch.read
        cards = {
            record.body.card
            for record in records
            if record is not None and signed_by_card(record.body)
        }
        new = cards.difference(self._public_keys)
        if new:
            self._public_keys.update(self._identities.public_keys(new))
        known = {card: self._public_keys[card] for card in cards if card in self._public_keys}
        task = Task(
            origin=self._core.origin,
            records=stretch.records,
            digests=stretch.digests,
            pieces=stretch.pieces,
            needs=list(map(need_of, records, stretch.pieces)),
            cards=known,
            shifts=self._shift_keys(tx, stretch),
            tickets=self._core.keys.public_tickets(towns_of_tickets(records)),
        )
        return Draft(stretch, self._verifier.begin(task), len(known) == len(cards))

    def standings(self, tx: Tx, drafts: Iterable[Draft]) -> dict[Line, Standing]:
        """How the epochs of these records stand now."""
        return {line: _standing(tx, line) for line in {one.stretch.line for one in drafts}}

    def finish(self, drafts: Sequence[Draft], standings: Mapping[Line, Standing]) -> list[Case]:
        """Wait for the proofs; one case a record, in order. Needs no transaction."""
        self._meet(drafts)
        return [case for draft in drafts for case in self._cases(draft, standings)]

    def _meet(self, drafts: Iterable[Draft]) -> None:
        """Ask whose cards open the accounts that have not been met yet.

        A card that is registered meanwhile is asked for again by the next posting.
        """
        accounts: dict[MunicipalityCode, set[AccountId]] = {}
        for draft in drafts:
            for record in draft.stretch.read:
                if record is not None and signed_by_card(record.body):
                    town, account = record.body.municipality, record.body.account
                    if (town, account) not in self._cards:
                        accounts.setdefault(town, set()).add(account)
        for town, some in accounts.items():
            for account, theirs in self._identities.cards_of(town, some).items():
                self._cards[town, account] = theirs

    def _cases(self, draft: Draft, standings: Mapping[Line, Standing]) -> Iterator[Case]:
        line, first, received_at, posted_then, _, digests, records, _ = draft.stretch
        standing = standings[line]
        found = draft.promise.result()
        for seq, (name, record, checked) in enumerate(
            zip(digests, records, found, strict=True), first
        ):
            yield Case(
                line,
                seq,
                name,
                record,
                None if record is None else done_of(record),
                moment_of(record, received_at),
                self._of_the_account(record, checked.proof),
                checked.opened,
                received_at,
                posted_then,
                bool(line.branch) or (standing.closed and seq > standing.closed_seq),
            )

    def _of_the_account(self, record: Record | None, proof: Proof) -> Proof:
        """A good signature counts only by a card of the account's holder."""
        if proof is not Proof.GOOD or record is None:
            return proof
        body = record.body
        if not signed_by_card(body):
            return proof
        theirs = self._cards.get((body.municipality, body.account), ())
        return proof if body.card in theirs else Proof.OTHER_ACCOUNT

    def _shift_keys(self, tx: Tx, stretch: Stretch) -> dict[int, bytes]:
        """The content keys of the shifts that evidence names, where they can be opened."""
        keys: dict[int, bytes] = {}
        for seq in {piece.shift for piece in stretch.pieces if piece is not None}:
            name = (stretch.line, seq)
            if name not in self._shifts:
                here = seq in stretch.seqs
                record = (
                    stretch.read[seq - stretch.first] if here else stored(tx, stretch.line, seq)
                )
                self._shifts[name] = content_key(self._core.keys, record)
            key = self._shifts[name]
            if key is not None:
                keys[seq] = key
        return keys


def _standing(tx: Tx, line: Line) -> Standing:
    row = tx.one(
        "SELECT state, closed_seq FROM epoch"
        " WHERE municipality=:home AND node=:node AND epoch=:epoch",
        home=line.home,
        node=line.node,
        epoch=line.epoch,
    )
    if row is None:
        return Standing(closed=False, closed_seq=0)
    return Standing(closed=row["state"] != "open", closed_seq=row["closed_seq"])
