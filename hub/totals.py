"""Every point of a town accounted for: balances, flows, and what each department granted.

Residents are summed: an account of theirs is nobody's business here.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hub import town
from hub.applying import body_of
from hub.bodies import Granted
from hub.chronicle import read as read_hub_record
from hub.paging import LAST_TOWN
from hub.points.accounts import ISSUER, wallet
from hub.points.asked import asked
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


def grants(tx: Tx, places: Sequence[tuple[MunicipalityCode, int]]) -> list[GrantRow]:
    """What was granted at some places of chronicles: a question for all, and one for programmes."""
    if not places:
        return []
    told, values = asked("town, seq", places)
    found = {
        (code, seq): bytes(data)
        for code, seq, data in tx.rows(
            f"{told} SELECT asked.town, asked.seq, (SELECT c.bytes FROM chronicle c"
            " WHERE c.municipality=asked.town AND c.seq=asked.seq) FROM asked",
            values,
        )
        if data is not None
    }
    records = [read_hub_record(found[place]) for place in places]
    bodies = [body_of(record, Granted) for record in records]
    programmes = _programmes(tx, {(body.town, body.programme) for body in bodies})
    return [
        GrantRow(
            municipality=body.town,
            at=record.at,
            programme=body.programme,
            name=programmes[body.town, body.programme].name,
            department=programmes[body.town, body.programme].department,
            points=body.points,
            purpose=body.purpose,
            persons=record.persons,
        )
        for record, body in zip(records, bodies, strict=True)
    ]


class _Programme(NamedTuple):
    """What a programme is called, and whose it is."""

    name: str
    department: str


def _programmes(
    tx: Tx, names: Collection[tuple[MunicipalityCode, str]]
) -> dict[tuple[MunicipalityCode, str], _Programme]:
    of_it = "FROM programme p WHERE p.municipality=asked.town AND p.programme=asked.code"
    told, values = asked("town, code", sorted(names))
    found = tx.rows(
        f"{told} SELECT asked.town, asked.code, (SELECT p.name {of_it}),"
        f" (SELECT p.department {of_it}) FROM asked",
        values,
    )
    return {(code, programme): _Programme(*said) for code, programme, *said in found}
