"""The printer's sheets: what came out, what waits, and what nobody knows until somebody has looked.

A sheet in doubt stays until a person says whether it came out; nothing is printed twice unseen.
The answers are chosen with the arrow keys, and none is under the cursor at first: a scanner's Enter
chooses nothing.
"""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, OptionList

from node.outcome import Refused, Sheet, Status
from printer.preview import PaperLine
from tui.notices import printer_trouble
from tui.screens.base import CounterScreen
from tui.screens.look import Look
from tui.screens.printersetup import PrinterSetUp
from tui.widgets.answer import Answer
from tui.widgets.choices import Choices
from tui.widgets.table import Table
from tui.wording import Words
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

KINDS = {
    "spend": N_("Points"),
    "ticket.redeemed": N_("Ticket"),
    "ticket.voided": N_("Ticket back"),
    "reversed": N_("Taken back"),
    "refunded": N_("Given back"),
    "ticket": N_("Point ticket"),
    "Z": N_("Z-report"),
    "clearing": N_("Clearing receipt"),
}
"""What a sheet is, by the first word of its job's title."""
_STATES = {
    "queued": N_("waits"),
    "failed": N_("waits"),
    "sent": N_("came out?"),
    "confirmed": N_("printed"),
}
_CAME_OUT, _AGAIN = N_("It came out"), N_("Print it again")
_ANSWERS = {"sent": (_CAME_OUT, _AGAIN), "confirmed": (_AGAIN,)}
"""What a person may say of a sheet; one that waits is printed by itself, given a printer."""


class Printer(CounterScreen):
    """F10, Enter on a sheet, and one answer."""

    HEADING = N_("Printer")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "look", N_("See the sheet"), key_display="F6"),
        Binding("f12", "set_up", N_("Set up"), key_display="F12"),
    ]

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__()
        self._sheets: tuple[Sheet, ...] = ()
        self._chosen: Sheet | None = None
        self._seen: tuple[int, int] | None = None

    def body(self) -> ComposeResult:
        """Answer and choices above, so that a long list does not push them out."""
        words = self.desk.words
        yield Answer()
        yield Choices(name="said", numbered=False)
        yield Table(words("Time"), words("What"), words("No"), words("State"), name="rows")

    def on_mount(self) -> None:
        """Read the list."""
        super().on_mount()
        self._choose(None)
        self.ask(self.counter.sheets, self._show)

    def show_status(self, status: Status) -> None:
        """Newest facts for the banner, and for the list where the printer went on."""
        super().show_status(status)
        before, self._seen = self._seen, (status.printer.waiting, status.printer.unsure)
        if before not in (None, self._seen) and self._chosen is None:
            self.read_again(self.counter.sheets, self._paint)

    def _show(self, sheets: tuple[Sheet, ...]) -> None:
        self._paint(sheets)
        words = self.desk.words
        if not sheets:
            self.answer.note(words("Nothing was printed yet. F12 sets up the printer."))
        elif any(sheet.state == "sent" for sheet in sheets):
            self.answer.note(words("Did it come out? Look at the printer, then press Enter here."))
        else:
            self.answer.note(words("Enter prints the sheet under the cursor once more."))

    def _paint(self, sheets: tuple[Sheet, ...]) -> None:
        self._sheets = sheets
        self.query_one("#rows", Table).fill([_cells(sheet, self.desk.words) for sheet in sheets])

    def _choose(self, sheet: Sheet | None) -> None:
        self._chosen = sheet
        self.query_one("#said").display = sheet is not None
        if sheet is None:
            self.query_one("#rows", Table).focus()

    @on(DataTable.RowSelected)
    def look(self, event: DataTable.RowSelected) -> None:
        """Ask about the sheet, or say why it waits."""
        event.stop()
        sheet, words = self._sheets[event.cursor_row], self.desk.words
        why = printer_trouble(sheet.trouble, words)
        if sheet.state not in _ANSWERS:
            self.answer.note(why or self._said_of_waiting())
            return
        self._choose(sheet)
        ask = words("Choose with the arrow keys, then Enter.")
        self.answer.note(f"{why}\n{ask}" if why else ask)
        choices = self.query_one("#said", Choices)
        choices.show([words(answer) for answer in _ANSWERS[sheet.state]], cursor=None)
        choices.focus()

    def _said_of_waiting(self) -> str:
        words = self.desk.words
        if self.without_printer:
            return words("There is no printer. It waits until one is set up: F12.")
        return words("It waits and is printed by itself.")

    @on(OptionList.OptionSelected, "#said")
    def said(self, event: OptionList.OptionSelected) -> None:
        """What the person saw."""
        sheet, counter = self._chosen, self.counter
        if sheet is None:
            return
        came_out = _ANSWERS[sheet.state][event.option_index] == _CAME_OUT
        tell = counter.came_out if came_out else counter.reprint
        self._choose(None)
        self.ask(partial(tell, sheet.job), partial(self._noted, came_out=came_out))

    def _noted(self, refused: Refused | None, *, came_out: bool) -> None:
        words = self.desk.words
        if refused is not None:
            self.show_refusal(refused)
        elif came_out:
            self.answer.note(words("Noted: it came out."))
        else:
            waits = self.without_printer
            self.answer.note(self._said_of_waiting() if waits else words("It is being printed."))
        self.read_again(self.counter.sheets, self._paint)
        self.desk.bring_to_paper()

    def action_set_up(self) -> None:
        """Choose another printer."""
        if not self.desk.busy():
            self.desk.push_screen(PrinterSetUp())

    def action_look(self) -> None:
        """What stands on the sheet under the cursor."""
        row = self.query_one("#rows", Table).cursor_row
        if self._sheets:
            sheet = self._chosen or self._sheets[row]
            self.read_again(partial(self.counter.preview_sheet, sheet.job), self._looked)

    def _looked(self, paper: tuple[PaperLine, ...] | Refused) -> None:
        if isinstance(paper, Refused):
            self.show_refusal(paper)
        else:
            self.desk.push_screen(Look(paper))

    def step_back(self) -> bool:
        """From the answers back to the list."""
        if self._chosen is None:
            return False
        self._choose(None)
        self.answer.blank()
        return True


def _cells(sheet: Sheet, words: Words) -> tuple[str, ...]:
    return (
        words.moment(sheet.at),
        words(KINDS.get(sheet.what, sheet.what)),
        words.ticket(sheet.number),
        words(_STATES.get(sheet.state, sheet.state)),
    )
