"""What this counter prints: documents from what was committed, and the jobs that carry them.

A job is queued in the transaction of its record (a ticket's in that of its receipt), under a name
made from the record, so that nothing is queued twice. A sale waits for that transaction, so a slip
enters it as its bare facts (:class:`SlipFacts`) and is laid out by whoever prints it; every other
sheet is stored as it will be printed.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

import msgspec

from node.identity import Identity, settings_of
from node.knowledge import Knowledge, today
from node.outcome import Approved, TicketPaper, ZReport
from node.store import Row, Store
from printer import documents
from printer.spool import Job, State
from sync.errors import Malformed, NotAuthentic
from sync.records import Tier
from sync.ticket import read_ticket, to_qr
from sync.values import Digest, EpochId, Millis, MunicipalityCode, NodeId, Points, short
from sync.wire import read, write

_SLIPS: dict[str, documents.SlipKind] = {
    "spend": "spend",
    "ticket.redeemed": "redemption",
    "reversed": "reversal",
}
_QUEUE = (
    "INSERT OR IGNORE INTO job (kind, title, document, facts, state, name, made)"
    " VALUES (?, ?, ?, ?, 'queued', ?, ?)"
)
_JOB = "SELECT id, kind, title, document, facts, state, reason FROM job"


class SlipFacts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a slip says of one record; names and words come to it when it is printed."""

    kind: str
    node: NodeId
    epoch: EpochId
    seq: int
    digest: Digest
    at: Millis
    municipality: MunicipalityCode
    points: Points
    offline: bool
    """Taken on this node's word (T2)."""
    balance: int | None
    """What is left; None where nobody here knows it."""
    as_of: Millis | None
    """When the hub made the standing behind ``balance``."""


class JobStore:
    """The print jobs in the node's database: the port of :mod:`printer.spool`."""

    def __init__(self, store: Store, lay_out: Callable[[SlipFacts], documents.Slip]) -> None:
        self._store = store
        self._lay_out = lay_out

    def waiting(self) -> Iterable[Job]:
        """Every job that is not confirmed, the oldest first."""
        rows = self._store.rows(f"{_JOB} WHERE state <> 'confirmed' ORDER BY id")
        return [self._job(row) for row in rows]

    def mark(self, job: Job, state: State, reason: str) -> None:
        """Store a job's state durably."""
        self._store.execute(
            "UPDATE job SET state = ?, reason = ? WHERE id = ?", (state, reason, job.id)
        )

    def find(self, job: int) -> Job | None:
        """One job by its number."""
        row = self._store.row(f"{_JOB} WHERE id = ?", (job,))
        return None if row is None else self._job(row)

    def document(self, name: str) -> bytes | None:
        """The document of a named job; the last ones are found soonest."""
        row = self._store.row(f"{_JOB} WHERE name = ? ORDER BY id DESC LIMIT 1", (name,))
        return None if row is None else self._job(row).document

    def _job(self, row: Row) -> Job:
        number, kind, title, document, facts, state, reason = row
        return Job(
            id=number,
            document=document if facts is None else self._document(facts),
            kind=kind,
            title=title,
            state=State(state),
            reason=reason,
        )

    def _document(self, facts: bytes) -> bytes:
        """A slip's document; facts that cannot be read stay for the spool to pass over."""
        try:
            return documents.encode(self._lay_out(read(facts, SlipFacts)))
        except (Malformed, ValueError, KeyError):
            return facts


class Paper:
    """Makes documents and queues them."""

    def __init__(self, store: Store, identity: Identity, knowledge: Knowledge) -> None:
        self._store = store
        self._identity = identity
        self._knowledge = knowledge
        self.jobs = JobStore(store, self.lay_out)
        self.printing = threading.Lock()
        """One hand at the printer: the counter after a sale, or the schedule's round."""

    def names(self, town: MunicipalityCode) -> tuple[str, str]:
        """A town's name and its point name; its code where the feed has not told them."""
        item = self._knowledge.town(town)
        return (town, town) if item is None else (item.name, item.point_name)

    def slip(self, done: Approved) -> None:
        """Queue the slip of a spend, a redemption or a reversal; inside its transaction."""
        facts = SlipFacts(
            done.kind,
            done.node,
            done.epoch,
            done.seq,
            done.digest,
            done.at,
            done.municipality,
            done.points,
            done.tier is Tier.T2,
            done.balance_after,
            done.as_of,
        )
        self._store.execute(
            _QUEUE,
            (
                "slip",
                f"{done.kind} {done.seq}",
                None,
                write(facts),
                slip_name(done),
                done.at,
            ),
        )

    def lay_out(self, facts: SlipFacts) -> documents.Slip:
        """The slip as it is printed, in today's names and the language that is set."""
        town, point_name = self.names(facts.municipality)
        balance = None
        if facts.balance is not None and facts.as_of is not None:
            balance = documents.Balance(points=facts.balance, as_of=aware(facts.as_of))
        return documents.Slip(
            language=self._language(),
            kind=_SLIPS[facts.kind],
            organisation=self._identity.organisation_name,
            place=self._identity.place,
            town=town,
            point_name=point_name,
            points=facts.points,
            balance=balance,
            settled="offline" if facts.offline else "online",
            at=aware(facts.at),
            node=short(facts.node),
            seq=facts.seq,
            digest=facts.digest.hex()[:8],
        )

    def z_report(self, report: ZReport) -> None:
        """Queue a Z-report; inside the transaction of its ``shift.closed``."""
        takings = tuple(
            documents.Takings(
                town=line.town,
                point_name=line.point_name,
                kind=_SLIPS[line.kind],
                count=line.count,
                points=line.points,
            )
            for line in report.lines
            if line.kind in _SLIPS
        )
        paper = documents.ZReport(
            language=self._language(),
            organisation=self._identity.organisation_name,
            place=self._identity.place,
            node=short(report.node),
            shift=report.opened_seq,
            opened=aware(report.opened_at),
            closed=aware(report.closed_at),
            takings=takings,
            synced=report.synced,
            waiting=report.waiting,
            limit_used=report.offline_used,
            limit_left=report.offline_left,
            waiting_digests=tuple(digest.hex()[:8] for digest in report.claims),
        )
        name = f"{report.epoch}/{report.closed_seq}/z"
        self._queue(paper, "z-report", f"Z {report.closed_seq}", name, report.closed_at)

    def tickets(self, now: Millis) -> int:
        """Queue every signed ticket that has no job yet; how many.

        One whose signature does not hold by the keys that are here stays without paper: a later
        feed may bring the key.
        """
        made = 0
        for number, signed, digest, at in self._store.rows(
            "SELECT number, signed, digest, at FROM paper JOIN record USING (epoch, seq)"
            " WHERE signed IS NOT NULL"
            " AND NOT EXISTS ("
            "   SELECT 1 FROM job WHERE name = 'ticket/' || number AND facts IS NULL)"
        ):
            try:
                ticket = read_ticket(signed, self._knowledge.ticket_keys())
            except (Malformed, NotAuthentic):
                continue
            town, point_name = self.names(ticket.municipality)
            paper = documents.Ticket(
                language=self._language(),
                town=town,
                point_name=point_name,
                points=ticket.points,
                valid_from=date.fromisoformat(ticket.valid_from),
                valid_until=date.fromisoformat(ticket.valid_until),
                issued_on=date.fromisoformat(today(at)),
                number=ticket.number,
                qr=to_qr(signed),
                places=ticket.zones,
                online_only=ticket.online_only,
                digest=digest.hex()[:8],
            )
            self._queue(paper, "ticket", f"ticket {number}", f"ticket/{number}", now)
            made += 1
        return made

    def of_record(self, epoch: str, seq: int) -> tuple[TicketPaper, ...]:
        """The signed tickets of one ``ticket.issued``, in the order of their numbers."""
        rows = self._store.rows(
            "SELECT number, signed, municipality, points, valid_from, valid_until,"
            " coalesce((SELECT id FROM job WHERE name = 'ticket/' || number"
            "   AND facts IS NULL), 0)"
            " FROM paper WHERE epoch = ? AND seq = ? AND signed IS NOT NULL ORDER BY number",
            (epoch, seq),
        )
        return tuple(
            TicketPaper(
                number=number,
                qr=to_qr(signed),
                municipality=town,
                points=Points(points),
                valid_from=valid_from,
                valid_until=valid_until,
                seq=seq,
                job=job,
            )
            for number, signed, town, points, valid_from, valid_until, job in rows
        )

    def again(self, job: Job, now: Millis) -> None:
        """Queue the same sheet once more, marked and counted as a reprint."""
        first = documents.decode(job.document)
        paper = msgspec.structs.replace(first, reprints=first.reprints + 1)
        name = f"reprint/{job.id}/{paper.reprints}"
        self._queue(paper, job.kind, job.title, name, now)

    def _queue(
        self, paper: documents.Document, kind: str, title: str, name: str, at: Millis
    ) -> None:
        self._store.execute(_QUEUE, (kind, title, documents.encode(paper), None, name, at))

    def _language(self) -> documents.Language:
        return "en" if settings_of(self._store).language == "en" else "ja"


def slip_name(done: Approved) -> str:
    """Under which name the slip of a record is queued."""
    return f"{done.epoch}/{done.seq}/slip"


def aware(at: Millis) -> datetime:
    """A moment as paper wants it."""
    return datetime.fromtimestamp(at / 1000, UTC)
