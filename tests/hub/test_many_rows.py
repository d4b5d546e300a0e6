"""Many rows at once: whatever way a database has for that, they stand there as they were given."""

from collections.abc import Sequence

import pytest

from hub.store import schema
from hub.store.alike import Alike
from hub.store.database import Database
from sync.errors import Malformed
from tests.doubles import databases

TOWN = "141305"


@pytest.fixture
def database() -> Database:
    return databases.ledger()


def inbox_row(first: int) -> tuple[object, ...]:
    body = bytes(range(256))
    return (TOWN, "node", "1-a", "", first, first, 1_762_000_000_000, 0, body, b"")


@pytest.mark.parametrize("count", [1, 31, 32, 500])
def test_rows_stand_there_as_they_were_given(database: Database, count: int) -> None:
    rows = [inbox_row(place) for place in range(1, count + 1)]

    with database.write() as tx:
        tx.insert_many(schema.inbox, rows)

    with database.read() as tx:
        assert tx.rows("SELECT * FROM inbox ORDER BY first") == rows


@pytest.mark.parametrize("sign", ["\t", "\n", "\\", "\\.", "\\N", '"', "{", "}", ",", "NULL", "街"])
def test_no_sign_means_anything_else(database: Database, sign: str) -> None:
    rows = [(TOWN, f"wallet:{sign}{place}", place) for place in range(40)]

    with database.write() as tx:
        tx.insert_many(schema.touched, rows)
        tx.put_many(schema.balance, rows)

    with database.read() as tx:
        for table in ("touched", "balance"):
            assert sorted(tx.rows(f"SELECT * FROM {table}")) == sorted(rows)


def alike(firsts: Sequence[int], bodies: Sequence[bytes]) -> Alike:
    """Rows of the inbox that differ in their places and bodies."""
    shared = {
        "municipality": TOWN,
        "node": "node",
        "epoch": "1-a",
        "branch": "",
        "received_at": 1_762_000_000_000,
        "posted_then": 0,
        "head": b"",
    }
    return Alike(shared, {"first": firsts, "last": firsts, "body": bodies})


@pytest.mark.parametrize("count", [1, 15, 16, 500])
def test_rows_that_are_alike_stand_there_as_any_others(database: Database, count: int) -> None:
    firsts = [2**63 - place for place in range(count, 0, -1)]
    bodies = [place.to_bytes(4, "big") * 64 for place in range(count)]

    with database.write() as tx:
        tx.insert_alike(schema.inbox, [alike(firsts, bodies), alike([1], [b"another"])])

    with database.read() as tx:
        found = tx.rows("SELECT first, last, body, head, branch FROM inbox ORDER BY first")
    assert found == [
        (1, 1, b"another", b"", ""),
        *((first, first, body, b"", "") for first, body in zip(firsts, bodies, strict=True)),
    ]


@pytest.mark.parametrize("numbers", [[-5, 12, 99], [-(2**63), 7, 2**63 - 1]])
@pytest.mark.parametrize("bodies", [[b""] * 3, [b"\0a", b"bc", b"\xff\n"], [b"", b"a", b"long"]])
def test_values_of_any_length_stand_in_alike_rows(
    database: Database, numbers: list[int], bodies: list[bytes]
) -> None:
    firsts, lasts, bodies = list(range(60)), numbers * 20, bodies * 20
    some = alike(firsts, bodies)

    with database.write() as tx:
        tx.insert_alike(schema.inbox, [Alike(some.shared, {**some.own, "last": lasts})])

    with database.read() as tx:
        found = tx.rows("SELECT first, last, body FROM inbox ORDER BY first")
    assert found == list(zip(firsts, lasts, bodies, strict=True))


@pytest.mark.parametrize("sign", ["\t", "\n", "\\", "\\u0041", '"', "[", "null", "1", "1.0", "街"])
def test_in_alike_rows_no_sign_means_anything_else(database: Database, sign: str) -> None:
    names = [f"{sign}{place}" for place in range(20)] + [sign]

    with database.write() as tx:
        some = Alike({"municipality": TOWN, "posting": 7}, {"account": names})
        tx.insert_alike(schema.touched, [some])

    with database.read() as tx:
        assert sorted(tx.rows("SELECT account FROM touched")) == sorted((name,) for name in names)


@pytest.mark.parametrize("lacking", ["last", "body"])
def test_alike_rows_of_which_one_lacks_a_value_are_not_cut_short(
    database: Database, lacking: str
) -> None:
    some = alike(range(1, 31), [b"body"] * 30)
    short = Alike(some.shared, {**some.own, lacking: some.own[lacking][:-1]})

    with pytest.raises(ValueError, match="short"), database.write() as tx:
        tx.insert_alike(schema.inbox, [short])


def test_alike_rows_keep_a_text_to_its_end(database: Database) -> None:
    if "postgresql" in database.name:
        pytest.skip("a server keeps no such text")
    names = [f"a\0{place}" for place in range(20)]

    with database.write() as tx:
        some = Alike({"municipality": TOWN, "posting": 7}, {"account": names})
        tx.insert_alike(schema.touched, [some])

    with database.read() as tx:
        assert sorted(tx.rows("SELECT account FROM touched")) == [(name,) for name in sorted(names)]


def test_an_alike_row_whose_key_is_there_undoes_all_of_them(database: Database) -> None:
    with database.write() as tx:
        tx.insert_many(schema.inbox, [inbox_row(300)])

    clashing = alike(range(1, 400), [b"body"] * 399)
    with pytest.raises(Exception, match=r"(?i)unique"), database.write() as tx:
        tx.insert_alike(schema.inbox, [clashing])

    with database.read() as tx:
        assert tx.rows("SELECT count(*) FROM inbox") == [(1,)]


def test_a_key_that_is_there_gets_the_other_columns_anew(database: Database) -> None:
    with database.write() as tx:
        tx.put_many(schema.balance, [(TOWN, "wallet:a", 1), (TOWN, "wallet:b", 2)])
        tx.put_many(schema.balance, [(TOWN, "wallet:b", 3), (TOWN, "wallet:c", 4)])

    with database.read() as tx:
        found = tx.rows("SELECT account, points FROM balance ORDER BY account")
    assert found == [("wallet:a", 1), ("wallet:b", 3), ("wallet:c", 4)]


def test_a_row_of_nothing_but_its_key_may_come_again(database: Database) -> None:
    with database.write() as tx:
        for _ in range(2):
            tx.put_many(schema.lot_date, [(TOWN, 1, "a"), (TOWN, 2, "a")])

    with database.read() as tx:
        assert tx.rows("SELECT count(*) FROM lot_date") == [(2,)]


def test_a_key_is_replaced_only_where_the_condition_holds(database: Database) -> None:
    def first(seq: int) -> tuple[object, ...]:
        return (TOWN, "node", 20_000, "1-a", "", seq)

    with database.write() as tx:
        for seq in (7, 9, 5, 8):
            tx.put_many(
                schema.record_day, [first(seq)], where="WHERE excluded.first<record_day.first"
            )

    with database.read() as tx:
        assert tx.rows("SELECT first FROM record_day") == [(5,)]


@pytest.mark.parametrize("count", [1, 500])
def test_a_row_whose_key_is_there_undoes_all_of_them(database: Database, count: int) -> None:
    rows = [inbox_row(place) for place in range(1, count + 1)]
    with database.write() as tx:
        tx.insert_many(schema.inbox, rows[-1:])

    with pytest.raises(Exception, match=r"(?i)unique"), database.write() as tx:
        tx.insert_many(schema.inbox, rows)

    with database.read() as tx:
        assert tx.rows("SELECT count(*) FROM inbox") == [(1,)]


@pytest.mark.parametrize("count", [1, 500])
def test_a_text_that_a_server_cannot_keep_is_said_to_be_so(database: Database, count: int) -> None:
    if "postgresql" not in database.name:
        pytest.skip("SQLite keeps every text")
    rows = [(TOWN, f"wallet:\0{place}", place) for place in range(count)]

    with pytest.raises(Malformed, match="cannot be kept"), database.write() as tx:
        tx.insert_many(schema.touched, rows)
