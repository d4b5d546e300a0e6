"""A counter whose power goes, again and again, while it sells to a hub that answers."""

from pathlib import Path

import pytest

from tests.faults.corner import GRANTED, open_shop, sold_by
from tests.faults.programs import PRICE, Moments, Sold

LIVES = 100
LONGEST = 0.2
"""Seconds that a life may go on for: another sale and an exchange fit into it, or do not. Half of
the lives end at once, on the very word of a sale."""


@pytest.mark.processes
@pytest.mark.slow
def test_a_node_killed_a_hundred_times_loses_and_doubles_nothing(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    moments = Moments("node")
    told: list[Sold] = []
    hub = shop.serve()

    for life in range(LIVES):
        node = shop.sell(life)
        node.until_ready()
        told += node.hear(moments.below(2))
        node.kill_after(moments.below(2) * moments.seconds(LONGEST))
        told += node.heard()
    hub.stop()
    last = shop.hand_in()

    sales = sold_by(shop, told)
    books = shop.books()
    assert last.reached
    assert LIVES // 4 < len(told) <= sales <= len(told) + LIVES
    assert books.spends == {
        place: digest for place, (kind, digest) in shop.records().items() if kind == "spend"
    }
    assert (books.wallet, books.owed) == (GRANTED - sales * PRICE, sales * PRICE)
    assert (books.held, books.total) == (0, 0)
