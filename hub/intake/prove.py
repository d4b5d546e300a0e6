"""From records in custody to cases that can be judged: decode, open, verify."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import Kept, kept_along
from hub.intake.verify import CardTask, Checked, Task, TicketTask, Verifier
from hub.points.case import Case, Line, Proof, done_of, moment_of
from hub.store.database import Tx
from sync.chain import digest
from sync.errors import Malformed, NotAuthentic
from sync.records import Record, ShiftOpened, Spend, TicketIssued, TicketRedeemed, decode
from sync.records.bodies import AnyBody
from sync.sealing import open_content_key
from sync.values import AccountId, Digest, KeyDigest, MunicipalityCode

_SIGNED_BY_CARD = (Spend, TicketIssued)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an epoch stood: what came in behind ``closed_seq`` is judged by its own proof."""

    closed: bool
    closed_seq: int


class _Draft(NamedTuple):
    """A record whose proof may still be on its way."""

    kept: Kept
    record: Record | None
    digest: Digest
    proof: Proof | None
    """None: it comes from the verifier."""
    by_own_proof: bool


class Prover:
    """Makes cases; asks once for what several records share: cards, shift keys, tickets' keys.

    Good for one round: what it knows of cards is not asked again.
    """

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._shifts: dict[tuple[Line, int], bytes | None] = {}
        self._tickets: dict[MunicipalityCode, bytes] = {}
        self._public_keys: dict[KeyDigest, bytes] = {}
        self._cards: dict[tuple[MunicipalityCode, AccountId], tuple[KeyDigest, ...]] = {}

    def cases(self, tx: Tx, records: Sequence[Kept]) -> list[Case]:
        """One case a record, in order."""
        return self.begin(tx, records)()

    def begin(self, tx: Tx, records: Sequence[Kept]) -> Callable[[], list[Case]]:
        """Begin to check proofs; what this gives waits for them, and needs no transaction."""
        standings = {line: _standing(tx, line) for line in {one.line for one in records}}
        decoded = [_decoded(one) for one in records]
        self._meet(record.body for record in decoded if record is not None)
        drafts: list[_Draft] = []
        tasks: list[Task] = []
        for one, record in zip(records, decoded, strict=True):
            name = digest(one.data)
            found = self._task(tx, one, record, name)
            proof = None
            if isinstance(found, Proof):
                proof = found
            else:
                tasks.append(found)
            standing = standings[one.line]
            own = bool(one.line.branch) or (standing.closed and one.seq > standing.closed_seq)
            drafts.append(_Draft(one, record, name, proof, own))
        promise = self._verifier.begin(tasks)
        return lambda: self._finished(drafts, promise())

    def _meet(self, bodies: Iterable[AnyBody]) -> None:
        """Ask for the cards that have not been met yet: their keys, and whose accounts they open.

        A card that is registered meanwhile is asked for again by the next posting.
        """
        cards: set[KeyDigest] = set()
        accounts: dict[MunicipalityCode, set[AccountId]] = {}
        for body in bodies:
            if isinstance(body, _SIGNED_BY_CARD):
                if body.card not in self._public_keys:
                    cards.add(body.card)
                if (body.municipality, body.account) not in self._cards:
                    accounts.setdefault(body.municipality, set()).add(body.account)
        self._public_keys.update(self._identities.public_keys(cards))
        for town, some in accounts.items():
            for account, theirs in self._identities.cards_of(town, some).items():
                self._cards[town, account] = theirs

    def _finished(self, drafts: Sequence[_Draft], answers: Sequence[Checked]) -> list[Case]:
        checked = iter(answers)
        return [
            self._case(draft, next(checked) if draft.proof is None else (draft.proof, b""))
            for draft in drafts
        ]

    def _case(self, draft: _Draft, checked: Checked) -> Case:
        one, record, (proof, opened) = draft.kept, draft.record, checked
        body = None if record is None else record.body
        if (
            proof is Proof.GOOD
            and isinstance(body, _SIGNED_BY_CARD)
            and body.card not in self._cards[body.municipality, body.account]
        ):
            proof = Proof.OTHER_ACCOUNT
        return Case(
            line=one.line,
            seq=one.seq,
            digest=draft.digest,
            record=record,
            done=None if record is None else done_of(record),
            at=moment_of(record, one.received_at),
            proof=proof,
            opened=opened,
            received_at=one.received_at,
            posted_then=one.posted_then,
            by_own_proof=draft.by_own_proof,
        )

    def _task(self, tx: Tx, one: Kept, record: Record | None, name: Digest) -> Task | Proof:
        if record is None:
            return Proof.UNREADABLE
        match record.body:
            case Spend() | TicketIssued() as body:
                if one.evidence is None or one.evidence.key != body.card:
                    return Proof.NO_EVIDENCE
                spki = self._public_keys.get(body.card)
                if spki is None:
                    return Proof.UNKNOWN_KEY
                content_key = self._shift_key(tx, one.line, one.evidence.shift)
                if content_key is None:
                    return Proof.BAD_SIGNATURE
                return CardTask(
                    origin=self._core.origin,
                    record=one.data,
                    digest=name,
                    evidence=one.evidence,
                    content_key=content_key,
                    spki=spki,
                )
            case TicketRedeemed() as body:
                return TicketTask(
                    ticket=body.ticket,
                    municipality=body.municipality,
                    number=body.number,
                    points=body.points,
                    public=self._ticket_key(body.municipality),
                )
            case _:
                return Proof.NOT_NEEDED

    def _shift_key(self, tx: Tx, line: Line, seq: int) -> bytes | None:
        key = (line, seq)
        if key not in self._shifts:
            self._shifts[key] = self._open_shift(tx, line, seq)
        return self._shifts[key]

    def _open_shift(self, tx: Tx, line: Line, seq: int) -> bytes | None:
        """The content key that a shift's first record seals; None when it cannot be opened."""
        found = kept_along(tx, line, seq - 1, seq)
        record = _decoded(found[0]) if found else None
        if record is None or not isinstance(record.body, ShiftOpened):
            return None
        try:
            private = self._core.keys.sealing(record.body.sealing_key)
            return open_content_key(record.body.content_key, private)
        except (Malformed, NotAuthentic):
            return None

    def _ticket_key(self, town: MunicipalityCode) -> bytes:
        if town not in self._tickets:
            self._tickets[town] = self._core.keys.tickets(town).public
        return self._tickets[town]


def _decoded(one: Kept) -> Record | None:
    try:
        return decode(one.data)
    except Malformed:
        return None


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
