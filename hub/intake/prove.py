"""From records in custody to cases that can be judged: decode, open, verify."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import Kept, kept
from hub.intake.verify import CardTask, Checked, Task, TicketTask, Verifier
from hub.points.case import Case, Line, Proof
from hub.store.database import Tx
from sync.chain import digest
from sync.errors import Malformed, NotAuthentic
from sync.records import Record, ShiftOpened, Spend, TicketIssued, TicketRedeemed, decode
from sync.sealing import open_content_key
from sync.values import MunicipalityCode


@dataclass(frozen=True, slots=True)
class Standing:
    """How an epoch stood: what came in behind ``closed_seq`` is judged by its own proof."""

    closed: bool
    closed_seq: int


class Prover:
    """Makes cases; keeps what several records share (shift keys, epochs, tickets' keys)."""

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._shifts: dict[tuple[Line, int], bytes | None] = {}
        self._tickets: dict[MunicipalityCode, bytes] = {}

    def cases(self, tx: Tx, records: Sequence[Kept]) -> list[Case]:
        """One case a record, in order."""
        standings = {line: _standing(tx, line) for line in {one.line for one in records}}
        cases: list[Case] = []
        tasks: list[Task] = []
        places: list[int] = []
        for one in records:
            record = _decoded(one)
            found = self._task(tx, one, record)
            if not isinstance(found, Proof):
                tasks.append(found)
                places.append(len(cases))
            standing = standings[one.line]
            cases.append(
                Case(
                    line=one.line,
                    seq=one.seq,
                    digest=digest(one.data),
                    record=record,
                    proof=found if isinstance(found, Proof) else Proof.NOT_NEEDED,
                    opened=b"",
                    received_at=one.received_at,
                    posted_then=one.posted_then,
                    by_own_proof=bool(one.line.branch)
                    or (standing.closed and one.seq > standing.closed_seq),
                )
            )
        for place, checked in zip(places, self._verifier.check(tasks), strict=True):
            cases[place] = self._finish(cases[place], checked)
        return cases

    def _task(self, tx: Tx, one: Kept, record: Record | None) -> Task | Proof:
        if record is None:
            return Proof.UNREADABLE
        match record.body:
            case Spend() | TicketIssued() as body:
                if one.evidence is None or one.evidence.key != body.card:
                    return Proof.NO_EVIDENCE
                known = self._identities.public_key(body.card)
                if known is None:
                    return Proof.UNKNOWN_KEY
                content_key = self._shift_key(tx, one.line, one.evidence.shift)
                if content_key is None:
                    return Proof.BAD_SIGNATURE
                return CardTask(
                    origin=self._core.origin,
                    record=one.data,
                    digest=digest(one.data),
                    evidence=one.evidence,
                    content_key=content_key,
                    spki=known[1],
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

    def _finish(self, case: Case, checked: Checked) -> Case:
        proof, opened = checked
        body = None if case.record is None else case.record.body
        if proof is Proof.GOOD and isinstance(body, Spend | TicketIssued):
            owner = self._identities.account_of(body.card, body.municipality)
            if owner != body.account:
                proof = Proof.OTHER_ACCOUNT
        return replace(case, proof=proof, opened=opened)

    def _shift_key(self, tx: Tx, line: Line, seq: int) -> bytes | None:
        key = (line, seq)
        if key not in self._shifts:
            self._shifts[key] = self._open_shift(tx, line, seq)
        return self._shifts[key]

    def _open_shift(self, tx: Tx, line: Line, seq: int) -> bytes | None:
        """The content key that a shift's first record seals; None when it cannot be opened."""
        chain = Line(home=line.home, node=line.node, epoch=line.epoch, branch="")
        found = kept(tx, line, seq - 1, seq) or kept(tx, chain, seq - 1, seq)
        record = _decoded(found[0]) if found else None
        if record is None or not isinstance(record.body, ShiftOpened):
            return None
        try:
            private = self._core.keys.sealing(record.body.sealing_key)
            return open_content_key(record.body.content_key, private)
        except NotAuthentic:
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
