"""Questions about the ledger, for counters, people and tests."""

from dataclasses import dataclass

from hub.store.database import Tx
from sync.values import MunicipalityCode, TicketNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket as people at the desk see it."""

    municipality: str
    number: str
    programme: str
    points: int
    valid_from: str
    valid_until: str
    state: str
    issued_by: str
    redeemed_by: str
    voided_by: str
    lost: int


def tickets(tx: Tx, number: TicketNumber) -> list[TicketView]:
    """The tickets of a number, one a town: each town gives its numbers by itself."""
    rows = tx.all(
        "SELECT t.municipality, number, programme, points, valid_from, valid_until, state,"
        " issued_by, redeemed_by, voided_by, lost FROM municipality m CROSS JOIN ticket t"
        " WHERE t.municipality=m.municipality AND number=:number ORDER BY t.municipality",
        number=number,
    )
    return [TicketView(**row) for row in rows]


def accounts_of(tx: Tx, town: MunicipalityCode) -> dict[str, int]:
    """Every ledger account of a town that is not empty."""
    return dict(
        tx.rows(
            "SELECT account, points FROM balance WHERE municipality=? AND points<>0"
            " ORDER BY account",
            [town],
        )
    )
