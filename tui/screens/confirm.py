"""One question, two answers: F12 is yes, Escape is no.

Yes is a key that no scanner has: a scanner types letters and digits and ends with Enter, and what
it reads by accident must not take back a sale, close a shift or end the day. Every other key rings
and says which two there are.
"""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from tui.app import CounterApp
    from tui.wording import Words

YES = "f12"


class Confirm(ModalScreen[bool]):
    """Stands over the screen that asks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(YES, "answer(True)"),
        Binding("escape", "answer(False)"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm Vertical { width: 64; height: auto; padding: 1 2; background: $primary; }
    Confirm Static { text-style: bold; margin-bottom: 1; }
    Confirm #other { display: none; background: $look; color: $look-text; padding: 0 1; }
    """

    def __init__(self, question: str) -> None:
        """``question`` is in the person's language already."""
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, its two keys, and what is said of any other key."""
        words = self._words
        with Vertical():
            yield Static(self._question, markup=False)
            yield Static(words("F12: yes      Esc: no"), markup=False)
            yield Static(
                words("Nothing was done. Press F12 for yes, Esc for no."), id="other", markup=False
            )

    @property
    def _words(self) -> "Words":
        return cast("CounterApp", self.app).words

    def on_key(self, event: Key) -> None:
        """A key that is neither answer, or a scan."""
        if event.key not in (YES, "escape") and not self.query_one("#other").display:
            self.query_one("#other").display = True
            self.app.bell()

    def action_answer(self, sure: bool) -> None:
        """Give the answer to who asked."""
        self.dismiss(sure)
