"""Where the card comes from: the reader, or in a demo a tray of software cards on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.message import Message
from textual.widgets import OptionList, Static

from sync.values import half_width
from tui.wording import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayCard:
    """A software card that can be put on the reader by choosing it."""

    name: str
    address: str
    """``soft:FILE``"""


class CardSlot(Vertical):
    """Asks for the card. Hidden while none is wanted."""

    DEFAULT_CSS = """
    CardSlot { height: auto; display: none; padding: 0 1; }
    CardSlot.wanted { display: block; }
    CardSlot Static { text-style: bold; color: $accent; }
    """

    class Put(Message):
        """A card lies on the reader."""

        def __init__(self, address: str) -> None:
            """``address`` names the card for the counter."""
            super().__init__()
            self.address = address

    def __init__(self, words: Words, tray: Sequence[TrayCard], *, reader: bool) -> None:
        """``reader``: a real one is connected."""
        super().__init__()
        self._words = words
        self._tray = tuple(tray)
        self._reader = reader

    def compose(self) -> ComposeResult:
        """The request, and the tray where there is one."""
        words = self._words
        if self._tray:
            yield Static(words("Choose a card to put it on the reader:"), markup=False)
            yield Choices([card.name for card in self._tray])
        elif self._reader:
            yield Static(words("Please put the card on the reader."), markup=False)
        else:
            yield Static(words("This program cannot use a card reader yet."), markup=False)
            yield Static(
                words('Put a card file (.card) into the folder "cards". Tickets can be scanned.'),
                markup=False,
            )

    def want(self) -> None:
        """Ask for a card."""
        self.add_class("wanted")
        if self._tray:
            self.query_one(Choices).focus()

    def rest(self) -> None:
        """No card is wanted now."""
        self.remove_class("wanted")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A card of the tray was chosen."""
        event.stop()
        self.post_message(self.Put(self._tray[event.option_index].address))


class Choices(OptionList):
    """A plain list to choose from: arrow keys and Enter, or the row's number where it has one."""

    DEFAULT_CSS = """
    Choices, Choices:focus { border: none; height: auto; max-height: 9; padding: 0 1;
                             background: $surface; background-tint: $surface 0%; }
    """

    def __init__(self, rows: Sequence[str] = (), *, name: str = "", numbered: bool = True) -> None:
        """``name`` becomes the id; ``numbered``: rows begin with their number, from 1."""
        self._numbered = numbered
        super().__init__(*self._labels(rows), id=name or None, markup=False)

    def show(self, rows: Sequence[str], *, cursor: int | None = 0) -> None:
        """Other rows; ``cursor`` None: Enter chooses nothing until somebody moved to a row."""
        self.clear_options()
        self.add_options(self._labels(rows))
        self.highlighted = cursor if rows else None

    async def _on_key(self, event: Key) -> None:
        """Choose the row with the number that was typed, full-width or not."""
        digit = half_width(event.character or "")
        if not self._numbered:
            return
        if digit.isascii() and digit.isdigit() and 1 <= int(digit) <= self.option_count:
            event.stop()
            self.highlighted = int(digit) - 1
            self.action_select()

    def _labels(self, rows: Sequence[str]) -> list[str]:
        if not self._numbered:
            return list(rows)
        return [f"{place}  {row}" for place, row in enumerate(rows, start=1)]
