"""Accounts are made of banks and branches that exist."""

from dataclasses import replace

import pytest

from hub.settlement.banks import (
    AccountType,
    account,
    account_number,
    find_bank,
    find_branch,
    parse_account_type,
)
from hub.settlement.errors import (
    AccountRefused,
    NameRefused,
    SettlementError,
    UnknownBank,
    UnknownBranch,
)
from tests.hub.settlement.parts import FISH_SHOP


def test_a_shop_gives_its_account_as_its_bank_book_shows_it() -> None:
    bakery = account("0138", "810", "2", "42", "ユウゲンガイシャ べる")

    assert (bakery.bank.name, bakery.bank.kana) == ("横浜", "ﾖｺﾊﾏ")
    assert (bakery.branch.name, bakery.branch.kana) == ("川崎", "ｶﾜｻｷ")
    assert bakery.type is AccountType.CURRENT
    assert bakery.number == "0000042"
    assert bakery.holder == "ﾕ)ﾍﾞﾙ"


@pytest.mark.parametrize("code", ["9998", "138", "０１３８", ""])
def test_a_bank_that_does_not_exist_is_named(code: str) -> None:
    with pytest.raises(UnknownBank, match="four digits") as refused:
        find_bank(code)

    assert refused.value.code == code
    assert repr(code) in str(refused.value)


def test_a_branch_that_its_bank_does_not_have_is_named_with_the_bank() -> None:
    with pytest.raises(UnknownBranch, match=r"横浜 \(0138\) has no branch with the code '999'"):
        find_branch("0138", "999")
    with pytest.raises(UnknownBank):
        find_branch("9998", "001")


@pytest.mark.parametrize("number", ["", "12345678", "12-3456", "１２３", "-1", "²"])
def test_an_account_number_is_at_most_seven_digits(number: str) -> None:
    with pytest.raises(AccountRefused, match="1 to 7 digits"):
        account_number(number)


def test_an_account_type_is_one_of_four() -> None:
    assert [parse_account_type(digit) for digit in "1249"] == list(AccountType)
    with pytest.raises(AccountRefused, match="普通"):
        parse_account_type("3")


def test_an_account_made_by_hand_keeps_to_the_same_rules() -> None:
    with pytest.raises(AccountRefused, match="7 digits"):
        replace(FISH_SHOP, number="42")
    with pytest.raises(NameRefused, match="not yet in the letters"):
        replace(FISH_SHOP, holder="うおはる")
    with pytest.raises(NameRefused, match="31 letters"):
        replace(FISH_SHOP, holder="ｱ" * 31)


def test_everything_this_room_refuses_is_one_kind_of_error() -> None:
    for refused in (UnknownBank, UnknownBranch, AccountRefused, NameRefused):
        assert issubclass(refused, SettlementError)
