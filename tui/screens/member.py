"""A resident's own MyKey ID, with the card: see it, suspend it, use it again, change it, end it.

First what is to be done, then the card, then in words what will happen, then the PIN: nobody gives
a PIN for something that was not said. Ending it takes two: one to see what is left, one to end it.
"""

from enum import Enum
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from node.outcome import CardLook, ChosenId, Refused, SeenMember
from sync.members import MemberStep
from tui.screens.card import CardScreen, Scene
from tui.screens.confirm import Confirm
from tui.screens.register import wrong_with
from tui.widgets.answer import Answer
from tui.widgets.cardslot import CardSlot
from tui.widgets.choices import Choices
from tui.widgets.line import Line
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


class Step(Enum):
    """Where one is."""

    CHOICE = Scene(uses=("#what",))
    CARD = Scene(card="asked")
    WISH = Scene(uses=("#wished",))
    PIN = Scene(pin=True)
    WAITING = Scene(waits=True)


class MyKeyId(CardScreen):
    """One thing for one resident, then the list again."""

    FIRST, WAITING = Step.CHOICE, Step.WAITING
    HEADING = N_("MyKey ID")
    GIVEN_UP = N_("Given up. Nothing was changed.")
    DEFAULT_CSS = """
    MyKeyId #will { height: auto; padding: 0 1; margin: 1 0; text-style: bold; }
    MyKeyId #wish { width: 14; }
    """

    def __init__(self) -> None:
        """Nothing chosen yet."""
        super().__init__()
        self._what = MemberStep.SEE
        self._name: str | None = None
        """For a change the ID that is wanted, to end the one that was seen; None: not known yet."""

    def body(self) -> ComposeResult:
        """The list, then one thing at a time."""
        words = self.desk.words
        yield Static("", id="will", markup=False)
        yield Choices([words(row) for _, row in ROWS], name="what")
        yield self.slot()
        yield self.row(words("New MyKey ID"), Line(name="wish", keeps=True), name="wished")
        yield self.secret()
        yield Answer()

    def fresh(self) -> None:
        """What is to be done, first."""
        self.card, self._name = "", None
        self.query_one("#wish", Line).value = ""
        self.enter(Step.CHOICE)
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
        self.enter(Step.CARD, again=True)
        self.answer.blank()

    def laid(self, card: str) -> None:
        """The resident's card."""
        self.card = card
        self.read(partial(self.counter.look_up, card), self._looked)

    def _looked(self, look: CardLook) -> None:
        """What cannot work now is told before anybody types anything."""
        self.know(look)
        if not look.fresh:
            self.turn_away("hub-silent")
        elif not look.tries_left:
            self.turn_away("pin-locked")
        elif self._what is MemberStep.CHANGE and self._name is None:
            self._to_wish(
                self.desk.words(
                    "Type what the resident would like: 8 capital letters and digits. Then Enter."
                ),
                self.desk.words("Only Enter: the centre makes one."),
            )
        else:
            self._ask_pin()

    def _to_wish(self, *lines: str) -> None:
        self.enter(Step.WISH)
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
            self.wait(N_("Asking the centre. One moment, please."))
            self.ask(partial(self.counter.choose_id, (typed,)), partial(self._offered, typed))
        else:
            self._name = ""
            self._ask_pin()

    def _offered(self, wish: str, found: ChosenId | Refused) -> None:
        if isinstance(found, Refused):
            self._refused(found)
        elif found.mykey_id == wish:
            self._name = wish
            self._ask_pin()
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

    def _ask_pin(self) -> None:
        """Ask for the PIN, or first for the card if it left meanwhile."""
        ends = self._what is MemberStep.CANCEL and self._name is not None
        note = self.desk.words("To end it, please type the PIN once more.") if ends else ""
        if self.query_one(CardSlot).lies:
            self.to_pin(Step.PIN, note=note)
        else:
            self.card_left()

    def card_left(self) -> None:
        """It has to lie there again before anybody types its PIN."""
        self.enter(Step.CARD, back=True)
        self.answer.blank()

    def sign(self, pin: bytearray) -> None:
        """One step: before an end, first a look at what would be left."""
        ends_unseen = self._what is MemberStep.CANCEL and self._name is None
        step = MemberStep.SEE if ends_unseen else self._what
        self.working(pin, N_("One moment. Please leave the card on the reader."))
        self.ask(
            partial(self.counter.member, self.card, pin, step, self._name or "", shown=self.key),
            self._seen_before_the_end if ends_unseen else self._done,
            money=step is not MemberStep.SEE,
        )

    def _seen_before_the_end(self, member: SeenMember | Refused) -> None:
        if isinstance(member, Refused) or member.state != "active":
            self._done(member)
            return
        self.tries = _ALL_TRIES
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
            self.fresh()
            self.answer.note(words(self.GIVEN_UP))
            return
        self._name = name
        self._ask_pin()

    def _done(self, member: SeenMember | Refused) -> None:
        if isinstance(member, Refused):
            self._refused(member)
            return
        self.fresh()
        words = self.desk.words
        told = told_of(member, self._what, words)
        self.answer.say(told.light, words, *told.lines)

    def _refused(self, refused: Refused) -> None:
        if self.wrong_pin(refused):
            return
        if refused.reason == "mykey-id-taken":
            self._taken(self._name or "")
        else:
            self.turn_away(refused)
