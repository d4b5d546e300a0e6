"""The bank file and its result: netting, carrying over, returning, and what is blocked."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub import chronicle
from hub.bodies import WindowReleased, WindowResult
from hub.points.accounts import TREASURY, payable, receivable, transit
from hub.points.books import hub_posting
from hub.settlement import zengin
from hub.settlement.cases import APPLIERS
from hub.settlement.draft import draft, make
from hub.settlement.windows import WindowName
from sync.errors import Damaged, RefusedByRule
from tests.hub.settlement.month import (
    ACCOUNTS,
    ASSOCIATION,
    BAKERY,
    FISH,
    KAWASAKI,
    NEW_ACCOUNT,
    Month,
    at,
    payments,
)


def refused(reason: str, ask: Any, *args: Any, **more: Any) -> None:
    with pytest.raises(RefusedByRule) as error:
        ask(*args, **more)
    assert error.value.reason == reason


def prepared(month: Month, name: WindowName) -> WindowReleased:
    with month.core.database.read() as tx:
        return make(draft(tx, name, now=month.clock.now(), pay_on=None))


def test_three_shops_are_paid_and_the_bank_takes_it_from_the_town(month: Month) -> None:
    month.sale(FISH, 1_250)
    month.sale(BAKERY, 300)
    month.sale(ASSOCIATION, 6_384)
    month.clock.time = at("2026-10-01T09:00")
    name, file = month.released()

    assert payments(file.file) == {"7654321": 1_250, "0000042": 300, "0000777": 6_384}
    assert (file.count, file.total, file.pay_on) == (3, 7_934, "2026-10-26")
    assert month.balance(transit("shops", 1)) == 7_934

    assert month.bank_says(name, "paid", "paid", "paid").state == "settled"
    assert month.balance(transit("shops", 1)) == 0
    assert month.balance(TREASURY) == 7_934
    assert month.everything() == 0


def test_a_reversal_after_closing_is_owed_and_netted_from_the_next_payment(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    month.released()
    month.take_back(FISH, 400, window=1)
    month.take_back(BAKERY, 300, window=1)
    month.sale(FISH, 900)
    month.sale(BAKERY, 100)
    name, file = month.released()

    assert payments(file.file) == {"7654321": 500}
    fish, bakery = month.sheet(name).lines
    assert (fish.points, fish.netted, fish.paid) == (900, 400, 500)
    assert (bakery.points, bakery.netted, bakery.paid) == (100, 100, 0)
    assert month.balance(receivable(FISH)) == 0
    assert month.balance(receivable(BAKERY)) == -200


def test_a_reversal_before_the_file_of_its_closed_window_is_netted_in_that_file(
    month: Month,
) -> None:
    month.sale(FISH, 1_000)
    name = month.approved()
    month.take_back(FISH, 400, window=1)
    file = month.settlement.file(month.person("aoki"), name)
    assert payments(file.file) == {"7654321": 600}
    assert month.balance(payable(FISH)) == month.balance(receivable(FISH)) == 0


def test_a_small_amount_is_carried_over_until_it_is_worth_a_transfer(month: Month) -> None:
    month.set_calendar(minimum=500)
    month.sale(FISH, 499)
    month.sale(BAKERY, 500)
    first, file = month.released()
    assert payments(file.file) == {"0000042": 500}
    assert [line.carried for line in month.sheet(first).lines] == [499, 0]
    assert month.balance(payable(FISH)) == 499

    month.sale(FISH, 1)
    second, file = month.released()
    assert payments(file.file) == {"7654321": 500}
    (line,) = month.sheet(second).lines
    assert (line.points, line.brought, line.paid, line.carried) == (1, 499, 500, 0)


def test_what_was_carried_is_paid_without_a_new_sale_once_the_minimum_falls(month: Month) -> None:
    month.set_calendar(minimum=500)
    month.sale(FISH, 499)
    month.released()
    month.set_calendar(minimum=1)
    month.sale(BAKERY, 5)
    _, file = month.released()
    assert payments(file.file) == {"7654321": 499, "0000042": 5}


def test_an_account_was_closed_and_the_shop_is_paid_again_with_the_next_window(
    month: Month,
) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    first, _ = month.released()
    assert month.bank_says(first, "returned", "paid").state == "returned"
    assert month.balance(payable(FISH)) == 1_000
    assert month.balance(TREASURY) == 300

    month.change_account(FISH, NEW_ACCOUNT)
    month.sale(FISH, 50)
    second, file = month.released()
    assert payments(file.file) == {"1112223": 1_050}
    assert month.bank_says(second, "paid").state == "settled"
    assert month.sheet(first).lines[0].outcome == "returned"
    assert month.balance(TREASURY) == 1_350


def test_the_same_result_again_changes_nothing_and_another_one_is_refused(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name, _ = month.released()
    month.bank_says(name, "paid", "returned")
    entered = month.entered()

    assert month.bank_says(name, "paid", "returned").state == "returned"
    assert month.entered() == entered
    refused("result-differs", month.bank_says, name, "paid", "paid")
    refused("result-refused", month.bank_says, name, "paid")
    again = WindowResult(
        town=KAWASAKI, kind="shops", window=1, lines=((1, "paid", ""), (2, "returned", ""))
    )
    month.person("baba")(again)
    assert month.balance(payable(BAKERY)) == 300
    assert month.balance(TREASURY) == 1_000


@pytest.mark.parametrize(
    "lines",
    [(), ((2, "paid", ""),), ((1, "paid", ""), (1, "paid", "")), ((1, "lost", ""),)],
)
def test_a_result_about_other_lines_moves_nothing(
    month: Month, lines: tuple[tuple[int, str, str], ...]
) -> None:
    month.sale(FISH, 1_000)
    month.released()
    body = WindowResult(town=KAWASAKI, kind="shops", window=1, lines=lines)
    refused("result-refused", month.person("aoki"), body)
    assert month.balance(transit("shops", 1)) == 1_000


def test_there_is_no_result_before_a_file(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.approved()
    refused("not-released", month.bank_says, name, "paid")
    body = WindowResult(town=KAWASAKI, kind="shops", window=1, lines=((1, "paid", ""),))
    refused("not-released", month.person("aoki"), body)


def test_the_file_is_made_once(month: Month) -> None:
    month.sale(FISH, 1_000)
    name, file = month.released()
    month.sale(FISH, 1)
    entered = month.entered()
    assert month.settlement.file(month.person("baba"), name) == file
    assert month.entered() == entered
    refused(
        "file-differs",
        month.settlement.file,
        month.person("baba"),
        name,
        pay_on=date(2026, 11, 25),
    )


def test_only_an_approved_window_has_a_file(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.closed()
    refused("not-approved", month.settlement.file, month.person("aoki"), name)
    month.settlement.review(month.person("aoki"), name)
    refused("not-approved", month.settlement.file, month.person("aoki"), name)


def test_windows_are_paid_in_their_order(month: Month) -> None:
    month.sale(FISH, 1_000)
    first = month.approved()
    month.sale(FISH, 500)
    second = month.approved()
    refused("earlier-window-waits", month.settlement.file, month.person("aoki"), second)
    month.settlement.file(month.person("aoki"), first)
    assert month.settlement.file(month.person("aoki"), second).total == 500


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 10, 25), "not-a-business-day"),  # a Sunday
        (date(2026, 11, 3), "not-a-business-day"),  # 文化の日
        (date(2026, 12, 31), "not-a-business-day"),  # the banks' year-end
        (date(2031, 10, 24), "past-horizon"),
        (date(2026, 9, 9), "pay-day-past"),
    ],
)
def test_a_day_on_which_no_bank_can_pay_is_refused(month: Month, day: date, reason: str) -> None:
    month.sale(FISH, 1_000)
    name = month.approved()
    refused(reason, month.settlement.file, month.person("aoki"), name, pay_on=day)
    assert month.balance(payable(FISH)) == 1_000


def test_a_window_released_after_its_pay_day_is_paid_on_the_next_business_day(
    month: Month,
) -> None:
    month.sale(FISH, 1_000)
    month.clock.time = at("2026-10-01T09:00")
    name = month.approved()
    month.clock.time = at("2026-10-30T09:00")  # a Friday
    assert month.settlement.file(month.person("aoki"), name).pay_on == "2026-11-02"


def test_a_shop_whose_branch_is_gone_blocks_the_file_until_it_names_another_account(
    month: Month,
) -> None:
    gone = msgspec.structs.replace(ACCOUNTS[FISH], branch="999")
    month.change_account(FISH, gone)
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name = month.approved()
    with pytest.raises(RefusedByRule, match=FISH) as blocked:
        month.settlement.file(month.person("aoki"), name)
    assert blocked.value.reason == "bank-file-blocked"
    assert month.balance(payable(BAKERY)) == 300

    month.change_account(FISH, NEW_ACCOUNT)
    file = month.settlement.file(month.person("aoki"), name)
    assert payments(file.file) == {"1112223": 1_000, "0000042": 300}
    assert month.sheet(name).lines[0].account == NEW_ACCOUNT


FORGERIES = {
    "another account": (b"7654321", b"7654322"),
    "another amount": (b"0000001000", b"0000001001"),
    "another holder": ("ｳｵﾊﾙ".encode("shift_jis"), "ｳｵﾊﾘ".encode("shift_jis")),
    "another day": (b"1026", b"1027"),
    "a bare line feed": (b"\r\n", b"\n"),
    "a wrong total": (b"000000001000", b"000000001001"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_file_that_does_not_say_what_the_lines_say_is_blocked(month: Month, forgery: str) -> None:
    month.clock.time = at("2026-09-30T18:00")
    month.sale(FISH, 1_000)
    name = month.approved()
    good = prepared(month, name)
    old, new = FORGERIES[forgery]
    bad = good.file.replace(old, new)
    assert bad != good.file
    refused("bank-file-blocked", month.person("aoki"), msgspec.structs.replace(good, file=bad))
    assert month.balance(payable(FISH)) == 1_000

    month.person("aoki")(good)
    month.person("aoki")(good)
    assert month.balance(transit("shops", 1)) == 1_000
    refused("file-differs", month.person("aoki"), msgspec.structs.replace(good, file=b""))


def test_a_file_with_a_fault_is_blocked_before_anybody_sees_it(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = zengin.make_file

    def torn(*given: Any, **more: Any) -> bytes:
        return make(*given, **more)[:-122]  # the end record is lost

    monkeypatch.setattr(zengin, "make_file", torn)
    month.sale(FISH, 1_000)
    name = month.approved()
    with pytest.raises(RefusedByRule, match="missing-end-record") as blocked:
        prepared(month, name)
    assert blocked.value.reason == "bank-file-blocked"


def test_a_file_that_pays_less_shops_or_twice_is_blocked(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name = month.approved()
    good = prepared(month, name)
    alone = Month(month.journal.folder.parent / "other")
    alone.sale(FISH, 1_000)
    less = prepared(alone, alone.approved())
    alone.close()
    refused("bank-file-blocked", month.person("aoki"), less)
    assert month.balance(transit("shops", 1)) == 0
    month.person("aoki")(good)
    assert month.balance(transit("shops", 1)) == 1_300


def test_a_line_that_was_tampered_with_stops_the_payment(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.approved()
    with month.core.database.write() as tx:
        tx.run("UPDATE settlement_line SET points=9000")
    with pytest.raises(Damaged, match="ledger"):
        month.settlement.file(month.person("aoki"), name)
    assert month.balance(payable(FISH)) == 1_000
    assert month.journal.releases() == []


def test_the_chronicle_played_again_settles_the_same(month: Month, tmp_path: Path) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name, _ = month.released()
    month.bank_says(name, "returned", "paid")
    month.released()
    with month.core.database.read() as tx:
        records = [record for record, _, _ in chronicle.chain_of(tx, KAWASAKI)]

    again = Month(tmp_path / "again")
    again.clock.time = at("2031-01-01T00:00")  # the records bring their own time
    again.sale(FISH, 1_000)
    again.sale(BAKERY, 300)
    with again.core.database.write() as tx:
        for record in records:
            if type(record.body) in APPLIERS:
                with hub_posting(again.core, tx, record) as books:
                    APPLIERS[type(record.body)](books, record)

    tables = ("settlement_window", "settlement_line", "balance")
    with month.core.database.read() as first, again.core.database.read() as second:
        for table in tables:
            rows = sorted(first.rows(f"SELECT * FROM {table}"))
            assert rows == sorted(second.rows(f"SELECT * FROM {table}"))
    again.close()
