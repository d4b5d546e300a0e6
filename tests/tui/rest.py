"""When an app is at rest: what the screens' tests wait for, and every pilot with them.

Textual's pilot guesses: a process that used little of the last 20 ms has nothing to do. On a busy
machine a working one looks like that, and elsewhere each key waits for the guess several times.
Here it is known: nothing in the loop is ready to run, and what is to be painted is painted. What
comes then comes from outside: a key, a thread's answer, a moment that a timer waits for.
"""

import asyncio
from typing import Any

import pytest
from textual._context import active_app
from textual.app import App


async def at_rest(app: App[Any]) -> None:
    """Until it has done what it does by itself; a frame is painted now, not in its turn."""
    await _drained()
    while app._running and app._screen_stack and app.screen._update_timer._active.is_set():
        app.screen._on_timer_update()
        await _drained()


async def _drained() -> None:
    """Until the loop has nothing ready but this."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    while ready:  # noqa: ASYNC110  whoever is ready sets no event
        await asyncio.sleep(0)


def rest_for_pilots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Textual's pilot wait by this; frames of their own would only paint half of an answer."""

    async def known(*_guess: object) -> None:
        await at_rest(active_app.get())

    monkeypatch.setattr("textual.app.wait_for_idle", known)
    monkeypatch.setattr("textual.pilot.wait_for_idle", known)
    monkeypatch.setattr("textual.pilot.Pilot._wait_for_screen", known)
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", 1.0)
