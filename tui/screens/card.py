"""A screen that asks for a card and its PIN: what stands there at each step, and what may go wrong.

A screen of this kind names its steps, what stands there at each (:class:`Scene`), and what the PIN
signs. Rules kept here, for all of them:

1. What is hidden is disabled too: a hidden list would still hear the digits of a PIN.
2. While something is asked nothing is hidden, only disabled: what is hidden for a moment loses the
   focus that it gets back, because Textual tells it late that it was hidden.
3. A PIN that nobody asks for any more is overwritten. No PIN is asked for on the reader's keys a
   second time by itself.
4. Whatever cannot go on begins anew with a card, and says why.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Literal, Protocol, TypeVar

from textual import on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from node.card.pin import OnPad, wipe
from node.outcome import Refused, TownStanding
from sync.values import KeyDigest
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.cardslot import CardSlot
from tui.widgets.choices import Choices
from tui.widgets.pin import PinEntry
from tui.widgets.steps import Steps
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

T = TypeVar("T")
READING = N_("Reading the card. One moment, please.")
LAST_TRY = N_("Careful: this is the last try before the PIN is locked.")
_SECRET = "#secret"  # noqa: S105  the name of a row on the screen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What stands on the screen at a step, its parts by their selectors. No two are equal."""

    card: Literal["", "asked", "heard"] = ""
    """``asked``: for a card. ``heard``: the next one is taken, without asking for it."""
    uses: tuple[str, ...] = ()
    """Parts for keys."""
    sees: tuple[str, ...] = ()
    """Parts that only stand there."""
    pin: bool = False
    """The PIN is asked for."""
    waits: bool = False
    """Something is asked: all stays as it stood, and takes no keys."""
    place: int = 0
    """The number of the step on the line of steps; 0 leaves it as it is."""


class Read(Protocol):
    """What every look at a card tells of it."""

    @property
    def card(self) -> KeyDigest:
        """The card's key."""
        ...

    @property
    def tries_left(self) -> int | None:
        """Tries before the PIN is locked."""
        ...

    @property
    def pad(self) -> bool:
        """Whether the PIN is typed on the reader's keys."""
        ...


class CardScreen(CounterScreen):
    """One card after the other. Values of the steps are :class:`Scene`."""

    FIRST: ClassVar[Enum]
    """The step to begin with; Escape leaves the screen there."""
    WAITING: ClassVar[Enum]
    """The step while something is asked."""
    GIVEN_UP: ClassVar[str] = ""
    """What Escape says, at any other step."""
    DEFAULT_CSS = """
    CardScreen Horizontal { height: 1; }
    CardScreen .label { width: auto; padding: 0 1; text-style: bold; }
    """

    step: Enum

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self.step = self.FIRST
        self.card = ""
        """The address of the card that was put down last."""
        self.key = KeyDigest(b"")
        """The key of the card that was read last: no other one is given its PIN."""
        self.tries, self.pad = 0, False
        """Tries of its PIN, and whether the reader has keys for it."""
        self._pin_step = self.FIRST

    # -- what a screen says of itself

    @abstractmethod
    def fresh(self) -> None:
        """Begin anew: forget the card and enter the first step."""

    @abstractmethod
    def laid(self, card: str) -> None:
        """A card lies there, at a step that asks for one or hears of the next; its address."""

    @abstractmethod
    def sign(self, pin: bytearray) -> None:
        """The PIN was typed: do what was said it is for. Whoever is asked overwrites it."""

    def card_left(self) -> None:
        """The card left before its PIN was typed."""

    # -- its parts

    def row(self, label: str, field: Widget, *, name: str = "") -> Horizontal:
        """A field with its label, which is in the person's language; ``name`` becomes the id."""
        return Horizontal(Static(label, classes="label", markup=False), field, id=name or None)

    def secret(self) -> Horizontal:
        """The row for the PIN."""
        label = self.desk.words("PIN (the customer types 4 digits)")
        return self.row(label, PinEntry(), name=_SECRET[1:])

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.begin()

    def begin(self) -> None:
        """The screen was opened."""
        self.fresh()

    # -- steps

    def enter(self, step: Enum, *, again: bool = False, back: bool = False) -> None:
        """Show a step. ``again``, ``back``: see :meth:`CardSlot.want`."""
        self.step = step
        scene: Scene = step.value
        used = (*scene.uses, _SECRET) if scene.pin else scene.uses
        for name in _parts(type(step)):
            part = self.query_one(name)
            part.disabled = name not in used
            if not scene.waits:
                part.display = name in used or name in scene.sees
        self.query_one(PinEntry).clear()
        self._enter_slot(scene, again=again, back=back)
        if scene.place:
            self.query_one(Steps).go(scene.place)
        self.refresh_bindings()

    def _enter_slot(self, scene: Scene, *, again: bool, back: bool) -> None:
        slot = self.query_one(CardSlot)
        if scene.waits:
            slot.hold()
        elif scene.card == "asked":
            slot.want(again=again, back=back)
        elif scene.card == "heard":
            slot.listen()
        else:
            slot.rest()

    def choose(self, step: Enum, part: str, rows: Sequence[str], note: str) -> None:
        """Let somebody choose one of the rows; ``note`` is in the person's language."""
        self.enter(step)
        self.answer.note(note)
        choices = self.query_one(part, Choices)
        choices.show(rows)
        choices.focus()

    def choose_town(self, step: Enum, towns: Sequence[TownStanding]) -> None:
        """Let somebody choose one of the card's towns."""
        words = self.desk.words
        rows = [f"{t.point_name}  {words.points(t.available, at_least=t.at_cap)}" for t in towns]
        which = words("Which points? Type the number or choose and press Enter.")
        self.choose(step, "#towns", rows, which)

    def wait(self, text: str) -> None:
        """Say what is being asked."""
        self.enter(self.WAITING)
        self.answer.note(self.desk.words(text))

    def read(self, question: Callable[[], T], show: Callable[[T], None]) -> None:
        """Ask the card something that needs no PIN."""
        self.wait(READING)
        self.ask(question, show)

    def turn_away(self, why: Refused | str) -> None:
        """Say why it does not go on, and begin anew; ``why`` may be a reason found here."""
        self.fresh()
        if isinstance(why, Refused):
            self.show_refusal(why)
        else:
            self.desk.advise_reason(self.answer, why)

    # -- the card and its PIN

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader."""
        if self.step.value.card:
            self.laid(event.address)

    @on(CardSlot.Lifted)
    def lifted(self) -> None:
        """The card is off the reader."""
        if self.step.value.pin:
            self.card_left()

    def know(self, read: Read) -> None:
        """Keep which card it is, and what was read of its PIN."""
        self.key = read.card
        self.tries, self.pad = read.tries_left or 0, read.pad

    def to_pin(self, step: Enum, *, again: bool = False, note: str = "") -> None:
        """Ask for the PIN, with a ``note`` or without, and warn before the last try.

        On the reader's keys the person types at once the first time; ``again``, and before the
        last try, somebody presses Enter first: no PIN is asked for by itself.
        """
        self._pin_step = step
        self.enter(step)
        words, entry = self.desk.words, self.query_one(PinEntry)
        if self.pad:
            entry.type_on_pad(words("on the card reader's keys"))
        else:
            entry.type_here()
        last = self.tries == 1
        told = [line for line in (note, words(LAST_TRY) if last else "") if line]
        if self.pad and (again or last):
            told.append(words("Press Enter, then type it on the card reader's keys."))
        elif self.pad:
            entry.begin_on_pad()
        self.answer.note("\n".join(told))
        entry.focus()

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The PIN; one that comes when nobody asks for it is given to nobody."""
        if self.step.value.pin:
            self.sign(event.pin)
        else:
            wipe(event.pin)

    def working(self, pin: bytearray, text: str) -> None:
        """Say ``text`` while the card works; with a PIN on the reader's keys, to type it there."""
        on_pad = N_("Type the PIN on the card reader's keys now. Cancel there gives up.")
        self.wait(on_pad if isinstance(pin, OnPad) else text)

    def wrong_pin(self, refused: Refused) -> bool:
        """Whether only the PIN was wrong, or none was given; then it is asked for once more."""
        if refused.reason not in ("wrong-pin", "bad-pin", "pin-not-entered"):
            return False
        self.tries = refused.tries_left or self.tries
        self.to_pin(self._pin_step, again=True)
        self.show_refusal(refused)
        return True

    def is_locked(self) -> bool:
        """Whether the card's PIN is locked; says so before anybody fills in a form."""
        if self.tries:
            return False
        self.desk.advise_reason(self.answer, "pin-locked")
        return True

    # -- trouble, and back

    def show_trouble(self, trouble: Trouble) -> None:
        """Go to where one can go on, and say what went wrong."""
        self.after_trouble(trouble)
        super().show_trouble(trouble)

    def after_trouble(self, trouble: Trouble) -> None:  # noqa: ARG002  for screens that look at it
        """Begin anew."""
        self.fresh()

    def step_back(self) -> bool:
        """Back to the first step; nothing was done."""
        if self.step is self.FIRST and not self.card:
            return False
        self.forget()
        self.fresh()
        self.answer.note(self.GIVEN_UP and self.desk.words(self.GIVEN_UP))
        return True


def _parts(steps: type[Enum]) -> tuple[str, ...]:
    """Every part that a screen shows or uses at one step and not at another, each once."""
    scenes: list[Scene] = [step.value for step in steps]
    named = (part for scene in scenes for part in (*scene.uses, *scene.sees))
    return tuple(dict.fromkeys((*named, _SECRET)))
