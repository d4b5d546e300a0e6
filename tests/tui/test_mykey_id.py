"""A resident's own MyKey ID on the screen: what is said before the PIN, after it, and instead."""

import pytest

from node.card.errors import CardRemoved
from tests.doubles.counter import KAWASAKI, FakeCounter, shop, slowly
from tests.doubles.readers import SONY
from tests.tui.conftest import Stage, Staged
from tui.screens.home import JOBS, Home
from tui.screens.member import MyKeyId, Step

HANA = "HANAKO01"
SEE, SUSPEND, RESUME, CHANGE, AGREE, END = "123456"


@pytest.fixture
def counter() -> FakeCounter:
    """Hanako has an ID, and 2,000 points."""
    made = shop()
    made.cards["soft:hanako"].mykey_id = HANA
    return made


async def begin(at: Stage, what: str) -> None:
    """Choose what is to be done, and put Hanako's card on the reader."""
    await at.press("f1", *"mykey", "enter")
    assert isinstance(at.app.screen, MyKeyId)
    await at.press(what)
    await at.card("soft:hanako")


async def do(at: Stage, what: str) -> None:
    """The whole of it: choose, card, PIN."""
    await begin(at, what)
    await at.press(*"1234")


def steps(counter: FakeCounter) -> list[str]:
    """What the hub was asked for."""
    return [each.removeprefix("member ") for each in counter.asked if each.startswith("member")]


async def test_a_job_without_a_key_stands_in_the_first_list(
    stage: Staged, counter: FakeCounter
) -> None:
    place = [job for _, job, _ in JOBS].index("mykey")
    async with stage(counter) as at:
        await at.press("down", *(["down"] * place), "enter")
        assert isinstance(at.app.screen, MyKeyId)


async def test_who_forgot_the_id_reads_it_in_two_groups_of_four(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await begin(at, SEE)
        assert "The PIN shows the MyKey ID" in at.text
        await at.press(*"1234")

        assert at.light == "good"
        assert "HANA KO01" in at.answer
        assert "1 card belongs to it." in at.answer
        assert "かわさきポイント: 2,000 points" in at.answer


async def test_what_will_happen_is_said_before_the_pin(stage: Staged, counter: FakeCounter) -> None:
    async with stage(counter) as at:
        await begin(at, SUSPEND)
        assert "The points stay." in at.text
        assert steps(counter) == []
        await at.press(*"1234")

        assert "The MyKey ID is suspended." in at.answer
        assert "Counters without network" in at.answer
        await do(at, SEE)
        assert "choose 3" in at.answer
        await do(at, RESUME)
        assert "can be used again" in at.answer
        assert counter.cards["soft:hanako"].state == "active"


async def test_what_only_the_desk_lifts_is_sent_there(stage: Staged, counter: FakeCounter) -> None:
    card = counter.cards["soft:hanako"]
    card.state, card.at_desk = "suspended", True
    async with stage(counter) as at:
        await do(at, SEE)
        assert "Only the town's counter" in at.answer
        await do(at, RESUME)
        assert at.light == "no"
        assert "stolen or misused" in at.answer


async def test_another_id_is_asked_for_before_the_pin(stage: Staged, counter: FakeCounter) -> None:
    async with stage(counter) as at:
        await begin(at, CHANGE)
        await at.press(*"hana", "enter")
        assert "choose_id" not in counter.asked
        await at.press(*["backspace"] * 4, *"TAKEN001", "enter")
        assert "TAKEN001 is somebody's already." in at.answer
        await at.press(*"HANA2026", "enter")
        assert steps(counter) == []
        await at.press(*"1234")
        assert "HANA 2026" in at.answer
        assert "write it down" in at.answer
        assert counter.cards["soft:hanako"].mykey_id == "HANA2026"


async def test_an_id_that_somebody_got_in_between_is_typed_anew(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await begin(at, CHANGE)
        await at.press(*"GONE0001", "enter", *"1234")
        assert "GONE0001 is somebody's already." in at.answer
        await at.press("enter", *"1234")
        assert "QX7K 2M9P" in at.answer


async def test_without_a_wish_the_id_is_made(stage: Staged, counter: FakeCounter) -> None:
    async with stage(counter) as at:
        await begin(at, CHANGE)
        await at.press("enter", *"1234")
        assert "QX7K 2M9P" in at.answer


async def test_points_may_be_agreed_to_later(stage: Staged, counter: FakeCounter) -> None:
    counter.cards["soft:hanako"].agreed = False
    async with stage(counter) as at:
        await do(at, SEE)
        assert "made without points" in at.answer
        await do(at, AGREE)
        assert counter.cards["soft:hanako"].agreed


# -- the end


async def test_the_end_takes_a_look_a_yes_and_the_pin_once_more(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await do(at, END)
        assert "End this MyKey ID for good?" in at.text
        assert "かわさきポイント: 2,000 points" in at.text
        assert steps(counter) == ["see"]
        await at.press("f12", *"1234")

        assert at.light == "good"
        assert "The MyKey ID has ended." in at.answer
        assert "2,000 points stay in the books" in at.answer
        assert steps(counter) == ["see", "cancel"]


@pytest.mark.parametrize("key", ["escape", *"1234"])
async def test_whoever_does_not_say_yes_ends_nothing(
    stage: Staged, counter: FakeCounter, key: str
) -> None:
    async with stage(counter) as at:
        await begin(at, END)
        await at.press(*"1234", key, "escape")
        assert "Nothing was changed." in at.answer or isinstance(at.app.screen, Home)
        assert steps(counter) == ["see"]
        assert counter.cards["soft:hanako"].state == "active"


async def test_escape_after_the_yes_ends_nothing(stage: Staged, counter: FakeCounter) -> None:
    async with stage(counter) as at:
        await begin(at, END)
        await at.press(*"1234", "f12", "escape")
        assert "Nothing was changed." in at.answer
        await do(at, END)
        assert steps(counter) == ["see", "see"], "the yes from before is over"


async def test_what_is_suspended_is_not_ended_here(stage: Staged, counter: FakeCounter) -> None:
    counter.cards["soft:hanako"].state = "suspended"
    async with stage(counter) as at:
        await do(at, END)
        assert "suspended" in at.answer
        assert steps(counter) == ["see"]


# -- what goes wrong


async def test_a_reader_with_keys_asks_there_and_again_only_when_told_to(
    stage: Staged, counter: FakeCounter
) -> None:
    counter.pad = True
    async with stage(counter) as at:
        await begin(at, SUSPEND)
        assert "No PIN was typed on the card reader." in at.answer
        assert "on the card reader's keys" in at.text
        await at.press(*"1234")
        assert steps(counter) == ["suspend"]
        await at.press("enter")
        assert steps(counter) == ["suspend", "suspend"]
        assert counter.cards["soft:hanako"].state == "active"


async def test_the_last_try_is_warned_of_before_it_is_spent(
    stage: Staged, counter: FakeCounter
) -> None:
    counter.cards["soft:hanako"].tries = 1
    async with stage(counter) as at:
        await begin(at, END)
        assert "last try" in at.answer
        await at.press(*"1234", "f12")
        assert "To end it, please type the PIN once more." in at.answer


async def test_a_locked_card_is_told_before_the_pin(stage: Staged, counter: FakeCounter) -> None:
    counter.cards["soft:hanako"].tries = 0
    async with stage(counter) as at:
        await begin(at, SEE)
        assert "PIN is locked" in at.answer
        assert isinstance(at.app.screen, MyKeyId)
        assert at.app.screen.step is Step.CHOICE


async def test_without_the_network_nobody_types_a_pin(stage: Staged, counter: FakeCounter) -> None:
    counter.silent = True
    async with stage(counter) as at:
        await begin(at, SUSPEND)
        assert "The centre does not answer." in at.answer
        assert steps(counter) == []


async def test_a_card_that_left_too_early_changes_nothing(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await begin(at, SUSPEND)
        counter.fails_with = CardRemoved()
        await at.press(*"1234")
        assert "taken away too early" in at.answer
        await do(at, SEE)
        assert at.light == "good"
        assert "1 card belongs to it." in at.answer


async def test_a_step_in_flight_is_not_left_half_way(stage: Staged, counter: FakeCounter) -> None:
    async with stage(counter) as at:
        await begin(at, SUSPEND)
        go_on = slowly(counter)
        await at.press(*"1234")
        await at.press("escape", "f7")
        assert isinstance(at.app.screen, MyKeyId)
        assert "being finished safely" in at.answer
        go_on()
        await at.settle()
        assert "The MyKey ID is suspended." in at.answer


async def on_reader(at: Stage, what: str) -> None:
    """Choose what is to be done, and put Hanako's card on the real reader."""
    at.counter.cards[f"pcsc:{SONY}"] = at.counter.cards["soft:hanako"]
    await at.press("f1", *"mykey", "enter", what)
    await at.put()


async def test_a_card_that_left_before_its_pin_is_asked_for_again(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await on_reader(at, CHANGE)
        await at.press(*"HANA2026", "enter")
        await at.lift()
        assert "Please put the same card back on the reader." in at.text
        await at.press(*"1234")
        assert steps(counter) == []
        await at.put()
        await at.press(*"1234")
        assert "HANA 2026" in at.answer


async def test_a_card_that_left_before_the_yes_is_asked_for_again(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await on_reader(at, END)
        await at.press(*"1234")
        await at.lift()
        await at.press("f12", *"1234")
        assert steps(counter) == ["see"]
        await at.put()
        await at.press(*"1234")
        assert "The MyKey ID has ended." in at.answer


async def test_another_card_does_not_end_the_id_that_was_seen(
    stage: Staged, counter: FakeCounter
) -> None:
    async with stage(counter) as at:
        await on_reader(at, END)
        await at.press(*"1234", "f12")
        await at.lift()
        taro = counter.cards[f"pcsc:{SONY}"] = counter.cards["soft:taro"]
        taro.mykey_id = "TARO0001"
        await at.put()
        await at.press(*"5678")
        assert "This is not the card from before." in at.answer
        assert (taro.state, counter.cards["soft:hanako"].state) == ("active", "active")


async def test_the_next_thing_needs_the_card_put_down_once_more(
    stage: Staged, counter: FakeCounter
) -> None:
    """What changed something was one tap; a look was not."""
    async with stage(counter) as at:
        await on_reader(at, SEE)
        await at.press(*"1234", SUSPEND, *"1234")
        assert "The MyKey ID is suspended." in at.answer
        await at.press(RESUME)
        assert "Take it off." in at.text
        await at.lift()
        await at.put()
        await at.press(*"1234")
        assert "can be used again" in at.answer


async def test_a_card_without_an_id_is_sent_to_the_registration(
    stage: Staged, counter: FakeCounter
) -> None:
    counter.cards["soft:hanako"].mykey_id = ""
    async with stage(counter) as at:
        await do(at, SEE)
        assert "Register the resident first (F5)." in at.answer


async def test_no_points_move_whatever_is_done(stage: Staged, counter: FakeCounter) -> None:
    before = counter.points_in_all()
    async with stage(counter) as at:
        for what in (SEE, SUSPEND, RESUME, AGREE):
            await do(at, what)
    assert counter.points_in_all() == before
    assert counter.cards["soft:hanako"].points == {KAWASAKI: 2_000}
