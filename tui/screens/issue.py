"""Issue point tickets from a resident's points: card, amount, days, Enter, PIN; then paper.

A card of several towns is asked which, a town of several running programmes which kind of ticket.
Without the network nobody fills in a form: the screen says so when it is opened, and again where
a card is put down.
"""

from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from node.card.pin import wipe
from node.outcome import CardLook, Issued, Refused, Running, TownStanding
from printer.preview import PaperLine
from sync.clock import day_of
from sync.errors import Malformed
from sync.values import MOST_POINTS, Points, half_width, points
from tui.days import cut_short
from tui.screens.card import CardScreen, Scene
from tui.screens.look import Look
from tui.usecases import UseCases
from tui.widgets.answer import Answer
from tui.widgets.choices import Choices
from tui.widgets.figures import BigAmount
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

MOST_DAYS, MOST_TICKETS = 366, 20
"""Bounds of one issue (:class:`sync.holds.Wanted`)."""


class Step(Enum):
    """Where the issue is."""

    CARD = Scene(card="asked")
    TOWN = Scene(uses=("#towns",))
    KIND = Scene(uses=("#kinds",))
    FORM = Scene(uses=("#form",))
    PIN = Scene(sees=("#form",), pin=True)
    WAITING = Scene(waits=True)


class Issue(CardScreen):
    """One issue after the other."""

    FIRST, WAITING = Step.CARD, Step.WAITING
    HEADING = N_("Issue tickets")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "look", N_("See the ticket"), key_display="F6"),
        Binding("down", "field(1)", show=False),
        Binding("up", "field(-1)", show=False),
    ]
    GIVEN_UP = N_("Given up. No points were moved.")
    DEFAULT_CSS = """
    Issue Vertical { height: auto; }
    Issue .label { width: 36; }
    Issue Line { width: 14; }
    Issue #town, Issue #plain { height: 1; padding: 0 1; text-style: bold; color: $accent; }
    Issue BigAmount { margin: 0 1 1 1; }
    """

    def __init__(self) -> None:
        """No card yet."""
        super().__init__()
        self._towns: tuple[TownStanding, ...] = ()
        self._town: TownStanding | None = None
        self._programmes: tuple[Running, ...] = ()
        self._kinds: tuple[Running, ...] = ()
        self._kind: Running | None = None
        self._each, self._days, self._count = Points(0), 0, 0

    def body(self) -> ComposeResult:
        """Card, town, form, customer's line and PIN."""
        words = self.desk.words
        yield self.slot()
        yield Static("", id="town", markup=False)
        yield Choices(name="towns")
        yield Choices(name="kinds")
        with Vertical(id="form"):
            for name, label, value in (
                ("amount", N_("Points on each ticket"), ""),
                ("days", N_("Days it can be used, from today"), "3"),
                ("count", N_("How many tickets"), "1"),
            ):
                yield self.row(words(label), Line(value, name=name, keeps=True))
        yield Static("", id="plain", markup=False)
        yield BigAmount()
        yield self.secret()
        yield Answer()

    def begin(self) -> None:
        """The card first; without the network that is said now."""
        self.fresh()
        self.ask(self.counter.running, self._opened)

    def _opened(self, running: tuple[Running, ...] | Refused) -> None:
        if isinstance(running, Refused):
            self.show_refusal(running)
        elif self.without_printer:
            self._warn_of_paper()

    def _warn_of_paper(self, *more: str) -> None:
        """A ticket can be issued without a printer; nobody should wait for its paper unwarned."""
        words = self.desk.words
        self.answer.say(
            "look",
            words,
            words("There is no printer: set one up first."),
            words("A ticket issued now waits for a printer."),
            *more,
        )

    def enter(self, step: Enum, *, again: bool = False, back: bool = False) -> None:
        """Show a step, and what the customer pays once that is known."""
        super().enter(step, again=again, back=back)
        self._paint()

    def _paint(self) -> None:
        words, town = self.desk.words, self._town
        shown = ""
        if town is not None:
            have = words.points(town.available, at_least=town.at_cap)
            shown = words("{point_name}: {points}", point_name=town.point_name, points=have)
        if self._kind is not None and len(self._kinds) > 1:
            shown += f"   {self._kind.name}"
        self.query_one("#town", Static).update(shown)
        total = self._each * self._count if self.step in (Step.PIN, Step.WAITING) else 0
        self.query_one(BigAmount).points = total
        pay = words("Customer, you pay {points}", points=words.points(total)) if total else ""
        self.query_one("#plain", Static).update(pay)

    def fresh(self) -> None:
        """The next issue; the days stay."""
        self.card, self._town, self._kind = "", None, None
        self._towns, self._kinds = (), ()
        self._each, self._count = Points(0), 0
        self.query_one("#amount", Line).value = ""
        self.query_one("#count", Line).value = "1"
        self.enter(Step.CARD)

    def laid(self, card: str) -> None:
        """What can be issued from it."""
        self.card = card
        self.read(partial(_look, self.counter, card), self._looked)

    def _looked(self, found: tuple[CardLook, tuple[Running, ...]] | Refused) -> None:
        if isinstance(found, Refused):
            self.turn_away(found)
            return
        look, self._programmes = found
        self.know(look)
        self._towns = tuple(town for town in look.towns if town.usable)
        if not look.tries_left:
            self.turn_away("pin-locked")
        elif not self._towns or look.closed is not None:
            self.turn_away(look.closed or "no-accepted-town")
        elif len(self._towns) == 1:
            self._to_kind(self._towns[0])
        else:
            self.choose_town(Step.TOWN, self._towns)

    @on(OptionList.OptionSelected, "#towns")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """One of the card's towns."""
        self._to_kind(self._towns[event.option_index])

    def _to_kind(self, town: TownStanding) -> None:
        """One running programme is not asked about."""
        kinds = tuple(each for each in self._programmes if each.municipality == town.municipality)
        if not kinds:
            self.turn_away("unknown-programme")
            return
        self._town, self._kinds = town, kinds
        if len(kinds) == 1:
            self._to_form(kinds[0])
            return
        which = self.desk.words("Which kind of ticket? Type the number or choose and press Enter.")
        self.choose(Step.KIND, "#kinds", [kind.name for kind in kinds], which)

    @on(OptionList.OptionSelected, "#kinds")
    def of_kind(self, event: OptionList.OptionSelected) -> None:
        """One of the town's programmes."""
        self._to_form(self._kinds[event.option_index])

    def _to_form(self, kind: Running) -> None:
        self._kind = kind
        self.enter(Step.FORM)
        go_on = self.desk.words(
            "Points, Enter, days, Enter, then the PIN. More than one: arrow key down."
        )
        if self.without_printer:
            self._warn_of_paper(go_on)
        else:
            self.answer.note(go_on)
        self.query_one("#amount", Line).focus()

    @on(Line.Entered)
    def entered(self, event: Line.Entered) -> None:
        """Amount, then days, then on to the PIN; the number of tickets is one unless changed."""
        if event.control.id == "amount":
            self.query_one("#days", Line).focus()
            return
        form = self._read_form()
        if form is not None:
            self._each, self._days, self._count = form
            self.to_pin(Step.PIN, note=self._cut())

    def _cut(self) -> str:
        """That the days will be fewer, as far as it is known here before the hub is asked."""
        status, kind, town = self.desk.status, self._kind, self._town
        if status is None or kind is None or town is None:
            return ""
        cut = cut_short(
            day_of(status.now), self._days, use_until=kind.use_until, expires_on=town.expires_on
        )
        return "" if cut is None else self.desk.words(cut.why.value, day=cut.day)

    def _read_form(self) -> tuple[Points, int, int] | None:
        words = self.desk.words
        try:
            each = points(self.query_one("#amount", Line).value)
        except Malformed:
            self.answer.note(words("An amount is a whole number, for example 500."))
            self.query_one("#amount", Line).focus()
            return None
        days = _within(self.query_one("#days", Line).value, MOST_DAYS)
        count = _within(self.query_one("#count", Line).value, MOST_TICKETS)
        if days is None:
            self._empty("days", words("Days: a number from 1 to {most}.", most=MOST_DAYS))
            return None
        if count is None or each * count > MOST_POINTS:
            self._empty("count", words("Tickets: a number from 1 to {most}.", most=MOST_TICKETS))
            return None
        return each, days, count

    def _empty(self, field: str, why: str) -> None:
        """Ask for a field again; what stood there may be a PIN that was typed too early."""
        line = self.query_one(f"#{field}", Line)
        line.value = ""
        line.focus()
        self.answer.note(why)

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """There is a ticket to see once it is known whose points it is made of."""
        return action != "look" or self.step in (Step.FORM, Step.PIN)

    def action_field(self, way: int) -> None:
        """To the field below or above."""
        if self.step is Step.FORM:
            fields = list(self.query("#form Line"))
            now = fields.index(self.focused) if self.focused in fields else 0
            fields[max(0, min(now + way, len(fields) - 1))].focus()

    def action_look(self) -> None:
        """The paper before the PIN: nothing is asked of the card or the hub."""
        kind = self._kind
        form = self._read_form() if self.step is Step.FORM else (self._each, self._days, 0)
        if kind is None or form is None:
            return
        each, days, _ = form
        self.read_again(
            partial(
                self.counter.preview_ticket,
                kind.municipality,
                each,
                days=days,
                programme=kind.programme,
            ),
            self._look_at,
        )

    def _look_at(self, paper: tuple[PaperLine, ...]) -> None:
        self.desk.push_screen(Look(paper))

    def sign(self, pin: bytearray) -> None:
        """The issue: from here on nothing stops half-way."""
        kind = self._kind
        if kind is None:
            wipe(pin)
            return
        self.working(pin, N_("Taking the points. Please leave the card on the reader."))
        self.ask(
            partial(
                self.counter.issue_tickets,
                self.card,
                kind.municipality,
                self._each,
                days=self._days,
                count=self._count,
                programme=kind.programme,
                pin=pin,
                shown=self.key,
            ),
            self._issued,
            money=True,
        )

    def _issued(self, issued: Issued | Refused) -> None:
        words = self.desk.words
        if isinstance(issued, Refused):
            if not self.wrong_pin(issued):
                self.turn_away(issued)
            return
        self.fresh()
        numbers = ", ".join(map(words.ticket, issued.numbers))
        comes_out = bool(issued.papers) and not self.without_printer
        if issued.papers and not comes_out:
            last = words(
                "Valid until {day}. There is no printer: the paper waits for one.",
                day=_until(issued),
            )
        elif issued.papers:
            last = words("Valid until {day}. The paper is being printed.", day=_until(issued))
        else:
            last = words("The paper comes by itself when the network is back. Keep nothing open.")
        self.answer.say(
            "good" if comes_out else "look",
            words,
            words.many(
                "{count} ticket issued, {points}.",
                "{count} tickets issued, {points} in all.",
                len(issued.numbers),
                points=words.points(issued.record.points),
            ),
            words("Ticket {number}, no. {seq}", number=numbers, seq=issued.record.seq),
            last,
        )


def _look(counter: UseCases, card: str) -> tuple[CardLook, tuple[Running, ...]] | Refused:
    """The card and what can be issued from it; refused before a card is read for nothing."""
    running = counter.running()
    return running if isinstance(running, Refused) else (counter.look_up(card), running)


def _within(text: str, most: int) -> int | None:
    plain = half_width(text)
    is_number = plain.isascii() and plain.isdigit() and len(plain) <= len(str(most))
    return int(plain) if is_number and 1 <= int(plain) <= most else None


def _until(issued: Issued) -> str:
    return min(paper.valid_until for paper in issued.papers)
