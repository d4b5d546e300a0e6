"""The answer to what was just asked: a colour, a word that says the same, and what to do."""

from typing import TYPE_CHECKING

from textual.widgets import Static

from tui.wording import Words
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

if TYPE_CHECKING:
    from tui.wording.advice import Advice, Light

BELLS: dict["Light", int] = {"good": 1, "look": 2, "no": 3}
"""One for yes, two for look, three for no."""
LIGHT_WORD: dict["Light", str] = {"good": N_("DONE"), "look": N_("LOOK"), "no": N_("NO")}
_BETWEEN_BELLS = 0.25
"""Seconds; terminals melt bells that follow at once into one."""


class Answer(Static):
    """Stays until the next question."""

    DEFAULT_CSS = """
    Answer { height: auto; min-height: 1; width: 1fr; padding: 0 1; text-style: bold; }
    Answer.good { background: $good; color: $good-text; padding: 1 2; }
    Answer.look { background: $look; color: $look-text; padding: 1 2; }
    Answer.no { background: $no; color: $no-text; padding: 1 2; }
    """

    light: "Light | None" = None

    def __init__(self) -> None:
        """Nothing asked yet."""
        super().__init__(markup=False)

    def blank(self) -> None:
        """Nothing to say."""
        self._paint(None, "")

    def note(self, text: str) -> None:
        """A plain sentence: what is being done now."""
        self._paint(None, text)

    def say(self, light: "Light", words: Words, *lines: str) -> None:
        """The light, its word, the lines, and the bells."""
        head, *rest = [line for line in lines if line] or [""]
        self._paint(light, "\n".join((f"{words(LIGHT_WORD[light])}  {head}", *rest)))
        for bell in range(BELLS[light]):
            self.set_timer(bell * _BETWEEN_BELLS or 0.001, self.app.bell)

    def advise(self, advice: "Advice", words: Words, *more: str, unmoved: bool = True) -> None:
        """What happened, that nothing was lost, and what to do."""
        kept = words("No points were moved.") if unmoved else ""
        self.say(advice.light, words, words(advice.what), *more, kept, words(advice.todo))

    def _paint(self, light: "Light | None", text: str) -> None:
        self.light = light
        self.set_classes(light or "")
        self.update(text)
