"""What this counter took, newest first; Enter takes one back, or gives its points back."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from node.outcome import Approved, HistoryRow, Kind, Outcome, Status
from sync.values import Points
from tui.screens.base import CounterScreen
from tui.screens.confirm import Confirm
from tui.widgets.answer import Answer
from tui.widgets.table import Table
from tui.wording import Words
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

KINDS: dict[Kind, str] = {
    "spend": N_("Points"),
    "ticket.redeemed": N_("Ticket"),
    "ticket.issued": N_("Issued"),
    "ticket.cleared": N_("Cleared"),
    "ticket.voided": N_("Ticket back"),
    "reversed": N_("Taken back"),
    "refunded": N_("Given back"),
}
_VERDICTS = {
    None: N_("to send"),
    "applied": N_("arrived"),
    "exception": N_("arrived, looked into"),
    "quarantined": N_("arrived, waits"),
}


class History(CounterScreen):
    """F7, Enter, F12 takes the last sale back; one of a closed shift is given back by the hub."""

    HEADING = N_("History, take back")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10", "app.go('printer')", N_("Printer"), key_display="F10")
    ]

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__()
        self._rows: tuple[HistoryRow, ...] = ()
        self._seen: tuple[int, int] | None = None
        """What the list was read at: it is read again when records come or arrive."""

    def body(self) -> ComposeResult:
        """Answer above, so that a long list does not push it out; then the list."""
        words = self.desk.words
        yield Answer()
        yield Table(
            words("No"),
            words("Time"),
            words("What"),
            words("Points"),
            words("Ticket"),
            words("Centre"),
            name="rows",
        )

    def on_mount(self) -> None:
        """Read the list."""
        super().on_mount()
        self.query_one("#rows", Table).focus()
        self.answer.note(self.desk.words("Enter takes the sale under the cursor back."))
        self._read()

    def _read(self) -> None:
        self.ask(self.counter.history, self._show)

    def show_status(self, status: Status) -> None:
        """Newest facts for the banner and, where they say that the list is old, for the list."""
        super().show_status(status)
        before, self._seen = self._seen, (status.seq, status.waiting)
        if before not in (None, self._seen):
            self.read_again(self.counter.history, self._repaint)

    def _show(self, rows: tuple[HistoryRow, ...]) -> None:
        self._paint(rows, cursor=0)
        if not rows:
            self.answer.note(self.desk.words("Nothing was taken here yet."))

    def _repaint(self, rows: tuple[HistoryRow, ...]) -> None:
        self._paint(rows, cursor=self.query_one("#rows", Table).cursor_row)

    def _paint(self, rows: tuple[HistoryRow, ...], *, cursor: int) -> None:
        self._rows = rows
        cells = [_cells(row, self.desk.words) for row in rows]
        self.query_one("#rows", Table).fill(cells, cursor=cursor)

    @on(DataTable.RowSelected)
    def choose(self, event: DataTable.RowSelected) -> None:
        """Ask before it is taken back."""
        event.stop()
        row, words = self._rows[event.cursor_row], self.desk.words
        if row.reversed_by is not None:
            self.desk.advise_reason(self.answer, "reversed-already")
        elif row.refundable:
            question = words(
                "No. {seq} is of a closed shift. Give {points} of it back to the customer?"
                " The shop's next payment is less by it.",
                seq=row.seq,
                points=words.points(row.refundable),
            )
            self.desk.push_screen(Confirm(question), partial(self._sure_of_refund, row))
        elif not row.reversible:
            self.desk.advise_reason(self.answer, _why_not(row))
        else:
            question = words(
                "Take back no. {seq}, {what}, {points}?",
                seq=row.seq,
                what=words(KINDS[row.kind]),
                points=words.points(row.points),
            )
            self.desk.push_screen(Confirm(question), partial(self._sure, row))

    def _sure(self, row: HistoryRow, sure: bool | None) -> None:
        if sure:
            self.answer.note(self.desk.words("One moment, please."))
            self.ask(partial(self.counter.reverse, row.seq), self._reversed, money=True)

    def _sure_of_refund(self, row: HistoryRow, sure: bool | None) -> None:
        if sure:
            self.answer.note(self.desk.words("One moment, please."))
            refund = partial(self.counter.refund, row.epoch, row.seq, Points(row.refundable))
            self.ask(refund, self._reversed, money=True)

    def _reversed(self, outcome: Outcome) -> None:
        if isinstance(outcome, Approved):
            words = self.desk.words
            self.answer.say(
                "good",
                words,
                words("{points} given back.", points=words.points(outcome.points)),
                words("No. {seq}", seq=outcome.seq),
                words("They keep the date they had.") if outcome.kind == "refunded" else "",
            )
        else:
            self.show_refusal(outcome)
        self._read()


def _why_not(row: HistoryRow) -> str:
    """Why a row of no open shift is neither taken back nor given back, as far as it shows."""
    if row.kind not in ("spend", "ticket.redeemed"):
        return "not-reversible"
    return "refunded-already" if row.given_back >= row.points else "not-in-this-shift"


def _cells(row: HistoryRow, words: Words) -> tuple[str, ...]:
    what = words(KINDS[row.kind])
    if row.reversed_by is not None:
        what = words("{what}, undone", what=what)
    return (
        str(row.seq),
        words.moment(row.at),
        what,
        words.points(row.points),
        _tickets(row, words),
        words(_VERDICTS.get(row.verdict, row.verdict or "")),
    )


def _tickets(row: HistoryRow, words: Words) -> str:
    """The ticket that was taken, or the first of those issued and how many more there were."""
    if not row.issued:
        return words.ticket(row.number)
    first, *more = map(words.ticket, row.issued)
    return words("{number} +{count}", number=first, count=len(more)) if more else first
