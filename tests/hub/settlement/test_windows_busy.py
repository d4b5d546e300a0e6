"""Windows are closed while shops sell: nobody waits for the month, and each sale has its window."""

import threading
from collections import Counter

from hub.audit import sums
from hub.settlement.windows import WindowName
from tests.hub.settlement.month import BAKERY, FISH, KAWASAKI, Month

SALES, WINDOWS = 120, 4


def test_sales_go_on_while_windows_are_closed_and_none_is_lost_or_counted_twice(
    month: Month,
) -> None:
    earned: Counter[tuple[str, int]] = Counter()
    some = threading.Semaphore(0)

    def sell() -> None:
        for number in range(SALES):
            shop = (FISH, BAKERY)[number % 2]
            earned[shop, month.sale(shop, number + 1)] += number + 1
            some.release()

    shops = threading.Thread(target=sell)
    shops.start()
    for _ in range(WINDOWS):
        for _ in range(SALES // WINDOWS // 2):
            some.acquire()
        month.closed()
    shops.join()
    last = month.closed()

    lines = {
        (line.organisation, number): line.points
        for number in range(1, last.number + 1)
        for line in month.sheet(WindowName(KAWASAKI, "shops", number)).lines
    }
    assert lines == earned
    assert sum(lines.values()) == SALES * (SALES + 1) // 2
    with month.core.database.read() as tx:
        assert [*sums(tx)] == []
