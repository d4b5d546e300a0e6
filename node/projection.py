"""What follows from the records and the receipts: sums, shifts, tickets, verdicts.

A record changes these tables in the transaction that writes it, a receipt in the one that stores
it. Nothing else writes them, so that :func:`rebuild` gives the same tables again from ``record``
and ``answer`` alone.
"""

from collections.abc import Iterator

from node.store import Row, Store
from sync.receipt import Outcome, Receipt, Verdict
from sync.records import (
    PileClosed,
    PileOpened,
    Record,
    Refunded,
    Reversed,
    ShiftClosed,
    ShiftOpened,
    Spend,
    TicketCleared,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
    Tier,
    decode,
)
from sync.signing import Signed
from sync.values import EpochId
from sync.wire import read

TABLES = ("move", "shift", "paper", "pile", "verdict", "refund")
_OPEN_SHIFT = (
    "coalesce((SELECT iif(closed IS NULL, opened, 0) FROM shift WHERE epoch = ?"
    " ORDER BY opened DESC LIMIT 1), 0)"
)
"""One shift is open at a time, the latest."""
_MOVE = f"INSERT INTO move VALUES (?, ?, ?, ?, ?, ?, ?, ?, {_OPEN_SHIFT}, ?, ?, ?, NULL, NULL)"


def project(store: Store, record: Record) -> None:
    """Add what one record means; inside the transaction that writes it."""
    body = record.body
    if isinstance(body, Spend):
        _move(
            store,
            record,
            municipality=body.municipality,
            points=body.points,
            account=body.account,
            tier=body.tier,
            hold=body.hold,
        )
    elif isinstance(body, TicketIssued):
        _issue(store, record, body)
    elif isinstance(body, TicketRedeemed | TicketCleared):
        _move(
            store,
            record,
            municipality=body.municipality,
            points=body.points,
            tier=body.tier,
            hold=body.hold,
            number=body.number,
        )
    elif isinstance(body, TicketVoided):
        _move(
            store,
            record,
            municipality=body.municipality,
            points=body.points,
            tier="" if body.lost else Tier.T0,
            hold=body.hold,
            number=body.number,
        )
    elif isinstance(body, Reversed):
        _reverse(store, record, body)
    elif isinstance(body, Refunded):
        _refund(store, record, body)
    elif isinstance(body, PileOpened):
        store.execute(
            "INSERT INTO pile VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (record.epoch, record.seq, body.municipality, body.organisation, record.at.ms),
        )
    elif isinstance(body, PileClosed):
        store.execute(
            "UPDATE pile SET closed = ?, closed_at = ? WHERE epoch = ? AND opened = ?",
            (record.seq, record.at.ms, record.epoch, body.opened),
        )
    elif isinstance(body, ShiftOpened):
        store.execute(
            "INSERT INTO shift VALUES (?, ?, NULL, ?, ?, NULL)",
            (record.epoch, record.seq, body.staff, record.at.ms),
        )
    elif isinstance(body, ShiftClosed):
        store.execute(
            "UPDATE shift SET closed = ?, closed_at = ? WHERE epoch = ? AND opened = ?",
            (record.seq, record.at.ms, record.epoch, body.opened),
        )


def _issue(store: Store, record: Record, body: TicketIssued) -> None:
    _move(
        store,
        record,
        municipality=body.municipality,
        points=body.points,
        account=body.account,
        tier=Tier.T0,
        hold=body.hold,
    )
    for ticket in body.tickets:
        store.execute(
            "INSERT INTO paper VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                ticket.number,
                record.epoch,
                record.seq,
                body.municipality,
                ticket.points,
                ticket.valid_from,
                ticket.valid_until,
            ),
        )


def _move(
    store: Store,
    record: Record,
    *,
    municipality: str,
    points: int,
    account: str = "",
    tier: str = "",
    hold: int = 0,
    number: str = "",
    of_seq: int = 0,
) -> None:
    store.execute(
        _MOVE,
        (
            record.epoch,
            record.seq,
            record.kind,
            municipality,
            account,
            points,
            tier,
            record.at.ms,
            record.epoch,  # of the open shift
            hold,
            number,
            of_seq,
        ),
    )


def _reverse(store: Store, record: Record, body: Reversed) -> None:
    target = store.row(
        "SELECT number FROM move WHERE epoch = ? AND seq = ?", (body.of.epoch, body.of.seq)
    )
    number = "" if target is None else target[0]
    _move(
        store,
        record,
        municipality=body.municipality,
        points=body.points,
        number=number,
        of_seq=body.of.seq,
    )
    store.execute(
        "UPDATE move SET reversed_by = ? WHERE epoch = ? AND seq = ?",
        (record.seq, body.of.epoch, body.of.seq),
    )


def _refund(store: Store, record: Record, body: Refunded) -> None:
    _move(store, record, municipality=body.municipality, points=body.points, hold=body.hold)
    store.execute(
        "INSERT INTO refund VALUES (?, ?, ?, ?, ?)",
        (record.epoch, record.seq, body.of.epoch, body.of.seq, body.points),
    )


def open_shift(store: Store, epoch: EpochId) -> int:
    """The ``shift.opened`` of the shift that is open, or 0."""
    return store.number(f"SELECT {_OPEN_SHIFT}", (epoch,))


def settle(store: Store, receipt: Receipt) -> tuple[Verdict, ...]:
    """Take a receipt's verdicts in; inside the transaction that stores it. Gives the new ones.

    A verdict for a record whose digest is not ours is about another history and changes nothing;
    a verdict never replaces one of a later decision.
    """
    news = []
    for verdict in receipt.verdicts:
        place = (receipt.epoch, verdict.seq)
        ours = store.row("SELECT digest FROM record WHERE epoch = ? AND seq = ?", place)
        if ours is None or ours[0] != verdict.digest:
            continue
        have = store.row("SELECT decision FROM verdict WHERE epoch = ? AND seq = ?", place)
        if have is not None and have[0] >= receipt.decision and receipt.decision:
            continue
        if have is not None and have[0] > receipt.decision:
            continue
        store.execute(
            "INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *place,
                receipt.decision,
                verdict.outcome,
                verdict.reason,
                verdict.bearer,
                verdict.paid,
                receipt.at,
                verdict.opened,
            ),
        )
        store.execute(
            "UPDATE move SET verdict = ? WHERE epoch = ? AND seq = ?", (verdict.outcome, *place)
        )
        _file_papers(store, receipt.epoch, verdict)
        if have is None or receipt.decision:
            news.append(verdict)
    return tuple(news)


def _file_papers(store: Store, epoch: EpochId, verdict: Verdict) -> None:
    """Signed tickets come in the order in which the record names their numbers."""
    if not verdict.tickets or verdict.outcome is not Outcome.APPLIED:
        return
    row = store.row("SELECT bytes FROM record WHERE epoch = ? AND seq = ?", (epoch, verdict.seq))
    body = None if row is None else decode(row[0]).body
    if isinstance(body, TicketIssued):
        for ticket, signed in zip(body.tickets, verdict.tickets, strict=False):
            store.execute("UPDATE paper SET signed = ? WHERE number = ?", (signed, ticket.number))


def count_receipts(store: Store, epoch: EpochId, decision: int) -> None:
    """Note how far every receipt is here, and the latest decision that is."""
    store.execute(
        "UPDATE epoch SET decisions = max(decisions, ?), receipted = coalesce((SELECT"
        " min(seq) - 1 FROM record LEFT JOIN verdict USING (epoch, seq)"
        " WHERE record.epoch = epoch.epoch AND outcome IS NULL AND seq > epoch.receipted),"
        " (SELECT max(seq) FROM record WHERE record.epoch = epoch.epoch), 0) WHERE epoch = ?",
        (decision, epoch),
    )


def settle_again(store: Store, epoch: EpochId) -> None:
    """Take the stored receipts of an epoch in once more, for records that came back after them."""
    for receipt in receipts(store):
        if receipt.epoch == epoch:
            settle(store, receipt)
    count_receipts(store, epoch, 0)


def rebuild(store: Store) -> None:
    """Compute the projected tables anew from the records and the stored receipts."""
    with store.transaction():
        for table in TABLES:
            store.execute(f"DELETE FROM {table}")
        for (data,) in store.rows(
            "SELECT bytes FROM record JOIN epoch USING (epoch) ORDER BY epoch.number, seq"
        ):
            project(store, decode(data))
        for receipt in receipts(store):
            settle(store, receipt)


def receipts(store: Store) -> Iterator[Receipt]:
    """The stored receipts in the order in which they came; their signatures were checked then."""
    for (data,) in store.rows("SELECT bytes FROM answer WHERE what = 'receipt' ORDER BY id"):
        yield read(read(data, Signed).body, Receipt)


def contents(store: Store) -> dict[str, list[Row]]:
    """Every projected table, sorted, to be compared."""
    return {table: sorted(store.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}
