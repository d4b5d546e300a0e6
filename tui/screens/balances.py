"""Look at a card's points: what the standing says, or with the PIN exactly."""

from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from node.outcome import BalanceRow, CardLook, Refused
from sync.values import Millis
from tui.screens.card import READING, CardScreen, Scene
from tui.widgets.answer import Answer
from tui.widgets.table import Table
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording import number


class Step(Enum):
    """Where one is with a card."""

    CARD = Scene(card="asked")
    ROWS = Scene(uses=("#rows",))
    PIN = Scene(uses=("#rows",), pin=True)
    WAITING = Scene(waits=True)


class Balances(CardScreen):
    """Card after card; the PIN only where somebody asks for the exact sum."""

    FIRST, WAITING = Step.CARD, Step.WAITING
    HEADING = N_("Look at points")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "exact", N_("Exact, with PIN"), key_display="F12")
    ]

    def body(self) -> ComposeResult:
        """Card, list, PIN."""
        words = self.desk.words
        yield self.slot()
        yield Table(
            words("No"), words("Points of"), words("May be spent"), words("On hold"), name="rows"
        )
        yield self.secret()
        yield Answer()

    def fresh(self) -> None:
        """The next card."""
        self.card = ""
        self.enter(Step.CARD)

    def laid(self, card: str) -> None:
        """What the standing says of it."""
        self.card = card
        self.read(partial(self.counter.look_up, card), self._looked)

    def _looked(self, look: CardLook) -> None:
        if look.closed is not None:
            self.turn_away(look.closed)
            return
        self.know(look)
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
        self.enter(Step.ROWS)
        table = self.query_one("#rows", Table)
        table.fill([(str(place), *row) for place, row in enumerate(rows, start=1)])
        table.focus()

    def action_exact(self) -> None:
        """Ask for the PIN."""
        if self.step not in (Step.ROWS, Step.PIN) or self.is_locked():
            return
        if self.desk.status is not None and not self.desk.status.hub_reachable:
            self.desk.advise_reason(self.answer, "hub-silent")  # no PIN for what nobody can answer
            return
        self.to_pin(Step.PIN)

    def sign(self, pin: bytearray) -> None:
        """One look, signed by the card."""
        self.working(pin, READING)
        self.ask(partial(self.counter.balances, self.card, pin, shown=self.key), self._counted)

    def _counted(self, found: tuple[BalanceRow, ...] | Refused) -> None:
        if isinstance(found, Refused):
            if not self.wrong_pin(found):
                self.enter(Step.ROWS)
                self.query_one("#rows").focus()
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
        self.fresh()
        self.answer.blank()
