"""A page of a list costs a server what stands on the page, whatever is stored before and behind it.

What is read is counted at a hub with a few of everything and at one with thousands, for each list
that is served: on its first page, in its middle, and for somebody who works for the last town only.
The server has looked at its tables before, as it does by itself within a minute: one that believes
them to be empty sorts what it takes for a handful.
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import sqlalchemy as sa
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.api.operations import PAGE, operations
from hub.bodies import ReserveFunded
from hub.mykey import schema as identity_schema
from hub.people import Role
from hub.store import schema
from hub.store.database import Tx
from sync.values import MunicipalityCode, Points
from tests.doubles import databases
from tests.hub.test_reads_on_server import others_of, rows_read
from tests.hub.townhall import KAWASAKI, TOSHIMA, townhall

SHORT = {
    "list_operators": "the people who work here",
    "list_municipalities": "Japan has some 1,700",
    "list_tokens": "a person's own",
    "list_joins": "cards that wait for the desk, a month at most",
    "show_balances": "a resident's towns",
    "show_grants": "what one resident was given",
    "list_accounts": "a sum of all that a town's accounts hold",
    "list_flows": "a sum of all that a town's points ever did",
    "list_totals": "sums of what each town's accounts hold",
    "list_departments": "sums over each town's programmes",
}
"""Lists that are made whole, and why that may be. All others the database reads page by page."""
FEW, MANY, ROWS = 12, 2_000, 5
SLACK = 25
"""Rows and entries more: a server looks up by other ways as its tables grow."""


def crowd(tx: Tx, town: str, count: int) -> None:
    """So many of everything in a town, some of which wait and most of which is over."""
    here = {"municipality": town, "town": town, "organisation": f"{town}-B", "branch": ""}
    waits = ReserveFunded(MunicipalityCode(town), Points(1), "まつり")
    body, bank = msgspec.msgpack.encode(waits), b""

    def put(table: sa.Table, **alike: object) -> None:
        tx.insert_many(table, others_of(table, count, **{**here, **alike}))

    for state in ("waiting", "done 7"):
        rows = others_of(schema.pending, count, **here, body=body, state=state)
        tx.insert_many(schema.pending, [(town, f"{state[0]}{row[1]}", *row[2:]) for row in rows])
    put(schema.incident, state="open")
    put(schema.node, state="active")
    put(schema.programme, zones=b"\x90", department="環境局")
    put(schema.settlement_window, kind="shops", state="settled", file=bytes(1_000))
    put(schema.settlement_line, kind="shops", outcome="paid", account=bank)
    del here["organisation"]
    put(schema.organisation, state="accepted")
    put(schema.acceptance, state="accepted")


class Stage:
    """A hub on a server, with so many of everything, and how much of it a call reads."""

    def __init__(self, folder: Path, server: databases.Server, count: int) -> None:
        self._stored = (
            server.database(schema.metadata, schema.VERSION),
            server.database(identity_schema.metadata, identity_schema.VERSION),
        )
        self.hall = townhall(folder, stored=self._stored)
        self.hall.join(TOSHIMA, "豊島区")
        self.hall.person("Kato", Role.CLERK, KAWASAKI)
        with self._stored[0].write() as tx:
            for town in (TOSHIMA, KAWASAKI):
                crowd(tx, town, count)
        self.look()
        self.http = TestClient(make_app(self.hall.hub))
        self.middle = count // 2

    def look(self) -> None:
        """The server looks at what is there by now."""
        self._stored[0].ask_all("ANALYZE")

    def read_by(self, ask: Callable[[], object]) -> int:
        """How much a question reads."""
        before = self._read()
        ask()
        return (self._read() - before).total()

    def ask(self, path: str, person: str) -> tuple[list[object], str, int]:
        """A page, where the next one is, and what was read for it."""
        headers = {"Authorization": f"Bearer {self.hall.tokens[person]}"}
        answers = []
        count = self.read_by(lambda: answers.append(self.http.get(path, headers=headers)))
        (answer,) = answers
        assert answer.status_code == 200, (path, answer.text)
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        return answer.json(), link[1] if link else "", count

    def _read(self) -> Counter[str]:
        ledger, identities = self._stored
        return rows_read(ledger) + rows_read(identities)


def read_for_each(stage: Stage) -> dict[str, int]:
    """What pages of each list read: the first, one in the middle, and one of the last town's."""
    read = {}
    for each in operations(stage.http.app):
        if each.query != PAGE or each.name in SHORT:
            continue
        _, ahead, _ = stage.ask(f"{each.path}?limit={stage.middle}", "Sato")
        after = ahead.partition("?")[2].partition("&")[0]
        for where, query, person in (
            ("first", "", "Sato"),
            ("middle", f"&{after}", "Sato"),
            ("of one town", "", "Kato"),
        ):
            rows, _, read[f"{each.name}, {where}"] = stage.ask(
                f"{each.path}?limit={ROWS}{query}", person
            )
            assert len(rows) == ROWS, (each.name, where)
    return read


def test_a_page_reads_no_more_beside_thousands(tmp_path: Path, server: databases.Server) -> None:
    few = read_for_each(Stage(tmp_path / "few", server, FEW))
    many = read_for_each(Stage(tmp_path / "many", server, MANY))
    server.sweep()

    assert len(few) >= 18
    assert {
        name: count - few[name] for name, count in many.items() if count > few[name] + SLACK
    } == {}


def test_what_is_said_to_be_short_is_served(tmp_path: Path) -> None:
    """A list that is gone, or is called something else now, is not left out by its old name."""
    served = {
        each.name for each in operations(make_app(townhall(tmp_path).hub)) if each.query == PAGE
    }
    assert served > SHORT.keys()
