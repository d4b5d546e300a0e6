"""The demo on a terminal: the greengrocer's counter, over the town that was made a moment ago.

It is the counter's own app with a tray of software cards, and a ribbon on every screen: that this
is a demo, the demo's time, and the keys that pull the cable, end the day and take a paper ticket
from the drawer. Time goes on by seconds, as a clock does, and by a day when somebody asks for it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from node.outcome import Issued, TicketPaper
from node.schedule import start
from sync.errors import Damaged
from sync.values import DAY, Millis, Points
from tui.app import CounterApp
from tui.demo import cast
from tui.demo.clockwork import in_tokyo
from tui.demo.corner import Corner, Terminal, pin
from tui.demo.opening import open_corner
from tui.demo.telling import Teller
from tui.readers import watch_readers
from tui.screens.palette import Command, Palette
from tui.screens.redeem import Redeem
from tui.widgets.cardslot import TrayCard
from tui.wording import Words, number
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

SECOND = Millis(1_000)
TICKET = Points(500)
"""What each of the paper tickets in the drawer is worth."""


class Ribbon(Static):
    """One line that never goes away."""

    DEFAULT_CSS = """
    Ribbon { height: 1; padding: 0 1; background: $look; color: $look-text; text-style: bold; }
    """


class DemoApp(CounterApp):
    """The greengrocer's counter in a demo town."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "network", show=False, priority=True),
        Binding("ctrl+t", "tomorrow", show=False, priority=True),
        Binding("ctrl+o", "drawer", show=False, priority=True),
    ]

    def __init__(self, corner: Corner, terminal: Terminal, words: Words) -> None:
        """``terminal`` is the counter that is shown."""
        super().__init__(
            lambda: terminal.counter, words, tray=tray_of(corner, words), watch=watch_readers
        )
        self._corner = corner
        self._terminal = terminal

    def on_mount(self) -> None:
        """The clock begins to go; Textual calls the counter's own handler as well."""
        self.set_interval(SECOND / 1_000, self._tick)

    def ribbon(self) -> Iterator[Widget]:
        """On every screen."""
        yield Ribbon(self._told(), markup=False)

    def action_network(self) -> None:
        """Pull the cable, or plug it in; in the middle of a sale as well."""
        terminal = self._terminal
        if terminal.switch.up:
            terminal.cut()
            self.ask(terminal.counter.sync_now, lambda _: self.poll())
        else:
            self.ask(terminal.mend, lambda _: self.poll())
        self._paint()

    def action_tomorrow(self) -> None:
        """Let a day pass."""
        if self.is_open and not self.busy():
            self._corner.clock.turn(DAY)
            self.ask(self._terminal.counter.sync_now, lambda _: self.poll())
            self._paint()

    def action_drawer(self) -> None:
        """Take a paper ticket that was issued, and hold it before the scanner."""
        if self.is_open and not self.busy() and not isinstance(self.screen, Palette):
            self.ask(self._corner.papers, self._opened_drawer)

    def _opened_drawer(self, found: object) -> None:
        tickets = found if isinstance(found, tuple) else ()
        rows = [Command(action=paper.qr, label=self._label(paper)) for paper in tickets]
        question = self.words("Which paper ticket is held before the scanner?")
        self.push_screen(Palette(rows, self.words, question), self._scanned)

    def _label(self, paper: TicketPaper) -> str:
        return self.words(
            "Ticket of {points}, until {day} (number ends in {end})",
            points=number(paper.points),
            day=paper.valid_until,
            end=paper.number[-4:],
        )

    def _scanned(self, qr: str | None) -> None:
        if qr is not None:
            self._go_home()
            self.push_screen(Redeem(qr))

    def _tick(self) -> None:
        self._corner.clock.turn(SECOND)
        self._paint()

    def _paint(self) -> None:
        for screen in self.screen_stack:
            for ribbon in screen.query(Ribbon):
                ribbon.update(self._told())

    def _told(self) -> str:
        return told(self.words, in_tokyo(self._corner.clock.now), up=self._terminal.switch.up)


def told(words: Words, now: datetime, *, up: bool) -> str:
    """The ribbon's line: the demo's time and its keys; ``up``: the cable is plugged in."""
    network = N_("pull the cable") if up else N_("plug it in")
    return "  ".join(
        (
            words("DEMO {time}", time=f"{now.month}/{now.day} {now:%H:%M}"),
            f"Ctrl+N {words(network)}",
            f"Ctrl+T {words('next day')}",
            f"Ctrl+O {words('paper tickets')}",
        )
    )


def show(corner: Corner, tell: Teller, words: Words) -> None:
    """Make the town, show its greengrocer until the person ends it, and say where everything is."""
    open_corner(corner, tell)
    for resident in (cast.HANAKO, cast.TARO):
        _issue(corner, resident)
    corner.issue_card(cast.NEWCOMER)
    corner.morning("2017-12-04 10:00")
    terminal = corner.of(cast.GREENGROCER)
    rounds = start(terminal.counter)
    app = DemoApp(corner, terminal, words)
    try:
        app.run()
    finally:
        app.cards.close()
        rounds.shutdown(wait=True)
    tell.gap()
    tell.say("Everything that was made lies in {folder}", folder=str(corner.folder))
    if app.problem is not None:
        raise app.problem


def tray_of(corner: Corner, words: Words) -> tuple[TrayCard, ...]:
    """The residents' cards, with the PIN: who tries it out has to know it."""
    return tuple(
        TrayCard(name=f"{words(each.on_tray)}  PIN {each.pin}", address=corner.card(each))
        for each in (*cast.RESIDENTS, cast.NEWCOMER)
    )


def _issue(corner: Corner, resident: cast.Resident) -> None:
    made = corner.of(cast.OFFICE).counter.issue_tickets(
        corner.card(resident),
        cast.KAWASAKI,
        TICKET,
        days=30,
        count=1,
        programme=cast.GIFT.id,
        pin=pin(resident),
    )
    if not isinstance(made, Issued):
        raise Damaged(f"the ticket counter issued nothing: {made.detail}")
