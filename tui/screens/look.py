"""The paper before it is printed: to look at, or to say yes to.

With a question it is as :class:`tui.screens.confirm.Confirm` is: F12 is yes, Escape is no, and a
scan answers nothing. Without one, both go back.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from printer.preview import PaperLine
from tui.screens.confirm import YES
from tui.widgets.papersheet import PaperSheet

if TYPE_CHECKING:
    from tui.app import CounterApp
    from tui.wording import Words

_MOVES = {
    "up": "scroll_up",
    "down": "scroll_down",
    "pageup": "scroll_page_up",
    "pagedown": "scroll_page_down",
    "home": "scroll_home",
    "end": "scroll_end",
}


class Look(ModalScreen[bool]):
    """Gives True after F12."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(YES, "answer(True)"),
        Binding("escape,f6", "answer(False)"),
        *(Binding(key, f"move('{how}')") for key, how in _MOVES.items()),
    ]
    DEFAULT_CSS = """
    Look { align: center middle; background: $background 60%; }
    Look Vertical { width: 64; height: auto; max-height: 100%; padding: 0 2;
                    background: $primary; align-horizontal: center; }
    Look .said { width: 100%; text-style: bold; }
    Look #other { display: none; background: $look; color: $look-text; padding: 0 1; }
    """

    def __init__(self, paper: Sequence[PaperLine], question: str = "") -> None:
        """``question`` is in the person's language already."""
        super().__init__()
        self._paper = paper
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, the keys, the paper."""
        words = self._words
        with Vertical():
            if self._question:
                yield Static(self._question, classes="said", markup=False)
                keys = words("F12: yes      Esc: no      Arrow keys: more of the paper")
            else:
                keys = words("Esc: back      Arrow keys: more of the paper")
            yield Static(keys, classes="said", markup=False)
            yield Static(
                words("Nothing was done. Press F12 for yes, Esc for no."), id="other", markup=False
            )
            if self._paper:
                yield PaperSheet(self._paper)

    @property
    def _words(self) -> "Words":
        return cast("CounterApp", self.app).words

    def on_key(self, event: Key) -> None:
        """A key that means nothing here, or a scan."""
        known = event.key in (YES, "escape", "f6") or event.key in _MOVES
        if self._question and not known and not self.query_one("#other").display:
            self.query_one("#other").display = True
            self.app.bell()

    def action_move(self, how: str) -> None:
        """Show more of the paper, whatever has the focus."""
        for paper in self.query(PaperSheet):
            getattr(paper, how)(animate=False)

    def action_answer(self, sure: bool) -> None:
        """Give the answer to who asked."""
        self.dismiss(sure)
