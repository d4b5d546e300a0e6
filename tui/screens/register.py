"""Register a resident, step by step as the platform's own form does, services last.

The ID is found before the PIN: one candidate at a time, each told at once whether it is somebody's,
and after three the one that the centre makes stands in the field. So the card signs once. A card
that has its ID already is told before anybody is asked anything.
"""

from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from node.outcome import ChosenId, NumberLook, Refused, RegisteredCard
from sync.choosing import MOST_WISHES
from sync.errors import Malformed
from sync.values import half_width, mykey_id
from tui.screens.card import CardScreen, Scene
from tui.screens.numbers import Numbers
from tui.widgets.answer import Answer
from tui.widgets.choices import Choices
from tui.widgets.line import Line
from tui.widgets.steps import Steps
from tui.wording import Words, in_fours
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

_STEPS = (N_("card"), N_("consent"), N_("MyKey ID"), N_("PIN"), N_("services"))
_EARLIER = (
    N_("No: this is the resident's first"),
    N_("Yes: with an earlier card, or before the card was renewed"),
)
_CONSENT = (
    N_("The resident agrees: use the ID for the points too"),
    N_("The resident wants the ID only, without points"),
)
_KNOWN = (
    N_("Link this organisation's own number"),
    N_("See or change the MyKey ID, or use it for points too"),
    N_("Nothing more: the next resident"),
)
_ASKS = ("#choice",)
_SERVICES = (N_("Link this organisation's own number"), N_("Later: the next resident"))
_NONE = ChosenId(mykey_id="", generated=False, taken=())
"""No ID yet."""
_LENGTH = 8
_SHOWN = 16
"""Characters of what was typed that are said again; a scanned ticket has hundreds."""


class Step(Enum):
    """Where the registration is."""

    CARD = Scene(place=1, card="asked")
    KNOWN = Scene(uses=_ASKS)
    """The card has its ID already."""
    EARLIER = Scene(uses=_ASKS)  # noqa: PIE796  no two scenes are equal
    """Whether the resident has an ID by another card."""
    CONSENT = Scene(place=2, uses=_ASKS)
    WISH = Scene(place=3, uses=("#wished",))
    PIN = Scene(place=4, sees=("#wished",), pin=True)
    SERVICES = Scene(place=5, uses=_ASKS, card="heard")  # the next resident need not wait for a key
    WAITING = Scene(waits=True)


_CHOICES = {
    Step.KNOWN: _KNOWN,
    Step.EARLIER: _EARLIER,
    Step.CONSENT: _CONSENT,
    Step.SERVICES: _SERVICES,
}
"""What there is to choose from."""


class Register(CardScreen):
    """One resident after the other."""

    FIRST, WAITING = Step.CARD, Step.WAITING
    GIVEN_UP = N_("Given up. Nothing was registered.")
    HEADING = N_("Register a resident")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "make", N_("Make an ID"), key_display="F12")
    ]
    DEFAULT_CSS = """
    Register #wish { width: 14; }
    Register #secret { margin-top: 1; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self._consent = False
        self._taken: tuple[str, ...] = ()
        self._chosen = _NONE

    def body(self) -> ComposeResult:
        """The steps, one at a time."""
        words = self.desk.words
        yield Steps([words(label) for label in _STEPS])
        yield self.slot()
        yield Choices(name="choice")
        yield self.row(words("MyKey ID"), Line(name="wish", keeps=True), name="wished")
        yield self.secret()
        yield Answer()

    def _choose_at(self, step: Step, note: str = "") -> None:
        words = self.desk.words
        self.choose(step, "#choice", [words(row) for row in _CHOICES[step]], note)

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """An ID is made where one can be typed; elsewhere its key is not shown."""
        return action != "make" or self.step is Step.WISH

    def fresh(self) -> None:
        """The next resident."""
        self._forget_for("")
        self.enter(Step.CARD)

    def _forget_for(self, card: str) -> None:
        """Nothing is kept of the resident before; ``card`` is the next one's."""
        self.card, self._taken, self._chosen = card, (), _NONE
        self.query_one("#wish", Line).value = ""

    # -- 1 card, 2 consent

    def laid(self, card: str) -> None:
        """The resident's card, or already the next one's."""
        self._forget_for(card)
        self.read(partial(self.counter.number_of, card), self._looked)

    def _looked(self, look: NumberLook | Refused) -> None:
        """A card that cannot be registered now is told before anybody is asked anything."""
        if isinstance(look, Refused):
            self.turn_away(look)
            return
        self.know(look)
        words = self.desk.words
        if not self.tries:
            self.turn_away("pin-locked")
        elif look.registered:
            known = words("This card has its MyKey ID already. It stays the same.")
            self._choose_at(Step.KNOWN, known)
        else:
            self._choose_at(Step.EARLIER, words("Ask the resident: is there a MyKey ID already?"))

    @on(OptionList.OptionSelected, "#choice")
    def answered(self, event: OptionList.OptionSelected) -> None:
        """A row of the list that is shown now."""
        place = event.option_index
        if self.step is Step.EARLIER:
            if place == 0:
                self._first()
            else:
                self.desk.action_go("join")
        elif self.step is Step.CONSENT:
            self._agreed(points=place == 0)
        elif self.step is Step.KNOWN and place == 1:
            self.desk.action_go("mykey")
        elif place == 0:
            card = self.card
            self.fresh()
            self.answer.blank()
            self.desk.push_screen(Numbers(card))
        else:
            self.fresh()
            self.answer.blank()

    def _first(self) -> None:
        """Nobody gets a second ID: an earlier card's is joined to this card instead."""
        words = self.desk.words
        ask = words("Ask the resident. Type the number or choose and press Enter.")
        self._choose_at(Step.CONSENT, ask)

    def _agreed(self, *, points: bool) -> None:
        """What the resident said; it is recorded with the registration."""
        self._consent = points
        words = self.desk.words
        self._wish_again(
            words("Type what the resident would like: 8 capital letters and digits. Then Enter."),
            words("F12 or only Enter: the centre makes one."),
        )

    # -- 3 the MyKey ID

    def _wish_again(self, *lines: str) -> None:
        """The field is open."""
        self.enter(Step.WISH)
        self.answer.note("\n".join(lines))
        field = self.query_one("#wish", Line)
        field.focus()
        field.action_end()

    @on(Line.Entered, "#wish")
    def wished(self, event: Line.Entered) -> None:
        """A candidate as the person wrote it: full-width letters are not made half-width."""
        typed = event.control.value.strip()
        if typed and typed == self._chosen.mykey_id:
            self.to_pin(Step.PIN)
            return
        if not typed:
            self.action_make()
            return
        wrong = wrong_with(typed, self.desk.words)
        if wrong:
            self.answer.note(wrong)
            return
        self._choose((*self._taken, typed))

    def action_make(self) -> None:
        """One that the centre makes, at once."""
        if self.step is Step.WISH:
            self._choose(())

    def _choose(self, wishes: tuple[str, ...]) -> None:
        self.wait(N_("Asking the centre. One moment, please."))
        self.ask(partial(self.counter.choose_id, wishes), self._told)

    def _told(self, found: ChosenId | Refused) -> None:
        words, field = self.desk.words, self.query_one("#wish", Line)
        if isinstance(found, Refused):
            self._wish_again()
            self.show_refusal(found)
            return
        self._chosen = found
        if not found.mykey_id:
            self._taken = found.taken
            wish, left = field.value.strip(), MOST_WISHES - len(found.taken)
            field.value = ""
            self._wish_again(
                words("{wish} is somebody's already. Please type another one.", wish=wish),
                words.many(
                    "{count} more try, then the centre makes one.",
                    "{count} more tries, then the centre makes one.",
                    left,
                ),
            )
            return
        self._taken = ()
        if not found.generated:
            self.to_pin(Step.PIN)
            return
        field.value = found.mykey_id
        made = words("The centre has made this one. Enter: take it. Or type another one.")
        if found.taken:
            self._wish_again(words("All three are somebody's already."), made)
        else:
            self._wish_again(made)

    # -- 4 the PIN

    def sign(self, pin: bytearray) -> None:
        """The registration."""
        self.working(pin, N_("Registering. Please leave the card on the reader."))
        self.ask(
            partial(
                self.counter.register,
                self.card,
                pin,
                self._chosen,
                consent=self._consent,
                shown=self.key,
            ),
            self._registered,
            money=True,
        )

    def _registered(self, card: RegisteredCard | Refused) -> None:
        if isinstance(card, Refused):
            self._not_registered(card)
            return
        words = self.desk.words
        self._choose_at(Step.SERVICES)
        if card.known_before:
            kind = words("This card was registered before; the ID stays the same.")
        elif card.generated:
            kind = words("The ID was made by the centre.")
        else:
            kind = words("The ID is the one that was wished.")
        self.answer.say(
            "good",
            words,
            words("MyKey ID: {mykey_id}", mykey_id=in_fours(card.mykey_id)),
            kind,
            words("Please have the resident write it down."),
            words("One more thing, now or later: this organisation's own number."),
        )

    def _not_registered(self, why: Refused) -> None:
        """Back to where it can be put right: the PIN, the ID, or the card."""
        if self.wrong_pin(why):
            return
        if why.reason == "mykey-id-taken":
            self._chosen = _NONE
            self.query_one("#wish", Line).value = ""
            self._wish_again()
        else:
            self.fresh()
        self.show_refusal(why)

    def step_back(self) -> bool:
        """Back to the card; after a registration nothing is given up."""
        done = self.step in (Step.SERVICES, Step.KNOWN)
        went_back = super().step_back()
        if done:
            self.answer.blank()
        return went_back


def wrong_with(typed: str, words: Words) -> str:
    """Why this can be no MyKey ID; empty where it can."""
    try:
        mykey_id(typed)
    except Malformed:
        rule = words("A MyKey ID has exactly 8 half-width characters: capital letters, digits.")
        return f"{_what_is_wrong(typed, words)}\n{rule}"
    return ""


def _what_is_wrong(typed: str, words: Words) -> str:
    shown = typed if len(typed) <= _SHOWN else f"{typed[:_SHOWN]}..."
    if typed != half_width(typed):
        return words("{typed}: these are full-width characters.", typed=shown)
    if len(typed) != _LENGTH:
        return words("{typed}: this has {count} characters.", typed=shown, count=len(typed))
    if typed != typed.upper():
        return words("{typed}: these are small letters.", typed=shown)
    return words("{typed}: only A to Z and 0 to 9 can be used.", typed=shown)
