"""Who somebody is to this organisation: one touch of the card, the PIN only for a change."""

import pytest

from tests.doubles.counter import FakeCounter, shop
from tests.tui.conftest import Stage, Staged
from tui.widgets.figures import BigNumber

CARD, OTHER = "soft:hanako", "soft:taro"


def library(number: str = "789145") -> FakeCounter:
    """Hanako has a number here, Taro only his ID."""
    counter = shop()
    counter.cards[CARD].mykey_id, counter.cards[CARD].number = "HANAKO01", number
    counter.cards[OTHER].mykey_id = "TARO0001"
    return counter


async def opened(at: Stage, card: str) -> None:
    """From the list: it has no key of its own. Then the card."""
    await at.press("f1", *"service", "enter")
    await at.card(card)


async def test_one_touch_shows_the_number_large(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, CARD)
        assert at.app.screen.query_one(BigNumber).number == "789145"
        assert "789145" in at.answer
        assert "set_number" not in at.counter.asked


async def test_the_next_person_needs_no_key(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, CARD)
        await at.card(OTHER)
        assert "Not registered at" in at.answer
        assert at.app.screen.query_one(BigNumber).number == ""


async def test_half_a_number_is_not_thrown_away_for_a_card(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, OTHER)
        await at.press(*"2342")
        await at.card(CARD)
        await at.press(*"09", "enter", *"5678")
        assert at.counter.cards[OTHER].number == "234209"


async def test_a_number_is_linked_under_the_pin(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, OTHER)
        await at.press(*"２３４２０９", "enter", *"5678")
        assert at.light == "good"
        assert at.counter.cards[OTHER].number == "234209"


async def test_a_number_is_taken_back_under_the_pin(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, CARD)
        await at.press("f12", *"1234")
        assert "taken back" in at.answer
        assert at.counter.cards[CARD].number == ""


async def test_where_there_is_none_nothing_can_be_taken_back(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, OTHER)
        assert "Take the number back" not in at.text
        await at.press("f12")
        assert "Not registered at" in at.answer


async def test_what_can_be_no_number_is_said_before_the_pin(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, OTHER)
        await at.press(*"78 91", "enter")
        assert "no spaces" in at.answer
        assert "set_number" not in at.counter.asked


async def test_somebody_elses_number_is_typed_again(stage: Staged) -> None:
    async with stage(library()) as at:
        await opened(at, OTHER)
        await at.press(*"TAKEN1", "enter", *"5678")
        assert "somebody else" in at.answer
        await at.press(*(["backspace"] * 6), *"234209", "enter", *"5678")
        assert at.counter.cards[OTHER].number == "234209"


async def test_a_locked_card_can_be_looked_at_and_not_changed(stage: Staged) -> None:
    counter = library()
    counter.cards[CARD].tries = 0
    async with stage(counter) as at:
        await opened(at, CARD)
        assert "789145" in at.answer
        await at.press("f12")
        assert "This card's PIN is locked." in at.answer


async def test_a_card_without_an_id_is_sent_to_register(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at, CARD)
        assert "This card has no MyKey ID yet." in at.answer


@pytest.mark.parametrize("why", ["not-active", "card-replaced"])
async def test_a_closed_card_is_told_why(stage: Staged, why: str) -> None:
    counter = library()
    counter.cards[CARD].closed = why
    async with stage(counter) as at:
        await opened(at, CARD)
        assert at.light is not None
        assert "789145" not in at.text


async def test_without_the_network_nothing_is_known(stage: Staged) -> None:
    counter = library()
    counter.silent = True
    async with stage(counter) as at:
        await opened(at, CARD)
        assert "The centre does not answer." in at.answer


@pytest.mark.parametrize(("number", "large"), [("0012", True), ("A-17", False), ("1" * 10, False)])
async def test_a_number_with_letters_or_too_long_is_plain(
    stage: Staged, number: str, *, large: bool
) -> None:
    async with stage(library(number)) as at:
        await opened(at, CARD)
        assert number in at.answer
        assert at.app.screen.query_one(BigNumber).display is large
