"""A ticket taken back on the screen: a scan and F12; or lost, by its holder's card and PIN."""

from tests.doubles.counter import KAWASAKI, FakeCounter, shop, slowly
from tests.tui.conftest import Stage, Staged

CARD = "soft:hanako"
PIN = "1234"


async def opened(at: Stage) -> None:
    await at.press("f1", *"ticket back", "enter")


def wallet(counter: FakeCounter) -> int:
    return counter.cards[CARD].points[KAWASAKI]


async def test_a_scan_shows_what_it_is_and_takes_nothing_back(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.press(*"QR-101", "enter")
        assert "Take this ticket back?" in at.answer
        assert "void_ticket" not in at.counter.asked


async def test_f12_takes_it_back_and_says_to_keep_the_paper(stage: Staged) -> None:
    async with stage(shop()) as at:
        before = wallet(at.counter)
        await opened(at)
        await at.press(*"QR-101", "enter", "f12")
        assert at.light == "good"
        assert "keep the paper" in at.answer
        assert wallet(at.counter) == before + 1_000


async def test_the_customers_slip_is_printed_at_once(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.press(*"QR-101", "enter")
        assert "print_waiting" not in at.counter.asked
        await at.press("f12")
        assert "print_waiting" in at.counter.asked


async def test_what_is_being_taken_back_is_not_left_half_way(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.press(*"QR-101", "enter")
        go_on = slowly(at.counter)
        await at.press("f12", "escape")
        go_on()
        await at.settle()
        assert at.light == "good"
        assert "keep the paper" in at.answer


async def test_escape_leaves_the_ticket_as_it_is(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.press(*"QR-101", "enter", "escape")
        assert "Nothing was changed." in at.answer
        assert "QR-101" in at.counter.tickets


async def test_another_scan_is_no_yes(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.press(*"QR-101", "enter", *"QR-102", "enter")
        assert "void_ticket" not in at.counter.asked


async def test_without_the_network_it_is_said_that_nothing_moved(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await opened(at)
        await at.press(*"QR-101", "enter", "f12")
        assert at.light == "look"
        assert "No points were moved." in at.answer


async def test_a_lost_ticket_takes_the_pin_twice(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.press("f2")
        await at.card(CARD)
        await at.press(*PIN)
        assert "Which ticket is lost?" in at.answer
        await at.press("2")
        assert "void_lost" not in at.counter.asked
        assert "at the latest" in at.answer
        await at.press(*PIN)
        assert at.light == "good"
        assert at.counter.voiding == {"QR-102": 500}


async def test_a_card_on_the_reader_says_that_the_paper_is_lost(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.card(CARD)
        assert "The PIN shows which tickets" in at.answer


async def test_no_number_is_shown_before_the_pin(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.card(CARD)
        assert "own_tickets" not in at.counter.asked


async def test_one_that_was_lost_before_is_not_signed_again(stage: Staged) -> None:
    counter = shop()
    counter.voiding["QR-103"] = counter.tickets.pop("QR-101")
    async with stage(counter) as at:
        await opened(at)
        await at.card(CARD)
        await at.press(*PIN, "2")
        assert "taken back before" in at.answer
        assert "void_lost" not in at.counter.asked


async def test_without_the_network_no_pin_is_asked(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await opened(at)
        await at.card(CARD)
        assert at.light == "look"
        assert "own_tickets" not in at.counter.asked


async def test_a_wrong_pin_may_be_typed_again(stage: Staged) -> None:
    async with stage(shop()) as at:
        await opened(at)
        await at.card(CARD)
        await at.press(*"9999")
        assert "The PIN is wrong." in at.answer
        await at.press(*PIN)
        assert "Which ticket is lost?" in at.answer
