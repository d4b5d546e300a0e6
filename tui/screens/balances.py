"""Look at a card's points: what the standing says, or with the PIN exactly."""

from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import DataTable, Static

from node.outcome import BalanceRow, CardLook, Refused
from sync.values import Millis
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot
from tui.widgets.pin import PinEntry
from tui.widgets.table import Table
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording import number


class Balances(CounterScreen):
    """Card after card; the PIN only where somebody asks for the exact sum."""

    HEADING = N_("Look at points")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "exact", N_("Exact, with PIN"), key_display="F12")
    ]
    DEFAULT_CSS = """
    Balances Horizontal { height: 1; }
    Balances .label { width: auto; padding: 0 1; text-style: bold; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self._card = ""
        self._look: CardLook | None = None

    def body(self) -> ComposeResult:
        """Card, list, PIN."""
        words = self.desk.words
        yield self.slot()
        yield Table(
            words("No"), words("Points of"), words("May be spent"), words("On hold"), name="rows"
        )
        with Horizontal(id="secret"):
            yield Static(words("PIN (the customer types 4 digits)"), classes="label")
            yield PinEntry()
        yield Answer()

    def on_mount(self) -> None:
        """The card first."""
        super().on_mount()
        self._fresh()

    def _fresh(self) -> None:
        self._card, self._look = "", None
        self.query_one("#secret").display = False
        self.query_one("#rows").display = False
        self.query_one(CardSlot).want()

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader."""
        self._card = event.address
        self.query_one(CardSlot).rest()
        self.answer.note(self.desk.words("Reading the card. One moment, please."))
        self.ask(partial(self.counter.look_up, event.address), self._looked)

    def _looked(self, look: CardLook) -> None:
        if look.closed is not None:
            self._fresh()
            self.desk.advise_reason(self.answer, look.closed)
            return
        self._look = look
        words = self.desk.words
        self._show(
            [(t.point_name, words.points(t.available, at_least=t.at_cap), "") for t in look.towns]
        )
        self.answer.note(self._since(look.as_of, exact=False))
        if not look.fresh:
            self.desk.poll()  # the silence was perhaps found just now: F12 has to know of it

    def _since(self, as_of: Millis | None, *, exact: bool) -> str:
        words, status = self.desk.words, self.desk.status
        if as_of is None or status is None:
            return words("Nothing is known of this card here.")
        if exact:
            return words("Exact, from the centre.")
        age = words.age(max(0, status.now - as_of))
        if not status.hub_reachable:
            return words("As the lists say ({age} old).", age=age)
        return words("As the lists say ({age} old). F12: exact, with PIN.", age=age)

    def _show(self, rows: list[tuple[str, str, str]]) -> None:
        table = self.query_one("#rows", Table)
        table.display = True
        table.fill([(str(place), *row) for place, row in enumerate(rows, start=1)])
        table.focus()

    def action_exact(self) -> None:
        """Ask for the PIN."""
        self._ask_pin()

    def _ask_pin(self, *, again: bool = False) -> None:
        if self._look is None or self.desk.busy() or self.is_locked(self._look):
            return
        if self.desk.status is not None and not self.desk.status.hub_reachable:
            self.desk.advise_reason(self.answer, "hub-silent")  # no PIN for what nobody can answer
            return
        self.query_one("#secret").display = True
        self.query_one(PinEntry).focus()
        self.before_pin(self._look.tries_left, pad=self._look.pad, again=again)

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """One look, signed by the card."""
        self.query_one("#secret").display = False
        self.working(event.pin, N_("Reading the card. One moment, please."))
        self.ask(partial(self.counter.balances, self._card, event.pin), self._counted)

    def _counted(self, found: tuple[BalanceRow, ...] | Refused) -> None:
        if isinstance(found, Refused):
            if self.asks_pin_again(found) and self._look is not None:
                tries = found.tries_left or self._look.tries_left
                self._look = replace(self._look, tries_left=tries)
                self._ask_pin(again=True)
            self.show_refusal(found)
            return
        words = self.desk.words
        self._show([(b.point_name, words.points(b.available), number(b.held)) for b in found])
        exact = bool(found) and all(row.exact for row in found)
        since = self._since(found[0].as_of if found else None, exact=exact)
        if exact or not found:
            self.answer.note(since)
        else:
            self.answer.say("look", words, words("The centre does not answer."), since)

    @on(DataTable.RowSelected)
    def again(self, event: DataTable.RowSelected) -> None:
        """Enter: the next card."""
        event.stop()
        self._fresh()
        self.answer.blank()

    def show_trouble(self, trouble: Trouble) -> None:
        """Begin again with the card."""
        self._fresh()
        super().show_trouble(trouble)

    def step_back(self) -> bool:
        """Back to the card."""
        if not self._card:
            return False
        self.forget()
        self._fresh()
        self.answer.blank()
        return True
