"""Windows are closed while shops sell: nobody waits for the month, and each sale has its window."""

import threading
from collections import Counter

import pytest

from hub.audit import sums
from hub.bodies import WindowReleased
from hub.settlement import draft as drafts
from hub.settlement.windows import WindowName
from tests.hub.settlement.month import BAKERY, FISH, KAWASAKI, Month, payments

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


def test_a_sale_taken_back_while_the_file_is_made_is_in_the_file(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name = month.approved()
    made: list[int] = []

    def slowly(draft: drafts.Draft) -> WindowReleased:
        if not made:
            month.take_back(FISH, 400, window=1)  # nobody has to wait for the file
        made.append(sum(each.paid for each in draft.paid))
        return make(draft)

    make = drafts.make
    monkeypatch.setattr(drafts, "make", slowly)
    file = month.settlement.file(month.person("aoki"), name)

    assert made == [1_300, 900]
    assert payments(file.file) == {"7654321": 600, "0000042": 300}
    assert month.settlement.file(month.person("baba"), name) == file
    assert made == [1_300, 900]
