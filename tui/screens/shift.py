"""A shift: open it, look at its sums, close it with the Z-report for the paper in the drawer."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from node.outcome import Refused, Status, ZReport
from printer.preview import PaperLine
from tui.screens.base import CounterScreen
from tui.screens.history import KINDS
from tui.screens.look import Look
from tui.widgets.answer import Answer
from tui.widgets.line import Line
from tui.widgets.table import Table
from tui.wording import Words, number
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

DIGEST_SHOWN = 8
"""Hexadecimal digits of a digest, as on paper."""


class Shift(CounterScreen):
    """Closed: a name and Enter opens one. Open: the sums, and F12 closes it."""

    HEADING = N_("Shift, day's end")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "close_shift", N_("Close the shift"), key_display="F12")
    ]
    DEFAULT_CSS = """
    Shift Horizontal { height: 1; margin: 1 0; }
    Shift .label { width: auto; padding: 0 1; text-style: bold; }
    Shift #staff { width: 30; }
    Shift #sums { height: auto; padding: 1 1 0 1; text-style: bold; }
    """

    def __init__(self) -> None:
        """Closed, as far as is known."""
        super().__init__()
        self._is_open = False

    def body(self) -> ComposeResult:
        """The name field or the sums."""
        words = self.desk.words
        with Horizontal(id="opening"):
            yield Static(words("Your name, then Enter opens the shift:"), classes="label")
            yield Line(name="staff")
        yield Answer()
        yield Table(words("Points of"), words("What"), words("Count"), words("Points"), name="rows")
        yield Static("", id="sums", markup=False)

    def on_mount(self) -> None:
        """The open shift's sums, if there is one."""
        super().on_mount()
        self.query_one("#opening").display = False
        self.query_one("#rows").display = False
        self._read()

    def _read(self) -> None:
        self.ask(self.counter.shift_so_far, self._show)

    def _show(self, report: ZReport | Refused) -> None:
        if isinstance(report, Refused):
            self.query_one("#opening").display = True
            self.query_one("#staff", Line).focus()
            if report.reason != "no-shift":
                self.show_refusal(report)
            return
        self._paint(report)
        self.answer.note(self.desk.words("So far. F12 closes the shift and prints the Z-report."))

    def _paint(self, report: ZReport) -> None:
        words = self.desk.words
        table = self.query_one("#rows", Table)
        table.display = bool(report.lines)
        table.fill(
            [
                (line.point_name, words(KINDS[line.kind]), number(line.count), number(line.points))
                for line in report.lines
            ]
        )
        self.query_one("#sums", Static).update("\n".join(_sums(report, words)))

    @on(Line.Entered, "#staff")
    def open(self, event: Line.Entered) -> None:
        """Open the shift under this name."""
        self.ask(partial(self.counter.open_shift, event.text), self._opened, money=True)

    def _opened(self, refused: Refused | None) -> None:
        if refused is not None:
            self.show_refusal(refused)
            return
        self.query_one("#opening").display = False
        self.set_focus(None)
        self.desk.poll()
        self._read()

    def show_status(self, status: Status) -> None:
        """Newest facts for the banner; the foot offers to close a shift that is open."""
        super().show_status(status)
        if status.shift_open is not self._is_open:
            self._is_open = status.shift_open
            self.refresh_bindings()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """Without an open shift there is nothing to close, and no key for it."""
        return self._is_open or action != "close_shift"

    def action_close_shift(self) -> None:
        """Show the Z-report as it would be, and ask."""
        if not self.desk.busy():
            self.ask(self.counter.preview_shift, self._looked)

    def _looked(self, paper: tuple[PaperLine, ...] | Refused) -> None:
        if isinstance(paper, Refused):
            self.show_refusal(paper)
            return
        question = self.desk.words("Close the shift and print the Z-report?")
        self.desk.push_screen(Look(paper, question), self._sure)

    def _sure(self, sure: bool | None) -> None:
        if sure:
            self.answer.note(self.desk.words("One moment, please."))
            self.ask(self.counter.close_shift, self._shown_closed, money=True)

    def _shown_closed(self, report: ZReport | Refused) -> None:
        words = self.desk.words
        if isinstance(report, Refused):
            self.show_refusal(report)
            return
        self._paint(report)
        self.desk.poll()
        self.answer.say(
            "good", words, words("The shift is closed. Count the paper against these sums.")
        )


def _sums(report: ZReport, words: Words) -> list[str]:
    staff = report.staff or words("no name")
    span = words.moment(report.opened_at)
    if report.closed_seq is not None:
        span += " - " + words.moment(report.closed_at)
    lines = [
        words("Shift of {staff}, {span}", staff=staff, span=span),
        words("Taken, less what was taken back: {points}", points=words.points(report.taken)),
        words(
            "Arrived at the centre: {synced}   still to send: {waiting}",
            synced=number(report.synced),
            waiting=number(report.waiting),
        ),
        words(
            "Taken offline and not yet arrived: {used}   limit left: {left}",
            used=number(report.offline_used),
            left=number(report.offline_left),
        ),
    ]
    if report.claims:
        claims = " ".join(claim.hex()[:DIGEST_SHOWN] for claim in report.claims)
        lines.append(words("For a claim, keep: {digests}", digests=claims))
    return lines
