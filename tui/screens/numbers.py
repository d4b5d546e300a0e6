"""Service numbers: who somebody is to this organisation, by one touch of the card.

A library's user number, a shopping street's member number. Looking needs no PIN; linking a number,
another one in its place, or taking it back is signed by the card.
"""

from enum import Enum, auto
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from node.outcome import NumberLook, Refused
from sync.errors import Malformed
from sync.services import service_number
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot
from tui.widgets.figures import BigNumber
from tui.widgets.line import Line
from tui.widgets.pin import PinEntry
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text


class Step(Enum):
    """Where one is with a card."""

    CARD = auto()
    NUMBER = auto()
    PIN = auto()
    WAITING = auto()


class Numbers(CounterScreen):
    """Card after card. ``card`` is one that lies there already, from another screen."""

    HEADING = N_("Service numbers")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "unlink", N_("Take the number back"), key_display="F12")
    ]
    DEFAULT_CSS = """
    Numbers Horizontal { height: 1; }
    Numbers .label { width: auto; padding: 0 1; text-style: bold; }
    Numbers BigNumber { margin: 1 2; }
    Numbers #number { width: 24; }
    Numbers #will { height: auto; padding: 0 1; margin: 1 0; text-style: bold; }
    Numbers Answer { margin-top: 1; }
    """

    def __init__(self, card: str = "") -> None:
        """Nothing known of it yet."""
        super().__init__()
        self.step = Step.CARD
        self._card = card
        self._tries, self._pad = 0, False
        self._linked = ""
        """The number that the card's holder has here."""
        self._wanted = ""
        """What it shall be under the PIN; empty takes it back."""

    def body(self) -> ComposeResult:
        """Card, the number large, a field for another one, PIN."""
        words = self.desk.words
        yield self.slot()
        yield BigNumber()
        with Horizontal(id="written"):
            yield Static(words("Number"), classes="label")
            yield Line(name="number", keeps=True)
        yield Static("", id="will", markup=False)
        with Horizontal(id="secret"):
            yield Static(words("PIN (the customer types 4 digits)"), classes="label")
            yield PinEntry()
        yield Answer()

    def on_mount(self) -> None:
        """The card first, unless it lies there already."""
        super().on_mount()
        if self._card:
            self.query_one(CardSlot).listen()  # what lies there is this card
            self._look_at(self._card)
        else:
            self._fresh()

    def _enter(self, step: Step) -> None:
        self.step = step
        self.query_one("#written").display = step in (Step.NUMBER, Step.PIN)
        self.query_one("#number").disabled = step is not Step.NUMBER
        self.query_one("#will").display = self.query_one("#secret").display = step is Step.PIN
        self.query_one(PinEntry).clear()
        slot = self.query_one(CardSlot)
        if step is Step.CARD:
            slot.want()
        elif step is Step.NUMBER:
            slot.listen()  # the next person need not wait for a key
        else:
            slot.rest()
        self.refresh_bindings()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """A number can be taken back where there is one; elsewhere its key is not shown."""
        return action != "unlink" or (self.step is Step.NUMBER and bool(self._linked))

    def _fresh(self) -> None:
        self._card, self._linked, self._wanted = "", "", ""
        self.query_one("#number", Line).value = ""
        self.query_one(BigNumber).number = ""
        self._enter(Step.CARD)

    # -- the card

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader; half a number in the field is not thrown away for it."""
        if self.step is Step.CARD or (
            self.step is Step.NUMBER and not self.query_one("#number", Line).value
        ):
            self._look_at(event.address)

    def _look_at(self, card: str) -> None:
        self._card = card
        self._enter(Step.WAITING)
        self.query_one(BigNumber).number = ""
        self.answer.note(self.desk.words("Reading the card. One moment, please."))
        self.ask(partial(self.counter.number_of, card), self._looked)

    def _looked(self, found: NumberLook | Refused) -> None:
        if isinstance(found, Refused):
            self._fresh()
            self.show_refusal(found)
            return
        if not found.registered:
            self._fresh()
            self.desk.advise_reason(self.answer, "card-unknown")
            return
        self._tries, self._pad = found.tries_left or 0, found.pad
        self._linked = found.number
        self.query_one(BigNumber).number = found.number
        self._write()
        words, place = self.desk.words, self._place
        if found.number:
            self.answer.note(
                words("Number at {place}: {number}", place=place, number=found.number)
                + "\n"
                + words("Another number and Enter takes its place. F12: take it back.")
            )
        else:
            self.answer.note(
                words("Not registered at {place}.", place=place)
                + "\n"
                + words("To link a number: type it, then Enter. Next person: next card.")
            )

    @property
    def _place(self) -> str:
        """Whose numbers these are."""
        status = self.desk.status
        return "" if status is None else status.organisation_name

    # -- another number

    def _write(self) -> None:
        """The field is open."""
        self._enter(Step.NUMBER)
        self.query_one("#number", Line).focus()

    @on(Line.Entered, "#number")
    def written(self, event: Line.Entered) -> None:
        """A number, or nothing."""
        if not event.text:
            return
        try:
            self._wanted = service_number(event.text)
        except Malformed:
            self.answer.note(
                self.desk.words("A number has 1 to 20 letters, digits or signs, and no spaces.")
            )
            return
        self._to_pin()

    def action_unlink(self) -> None:
        """Take it back, under the PIN."""
        self._wanted = ""
        self.query_one("#number", Line).value = ""
        self._to_pin()

    def _to_pin(self, *, again: bool = False) -> None:
        if not self._tries:
            self.desk.advise_reason(self.answer, "pin-locked")
            return
        words, place = self.desk.words, self._place
        self._enter(Step.PIN)
        self.query_one("#will", Static).update(
            words("With the PIN: {number} at {place}.", number=self._wanted, place=place)
            if self._wanted
            else words("With the PIN: the number at {place} is taken back.", place=place)
        )
        self.before_pin(self._tries, pad=self._pad, again=again)
        self.query_one(PinEntry).focus()

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The PIN signs the change."""
        self._enter(Step.WAITING)
        self.working(event.pin, N_("Please leave the card on the reader."))
        change = partial(self.counter.set_number, self._card, event.pin, self._wanted)
        self.ask(change, self._changed, money=True)

    def _changed(self, done: NumberLook | Refused) -> None:
        if isinstance(done, Refused):
            if self.asks_pin_again(done):
                self._tries = done.tries_left or self._tries
                self._to_pin(again=True)
            elif done.reason == "number-taken":
                self._write()
            else:
                self._fresh()
            self.show_refusal(done)
            return
        words, place = self.desk.words, self._place
        self._fresh()
        self.query_one(BigNumber).number = done.number
        if done.number:
            said = words("Number at {place}: {number}", place=place, number=done.number)
            more = words("From now on the card is enough.")
        else:
            said, more = words("The number at {place} was taken back.", place=place), ""
        self.answer.say("good", words, said, more)

    def show_trouble(self, trouble: Trouble) -> None:
        """Begin again with the card."""
        self._fresh()
        super().show_trouble(trouble)

    def step_back(self) -> bool:
        """Back to the card; nothing was changed."""
        if self.step is Step.CARD:
            return False
        self.forget()
        self._fresh()
        self.answer.blank()
        return True
