"""Fields: a scanner's lines never run together, a PIN never stays."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.tui.conftest import type_at_once
from tests.tui.waiting import until
from tui.scans import GAP
from tui.theme import CONTRAST
from tui.widgets.burst import Burst
from tui.widgets.line import Line, meant_as_amount
from tui.widgets.pin import PinEntry


class _Fields(App[None]):
    """A line and a PIN, and what they gave."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.pins: list[bytearray] = []
        self.unclear = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(CONTRAST.variables)

    def compose(self) -> ComposeResult:
        yield Line(name="line")
        yield PinEntry()

    def on_line_entered(self, event: Line.Entered) -> None:
        self.lines.append(event.text)

    def on_pin_entry_typed(self, event: PinEntry.Typed) -> None:
        self.pins.append(event.pin)

    def on_pin_entry_unclear(self) -> None:
        self.unclear += 1


@asynccontextmanager
async def pin_asked_for() -> AsyncIterator[tuple[_Fields, Pilot[None]]]:
    """The app, with the focus where the PIN is typed."""
    app = _Fields()
    async with app.run_test() as pilot:
        app.query_one(PinEntry).focus()
        await pilot.pause()
        yield app, pilot


@pytest.fixture
def _a_minute_of_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Burst, "QUIET", 60.0)


async def test_two_scans_without_a_pause_are_two_lines() -> None:
    app = _Fields()
    async with app.run_test() as pilot:
        app.query_one(Line).focus()
        await pilot.press(*"AB", "enter", *"CD", "enter")
        assert app.lines == ["AB", "CD"]
        assert app.query_one(Line).value == ""


async def test_full_width_digits_are_what_they_mean() -> None:
    app = _Fields()
    async with app.run_test() as pilot:
        app.query_one(Line).focus()
        await pilot.press(*"１５００", "enter")
        assert app.lines == ["1500"]


async def test_the_fourth_digit_gives_the_pin_and_forgets_it() -> None:
    app = _Fields()
    async with app.run_test() as pilot:
        app.query_one(PinEntry).focus()
        await pilot.press(*"12", "backspace", *"９３4")
        await until(pilot, lambda: bool(app.pins), "the PIN")
        assert app.pins == [bytearray(b"1934")]
        assert str(app.query_one(PinEntry).render()) == "- - - -"


async def test_digits_are_shown_as_stars_only() -> None:
    app = _Fields()
    async with app.run_test() as pilot:
        app.query_one(PinEntry).focus()
        await pilot.press(*"12")
        assert str(app.query_one(PinEntry).render()) == "* * - -"


async def test_a_letter_clears_what_was_typed_and_hides_what_follows_at_once() -> None:
    async with pin_asked_for() as (app, pilot):
        type_at_once(app, "12K3456")
        await until(pilot, lambda: app.unclear == 1, "that it was no PIN")
        await pilot.pause(2 * Burst.QUIET)
        type_at_once(app, "3456")
        await until(pilot, lambda: bool(app.pins), "the PIN")
        assert (app.pins, app.unclear) == ([bytearray(b"3456")], 1)


async def test_a_fifth_digit_makes_it_no_pin() -> None:
    async with pin_asked_for() as (app, pilot):
        type_at_once(app, "4901234567894\r")
        await until(pilot, lambda: app.unclear == 1, "that it was no PIN")
        await pilot.pause(2 * Burst.QUIET)
        assert app.pins == []


@pytest.mark.usefixtures("_a_minute_of_quiet")
async def test_a_last_digit_that_comes_by_itself_is_waited_for_a_moment_only() -> None:
    async with pin_asked_for() as (app, pilot):
        type_at_once(app, "193")
        type_at_once(app, "4", later=60)
        await until(pilot, lambda: bool(app.pins), "the PIN")
        assert app.pins == [bytearray(b"1934")]


@pytest.mark.usefixtures("_a_minute_of_quiet")
async def test_a_code_that_begins_where_the_last_digit_was_due_is_no_pin() -> None:
    async with pin_asked_for() as (app, pilot):
        type_at_once(app, "193")
        type_at_once(app, "4901234567894\r", later=60)
        await until(pilot, lambda: app.unclear == 1, "that it was no PIN")
        await pilot.pause(2 * GAP)
        assert app.pins == []


@pytest.mark.usefixtures("_a_minute_of_quiet")
async def test_four_digits_as_quick_as_a_code_are_waited_for_as_for_one() -> None:
    async with pin_asked_for() as (app, pilot):
        type_at_once(app, "1934")
        await pilot.pause(2 * GAP)
        assert app.pins == []
        assert app.query_one(PinEntry).burst.waiting


@pytest.mark.parametrize("text", ["500", "1,500", "500円", "¥500", "500 yen", "0", "9999999"])
def test_what_somebody_types_for_money_is_an_amount(text: str) -> None:
    assert meant_as_amount(text)


@pytest.mark.parametrize("text", ["", "1234567890123", "QR-101", "2KCE5AQ", "円"])
def test_what_a_scanner_reads_is_none(text: str) -> None:
    assert not meant_as_amount(text)
