"""What a window costs does not grow with those that were settled before it."""

from collections import Counter
from contextlib import closing
from pathlib import Path

from hub.points.accounts import payable
from hub.store import schema
from hub.store.database import Database
from sync.values import OrganisationId
from tests.doubles import databases
from tests.hub.settlement.month import BAKERY, FISH, KAWASAKI, Month, payments
from tests.hub.test_reads_on_server import rows_read

SHOPS = 20
SLACK = 60
"""Rows and entries more: a server looks up by other ways as its tables grow."""
_LOOKED_AT = {"settlement_window"}
"""One row a window: each step holds those whose files left against the journal."""


def settled(ledger: Database, windows: int) -> None:
    """The town has settled so many windows already, with the fish shop and many others in each."""
    others = [OrganisationId(f"{KAWASAKI}-C{number}") for number in range(SHOPS)]
    who = ("aoki", "aoki", "baba")
    with ledger.write() as tx:
        for number in range(1, windows + 1):
            place = (KAWASAKI, "shops", number)
            tx.insert_many(
                schema.settlement_window,
                [(*place, "settled", 0, *who, "2026-01-26", b"", "")],
            )
            tx.insert_many(
                schema.settlement_line,
                [
                    (*place, shop, line, 500, 0, 500, "paid", "", b"an account")
                    for line, shop in enumerate([FISH, *others], 1)
                ],
            )
        tx.insert_many(schema.balance, [(KAWASAKI, payable(shop), 0) for shop in others])
        tx.run(
            'UPDATE municipality SET "window"=:next WHERE municipality=:town',
            next=windows + 1,
            town=KAWASAKI,
        )
    ledger.ask_all("ANALYZE")


def read_by_a_window(folder: Path, server: databases.Server, *, before: int) -> Counter[str]:
    """What two more windows read: the second brings forward what the first did not pay."""
    ledger = server.database(schema.metadata, schema.VERSION)
    with closing(Month(folder, ledger)) as month:
        settled(ledger, before)
        month.set_calendar(minimum=100)
        begin = rows_read(ledger)
        for points, paid in ((60, {"7654321": 600}), (50, {"7654321": 600, "0000042": 110})):
            month.sale(FISH, 600)
            month.sale(BAKERY, points)
            name, file = month.released()
            assert payments(file.file) == paid
            assert month.sheet(name).lines[0].account_changed is (points == 60)
            month.bank_says(name, *["paid"] * len(paid))
        return rows_read(ledger) - begin


def test_a_server_reads_no_more_for_a_window_behind_a_thousand_others(
    tmp_path: Path, server: databases.Server
) -> None:
    few, many = (
        read_by_a_window(tmp_path / str(count), server, before=count) for count in (3, 1_000)
    )
    server.sweep()

    assert few.total() > SHOPS
    more = {name: n for name, n in (many - few).items() if n > SLACK}
    assert more.keys() <= _LOOKED_AT
