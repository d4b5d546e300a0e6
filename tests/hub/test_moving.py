"""A hub of files goes on as a hub on a server: every row is there, and the files are the past."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit_hub
from hub.cli import hub as hub_command
from hub.hub import copy_of, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.moving import Moved, move_hub
from hub.store.database import Tx
from sync.errors import Damaged, InUse, Malformed, RefusedByRule, Unreachable
from tests.bench.street import found
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, ORIGIN, Corner, Resident

CLOCK = TurnedClock(at("2026-11-02 10:00"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    init_hub(folder, origin=ORIGIN, demo=True, clock=CLOCK, randomness=SeededRandomness("move"))
    return folder


@pytest.fixture
def sold(folder: Path, card_keys: list[RSAPrivateKey]) -> tuple[Pen, Resident]:
    """A shop of that hub sold, its window was closed, and it holds points for another sale."""
    with closing(open_hub(folder, CLOCK, randomness=SeededRandomness("hub"))) as hub:
        town = Corner(CLOCK, hub.core, hub.mykey)
        found(town)
        hana = town.resident(card_keys[0])
        town.grant(hana, 1_000)
        shop = town.node(GREENGROCER)
        town.feed(shop, available=1_000)
        for points in (300, 100):
            shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
        town.put(shop)
        town.close_window()
        town.hold(shop, hana, 50)
    return shop, hana


def totals(tx: Tx) -> tuple[int, int, int]:
    return (
        tx.scalar("SELECT sum(points) FROM transfer"),
        tx.scalar("SELECT count(*) FROM chronicle"),
        tx.scalar("SELECT sum(points) FROM balance WHERE account LIKE 'wallet:%'"),
    )


def looked_at(folder: Path) -> tuple[int, int, int]:
    with copy_of(folder) as copy:
        assert audit_hub(copy, InlineVerifier()) == []
        with copy.core.database.read() as tx:
            return totals(tx)


def test_everything_is_there_and_the_hub_goes_on(
    folder: Path, url: str, sold: tuple[Pen, Resident]
) -> None:
    shop, hana = sold
    before = looked_at(folder)

    moved = move_hub(folder, url)

    assert moved.transfers > 3
    assert moved.points == before[0]
    assert moved.files == (str(folder / "hub.db.moved"), str(folder / "mykey.db.moved"))
    assert sorted(path.name for path in folder.glob("*.db*")) == ["hub.db.moved", "mykey.db.moved"]
    assert looked_at(folder) == before == (before[0], before[1], 550)
    with closing(open_hub(folder, CLOCK)) as hub:
        town = Corner(CLOCK, hub.core, hub.mykey)
        town.put(shop, first=1)  # what came before the move came twice
        shop.spend(hana.card, town.account(hana), 50, town=KAWASAKI, hold=1)
        town.put(shop, first=shop.seq)
        assert town.wallet(hana) == 550
        assert town.owed(shop) == 450
        assert town.audit() == []


def test_each_role_gets_its_own_part(folder: Path, url: str, server: databases.Server) -> None:
    parts = {}
    for role, schema in (("points", "ledger"), ("persons", "identities")):
        name = f"{role}_{sa.make_url(url).database}"
        server.run(f"CREATE ROLE {name} LOGIN")
        server.run(f"CREATE SCHEMA {schema} AUTHORIZATION {name}", url)
        parts[role] = sa.make_url(url).set(username=name).render_as_string()

    move_hub(folder, parts["points"], parts["persons"])

    looked_at(folder)


def test_again_there_is_nothing_left_to_do(folder: Path, url: str) -> None:
    assert move_hub(folder, url).rows > 0

    assert move_hub(folder, url) == Moved(rows=0, transfers=0, points=0, files=())
    with pytest.raises(RefusedByRule, match="is on a server"):
        move_hub(folder, url.replace("hub_", "other_"))


def test_a_hub_at_work_is_not_moved(folder: Path, url: str) -> None:
    with closing(open_hub(folder, CLOCK)), pytest.raises(InUse):
        move_hub(folder, url)


def test_another_hubs_database_is_left_alone(tmp_path: Path, folder: Path, url: str) -> None:
    init_hub(tmp_path / "other", origin=ORIGIN, demo=True, database=url, clock=CLOCK)

    with pytest.raises(RefusedByRule, match="already holds a hub"):
        move_hub(folder, url)

    looked_at(folder)
    looked_at(tmp_path / "other")


def test_another_hubs_unfinished_move_is_left_alone(
    tmp_path: Path, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    init_hub(other, origin="https://other.test", demo=True, clock=CLOCK)
    with monkeypatch.context() as patch:
        patch.setattr("hub.moving.write_config", _cut_off)
        with pytest.raises(ConnectionAbortedError):
            move_hub(other, url)

    with pytest.raises(RefusedByRule, match="already holds a hub"):
        move_hub(folder, url)

    move_hub(other, url)
    looked_at(other)


def test_nobody_opens_what_was_not_moved_to_the_end(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("hub.moving._begin", _cut_off)
        with pytest.raises(ConnectionAbortedError):
            move_hub(folder, url)

    with pytest.raises(Damaged, match="say 'machikado hub move' again"):
        open_hub(folder, CLOCK)

    move_hub(folder, url)
    looked_at(folder)


def test_a_row_that_did_not_arrive_as_it_was_stops_it(
    folder: Path, url: str, sold: tuple[Pen, Resident], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sold
    add = Tx.insert_many

    def spoilt(self: Tx, table: sa.Table, rows: list[tuple[object, ...]]) -> None:
        if table.name == "touched" and rows:
            rows = rows[1:]
        add(self, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Tx, "insert_many", spoilt)
        with pytest.raises(Damaged, match="nothing was moved"):
            move_hub(folder, url)
    looked_at(folder)

    move_hub(folder, url)
    looked_at(folder)


def test_a_damaged_file_or_a_wrong_url_moves_nothing(
    folder: Path, url: str, tmp_path: Path
) -> None:
    for wrong in ("postgresql://", "sqlite:////srv/hub.db"):
        with pytest.raises(Malformed):
            move_hub(folder, wrong)
    with pytest.raises(Unreachable):
        move_hub(folder, f"postgresql:///nothing?host={tmp_path}")
    looked_at(folder)

    with closing(sqlite3.connect(folder / "hub.db")) as file:
        file.execute("UPDATE meta SET value=x'31' WHERE name='version'")
        file.commit()
    with pytest.raises(Damaged, match="hub upgrade"):
        move_hub(folder, url)


def test_at_the_shell(folder: Path, url: str) -> None:
    asked = ["move", str(folder), "--database", url]

    first = CliRunner().invoke(hub_command, asked)
    second = CliRunner().invoke(hub_command, [*asked, "--json"])

    assert "are on the server as they were in the files: " in first.output
    assert f"as it was: {folder / 'hub.db.moved'}" in first.output
    assert second.output == '{"rows":0,"transfers":0,"points":0,"files":[]}\n'


def _cut_off(*_: object) -> None:
    raise ConnectionAbortedError
