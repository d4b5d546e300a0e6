"""Closing, reviewing, approving: what a window holds, and the two people who let it out."""

from datetime import date

import pytest

from hub.bodies import WindowApproved, WindowClosed, WindowReleased, WindowReviewed
from hub.paging import Page
from hub.points.accounts import payable
from hub.settlement.windows import WindowName, list_windows, net_credits, window_name
from sync.errors import Malformed, RefusedByRule
from tests.hub.settlement.month import (
    ASSOCIATION,
    BAKERY,
    FISH,
    KAWASAKI,
    NEW_ACCOUNT,
    Month,
    at,
    payments,
)

FIRST = WindowName(KAWASAKI, "shops", 1)


def earned(month: Month, number: int) -> dict[str, int]:
    name = FIRST._replace(number=number)
    return {line.organisation: line.points for line in month.sheet(name).lines}


def test_three_shops_earn_by_the_stamp_of_their_window(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    month.sale(FISH, 400)
    month.sale(ASSOCIATION, 6_384)
    month.take_back(FISH, 150, window=1)

    closed = month.settlement.close(month.person("aoki"), KAWASAKI)

    assert (closed.window, closed.municipality) == ("141305-shops-1", KAWASAKI)
    assert (closed.lines, closed.total) == (3, 1_250 + 300 + 6_384)
    assert earned(month, 1) == {FISH: 1_250, BAKERY: 300, ASSOCIATION: 6_384}


def test_a_late_record_falls_into_the_next_window_whatever_its_time(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.closed()
    month.clock.time = at("2026-08-31T12:00")  # its own time lies before the closing

    assert month.sale(FISH, 70) == 2
    month.closed()

    assert earned(month, 1) == {FISH: 1_000}
    assert earned(month, 2) == {FISH: 70}


def test_closing_twice_gives_the_same_answer(month: Month) -> None:
    month.sale(FISH, 1_000)
    first = month.settlement.close(month.person("aoki"), KAWASAKI)
    entered = month.entered()

    assert month.settlement.close(month.person("baba"), KAWASAKI) == first
    assert month.entered() == entered
    assert month.open_window == 2


def test_closing_again_for_a_day_that_a_window_covers_closes_nothing_more(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.clock.time = at("2026-10-01T00:00")
    close, day = month.settlement.close, date(2026, 9, 30)
    first = close(month.person("aoki"), KAWASAKI, until=day)
    month.sale(FISH, 70)  # between the lost answer and the second try

    assert close(month.person("aoki"), KAWASAKI, until=day) == first
    assert close(month.person("aoki"), KAWASAKI).window == "141305-shops-2"


def test_a_day_must_be_over_before_its_window_closes(month: Month) -> None:
    month.clock.time = at("2026-09-30T23:59:59")
    with pytest.raises(RefusedByRule, match="not over") as refused:
        month.settlement.close(month.person("aoki"), KAWASAKI, until=date(2026, 9, 30))
    assert refused.value.reason == "day-not-over"
    assert month.open_window == 1


def test_a_town_without_sales_may_close_and_is_done_with_an_empty_file(month: Month) -> None:
    name, file = month.released()
    assert (file.count, file.total, file.file) == (0, 0, b"")
    assert month.sheet(name).window.state == "settled"


def test_a_bank_file_is_no_debit_and_a_return_is_a_credit_of_the_window_open_then(
    month: Month,
) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name, _ = month.released()
    month.sale(BAKERY, 20)
    month.bank_says(name, "returned", "paid")
    with month.core.database.read() as tx:
        assert net_credits(tx, KAWASAKI, 2) == {FISH: 1_000, BAKERY: 20}


def test_netting_takes_nothing_from_what_the_open_window_earned(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.approved()
    month.take_back(FISH, 400, window=1)
    month.settlement.file(month.person("aoki"), name)
    with month.core.database.read() as tx:
        assert net_credits(tx, KAWASAKI, 2) == {}


def test_two_people_let_a_payment_out(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.closed()
    settle, aoki, baba = month.settlement, month.person("aoki"), month.person("baba")

    with pytest.raises(RefusedByRule) as early:
        settle.approve(baba, name)
    assert early.value.reason == "not-reviewed"

    settle.review(aoki, name)
    with pytest.raises(RefusedByRule) as alone:
        settle.approve(aoki, name)
    assert alone.value.reason == "second-person"

    window = settle.approve(baba, name)
    assert (window.closed_by, window.reviewed_by, window.approved_by) == ("aoki", "aoki", "baba")
    assert window.needs == "file"


def test_who_closed_does_not_approve_even_when_another_person_reviewed(month: Month) -> None:
    name = month.closed()
    month.settlement.review(month.person("baba"), name)
    with pytest.raises(RefusedByRule) as refused:
        month.settlement.approve(month.person("aoki"), name)
    assert refused.value.reason == "second-person"

    month.settlement.review(month.person("aoki"), name)  # so the other one may approve
    assert month.settlement.approve(month.person("baba"), name).state == "approved"


def test_approving_again_changes_nothing_and_a_later_review_neither(month: Month) -> None:
    name = month.approved()
    entered = month.entered()
    month.settlement.approve(month.person("chiba"), name)
    window = month.settlement.review(month.person("chiba"), name)
    assert (window.reviewed_by, window.approved_by) == ("aoki", "baba")
    assert month.entered() == entered

    month.person("chiba")(WindowReviewed(town=KAWASAKI, kind="shops", window=1))
    assert month.sheet(name).window.state == "approved"


def test_a_body_entered_past_the_use_cases_meets_the_same_rules(month: Month) -> None:
    month.sale(FISH, 1_000)
    aoki, baba = month.person("aoki"), month.person("baba")
    aoki(WindowClosed(town=KAWASAKI, kind="shops"))
    aoki(WindowReviewed(town=KAWASAKI, kind="shops", window=1))
    with pytest.raises(RefusedByRule):
        aoki(WindowApproved(town=KAWASAKI, kind="shops", window=1))
    baba(WindowApproved(town=KAWASAKI, kind="shops", window=1))
    baba(WindowApproved(town=KAWASAKI, kind="shops", window=1))
    empty = WindowReleased(town=KAWASAKI, kind="shops", window=1, pay_on="2026-10-26", file=b"")
    with pytest.raises(RefusedByRule) as blocked:
        aoki(empty)
    assert blocked.value.reason == "bank-file-blocked"
    assert month.balance(payable(FISH)) == 1_000


@pytest.mark.parametrize("kind", ["companies", "shop", ""])
def test_a_kind_that_is_not_settled_here_is_refused(month: Month, kind: str) -> None:
    with pytest.raises(RefusedByRule) as refused:
        month.settlement.close(month.person("aoki"), KAWASAKI, kind)
    assert refused.value.reason == "unknown-kind"


def test_a_window_that_was_never_closed_is_unknown(month: Month) -> None:
    for ask in (month.settlement.review, month.settlement.approve, month.settlement.file):
        with pytest.raises(RefusedByRule) as refused:
            ask(month.person("aoki"), FIRST)
        assert refused.value.reason == "unknown-window"


def test_a_new_bank_account_is_valid_from_the_window_that_closes_next(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    first = month.approved()
    month.change_account(FISH, NEW_ACCOUNT)
    month.sale(FISH, 500)
    month.sale(BAKERY, 200)

    old = month.settlement.file(month.person("aoki"), first)
    second = month.approved()
    changed = {line.organisation: line.account_changed for line in month.sheet(second).lines}
    assert changed == {FISH: True, BAKERY: False}
    new = month.settlement.file(month.person("aoki"), second)

    assert payments(old.file) == {"7654321": 1_000, "0000042": 300}
    assert payments(new.file) == {"1112223": 500, "0000042": 200}


def test_the_list_says_where_each_window_stands(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.released()
    month.sale(BAKERY, 5)
    month.closed()
    with month.core.database.read() as tx:
        found = list_windows(tx, Page(), KAWASAKI)
    assert [(each.window, each.state, each.needs, each.total, each.paid) for each in found] == [
        ("141305-shops-1", "released", "result", 1_000, 1_000),
        ("141305-shops-2", "closed", "review", 5, 0),
    ]


def test_a_windows_name_reads_back() -> None:
    assert window_name("141305-shops-3") == WindowName(KAWASAKI, "shops", 3)
    assert str(window_name("１４１３０５-shops-12")) == "141305-shops-12"
    for wrong in ("141305-shops-0", "141305-shops", "141306-shops-1", "141305-shops-3\n4"):
        with pytest.raises(Malformed):
            window_name(wrong)
