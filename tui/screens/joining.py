"""A new card for a MyKey ID: the new card, whether the earlier one is here, a PIN for each.

    NEW -> ASKED -> EARLIER -> EARLIER_PIN -> AGAIN -> PIN -> answered    the earlier card is here
                 -> SAID ---------------------------> PIN -> answered    it is not

One reader serves both cards, one after the other. Which card lies there is looked at before its
PIN is asked, so that no PIN goes to the other card.
"""

from enum import Enum
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from node.outcome import CardLook, JoinedCard, Refused, Voucher
from sync.errors import Malformed
from sync.values import KeyDigest, mykey_id
from tui.screens.card import CardScreen, Scene
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot
from tui.widgets.choices import Choices
from tui.widgets.line import Line
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

    NEW = Scene(place=1, card="asked")
    ASKED = Scene(place=2, uses=("#earlier",))
    EARLIER = Scene(place=2, card="asked")
    EARLIER_PIN = Scene(place=2, pin=True)
    SAID = Scene(place=2, uses=("#named",))
    AGAIN = Scene(place=3, card="asked")
    PIN = Scene(place=3, pin=True)
    WAITING = Scene(waits=True)


class NewCard(CardScreen):
    """One resident's new card after the other."""

    FIRST, WAITING = Step.NEW, Step.WAITING
    step: Step
    HEADING = N_("New card for a MyKey ID")
    GIVEN_UP = N_("Given up. Nothing was changed.")
    DEFAULT_CSS = """
    NewCard #said { width: 34; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self._new = KeyDigest(b"")
        """The new card, and the one that lay on the reader last."""
        self._earlier = ""
        """The address of the earlier card; ``card`` is that of the new one."""
        self._keep = False
        self._by: Voucher | str = ""

    def body(self) -> ComposeResult:
        """The steps, one at a time."""
        words = self.desk.words
        yield Steps([words(step) for step in _STEPS])
        yield self.slot()
        yield Choices([words(row) for row in _EARLIER], name="earlier")
        label, said = words("MyKey ID of the earlier card"), Line(name="said", keeps=True)
        yield self.row(label, said, name="named")
        yield self.secret()
        yield Answer()

    def fresh(self) -> None:
        """The new card first."""
        self.card, self._earlier, self._by = "", "", ""
        self.query_one("#said", Line).value = ""
        self.enter(Step.NEW)
        self.answer.note(self.desk.words("Put the new card on the reader first."))

    # -- a card is put on the reader

    def laid(self, card: str) -> None:
        """Which one it is decides what comes next."""
        looked = {
            Step.NEW: self._looked_at_new,
            Step.EARLIER: self._looked_at_earlier,
            Step.AGAIN: self._looked_again,
        }[self.step]
        self.read(partial(self.counter.look_up, card), partial(looked, card))

    def _looked_at_new(self, address: str, look: CardLook) -> None:
        self.know(look)
        if not look.fresh:
            self.turn_away("hub-silent")
        elif not look.tries_left:
            self.turn_away("pin-locked")
        else:
            self.card, self._new = address, look.card
            self._to_question()
            self.answer.note(self.desk.words("Is the earlier card here? Its PIN is needed too."))

    def _looked_at_earlier(self, address: str, look: CardLook) -> None:
        self.know(look)
        if look.card == self._new:
            self.enter(Step.EARLIER)
            self.answer.note(
                self.desk.words("This is the new card. Take it off and put the earlier card on.")
            )
        elif not look.tries_left:
            self._to_question()
            self.is_locked()
        else:
            self._earlier = address
            self._ask_pin(Step.EARLIER_PIN)

    def _looked_again(self, address: str, look: CardLook) -> None:
        self.know(look)
        if look.card != self._new:
            self._to_new_again(N_("This is not the new card. Please put the new card on."))
        else:
            self.card = address
            self._ask_pin(Step.PIN)

    # -- what the person says

    def _to_question(self) -> None:
        self.enter(Step.ASKED)
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
        self.enter(Step.EARLIER)
        self.answer.note(
            self.desk.words("Take the new card off and put the earlier card on the reader.")
        )

    def _to_said(self, note: str) -> None:
        self.enter(Step.SAID)
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
        if self.key == self._new and self.query_one(CardSlot).lies:
            self._ask_pin(Step.PIN)
        else:
            self._to_new_again(N_("Please put the new card on the reader."))

    # -- the PINs

    def _ask_pin(self, step: Step) -> None:
        words = self.desk.words
        whose = (
            words("PIN of the earlier card (the customer types it)")
            if step is Step.EARLIER_PIN
            else words("PIN of the new card (the customer types it)")
        )
        self.query_one("#secret .label", Static).update(whose)
        self.to_pin(step)

    def card_left(self) -> None:
        """It has to lie there again before anybody types its PIN."""
        self.enter(Step.EARLIER if self.step is Step.EARLIER_PIN else Step.AGAIN, back=True)
        self.answer.blank()

    def sign(self, pin: bytearray) -> None:
        """The earlier card vouches, or the new one asks to be joined."""
        asking, counter = self.step, self.counter
        self.working(pin, N_("One moment. Please leave the card on the reader."))
        if asking is Step.EARLIER_PIN:
            self.ask(
                partial(counter.vouch, self._earlier, pin, self._new, keep=self._keep),
                self._vouched,
                money=True,
            )
        else:
            self.ask(
                partial(counter.join, self.card, pin, self._by, shown=self.key),
                self._joined,
                money=True,
            )

    def _vouched(self, voucher: Voucher | Refused) -> None:
        if isinstance(voucher, Voucher):
            self._by = voucher
            self._to_new_again(
                N_("Good. Now take the earlier card off and put the new card on the reader again.")
            )
            return
        if self.wrong_pin(voucher):
            return
        if voucher.reason == "same-card":
            self.enter(Step.EARLIER)
        elif voucher.reason == "pin-locked":
            self._to_question()
        else:
            self.fresh()
        self.show_refusal(voucher)

    def _to_new_again(self, note: str) -> None:
        self.enter(Step.AGAIN)
        self.answer.note(self.desk.words(note))

    def _joined(self, card: JoinedCard | Refused) -> None:
        if isinstance(card, JoinedCard):
            replaced = isinstance(self._by, Voucher) and not self._by.keeps
            self.fresh()
            self._tell(card, replaced=replaced)
            return
        if self.wrong_pin(card):
            return
        if card.reason == "other-card":
            self.enter(Step.AGAIN)
        elif card.reason == "no-such-mykey-id":
            self.enter(Step.SAID)
            self.query_one("#said", Line).focus()
        else:
            self.fresh()
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
