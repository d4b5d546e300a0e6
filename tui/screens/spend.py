"""Spend points: amount, Enter, card, PIN, on one screen; or the card first.

    AMOUNT --Enter--> CARD --card--> ASKING --+--> PIN --4 digits--> TAKING --> AMOUNT (done)
       ^  |--card (no amount yet): looked at  |     ^ ^                |
       |          --> TOWN --chosen--> AMOUNT  |     | +--card-- BACK <-+ (it left, or another came)
       |                                       +--> TOWN --chosen--> ASKING again
       +------------ Escape, at every step but TAKING; what was prepared is dropped

The customer's line shows the amount large before the PIN is asked for. A card with one usable town
is not asked which.
"""

from collections.abc import Callable
from enum import Enum, auto
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from node.card.pin import wipe
from node.outcome import Approved, CardLook, Choose, Outcome, Prepared, Refused, TownStanding
from sync.errors import Malformed
from sync.values import MunicipalityCode, Points, points
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot, Choices
from tui.widgets.figures import BigAmount
from tui.widgets.line import Line
from tui.widgets.pin import PinEntry
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

_READING = N_("Reading the card. One moment, please.")


class Step(Enum):
    """Where the sale is."""

    AMOUNT = auto()
    CARD = auto()
    ASKING = auto()
    TOWN = auto()
    PIN = auto()
    TAKING = auto()
    BACK = auto()


class Spend(CounterScreen):
    """One sale after the other."""

    HEADING = N_("Spend points")
    DEFAULT_CSS = """
    Spend Horizontal { height: 1; margin-bottom: 1; }
    Spend .label { width: auto; padding: 0 1; text-style: bold; }
    Spend #amount { width: 14; }
    Spend #plain { width: 1fr; padding: 0 1; text-style: bold; color: $accent; }
    Spend #town { height: 1; padding: 0 1; }
    Spend BigAmount { margin: 0 1 1 1; }
    Spend #towns { display: none; }
    """

    def __init__(self, amount: Points | None = None) -> None:
        """``amount``: what was typed already on the first screen."""
        super().__init__()
        self._amount = amount
        self._card: str | None = None
        self._towns: tuple[TownStanding, ...] = ()
        self._town: MunicipalityCode | None = None
        self._prepared: Prepared | None = None
        self._tries = 0
        self._looking = False
        self.step = Step.AMOUNT

    def body(self) -> ComposeResult:
        """Amount, the customer's line, card or town or PIN, answer."""
        words = self.desk.words
        with Horizontal():
            yield Static(words("Amount"), classes="label")
            yield Line(name="amount")
            yield Static("", id="plain", markup=False)
        yield BigAmount()
        yield Static("", id="town", markup=False)
        yield self.slot()
        yield Choices(name="towns")
        with Horizontal(id="secret"):
            yield Static(words("PIN (the customer types 4 digits)"), classes="label")
            yield PinEntry()
        yield Answer()

    def on_mount(self) -> None:
        """Begin with the amount, or with the card when the amount is known."""
        super().on_mount()
        if self._amount is None:
            self._to_amount()
        else:
            self._to_card(self._amount)

    # -- the steps, each shown as it is entered

    def _enter(self, step: Step, *, again: bool = False) -> None:
        """``again``: the card that lies there may be taken once more."""
        self.step = step
        self.query_one("#amount", Line).disabled = step is not Step.AMOUNT
        self.query_one("#towns").display = step is Step.TOWN
        self.query_one("#secret").display = step in (Step.PIN, Step.TAKING)
        self.query_one(PinEntry).disabled = step is not Step.PIN
        self.query_one(PinEntry).clear()
        slot = self.query_one(CardSlot)
        if step in (Step.CARD, Step.BACK):
            slot.want(again=again, back=step is Step.BACK)
        elif step is Step.AMOUNT:
            slot.listen()
        else:
            slot.rest()
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
        self._enter(Step.AMOUNT)
        self.query_one("#amount", Line).focus()

    def _to_card(self, amount: Points) -> None:
        self._amount = amount
        self.answer.blank()
        if self._looking:
            self._wait(_READING)  # what the card says is answered by _looked
        elif self._card is not None:
            self._prepare()
        else:
            self._enter(Step.CARD, again=True)

    def _to_town(self, look: CardLook) -> None:
        self._towns = tuple(town for town in look.towns if town.usable)
        words = self.desk.words
        self._enter(Step.TOWN)
        self.answer.note(words("Which points? Type the number or choose and press Enter."))
        rows = [
            f"{t.point_name}  {words.points(t.available, at_least=t.at_cap)}" for t in self._towns
        ]
        choices = self.query_one("#towns", Choices)
        choices.show(rows)
        choices.focus()

    def _to_pin(self, prepared: Prepared) -> None:
        self._prepared, self._tries = prepared, prepared.tries_left
        self._ask_pin()
        if prepared.silent_since and prepared.tries_left > 1 and not prepared.pad:
            words = self.desk.words
            self.answer.note(words("The network is down; this sale is allowed offline."))

    def _ask_pin(self, *, again: bool = False) -> None:
        self._enter(Step.PIN)
        self.query_one(PinEntry).focus()
        pad = self._prepared is not None and self._prepared.pad
        self.before_pin(self._tries, pad=pad, again=again)

    # -- what people and cards do

    @on(Line.Entered, "#amount")
    def entered(self, event: Line.Entered) -> None:
        """The amount is typed."""
        try:
            amount = points(event.text)
        except Malformed:
            self.answer.note(self.desk.words("An amount is a whole number, for example 500."))
            return
        self._to_card(amount)

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader: with an amount it is asked for it, else for its towns.

        While somebody types an amount it waits for that: the field stays theirs.
        """
        if self.step is Step.BACK:
            self._card = event.address
            self._ask_pin()
        elif self.step is Step.CARD:
            self._card = event.address
            self._prepare()
        elif self.step is Step.AMOUNT and not self.query_one("#amount", Line).value:
            self._card, self._town, self._looking = event.address, None, True
            self.answer.note(self.desk.words(_READING))
            self.ask(partial(self.counter.look_up, event.address), self._looked)

    @on(CardSlot.Lifted)
    def lifted(self) -> None:
        """The card left before its PIN: it has to lie there again before anybody types that."""
        if self.step is Step.PIN:
            self._enter(Step.BACK)
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

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The PIN: from here on nothing stops half-way."""
        prepared, card = self._prepared, self._card
        if prepared is None or card is None or self.step is not Step.PIN:
            wipe(event.pin)
            return
        self._enter(Step.TAKING)
        self.working(event.pin, N_("Taking the points. Please leave the card on the reader."))
        self.ask(partial(self.counter.take, prepared, card, event.pin), self._taken, money=True)

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    # -- asking and its answers

    def _wait(self, text: str) -> None:
        self._enter(Step.ASKING)
        self.answer.note(self.desk.words(text))

    def _prepare(self) -> None:
        card, amount, counter = self._card, self._amount, self.counter
        if card is None or amount is None:
            return
        self._wait(_READING)
        self.ask(
            partial(counter.prepare, card, self._town, amount),
            self._asked,
            unwanted=partial(_let_go, counter.drop),
        )

    def _asked(self, found: Prepared | Choose | Refused) -> None:
        if isinstance(found, Prepared):
            self._to_pin(found)
        elif isinstance(found, Choose):
            self._to_town(found.look)
        else:
            self._fresh()
            self.show_refusal(found)

    def _looked(self, look: CardLook) -> None:
        self._looking = False
        self._towns = tuple(town for town in look.towns if town.usable)
        typing = self.step is Step.AMOUNT and self.query_one("#amount", Line).value
        if not self._towns or look.closed is not None:
            self._fresh()
            self.desk.advise_reason(self.answer, look.closed or "no-accepted-town")
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
            if self.asks_pin_again(outcome) and self._prepared is not None:
                self._tries = outcome.tries_left or self._tries
                self._ask_pin(again=True)
            elif outcome.reason == "other-card" and self._prepared is not None:
                self._enter(Step.BACK)
            else:
                self._drop()
                self._fresh()
            self.show_refusal(outcome)
            return
        self._prepared = None
        self._fresh()
        self.answer.say("good", self.desk.words, *self._done(outcome))

    def _done(self, done: Approved) -> tuple[str, ...]:
        words = self.desk.words
        lines = [words("{points} taken.", points=words.points(done.points))]
        if done.balance_after is not None:
            left = words.points(done.balance_after, at_least=done.at_cap)
            lines.append(words("Left on the card: {points}", points=left))
        lines.append(words("No. {seq}", seq=done.seq))
        return tuple(lines)

    def show_trouble(self, trouble: Trouble) -> None:
        """A card that went away is put back, and the PIN typed again; all else begins anew."""
        if not trouble.put_back or self._amount is None:
            self._drop()
            self._fresh()
        elif self._prepared is None:
            self._card, self._looking = None, False
            self._enter(Step.CARD)
        elif self.query_one(CardSlot).lies:
            self._ask_pin(again=True)
        else:
            self._enter(Step.BACK)
        super().show_trouble(trouble)

    # -- going back

    def _fresh(self) -> None:
        """The next customer: no card, no town, no amount."""
        self._card = self._town = self._amount = None
        self._looking = False
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
        if self.step is Step.AMOUNT and self._card is None:
            return False
        self.forget()
        self._drop()
        self._fresh()
        self.answer.note(self.desk.words("Given up. No points were moved."))
        return True


def _let_go(drop: Callable[[Prepared], None], answer: Prepared | Choose | Refused) -> None:
    if isinstance(answer, Prepared):
        drop(answer)
