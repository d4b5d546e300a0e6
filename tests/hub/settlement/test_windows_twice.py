"""One account that gets the same amount once more: a slip, unless a person says why."""

import pytest
from msgspec import structs

from hub import chronicle
from hub.bodies import WindowReleased
from hub.points.accounts import payable, transit
from hub.settlement.draft import draft, make
from hub.settlement.windows import WindowName
from sync.errors import RefusedByRule
from sync.values import OrganisationId
from tests.hub.settlement.month import ACCOUNTS, ASSOCIATION, BAKERY, FISH, KAWASAKI, Month


@pytest.fixture
def one_owner(month: Month) -> WindowName:
    """Two shops of one owner that have earned the same, in an approved window."""
    month.change_account(BAKERY, ACCOUNTS[FISH])
    month.sale(FISH, 700)
    month.sale(BAKERY, 700)
    return month.approved()


@pytest.mark.parametrize("twice", [None, {BAKERY: " "}, {FISH: "one owner"}])
def test_the_same_amount_once_more_to_an_account_is_blocked_until_a_person_says_why(
    month: Month, one_owner: WindowName, twice: dict[OrganisationId, str] | None
) -> None:
    with pytest.raises(RefusedByRule, match="give the reason") as blocked:
        month.settlement.file(month.person("aoki"), one_owner, twice=twice)

    assert blocked.value.reason == "bank-file-blocked"
    assert month.balance(payable(FISH)) == month.balance(payable(BAKERY)) == 700


def test_why_an_account_is_paid_twice_stands_with_the_person_in_the_chronicle(
    month: Month, one_owner: WindowName
) -> None:
    why = {BAKERY: "one owner"}
    # by line: the fish shop's stands first, so it is the bakery that repeats it
    file = month.settlement.file(month.person("aoki"), one_owner, twice=why)

    assert (file.count, file.total) == (2, 1_400)
    with month.core.database.read() as tx:
        last = [record for record, _, _ in chronicle.chain_of(tx, KAWASAKI)][-1]
    assert isinstance(last.body, WindowReleased)
    assert (last.persons, last.body.twice) == (("aoki",), ((BAKERY, "one owner"),))
    assert month.settlement.file(month.person("baba"), one_owner) == file


def test_a_file_that_comes_without_its_reason_is_blocked_when_it_is_released(
    month: Month, one_owner: WindowName
) -> None:
    with month.core.database.read() as tx:
        drafted = draft(tx, one_owner, now=month.clock.now(), pay_on=None, twice={BAKERY: "one"})
    good = make(drafted)

    silent = structs.replace(good, twice=())

    with pytest.raises(RefusedByRule, match="give the reason"):
        month.person("aoki")(silent)

    assert month.balance(transit("shops", 1)) == 0


def test_a_reason_for_somebody_who_is_not_in_the_file_is_a_slip(
    month: Month, one_owner: WindowName
) -> None:
    twice = {BAKERY: "one owner", ASSOCIATION: "one owner"}
    with pytest.raises(RefusedByRule) as refused:
        month.settlement.file(month.person("aoki"), one_owner, twice=twice)

    assert refused.value.reason == "not-paid-here"
