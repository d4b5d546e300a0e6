"""I10: settling is idempotent, and pays what the stamps earned less what was netted or carried.

Random months: sales, reversals before and after closing, windows brought further in any order,
files made and results read twice. Beside the books a plain model keeps what each sale and each
payment ought to be.
"""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from hub.paging import Page
from hub.points.accounts import TREASURY, payable, receivable, transit
from hub.settlement.windows import WindowName, list_windows, net_credits
from tests.hub.settlement.month import (
    ACCOUNTS,
    ASSOCIATION,
    BAKERY,
    FISH,
    KAWASAKI,
    Month,
    payments,
)

SHOPS = st.sampled_from([FISH, BAKERY, ASSOCIATION])
OF_ACCOUNT = {account.number: shop for shop, account in ACCOUNTS.items()}


class Settling(RuleBasedStateMachine):
    """A town that sells and settles in any order."""

    @initialize(minimum=st.sampled_from([1, 300]))
    def begin(self, minimum: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.month = Month(Path(self.folder.name))
        self.month.set_calendar(minimum=minimum)
        self.sales: list[tuple[str, int, int]] = []  # shop, points, window
        self.earned: Counter[tuple[str, int]] = Counter()
        self.debts: Counter[str] = Counter()
        self.unpaid: Counter[str] = Counter()  # earned and not yet in a file, less debts
        self.at_bank: dict[int, dict[str, int]] = {}
        self.paid = 0
        self.names: list[WindowName] = []

    def teardown(self) -> None:
        if hasattr(self, "month"):
            self.month.close()
            self.folder.cleanup()

    @rule(shop=SHOPS, points=st.integers(1, 700))
    def sale(self, shop: str, points: int) -> None:
        window = self.month.sale(shop, points)  # type: ignore[arg-type]  # names are texts
        self.sales.append((shop, points, window))
        self.earned[shop, window] += points
        self.unpaid[shop] += points

    @precondition(lambda self: self.sales)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.sales) - 1))
        shop, points, window = self.sales.pop(place)
        self.month.take_back(shop, points, window=window)  # type: ignore[arg-type]  # as above
        if window == self.month.open_window:
            self.earned[shop, window] -= points
        self.unpaid[shop] -= points

    @rule()
    def close(self) -> None:
        name = self.month.closed()
        if name not in self.names:
            self.names.append(name)

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def further(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names))
        month, aoki, baba = self.month, self.month.person("aoki"), self.month.person("baba")
        month.settlement.review(aoki, name)
        month.settlement.approve(baba, name)
        first = [each for each in self.names if each.number not in self.at_bank]
        if name.number not in self.at_bank and name != first[0]:
            return
        file = month.settlement.file(aoki, name)
        assert month.settlement.file(baba, name) == file
        paid: dict[str, int] = {
            OF_ACCOUNT[number]: yen for number, yen in payments(file.file).items()
        }
        if name.number in self.at_bank:
            return
        self.at_bank[name.number] = paid
        for shop, yen in paid.items():
            self.unpaid[shop] -= yen

    @precondition(lambda self: any(self.at_bank.values()))
    @rule(data=st.data())
    def bank(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([n for n, paid in self.at_bank.items() if paid]))
        name = WindowName(KAWASAKI, "shops", number)
        shops = sorted(self.at_bank[number])
        said = data.draw(
            st.lists(
                st.sampled_from(["paid", "returned"]), min_size=len(shops), max_size=len(shops)
            )
        )
        window = self.month.open_window
        self.month.bank_says(name, *said)
        self.month.bank_says(name, *said)
        for shop, word in zip(shops, said, strict=True):
            yen = self.at_bank[number][shop]
            if word == "paid":
                self.paid += yen
            else:
                self.unpaid[shop] += yen
                self.earned[shop, window] += yen
        self.at_bank[number] = {}

    @invariant()
    def books_and_model_agree(self) -> None:
        if not hasattr(self, "month"):
            return
        month = self.month
        assert month.everything() == 0
        assert month.balance(TREASURY) == self.paid
        for number, paid in self.at_bank.items():
            assert month.balance(transit("shops", number)) == sum(paid.values())
        for shop in ACCOUNTS:
            left = month.balance(payable(shop)) + month.balance(receivable(shop))
            assert left == self.unpaid[shop]
        open_window = month.open_window
        with month.core.database.read() as tx:
            for number in range(1, open_window + 1):
                model = {shop: self.earned[shop, number] for shop in ACCOUNTS}
                assert net_credits(tx, KAWASAKI, number) == {k: v for k, v in model.items() if v}
            windows = list_windows(tx, Page(), KAWASAKI)
        for window in windows:
            for line in month.sheet(window.name).lines:
                assert line.points == self.earned[line.organisation, window.number]
                due = line.brought + line.points
                assert due == line.netted + line.paid + line.returned + line.carried
                assert min(line.netted, line.paid, line.returned) >= 0


TestSettling = Settling.TestCase
TestSettling.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
