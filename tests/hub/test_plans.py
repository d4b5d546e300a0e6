"""The work of a record does not grow with what is stored: no statement reads a whole table.

Each statement of an ordinary day is explained by the database that answers it.
"""

import re
from pathlib import Path

import pytest

from hub.evidence import decisions, side
from hub.store.database import Tx
from tests.hub.corner import KAWASAKI, Corner, Resident
from tests.hub.ordinary_day import ordinary_day
from tests.hub.townhall import townhall

pytestmark = pytest.mark.files  # it looks into SQLite's own tables, or changes what stays

GROWING = {
    "transfer": 2,
    "record": 4,
    "hold": 3,
    "ticket": 2,
    "second_redemption": 2,
    "inbox": 4,
    "card_evidence": 4,
    "feed": 3,
    "touched": 2,
    "incident": 2,
    "posting": 2,
    "cursor": 2,
    "member": 1,
    "account": 1,
    "card_key": 1,
    "card_mark": 1,
    "told": 4,
    "told_card": 2,
    "organisation": 2,
    "decided": 2,
    "acceptance": 1,
    "epoch": 2,
    "lot_date": 2,
    "left_then": 2,
    "month_over": 1,
    "balance": 2,
    "told_node": 2,
    "record_day": 3,
    "borne": 2,
    "settlement_line": 2,
}
"""Tables that grow for ever, and how many columns of a key a statement has to know at least."""
OPEN_ONLY = {
    "cursor_waiting",
    "hold_open_on",
    "hold_open_of",
    "incident_may_heal",
    "incident_stopped",
}
"""Narrow indexes of what still waits: to read one through is to read little."""
FEW_OF_EACH = {"record_of_ticket"}
"""An index whose first column already finds few rows: what was done with one ticket."""
_STEP = re.compile(
    r"(?:SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\w+)|PRIMARY KEY))?(.*)"
)
_READS = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)")
_HIGHEST = re.compile(r"\s*SELECT \(?(SELECT )?max\(")
"""Answered by the last entry of a key."""


def too_wide(tx: Tx, sql: str) -> list[str]:
    """The steps of a statement's plan that would read more the more is stored."""
    names = set(re.findall(r":([a-z_]+)", sql))
    values = dict.fromkeys(names) if names else [None] * sql.count("?")
    called = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) ([a-z])\b", sql)}
    wide = []
    for *_, detail in tx.raw.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        step = _STEP.match(detail)
        if step is None:
            continue
        name, index, known = (str(part) for part in step.groups())
        needed = GROWING.get(called.get(name, name))
        if (
            needed is not None
            and index not in OPEN_ONLY | FEW_OF_EACH
            and len(re.findall("[=<>]", known)) < needed
        ):
            wide.append(detail)
    return wide


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Every statement that ran, and what of its plan is too wide."""
    seen: dict[str, list[str]] = {}

    def listening(name: str) -> None:
        as_it_is = getattr(Tx, name)

        def told(tx: Tx, sql: str, *values: object, **named: object) -> object:
            if sql not in seen and _READS.match(sql) and not _HIGHEST.match(sql):
                seen[sql] = too_wide(tx, sql)
            return as_it_is(tx, sql, *values, **named)

        monkeypatch.setattr(Tx, name, told)

    for name in ("all", "scalar", "run", "rows", "many"):
        listening(name)
    return seen


def test_an_ordinary_day_reads_no_table_through(
    town: Corner,
    hana: Resident,
    explained: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ordinary_day(town, hana)
    monkeypatch.undo()

    assert town.ticket_states() == {"redeemed": 2, "voided": 1}
    assert len(explained) > 90
    offending = [(sql, wide) for sql, wide in explained.items() if wide]
    assert offending == []


def test_the_evidence_of_an_exception_is_found_by_keys(
    town: Corner,
    hana: Resident,
    explained: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ordinary_day(town, hana)
    with town.core.database.read() as tx:
        redeemed = tx.rows("SELECT node, epoch, seq FROM record WHERE kind='ticket.redeemed'")
        explained.clear()
        for sold in redeemed:
            assert side(town.core, tx, ":".join(map(str, sold))) is not None
        decisions(tx, KAWASAKI, 1)
    monkeypatch.undo()

    assert len(explained) > 4
    assert [(sql, wide) for sql, wide in explained.items() if wide] == []


def test_a_page_of_a_list_is_found_by_its_key_and_never_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = townhall(tmp_path)
    plans: list[list[str]] = []
    as_it_is = Tx.all

    def told(tx: Tx, sql: str, **values: object) -> object:
        if "LIMIT :limit" in sql:
            plan = tx.raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            plans.append([detail for *_, detail in plan])
        return as_it_is(tx, sql, **values)

    monkeypatch.setattr(Tx, "all", told)
    office, treasury = hall.hub.office, hall.hub.treasury
    for page in (
        office.pending,
        office.organisations,
        office.nodes,
        treasury.exceptions,
        treasury.programmes,
        treasury.windows,
    ):
        page(hall.sato)

    assert len(plans) == 6
    for plan in plans:
        assert len(plan) == 1, plan
        assert re.fullmatch(
            r"SEARCH .* \(\(municipality,.*\)>\(.*\) AND municipality<\?\)", plan[0]
        )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT points FROM transfer WHERE municipality=? AND debit=?",
        "SELECT count(*) FROM hold WHERE municipality=? AND node=?",
        "SELECT number FROM ticket t WHERE t.municipality=? ORDER BY t.number",
        "SELECT digest FROM member JOIN card_key USING (mykey_id) WHERE state=?",
    ],
)
def test_a_statement_that_does_is_found(town: Corner, sql: str) -> None:
    database = town.mykey._database if "member" in sql else town.core.database
    with database.read() as tx:
        assert too_wide(tx, sql)
