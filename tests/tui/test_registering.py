"""A resident is registered at the counter: step after step, one PIN (S2 of the documents)."""

import pytest

from tests.doubles.counter import shop
from tests.doubles.counter_residents import MADE
from tests.tui.conftest import Stage, Staged
from tui.screens.joining import NewCard
from tui.screens.member import MyKeyId
from tui.widgets.steps import marked
from tui.wording.advice import ADVICE

CARD = "soft:hanako"


async def begun(at: Stage) -> None:
    """Hanako has put her card down and agreed to the points."""
    await at.press("f5")
    await at.card(CARD)
    await at.press("1", "1")


def registered(at: Stage) -> str:
    """The ID that Hanako's card has."""
    return at.counter.cards[CARD].mykey_id


async def test_the_card_the_consent_an_id_and_the_pin(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f5")
        assert "[1 card]" in at.text
        await at.card(CARD)
        assert "is there a MyKey ID already?" in at.answer
        await at.press("1")
        assert "[2 consent]" in at.text
        await at.press("1")
        assert "[3 MyKey ID]" in at.text
        await at.press(*"HANAKO01", "enter")
        assert "[4 PIN]" in at.text
        assert "register" not in at.counter.asked
        await at.press(*"1234")
        assert "HANA KO01" in at.answer
        assert registered(at) == "HANAKO01"


async def test_three_taken_candidates_and_one_that_is_made_stands_in_the_field(
    stage: Staged,
) -> None:
    async with stage() as at:
        await begun(at)
        await at.press(*"TAKEN001", "enter")
        assert "TAKEN001 is somebody's already." in at.answer
        assert "2 more tries" in at.answer
        await at.press(*"TAKEN002", "enter")
        assert "1 more try" in at.answer
        await at.press(*"TAKEN003", "enter")
        assert "All three are somebody's already." in at.answer
        assert MADE in at.text
        await at.press("enter", *"1234")
        assert registered(at) == MADE
        assert "The ID was made by the centre." in at.answer
        assert at.counter.asked.count("register") == 1


@pytest.mark.parametrize("key", ["f12", "enter"])
async def test_who_wishes_for_none_gets_one_at_once(stage: Staged, key: str) -> None:
    async with stage() as at:
        await begun(at)
        await at.press(key)
        assert MADE in at.text
        assert registered(at) == ""
        await at.press("enter", *"1234")
        assert registered(at) == MADE


async def test_a_made_one_is_not_a_must(stage: Staged) -> None:
    async with stage() as at:
        await begun(at)
        await at.press("f12", *(["backspace"] * 8), *"HANAKO01", "enter", *"1234")
        assert registered(at) == "HANAKO01"
        assert "The ID is the one that was wished." in at.answer


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("abc12345", "small letters"),
        ("ABC1234", "this has 7 characters"),
        ("ABC123456", "this has 9 characters"),
        ("ＡＢＣ１２３４５", "full-width"),
        ("ABC-1234", "only A to Z and 0 to 9"),
    ],
)
async def test_what_can_be_no_id_is_said_before_anything_is_asked(
    stage: Staged, typed: str, told: str
) -> None:
    async with stage() as at:
        await begun(at)
        await at.press(*typed, "enter")
        assert told in at.answer
        assert "exactly 8 half-width characters" in at.answer
        assert "choose_id" not in at.counter.asked
        assert typed in at.text, "it can be put right in the field"


async def test_an_id_that_somebody_took_meanwhile_is_asked_again(stage: Staged) -> None:
    async with stage() as at:
        await begun(at)
        await at.press(*"GONE0001", "enter", *"1234")
        assert "This MyKey ID is somebody's already." in at.answer
        assert "[3 MyKey ID]" in at.text
        await at.press(*"HANAKO01", "enter", *"1234")
        assert registered(at) == "HANAKO01"


async def test_a_wrong_pin_is_asked_again_for_the_same_id(stage: Staged) -> None:
    async with stage() as at:
        await begun(at)
        await at.press(*"HANAKO01", "enter", *"9999")
        assert "The PIN is wrong." in at.answer
        await at.press(*"1234")
        assert registered(at) == "HANAKO01"
        assert at.counter.asked.count("choose_id") == 1


async def test_the_line_that_breaks_while_choosing_loses_nothing(stage: Staged) -> None:
    async with stage() as at:
        await begun(at)
        at.counter.silent = True
        await at.press(*"HANAKO01", "enter")
        assert "The centre does not answer." in at.answer
        at.counter.silent = False
        await at.press("enter", *"1234")
        assert registered(at) == "HANAKO01"


async def test_escape_gives_up_and_nothing_was_registered(stage: Staged) -> None:
    async with stage(shop()) as at:
        await begun(at)
        await at.press(*"HANAKO01", "enter", "escape")
        assert "Nothing was registered." in at.answer
        assert "[1 card]" in at.text
        assert registered(at) == ""


async def test_after_the_id_the_services_now(stage: Staged) -> None:
    async with stage() as at:
        await begun(at)
        await at.press("f12", "enter", *"1234")
        assert "[5 services]" in at.text
        await at.press("1")
        assert "Not registered at" in at.answer
        await at.press(*"789145", "enter", *"1234")
        assert at.counter.cards[CARD].number == "789145"
        await at.press("escape")
        assert "[1 card]" in at.text


@pytest.mark.parametrize("key", ["2", "escape"])
async def test_or_the_services_later(stage: Staged, key: str) -> None:
    async with stage() as at:
        await begun(at)
        await at.press("f12", "enter", *"1234", key)
        assert "[1 card]" in at.text
        assert registered(at) == MADE
        assert "set_number" not in at.counter.asked


async def test_the_next_residents_card_ends_the_services(stage: Staged) -> None:
    async with stage() as at:
        await begun(at)
        await at.press("f12", "enter", *"1234")
        await at.card("soft:taro")
        assert "is there a MyKey ID already?" in at.answer


async def test_a_card_that_has_its_id_is_told_before_anything_is_asked(stage: Staged) -> None:
    counter = shop()
    counter.cards[CARD].mykey_id = "HANAKO01"
    async with stage(counter) as at:
        await at.press("f5")
        await at.card(CARD)
        assert "has its MyKey ID already" in at.answer
        await at.press("1")
        assert "Not registered at" in at.answer


async def test_a_card_that_has_its_id_leads_to_what_can_be_done_with_it(stage: Staged) -> None:
    counter = shop()
    counter.cards[CARD].mykey_id = "HANAKO01"
    async with stage(counter) as at:
        await at.press("f5")
        await at.card(CARD)
        await at.press("2")
        assert isinstance(at.app.screen, MyKeyId)


async def test_who_has_an_id_by_an_earlier_card_gets_no_second_one(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f5")
        await at.card(CARD)
        await at.press("2")
        assert isinstance(at.app.screen, NewCard)
        assert "register" not in at.counter.asked


@pytest.mark.parametrize("why", ["not-active", "card-replaced", "card-revoked"])
async def test_a_closed_card_is_told_why_at_once(stage: Staged, why: str) -> None:
    counter = shop()
    counter.cards[CARD].closed = why
    async with stage(counter) as at:
        await at.press("f5")
        await at.card(CARD)
        assert ADVICE[why].what in at.answer
        assert "[1 card]" in at.text


def test_the_present_step_stands_in_brackets() -> None:
    assert marked(["card", "consent", "PIN"], 2) == "1 card   [2 consent]   3 PIN"
