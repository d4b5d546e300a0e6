"""A hub on a PostgreSQL server: made, opened, one at a time, and back after the server was away."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa
from psycopg import OperationalError
from psycopg.errors import RaiseException, ReadOnlySqlTransaction

from hub.audit import audit
from hub.hub import copy_of, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.points.told import Feed, Told
from hub.store import schema
from hub.store.database import Database, version_at
from hub.store.postgres import Postgres
from sync.errors import (
    Damaged,
    DatabaseAway,
    DatabaseBusy,
    DiskFull,
    InUse,
    Malformed,
    RefusedByRule,
    Unreachable,
)
from tests.doubles import databases
from tests.doubles.clocks import TurnedClock, at

TOWN = "141305"
CLOCK = TurnedClock(at("2026-11-02 10:00"))


def ledger(url: str, *, new: bool = False) -> Database:
    return Database(Postgres(url, "ledger"), schema.metadata, version=schema.VERSION, new=new)


def made(folder: Path, url: str) -> Path:
    init_hub(folder, origin="https://hub.test", demo=True, database=url, clock=CLOCK)
    return folder


def remember(database: Database, name: str) -> None:
    with database.write() as tx:
        tx.put(schema.meta, {"name": name}, value=b"noted")


def remembered(database: Database) -> set[str]:
    with database.read() as tx:
        return {name for (name,) in tx.rows("SELECT name FROM meta")}


def _cut_off_half_way(database: Database, cut_off: Callable[[], None]) -> None:
    with database.write() as tx:
        tx.put(schema.meta, {"name": "half"}, value=b"")
        cut_off()
        tx.put(schema.meta, {"name": "more"}, value=b"")


def _say_half_way(database: Database, code: str) -> None:
    with database.write() as tx:
        tx.put(schema.meta, {"name": "half"}, value=b"")
        tx.rows(f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE='{code}'; END $$")


def test_a_hub_is_made_there_and_opened_again(tmp_path: Path, url: str) -> None:
    folder = made(tmp_path / "hub", url)

    assert not [*folder.glob("*.db")]
    with closing(open_hub(folder, CLOCK)) as hub:
        person = hub.office.sign_in((folder / "operator-1.token").read_text().strip())
        assert len(hub.office.operators(person)) == 2
        assert audit(hub.core, hub.mykey, InlineVerifier()) == []


def test_each_role_reads_its_own_tables_only(
    tmp_path: Path, server: databases.Server, url: str
) -> None:
    at = sa.make_url(url)
    points, persons = (
        at.set(username=f"{role}_{at.database}").render_as_string()
        for role in ("points", "persons")
    )
    for role, schema_name in ((points, "ledger"), (persons, "identities")):
        name = sa.make_url(role).username
        server.run(f"CREATE ROLE {name} LOGIN")
        server.run(f"CREATE SCHEMA {schema_name} AUTHORIZATION {name}", url)
    folder = tmp_path / "hub"
    init_hub(
        folder,
        origin="https://hub.test",
        demo=True,
        database=points,
        identities=persons,
        clock=CLOCK,
    )

    with closing(open_hub(folder, CLOCK)) as hub:
        with pytest.raises(DatabaseAway, match="permission denied"), hub.core.database.read() as tx:
            tx.rows("SELECT * FROM identities.member")
        with (
            pytest.raises(DatabaseAway, match="permission denied"),
            hub.mykey._database.read() as tx,
        ):
            tx.rows("SELECT * FROM ledger.transfer")


@pytest.mark.parametrize(
    "change", ["UPDATE {0} SET municipality='000000'", "DELETE FROM {0}", "TRUNCATE {0}"]
)
@pytest.mark.parametrize("table", ["transfer", "posting", "chronicle"])
def test_what_was_posted_stays_as_it_was_written(url: str, table: str, change: str) -> None:
    database = ledger(url, new=True)

    with pytest.raises(RaiseException, match="stays as it was written"), database.write() as tx:
        tx.run(change.format(table))
    database.close()


def test_a_database_that_holds_a_hub_gets_no_second_one(tmp_path: Path, url: str) -> None:
    made(tmp_path / "hub", url)

    with pytest.raises(RefusedByRule, match="already holds a hub"):
        made(tmp_path / "other", url)
    assert not (tmp_path / "other").exists()


def test_a_hub_at_work_is_looked_at_and_nothing_can_be_changed(tmp_path: Path, url: str) -> None:
    folder = made(tmp_path / "hub", url)

    with closing(open_hub(folder, CLOCK)), copy_of(folder) as copy:
        assert audit(copy.core, copy.mykey, InlineVerifier()) == []
        with pytest.raises(ReadOnlySqlTransaction):
            remember(copy.core.database, "a mistake")


def test_one_hub_at_a_time_has_the_ledger(tmp_path: Path, url: str) -> None:
    folder = made(tmp_path / "hub", url)

    with closing(open_hub(folder, CLOCK)), pytest.raises(InUse, match="another hub"):
        ledger(url)
    ledger(url).close()


def test_what_was_committed_outlives_a_lost_connection_and_the_rest_never_was(
    server: databases.Server, url: str
) -> None:
    database = ledger(url, new=True)
    remember(database, "before")

    with pytest.raises(Unreachable, match="the hub's database does not answer") as told:
        _cut_off_half_way(database, lambda: server.cut_off(url))
    assert "postgres" not in str(told.value)  # terminals hear it too
    remember(database, "after")

    assert remembered(database) == {"version", "before", "after"}
    database.close()


def test_a_connection_that_is_lost_while_nobody_asks_is_taken_up_again(
    server: databases.Server, url: str
) -> None:
    database = ledger(url, new=True)
    server.cut_off(url)

    remember(database, "first")
    server.cut_off(url)

    assert remembered(database) == {"version", "first"}
    database.close()


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("40P01", DatabaseBusy, "another program is at work"),  # a deadlock
        ("40001", DatabaseBusy, "another program is at work"),  # a serialization failure
        (
            "55P03",
            DatabaseBusy,
            "another program is at work",
        ),  # a lock that was waited for too long
        ("57P01", Unreachable, "does not answer: try again"),  # an administrator's shutdown
        ("53100", DiskFull, "nothing of this was kept"),
        ("XX001", Damaged, "is damaged"),
    ],
)
def test_what_a_server_says_is_told_in_words_and_nothing_of_it_is_kept(
    url: str, code: str, error: type[Exception], words: str
) -> None:
    database = ledger(url, new=True)

    with pytest.raises(error, match=words):
        _say_half_way(database, code)

    assert remembered(database) == {"version"}
    database.close()


def test_a_lock_that_the_server_is_about_to_miss_is_waited_for(url: str) -> None:
    """As where a hub lost its connection and is back before the server has noticed."""
    ghost = ledger(url, new=True)
    gone = Timer(0.1, ghost._leave)
    gone.start()

    with closing(ledger(url)) as back:
        assert remembered(back) == {"version"}
    gone.join()


def test_a_server_that_is_not_there_is_told_by_the_name_that_it_was_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"postgresql:///nothing?host={tmp_path}"
    words = re.escape(f"the database {nowhere} cannot be opened: No such file or directory. Is its")

    with pytest.raises(DatabaseAway, match=words):
        ledger(nowhere)
    with pytest.raises(DatabaseAway, match=words):
        version_at(Postgres(nowhere, "ledger"))
    with pytest.raises(DatabaseAway, match=words):
        made(tmp_path / "hub", nowhere)
    assert not (tmp_path / "hub").exists()
    assert not caplog.messages  # whoever opens it has just been told


_WAY = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (f"{_WAY}Connection refused\n\tIs the server running?", "Connection refused"),
        (f'{_WAY}FATAL:  database "gone" does not exist', 'database "gone" does not exist'),
        (
            f'{_WAY}FATAL:  password authentication failed for user "m"',
            'password authentication failed for user "m"',
        ),
        (f"{_WAY}fe_sendauth: no password supplied", "no password supplied"),
        (
            "failed to resolve host 'gone': [Errno -2] Name or service not known",
            "failed to resolve host 'gone': [Errno -2] Name or service not known",
        ),
        ("connection timeout expired", "connection timeout expired"),
    ],
)
def test_who_opens_a_database_hears_why_not_and_where_a_password_belongs(
    said: str, reason: str
) -> None:
    at = Postgres("postgresql://m@10.0.0.1/m?connect_timeout=5", "ledger")

    assert str(at.meaning(OperationalError(said), opening=True)) == (
        f"the database postgresql://m@10.0.0.1/m?connect_timeout=5 cannot be opened: {reason}."
        " Is its server up? A password belongs in ~/.pgpass, or in the file that PGPASSFILE names"
    )


@pytest.mark.parametrize("url", ["postgresql://m:secret@h/m", "postgresql://m@h/m?password=secret"])
def test_a_password_that_somebody_wrote_there_all_the_same_is_shown_to_nobody(url: str) -> None:
    at = Postgres(url, "ledger")

    assert "secret" not in at.name + str(at.meaning(OperationalError("no"), opening=True))


def test_what_the_log_says_of_a_connection_that_was_lost_is_the_servers_word(
    server: databases.Server, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(ledger(url, new=True)) as database, pytest.raises(DatabaseAway):
        _cut_off_half_way(database, lambda: server.cut_off(url))

    [line] = caplog.messages
    assert line.startswith(f"{url} (ledger): terminating connection")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://", "looks like postgresql://machikado@localhost/machikado"),
        ("postgresql://localhost", "looks like"),
        ("postgresql://m@one:5432,two:5432/m", "looks like"),
        ("postgresql://machikado:secret@localhost/machikado", "pgpass"),
        ("postgresql://localhost/machikado?password=secret", "pgpass"),
    ],
)
def test_a_url_that_cannot_be_leaves_nothing_behind(tmp_path: Path, url: str, words: str) -> None:
    folder = tmp_path / "hub"

    with pytest.raises(Malformed, match=words) as told:
        made(folder, url)
    assert "secret" not in str(told.value)
    assert not folder.exists()


def test_what_was_told_is_found_by_its_key_however_much_was_told(url: str) -> None:
    people = [f"{place:016x}" for place in range(300)]
    with closing(ledger(url, new=True)) as database:
        with database.write() as tx:
            for number in range(20):
                told = [(TOWN, TOWN, one, number, 100 + number, 0, b"\x90") for one in people]
                tx.insert_many(schema.told, told)

        with database.read() as tx:
            feed = Feed(tx)
            feed.prefetch(TOWN, TOWN, [*people[:40], "f" * 16], 7)
            ((through, found),) = tx.rows(
                "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables"
                " WHERE relname='told'"
            )
            told_now = [feed.told(TOWN, TOWN, one, 7) for one in people[:40]]

    assert told_now == [Told(107, deficit=False, expiring=())] * 40
    assert feed.told(TOWN, TOWN, "f" * 16, 7) is None
    assert (through, found) == (0, 40 * 3)
