"""The node secret, asked for where the keys of this PC are sealed and nobody gave it.

It is used to open the keys and kept nowhere but in memory.
"""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text


class Unlock(CounterScreen):
    """Shown over the first screen until the keys open."""

    HEADING = N_("Open this PC's keys")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.end", N_("End"), key_display="Esc")
    ]
    DEFAULT_CSS = """
    Unlock .ask { height: auto; padding: 1 1 0 1; text-style: bold; color: $accent; }
    Unlock Answer { margin-top: 1; }
    """

    def __init__(self, trouble: Trouble, unlock: Callable[[str], None]) -> None:
        """``trouble`` says why; ``unlock`` hears the secret, then the counter is opened again."""
        super().__init__()
        self._trouble = trouble
        self._unlock = unlock

    def body(self) -> ComposeResult:
        """One field."""
        yield Static(self.desk.words("Type the node secret, then press Enter:"), classes="ask")
        yield Line(name="secret", keeps=True, secret=True)
        yield Answer()

    def on_mount(self) -> None:
        """Why it is asked for."""
        super().on_mount()
        self.answer.advise(self._trouble.advice, self.desk.words, unmoved=False)
        self.query_one("#secret", Line).focus()

    @on(Line.Entered, "#secret")
    def typed(self, event: Line.Entered) -> None:
        """Open the counter with it. The secret is taken as it was typed, signs of any width."""
        secret, event.control.value = event.control.value.strip(), ""
        if secret:
            self._unlock(secret)
            self.desk.begin()
