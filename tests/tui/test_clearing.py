"""Clearing a pile on the screen: the shop, scan after scan, what goes back, the receipt."""

from dataclasses import replace

import pytest

from node.pile import ReturnedTicket
from printer.words import aloud
from tests.doubles.counter import NOW, shop, slowly
from tests.doubles.counter_piles import ELSEWHERE, LATE, TORN
from tests.tui.conftest import Stage, Staged
from tui.screens.clear import Clear
from tui.widgets.figures import BigAmount, BigNumber
from tui.widgets.line import Line


async def begin(at: Stage, *named: str) -> None:
    """Choose the job, then the shop."""
    await at.press("f1", *"clear a pile", "enter")
    assert isinstance(at.app.screen, Clear)
    if named:
        await at.press(*named, "enter")


def figures(at: Stage) -> tuple[str, int]:
    screen = at.app.screen
    return screen.query_one(BigNumber).number, screen.query_one(BigAmount).points


async def test_scan_after_scan_and_no_key(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        before = at.keys

        await at.scan("QR-101")
        await at.scan("QR-102")

        assert at.keys == before
        assert at.light == "good"
        assert figures(at)[0] == "2"
        assert "鮮魚うおまさ  (141305-B2109)" in at.text


@pytest.mark.parametrize("typed", ["b2109", "うおまさ", "141305-B2109"])
async def test_the_shop_is_found_by_its_id_or_a_part_of_its_name(stage: Staged, typed: str) -> None:
    async with stage() as at:
        await begin(at)
        at.app.screen.query_one("#shop", Line).value = typed
        await at.press("enter")

        assert "鮮魚うおまさ  (141305-B2109)" in at.text


async def test_a_part_that_names_several_shops_leaves_the_choice(stage: Staged) -> None:
    async with stage() as at:
        await begin(at)
        at.app.screen.query_one("#shop", Line).value = "中央市場"
        await at.press("enter")
        assert "Several shops" in at.answer

        await at.press("down", "enter")

        assert "書店ほんだ  (141305-B2110)" in at.text


async def test_a_shop_that_the_town_does_not_know_is_told(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b9999")

        assert "The town knows no shop of this ID." in at.answer


async def test_a_ticket_scanned_before_the_shop_is_chosen_is_told_what_comes_first(
    stage: Staged,
) -> None:
    async with stage() as at:
        await begin(at)
        await at.scan("2KCE3IQBE4CEQYXNGQJ3EJR3SSQFQU5IAF2WQ5DUOA5C6LZRGI3S4MBOGAXDCORYGE2DCBA2")

        assert "First choose the shop" in at.answer
        assert "open_pile" not in at.counter.asked


async def test_at_no_other_terminal_it_is_offered(stage: Staged) -> None:
    counter = shop()
    counter.clearings.kind = "shop"
    async with stage(counter) as at:
        assert "Clear a pile" not in at.text
        await at.press("f1")
        assert "Clear a pile" not in at.text


async def test_no_other_terminal_clears(stage: Staged) -> None:
    counter = shop()
    counter.clearings.kind = "shop"
    async with stage(counter) as at:
        at.app.action_go("clear")
        await at.settle()

        assert at.light == "no"
        assert "Only a ticket counter" in at.answer


async def test_what_is_not_cleared_is_named_rings_and_stays_in_the_list(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.scan("QR-101")
        await at.pilot.pause(1.1)
        await at.scan("QR-101")
        assert at.light == "no"
        assert "it goes back to the shop" in at.answer
        await at.scan(ELSEWHERE)
        await at.scan("QR-102")

        assert at.light == "good"
        assert "a double" in at.text
        assert "another town's" in at.text
        assert "2 go back" in at.text


async def test_a_stamp_that_has_to_be_looked_at_does_not_stop_the_sitting(stage: Staged) -> None:
    counter = shop()
    counter.tickets[LATE] = 500
    async with stage(counter) as at:
        await begin(at, *"b2109")
        await at.scan(LATE)
        assert at.light == "look"
        assert "2025-11-15" in at.answer
        await at.scan("QR-101")

        assert at.light == "good"
        assert figures(at)[0] == "2"


async def test_one_key_takes_the_last_one_back(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.scan("QR-101")
        await at.scan("QR-102")

        await at.press("f9")

        assert "taken back" in at.answer
        assert figures(at)[0] == "1"


async def test_a_torn_code_is_typed_compared_and_taken_by_enter(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.press(*TORN, "enter")
        assert at.light == "look"
        assert "Compare with the paper" in at.answer
        assert figures(at)[0] == "0"

        await at.press("enter")

        assert at.light == "good"
        assert figures(at)[0] == "1"


async def test_a_number_that_was_compared_is_forgotten_with_the_next_scan(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.press(*TORN, "enter")
        await at.scan("QR-102")
        await at.press("enter")

        assert at.counter.asked.count("clear") == 1


async def test_a_mistyped_number_is_told_at_once(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.press(*TORN[:-1], "enter")

        assert "A digit of this number is wrong." in at.answer


async def test_a_typed_number_is_compared_where_tickets_are_taken_too(stage: Staged) -> None:
    counter = shop()
    counter.tickets[TORN] = 500
    async with stage(counter) as at:
        await at.press("f3", *TORN, "enter")
        assert "Compare with the paper" in at.answer
        assert "redeem" not in at.counter.asked

        await at.press("enter")

        assert at.light == "good"
        assert at.counter.asked.count("redeem") == 1


async def test_a_pile_that_was_left_is_found_again(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.scan("QR-101")
        await at.press("escape")

        await begin(at)

        assert "begun before" in at.answer
        assert figures(at)[0] == "1"


async def test_closing_asks_with_the_sums_and_then_the_next_shop_may_come(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.scan("QR-101")
        await at.press("f12")
        assert "Close the pile of 鮮魚うおまさ? 1 ticket" in at.text

        await at.press("f12")

        assert "is closed" in at.answer
        assert at.light == "good"
        assert at.app.screen.query_one("#shop", Line).has_focus
        await at.press(*"b2110", "enter")
        assert "書店ほんだ  (141305-B2110)" in at.text


async def test_a_scan_while_the_pile_is_being_closed_hides_no_answer(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.scan("QR-101")
        go_on = slowly(at.counter)
        await at.press("f12", "f12")
        await at.scan("QR-102")
        go_on()
        await at.settle()

        assert "is closed" in at.answer
        assert at.counter.asked.count("clear") == 1


async def test_nothing_is_cleared_by_what_closes(stage: Staged) -> None:
    async with stage() as at:
        await begin(at, *"b2109")
        await at.press("f12")
        await at.scan("QR-101")
        await at.press("escape")

        assert "close_pile" not in at.counter.asked
        assert figures(at)[0] == "0"


async def test_more_of_what_goes_back_is_seen_without_leaving_the_field(stage: Staged) -> None:
    counter = shop()
    counter.open_pile("B2109")
    first, *_ = unknown = [f"99000000000{place}" for place in range(10, 22)]
    pile = counter.clearings.pile
    assert pile is not None
    back = tuple(ReturnedTicket(number=n, reason="ticket-unknown", at=NOW) for n in unknown)
    counter.clearings.pile = replace(pile, returned=back)
    async with stage(counter) as at:
        await begin(at)
        assert aloud(first) not in at.text

        await at.press(*["pagedown"] * 4)

        assert aloud(first) in at.text
        assert at.app.screen.query_one("#scan", Line).has_focus
