"""A new card at the counter: every way through the screen, and what goes wrong on it."""

import pytest

from node.card.errors import CardRemoved
from tests.doubles.counter import FakeCounter, shop
from tests.doubles.readers import ACS, SONY
from tests.tui.conftest import Stage, Staged
from tui.screens.joining import NewCard, Step
from tui.wording import Language

NEW, EARLIER = "soft:hanako", "soft:taro"
NEW_PIN, EARLIER_PIN, ID = "1234", "5678", "MYKEY001"


def a_renewal(**knobs: object) -> FakeCounter:
    """Taro's card has a MyKey ID; the other one is his new one."""
    counter = shop(**knobs)
    counter.cards[EARLIER].mykey_id = ID
    return counter


def on_readers() -> FakeCounter:
    """The new card is the one that is put on the Sony, the earlier one on the ACS."""
    counter = a_renewal()
    counter.cards[f"pcsc:{SONY}"] = counter.cards.pop(NEW)
    counter.cards[f"pcsc:{ACS}"] = counter.cards.pop(EARLIER)
    return counter


async def opened(at: Stage) -> None:
    """The screen waits for the new card."""
    at.app.action_go("join")
    await at.settle()


async def begin(at: Stage, answer: str = "") -> None:
    """The new card lies on the reader; whether the earlier one is there is answered."""
    await opened(at)
    await at.card(NEW)
    await at.press(*answer)


async def swap(at: Stage, off: str, on: str) -> None:
    """One card is taken off, the other one put on."""
    await at.lift(off)
    await at.put(on)


def step(at: Stage) -> Step:
    """Where the screen is."""
    screen = at.app.screen
    assert isinstance(screen, NewCard)
    return screen.step


@pytest.mark.parametrize(("answer", "replaced"), [("1", True), ("2", False)])
async def test_both_cards_one_after_the_other(
    stage: Staged, answer: str, *, replaced: bool
) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, answer)
        await at.card(EARLIER)
        assert "PIN of the earlier card" in at.text
        await at.press(*EARLIER_PIN)
        assert "put the new card on the reader again" in at.answer
        await at.card(NEW)
        assert "PIN of the new card" in at.text
        await at.press(*NEW_PIN)

        assert at.light == "good"
        assert "MYKE Y001" in at.answer
        assert ("can be used no more" in at.answer) is replaced
        assert at.counter.cards[NEW].mykey_id == ID
        assert (at.counter.cards[EARLIER].closed == "card-replaced") is replaced
        assert step(at) is Step.NEW, "the next resident"


async def test_without_the_earlier_card_it_waits_for_the_desk(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "3")
        await at.press(*ID, "enter", *NEW_PIN)

        assert at.light == "look"
        assert "736f-6674-3a68-616e" in at.answer, "the number that the desk asks for"
        assert at.counter.cards[NEW].mykey_id == ""


async def test_the_first_card_of_all_may_be_chosen_by_its_name(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await at.press("f1", *"new card", "enter")
        assert step(at) is Step.NEW


async def test_a_pin_goes_to_no_other_card(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "1")
        await at.card(NEW)
        assert "This is the new card" in at.answer
        assert step(at) is Step.EARLIER
        await at.card(EARLIER)
        await at.press(*EARLIER_PIN)
        await at.card(EARLIER)
        assert "This is not the new card" in at.answer
        assert step(at) is Step.AGAIN

        await at.card(NEW)
        await at.press(*NEW_PIN)
        assert at.light == "good"
        assert at.counter.asked.count("join") == 1


async def test_cards_that_were_mixed_up_are_told_apart(stage: Staged) -> None:
    async with stage(shop()) as at:
        at.counter.cards[NEW].mykey_id = ID
        await begin(at, "1")
        await at.card(EARLIER)
        await at.press(*EARLIER_PIN)
        await at.card(NEW)
        await at.press(*NEW_PIN)

        assert at.light == "no"
        assert "mixed up" in at.answer
        assert step(at) is Step.NEW


async def test_a_wrong_pin_is_typed_again(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "1")
        await at.card(EARLIER)
        await at.press(*"0000")
        assert step(at) is Step.EARLIER_PIN
        assert "2 tries are left" in at.answer
        await at.press(*EARLIER_PIN)
        await at.card(NEW)
        await at.press(*"0000")
        assert step(at) is Step.PIN
        await at.press(*NEW_PIN)
        assert at.light == "good"


async def test_an_earlier_card_whose_pin_is_locked_leaves_the_other_way(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        at.counter.cards[EARLIER].tries = 0
        await begin(at, "1")
        await at.card(EARLIER)
        assert "locked" in at.answer
        assert step(at) is Step.ASKED
        await at.press("3", *ID, "enter")
        assert step(at) is Step.AGAIN, "the other card lies there"
        await at.card(NEW)
        await at.press(*NEW_PIN)
        assert "Number of this card" in at.answer


async def test_the_last_try_is_said_before_the_pin(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        at.counter.cards[EARLIER].tries = 1
        await begin(at, "1")
        await at.card(EARLIER)
        assert "last try" in at.answer


async def test_a_card_that_is_taken_away_loses_nothing(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "1")
        await at.card(EARLIER)
        at.counter.fails_with = CardRemoved()
        await at.press(*EARLIER_PIN)
        assert "taken away" in at.answer
        assert step(at) is Step.NEW
        assert at.counter.cards[NEW].mykey_id == ""


async def test_without_the_hub_nobody_is_asked_for_a_pin(stage: Staged) -> None:
    async with stage(a_renewal(silent=True)) as at:
        await begin(at)
        assert "The centre does not answer." in at.answer
        assert step(at) is Step.NEW


async def test_a_hub_that_falls_silent_between_two_pins_changes_nothing(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "1")
        await at.card(EARLIER)
        await at.press(*EARLIER_PIN)
        await at.card(NEW)
        at.counter.silent = True
        await at.press(*NEW_PIN)
        assert at.light == "look"
        assert at.counter.cards[NEW].mykey_id == ""


@pytest.mark.parametrize("written", ["abc12345", "ABC1234", "ABC123456", ""])
async def test_what_cannot_be_an_id_is_not_asked_for(stage: Staged, written: str) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "3")
        await at.press(*written, "enter")
        assert "exactly 8" in at.answer
        assert step(at) is Step.SAID


async def test_an_id_that_nobody_has_is_typed_again(stage: Staged) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, "3")
        await at.press(*"NOBODY00", "enter", *NEW_PIN)
        assert "Nobody has this MyKey ID." in at.answer
        assert step(at) is Step.SAID


@pytest.mark.parametrize("answers", ["", "1", "3"])
async def test_escape_gives_up_and_changes_nothing(stage: Staged, answers: str) -> None:
    async with stage(a_renewal()) as at:
        await begin(at, answers)
        await at.press("escape")
        assert "Nothing was changed." in at.answer
        assert step(at) is Step.NEW
        await at.press("escape")
        assert not isinstance(at.app.screen, NewCard)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_list_has_room_for_every_job(stage: Staged, language: Language) -> None:
    async with stage(language=language) as at:
        rows = at.app.screen.query_one("#jobs")
        assert rows.size.height == rows.virtual_size.height, "nothing has to be scrolled for"


# -- on a reader


async def test_the_cards_are_put_down_one_after_the_other(stage: Staged) -> None:
    async with stage(on_readers()) as at:
        await opened(at)
        await at.put(SONY)
        await at.press("1")
        assert "Take the new card off" in at.answer
        await swap(at, SONY, ACS)
        await at.press(*EARLIER_PIN)
        await swap(at, ACS, SONY)
        await at.press(*NEW_PIN)

        assert at.light == "good"
        assert at.counter.cards[f"pcsc:{SONY}"].mykey_id == ID


async def test_a_card_that_leaves_before_its_pin_is_asked_for_again(stage: Staged) -> None:
    async with stage(on_readers()) as at:
        await opened(at)
        await at.put(SONY)
        await at.press("1")
        await swap(at, SONY, ACS)
        assert step(at) is Step.EARLIER_PIN
        await at.lift(ACS)
        assert step(at) is Step.EARLIER
        assert "put the same card back" in at.text
        await at.put(ACS)
        await at.press(*EARLIER_PIN)
        await at.put(SONY)
        await at.lift(SONY)
        assert step(at) is Step.AGAIN
        assert at.counter.asked.count("vouch") == 1


async def test_a_card_that_was_swapped_while_the_id_was_typed_gets_no_pin(stage: Staged) -> None:
    async with stage(on_readers()) as at:
        await opened(at)
        await at.put(SONY)
        await at.press("3", *"MYKEY")
        await swap(at, SONY, ACS)
        await at.press(*"001", "enter")
        assert step(at) is not Step.PIN
        assert "join" not in at.counter.asked

        await swap(at, ACS, SONY)
        await at.press(*NEW_PIN)
        assert "Number of this card" in at.answer


async def test_digits_that_nobody_asked_for_answer_nothing(stage: Staged) -> None:
    async with stage(on_readers()) as at:
        await opened(at)
        await at.put(SONY)
        await at.press("1")
        await at.press("3", "2")
        assert step(at) is Step.EARLIER
        await swap(at, SONY, ACS)
        await at.press(*EARLIER_PIN)
        await swap(at, ACS, SONY)
        await at.press(*NEW_PIN)
        assert "can be used no more" in at.answer, "as it was answered"


async def test_a_pin_that_nobody_typed_on_the_readers_keys_is_asked_for_again(
    stage: Staged,
) -> None:
    counter = on_readers()
    counter.pad = True
    async with stage(counter) as at:
        await opened(at)
        await at.put(SONY)
        await at.press("1")
        await swap(at, SONY, ACS)
        assert step(at) is Step.EARLIER_PIN
        assert "on the card reader's keys" in at.text
        assert "No PIN was typed on the card reader." in at.answer
        assert at.counter.asked.count("vouch") == 1, "never a second time by itself"
