"""The app itself: how it opens, what it says when it cannot, and how it ends."""

import errno

import pytest

from node.outcome import Status
from sync.errors import Damaged, DiskFull
from tests.doubles.counter import FakeCounter
from tests.tui.conftest import SIZE, screen_text
from tui.app import CounterApp
from tui.wording import Words


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
