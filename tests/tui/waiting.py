"""Waiting for what a thread brings, while the app goes on drawing."""

from collections.abc import Callable

from textual.pilot import Pilot

from tests.tui.conftest import screen_text

PATIENCE, TICK = 30.0, 0.02


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str) -> None:
    """Go on until it holds. Raises AssertionError with ``what`` and the screen."""
    for _ in range(int(PATIENCE / TICK)):
        if holds():
            return
        await pilot.pause(TICK)
    raise AssertionError(f"waited for {what}; the screen says\n{screen_text(pilot.app)}")


async def sees(pilot: Pilot[None], words: str) -> None:
    """Go on until the words stand on the screen."""
    await until(pilot, lambda: words in screen_text(pilot.app), words)
