"""The first screen: type an amount, scan a ticket, or choose what to do."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.widgets import OptionList, Static

from sync.errors import Malformed
from sync.values import points
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.banner import say_once
from tui.widgets.choices import Choices
from tui.widgets.line import Line, meant_as_amount
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

if TYPE_CHECKING:
    from node.outcome import Status

Job = tuple[str, str, str]
"""Function key (none: chosen from the list or by F1), what the app calls it, and its words."""
JOBS: tuple[Job, ...] = (
    ("f2", "spend", N_("Spend points")),
    ("f3", "redeem", N_("Take tickets")),
    ("f4", "issue", N_("Issue tickets")),
    ("", "void", N_("Take a ticket back")),
    ("", "clear", N_("Clear a pile of tickets")),
    ("f5", "register", N_("Register a resident")),
    ("f6", "balances", N_("Look at points")),
    ("", "numbers", N_("Service numbers")),
    ("", "mykey", N_("MyKey ID: see, suspend, change, end")),
    ("", "join", N_("New card for a MyKey ID")),
    ("f7", "history", N_("History, take back")),
    ("f8", "shift", N_("Shift, day's end")),
    ("f9", "sync", N_("Send now")),
    ("f10", "printer", N_("Printer, print again")),
)
_SHORT = {
    "spend": N_("Spend"),
    "redeem": N_("Scan"),
    "issue": N_("Issue"),
    "register": N_("New"),
    "balances": N_("Look"),
    "history": N_("List"),
    "shift": N_("Day"),
    "sync": N_("Send"),
}


def jobs_at(status: "Status | None") -> tuple[Job, ...]:
    """What can be done at a terminal: only a ticket counter clears what shops bring."""
    clears = status is not None and status.kind == "counter"
    return tuple(job for job in JOBS if clears or job[1] != "clear")


class Home(CounterScreen):
    """Always under the others; Escape comes back here."""

    HEADING = N_("Counter")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"app.go('{job}')", _SHORT[job], key_display=key.upper())
            for key, job, _ in JOBS
            if job in _SHORT  # the foot has 80 columns
        ),
        Binding("escape", "app.end", N_("End"), key_display="Esc"),
        Binding("down", "menu", show=False),
    ]
    DEFAULT_CSS = """
    Home Horizontal { height: 1; margin: 1 0 1 0; }
    Home #ask { width: auto; padding: 0 1; color: $accent; text-style: bold; }
    Home Line { width: 24; }
    Home #jobs { height: 1fr; min-height: 6; max-height: 14; }
    Home #shift { padding: 0 1; }
    """

    def __init__(self) -> None:
        """What kind of terminal it is shows when the counter is open."""
        super().__init__()
        self._jobs: tuple[Job, ...] = ()

    def body(self) -> ComposeResult:
        """One field for amount or scan, and the jobs."""
        words = self.desk.words
        with Horizontal():
            yield Static(words("Type the amount and Enter, or scan a ticket:"), id="ask")
            yield Line(name="entry", disabled=not self.desk.is_open)
        yield Choices(name="jobs", numbered=False, disabled=not self.desk.is_open)
        yield Static("", id="shift", markup=False)
        yield Answer()

    def on_mount(self) -> None:
        """The jobs with their keys; closed until the counter is open."""
        super().on_mount()
        self._show_jobs()
        self.open_or_wait()

    def _show_jobs(self) -> None:
        words, jobs = self.desk.words, jobs_at(self.desk.status)
        if jobs != self._jobs:
            self._jobs = jobs
            rows = [f"{key.upper():<5}{words(label)}" for key, _, label in jobs]
            self.query_one("#jobs", Choices).show(rows)

    def open_or_wait(self) -> None:
        """Before the counter is open nothing can be asked."""
        is_open = self.desk.is_open
        self.query_one("#entry", Line).disabled = not is_open
        self.query_one("#jobs", Choices).disabled = not is_open
        if is_open:
            self.answer.blank()
            self.query_one("#entry", Line).focus()
        else:
            self.answer.note(self.desk.words("Opening the counter. One moment, please."))

    def show_status(self, status: "Status") -> None:
        """Newest facts for the banner, what can be done here, and whether a shift is open."""
        super().show_status(status)
        if self.query("#jobs"):
            self._show_jobs()
        for line in self.query("#shift").results(Static):
            say_once(line, self._shift(status))

    def _shift(self, status: "Status") -> str:
        words = self.desk.words
        if not status.shift_open:
            return words("No shift is open. The first sale opens one, or open it with F8.")
        if not status.shift_staff:
            return words("The shift is open.")
        return words("The shift is open: {staff}", staff=status.shift_staff)

    def on_screen_resume(self) -> None:
        """What was half typed when another screen came is over."""
        super().on_screen_resume()
        self.query_one("#entry", Line).value = ""

    def keep_back(self, event: Key | Paste) -> bool:
        """What is typed or scanned while the list has the focus goes into the field."""
        entry = self.query_one("#entry", Line)
        typed = isinstance(event, Paste) or event.is_printable
        if typed and self.focused is not entry and not entry.disabled:
            self.set_focus(entry)
        return False

    @on(Line.Entered, "#entry")
    def begin(self, event: Line.Entered) -> None:
        """An amount begins a spend, anything else is a scan.

        So is what came behind a scan before its screen was there.
        """
        if not event.text:
            return
        self.answer.blank()  # what was said before is over
        if self.desk.screen is not self or not meant_as_amount(event.text):
            self._hand_on(event)
            return
        try:
            amount = points(event.text)
        except Malformed:
            self.answer.note(self.desk.words("An amount is a whole number, for example 500."))
            return
        from tui.screens.spend import Spend

        self.desk.push_screen(Spend(amount))

    def _hand_on(self, scan: Line.Entered) -> None:
        """A scan goes to whatever screen is there by now; from here to the one for tickets."""
        if isinstance(self.desk.screen, CounterScreen):
            self.desk.screen.take(scan.text, scan.at)

    def take(self, text: str, at: float) -> None:
        """The screen for tickets takes it."""
        from tui.screens.redeem import Redeem

        self.desk.push_screen(Redeem(text, at))

    @on(OptionList.OptionSelected, "#jobs")
    def choose(self, event: OptionList.OptionSelected) -> None:
        """A job was chosen from the list."""
        self.desk.action_go(self._jobs[event.option_index][1])

    def action_menu(self) -> None:
        """From the field down into the list."""
        self.query_one("#jobs", Choices).focus()
