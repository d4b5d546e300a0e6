"""A customer's card on the reader: before it is wanted, twice, upside down, taken off too early."""

import pytest

from node.card.errors import (
    CardInUse,
    CardRemoved,
    NoCard,
    NoReaderService,
    NotThisCard,
)
from node.card.watch import CardGone, CardThere, Event, NoReaderThere, ReaderThere, ServiceDown
from tests.doubles.counter import KAWASAKI, TOSHIMA, FakeCard, FakeCounter, shop, slowly
from tests.doubles.readers import ACS, SONY, FakeReaders, one_reader
from tests.tui.conftest import Stage, Staged
from tui.screens.home import Home
from tui.screens.spend import Spend, Step
from tui.widgets.cardslot import CardSlot
from tui.widgets.line import Line

HANAKO, TARO = f"pcsc:{SONY}", f"pcsc:{ACS}"


def with_readers(**knobs: object) -> FakeCounter:
    """Hanako's card is the one that is put on the Sony, Taro's the one on the ACS."""
    counter = shop(**knobs)
    counter.cards[HANAKO] = FakeCard(pin=b"1234", points={KAWASAKI: 2_000})
    counter.cards[TARO] = FakeCard(pin=b"5678", points={KAWASAKI: 4_000, TOSHIMA: 5_000})
    return counter


def left(at: Stage, card: str = HANAKO) -> int:
    return at.counter.cards[card].points[KAWASAKI]


def step(at: Stage) -> Step:
    assert isinstance(at.app.screen, Spend)
    return at.app.screen.step


async def asked_for_the_pin(at: Stage) -> None:
    """An amount is typed, and Hanako's card put down."""
    await at.press(*"500", "enter")
    await at.put()


async def test_a_sale_is_the_amount_the_card_on_the_reader_and_the_pin(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press(*"500", "enter")
        assert "Please put the card on the reader." in at.text
        await at.put()
        await at.press(*"1234")

        assert at.light == "good"
        assert left(at) == 1_500


async def test_a_card_that_was_there_before_it_was_wanted_is_used(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.put()
        assert at.counter.asked == []
        await at.press(*"500", "enter", *"1234")
        assert left(at) == 1_500


async def test_a_card_pays_once_until_it_is_put_down_again(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await asked_for_the_pin(at)
        await at.press(*"1234", *"300", "enter")

        assert "The card on the reader was used already." in at.text
        assert "Take it off." in at.text
        assert at.counter.asked.count("prepare") == 1

        await at.lift()
        assert "Please put the card on the reader." in at.text
        await at.put()
        await at.press(*"1234")
        assert left(at) == 1_200


async def test_a_card_that_was_only_looked_at_need_not_be_put_down_again(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press("f6")
        await at.put()
        assert "2,000 points" in at.text
        await at.press("f2", *"500", "enter", *"1234")
        assert left(at) == 1_500


async def test_a_refused_amount_is_typed_anew_and_the_card_stays_where_it_is(
    stage: Staged,
) -> None:
    async with stage(with_readers()) as at:
        await at.press(*"2500", "enter")
        await at.put()
        assert "not enough points" in at.answer
        await at.press(*"500", "enter", *"1234")
        assert left(at) == 1_500


async def test_a_screen_that_begins_anew_does_not_take_the_same_card_by_itself(
    stage: Staged,
) -> None:
    async with stage(with_readers()) as at:
        await at.press("f4")
        at.counter.fails_with = CardInUse("another program")
        await at.put()
        assert "Another program is using the card." in at.answer
        assert "Take it off. Then put on the card to be read next." in at.text
        assert "look_up" not in at.counter.asked

        await at.lift()
        await at.put()
        assert at.counter.asked.count("look_up") == 1


async def test_escape_lets_go_of_a_card_that_stays_on_the_reader(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.put()
        await at.press(*"500", "enter")
        assert step(at) is Step.PIN
        await at.press("escape")
        assert "Given up." in at.answer
        await at.press("escape")
        assert isinstance(at.app.screen, Home)
        assert at.counter.open_holds == {}


# -- the field that somebody types in


async def test_a_card_does_not_take_the_field_away_from_who_is_typing(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press("f2", *"50")
        await at.put()
        assert at.counter.asked == []
        await at.press("0", "enter", *"1234")
        assert left(at) == 1_500


async def test_a_card_first_is_read_while_the_amount_is_typed(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press("f2")
        go_on = slowly(at.counter)
        await at.put()
        await at.press(*"500", "enter")
        assert at.app.screen.query_one("#amount", Line).disabled
        go_on()
        await at.settle()
        await at.press(*"1234")
        assert left(at) == 1_500


async def test_a_card_of_two_towns_does_not_ask_before_the_amount_is_typed(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press("f2")
        go_on = slowly(at.counter)
        await at.put(ACS)
        await at.press(*"50")
        go_on()
        await at.settle()
        assert step(at) is Step.AMOUNT
        await at.press("0", "enter")
        assert step(at) is Step.TOWN
        await at.press("2", *"5678")
        assert at.counter.cards[TARO].points == {KAWASAKI: 4_000, TOSHIMA: 4_500}


async def test_readers_that_come_and_go_move_no_focus(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press("f2", *"12")
        field = at.app.focused
        at.readers.tell(ServiceDown(), NoReaderThere(), ReaderThere(SONY), ReaderThere(ACS))
        await at.put()
        await at.lift()
        assert at.app.focused is field
        await at.press("3")
        assert at.app.screen.query_one("#amount", Line).value == "123"


# -- pulled, or another one


async def test_a_card_pulled_in_the_middle_is_put_back_and_the_pin_typed_again(
    stage: Staged,
) -> None:
    async with stage(with_readers()) as at:
        await asked_for_the_pin(at)
        at.counter.fails_with = CardRemoved()
        at.readers.lift()
        await at.press(*"1234")
        assert step(at) is Step.BACK
        assert "Please put the same card back on the reader." in at.text
        assert left(at) == 2_000

        await at.put()
        assert step(at) is Step.PIN
        assert at.counter.asked.count("take") == 0
        await at.press(*"1234")
        assert "taken away too early" in at.answer
        await at.press(*"1234")
        assert left(at) == 1_500
        assert at.counter.asked.count("prepare") == 1


async def test_trouble_before_the_news_that_the_card_is_off_comes_to_the_same(
    stage: Staged,
) -> None:
    async with stage(with_readers()) as at:
        await asked_for_the_pin(at)
        at.counter.fails_with = CardRemoved()
        await at.press(*"1234")
        assert "taken away too early" in at.answer
        await at.lift()
        assert step(at) is Step.BACK
        await at.put()
        await at.press(*"1234")
        assert left(at) == 1_500


async def test_a_pin_half_typed_is_forgotten_when_the_card_leaves(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await asked_for_the_pin(at)
        await at.press(*"12")
        await at.lift()
        await at.press(*"34")  # nobody is asked for a PIN now
        await at.put()
        await at.press(*"1234")
        assert left(at) == 1_500
        assert at.counter.cards[HANAKO].tries == 3


async def test_the_last_try_is_warned_of_again_when_the_card_was_put_back(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await asked_for_the_pin(at)
        await at.press(*"9999", *"9999")
        await at.lift()
        await at.put()
        assert step(at) is Step.PIN
        assert "Careful: this is the last try" in at.answer


async def test_another_card_in_its_place_is_refused_and_the_first_may_come_back(
    stage: Staged,
) -> None:
    async with stage(with_readers(), readers=two_readers()) as at:
        await asked_for_the_pin(at)
        await at.lift()
        await at.put(ACS)
        await at.press(*"5678")
        assert "This is not the card from before." in at.answer
        assert step(at) is Step.BACK

        at.readers.lift(ACS)
        await at.put()
        await at.press(*"1234")
        assert left(at) == 1_500
        assert left(at, TARO) == 4_000
        assert at.counter.cards[TARO].tries == 3


def two_readers() -> FakeReaders:
    return FakeReaders(ReaderThere(SONY), ReaderThere(ACS))


async def test_a_card_pulled_while_it_is_read_leaves_the_amount_where_it_is(
    stage: Staged,
) -> None:
    async with stage(with_readers()) as at:
        await at.press(*"500", "enter")
        at.counter.fails_with = CardRemoved()
        await at.put()
        assert step(at) is Step.CARD
        await at.lift()
        await at.put()
        await at.press(*"1234")
        assert left(at) == 1_500


@pytest.mark.parametrize(
    "problem", [CardRemoved(), NoCard(SONY), CardInUse("another"), NoReaderService()]
)
async def test_no_pin_is_given_a_second_time_without_a_person(
    stage: Staged, problem: Exception
) -> None:
    async with stage(with_readers()) as at:
        await asked_for_the_pin(at)
        at.counter.fails_with = problem
        await at.press(*"1234")
        assert at.counter.asked.count("take") == 1
        await at.lift()
        await at.put()
        assert at.counter.asked.count("take") == 1
        assert step(at) is Step.PIN


async def test_another_kind_of_card_is_told_until_it_is_off(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press(*"500", "enter")
        at.counter.fails_with = NotThisCard("a transit card")
        await at.put()
        slot = at.app.screen.query_one(CardSlot)
        assert "This is not a My Number card." in slot_text(slot)
        await at.lift()
        assert "Please put the card on the reader." in slot_text(slot)


# -- what the slot says


def slot_text(slot: CardSlot) -> str:
    return " ".join(str(line.render()) for line in slot.query("Static") if line.display)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((ServiceDown(),), "This PC's card service is not running."),
        ((ServiceDown(forbidden=True),), "This user may not use the card reader."),
        ((NoReaderThere(),), "No card reader was found."),
        ((ReaderThere(SONY), CardThere(SONY, silent=True)), "The card gives no answer."),
        (
            (ReaderThere(SONY), ReaderThere(ACS), CardThere(SONY), CardThere(ACS)),
            "Cards lie on more than one reader.",
        ),
        ((), "Looking for the card reader."),
    ],
)
async def test_the_slot_says_what_is_missing_and_takes_the_card_when_it_is_there(
    stage: Staged, told: tuple[Event, ...], said: str
) -> None:
    async with stage(with_readers(), readers=FakeReaders(*told)) as at:
        await at.press(*"500", "enter")
        assert said in at.text
        at.readers.tell(ServiceDown(), ReaderThere(SONY))
        await at.put()
        await at.press(*"1234")
        assert left(at) == 1_500


async def test_a_reader_pulled_out_and_plugged_in_again_is_told_meanwhile(stage: Staged) -> None:
    async with stage(with_readers()) as at:
        await at.press(*"500", "enter")
        at.readers.tell(NoReaderThere())
        await at.settle()
        assert "Plug the card reader in" in at.text
        at.readers.tell(ReaderThere(SONY))
        await at.settle()
        assert "Please put the card on the reader." in at.text


async def test_without_card_readers_the_app_works_and_says_so(stage: Staged) -> None:
    async with stage(readers=FakeReaders(supported=False)) as at:
        await at.press(*"500", "enter")
        assert "This PC is not set up for card readers." in at.text
        await at.press("escape", "escape")
        await at.scan("QR-101")
        assert at.light == "good"


async def test_the_watch_ends_with_the_app(stage: Staged) -> None:
    readers = one_reader()
    async with stage(readers=readers):
        assert not readers.stopped
    assert readers.stopped


async def test_a_card_that_comes_under_another_screen_is_taken_when_that_is_gone(
    stage: Staged,
) -> None:
    async with stage(with_readers()) as at:
        await at.press(*"500", "enter", "f1")
        await at.put()
        assert "prepare" not in at.counter.asked
        await at.press("escape", *"1234")
        assert left(at) == 1_500


@pytest.mark.parametrize(
    ("key", "question"), [("f4", "look_up"), ("f5", "number_of"), ("f6", "look_up")]
)
async def test_every_screen_takes_the_card_that_lies_on_the_reader(
    stage: Staged, key: str, question: str
) -> None:
    async with stage(with_readers()) as at:
        await at.put()
        await at.press(key)
        assert at.counter.asked.count(question) == 1
        at.readers.tell(CardGone(SONY))
        await at.settle()
        assert at.counter.asked.count(question) == 1
