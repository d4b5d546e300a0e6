"""A new card for a MyKey ID: the new card, whether the earlier one is here, a PIN for each.

    NEW -> ASKED -> EARLIER -> EARLIER_PIN -> AGAIN -> PIN -> answered    the earlier card is here
                 -> SAID ---------------------------> PIN -> answered    it is not

One reader serves both cards, one after the other. Which card lies there is looked at before its
PIN is asked, so that no PIN goes to the other card.
"""

from enum import Enum, auto
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from node.card.pin import wipe
from node.outcome import CardLook, JoinedCard, Refused, Voucher
from sync.errors import Malformed
from sync.values import KeyDigest, mykey_id
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot, Choices
from tui.widgets.line import Line
from tui.widgets.pin import PinEntry
from tui.widgets.steps import Steps
from tui.wording import in_fours
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

_REPLACED, _KEPT, _GONE = range(3)
_STEPS = (N_("new card"), N_("earlier card"), N_("new card and its PIN"))
_EARLIER = (
    N_("Yes: from now on only the new card is used"),
    N_("Yes: both cards are used from now on"),
    N_("No: it was handed in, lost or is broken"),
)
"""Is the earlier card here?"""


class Step(Enum):
    """Where the joining is."""

    NEW = auto()
    ASKED = auto()
    EARLIER = auto()
    EARLIER_PIN = auto()
    AGAIN = auto()
    SAID = auto()
    PIN = auto()
    WAITING = auto()


_PLACE = {
    Step.NEW: 1,
    Step.ASKED: 2,
    Step.EARLIER: 2,
    Step.EARLIER_PIN: 2,
    Step.SAID: 2,
    Step.AGAIN: 3,
    Step.PIN: 3,
}
"""The number of a step on the line; while somebody waits it stays as it is."""
_CARD_STEPS = (Step.NEW, Step.EARLIER, Step.AGAIN)
_PIN_STEPS = (Step.EARLIER_PIN, Step.PIN)


class NewCard(CounterScreen):
    """One resident's new card after the other."""

    HEADING = N_("New card for a MyKey ID")
    DEFAULT_CSS = """
    NewCard Horizontal { height: 1; }
    NewCard .label { width: auto; padding: 0 1; text-style: bold; }
    NewCard #said { width: 34; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self.step = Step.NEW
        self._new = self._shown = KeyDigest(b"")
        """The new card, and the one that lay on the reader last."""
        self._address, self._earlier = "", ""
        self._tries, self._pad = 0, False
        """PIN tries of the card that lies there, and whether its reader has keys."""
        self._keep = False
        self._by: Voucher | str = ""

    def body(self) -> ComposeResult:
        """The steps, one at a time."""
        words = self.desk.words
        yield Steps([words(step) for step in _STEPS])
        yield self.slot()
        yield Choices([words(row) for row in _EARLIER], name="earlier")
        with Horizontal(id="named"):
            yield Static(words("MyKey ID of the earlier card"), classes="label")
            yield Line(name="said", keeps=True)
        with Horizontal(id="secret"):
            yield Static("", id="whose", classes="label", markup=False)
            yield PinEntry()
        yield Answer()

    def on_mount(self) -> None:
        """The new card first."""
        super().on_mount()
        self._fresh()

    def _enter(self, step: Step, *, back: bool = False) -> None:
        """``back``: the card from before is asked for, because it left too early."""
        self.step = step
        if step in _PLACE:
            self.query_one(Steps).go(_PLACE[step])
        self.query_one("#earlier").disabled = step is not Step.ASKED  # else it would hear a PIN
        self.query_one(PinEntry).clear()
        if step is Step.WAITING:  # what is hidden for a moment loses the focus it gets back
            return
        self.query_one("#earlier").display = step is Step.ASKED
        self.query_one("#named").display = step is Step.SAID
        self.query_one("#secret").display = step in _PIN_STEPS
        slot = self.query_one(CardSlot)
        if step in _CARD_STEPS:
            slot.want(back=back)
        else:
            slot.rest()

    def _fresh(self) -> None:
        self._address, self._earlier, self._by = "", "", ""
        self.query_one("#said", Line).value = ""
        self._enter(Step.NEW)
        self.answer.note(self.desk.words("Put the new card on the reader first."))

    # -- a card is put on the reader

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader: which one it is decides what comes next."""
        looked = {
            Step.NEW: self._looked_at_new,
            Step.EARLIER: self._looked_at_earlier,
            Step.AGAIN: self._looked_again,
        }.get(self.step)
        if looked is None:
            return
        self._enter(Step.WAITING)
        self.answer.note(self.desk.words("Reading the card. One moment, please."))
        self.ask(partial(self.counter.look_up, event.address), partial(looked, event.address))

    def _note_card(self, look: CardLook) -> None:
        self._shown, self._tries, self._pad = look.card, look.tries_left, look.pad

    def _looked_at_new(self, address: str, look: CardLook) -> None:
        self._note_card(look)
        if not look.fresh:
            self._fresh()
            self.desk.advise_reason(self.answer, "hub-silent")
        elif not look.tries_left:
            self._fresh()
            self.is_locked(look)
        else:
            self._address, self._new = address, look.card
            self._to_question()
            self.answer.note(self.desk.words("Is the earlier card here? Its PIN is needed too."))

    def _looked_at_earlier(self, address: str, look: CardLook) -> None:
        self._note_card(look)
        if look.card == self._new:
            self._enter(Step.EARLIER)
            self.answer.note(
                self.desk.words("This is the new card. Take it off and put the earlier card on.")
            )
        elif not look.tries_left:
            self._to_question()
            self.is_locked(look)
        else:
            self._earlier = address
            self._to_pin(Step.EARLIER_PIN)

    def _looked_again(self, address: str, look: CardLook) -> None:
        self._note_card(look)
        if look.card != self._new:
            self._to_new_again(N_("This is not the new card. Please put the new card on."))
        else:
            self._address = address
            self._to_pin(Step.PIN)

    # -- what the person says

    def _to_question(self) -> None:
        self._enter(Step.ASKED)
        choices = self.query_one("#earlier", Choices)
        choices.highlighted = 0
        choices.focus()

    @on(OptionList.OptionSelected, "#earlier")
    def answered(self, event: OptionList.OptionSelected) -> None:
        """Whether the earlier card is here, and stays in use."""
        if event.option_index == _GONE:
            self._to_said(N_("Type the MyKey ID: 8 capital letters and digits, then Enter."))
            return
        self._keep = event.option_index == _KEPT
        self._enter(Step.EARLIER)
        self.answer.note(
            self.desk.words("Take the new card off and put the earlier card on the reader.")
        )

    def _to_said(self, note: str) -> None:
        self._enter(Step.SAID)
        self.answer.note(self.desk.words(note))
        self.query_one("#said", Line).focus()

    @on(Line.Entered, "#said")
    def said(self, event: Line.Entered) -> None:
        """Whose the earlier card was, as the person wrote it."""
        try:
            self._by = mykey_id(event.control.value.strip())
        except Malformed:
            self.answer.note(
                self.desk.words(
                    "A MyKey ID has exactly 8 half-width characters: capital letters, digits."
                )
            )
            return
        if self._shown == self._new and self.query_one(CardSlot).lies:
            self._to_pin(Step.PIN)
        else:
            self._to_new_again(N_("Please put the new card on the reader."))

    # -- the PINs

    def _to_pin(self, step: Step, *, again: bool = False) -> None:
        self._enter(step)
        words = self.desk.words
        whose = (
            words("PIN of the earlier card (the customer types it)")
            if step is Step.EARLIER_PIN
            else words("PIN of the new card (the customer types it)")
        )
        self.query_one("#whose", Static).update(whose)
        self.before_pin(self._tries, pad=self._pad, again=again)
        self.query_one(PinEntry).focus()

    @on(CardSlot.Lifted)
    def lifted(self) -> None:
        """The card left before its PIN: it has to lie there again before anybody types that."""
        if self.step in _PIN_STEPS:
            card = Step.EARLIER if self.step is Step.EARLIER_PIN else Step.AGAIN
            self._enter(card, back=True)
            self.answer.blank()

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The earlier card vouches, or the new one asks to be joined."""
        asking = self.step
        if asking not in _PIN_STEPS:
            wipe(event.pin)
            return
        self._enter(Step.WAITING)
        self.working(event.pin, N_("One moment. Please leave the card on the reader."))
        counter, pin = self.counter, event.pin
        if asking is Step.EARLIER_PIN:
            self.ask(
                partial(counter.vouch, self._earlier, pin, self._new, keep=self._keep),
                self._vouched,
                money=True,
            )
        else:
            self.ask(partial(counter.join, self._address, pin, self._by), self._joined, money=True)

    def _vouched(self, voucher: Voucher | Refused) -> None:
        if isinstance(voucher, Voucher):
            self._by = voucher
            self._to_new_again(
                N_("Good. Now take the earlier card off and put the new card on the reader again.")
            )
            return
        if self.asks_pin_again(voucher):
            self._tries = voucher.tries_left or self._tries
            self._to_pin(Step.EARLIER_PIN, again=True)
        elif voucher.reason == "same-card":
            self._enter(Step.EARLIER)
        elif voucher.reason == "pin-locked":
            self._to_question()
        else:
            self._fresh()
        self.show_refusal(voucher)

    def _to_new_again(self, note: str) -> None:
        self._enter(Step.AGAIN)
        self.answer.note(self.desk.words(note))

    def _joined(self, card: JoinedCard | Refused) -> None:
        if isinstance(card, JoinedCard):
            replaced = isinstance(self._by, Voucher) and not self._by.keeps
            self._fresh()
            self._tell(card, replaced=replaced)
            return
        if self.asks_pin_again(card):
            self._tries = card.tries_left or self._tries
            self._to_pin(Step.PIN, again=True)
        elif card.reason == "other-card":
            self._enter(Step.AGAIN)
        elif card.reason == "no-such-mykey-id":
            self._enter(Step.SAID)
            self.query_one("#said", Line).focus()
        else:
            self._fresh()
        self.show_refusal(card)

    def _tell(self, card: JoinedCard, *, replaced: bool) -> None:
        words = self.desk.words
        name = words("MyKey ID: {mykey_id}", mykey_id=in_fours(card.mykey_id))
        if card.state == "joined":
            earlier = (
                words("The earlier card can be used no more.")
                if replaced
                else words("Points and history are the same as before.")
            )
            self.answer.say("good", words, words("The new card can be used now."), name, earlier)
        elif card.state == "waiting":
            self.answer.say(
                "look",
                words,
                words("The card cannot be used yet: the town's counter has to agree."),
                name,
                words("Number of this card: {card}", card=card.fingerprint),
                words("Please send the resident there with an identity document and this number."),
                words("Afterwards the card can be used. To hear how it stands, do this again."),
            )
        else:
            self.answer.say(
                "no",
                words,
                words("The town's counter did not join this card to this MyKey ID."),
                name,
                words("Please send the customer to the town's counter."),
            )

    # -- back, and trouble

    def show_trouble(self, trouble: Trouble) -> None:
        """Begin again with the new card."""
        self._fresh()
        super().show_trouble(trouble)

    def step_back(self) -> bool:
        """Back to the new card; nothing was joined."""
        if self.step is Step.NEW:
            return False
        self.forget()
        self._fresh()
        self.answer.note(self.desk.words("Given up. Nothing was changed."))
        return True
