"""Where the card comes from: a reader, or in a demo a tray of software cards on the screen.

    resting ──want──> asking ──a card──> resting          ──listen──> listening ──a new card──>

Asking, it takes a card that lies there already; but each placement only once, so that a screen that
begins anew does not take the same card again by itself. Listening, it takes what is put down from
now on, and shows nothing. It moves no focus but to its own tray, and that only when it is wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static

from node.card.readers import WITHOUT_SUPPORT, Placed, Readers, Sight
from tui.widgets.choices import Choices
from tui.wording import Words

if TYPE_CHECKING:
    from tui.wording.advice import Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayCard:
    """A software card that can be put on the reader by choosing it."""

    name: str
    address: str
    """``soft:FILE``"""


class _Mood(Enum):
    """Whether a card is wanted."""

    RESTING = auto()
    ASKING = auto()
    ASKING_BACK = auto()
    LISTENING = auto()


class CardSlot(Vertical):
    """Asks for the card. Hidden while none is wanted, but not while something is being asked."""

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

    class Lifted(Message):
        """The card that was put last is off its reader."""

    def __init__(
        self, words: Words, tray: Sequence[TrayCard], readers: Readers = WITHOUT_SUPPORT
    ) -> None:
        """``readers`` as they are now; :meth:`show` tells how they are later."""
        super().__init__()
        self._words = words
        self._tray = tuple(tray)
        self._readers = readers
        self._mood = _Mood.RESTING
        self._offered = 0
        """The number of the placement that was posted last."""
        self.card: Placed | None = None
        """The card on a reader that was posted last; None for one of the tray."""

    def compose(self) -> ComposeResult:
        """What there is to say of the readers, and the tray where there is one."""
        yield Static("", id="slot-what", markup=False)
        yield Static("", id="slot-todo", markup=False)
        if self._tray:
            yield Static(self._words("Choose a card to put it on the reader:"), markup=False)
            yield Choices([card.name for card in self._tray])

    def on_mount(self) -> None:
        """Say it."""
        self._paint()

    def want(self, *, again: bool = False, back: bool = False) -> None:
        """Ask for a card.

        ``again``: a person did something since the card that lies there was posted, so it may be
        taken once more. ``back``: it is the card from before that is asked for.
        """
        self._mood = _Mood.ASKING_BACK if back else _Mood.ASKING
        if again:
            self._offered = 0
        self.disabled = False
        self.add_class("wanted")
        self._paint()
        if self._tray:
            self._focus_tray()
            self.call_after_refresh(self._focus_tray)  # one just hidden still loses its focus
        self._offer()

    def listen(self) -> None:
        """Take a card that is put down from now on, without asking for one."""
        self.rest()
        self._mood = _Mood.LISTENING
        self._offered = self._readers.placements

    def hold(self) -> None:
        """No card is wanted while something is asked; what stands there stays."""
        self._mood = _Mood.RESTING
        self.disabled = True  # a tray would take the digits of a PIN, also when it is hidden

    def rest(self) -> None:
        """No card is wanted now."""
        self.hold()
        self.remove_class("wanted")

    @property
    def lies(self) -> bool:
        """Whether the card that was posted last is still there; one of the tray always is."""
        return self.card is None or self._readers.lies_still(self.card)

    def show(self, readers: Readers) -> None:
        """How the readers are now; takes a card that came, if one is wanted."""
        lay, self._readers = self.lies, readers
        if self._mood is not _Mood.RESTING:
            self._paint()
        if lay and not self.lies:
            self.post_message(self.Lifted())
        self._offer()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A card of the tray was chosen."""
        event.stop()
        self.card = None
        self.post_message(self.Put(self._tray[event.option_index].address))

    def _focus_tray(self) -> None:
        if self._mood in (_Mood.ASKING, _Mood.ASKING_BACK):
            self.query_one(Choices).focus()

    def _offer(self) -> None:
        """Post the card that lies there: once, and not to a screen with another one over it."""
        card = self._readers.card
        if self._mood is _Mood.RESTING or card is None or card.nth <= self._offered:
            return
        if self.screen is not self.app.screen:
            return
        self._mood, self._offered, self.card = _Mood.RESTING, card.nth, card
        self.post_message(self.Put(card.address))

    def _paint(self) -> None:
        """The words; a tray on a PC without readers needs none of them."""
        told = self._readers.has_reader or not self._tray
        advice, words = self._advice(), self._words
        for name, text in (("#slot-what", advice.what), ("#slot-todo", advice.todo)):
            for line in self.query(name).results(Static):
                line.display = told
                line.update(words(text))

    def _advice(self) -> "Advice":
        from tui.wording.sights import ON_AGAIN, PUT_BACK, SIGHTS

        readers = self._readers
        if readers.card is not None and readers.card.nth <= self._offered:
            return ON_AGAIN
        if self._mood is _Mood.ASKING_BACK and readers.sight in (Sight.EMPTY, Sight.CARD):
            return PUT_BACK
        return SIGHTS[readers.sight]
