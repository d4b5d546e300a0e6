"""The app itself: how it opens, what it says when it cannot, and how it ends."""

import errno
from dataclasses import replace

import pytest

from node.keys import WrongSecret
from node.outcome import Incident, PrinterState, Status
from sync.clock import ClockState
from sync.errors import Damaged, DiskFull, RefusedByRule
from tests.doubles.counter import NOW, FakeCounter, quiet_status, shop
from tests.tui.conftest import SIZE, Stage, screen_text
from tui.app import CounterApp
from tui.notices import notices
from tui.screens.home import Home
from tui.wording import Language, Words


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (DiskFull("no room"), "This PC's disk is full."),
        (OSError(errno.ENOSPC, "No space left on device"), "This PC's disk is full."),
        (PermissionError(errno.EACCES, "no", "/mnt"), "A folder of this PC cannot be read or"),
        (Damaged("no"), "The data on this PC does not add up."),
    ],
)
async def test_why_a_counter_does_not_open_is_said_and_kept_for_the_front_door(
    problem: Exception, said: str
) -> None:
    def cannot() -> FakeCounter:
        raise problem

    app = CounterApp(cannot, Words("en"))
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert said in screen_text(app)
    assert app.problem is problem


async def test_a_counter_that_is_not_open_shows_no_keys_that_do_nothing() -> None:
    def cannot() -> FakeCounter:
        raise Damaged("no")

    app = CounterApp(cannot, Words("en"))
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert screen_text(app).splitlines()[-1].split() == ["Esc", "End"]


async def test_a_counter_that_is_open_shows_its_keys() -> None:
    app = CounterApp(FakeCounter, Words("en"))
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        foot = screen_text(app).splitlines()[-1]
        assert "F1 All" in foot
        assert "F9 Send" in foot


async def test_the_node_secret_is_asked_for_until_the_keys_open() -> None:
    given: list[str] = []

    def sealed() -> FakeCounter:
        if not given:
            raise RefusedByRule("secret-needed", "the keys are sealed")
        if given[-1] != "a good secret":
            raise WrongSecret("another one")
        return FakeCounter()

    app = CounterApp(sealed, Words("en"), unlock=given.append)
    async with app.run_test(size=SIZE) as pilot:
        at = Stage(app=app, pilot=pilot, counter=FakeCounter())
        await at.settle()
        assert "This PC's keys are locked." in at.answer
        await at.press(*"a bad one", "enter")
        assert "This is not the node secret of this PC." in at.answer
        await at.press(*"a good secret")
        assert "a good secret" not in at.text
        await at.press("enter")
        assert isinstance(app.screen, Home)
        assert app.is_open
    assert app.problem is None


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_banner_shows_all_it_has_to_say(language: Language) -> None:
    status = replace(
        quiet_status(),
        demo=True,
        only_copy=True,
        unsealed_keys=True,
        clock=ClockState.RESTARTED,
        stopped="second-path-differs",
        paper_waiting=3,
        incidents=(Incident(what="exception", detail="", at=NOW),),
        printer=PrinterState(destination="tcp:x:1", waiting=2, unsure=1, trouble="device-error"),
    )
    app = CounterApp(lambda: shop(silent=True, look=status), Words(language))
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.status is not None
        shown = "".join(screen_text(app).split())
        for notice in notices(app.status, app.words):
            assert "".join(notice.text.split()) in shown


class BrokenScreen(CounterApp):
    """An app with a mistake in a handler."""

    def _polled(self, status: object) -> None:
        assert isinstance(status, Status)
        pin = bytearray(b"1234")
        raise ZeroDivisionError(len(pin))


async def test_a_bug_ends_the_program_with_nothing_drawn_of_what_it_held() -> None:
    app = BrokenScreen(FakeCounter, Words("en"))
    with pytest.raises(ZeroDivisionError):  # the pilot's own: it gives a test what ended the app
        await _opened(app)
    assert isinstance(app.problem, ZeroDivisionError)
    assert app._exit_renderables == []


async def _opened(app: CounterApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
