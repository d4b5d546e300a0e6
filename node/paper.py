"""The print jobs of a counter: what is to come out of its printer, and the notes they are made of.

    a sale         its slip's note lies in the record's row, written with it in one transaction
    whoever prints makes jobs of the notes behind ``epoch.queued``, and moves that on, in another
    a Z-report, a signed ticket   its job is made in the transaction of its record or receipt

So no slip is forgotten and a sale does not wait for its layout. A job stands under a name made from
the record: nothing is queued twice. Without a printer no slip and no Z-report is queued: nobody
wants last month's when one is attached. A ticket always waits, for its points are paid.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import date

import msgspec

from node import sheets
from node.identity import Identity, settings_of
from node.knowledge import Knowledge
from node.outcome import Approved, TicketPaper, ZReport
from node.pile import Pile
from node.sheets import SlipNote, aware
from node.store import Store
from node.writer import Committed
from printer import documents
from printer.spool import Job, State
from sync.errors import Malformed, NotAuthentic
from sync.records import Record, decode
from sync.ticket import read_ticket, to_qr
from sync.values import Digest, EpochId, Millis, MunicipalityCode, Points
from sync.wire import read, write

_NOTED = (
    " FROM epoch CROSS JOIN record ON record.epoch = epoch.epoch AND record.seq > queued"
    " WHERE slip IS NOT NULL"
)
WAITING_NOTES = f"SELECT count(*){_NOTED}"
"""How many slips have no print job yet."""
_NOTES = f"SELECT digest, bytes, slip{_NOTED} ORDER BY epoch.number, seq"
_SKIP_NOTES = (
    "UPDATE epoch SET queued ="
    " coalesce((SELECT max(seq) FROM record WHERE record.epoch = epoch.epoch), queued)"
)
_SIGNED = (
    "SELECT number, signed, digest, at FROM paper JOIN record USING (epoch, seq)"
    " WHERE signed IS NOT NULL"
)
_QUEUE = (
    "INSERT OR IGNORE INTO job (kind, title, document, state, name, made)"
    " VALUES (?, ?, ?, 'queued', ?, ?)"
)
_WITHDRAW = "DELETE FROM job WHERE title = ? AND state IN ('queued', 'failed')"


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

    def any_to_print(self) -> bool:
        """Whether there is a job that may be tried; one in doubt waits for a person."""
        waiting = "SELECT EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'failed'))"
        return bool(self._store.number(waiting))

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


class Paper:
    """Notes, makes and queues what this counter prints."""

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

    def slip(self, done: Committed, said: Approved) -> None:
        """Note the slip of a record that has one; inside its transaction."""
        done.slip = write(SlipNote(said.balance_after, said.as_of, said.at_cap))

    def queue_slips(self) -> None:
        """Make print jobs of the slips that have none yet, in the order of their records."""
        if not self._store.number(WAITING_NOTES):
            return
        if not settings_of(self._store).prints:
            pass_slips_over(self._store)
            return
        with self._store.transaction():
            for digest, data, note in self._store.rows(_NOTES):
                record = decode(data)
                self._queue(
                    self._slip(record, digest, note),
                    "slip",
                    f"{record.kind} {record.seq}",
                    f"{record.epoch}/{record.seq}/slip",
                    record.at.ms,
                )
                self._store.execute(
                    "UPDATE epoch SET queued = ? WHERE epoch = ?", (record.seq, record.epoch)
                )

    def slip_of(self, epoch: EpochId, seq: int) -> documents.Slip | None:
        """The slip of a record, printed or not; None where it has none."""
        row = self._store.row(
            "SELECT digest, bytes, slip FROM record WHERE epoch = ? AND seq = ?", (epoch, seq)
        )
        return None if row is None or row[2] is None else self._slip(decode(row[1]), row[0], row[2])

    def _slip(self, record: Record, digest: Digest, note: bytes) -> documents.Slip:
        assert isinstance(record.body, sheets.WithSlip)  # noqa: S101  noted ones
        names = self.names(record.body.municipality)
        return sheets.slip(self.head(), names, record, digest, _note(note))

    def z_report(self, report: ZReport) -> None:
        """Queue a Z-report; inside the transaction of its ``shift.closed``."""
        self.queue_slips()  # what was sold in the shift comes before its sums
        if not settings_of(self._store).prints:
            return
        name = f"{report.epoch}/{report.closed_seq}/z"
        title = f"Z {report.closed_seq}"
        self._queue(self.z_of(report), "z-report", title, name, report.closed_at)

    def clearing_receipt(self, pile: Pile) -> None:
        """Queue the shop's receipt; inside the transaction of its ``pile.closed``."""
        if not settings_of(self._store).prints:
            return
        self.queue_slips()
        name = f"{pile.epoch}/{pile.closed}/clearing"
        title = f"clearing {pile.closed}"
        at = pile.closed_at or pile.opened_at
        self._queue(self.clearing_receipt_of(pile), "clearing-receipt", title, name, at)

    def clearing_receipt_of(self, pile: Pile) -> documents.ClearingReceipt:
        """The receipt of a pile that is closed, printed or not."""
        closed = pile.closed_at or pile.opened_at
        return sheets.clearing_receipt(
            self.head(),
            self.names(pile.municipality),
            pile,
            self._identity.node,
            self._payment_after(closed),
        )

    def z_of(self, report: ZReport) -> documents.ZReport:
        """A Z-report's sheet, printed or not."""
        return sheets.z_report(self.head(), report, self._payment_after(report.closed_at))

    def _payment_after(self, closed: Millis) -> date | None:
        """When the home town pays this shift's points; nothing where the lists are too old."""
        day = self._knowledge.payment_day(self._identity.municipality)
        return None if day is None or day < aware(closed).date() else day

    def tickets(self, now: Millis) -> int:
        """Queue every signed ticket that has no job yet; how many.

        One whose signature does not hold by the keys that are here stays without paper: a later
        feed may bring the key.
        """
        made = 0
        for number, signed, digest, at in self._store.rows(
            f"{_SIGNED} AND NOT EXISTS (SELECT 1 FROM job WHERE name = 'ticket/' || number)"
            " AND NOT EXISTS (SELECT 1 FROM move WHERE move.number = paper.number"
            " AND move.kind = 'ticket.voided')"
        ):
            sheet = self._ticket(signed, digest, at)
            if sheet is not None:
                self._queue(sheet, "ticket", f"ticket {number}", f"ticket/{number}", now)
                made += 1
        return made

    def withdraw(self, number: str) -> None:
        """Let no sheet of a ticket come out any more; inside the transaction of its void.

        One that may have come out already stays for a person to look at.
        """
        self._store.execute(_WITHDRAW, (f"ticket {number}",))

    def ticket_of(self, number: str) -> documents.Ticket | None:
        """An issued ticket's sheet, printed or not; None while it has not come."""
        row = self._store.row(f"{_SIGNED} AND number = ?", (number,))
        return None if row is None else self._ticket(*row[1:])

    def _ticket(self, signed: bytes, digest: Digest, at: Millis) -> documents.Ticket | None:
        try:
            said = read_ticket(signed, self._knowledge.ticket_keys())
        except (Malformed, NotAuthentic):
            return None
        names = self.names(said.municipality)
        return sheets.ticket(self.head(), names, said=said, signed=signed, digest=digest, at=at)

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

    def newest(self, number: str) -> documents.Document | None:
        """The newest sheet of an issued ticket, with its count of reprints."""
        row = self._store.row(
            "SELECT document FROM job WHERE title = ? ORDER BY id DESC LIMIT 1",
            (f"ticket {number}",),
        )
        return None if row is None else documents.decode(row[0])

    def again(self, job: Job, now: Millis) -> None:
        """Queue the same sheet once more, marked and counted as a reprint."""
        first = documents.decode(job.document)
        like = f"reprint/{job.id}/%"
        out = "SELECT count(*) FROM job WHERE name LIKE ? AND state = 'confirmed'"
        times = 1 + self._store.number(out, (like,))  # one that still waits is not made twice
        paper = msgspec.structs.replace(first, reprints=first.reprints + times)
        name = f"reprint/{job.id}/{times}"
        self._queue(paper, job.kind, job.title, name, now)

    def _queue(
        self, paper: documents.Document, kind: str, title: str, name: str, at: Millis
    ) -> None:
        self._store.execute(_QUEUE, (kind, title, documents.encode(paper), name, at))

    def head(self) -> sheets.Letterhead:
        """What stands on every sheet of this counter."""
        return sheets.Letterhead(
            language=settings_of(self._store).language,
            organisation=self._identity.organisation_name,
            place=self._identity.place,
        )


def pass_slips_over(store: Store) -> None:
    """Let the slips of what was sold so far not be printed."""
    store.execute(_SKIP_NOTES)


def _note(data: bytes) -> SlipNote:
    """A slip's note; where it is spoilt the slip comes without a balance, and the audit says so."""
    try:
        return read(data, SlipNote)
    except Malformed:
        return SlipNote(None, None)
