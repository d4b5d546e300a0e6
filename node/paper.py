"""What this counter prints: documents from what was committed, and the jobs that carry them.

    a sale         its slip's note lies in the record's row, written with it in one transaction
    whoever prints makes jobs of the notes behind ``epoch.queued``, and moves that on, in another
    a Z-report, a signed ticket   its job is made in the transaction of its record or receipt

So no slip is forgotten and a sale does not wait for its layout. A job stands under a name made from
the record: nothing is queued twice.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

import msgspec

from node.identity import Identity, settings_of
from node.knowledge import Knowledge, today
from node.outcome import Approved, TicketPaper, ZReport
from node.store import Store
from printer import documents
from printer.spool import Job, State
from sync.errors import Malformed, NotAuthentic
from sync.records import Record, Reversed, Spend, TicketRedeemed, Tier, decode
from sync.ticket import read_ticket, to_qr
from sync.values import Millis, MunicipalityCode, Points, short
from sync.wire import read, write

_NOTED = (
    " FROM epoch CROSS JOIN record ON record.epoch = epoch.epoch AND record.seq > queued"
    " WHERE slip IS NOT NULL"
)
WAITING_NOTES = f"SELECT count(*){_NOTED}"
"""How many slips have no print job yet."""
_NOTES = f"SELECT digest, bytes, slip{_NOTED} ORDER BY epoch.number, seq"
_SLIPS: dict[str, documents.SlipKind] = {
    "spend": "spend",
    "ticket.redeemed": "redemption",
    "reversed": "reversal",
}
_QUEUE = (
    "INSERT OR IGNORE INTO job (kind, title, document, state, name, made)"
    " VALUES (?, ?, ?, 'queued', ?, ?)"
)


class SlipNote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a slip says beyond its record."""

    balance: int | None
    """What is left; None where nobody here knows it."""
    as_of: Millis | None
    """When the hub made the standing behind ``balance``."""


class JobStore:
    """The print jobs in the node's database: the port of :mod:`printer.spool`.

    ``catch_up`` makes jobs of the slips that were sold since.
    """

    def __init__(self, store: Store, catch_up: Callable[[], None]) -> None:
        self._store = store
        self._catch_up = catch_up

    def waiting(self) -> Iterable[Job]:
        """Every job that is not confirmed, the oldest first."""
        self._catch_up()
        return [
            Job(id=i, document=document, kind=kind, title=title, state=State(state), reason=reason)
            for i, document, kind, title, state, reason in self._store.rows(
                "SELECT id, document, kind, title, state, reason FROM job"
                " WHERE state <> 'confirmed' ORDER BY id"
            )
        ]

    def mark(self, job: Job, state: State, reason: str) -> None:
        """Store a job's state durably."""
        self._store.execute(
            "UPDATE job SET state = ?, reason = ? WHERE id = ?", (state, reason, job.id)
        )

    def find(self, job: int) -> Job | None:
        """One job by its number."""
        row = self._store.row(
            "SELECT document, kind, title, state, reason FROM job WHERE id = ?", (job,)
        )
        if row is None:
            return None
        return Job(
            id=job,
            document=row[0],
            kind=row[1],
            title=row[2],
            state=State(row[3]),
            reason=row[4],
        )

    def document(self, name: str) -> bytes | None:
        """The stored document of a named job."""
        self._catch_up()
        row = self._store.row("SELECT document FROM job WHERE name = ?", (name,))
        return None if row is None else bytes(row[0])


class Paper:
    """Makes documents and queues them."""

    def __init__(self, store: Store, identity: Identity, knowledge: Knowledge) -> None:
        self._store = store
        self._identity = identity
        self._knowledge = knowledge
        self.jobs = JobStore(store, self.queue_slips)
        self.printing = threading.Lock()
        """One hand at the printer: the counter after a sale, or the schedule's round."""

    def names(self, town: MunicipalityCode) -> tuple[str, str]:
        """A town's name and its point name; its code where the feed has not told them."""
        item = self._knowledge.town(town)
        return (town, town) if item is None else (item.name, item.point_name)

    def slip(self, done: Approved) -> None:
        """Note the slip of a spend, a redemption or a reversal; inside its transaction."""
        self._store.execute(
            "UPDATE record SET slip = ? WHERE epoch = ? AND seq = ?",
            (write(SlipNote(done.balance_after, done.as_of)), done.epoch, done.seq),
        )

    def queue_slips(self) -> None:
        """Make print jobs of the slips that have none yet, in the order of their records."""
        if not self._store.number(WAITING_NOTES):
            return
        with self._store.transaction():
            for digest, data, note in self._store.rows(_NOTES):
                record = decode(data)
                self._queue(
                    self._slip(record, digest, _note(note)),
                    "slip",
                    f"{record.kind} {record.seq}",
                    slip_name(record),
                    record.at.ms,
                )
                self._store.execute(
                    "UPDATE epoch SET queued = ? WHERE epoch = ?", (record.seq, record.epoch)
                )

    def _slip(self, record: Record, digest: bytes, note: SlipNote) -> documents.Slip:
        body = record.body
        assert isinstance(body, Spend | TicketRedeemed | Reversed)  # noqa: S101  no other has one
        town, point_name = self.names(body.municipality)
        balance = None
        if note.balance is not None and note.as_of is not None:
            balance = documents.Balance(points=note.balance, as_of=aware(note.as_of))
        offline = not isinstance(body, Reversed) and body.tier is Tier.T2
        return documents.Slip(
            language=self._language(),
            kind=_SLIPS[record.kind],
            organisation=self._identity.organisation_name,
            place=self._identity.place,
            town=town,
            point_name=point_name,
            points=body.points,
            balance=balance,
            settled="offline" if offline else "online",
            at=aware(record.at.ms),
            node=short(record.node),
            seq=record.seq,
            digest=digest.hex()[:8],
        )

    def z_report(self, report: ZReport) -> None:
        """Queue a Z-report; inside the transaction of its ``shift.closed``."""
        self.queue_slips()  # what was sold in the shift comes before its sums
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
            next_payment=self._payment_after(report.closed_at),
            waiting_digests=tuple(digest.hex()[:8] for digest in report.claims),
        )
        name = f"{report.epoch}/{report.closed_seq}/z"
        self._queue(paper, "z-report", f"Z {report.closed_seq}", name, report.closed_at)

    def _payment_after(self, closed: Millis) -> date | None:
        """When the home town pays next; nothing where the lists that said so are too old."""
        day = self._knowledge.payment_day(self._identity.municipality)
        return None if day is None or day < aware(closed).date() else day

    def tickets(self, now: Millis) -> int:
        """Queue every signed ticket that has no job yet; how many.

        One whose signature does not hold by the keys that are here stays without paper: a later
        feed may bring the key.
        """
        made = 0
        for number, signed, digest, at in self._store.rows(
            "SELECT number, signed, digest, at FROM paper JOIN record USING (epoch, seq)"
            " WHERE signed IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM job WHERE name = 'ticket/' || number)"
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
            " coalesce((SELECT id FROM job WHERE name = 'ticket/' || number), 0)"
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
        self._store.execute(_QUEUE, (kind, title, documents.encode(paper), name, at))

    def _language(self) -> documents.Language:
        return "en" if settings_of(self._store).language == "en" else "ja"


def _note(data: bytes) -> SlipNote:
    """A slip's note; where it is spoilt the slip comes without a balance, and the audit says so."""
    try:
        return read(data, SlipNote)
    except Malformed:
        return SlipNote(None, None)


def slip_name(done: Approved | Record) -> str:
    """Under which name the slip of a record is queued."""
    return f"{done.epoch}/{done.seq}/slip"


def aware(at: Millis) -> datetime:
    """A moment as paper wants it."""
    return datetime.fromtimestamp(at / 1000, UTC)
