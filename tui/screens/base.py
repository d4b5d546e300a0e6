"""What every screen of the counter has: banner, foot, Escape, and a way to ask.

Rules kept here, for all screens:

1. A screen never calls the counter itself: :meth:`CounterScreen.ask` does it in a thread, and the
   answer comes back as a message.
2. One money action is in flight at a time. While it is, Escape and the function keys wait: a
   record that is being committed cannot be taken back half-way.
3. An answer that comes after the person went on is not shown. Where it holds something open, the
   asker says how to let go of it.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.screen import Screen

from tui.asking import Trouble, is_refusal
from tui.widgets.answer import Answer
from tui.widgets.banner import Banner
from tui.widgets.foot import Foot
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

if TYPE_CHECKING:
    from node.outcome import Refused, Status
    from tui.app import CounterApp
    from tui.usecases import UseCases
    from tui.widgets.cardslot import CardSlot

T = TypeVar("T")


class CounterScreen(Screen[None]):
    """Base of the counter's screens. Subclasses give ``HEADING`` and :meth:`body`."""

    HEADING: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", N_("Back"), key_display="Esc")
    ]

    def __init__(self) -> None:
        """Nothing asked yet."""
        super().__init__()
        self._turn = 0

    @property
    def desk(self) -> "CounterApp":
        """The app, by its own type."""
        return cast("CounterApp", self.app)

    @property
    def counter(self) -> "UseCases":
        """The use cases; for questions only."""
        return self.desk.counter

    @property
    def without_printer(self) -> bool:
        """Whether the counter is known to have no printer, so that paper waits for one."""
        status = self.desk.status
        return status is not None and status.printer.destination == "none"

    @property
    def answer(self) -> Answer:
        """Where the screen answers."""
        return self.query_one(Answer)

    def compose(self) -> ComposeResult:
        """Banner, what the screen is for, foot."""
        yield Banner(self.desk.words(self.HEADING))
        yield from self.desk.ribbon()
        yield from self.body()
        yield Foot(self.desk.words)

    @abstractmethod
    def body(self) -> ComposeResult:
        """What the screen is for."""

    def slot(self) -> "CardSlot":
        """A new place to ask for a card, as this counter has it."""
        from tui.widgets.cardslot import CardSlot

        return CardSlot(self.desk.words, self.desk.tray, self.desk.cards.readers)

    def on_mount(self) -> None:
        """Show in the banner what is known already."""
        if self.desk.status is not None:
            self.show_status(self.desk.status)

    @property
    def opening(self) -> bool:
        """Whether it is not there yet for what is typed or scanned meanwhile."""
        return False

    def keep_back(self, event: Key | Paste) -> bool:  # noqa: ARG002  for screens that look at it
        """Asked before a key goes to whoever has the focus; True: this screen keeps it back."""
        return False

    def take(self, text: str, at: float) -> None:  # noqa: ARG002  for screens that take tickets
        """A ticket was scanned (``at``: its moment in monotonic seconds); here nobody takes it."""
        self.desk.advise_reason(self.answer, "scan-elsewhere")

    def overhear(self) -> None:
        """A ticket was scanned; where it went into no field, say that nothing was taken."""
        from tui.widgets.pin import PinEntry

        if not isinstance(self.focused, Line | PinEntry):
            self.desk.advise_reason(self.answer, "scan-elsewhere")

    def show_status(self, status: "Status") -> None:
        """Newest facts for the banner; a screen that is just coming or going has none."""
        for banner in self.query(Banner):
            banner.paint(status, self.desk.words)

    def on_screen_resume(self) -> None:
        """Whatever was over this screen is gone: a card that came meanwhile is taken now."""
        self.show_readers()

    def show_readers(self) -> None:
        """How the card readers are now, for the place that asks for a card."""
        for slot in self._slots():
            slot.show(self.desk.cards.readers)

    def _slots(self) -> "Iterator[CardSlot]":
        """Its places that ask for a card; by name: the first screen has none, and loads none."""
        return cast("Iterator[CardSlot]", self.query("CardSlot").results())

    def ask(
        self,
        question: Callable[[], T],
        show: Callable[[T], None],
        *,
        unwanted: Callable[[T], None] | None = None,
        money: bool = False,
    ) -> None:
        """Ask in a thread; show the answer, if the person still waits for it.

        ``unwanted`` lets go (in a thread too) of what an answer that came too late holds open.
        """
        self._turn += 1
        turn = self._turn

        def deliver(answer: T | Trouble) -> None:
            self._mark_card(answer, money=money)
            if turn != self._turn or not self.is_attached:
                if unwanted is not None and not isinstance(answer, Trouble):
                    self.desk.ask(lambda: unwanted(answer), lambda _: None)
            elif isinstance(answer, Trouble):
                self.show_trouble(answer)
            else:
                show(answer)

        self.desk.ask(question, deliver, money=money)

    def _mark_card(self, answer: object, *, money: bool) -> None:
        """A card that paid is used until it was put down again: one tap, one money signature."""
        from node.card.errors import NotThisCard
        from node.card.readers import Lies

        found = answer.problem if isinstance(answer, Trouble) else None
        if isinstance(found, NotThisCard):
            lies = Lies.FOREIGN
        elif money and not is_refusal(answer):
            lies = Lies.USED
        else:
            return
        for slot in self._slots():
            if slot.card is not None:
                self.desk.mark_card(slot.card, lies)

    def read_again(self, question: Callable[[], T], show: Callable[[T], None]) -> None:
        """Ask for newer rows while the person does something else; what they asked goes on."""

        def deliver(answer: T | Trouble) -> None:
            if self.is_attached and not isinstance(answer, Trouble):
                show(answer)

        self.desk.ask(question, deliver)

    def forget(self) -> None:
        """Whatever was asked is not waited for any more."""
        self._turn += 1

    def show_trouble(self, trouble: Trouble) -> None:
        """Say what went wrong; screens go back to a state from where one can go on."""
        self.answer.advise(trouble.advice, self.desk.words, unmoved=not trouble.unexpected)

    def show_refusal(self, refused: "Refused") -> None:
        """Say why not."""
        self.desk.advise(self.answer, refused)

    def leave(self) -> None:
        """Called before the screen goes: let go of what is held open."""
        self.forget()

    def action_back(self) -> None:
        """Escape: one step back, and at the first step out of the screen."""
        if self.desk.busy():
            return
        if not self.step_back():
            self.leave()
            self.desk.pop_screen()

    def step_back(self) -> bool:
        """Go one step back inside the screen; False at the first step."""
        return False
