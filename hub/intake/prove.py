"""From records in custody to cases that can be judged: decode, open, verify."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

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
from hub.points.asked import any_of
from hub.points.case import Case, Line, Proof, Proved
from hub.store.database import Tx
from sync.records import Record
from sync.values import AccountId, KeyDigest, MunicipalityCode


@dataclass(frozen=True, slots=True)
class Standing:
    """How an epoch stood: what came in behind ``closed_seq`` is judged by its own proof."""

    closed: bool
    closed_seq: int


_Signed = tuple[MunicipalityCode, AccountId, KeyDigest]
"""A town, an account there, and the card that signed for it."""


class Draft(NamedTuple):
    """Records whose proofs may still be on their way."""

    stretch: Stretch
    promise: Promise
    signed: Collection[_Signed]
    all_known: bool
    """Whether every card was known that the records name."""


class Prover:
    """Proves records; asks once for what several records share: cards, shift keys, tickets' keys.

    Good for one round: what it knows of cards is not asked again.
    """

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._public_keys: dict[KeyDigest, bytes] = {}
        self._cards: dict[tuple[MunicipalityCode, AccountId], tuple[KeyDigest, ...]] = {}

    def cases(self, tx: Tx, records: Iterable[Kept]) -> list[Case]:
        """One case a record, in order."""
        return [case for some in self.prove(tx, gathered(records)) for case in some.cases()]

    def prove(self, tx: Tx, some: Iterable[Stretch]) -> list[Proved]:
        """Check the proofs of all of it, and wait for that."""
        drafts = [self.begin(tx, stretch) for stretch in some]
        return self.finish(drafts, self.standings(tx, drafts))

    def begin(self, tx: Tx, stretch: Stretch) -> Draft:
        """Begin to check the proofs of what came together."""
        records = stretch.read
        signed = _signed(records)
        cards = {card for _, _, card in signed}
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
        return Draft(stretch, self._verifier.begin(task), signed, len(known) == len(cards))

    def standings(self, tx: Tx, drafts: Iterable[Draft]) -> dict[Line, Standing]:
        """How the epochs of these records stand now."""
        lines = sorted({one.stretch.line for one in drafts})
        return {
            line: standing
            for home, some in groupby(lines, key=lambda line: line.home)
            for line, standing in _standings(tx, home, list(some))
        }

    def finish(self, drafts: Sequence[Draft], standings: Mapping[Line, Standing]) -> list[Proved]:
        """Wait for the proofs. Needs no transaction."""
        self._meet({one for draft in drafts for one in draft.signed})
        return [self._proved(draft, standings[draft.stretch.line]) for draft in drafts]

    def _meet(self, signed: Iterable[_Signed]) -> None:
        """Ask whose cards open the accounts that have not been met yet.

        A card that is registered meanwhile is asked for again by the next posting.
        """
        accounts: dict[MunicipalityCode, set[AccountId]] = {}
        for town, account, _ in signed:
            if (town, account) not in self._cards:
                accounts.setdefault(town, set()).add(account)
        for town, some in accounts.items():
            for account, theirs in self._identities.cards_of(town, some).items():
                self._cards[town, account] = theirs

    def _proved(self, draft: Draft, standing: Standing) -> Proved:
        line, first, received_at, posted_then, _, digests, records, _ = draft.stretch
        found = draft.promise.result()
        proofs = [one.proof for one in found]
        if not all(map(self._is_the_holders, draft.signed)):
            proofs = list(map(self._of_the_account, records, proofs))
        closed_seq = standing.closed_seq if standing.closed else None
        alone_behind = 0 if line.branch else closed_seq
        opened = [one.opened for one in found]
        return Proved(
            line, first, received_at, posted_then, digests, records, proofs, opened, alone_behind
        )

    def _of_the_account(self, record: Record | None, proof: Proof) -> Proof:
        """A good signature counts only by a card of the account's holder."""
        if proof is not Proof.GOOD or all(map(self._is_the_holders, _signed([record]))):
            return proof
        return Proof.OTHER_ACCOUNT

    def _is_the_holders(self, signed: _Signed) -> bool:
        town, account, card = signed
        return card in self._cards.get((town, account), ())

    def _shift_keys(self, tx: Tx, stretch: Stretch) -> dict[int, bytes]:
        """The content keys of the shifts that evidence names, where they can be opened."""
        keys: dict[int, bytes] = {}
        opened = self._core.content_keys
        for seq in {piece.shift for piece in stretch.pieces if piece is not None}:
            shift = (stretch.line, seq)
            key = opened.get(shift)
            if key is None and seq in stretch.seqs:
                key = content_key(self._core.keys, stretch.read[seq - stretch.first])
            elif key is None:
                key = content_key(self._core.keys, stored(tx, stretch.line, seq))
                if key is not None:
                    opened.keep(shift, key)
            if key is not None:
                keys[seq] = key
        return keys


def _signed(records: Iterable[Record | None]) -> set[_Signed]:
    """Whose points records move that a card has to have signed, and by which card."""
    return {
        (body.municipality, body.account, body.card)
        for body in [record.body for record in records if record is not None]
        if signed_by_card(body)
    }


def _standings(
    tx: Tx, home: MunicipalityCode, lines: Sequence[Line]
) -> Iterator[tuple[Line, Standing]]:
    marks, nodes = any_of([*{line.node for line in lines}])
    rows = tx.rows(
        "SELECT node, epoch, state, closed_seq FROM epoch WHERE municipality=?"
        f" AND node IN {marks}",
        [home, *nodes],
    )
    known = {
        (node, epoch): Standing(closed=state != "open", closed_seq=closed_seq)
        for node, epoch, state, closed_seq in rows
    }
    for line in lines:
        yield line, known.get((line.node, line.epoch), _OPEN)


_OPEN = Standing(closed=False, closed_seq=0)
