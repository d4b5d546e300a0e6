"""The printer is chosen, tried with a test sheet, looked at, and only then kept.

    WAY -> (WHERE) -> MODEL -> (DRAWER) -> TRIED -> kept

WHERE is typed for what no PC can find: a network printer's address, a folder for PDF files. MODEL
is the model of a receipt printer, or the paper of an office printer. Nothing is kept before the
last answer, so Escape and another try cost nothing.
"""

from enum import Enum
from functools import partial
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import OptionList, Static

from node.outcome import Refused
from node.printerchoice import FoundPrinter, PrinterChoice, Trial
from printer.destinations import ToCups, ToPdf, parse_destination
from printer.errors import BadDestination
from printer.profiles import PROFILES, UNKNOWN, Profile
from tui.notices import printer_trouble
from tui.screens.base import CounterScreen
from tui.widgets.answer import Answer
from tui.widgets.choices import Choices
from tui.widgets.line import Line
from tui.widgets.steps import Steps
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

_STEPS = (N_("where"), N_("model"), N_("test print"))
_GENERIC = {
    "unknown": N_("Any other receipt printer, 80 mm paper"),
    "generic-80": N_("Any other, 80 mm paper, with a drawer"),
    "generic-58": N_("Any other, 58 mm paper, no cutter"),
}
_PAGES = (("a6", N_("Sheets of A6")), ("a4", N_("Sheets of A4")))
_NETWORK, _PDF, _NONE = (
    N_("A network printer: type its address"),
    N_("No printer of paper: PDF files in a folder"),
    N_("No printer"),
)
_DRAWER = (N_("Leave the cash drawer alone"), N_("Open the cash drawer at each sale"))
_KEEP, _AGAIN, _OTHER = (
    N_("Yes, print with it from now on"),
    N_("Print the test sheet again"),
    N_("Choose another printer or model"),
)
_KEEP_UNSEEN = N_("Keep it all the same: paper waits until it prints")


class Scene(Enum):
    """Which question is asked: the step's place, whether it is typed, and its words."""

    WAY = 1, False, N_("Which printer? Choose with the arrow keys, then Enter.")
    ADDRESS = 1, True, N_("Its address, as 192.168.1.50, stands on its own test print:")
    FOLDER = 1, True, N_("The folder for the PDF files. Enter takes this one:")
    MODEL = 2, False, N_("Which model, or which paper?")
    DRAWER = 2, False, N_("Is a cash drawer plugged into it?")
    TRIED = 3, False, N_("Look at the test sheet.")

    def __init__(self, place: int, typed: bool, ask: str) -> None:
        self.place = place
        self.typed = typed
        self.ask = ask


class Model(NamedTuple):
    """A row of the second step: a receipt printer's profile, or paper of an office printer."""

    label: str
    profile: Profile = UNKNOWN
    page: str = ""


class PrinterSetUp(CounterScreen):
    """F12 on the printer's screen."""

    HEADING = N_("Set up the printer")
    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    PrinterSetUp #ask { height: auto; padding: 0 1 1 1; text-style: bold; color: $accent; }
    """

    def __init__(self) -> None:
        """Nothing chosen yet."""
        super().__init__()
        self._scene = Scene.WAY
        self._found: tuple[FoundPrinter, ...] = ()
        self._destination = ""
        self._models: tuple[Model, ...] = ()
        self._choice = PrinterChoice(destination="none")
        self._answers: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        """The steps, the question, and one way to answer it."""
        words = self.desk.words
        yield Steps([words(step) for step in _STEPS])
        yield Static("", id="ask", markup=False)
        yield Line(name="where", keeps=True)
        yield Choices(name="rows")
        yield Answer()

    def on_mount(self) -> None:
        """See what this PC has."""
        super().on_mount()
        self._wait(N_("Looking for printers. One moment, please."))
        self.ask(self.counter.printers_found, self._seen)

    def _seen(self, found: tuple[FoundPrinter, ...]) -> None:
        self._found = found
        self._begin()

    def _begin(self) -> None:
        words = self.desk.words
        rows = [f"{one.shown}  {one.destination}" for one in self._found]
        self._enter(Scene.WAY, [*rows, *(words(row) for row in (_NETWORK, _PDF, _NONE))])

    def _enter(self, scene: Scene, rows: list[str] | None = None) -> None:
        """Ask the scene's question; the rows are in the person's language already."""
        self._scene = scene
        self.query_one(Steps).go(scene.place)
        self.query_one("#ask", Static).update(self.desk.words(scene.ask))
        line, choices = self.query_one("#where", Line), self.query_one("#rows", Choices)
        line.display, choices.display = scene.typed, rows is not None
        line.value = _folder() if scene is Scene.FOLDER else ""
        if rows is not None:
            # What was tried is answered by a person who looked, not by an Enter too many.
            choices.show(rows, cursor=None if scene is Scene.TRIED else 0)
            self.call_after_refresh(choices.focus)  # it may have been hidden a moment ago
        elif scene.typed:
            self.call_after_refresh(line.focus)
        self.answer.blank()

    def _wait(self, text: str) -> None:
        """Nothing to choose while something is being done."""
        self.query_one("#where", Line).display = False
        self.query_one("#rows", Choices).display = False
        self.query_one("#ask", Static).update("")
        self.answer.note(self.desk.words(text))

    @on(OptionList.OptionSelected, "#rows")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """A row answers the question that is asked."""
        row = event.option_index
        match self._scene:
            case Scene.WAY:
                self._way(row)
            case Scene.MODEL:
                self._model(self._models[row])
            case Scene.DRAWER:
                self._try(drawer=row == 1)
            case Scene.TRIED:
                self._decide(self._answers[row])
            case _:
                pass  # the others are typed

    def _way(self, row: int) -> None:
        if row < len(self._found):
            self._destination = self._found[row].destination
            self._ask_model()
            return
        match (_NETWORK, _PDF, _NONE)[row - len(self._found)]:
            case way if way == _NETWORK:
                self._enter(Scene.ADDRESS)
            case way if way == _PDF:
                self._enter(Scene.FOLDER)
            case _:
                self._choice = PrinterChoice(destination="none")
                self._keep()

    @on(Line.Entered, "#where")
    def typed(self, event: Line.Entered) -> None:
        """An address or a folder was typed."""
        if not event.text:
            return
        if self._scene is Scene.ADDRESS:
            port = "" if ":" in event.text else ":9100"
            self._destination = f"tcp:{event.text}{port}"
        else:
            self._destination = f"pdf:{event.text},a6"
        try:
            parse_destination(self._destination)
        except BadDestination:
            self.answer.note(self.desk.words("This is no address. One looks like 192.168.1.50."))
            return
        self._ask_model()

    def _ask_model(self) -> None:
        words = self.desk.words
        destination = parse_destination(self._destination)
        receipt = [
            Model(words(_GENERIC.get(profile.name, profile.shown)), profile) for profile in PROFILES
        ]
        pages = [Model(words(label), page=page) for page, label in _PAGES]
        if isinstance(destination, ToPdf):
            receipt = []
        elif not isinstance(destination, ToCups):
            pages = []
        self._models = (*pages, *receipt)
        self._enter(Scene.MODEL, [model.label for model in self._models])

    def _model(self, model: Model) -> None:
        where = self._destination
        if model.page:
            where = f"{where.rpartition(',')[0] or where},{model.page}"
        self._choice = PrinterChoice(destination=where, profile=model.profile.name)
        if model.profile.drawer:
            self._enter(Scene.DRAWER, [self.desk.words(row) for row in _DRAWER])
        else:
            self._try(drawer=False)

    def _try(self, *, drawer: bool) -> None:
        now = self._choice
        self._choice = PrinterChoice(
            destination=now.destination, profile=now.profile, drawer=drawer
        )
        self._wait(N_("A test sheet is being printed. One moment, please."))
        self.ask(partial(self.counter.try_printer, self._choice), self._tried)

    def _tried(self, trial: Trial | Refused) -> None:
        words = self.desk.words
        if isinstance(trial, Refused):
            self._begin()
            self.show_refusal(trial)
            return
        keep = _KEEP_UNSEEN if trial.outcome == "not-printed" else _KEEP
        self._answers = (keep, _AGAIN, _OTHER)
        self._enter(Scene.TRIED, [words(answer) for answer in self._answers])
        said = printer_trouble(trial.trouble, words)
        if trial.outcome == "not-printed":
            self.answer.say("look", words, said)
            return
        ask = words("Are both edge marks on the paper, and can everything be read?")
        self.answer.note(f"{said}\n{ask}" if said else ask)

    def _decide(self, answer: str) -> None:
        if answer == _AGAIN:
            self._try(drawer=self._choice.drawer)
        elif answer == _OTHER:
            self._begin()
        else:
            self._keep()

    def _keep(self) -> None:
        self._wait(N_("One moment, please."))
        self.ask(partial(self.counter.set_printer, self._choice), self._kept)

    def _kept(self, refused: Refused | None) -> None:
        words = self.desk.words
        if refused is not None:
            self._begin()
            self.show_refusal(refused)
            return
        self._wait("")
        self.answer.say("good", words, words("Kept. Escape goes back."))
        self.desk.poll()
        self.desk.bring_to_paper()

    def step_back(self) -> bool:
        """Back to the first question; from there out, and nothing is changed."""
        if self._scene is Scene.WAY:
            return False
        self.forget()
        self._begin()
        return True


def _folder() -> str:
    """Where a person finds files again."""
    from platformdirs import user_documents_path

    return str(user_documents_path() / "machikado")
