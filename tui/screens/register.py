"""Register a resident: card, consent, up to three wishes for a MyKey ID, PIN."""

from enum import Enum, auto
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from node.outcome import CardLook, Refused, RegisteredCard
from sync.errors import Malformed
from sync.values import mykey_id
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot, Choices
from tui.widgets.line import Line
from tui.widgets.pin import PinEntry
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

MOST_WISHES = 3
_CONSENT = (
    N_("The resident agrees: use the ID for the points too"),
    N_("The resident wants the ID only, without points"),
)


class Step(Enum):
    """Where the registration is."""

    CARD = auto()
    CONSENT = auto()
    WISHES = auto()
    PIN = auto()
    WAITING = auto()


class Register(CounterScreen):
    """One resident after the other."""

    HEADING = N_("Register a resident")
    DEFAULT_CSS = """
    Register Horizontal { height: 1; }
    Register .label { width: auto; padding: 0 1; text-style: bold; }
    Register #help { height: auto; padding: 0 1; margin: 1 0; }
    Register #wishes { width: 34; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self.step = Step.CARD
        self._card, self._tries = "", 0
        self._consent = False
        self._wishes: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        """The steps, one at a time."""
        words = self.desk.words
        yield Static(
            words("1 card   2 consent   3 the MyKey ID the resident would like   4 PIN"), id="help"
        )
        yield self.slot()
        yield Choices([words(row) for row in _CONSENT], name="consent")
        with Horizontal(id="wished"):
            yield Static(words("Wishes (up to 3; empty: made for you)"), classes="label")
            yield Line(name="wishes", keeps=True)
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
        self.query_one("#consent").display = step is Step.CONSENT
        self.query_one("#wished").display = step in (Step.WISHES, Step.PIN)
        self.query_one("#wishes").disabled = step is not Step.WISHES
        self.query_one("#secret").display = step is Step.PIN
        self.query_one(PinEntry).clear()
        slot = self.query_one(CardSlot)
        if step is Step.CARD:
            slot.want()
        else:
            slot.rest()

    def _fresh(self) -> None:
        self._card, self._wishes = "", ()
        self.query_one("#wishes", Line).value = ""
        self._enter(Step.CARD)

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader."""
        if self.step is not Step.CARD:
            return
        self._card = event.address
        self._enter(Step.WAITING)
        self.answer.note(self.desk.words("Reading the card. One moment, please."))
        self.ask(partial(self.counter.look_up, event.address), self._looked)

    def _looked(self, look: CardLook) -> None:
        """A card that cannot be registered now is told before anybody is asked anything."""
        self._tries = look.tries_left
        if not look.fresh:
            self._fresh()
            self.desk.advise_reason(self.answer, "hub-silent")
            return
        if self.is_locked(look):
            self._fresh()
            return
        self._enter(Step.CONSENT)
        self.answer.note(
            self.desk.words("Ask the resident. Type the number or choose and press Enter.")
        )
        choices = self.query_one("#consent", Choices)
        choices.highlighted = 0
        choices.focus()

    @on(OptionList.OptionSelected, "#consent")
    def agreed(self, event: OptionList.OptionSelected) -> None:
        """What the resident said; it is recorded with the registration."""
        self._consent = event.option_index == 0
        self._enter(Step.WISHES)
        self.answer.note(
            self.desk.words("8 characters each, capital letters and digits, a space between.")
        )
        self.query_one("#wishes", Line).focus()

    @on(Line.Entered, "#wishes")
    def wished(self, event: Line.Entered) -> None:
        """Up to three IDs, as the person wrote them: full-width letters are not made half-width."""
        words = self.desk.words
        try:
            wishes = tuple(mykey_id(wish) for wish in event.control.value.split())
        except Malformed:
            self.answer.note(
                words("A MyKey ID has exactly 8 half-width characters: capital letters, digits.")
            )
            return
        if len(wishes) > MOST_WISHES:
            self.answer.note(words("At most 3 wishes."))
            return
        self._wishes = wishes
        self._to_pin()

    def _to_pin(self) -> None:
        self._enter(Step.PIN)
        self.before_pin(self._tries)
        self.query_one(PinEntry).focus()

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The PIN signs the registration."""
        self._enter(Step.WAITING)
        self.answer.note(self.desk.words("Registering. Please leave the card on the reader."))
        self.ask(
            partial(
                self.counter.register, self._card, event.pin, self._wishes, consent=self._consent
            ),
            self._registered,
            money=True,
        )

    def _registered(self, card: RegisteredCard | Refused) -> None:
        words = self.desk.words
        if isinstance(card, Refused):
            if card.reason == "wrong-pin":
                self._to_pin()
            elif card.reason == "mykey-id-taken":
                self._enter(Step.WISHES)
                self.query_one("#wishes", Line).focus()
            else:
                self._fresh()
            self.show_refusal(card)
            return
        self._fresh()
        if card.known_before:
            kind = words("This card was registered before; the ID stays the same.")
        elif card.generated:
            kind = words("The ID was made by the centre.")
        else:
            kind = words("The ID is the one that was wished.")
        spaced = " ".join((card.mykey_id[:4], card.mykey_id[4:]))
        self.answer.say(
            "good",
            words,
            words("MyKey ID: {mykey_id}", mykey_id=spaced),
            kind,
            words("Please have the resident write it down."),
        )

    def show_trouble(self, trouble: Trouble) -> None:
        """Begin again with the card."""
        self._fresh()
        super().show_trouble(trouble)

    def step_back(self) -> bool:
        """Back to the card; nothing was registered."""
        if self.step is Step.CARD:
            return False
        self.forget()
        self._fresh()
        self.answer.note(self.desk.words("Given up. Nothing was registered."))
        return True
