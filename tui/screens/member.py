"""A resident's own MyKey ID, with the card: see it, suspend it, use it again, change it, end it.

First what is to be done, then the card, then in words what will happen, then the PIN: nobody gives
a PIN for something that was not said. Ending it takes two: one to see what is left, one to end it.
"""

from enum import Enum, auto
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from node.card.pin import wipe
from node.outcome import CardLook, ChosenId, Refused, SeenMember
from sync.members import MemberStep
from tui.asking import Trouble
from tui.screens.base import CounterScreen
from tui.screens.confirm import Confirm
from tui.screens.register import wrong_with
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot, Choices
from tui.widgets.line import Line
from tui.widgets.pin import PinEntry
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.members import WILL, told_of

ROWS: tuple[tuple[MemberStep, str], ...] = (
    (MemberStep.SEE, N_("See the MyKey ID and its points")),
    (MemberStep.SUSPEND, N_("Suspend it: points and services cannot be used for a while")),
    (MemberStep.RESUME, N_("Use it again after it was suspended")),
    (MemberStep.CHANGE, N_("Change it to another ID")),
    (MemberStep.AGREE, N_("Use it for points too (it was made without)")),
    (MemberStep.CANCEL, N_("End it for good")),
)
"""What a resident may want, in the order of the list."""


_ALL_TRIES = 3
"""What a card allows again once its PIN was right."""


class At(Enum):
    """Where one is."""

    CHOICE = auto()
    CARD = auto()
    WISH = auto()
    PIN = auto()
    WAITING = auto()


class MyKeyId(CounterScreen):
    """One thing for one resident, then the list again."""

    HEADING = N_("MyKey ID")
    DEFAULT_CSS = """
    MyKeyId Horizontal { height: 1; }
    MyKeyId .label { width: auto; padding: 0 1; text-style: bold; }
    MyKeyId #will { height: auto; padding: 0 1; margin: 1 0; text-style: bold; }
    MyKeyId #wish { width: 14; }
    """

    def __init__(self) -> None:
        """Nothing chosen yet."""
        super().__init__()
        self.at = At.CHOICE
        self._what = MemberStep.SEE
        self._card, self._tries, self._pad = "", 0, False
        self._name: str | None = None
        """For a change the ID that is wanted, to end the one that was seen; None: not known yet."""

    def body(self) -> ComposeResult:
        """The list, then one thing at a time."""
        words = self.desk.words
        yield Static("", id="will", markup=False)
        yield Choices([words(row) for _, row in ROWS], name="what")
        yield self.slot()
        with Horizontal(id="wished"):
            yield Static(words("New MyKey ID"), classes="label")
            yield Line(name="wish", keeps=True)
        with Horizontal(id="secret"):
            yield Static(words("PIN (the customer types 4 digits)"), classes="label")
            yield PinEntry()
        yield Answer()

    def on_mount(self) -> None:
        """What is to be done, first."""
        super().on_mount()
        self._fresh()

    def _enter(self, at: At, *, back: bool = False) -> None:
        """``back``: it is the card from before that is asked for."""
        self.at = at
        for part, needed in (("#what", At.CHOICE), ("#wished", At.WISH), ("#secret", At.PIN)):
            widget = self.query_one(part)
            widget.disabled = at is not needed  # hidden alone, a list would still hear a PIN
            if at is not At.WAITING:  # what is hidden for a moment loses the focus it gets back
                widget.display = at is needed
        self.query_one(PinEntry).clear()
        slot = self.query_one(CardSlot)
        if at is At.CARD:
            slot.want(again=not back, back=back)
        else:
            slot.rest()

    def _fresh(self) -> None:
        self._card, self._name = "", None
        self.query_one("#wish", Line).value = ""
        self._enter(At.CHOICE)
        self._say_what(self.desk.words("What would the resident like? Type the number."))
        self.query_one("#what", Choices).focus()

    def _say_what(self, *lines: str) -> None:
        self.query_one("#will", Static).update("\n".join(lines))

    @on(OptionList.OptionSelected, "#what")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """What the resident wants; what will happen stands there until it has."""
        self._what, row = ROWS[event.option_index]
        words = self.desk.words
        self._say_what(words(row), *map(words, WILL[self._what]))
        self._enter(At.CARD)
        self.answer.blank()

    @on(CardSlot.Put)
    def put(self, event: CardSlot.Put) -> None:
        """A card lies on the reader."""
        if self.at is not At.CARD:
            return
        self._card = event.address
        self._enter(At.WAITING)
        self.answer.note(self.desk.words("Reading the card. One moment, please."))
        self.ask(partial(self.counter.look_up, event.address), self._looked)

    def _looked(self, look: CardLook) -> None:
        """What cannot work now is told before anybody types anything."""
        self._tries, self._pad = look.tries_left, look.pad
        if not look.fresh:
            self._fresh()
            self.desk.advise_reason(self.answer, "hub-silent")
        elif self.is_locked(look):
            self._fresh()
        elif self._what is MemberStep.CHANGE and self._name is None:
            self._to_wish(
                self.desk.words(
                    "Type what the resident would like: 8 capital letters and digits. Then Enter."
                ),
                self.desk.words("Only Enter: the centre makes one."),
            )
        else:
            self._to_pin()

    def _to_wish(self, *lines: str) -> None:
        self._enter(At.WISH)
        self.answer.note("\n".join(lines))
        self.query_one("#wish", Line).focus()

    @on(Line.Entered, "#wish")
    def wished(self, event: Line.Entered) -> None:
        """The ID as the resident wrote it, asked for before the PIN; or none, and one is made."""
        typed, words = event.control.value.strip(), self.desk.words
        wrong = wrong_with(typed, words) if typed else ""
        if wrong:
            self.answer.note(wrong)
        elif typed:
            self._enter(At.WAITING)
            self.answer.note(words("Asking the centre. One moment, please."))
            self.ask(partial(self.counter.choose_id, (typed,)), partial(self._offered, typed))
        else:
            self._name = ""
            self._to_pin()

    def _offered(self, wish: str, found: ChosenId | Refused) -> None:
        if isinstance(found, Refused):
            self._refused(found)
        elif found.mykey_id == wish:
            self._name = wish
            self._to_pin()
        else:
            self._taken(wish)

    def _taken(self, wish: str) -> None:
        """Somebody has it, or got it in between."""
        words = self.desk.words
        self.query_one("#wish", Line).value = ""
        self._to_wish(
            words("{wish} is somebody's already. Please type another one.", wish=wish),
            words("Only Enter: the centre makes one."),
        )

    def _to_pin(self, *, again: bool = False) -> None:
        """Ask for the PIN, or first for the card if it left meanwhile."""
        if not self.query_one(CardSlot).lies:
            self._enter(At.CARD, back=True)
            return
        self._enter(At.PIN)
        ends = self._what is MemberStep.CANCEL and self._name is not None
        note = self.desk.words("To end it, please type the PIN once more.") if ends else ""
        self.before_pin(self._tries, pad=self._pad, again=again, note=note)
        self.query_one(PinEntry).focus()

    @on(CardSlot.Lifted)
    def lifted(self) -> None:
        """The card left before its PIN: it has to lie there again before anybody types that."""
        if self.at is At.PIN:
            self._to_pin()

    @on(PinEntry.Unclear)
    def unclear(self) -> None:
        """Letters, or a ticket scanned into the PIN."""
        self.answer.note(self.desk.words("A PIN has 4 digits. Nothing was given to the card."))

    @on(PinEntry.Typed)
    def typed(self, event: PinEntry.Typed) -> None:
        """The PIN signs one step: before an end, first a look at what would be left."""
        if self.at is not At.PIN:
            wipe(event.pin)
            return
        ends_unseen = self._what is MemberStep.CANCEL and self._name is None
        step = MemberStep.SEE if ends_unseen else self._what
        self._enter(At.WAITING)
        self.working(event.pin, N_("One moment. Please leave the card on the reader."))
        self.ask(
            partial(self.counter.member, self._card, event.pin, step, self._name or ""),
            self._seen_before_the_end if ends_unseen else self._done,
            money=step is not MemberStep.SEE,
        )

    def _seen_before_the_end(self, member: SeenMember | Refused) -> None:
        if isinstance(member, Refused) or member.state != "active":
            self._done(member)
            return
        self._tries = _ALL_TRIES
        words = self.desk.words
        left = [
            f"  {row.point_name}: {words.points(row.available + row.held)}" for row in member.left
        ]
        lines = [words("End this MyKey ID for good? It cannot be taken back."), *left]
        if left:
            lines.append(words("These points can then be used no more."))
        self.app.push_screen(Confirm("\n".join(lines)), partial(self._sure_to_end, member.mykey_id))

    def _sure_to_end(self, name: str, sure: bool | None) -> None:
        words = self.desk.words
        if not sure:
            self._fresh()
            self.answer.note(words("Given up. Nothing was changed."))
            return
        self._name = name
        self._to_pin()

    def _done(self, member: SeenMember | Refused) -> None:
        if isinstance(member, Refused):
            self._refused(member)
            return
        what = self._what
        self._fresh()
        words = self.desk.words
        told = told_of(member, what, words)
        self.answer.say(told.light, words, *told.lines)

    def _refused(self, refused: Refused) -> None:
        if self.asks_pin_again(refused):
            self._tries = refused.tries_left or self._tries
            self._to_pin(again=True)
            self.show_refusal(refused)
        elif refused.reason == "mykey-id-taken":
            self._taken(self._name or "")
        else:
            self._fresh()
            self.show_refusal(refused)

    def show_trouble(self, trouble: Trouble) -> None:
        """Begin again with the list."""
        self._fresh()
        super().show_trouble(trouble)

    def step_back(self) -> bool:
        """Back to the list; nothing was changed."""
        if self.at is At.CHOICE:
            return False
        self.forget()
        self._fresh()
        self.answer.note(self.desk.words("Given up. Nothing was changed."))
        return True
