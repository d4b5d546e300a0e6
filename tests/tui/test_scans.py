"""Scanners: whatever they type, each code gets its answer and leaves the next one whole."""

import asyncio
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.events import Paste

from tests.doubles.codes import CODE, OTHER_CODE, full_width
from tests.doubles.counter import FakeCounter, quiet_status, shop, slowly
from tests.tui.conftest import SIZE, Stage, Staged, type_at_once
from tests.tui.waiting import sees, until
from tui.app import CounterApp
from tui.screens.home import Home
from tui.screens.redeem import Redeem
from tui.screens.spend import Spend
from tui.widgets.burst import Burst
from tui.widgets.line import Line
from tui.wording import Words

THIRTY = [f"QR-{number}" for number in range(200, 230)]


def booth(**knobs: object) -> FakeCounter:
    return shop(look=replace(quiet_status(), kind="booth"), **knobs)


def with_thirty(counter: FakeCounter) -> FakeCounter:
    counter.tickets.update(dict.fromkeys(THIRTY, 100))
    return counter


async def all_taken(at: Stage) -> None:
    await until(at.pilot, lambda: at.counter.taken() == 3_000, "3,000 points taken")
    await at.settle()


async def test_thirty_scans_while_the_app_stands_still_are_taken_each_once(stage: Staged) -> None:
    async with stage(with_thirty(booth())) as at:
        at.app.call_later(lambda: time.sleep(0.5))
        at.burst("".join(f"{code}\r" for code in THIRTY))
        await all_taken(at)
        assert at.counter.asked.count("redeem") == 30
        await sees(at.pilot, "30 tickets, 3,000 points")


async def test_thirty_scans_on_the_first_screen_all_reach_the_screen_for_tickets(
    stage: Staged,
) -> None:
    async with stage(with_thirty(shop())) as at:
        at.burst("".join(f"{code}\r" for code in THIRTY))
        await all_taken(at)
        assert at.counter.asked.count("redeem") == 30
        assert isinstance(at.app.screen, Redeem)
        assert [type(screen) for screen in at.app.screen_stack].count(Redeem) == 1


async def test_scans_right_behind_the_key_that_opens_the_screen_wait_for_its_field(
    stage: Staged,
) -> None:
    async with stage(with_thirty(shop())) as at:
        at.burst("\x1bOR" + "".join(f"{code}\r" for code in THIRTY))  # F3, then the queue
        await all_taken(at)
        assert at.counter.asked.count("redeem") == 30


async def test_thirty_scans_wait_for_a_hub_that_hangs(stage: Staged) -> None:
    async with stage(with_thirty(booth())) as at:
        go_on = slowly(at.counter)
        at.burst("".join(f"{code}\r" for code in THIRTY))
        await until(at.pilot, lambda: at.counter.asked.count("redeem") == 1, "the first question")
        await at.pilot.pause(0.05)
        assert at.counter.asked.count("redeem") == 1
        go_on()
        await all_taken(at)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CR LF"])
async def test_a_scanner_ends_its_code_as_it_was_set_up(stage: Staged, end: str) -> None:
    async with stage(booth()) as at:
        at.burst(f"QR-101{end}QR-102{end}")
        await until(at.pilot, lambda: at.counter.taken() == 1_500, "both")
        assert at.counter.asked.count("redeem") == 2


async def test_a_tab_ends_a_ticket_too(stage: Staged) -> None:
    async with stage(booth(tickets={CODE: 500, OTHER_CODE: 300})) as at:
        at.burst(f"{CODE}\t{OTHER_CODE}\t")
        await until(at.pilot, lambda: at.counter.taken() == 800, "both")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CR LF"])
async def test_what_an_input_method_gives_in_one_piece_is_a_scan(stage: Staged, end: str) -> None:
    async with stage(booth()) as at:
        at.app.post_message(Paste(full_width("QR-101") + end + "QR-102"))
        at.burst("\r")
        await until(at.pilot, lambda: at.counter.taken() == 1_500, "both")


async def test_pasted_tickets_on_the_first_screen_are_scans(stage: Staged) -> None:
    async with stage() as at:
        at.app.post_message(Paste("QR-101\nQR-102\n"))
        await until(at.pilot, lambda: at.counter.taken() == 1_500, "both")


@pytest.mark.parametrize("paste", [False, True])
async def test_ten_thousand_signs_get_an_answer_and_the_next_scan_is_whole(
    stage: Staged, *, paste: bool
) -> None:
    async with stage(booth()) as at:
        if paste:
            at.app.post_message(Paste("A" * 10_000 + "\r"))
        else:
            at.burst("A" * 10_000 + "\r")
        await until(at.pilot, lambda: at.light == "look", "an answer")
        await at.scan("QR-101")
        assert at.light == "good"


async def test_keys_inside_a_code_do_not_do_what_they_do_elsewhere(stage: Staged) -> None:
    async with stage(booth()) as at:
        at.burst("0104901234567894\x1d10ABC123\x11\x1bOQ21XYZ\r")  # GS, Ctrl+Q, F2 within it
        await until(at.pilot, lambda: at.light == "look", "an answer")
        assert at.app.is_running
        assert isinstance(at.app.screen, Redeem)
        await at.scan("QR-101")
        assert at.light == "good"


async def test_a_no_stays_in_sight_while_the_next_tickets_are_taken(stage: Staged) -> None:
    async with stage(with_thirty(booth())) as at:
        at.burst("".join(f"{code}\r" for code in ("SOMETHING", *THIRTY[:3])))
        await until(at.pilot, lambda: "3 tickets, 300 points" in at.text, "three tickets")
        assert at.light == "good"
        assert "LOOK  This code is not a point ticket." in at.text


@pytest.mark.parametrize("scan", ["4901234567894", CODE, "23456", "A2345B", "22222222"])
async def test_no_code_spends_a_try_of_a_pin(stage: Staged, scan: str) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.scan(scan)
        await at.pilot.pause(2 * Burst.QUIET)  # the customer takes the keys
        assert "take" not in at.counter.asked
        assert at.counter.cards["soft:hanako"].tries == 3
        await at.press(*"1234")
        assert at.counter.taken() == 500


async def test_a_ticket_scanned_over_the_towns_chooses_none(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:taro")
        await at.scan(CODE)
        assert at.counter.asked.count("prepare") == 1
        assert "A ticket was scanned, but here no ticket is taken." in at.answer
        await at.press("2")
        assert at.counter.asked.count("prepare") == 2


async def test_where_a_card_is_asked_for_a_ticket_is_told_where_to_go(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.scan(CODE)
        assert isinstance(at.app.screen, Spend)
        assert 'Go to "Take tickets" (F3)' in at.answer
        assert "redeem" not in at.counter.asked


async def test_a_ticket_in_the_amount_of_a_sale_is_told_where_to_go(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f2")
        await at.scan(CODE)
        assert 'Go to "Take tickets" (F3)' in at.answer


async def test_a_scan_finds_the_field_from_the_list_of_jobs(stage: Staged) -> None:
    async with stage() as at:
        await at.press("down", "down")
        await at.scan("QR-101")
        assert at.light == "good"
        assert at.counter.taken() == 1_000


async def test_what_was_half_typed_is_gone_when_one_comes_back(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"12", "f3", "escape")
        assert isinstance(at.app.screen, Home)
        assert at.app.screen.query_one(Line).value == ""


JUNK = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.binary(max_size=60).map(lambda data: data.decode("latin-1")),
    st.integers(1, len(CODE) - 1).map(lambda cut: CODE[:cut]),
    st.just(CODE + OTHER_CODE),
    st.just(full_width(CODE).lower()[:300]),
)
_TELLS = str.maketrans(
    dict.fromkeys([*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0))])
)
_KEYS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(junk=JUNK)
def test_after_anything_at_all_the_next_scan_is_whole(junk: str) -> None:
    """What a person could do on purpose with keys is left out: no Escape, no function keys."""
    asyncio.run(_then_a_ticket(junk.translate(_KEYS)))


async def _then_a_ticket(junk: str) -> None:
    counter = booth()
    app = CounterApp(lambda: counter, Words("ja"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Redeem), "the screen for tickets")
        await until(pilot, lambda: app.focused is not None, "its field")
        type_at_once(app, f"{junk}\rQR-101\r")
        await until(pilot, lambda: counter.taken() == 1_000, f"the ticket behind {junk!r}")
