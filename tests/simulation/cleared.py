"""What must hold at the end of piles and of typed numbers."""

from typing import Any

from hub.store.database import Tx
from sync.clock import day_of
from sync.holds import Purpose
from sync.records import PileClosed, Record, Reversed, TicketCleared, TicketRedeemed
from tests.simulation.demands import demand

Records = dict[tuple[str, bytes], tuple[Record, bool]]
"""Every record on any disk, by node and digest, with whether its machine was ever spoiled."""


def cleared(tx: Tx, records: Records, verdicts: dict[tuple[str, bytes], Any]) -> None:
    """Piles pay whom they say, in time; a typed number is taken by the hub's word only."""
    for (node, name), (record, _) in records.items():
        row = verdicts[node, name]
        if isinstance(record.body, TicketCleared):
            _pays_its_shop(tx, record, record.body, row)
            _in_time(tx, record, record.body, row)
        if isinstance(record.body, TicketCleared | TicketRedeemed) and not record.body.ticket:
            _by_the_hubs_word(tx, record, record.body, row)
        if isinstance(record.body, PileClosed):
            _adds_up(records, record, record.body)


def _pays_its_shop(tx: Tx, record: Record, body: TicketCleared, row: Any) -> None:
    moves = tx.rows(
        "SELECT debit, credit FROM transfer WHERE source=? AND epoch=? AND seq=?",
        [record.node, row["epoch"], row["seq"]],
    )
    to = {credit for _, credit in moves if credit.startswith("payable:")}
    demand(
        to <= {f"payable:{body.organisation}"},
        "I10 a pile paid another than the shop that brought it",
        (record.node, record.seq, to, body.organisation),
    )
    paying = {debit for debit, credit in moves if credit.startswith("payable:")}
    demand(
        "reserve" not in paying,
        "I10 the reserve paid for paper that nobody looked up when it was taken",
        (record.node, record.seq),
    )


def _in_time(tx: Tx, record: Record, body: TicketCleared, row: Any) -> None:
    until = tx.rows(
        "SELECT max(t.valid_until, p.clear_until) FROM ticket t JOIN programme p"
        " USING (municipality, programme) WHERE t.municipality=? AND t.number=?",
        [body.municipality, body.number],
    )
    demand(
        not row["paid"] or day_of(record.at.ms) <= until[0][0],
        "I10 paper was paid after the last day of clearing it",
        (record.node, record.seq, day_of(record.at.ms), until),
    )


def _by_the_hubs_word(
    tx: Tx, record: Record, body: TicketCleared | TicketRedeemed, row: Any
) -> None:
    purpose = Purpose.CLEAR if isinstance(body, TicketCleared) else Purpose.REDEEM
    holds = tx.rows(
        "SELECT 1 FROM hold WHERE node=? AND epoch=? AND n=? AND town=? AND account=?"
        " AND purpose=? AND state='used'",
        [record.node, record.epoch, body.hold, body.municipality, body.number, purpose],
    )
    demand(
        bool(holds) or not row["paid"],
        "I4 a typed number was paid without the hub's word",
        (record.node, record.seq, body.number),
    )


def _adds_up(records: Records, closing: Record, body: PileClosed) -> None:
    """The shop's receipt says what was cleared, less what was taken back."""
    ours = [
        record
        for record, _ in records.values()
        if (record.node, record.epoch) == (closing.node, closing.epoch)
    ]
    undone = {record.body.of.seq for record in ours if isinstance(record.body, Reversed)}
    points = [
        record.body.points
        for record in ours
        if isinstance(record.body, TicketCleared)
        and record.body.pile == body.opened
        and record.seq not in undone
    ]
    demand(
        (body.count, body.points) == (len(points), sum(points)),
        "I10 a pile's receipt says other than what was cleared",
        (closing.node, closing.seq, body.count, len(points)),
    )
