"""Take point tickets: one scan each, no keys; colour, word and bells give the answer.

Scans that come while one is being asked wait in line, also those that come before the screen is
there (:mod:`tui.scanqueue`): none is lost, none is asked twice at once. A no stays in sight below
while the next answers come.
"""

from collections import deque
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.widgets import Static

from node.outcome import Approved, FoundTicket, Outcome, Refused
from sync.records import Tier
from tui.asking import Trouble
from tui.scanqueue import BOUNCE, ScanQueue
from tui.screens.base import CounterScreen
from tui.screens.found import ask_to_compare
from tui.widgets.answer import LIGHT_WORD, Answer
from tui.widgets.figures import BigAmount
from tui.widgets.line import Line, meant_as_amount
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.advice import Advice, advice_for

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

    def __init__(self, first: str = "", at: float = -BOUNCE) -> None:
        """``first``: a ticket that was scanned on the screen before, at its own moment."""
        super().__init__()
        self._kept: list[Key | Paste] | None = []
        self._scans = ScanQueue(first, at)
        self._scans.hold()  # until the screen is there, nothing can be asked
        self._taken: list[Approved] = []
        self._lines: deque[str] = deque(maxlen=_SHOWN)

    def body(self) -> ComposeResult:
        """The field, the answer, the amount, and what came before."""
        words = self.desk.words
        with Horizontal():
            yield Static(words("Scan the ticket, or type its number:"), classes="label")
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
        self._scans.answered()
        self._next()

    @property
    def opening(self) -> bool:
        """Whether the field is not there yet."""
        return self._kept is not None

    def keep_back(self, event: Key | Paste) -> bool:
        """Until the field has the focus, keys wait: a scan may be on its way."""
        if self._kept is None:
            return False
        self._kept.append(event)
        return True

    def watch_focused(self) -> None:
        """The field is there: it gets what waited, in order and before anything newer."""
        field = self.focused
        if field is not None and self._kept is not None:
            for event in self._kept:
                field._forward_event(event)  # noqa: SLF001  as the app does with every key
            self._kept = None

    @on(Line.Entered, "#scan")
    def scanned(self, event: Line.Entered) -> None:
        """One scan."""
        self.take(event.text, event.at)

    def take(self, text: str, at: float) -> None:
        """One scan, here or on the screen before; ``at``: its moment in monotonic seconds."""
        if meant_as_amount(text) and self.is_mounted:
            self._scans.forget()
            self.desk.advise_reason(self.answer, "scan-needed")
            return
        self._scans.hear(text, at)
        self._next()

    def _next(self) -> None:
        scan = self._scans.next()
        if scan is None:
            return
        self.query_one(BigAmount).points = 0
        self.answer.note(self.desk.words("Asking. One moment, please."))
        if scan.to_compare:
            self.ask(partial(self.counter.find_ticket, scan.text), self._compare)
        else:
            self.ask(partial(self.counter.redeem, scan.text), self._show, money=True)

    def _compare(self, found: FoundTicket | Refused) -> None:
        """A number that was typed: a person compares it with the paper first."""
        if isinstance(found, Refused):
            self._scans.answered()
            self._refuse(found)
        else:
            self._scans.answered(found)
            ask_to_compare(self.answer, self.desk.words, found)
        self._next()

    def _show(self, outcome: Outcome) -> None:
        self._scans.answered()
        words = self.desk.words
        if isinstance(outcome, Approved):
            self._taken.append(outcome)
            points, number = words.points(outcome.points), words.ticket(outcome.number)
            self.query_one(BigAmount).points = outcome.points
            offline = words("Taken offline.") if outcome.tier is Tier.T2 else ""
            self.answer.say(
                "good",
                words,
                words("{points} taken.", points=points),
                words("Ticket {number}, no. {seq}", number=number, seq=outcome.seq),
                offline,
            )
            self._lines.appendleft(f"{words.moment(outcome.at)}  {number}  {points}")
        else:
            self._refuse(outcome)
        self._paint_sum()
        self._next()

    def _refuse(self, refused: Refused) -> None:
        self.show_refusal(refused)
        self._note_no(self.desk.words.ticket(refused.number), advice_for(refused.reason))
        self._paint_sum()

    def show_trouble(self, trouble: Trouble) -> None:
        """Say it; the scans behind it go on."""
        self._scans.answered()
        super().show_trouble(trouble)
        self._note_no("", trouble.advice)
        self._paint_sum()
        self._next()

    def _note_no(self, number: str, advice: Advice) -> None:
        """Keep it in sight: in a queue of scans the next answer comes at once."""
        words = self.desk.words
        said = (words(LIGHT_WORD[advice.light]), number, words(advice.what))
        self._lines.appendleft("  ".join(part for part in said if part))

    def _paint_sum(self) -> None:
        words, taken = self.desk.words, self._taken
        total = words.points(sum(one.points for one in taken))
        tickets = words.many("{count} ticket", "{count} tickets", len(taken))
        self.query_one("#sum", Static).update(
            words(
                "Since this screen was opened: {tickets}, {points}", tickets=tickets, points=total
            )
        )
        self.query_one("#last", Static).update("\n".join(self._lines))
