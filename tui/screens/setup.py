"""The first start: an invitation makes this PC a counter.

Paste or scan the invitation, name the folder of the second copy and the node secret, look at whose
counter it becomes, F12, compare the fingerprint with the office's screen, and wait until the office
has confirmed it. After a cut the screen shows what is known already and goes on by itself.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from sync.errors import Malformed, Unreachable
from sync.values import organisation_of, short
from tui.asking import Answered, Trouble
from tui.screens.base import CounterScreen
from tui.screens.confirm import Confirm
from tui.widgets.answer import Answer
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

if TYPE_CHECKING:
    from node.plan import Plan
    from sync.calls import Invited

ASK_EVERY = 3.0
"""Seconds between two questions whether the office has confirmed."""


class Enrolment(Protocol):
    """How a PC becomes a node. Each call may take as long as the network takes."""

    def known(self) -> "Plan | None":
        """The set-up that was interrupted here; None where there was none."""
        ...

    def resume(self, on_key: Callable[[str], None]) -> None:
        """Go on with it. Raises as ``enrol``."""
        ...

    def look(self, invitation: str) -> "Invited":
        """Whose counter the invitation makes of this PC. Raises Malformed, Unreachable."""
        ...

    def enrol(self, invitation: str, second_path: str, on_key: Callable[[str], None]) -> None:
        """Register; ``on_key`` hears the fingerprint that both screens show.

        ``second_path`` is a folder, or empty for none. Asking again goes on where it broke off.
        """
        ...

    def unlock(self, secret: str) -> None:
        """Seal the keys under this node secret, or open them with it."""
        ...

    def confirmed(self) -> bool:
        """Whether the office has compared the fingerprint and said yes.

        Raises Unreachable, and RefusedByRule where it will never say so.
        """
        ...


class SetUp(CounterScreen):
    """Shown until this PC is a counter."""

    HEADING = N_("Set up this PC")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.end", N_("End"), key_display="Esc")
    ]
    DEFAULT_CSS = """
    SetUp .ask { height: auto; padding: 1 1 0 1; text-style: bold; color: $accent; }
    SetUp #found { height: auto; padding: 1 1 0 1; text-style: bold; }
    """

    def __init__(self, enrolment: Enrolment) -> None:
        """``enrolment`` does what this screen shows."""
        super().__init__()
        self._enrolment = enrolment
        self._invitation = ""
        self._facts = ""
        self._sealed = False
        """A set-up that was interrupted waits for its node secret."""
        self._next: Callable[[], None] | None = None
        """What is asked again while the network is missing, once the office may know this PC."""

    def body(self) -> ComposeResult:
        """The two fields, what the invitation stands for, the fingerprint."""
        words = self.desk.words
        yield Static(
            words("Paste or scan the invitation from the office, then press Enter:"), classes="ask"
        )
        yield Line(name="invitation", keeps=True)
        yield Static(
            words("Folder for the second copy, best on a USB stick (Enter alone: none):"),
            classes="ask",
        )
        yield Line(name="second", keeps=True)
        yield Static(
            words("Node secret, a password for this PC's keys (Enter alone: none):"), classes="ask"
        )
        yield Line(name="secret", keeps=True, secret=True)
        yield Static("", id="found", markup=False)
        yield Answer()

    def on_mount(self) -> None:
        """Ready to paste, unless something was begun already."""
        super().on_mount()
        self.query_one("#invitation", Line).focus()
        self.ask(self._enrolment.known, self._remembered)

    def _remembered(self, plan: "Plan | None") -> None:
        """A set-up that was interrupted: what is known of it, and on."""
        if plan is None:
            return
        self._invitation = plan.invitation
        self.query_one("#invitation", Line).value = plan.invitation
        self.query_one("#second", Line).value = plan.second_path
        if plan.invited is not None:
            self._note_facts(plan.invited)
        if plan.fingerprint:
            self._show_fingerprint(plan.fingerprint)
        self._wait(N_("This set-up was interrupted; nothing is lost. It goes on."))
        self._resume()

    def _resume(self) -> None:
        self._next = self._resume
        self.ask(partial(self._enrolment.resume, self._heard), self._enrolled)

    @on(Line.Entered, "#invitation")
    def invited(self, event: Line.Entered) -> None:
        """The invitation is there; the second copy's folder comes next."""
        if event.text:
            self._invitation = event.text
            self.query_one("#second", Line).focus()

    @on(Line.Entered, "#second")
    def named(self) -> None:
        """The second copy has a place; the secret comes next."""
        self.query_one("#secret", Line).focus()

    @on(Line.Entered, "#secret")
    def entered(self, event: Line.Entered) -> None:
        """Look what it stands for before anything is registered; or go on, if that was missing."""
        self._enrolment.unlock(event.control.value.strip())
        if self._sealed:
            self._sealed = False
            self._wait(N_("One moment, please."))
            self._resume()
            return
        self._wait(N_("Asking the centre. One moment, please."))
        self.ask(partial(self._enrolment.look, self._invitation), self._looked)

    def _wait(self, text: str) -> None:
        for line in self.query(Line):
            line.disabled = True
        self.answer.note(self.desk.words(text))

    def _looked(self, invited: "Invited") -> None:
        self.answer.blank()
        self._note_facts(invited)
        question = self.desk.words("Register with this?") + "\n\n" + self._facts
        self.desk.push_screen(Confirm(question), self._sure)

    def _note_facts(self, invited: "Invited") -> None:
        words = self.desk.words
        self._facts = "\n".join(
            (
                words("Organisation ID  {id}", id=short(organisation_of(invited.node))),
                words("Terminal ID      {id}", id=short(invited.node)),
                words("Organisation     {name}", name=invited.organisation_name),
                words("Place            {place}", place=invited.place),
                words("Town             {town}", town=invited.town),
            )
        )
        self.query_one("#found", Static).update(self._facts)

    def _sure(self, sure: bool | None) -> None:
        if not sure:
            self._again()
            return
        self._next = self._resume
        self._wait(N_("Registering. One moment, please."))
        second = self.query_one("#second", Line).value.strip()
        self.ask(
            partial(self._enrolment.enrol, self._invitation, second, self._heard), self._enrolled
        )

    def _heard(self, fingerprint: str) -> None:
        """Comes from the asking thread."""
        self.desk.post_message(Answered(partial(self._show_fingerprint, fingerprint)))

    def _show_fingerprint(self, fingerprint: str) -> None:
        shown = self.desk.words("Fingerprint: {fingerprint}", fingerprint=fingerprint)
        self.query_one("#found", Static).update(f"{self._facts}\n\n{shown}")

    def _again(self) -> None:
        self.query_one("#found", Static).update("")
        for line in self.query(Line):
            line.disabled = False
        self.query_one("#invitation", Line).focus()
        self.answer.note(self.desk.words("Nothing was registered."))

    def _enrolled(self, _: None) -> None:
        self._next = self._ask_confirmed
        self.answer.note(
            self.desk.words(
                "Call the office and compare the fingerprint. Waiting for the office to confirm."
            )
        )
        self._ask_confirmed()

    def _ask_confirmed(self) -> None:
        self.ask(self._enrolment.confirmed, self._confirmed)

    def _confirmed(self, confirmed: bool) -> None:
        if confirmed:
            self.desk.begin()
        else:
            self.set_timer(ASK_EVERY, self._ask_confirmed)

    def show_trouble(self, trouble: Trouble) -> None:
        """A missing network is waited for; after all else an invitation can be given again."""
        words = self.desk.words
        if self._next is not None and isinstance(trouble.problem, Unreachable):
            self.set_timer(ASK_EVERY, self._next)
        elif trouble.about_secret:
            self._sealed = True
            self.query_one("#secret", Line).disabled = False
            self.query_one("#secret", Line).focus()
        else:
            self._next = None
            self._again()
        if isinstance(trouble.problem, Malformed):
            self.answer.say(
                "look",
                words,
                words("This is no invitation, or it is not complete."),
                words("It begins with MACHIKADO1-. Paste all of it."),
            )
        else:
            self.answer.advise(trouble.advice, words, unmoved=False)
