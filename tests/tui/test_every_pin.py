"""What holds wherever a PIN is asked for: who hears it, what a wrong one costs, what stays."""

import pytest

from node.card.errors import CardRemoved
from tests.doubles.counter import slowly
from tests.tui.conftest import Stage, Staged
from tests.tui.ways import HANAKO, PIN, WAYS, before, to_the_pin
from tui.screens.card import CardScreen
from tui.widgets.pin import PinEntry

every_way = pytest.mark.parametrize("way", WAYS)


def screen(at: Stage) -> CardScreen:
    assert isinstance(at.app.screen, CardScreen)
    return at.app.screen


def shown(at: Stage) -> set[str]:
    """The parts that stand there, by their names."""
    return {part.id for part in screen(at).query("*") if part.id and part.is_on_screen}


@every_way
async def test_the_right_one_is_given_to_the_card_once(stage: Staged, way: str) -> None:
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        assert counter.asked.count(WAYS[way].question) == 0
        await at.press(*PIN)
        assert counter.asked.count(WAYS[way].question) == 1
        assert counter.cards[HANAKO].tries == 3


@every_way
async def test_a_wrong_one_is_asked_for_again_with_what_is_left(stage: Staged, way: str) -> None:
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        await at.press(*"9999")
        assert "2 tries are left." in at.answer
        await at.press(*"9999")
        assert "Careful: this is the last try" in at.answer
        await at.press(*PIN)
        assert counter.asked.count(WAYS[way].question) == 3
        assert counter.cards[HANAKO].tries == 3


@every_way
async def test_a_ticket_scanned_into_it_costs_no_try(stage: Staged, way: str) -> None:
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        await at.scan("2KCE5AQ")
        assert "Nothing was given to the card." in at.answer
        assert counter.asked.count(WAYS[way].question) == 0


@every_way
async def test_nothing_is_hidden_while_the_card_works(stage: Staged, way: str) -> None:
    """What is hidden for a moment loses the focus, and the next key with it."""
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        before_it = shown(at)
        go_on = slowly(counter)
        await at.press(*"9999")
        assert shown(at) == before_it
        assert not screen(at).query_one(PinEntry).focusable
        go_on()
        await at.settle()
        assert shown(at) == before_it
        assert screen(at).query_one(PinEntry).has_focus


@every_way
async def test_nothing_that_is_hidden_hears_the_pin(stage: Staged, way: str) -> None:
    async with stage(before(way)) as at:
        await to_the_pin(at, way)
        for part in screen(at).query("*"):
            assert part.is_on_screen or not part.focusable, part


@every_way
async def test_one_that_nobody_asks_for_is_overwritten(stage: Staged, way: str) -> None:
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        await at.press("escape")
        late = bytearray(PIN, "ascii")
        screen(at).post_message(PinEntry.Typed(late))
        await at.settle()
        assert late == bytes(len(PIN))
        assert counter.asked.count(WAYS[way].question) == 0


@every_way
async def test_a_card_that_left_too_early_moved_nothing(stage: Staged, way: str) -> None:
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        counter.fails_with = CardRemoved()
        await at.press(*PIN)
        assert "taken away too early" in at.answer
        assert "No points were moved." in at.answer


@every_way
async def test_a_card_that_was_swapped_gets_no_pin(stage: Staged, way: str) -> None:
    counter = before(way)
    async with stage(counter) as at:
        await to_the_pin(at, way)
        counter.swapped.add(HANAKO)
        await at.press(*"9999")
        assert "not the card from before" in at.answer
        assert "No points were moved." in at.answer
    assert counter.cards[HANAKO].tries == 3
