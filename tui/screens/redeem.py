"""Take point tickets: one scan each, no keys; colour, word and bells give the answer.

Scans that come while one is being asked wait in line: none is lost, none is asked twice at once.
A scanner that fires twice within a second gave one scan.
"""

from collections import deque
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from node.outcome import Approved, FoundTicket, Outcome, Refused
from sync.records import Tier
from sync.values import is_typed
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.screens.found import ask_to_compare
from tui.widgets.answer import Answer
from tui.widgets.figures import BigAmount
from tui.widgets.line import Line, meant_as_amount
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

BOUNCE = 1.0
"""Seconds within which the same text again is the scanner's own repetition."""
_SHOWN = 5


class Redeem(CounterScreen):
    """The booth's screen: the field always has the focus."""

    HEADING = N_("Take tickets")
    DEFAULT_CSS = """
    Redeem Horizontal { height: 1; margin-bottom: 1; }
    Redeem .label { width: auto; padding: 0 1; text-style: bold; color: $accent; }
    Redeem #scan { width: 1fr; }
    Redeem #sum { height: 1; padding: 0 1; margin-top: 1; text-style: bold; }
    Redeem #last { height: auto; padding: 0 1; }
    Redeem BigAmount { margin: 1; }
    """

    def __init__(self, first: str = "") -> None:
        """``first``: a ticket that was scanned on the screen before."""
        super().__init__()
        self._waiting: deque[str] = deque([first] if first else [])
        self._asking = False
        self._bounce = ("", -BOUNCE)
        self._taken: list[Approved] = []
        self._found: FoundTicket | None = None
        """What is behind a typed number, until Enter takes it or another scan comes."""
        self._compared = ""
        """The number that a person has compared with the paper."""

    def body(self) -> ComposeResult:
        """The field, the answer, the amount, and what came before."""
        words = self.desk.words
        with Horizontal():
            yield Static(words("Scan the ticket:"), classes="label")
            yield Line(name="scan")
        yield Answer()
        yield BigAmount()
        yield Static("", id="sum", markup=False)
        yield Static("", id="last", markup=False)

    def on_mount(self) -> None:
        """Ready for scans; the first may have come already."""
        super().on_mount()
        self.query_one("#scan", Line).focus()
        self._paint_sum()
        self._next()

    @on(Line.Entered, "#scan")
    def scanned(self, event: Line.Entered) -> None:
        """One scan."""
        before, at = self._bounce
        self._bounce = (event.text, event.at)
        found, self._found = self._found, None
        if not event.text and found is not None:
            self._compared = found.number
            self._waiting.append(found.number)
            self._next()
        if not event.text or (event.text == before and event.at - at < BOUNCE):
            return
        if meant_as_amount(event.text):
            self.desk.advise_reason(self.answer, "scan-needed")
            return
        self._waiting.append(event.text)
        self._next()

    def _next(self) -> None:
        if self._asking or not self._waiting:
            return
        self._asking = True
        self.query_one(BigAmount).points = 0
        self.answer.note(self.desk.words("Asking. One moment, please."))
        text = self._waiting.popleft()
        if is_typed(text) and text != self._compared:
            self.ask(partial(self.counter.find_ticket, text), self._compare)
        else:
            self.ask(partial(self.counter.redeem, text), self._show, money=True)

    def _compare(self, found: FoundTicket | Refused) -> None:
        """A number that was typed: a person compares it with the paper first."""
        self._asking = False
        if isinstance(found, Refused):
            self.show_refusal(found)
        else:
            self._found = found
            ask_to_compare(self.answer, self.desk.words, found)
        self._next()

    def _show(self, outcome: Outcome) -> None:
        self._asking, self._compared = False, ""
        if isinstance(outcome, Approved):
            self._taken.append(outcome)
            words = self.desk.words
            self.query_one(BigAmount).points = outcome.points
            offline = words("Taken offline.") if outcome.tier is Tier.T2 else ""
            self.answer.say(
                "good",
                words,
                words("{points} taken.", points=words.points(outcome.points)),
                words("Ticket {number}, no. {seq}", number=outcome.number, seq=outcome.seq),
                offline,
            )
            self._paint_sum()
        else:
            self.show_refusal(outcome)
        self._next()

    def show_trouble(self, trouble: Trouble) -> None:
        """Say it; the scans behind it go on."""
        self._asking = False
        super().show_trouble(trouble)
        self._next()

    def _paint_sum(self) -> None:
        words, taken = self.desk.words, self._taken
        total = words.points(sum(one.points for one in taken))
        tickets = words.many("{count} ticket", "{count} tickets", len(taken))
        self.query_one("#sum", Static).update(
            words(
                "Since this screen was opened: {tickets}, {points}", tickets=tickets, points=total
            )
        )
        self.query_one("#last", Static).update(
            "\n".join(
                f"{words.moment(one.at)}  {one.number}  {words.points(one.points)}"
                for one in reversed(taken[-_SHOWN:])
            )
        )
