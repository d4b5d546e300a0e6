"""Register a resident, step by step as the platform's own form does, services last.

The ID is found before the PIN: one candidate at a time, each told at once whether it is somebody's,
and after three the one that the centre makes stands in the field. So the card signs once. A card
that has its ID already is told before anybody is asked anything.
"""

from enum import Enum, auto
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from node.outcome import ChosenId, NumberLook, Refused, RegisteredCard
from sync.choosing import MOST_WISHES
from sync.errors import Malformed
from sync.values import half_width, mykey_id
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.screens.numbers import Numbers
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot, Choices
from tui.widgets.line import Line
from tui.widgets.pin import PinEntry
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
_SERVICES = (N_("Link this organisation's own number"), N_("Later: the next resident"))
_NONE = ChosenId(mykey_id="", generated=False, taken=())
"""No ID yet."""
_LENGTH = 8
_SHOWN = 16
"""Characters of what was typed that are said again; a scanned ticket has hundreds."""


class Step(Enum):
    """Where the registration is."""

    CARD = auto()
    KNOWN = auto()
    """The card has its ID already."""
    EARLIER = auto()
    """Whether the resident has an ID by another card."""
    CONSENT = auto()
    WISH = auto()
    PIN = auto()
    SERVICES = auto()
    WAITING = auto()


_PLACE = {Step.CARD: 1, Step.CONSENT: 2, Step.WISH: 3, Step.PIN: 4, Step.SERVICES: 5}
"""The number of a step on the line; while somebody waits it stays as it is."""
_CHOICES = {
    Step.KNOWN: _KNOWN,
    Step.EARLIER: _EARLIER,
    Step.CONSENT: _CONSENT,
    Step.SERVICES: _SERVICES,
}
"""What there is to choose from."""


class Register(CounterScreen):
    """One resident after the other."""

    HEADING = N_("Register a resident")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "make", N_("Make an ID"), key_display="F12")
    ]
    DEFAULT_CSS = """
    Register Horizontal { height: 1; }
    Register .label { width: auto; padding: 0 1; text-style: bold; }
    Register #wish { width: 14; }
    Register #secret { margin-top: 1; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self.step = Step.CARD
        self._card, self._tries, self._pad = "", 0, False
        self._consent = False
        self._taken: tuple[str, ...] = ()
        self._chosen = _NONE

    def body(self) -> ComposeResult:
        """The steps, one at a time."""
        words = self.desk.words
        yield Steps([words(label) for label in _STEPS])
        yield self.slot()
        yield Choices(name="choice")
        with Horizontal(id="wished"):
            yield Static(words("MyKey ID"), classes="label")
            yield Line(name="wish", keeps=True)
        with Horizontal(id="secret"):
            yield Static(words("PIN (the customer types 4 digits)"), classes="label")
            yield PinEntry()
        yield Answer()

    def on_mount(self) -> None:
        """The card first."""
        super().on_mount()
        self._fresh()

    def _enter(self, step: Step) -> None:
        self.step = step
        if step in _PLACE:
            self.query_one(Steps).go(_PLACE[step])
        choices = self.query_one("#choice", Choices)
        choices.display = step in _CHOICES
        choices.disabled = step not in _CHOICES  # hidden, it would still hear a PIN's digits
        self.query_one("#wished").display = step in (Step.WISH, Step.PIN)
        self.query_one("#wish").disabled = step is not Step.WISH
        self.query_one("#secret").display = step is Step.PIN
        self.query_one(PinEntry).clear()
        slot = self.query_one(CardSlot)
        if step is Step.CARD:
            slot.want()
        elif step is Step.SERVICES:
            slot.listen()  # the next resident need not wait for a key
        else:
            slot.rest()
        self.refresh_bindings()
        if step in _CHOICES:
            choices.show([self.desk.words(row) for row in _CHOICES[step]])
            choices.focus()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """An ID is made where one can be typed; elsewhere its key is not shown."""
        return action != "make" or self.step is Step.WISH

    def _fresh(self) -> None:
        self._card, self._taken, self._chosen = "", (), _NONE
        self.query_one("#wish", Line).value = ""
        self._enter(Step.CARD)

    # -- 1 card, 2 consent

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader."""
        if self.step not in (Step.CARD, Step.SERVICES):
            return
        self._fresh()
        self._card = event.address
        self._enter(Step.WAITING)
        self.answer.note(self.desk.words("Reading the card. One moment, please."))
        self.ask(partial(self.counter.number_of, event.address), self._looked)

    def _looked(self, look: NumberLook | Refused) -> None:
        """A card that cannot be registered now is told before anybody is asked anything."""
        if isinstance(look, Refused):
            self._fresh()
            self.show_refusal(look)
            return
        self._tries, self._pad = look.tries_left or 0, look.pad
        if not self._tries:
            self._fresh()
            self.desk.advise_reason(self.answer, "pin-locked")
            return
        words = self.desk.words
        if look.registered:
            self._enter(Step.KNOWN)
            self.answer.note(words("This card has its MyKey ID already. It stays the same."))
            return
        self._enter(Step.EARLIER)
        self.answer.note(words("Ask the resident: is there a MyKey ID already?"))

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
            card = self._card
            self._fresh()
            self.answer.blank()
            self.desk.push_screen(Numbers(card))
        else:
            self._fresh()
            self.answer.blank()

    def _first(self) -> None:
        """Nobody gets a second ID: an earlier card's is joined to this card instead."""
        self._enter(Step.CONSENT)
        words = self.desk.words
        self.answer.note(words("Ask the resident. Type the number or choose and press Enter."))

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
        self._enter(Step.WISH)
        self.answer.note("\n".join(lines))
        field = self.query_one("#wish", Line)
        field.focus()
        field.action_end()

    @on(Line.Entered, "#wish")
    def wished(self, event: Line.Entered) -> None:
        """A candidate as the person wrote it: full-width letters are not made half-width."""
        typed = event.control.value.strip()
        if typed and typed == self._chosen.mykey_id:
            self._to_pin()
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
        self._enter(Step.WAITING)
        self.answer.note(self.desk.words("Asking the centre. One moment, please."))
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
            self._to_pin()
            return
        field.value = found.mykey_id
        made = words("The centre has made this one. Enter: take it. Or type another one.")
        if found.taken:
            self._wish_again(words("All three are somebody's already."), made)
        else:
            self._wish_again(made)

    # -- 4 the PIN

    def _to_pin(self, *, again: bool = False) -> None:
        self._enter(Step.PIN)
        self.before_pin(self._tries, pad=self._pad, again=again)
        self.query_one(PinEntry).focus()

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The PIN signs the registration."""
        self._enter(Step.WAITING)
        self.working(event.pin, N_("Registering. Please leave the card on the reader."))
        self.ask(
            partial(
                self.counter.register, self._card, event.pin, self._chosen, consent=self._consent
            ),
            self._registered,
            money=True,
        )

    def _registered(self, card: RegisteredCard | Refused) -> None:
        if isinstance(card, Refused):
            self._not_registered(card)
            return
        words = self.desk.words
        self._enter(Step.SERVICES)
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
        if self.asks_pin_again(why):
            self._tries = why.tries_left or self._tries
            self._to_pin(again=True)
        elif why.reason == "mykey-id-taken":
            self._chosen = _NONE
            self.query_one("#wish", Line).value = ""
            self._wish_again()
        else:
            self._fresh()
        self.show_refusal(why)

    def show_trouble(self, trouble: Trouble) -> None:
        """Begin again with the card."""
        self._fresh()
        super().show_trouble(trouble)

    def step_back(self) -> bool:
        """Back to the card; nothing was registered."""
        if self.step is Step.CARD:
            return False
        done = self.step in (Step.SERVICES, Step.KNOWN)
        self.forget()
        self._fresh()
        if done:
            self.answer.blank()
        else:
            self.answer.note(self.desk.words("Given up. Nothing was registered."))
        return True


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
