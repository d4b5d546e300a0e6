"""Spend points: amount, Enter, card, PIN, on one screen; or the card first.

    AMOUNT --Enter--> CARD --card--> asking --+--> PIN --4 digits--> taking --> AMOUNT (done)
       ^  |--card (no amount yet): looked at  |     ^ ^                |
       |          --> TOWN --chosen--> AMOUNT  |     | +--card-- BACK <-+ (it left, or another came)
       |                                       +--> TOWN --chosen--> asking again
       +------------ Escape, always but while taking; what was prepared is dropped

The customer's line shows the amount large before the PIN is asked for. A card with one usable town
is not asked which.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from node.card.pin import wipe
from node.outcome import Approved, CardLook, Choose, Outcome, Prepared, Refused, TownStanding
from sync.errors import Malformed
from sync.scan import looks_like_ticket
from sync.values import MunicipalityCode, Points, points
from tui.asking import Trouble
from tui.screens.card import READING, CardScreen, Scene
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot
from tui.widgets.choices import Choices
from tui.widgets.figures import BigAmount
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

_AMOUNT = ("#amount",)


class Step(Enum):
    """Where the sale is."""

    AMOUNT = Scene(card="heard", uses=_AMOUNT)
    CARD = Scene(card="asked", sees=_AMOUNT)
    TOWN = Scene(uses=("#towns",), sees=_AMOUNT)
    PIN = Scene(sees=_AMOUNT, pin=True)
    BACK = Scene(card="asked", sees=_AMOUNT)  # noqa: PIE796  no two scenes are equal
    WAITING = Scene(waits=True)


class Spend(CardScreen):
    """One sale after the other."""

    FIRST, WAITING = Step.AMOUNT, Step.WAITING
    step: Step
    HEADING = N_("Spend points")
    GIVEN_UP = N_("Given up. No points were moved.")
    DEFAULT_CSS = """
    Spend Horizontal { margin-bottom: 1; }
    Spend #amount { width: 14; }
    Spend #plain { width: 1fr; padding: 0 1; text-style: bold; color: $accent; }
    Spend #town { height: 1; padding: 0 1; }
    Spend BigAmount { margin: 0 1 1 1; }
    """

    def __init__(self, amount: Points | None = None) -> None:
        """``amount``: what was typed already on the first screen."""
        super().__init__()
        self._amount = amount
        self._towns: tuple[TownStanding, ...] = ()
        self._town: MunicipalityCode | None = None
        self._prepared: Prepared | None = None
        self._looking = False

    def body(self) -> ComposeResult:
        """Amount, the customer's line, card or town or PIN, answer."""
        words = self.desk.words
        with self.row(words("Amount"), Line(name="amount")):
            yield Static("", id="plain", markup=False)
        yield BigAmount()
        yield Static("", id="town", markup=False)
        yield self.slot()
        yield Choices(name="towns")
        yield self.secret()
        yield Answer()

    def begin(self) -> None:
        """The amount, or the card when the amount is known."""
        if self._amount is None:
            self._to_amount()
        else:
            self._to_card(self._amount)

    # -- the steps, each shown as it is entered

    def enter(self, step: Enum, *, again: bool = False, back: bool = False) -> None:
        """Show a step, with the amount large."""
        super().enter(step, again=again, back=back)
        self._paint_amount()

    def _paint_amount(self) -> None:
        words, amount = self.desk.words, self._amount
        self.query_one(BigAmount).points = amount or 0
        shown = words("Customer, you pay {points}", points=words.points(amount)) if amount else ""
        self.query_one("#plain", Static).update(shown)
        prepared = self._prepared
        town = ""
        if prepared is not None:
            have = words.points(prepared.available, at_least=prepared.at_cap)
            town = words("{point_name}: {points}", point_name=prepared.point_name, points=have)
        elif self._town is not None:
            town = next(t.point_name for t in self._towns if t.municipality == self._town)
        self.query_one("#town", Static).update(town)

    def _to_amount(self) -> None:
        self.enter(Step.AMOUNT)
        self.query_one("#amount", Line).focus()

    def _to_card(self, amount: Points) -> None:
        self._amount = amount
        self.answer.blank()
        if self._looking:
            self.wait(READING)  # what the card says is answered by _looked
        elif self.card:
            self._prepare()
        else:
            self.enter(Step.CARD, again=True)

    def _to_town(self, look: CardLook) -> None:
        self._towns = tuple(town for town in look.towns if town.usable)
        self.choose_town(Step.TOWN, self._towns)

    def _ask_pin(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self.know(prepared)
        words, silent = self.desk.words, prepared.silent_since
        offline = words("The network is down; this sale is allowed offline.") if silent else ""
        self.to_pin(Step.PIN, note=offline)

    # -- what people and cards do

    @on(Line.Entered, "#amount")
    def entered(self, event: Line.Entered) -> None:
        """The amount is typed."""
        try:
            amount = points(event.text)
        except Malformed:
            if looks_like_ticket(event.text):
                self.desk.advise_reason(self.answer, "scan-elsewhere")
            else:
                self.answer.note(self.desk.words("An amount is a whole number, for example 500."))
            return
        self._to_card(amount)

    def laid(self, card: str) -> None:
        """With an amount it is asked for it, else for its towns.

        While somebody types an amount it waits for that: the field stays theirs.
        """
        if self.step is Step.BACK:
            self.card = card
            self.to_pin(Step.PIN)
        elif self.step is Step.CARD:
            self.card = card
            self._prepare()
        elif not self.query_one("#amount", Line).value:
            self.card, self._town, self._looking = card, None, True
            self.answer.note(self.desk.words(READING))
            self.ask(partial(self.counter.look_up, card), self._looked)

    def card_left(self) -> None:
        """It has to lie there again before anybody types its PIN."""
        self.enter(Step.BACK, back=True)
        self.answer.blank()

    @on(OptionList.OptionSelected, "#towns")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """One of the card's towns."""
        self._town = self._towns[event.option_index].municipality
        if self._amount is None:
            self.answer.blank()
            self._to_amount()
        else:
            self._prepare()

    def sign(self, pin: bytearray) -> None:
        """The sale: from here on nothing stops half-way."""
        prepared = self._prepared
        if prepared is None:
            wipe(pin)
            return
        self.working(pin, N_("Taking the points. Please leave the card on the reader."))
        self.ask(partial(self.counter.take, prepared, self.card, pin), self._taken, money=True)

    # -- asking and its answers

    def _prepare(self) -> None:
        amount, counter = self._amount, self.counter
        if amount is None:
            return
        self.wait(READING)
        self.ask(
            partial(counter.prepare, self.card, self._town, amount),
            self._asked,
            unwanted=partial(_let_go, counter.drop),
        )

    def _asked(self, found: Prepared | Choose | Refused) -> None:
        if isinstance(found, Prepared):
            self._ask_pin(found)
        elif isinstance(found, Choose):
            self._to_town(found.look)
        else:
            self.turn_away(found)

    def _looked(self, look: CardLook) -> None:
        self._looking = False
        self._towns = tuple(town for town in look.towns if town.usable)
        typing = self.step is Step.AMOUNT and self.query_one("#amount", Line).value
        if not self._towns or look.closed is not None:
            self.turn_away(look.closed or "no-accepted-town")
        elif self._amount is not None:
            self._prepare()
        elif len(self._towns) > 1:
            if typing:
                self.answer.blank()  # which points is asked when the amount is there
            else:
                self._to_town(look)
        else:
            self._town = self._towns[0].municipality
            words, only = self.desk.words, self._towns[0]
            have = words.points(only.available, at_least=only.at_cap)
            self.answer.note(
                words("{point_name}: {points}", point_name=only.point_name, points=have)
            )

    def _taken(self, outcome: Outcome) -> None:
        if isinstance(outcome, Refused):
            self._not_taken(outcome)
            return
        self._prepared = None
        self.fresh()
        self.answer.say("good", self.desk.words, *self._done(outcome))

    def _not_taken(self, why: Refused) -> None:
        if self.wrong_pin(why):
            return
        if why.reason == "other-card":
            self.enter(Step.BACK, back=True)
            self.show_refusal(why)
        else:
            self._drop()
            self.turn_away(why)

    def _done(self, done: Approved) -> tuple[str, ...]:
        words = self.desk.words
        lines = [words("{points} taken.", points=words.points(done.points))]
        if done.balance_after is not None:
            left = words.points(done.balance_after, at_least=done.at_cap)
            lines.append(words("Left on the card: {points}", points=left))
        lines.append(words("No. {seq}", seq=done.seq))
        return tuple(lines)

    def after_trouble(self, trouble: Trouble) -> None:
        """A card that went away is put back, and the PIN typed again; all else begins anew."""
        if not trouble.put_back or self._amount is None:
            self._drop()
            self.fresh()
        elif self._prepared is None:
            self.card, self._looking = "", False
            self.enter(Step.CARD)
        elif self.query_one(CardSlot).lies:
            self.to_pin(Step.PIN, again=True)
        else:
            self.enter(Step.BACK, back=True)

    # -- going back

    def fresh(self) -> None:
        """The next customer: no card, no town, no amount."""
        self.card, self._looking = "", False
        self._town = self._amount = None
        self._to_amount()

    def _drop(self) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            self.desk.ask(partial(self.counter.drop, prepared), lambda _: None)

    def leave(self) -> None:
        """What was prepared is given up."""
        super().leave()
        self._drop()

    def step_back(self) -> bool:
        """Back to the amount; the points stay on the card."""
        self._drop()
        return super().step_back()


def _let_go(drop: Callable[[Prepared], None], answer: Prepared | Choose | Refused) -> None:
    if isinstance(answer, Prepared):
        drop(answer)
