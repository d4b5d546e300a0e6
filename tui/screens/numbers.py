"""Service numbers: who somebody is to this organisation, by one touch of the card.

A library's user number, a shopping street's member number. Looking needs no PIN; linking a number,
another one in its place, or taking it back is signed by the card.
"""

from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from node.outcome import NumberLook, Refused
from sync.errors import Malformed
from sync.services import service_number
from tui.screens.card import CardScreen, Scene
from tui.widgets.answer import Answer
from tui.widgets.figures import BigNumber
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text


class Step(Enum):
    """Where one is with a card."""

    CARD = Scene(card="asked")
    NUMBER = Scene(card="heard", uses=("#written",))  # the next person need not wait for a key
    PIN = Scene(sees=("#written", "#will"), pin=True)
    WAITING = Scene(waits=True)


class Numbers(CardScreen):
    """Card after card. ``card`` is one that lies there already, from another screen."""

    FIRST, WAITING = Step.CARD, Step.WAITING
    HEADING = N_("Service numbers")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "unlink", N_("Take the number back"), key_display="F12")
    ]
    DEFAULT_CSS = """
    Numbers BigNumber { margin: 1 2; }
    Numbers #number { width: 24; }
    Numbers #will { height: auto; padding: 0 1; margin: 1 0; text-style: bold; }
    Numbers Answer { margin-top: 1; }
    """

    def __init__(self, card: str = "") -> None:
        """Nothing known of it yet."""
        super().__init__()
        self.card = card
        self._linked = ""
        """The number that the card's holder has here."""
        self._wanted = ""
        """What it shall be under the PIN; empty takes it back."""

    def body(self) -> ComposeResult:
        """Card, the number large, a field for another one, PIN."""
        words = self.desk.words
        yield self.slot()
        yield BigNumber()
        yield self.row(words("Number"), Line(name="number", keeps=True), name="written")
        yield Static("", id="will", markup=False)
        yield self.secret()
        yield Answer()

    def begin(self) -> None:
        """The card first, unless it lies there already."""
        if self.card:
            self.enter(Step.NUMBER)  # what lies there is this card, and is not asked for
            self._look_at(self.card)
        else:
            self.fresh()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """A number can be taken back where there is one; elsewhere its key is not shown."""
        return action != "unlink" or (self.step is Step.NUMBER and bool(self._linked))

    def fresh(self) -> None:
        """The next card."""
        self.card, self._linked, self._wanted = "", "", ""
        self.query_one("#number", Line).value = ""
        self.query_one(BigNumber).number = ""
        self.enter(Step.CARD)

    # -- the card

    def laid(self, card: str) -> None:
        """Half a number in the field is not thrown away for the next card."""
        if not self.query_one("#number", Line).value:
            self._look_at(card)

    def _look_at(self, card: str) -> None:
        self.card = card
        self.query_one(BigNumber).number = ""
        self.read(partial(self.counter.number_of, card), self._looked)

    def _looked(self, found: NumberLook | Refused) -> None:
        if isinstance(found, Refused):
            self.turn_away(found)
            return
        if not found.registered:
            self.turn_away("card-unknown")
            return
        self.know(found)
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
        self.enter(Step.NUMBER)
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
        self._ask_pin()

    def action_unlink(self) -> None:
        """Take it back, under the PIN."""
        self._wanted = ""
        self.query_one("#number", Line).value = ""
        self._ask_pin()

    def _ask_pin(self) -> None:
        if self.is_locked():
            return
        words, place = self.desk.words, self._place
        self.query_one("#will", Static).update(
            words("The PIN links {number} at {place}.", number=self._wanted, place=place)
            if self._wanted
            else words("The PIN takes back the number at {place}.", place=place)
        )
        self.to_pin(Step.PIN)

    def sign(self, pin: bytearray) -> None:
        """The number, or that it is taken back."""
        self.working(pin, N_("Please leave the card on the reader."))
        change = partial(self.counter.set_number, self.card, pin, self._wanted, shown=self.key)
        self.ask(change, self._changed, money=True)

    def _changed(self, done: NumberLook | Refused) -> None:
        if isinstance(done, Refused):
            self._not_changed(done)
            return
        words, place = self.desk.words, self._place
        self.fresh()
        self.query_one(BigNumber).number = done.number
        if done.number:
            said = words("Number at {place}: {number}", place=place, number=done.number)
            more = words("From now on the card is enough.")
        else:
            said, more = words("The number at {place} was taken back.", place=place), ""
        self.answer.say("good", words, said, more)

    def _not_changed(self, why: Refused) -> None:
        if self.wrong_pin(why):
            return
        if why.reason == "number-taken":
            self._write()
            self.show_refusal(why)
        else:
            self.turn_away(why)
