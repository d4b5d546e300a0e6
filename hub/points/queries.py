"""Questions about the ledger, for counters, people and tests."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.points.accounts import wallet
from hub.store.database import Tx
from sync.calls import Balance
from sync.values import AccountId, MunicipalityCode


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


def balances(tx: Tx, accounts: Mapping[MunicipalityCode, AccountId]) -> list[Balance]:
    """Exact points of one resident in each town: at hand, and waiting in holds."""
    rows = []
    for town, account in sorted(accounts.items()):
        name = tx.scalar("SELECT point_name FROM municipality WHERE municipality=:town", town=town)
        if name is None:
            continue
        available = tx.scalar(
            "SELECT points FROM balance WHERE municipality=:town AND account=:account",
            town=town,
            account=wallet(account),
        )
        held = tx.scalar(
            "SELECT sum(points) FROM hold WHERE town=:town AND account=:account AND state='open'",
            town=town,
            account=account,
        )
        rows.append(Balance(town, name, available or 0, held or 0))
    return rows


def ticket(tx: Tx, number: str) -> TicketView | None:
    """One ticket, by its number."""
    row = tx.one(
        "SELECT municipality, number, programme, points, valid_from, valid_until, state,"
        " issued_by, redeemed_by FROM ticket WHERE number=:number",
        number=number,
    )
    return None if row is None else TicketView(**row)


def accounts_of(tx: Tx, town: MunicipalityCode) -> dict[str, int]:
    """Every ledger account of a town that is not empty."""
    return dict(
        tx.rows(
            "SELECT account, points FROM balance WHERE municipality=? AND points<>0"
            " ORDER BY account",
            [town],
        )
    )
