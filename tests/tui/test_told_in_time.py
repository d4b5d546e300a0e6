"""What a person is told before it costs them something: no printer, no network, no open shift."""

import threading
from dataclasses import replace

import pytest

from node.outcome import PrinterState, Sheet, Status
from sync.errors import Unreachable
from tests.doubles.counter import NOW, FakeCounter, quiet_status, shop
from tests.tui.conftest import Stage, Staged
from tests.tui.waiting import PATIENCE, sees, until
from tui.screens.home import Home
from tui.wording import Language, Words

WARNED = "There is no printer: set one up first."
NO_PAPER = PrinterState(destination="none", waiting=0, unsure=0, trouble="")


def _without_printer(*, state: str = "queued") -> FakeCounter:
    sheet = Sheet(job=7, what="ticket", number="12", at=NOW, state=state, trouble="")
    return shop(look=replace(quiet_status(), printer=NO_PAPER), paper={7: sheet})


def _foot(at: Stage) -> str:
    return at.text.splitlines()[-1]


@pytest.mark.parametrize("language", ["en", "ja"])
async def test_who_issues_without_a_printer_is_warned_before_the_card_and_before_the_form(
    stage: Staged, language: Language
) -> None:
    words = Words(language)
    async with stage(_without_printer(), language) as at:
        await at.press("f4")
        assert words(WARNED) in at.answer
        assert at.light == "look"
        await at.card("soft:hanako")
        assert words(WARNED) in at.answer
        assert (
            words("Points, Enter, days, Enter, then the PIN. More than one: arrow key down.")
            in at.text
        )


async def test_a_ticket_issued_without_a_printer_is_not_said_to_be_printed(stage: Staged) -> None:
    async with stage(_without_printer()) as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"1000", "enter", "enter", *"1234")
        assert at.light == "look"
        assert "1 ticket issued, 1,000 points." in at.answer
        assert "There is no printer: the paper waits for one." in at.answer
        assert "being printed" not in at.answer


async def test_with_a_printer_nobody_is_warned_and_the_paper_comes(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        assert not at.answer
        await at.card("soft:hanako")
        assert at.light is None
        await at.press(*"500", "enter", "tab", "backspace", "2", "enter", *"1234")
        assert at.light == "good"
        assert "2 tickets issued, 1,000 points in all." in at.answer
        assert "The paper is being printed." in at.answer


@pytest.mark.parametrize(
    ("state", "keys"), [("queued", ("enter",)), ("confirmed", ("enter", "down", "enter"))]
)
async def test_without_a_printer_a_sheet_is_not_said_to_print_by_itself(
    stage: Staged, state: str, keys: tuple[str, ...]
) -> None:
    async with stage(_without_printer(state=state)) as at:
        await at.press("f10", *keys)
        assert at.answer == "There is no printer. It waits until one is set up: F12."


@pytest.mark.parametrize("silent_from", ["before the look", "after the look"])
async def test_the_pin_is_not_asked_for_what_a_silent_centre_cannot_answer(
    stage: Staged, silent_from: str
) -> None:
    async with stage(shop(silent=silent_from == "before the look")) as at:
        await at.press("f6")
        await at.card("soft:hanako")
        at.counter.silent = True
        at.app.poll()
        await at.settle()
        await at.press("f12")
        assert at.light == "look"
        assert "The centre does not answer." in at.answer
        assert not at.app.screen.query_one("#secret").display


async def test_a_silence_found_by_the_look_itself_is_known_to_the_next_key(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f6")
        at.counter.silent = True
        await at.card("soft:hanako")
        await at.press("f12")
        assert "The centre does not answer." in at.answer


async def test_without_the_network_the_lists_offer_nothing_exact(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await at.press("f6")
        await at.card("soft:hanako")
        assert at.answer == "As the lists say (1 minute old)."


async def test_a_centre_that_falls_silent_under_the_pin_is_not_passed_over(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f6")
        await at.card("soft:hanako")
        await at.press("f12")
        at.counter.silent = True
        await at.press(*"1234")
        assert at.light == "look"
        assert "The centre does not answer." in at.answer
        assert "As the lists say" in at.answer


async def test_the_foot_offers_to_close_a_shift_only_while_one_is_open(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f8")
        assert "F12" not in _foot(at)
        await at.press("f12", *"Sato", "enter")
        assert "F12 Close the shift" in _foot(at)
        await at.press("f12", "f12")
        assert "The shift is closed." in at.answer
        assert "F12" not in _foot(at)


async def test_a_shift_opened_while_the_banner_was_being_read_can_be_closed_at_once(
    stage: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, goes_on = threading.Event(), threading.Event()
    look = FakeCounter.status

    def slow_look(counter: FakeCounter) -> Status:
        seen = look(counter)
        read.set()
        goes_on.wait(PATIENCE)
        return seen

    async with stage() as at:
        await at.press("f8")
        monkeypatch.setattr(FakeCounter, "status", slow_look)
        at.app.poll()
        await until(at.pilot, read.is_set, "the look")
        await at.pilot.press(*"Sato", "enter")
        await sees(at.pilot, "Shift of Sato")
        goes_on.set()
        await at.settle()
        assert "F12 Close the shift" in _foot(at)


@pytest.mark.parametrize("keys", [("f7", "escape"), ("5", "enter", "escape", "escape")])
async def test_what_sending_said_is_gone_after_the_next_thing_done(
    stage: Staged, keys: tuple[str, ...]
) -> None:
    async with stage(shop(fails_with=Unreachable("no"))) as at:
        await at.press("f9")
        assert "The centre does not answer." in at.answer
        await at.press(*keys)
        assert isinstance(at.app.screen, Home)
        assert not at.answer
