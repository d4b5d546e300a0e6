"""A pilot waits until an app is at rest: it neither guesses nor looks at a clock."""

from textual.app import App, ComposeResult
from textual.events import Key
from textual.widgets import Static

from tests.tui.conftest import screen_text

STEPS = 40


class Winding(App[None]):
    """After a key it goes on in many small steps; some wait for a frame, some for a new widget."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Static("nothing yet")

    def on_key(self, event: Key) -> None:
        event.stop()
        self._go_on(STEPS)

    def _go_on(self, left: int) -> None:
        self.query_one(Static).update(f"{left} left")
        if left % 2:
            self.call_after_refresh(self._go_on, left - 1)
        elif left:
            self.call_later(self._move_on, left)

    async def _move_on(self, left: int) -> None:
        await self.query_one(Static).remove()
        await self.mount(Static("moving"))
        self._go_on(left - 1)


async def test_after_a_key_everything_that_follows_is_done_and_painted() -> None:
    app = Winding()
    async with app.run_test() as pilot:
        await pilot.press("x")

        assert screen_text(app).startswith("0 left")


async def test_a_text_is_on_the_terminal_after_a_pause() -> None:
    app = Winding()
    async with app.run_test() as pilot:
        app.query_one(Static).update("written by nobody's key")
        await pilot.pause()

        assert screen_text(app).startswith("written by nobody's key")
