"""One question, two answers: Enter is yes, Escape is no."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from tui.app import CounterApp


class Confirm(ModalScreen[bool]):
    """Stands over the screen that asks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(True)"),
        Binding("escape", "answer(False)"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm Vertical { width: 64; height: auto; padding: 1 2; background: $primary; }
    Confirm Static { text-style: bold; margin-bottom: 1; }
    """

    def __init__(self, question: str) -> None:
        """``question`` is in the person's language already."""
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and its two keys."""
        words = cast("CounterApp", self.app).words
        with Vertical():
            yield Static(self._question, markup=False)
            yield Static(words("Enter: yes      Esc: no"), markup=False)

    def action_answer(self, sure: bool) -> None:
        """Give the answer to who asked."""
        self.dismiss(sure)
