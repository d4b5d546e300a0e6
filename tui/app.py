"""The counter's app: screens over the use cases of a counter (:mod:`tui.usecases`).

The first screen comes before anything is opened: the counter itself (database, reader, printer,
network) is opened in a thread, and until then the screen says so. It also comes before what it does
not show is loaded: the other screens, the use cases' answers, what refusals say. Screens ask in
threads and paint in handlers (:mod:`tui.asking`); what may be asked at the same time is the
counter's affair, except that one money action is in flight at a time, which is kept here.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste
from textual.reactive import Reactive
from textual.theme import Theme
from textual.widget import Widget

from sync.errors import Damaged, Unreachable
from tui.asking import Answered, Trouble, answered
from tui.readers import CardNews, ReaderDesk, StartWatch
from tui.scans import Meant, Scans
from tui.screens.base import CounterScreen
from tui.screens.home import JOBS, Home, jobs_at
from tui.theme import CONTRAST, draw_plain_scroll_bars
from tui.wording import Words, number
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

if TYPE_CHECKING:
    from node.card.readers import Lies, Placed
    from node.outcome import Finding, PrinterState, Refused, Status, SyncResult
    from tui.screens.palette import Command
    from tui.screens.setup import Enrolment
    from tui.usecases import UseCases
    from tui.widgets.answer import Answer
    from tui.widgets.cardslot import TrayCard

T = TypeVar("T")
_DRAWN = 1.0
"""Seconds that the opening waits for the first screen at the most."""
POLL_EVERY = 1.0
"""Seconds between two looks at the banner's facts; they open no network."""

_SCREENS = {
    "spend": ("tui.screens.spend", "Spend"),
    "redeem": ("tui.screens.redeem", "Redeem"),
    "clear": ("tui.screens.clear", "Clear"),
    "issue": ("tui.screens.issue", "Issue"),
    "register": ("tui.screens.register", "Register"),
    "balances": ("tui.screens.balances", "Balances"),
    "mykey": ("tui.screens.member", "MyKeyId"),
    "join": ("tui.screens.joining", "NewCard"),
    "numbers": ("tui.screens.numbers", "Numbers"),
    "void": ("tui.screens.voids", "Voids"),
    "history": ("tui.screens.history", "History"),
    "shift": ("tui.screens.shift", "Shift"),
    "printer": ("tui.screens.printer", "Printer"),
}
"""Where each job's screen is: loaded behind the first one, or when somebody is quicker."""


class CounterApp(App[None]):
    """One counter on one terminal."""

    TITLE = "machikado"
    ENABLE_COMMAND_PALETTE = False  # tui.screens.palette stands in for it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "commands", N_("All"), key_display="F1"),
        Binding("ctrl+p", "commands", show=False),
        *(Binding(key, f"go('{job}')", show=False) for key, job, _ in JOBS if key),
        Binding("ctrl+q", "leave", show=False, priority=True),
    ]
    CSS = """
    Screen { background: $background; color: $foreground; }
    """
    theme = Reactive(CONTRAST.name)

    def __init__(
        self,
        open_counter: "Callable[[], UseCases]",
        words: Words,
        *,
        tray: "Sequence[TrayCard]" = (),
        watch: StartWatch | None = None,
        enrolment: "Enrolment | None" = None,
        unlock: Callable[[str], None] | None = None,
    ) -> None:
        """``open_counter`` is called in a thread, after the first screen (or the set-up) is shown.

        ``tray`` are a demo's software cards; ``watch`` begins to tell what happens at this PC's
        card readers (:mod:`tui.readers`); ``unlock`` hears the node secret where the keys need it.
        """
        super().__init__()
        draw_plain_scroll_bars()
        self.words = words
        self.tray = tuple(tray)
        self.cards = ReaderDesk(watch)
        self._scans = Scans()
        self.status: Status | None = None
        self.problem: Exception | None = None
        """Why the counter could not be opened; the front door says it again and exits by it."""
        self._open_counter = open_counter
        self._enrolment = enrolment
        self._unlock = unlock
        self._counter: UseCases | None = None
        self._money_in_flight = False
        self._drawn = threading.Event()
        self._polling = False
        self._poll_again = False
        self._printing = False
        self._more_to_print = False

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The only one: set later, it would have the style sheets read twice."""
        return {CONTRAST.name: CONTRAST}

    # -- opening and closing

    def get_default_screen(self) -> Home:
        """The first screen."""
        return Home()

    def on_mount(self) -> None:
        """The first time in a PC's life its set-up stands over the first screen."""
        self.call_after_refresh(self._drawn.set)
        self.call_after_refresh(self.cards.open, self.post_message)  # it loads pyscard
        if self._enrolment is None:
            self.begin()
        else:
            from tui.screens.setup import SetUp

            self.push_screen(SetUp(self._enrolment))

    def on_unmount(self) -> None:
        """The readers' thread ends before the program does."""
        self.cards.close()

    def begin(self) -> None:
        """Open the counter, now that the screen is there to say so."""
        self._go_home()
        self.ask(self._open, self._opened)

    def _open(self) -> "UseCases":
        """Open the counter, behind the first screen: what that loads would hold up its drawing."""
        self._drawn.wait(_DRAWN)
        return self._open_counter()

    def _opened(self, counter: "UseCases | Trouble") -> None:
        if isinstance(counter, Trouble):
            self.problem = counter.problem
            if counter.about_secret and self._unlock is not None:
                from tui.screens.unlock import Unlock

                self.push_screen(Unlock(counter, self._unlock))
                return
            self._home.answer.advise(counter.advice, self.words, unmoved=False)
            return
        self._counter, self.problem = counter, None
        self.refresh_bindings()
        self._home.open_or_wait()
        self.ask(_load, lambda _: None)
        self.poll()
        self.set_interval(POLL_EVERY, self._poll_in_time)

    @property
    def is_open(self) -> bool:
        """Whether questions can be asked."""
        return self._counter is not None

    @property
    def counter(self) -> "UseCases":
        """The use cases. Raises Damaged before the counter is open."""
        if self._counter is None:
            raise Damaged("the counter is not open yet")
        return self._counter

    def _fatal_error(self) -> None:
        """A bug ends the program; what the front door says of it holds no values, no PIN."""
        self.problem = self._exception
        self._close_messages_no_wait()

    def action_leave(self) -> None:
        """End, unless money is in flight. Whoever opened the counter closes it."""
        if self.busy():
            return
        self._go_home()
        self.exit()

    def action_end(self) -> None:
        """Escape on the first screen: pressed once too often, it must not end the day."""
        if not self.busy():
            from tui.screens.confirm import Confirm

            self.push_screen(Confirm(self.words("End the program?")), self._sure_to_end)

    def _sure_to_end(self, sure: bool | None) -> None:
        if sure:
            self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C is for copying; it neither ends the counter nor says so in English."""

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """Before the counter is open its keys do nothing, and are not shown."""
        return self.is_open or action not in {"commands", "go"}

    def ribbon(self) -> Iterable[Widget]:
        """What else stands on every screen, under the banner; a demo has something to say."""
        return ()

    # -- asking

    def ask(
        self,
        question: Callable[[], T],
        deliver: Callable[[T | Trouble], None],
        *,
        money: bool = False,
    ) -> None:
        """Ask in a thread and deliver the answer, or the trouble, on the drawing thread."""
        if money:
            self._money_in_flight = True

        def landed(answer: T | Trouble) -> None:
            if money:
                self._money_in_flight = False
            deliver(answer)
            if money:
                self.poll()
                self.bring_to_paper()

        def work() -> None:
            self.post_message(Answered(partial(landed, answered(question))))

        self.run_worker(work, thread=True, exit_on_error=True)

    @on(Answered)
    def land(self, message: Answered) -> None:
        """An answer has come; once the program ends there is nothing to paint it on."""
        if not self._exit:
            message.deliver()

    def busy(self) -> bool:
        """Whether money is in flight; says so, because somebody wanted to go elsewhere."""
        screen = self.screen
        if isinstance(screen, CounterScreen) and screen.opening:
            return True  # scans wait for it
        if self._money_in_flight:
            self.bell()
            if isinstance(screen, CounterScreen):
                screen.answer.note(self.words("One moment: this is being finished safely."))
        return self._money_in_flight

    def poll(self) -> None:
        """Look at the banner's facts; where a look is under way, what it sees may be old: again."""
        if self._polling:
            self._poll_again = True
        elif self._counter is not None:
            self._polling, self._poll_again = True, False
            self.ask(self._counter.status, self._polled)

    def _poll_in_time(self) -> None:
        """Nothing has happened here; a look that is under way is enough."""
        if not self._polling:
            self.poll()

    def bring_to_paper(
        self, tell: "Callable[[PrinterState | Trouble], None]" = lambda _: None
    ) -> None:
        """Print what waits for paper: one printing at a time, and once more for the rest.

        A printer in trouble is told by the banner; a sale never waits for paper.
        """
        if self._printing:
            self._more_to_print = True
            return
        self._printing = True

        def printed(state: "PrinterState | Trouble") -> None:
            self._printing = False
            tell(state)
            if self._more_to_print:
                self._more_to_print = False
                self.bring_to_paper()
            else:
                self.poll()

        self.ask(self.counter.print_waiting, printed)

    def _polled(self, status: "Status | Trouble") -> None:
        self._polling = False
        if self._poll_again:
            self.poll()
        if isinstance(status, Trouble):
            return
        first, self.status = self.status is None, status
        for screen in self.screen_stack:
            if isinstance(screen, CounterScreen) and screen.is_mounted:
                screen.show_status(status)
        if first and status.kind == "booth":
            self.action_go("redeem")

    # -- going about

    @property
    def _home(self) -> Home:
        return next(screen for screen in self.screen_stack if isinstance(screen, Home))

    def _go_home(self) -> None:
        while not isinstance(self.screen, Home):
            if isinstance(self.screen, CounterScreen):
                self.screen.leave()
            self.pop_screen()

    def action_go(self, job: str) -> None:
        """Go to a job's screen, from wherever one is; what was half begun is given up."""
        if not self.is_open or self.busy():
            return
        if job in _SCREENS:
            self._go_home()
            self._home.answer.blank()  # what was said there is over with the next thing done
            self.push_screen(_screen(job))
        elif job == "sync":
            self._go_home()
            self._home.answer.note(self.words("Sending. You can go on meanwhile."))
            self.ask(self.counter.sync_now, self._synced)
        elif job == "print":
            self._go_home()
            self.bring_to_paper(self._printed)
        elif job == "audit":
            self._go_home()
            self._home.answer.note(self.words("Checking the books. You can go on meanwhile."))
            self.ask(self.counter.audit, self._audited)
        elif job == "leave":
            self.action_leave()

    def action_commands(self) -> None:
        """Everything by name."""
        if self.is_open and not self.busy() and isinstance(self.screen, CounterScreen):
            from tui.screens.palette import Palette

            self.push_screen(Palette(self._commands(), self.words), self._commanded)

    def _commands(self) -> "list[Command]":
        from tui.screens.palette import Command

        words = self.words
        jobs = [
            Command(action=job, label=words(label), key=key)
            for key, job, label in jobs_at(self.status)
        ]
        more = (
            ("print", N_("Print what waits")),
            ("audit", N_("Check the books")),
            ("leave", N_("End the program")),
        )
        return jobs + [Command(action=action, label=words(label)) for action, label in more]

    def _commanded(self, action: str | None) -> None:
        if action is not None:
            self.action_go(action)

    # -- scans

    async def on_event(self, event: Event) -> None:
        """Keys in the order in which they came, before anybody has them."""
        if not isinstance(event, Key | Paste) or event.is_forwarded or not self._screen_stack:
            await super().on_event(event)
            return
        meant = Meant.ITSELF
        if isinstance(event, Key):
            sign = event.character if event.is_printable else None
            meant = self._scans.hear(event.key, sign, event.time)
        screen = self.screen if isinstance(self.screen, CounterScreen) else None
        if meant is Meant.NOTHING or (screen is not None and screen.keep_back(event)):
            return
        await super().on_event(event)
        if meant is Meant.TICKET and screen is not None:
            screen.overhear()

    # -- cards

    @on(CardNews)
    def hear(self, news: CardNews) -> None:
        """Something happened at a reader."""
        self.cards.hear(news)
        self._show_readers()

    def mark_card(self, card: "Placed", lies: "Lies") -> None:
        """Something was found out about a card, or done with it."""
        self.cards.mark(card, lies)
        self._show_readers()

    def _show_readers(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, CounterScreen) and screen.is_mounted:
                screen.show_readers()

    # -- what answers say

    def advise(self, answer: "Answer", refused: "Refused") -> None:
        """Words for a refusal, with what it names."""
        from tui.screens.card import LAST_TRY
        from tui.wording.advice import advice_for

        words, more, advice = self.words, [], advice_for(refused.reason)
        if refused.number is not None and refused.points is not None:
            points, named = words.points(refused.points), words.ticket(refused.number)
            more.append(words("Ticket {number}, {points}", number=named, points=points))
        if refused.limit is not None and advice.limit:
            more.append(words(advice.limit, limit=number(refused.limit)))
        if refused.tries_left:
            more.append(
                words.many("{count} try is left.", "{count} tries are left.", refused.tries_left)
            )
        if refused.tries_left == 1:
            more.append(words(LAST_TRY))
        if refused.taken_at is not None:
            more.append(
                words("It was taken here on {moment}.", moment=words.moment(refused.taken_at))
            )
        if refused.seq is not None:
            more.append(words("See no. {seq} in the history.", seq=refused.seq))
        answer.advise(advice, words, *more)

    def advise_reason(self, answer: "Answer", reason: str) -> None:
        """Words for a reason that the screen itself found."""
        from tui.wording.advice import advice_for

        answer.advise(advice_for(reason), self.words)

    def _synced(self, result: "SyncResult | Trouble") -> None:
        words, answer = self.words, self._home.answer
        if isinstance(result, Trouble):
            answer.advise(result.advice, words, unmoved=False)
        elif isinstance(result.error, Unreachable):
            answer.say(
                "look",
                words,
                words("The centre does not answer."),
                words("Nothing is lost: it is sent as soon as the network is back."),
            )
        elif result.error is not None:
            from tui.wording.advice import advice_about

            answer.advise(advice_about(result.error), words)
        else:
            answer.note(
                words(
                    "Sent: {sent}. Confirmed by the centre: {receipts}.",
                    sent=number(result.sent),
                    receipts=number(result.receipts),
                )
            )
        self.poll()

    def _printed(self, printer: "PrinterState | Trouble") -> None:
        from tui.notices import printer_trouble

        words, answer = self.words, self._home.answer
        if isinstance(printer, Trouble):
            answer.advise(printer.advice, words, unmoved=False)
        elif printer.trouble:
            answer.say("look", words, printer_trouble(printer.trouble, words))
        else:
            answer.note(words.many("{count} print waits", "{count} prints wait", printer.waiting))

    def _audited(self, found: "tuple[Finding, ...] | Trouble") -> None:
        words, answer = self.words, self._home.answer
        if isinstance(found, Trouble):
            answer.advise(found.advice, words, unmoved=False)
        elif found:
            answer.say(
                "no",
                words,
                words("{count} things do not add up.", count=number(len(found))),
                words("Please call the office."),
            )
        else:
            answer.note(words("Everything adds up."))


def _screen(job: str) -> CounterScreen:
    """A job's screen, new."""
    module, name = _SCREENS[job]
    screen: CounterScreen = getattr(import_module(module), name)()
    return screen


def _load() -> None:
    """Load the other screens and what reads tickets, so that the first one waits for nothing."""
    from sync.ticket import load

    for module, _ in _SCREENS.values():
        import_module(module)
    load()
