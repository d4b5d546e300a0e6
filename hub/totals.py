"""Every point of a town accounted for: balances, flows, and what each department granted.

Residents are summed: an account of theirs is nobody's business here.
"""

from hub import town
from hub.applying import body_of
from hub.bodies import Granted
from hub.chronicle import read as read_hub_record
from hub.paging import LAST_TOWN
from hub.points.accounts import ISSUER, wallet
from hub.store.database import Tx
from hub.store.schema import TO_WALLET
from hub.views import AccountRow, DepartmentRow, FlowRow, GrantRow, TownRow, TownTotal
from sync.values import AccountId, MunicipalityCode

_SUMMED = ("wallet", "hold", "deficit", "lapsed")
"""Kinds of accounts that belong to one resident, ticket or attempt each."""
_KIND = "substr({0}, 1, instr({0} || ':', ':') - 1)"


def accounts(tx: Tx, code: MunicipalityCode) -> list[AccountRow]:
    """What a town's ledger accounts hold; together they are zero."""
    town.town_named(tx, code)
    kind = _KIND.format("account")
    summed = ",".join(f"'{each}'" for each in _SUMMED)
    rows = tx.rows(
        f"SELECT CASE WHEN {kind} IN ({summed}) THEN {kind} ELSE account END,"
        " count(*), sum(points) FROM balance WHERE municipality=? AND points<>0"
        " GROUP BY 1 ORDER BY 1",
        [code],
    )
    return [
        AccountRow(municipality=code, account=name, count=count, points=points)
        for name, count, points in rows
    ]


def flows(tx: Tx, code: MunicipalityCode) -> list[FlowRow]:
    """How many points ever went from each kind of account to each other."""
    town.town_named(tx, code)
    rows = tx.rows(
        f"SELECT {_KIND.format('debit')}, {_KIND.format('credit')}, count(*), sum(points)"
        " FROM transfer WHERE municipality=? GROUP BY 1, 2 ORDER BY 1, 2",
        [code],
    )
    return [
        FlowRow(municipality=code, source=source, target=target, count=count, points=points)
        for source, target, count, points in rows
    ]


def total(tx: Tx, joined: TownRow) -> TownTotal:
    """What all residents together have of a town's points."""
    held = {row.account: row for row in accounts(tx, joined.municipality)}

    def points(kind: str) -> int:
        return sum(row.points for name, row in held.items() if name.partition(":")[0] == kind)

    return TownTotal(
        municipality=joined.municipality,
        name=joined.name,
        point_name=joined.point_name,
        residents=held["wallet"].count if "wallet" in held else 0,
        points=points("wallet") + points("hold"),
        tickets=points("outstanding"),
        granted=-points(ISSUER),
    )


def departments(tx: Tx, only: MunicipalityCode | None) -> list[DepartmentRow]:
    """What each department of one town granted, or of all, over all its programmes."""
    rows = tx.all(
        "SELECT municipality, department, count(*) AS programmes, sum(granted) AS granted"
        " FROM programme WHERE municipality>=:first AND municipality<=:last"
        " GROUP BY municipality, department",
        first=only or "",
        last=only or LAST_TOWN,
    )
    return [DepartmentRow(**{**row, "granted": int(row["granted"])}) for row in rows]


def granted(tx: Tx, code: MunicipalityCode, account: AccountId) -> list[int]:
    """Where in a town's chronicle its grants to a resident stand."""
    rows = tx.rows(
        f"SELECT seq FROM transfer WHERE municipality=? AND credit=? AND {TO_WALLET} AND debit=?",
        [code, wallet(account), ISSUER],
    )
    return [seq for (seq,) in rows]


def grant(tx: Tx, place: tuple[MunicipalityCode, int]) -> GrantRow:
    """What was granted at a place of a town's chronicle."""
    code, seq = place
    data = tx.scalar(
        "SELECT bytes FROM chronicle WHERE municipality=:town AND seq=:seq", town=code, seq=seq
    )
    record = read_hub_record(bytes(data))
    body = body_of(record, Granted)
    programme = town.programme_named(tx, code, body.programme)
    return GrantRow(
        municipality=code,
        at=record.at,
        programme=programme.programme,
        name=programme.name,
        department=programme.department,
        points=body.points,
        purpose=body.purpose,
        persons=record.persons,
    )
