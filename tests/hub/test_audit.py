"""The audit finds nothing in a good database, and names each fact that was changed in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit_sums
from hub.findings import Finding, as_json, in_words
from hub.store import schema
from hub.store.database import Database, Tx
from sync.records import Tier
from sync.reprints import reprint_notice
from sync.ticket import read_ticket
from tests.doubles import databases
from tests.hub.breaks import BREAKS, Break
from tests.hub.breaks_around import AROUND
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, corner

_SUMS = {"sum", "earned payable"} | {
    f"balance {kind}" for kind in ("deficit", "hold", "payable", "reserve", "ticket", "wallet")
}
"""What the transfers alone tell, as :func:`_short` names it."""
Kept = dict[sa.Table, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def lived(card_keys: list[RSAPrivateKey]) -> Iterator[Corner]:
    """A corner where everything has happened once, and one window is paid."""
    with databases.outliving(lambda: _lived(card_keys)) as town:
        yield town


@pytest.fixture(scope="module")
def kept(lived: Corner) -> Kept:
    """All that its ledger holds."""
    with lived.core.database.read() as tx:
        return {table: _rows(tx, table) for table in schema.metadata.sorted_tables}


def _rows(tx: Tx, table: sa.Table) -> list[tuple[Any, ...]]:
    names = ",".join(f'"{column.name}"' for column in table.columns)
    return tx.rows(f"SELECT {names} FROM {table.name}")


def _lived(card_keys: list[RSAPrivateKey]) -> Corner:
    town = corner()
    hana, jiro = (town.resident(key) for key in card_keys)
    town.fund(3_000)
    town.grant(hana, 2_000)
    town.grant(hana, 300, town=TOSHIMA)
    town.grant(jiro, 900)
    counter = town.node(GREENGROCER, "2222")
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    town.ticket(counter, hana, 100)
    for shop in (fish, fruit):
        town.feed(shop, available=900)
        shop.spend(jiro.card, town.account(jiro), 700, town=KAWASAKI)
        town.redeem(shop, paper)
    sale = fish.spend(hana.card, town.account(hana), 250, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)
    town.settle()
    fish.reverse(sale, 250, town=KAWASAKI)
    n, _ = town.hold(fish, hana, 60)
    fish.spend(hana.card, town.account(hana), 60, town=KAWASAKI, tier=Tier.T0, hold=n)
    town.feed(fruit, available=250)
    fruit.spend(hana.card, town.account(hana, TOSHIMA), 40, town=TOSHIMA)
    fruit.spend(jiro.card, town.account(hana), 30, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)
    town.hold(fruit, hana, 70)
    town.decide(1, "write-off")
    handed_in, lost = town.ticket(counter, hana, 80), town.ticket(counter, hana, 90)
    town.void(counter, handed_in, 80)
    town.lose(counter, hana, lost)
    public = town.core.keys.tickets(KAWASAKI).public
    counter.write(reprint_notice(KAWASAKI, read_ticket(paper, {KAWASAKI: (public,)}).number))
    town.put(counter)
    for shop in (counter, fish, fruit):
        town.asks_again(shop)
    for _ in range(5):
        town.night()
    town.close_window()
    return town


def test_in_a_good_database_there_is_nothing_to_find(lived: Corner) -> None:
    assert lived.audit() == []


@pytest.mark.parametrize("broken", [*BREAKS, *AROUND], ids=lambda broken: broken.name)
def test_one_changed_fact_is_named(lived: Corner, kept: Kept, broken: Break) -> None:
    with _changed(lived.core.database, broken.change, kept):
        found, of_sums = lived.audit(), audit_sums(lived.core)

    assert {_short(each.finding, each.where) for each in found} == broken.findings
    assert {_short(each.finding, each.where) for each in of_sums} == broken.findings & _SUMS
    assert lived.audit() == []


def _short(finding: str, where: str) -> str:
    """``transfer points`` of a column, ``balance wallet`` of an account, else the finding."""
    last = where.rsplit(" ", 1)[-1].split(":", maxsplit=1)[0]
    plain = finding.endswith(("-missing", "-unexplained")) or finding in {
        "sum",
        "digest",
        "signature",
        "head",
        "cursor",
        "chain",
        "fork",
        "order",
        "hub-chain",
        "replay",
    }
    return finding if plain else f"{finding} {last}"


@contextmanager
def _changed(database: Database, change: Callable[[Tx], None], kept: Kept) -> Iterator[None]:
    """A database that somebody has changed, for as long as the block lasts."""
    with database.write() as tx:
        databases.behind_its_back(tx)
        change(tx)
    try:
        yield
    finally:
        with database.write() as tx:
            databases.behind_its_back(tx)
            for table in reversed(kept):
                tx.run(f"DELETE FROM {table.name}")
            for table, rows in kept.items():
                tx.insert_many(table, rows)


def test_a_finding_is_a_line_for_scripts() -> None:
    finding = Finding("balance", "141305 reserve", "2000", "1999")

    assert msgspec.json.decode(as_json(finding)) == {
        "finding": "balance",
        "where": "141305 reserve",
        "expected": "2000",
        "found": "1999",
    }


def test_a_finding_is_a_sentence_for_people() -> None:
    gone = Finding("journal-missing", "journal 141305-shops-1", "a line", "")

    assert (
        in_words(gone) == "journal-missing: journal 141305-shops-1: expected a line, found nothing"
    )
