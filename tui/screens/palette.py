"""Everything that can be done, by name: type a part of it, Enter.

In place of Textual's own palette, whose emoji and block borders are drawn two columns wide by
Japanese consoles and whose sentences are English.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from sync.values import half_width
from tui.widgets.choices import Choices
from tui.widgets.line import Line
from tui.wording import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing that can be done. ``label`` is in the person's language already."""

    action: str
    label: str
    key: str = ""

    @property
    def row(self) -> str:
        """As the list shows it."""
        return f"{self.label}  ({self.key.upper()})" if self.key else self.label


class Palette(ModalScreen[str | None]):
    """Gives the chosen action's name, or None after Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close"),
        Binding("down", "list(1)"),
        Binding("up", "list(-1)"),
    ]
    DEFAULT_CSS = """
    Palette { align: center top; background: $background 60%; }
    Palette Vertical { width: 64; height: auto; max-height: 20; margin-top: 2; padding: 1 2;
                       background: $primary; }
    Palette Choices { margin-top: 1; max-height: 14; }
    """

    def __init__(self, commands: Sequence[Command], words: Words, question: str = "") -> None:
        """All commands, in the order of the list; ``question`` stands over another list."""
        super().__init__()
        self._question = question or words("What would you like to do? Type a part of it.")
        self._commands = tuple(commands)
        self._found = self._commands
        self._words = words

    def compose(self) -> ComposeResult:
        """A field over a list."""
        with Vertical():
            yield Static(self._question, markup=False)
            yield Line(name="part", keeps=True)
            yield Choices(name="found", numbered=False)

    def on_mount(self) -> None:
        """All of them."""
        self._show()
        self.query_one("#part", Line).focus()

    def _show(self) -> None:
        choices = self.query_one("#found", Choices)
        choices.show([command.row for command in self._found])
        if not self._found:
            choices.add_option(self._words("Nothing has this name."))
            choices.disabled = True
        else:
            choices.disabled = False

    @on(Input.Changed, "#part")
    def narrow(self, event: Input.Changed) -> None:
        """Only what has the typed part in its name, full-width or half-width, any case."""
        part = half_width(event.value).casefold()
        self._found = tuple(c for c in self._commands if part in half_width(c.row).casefold())
        self._show()

    @on(Line.Entered, "#part")
    def enter(self) -> None:
        """The row under the cursor."""
        place = self.query_one("#found", Choices).highlighted
        if place is not None and self._found:
            self.dismiss(self._found[place].action)

    @on(OptionList.OptionSelected, "#found")
    def choose(self, event: OptionList.OptionSelected) -> None:
        """A row was clicked."""
        self.dismiss(self._found[event.option_index].action)

    def action_list(self, by: int) -> None:
        """Move the cursor while the field keeps the focus."""
        choices = self.query_one("#found", Choices)
        if self._found and choices.highlighted is not None:
            choices.highlighted = (choices.highlighted + by) % len(self._found)

    def action_close(self) -> None:
        """Nothing chosen."""
        self.dismiss(None)
