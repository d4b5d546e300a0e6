"""An amount or a number in figures five lines high, to be read from the customer's side.

The dots are blanks on a coloured ground: block characters are drawn two columns wide by Japanese
consoles, blanks never are. The plain number stands beside the figures wherever they are shown, so
that nobody depends on colours.
"""

from collections.abc import Sequence

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

HEIGHT = 5
_FONT = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ",": (" ", " ", " ", "#", "#"),
}


MOST_DIGITS = 9
"""Of a number on a terminal of 80 columns."""


def dots(points: int) -> tuple[str, ...]:
    """Five lines of ``#`` and blanks, one sign a dot, with separators; a dot is two columns."""
    return _lines(f"{points:,}")


def _lines(signs: str) -> tuple[str, ...]:
    return tuple(" ".join(_FONT[sign][line] for sign in signs) for line in range(HEIGHT))


def _painted(lines: Sequence[str]) -> Text:
    """The figures, dot by dot."""
    text = Text(no_wrap=True)
    for line, row in enumerate(lines):
        if line:
            text.append("\n")
        for dot in row:
            text.append("  ", style="reverse" if dot == "#" else "")
    return text


class BigAmount(Widget):
    """The amount on the customer's line; blank while there is none."""

    DEFAULT_CSS = """
    BigAmount { height: 5; width: 1fr; color: $accent; }
    """

    points: reactive[int] = reactive(0)

    def on_mount(self) -> None:
        """No amount takes no room."""
        self.display = self.points > 0

    def watch_points(self, points: int) -> None:
        """Appear with an amount, go with it."""
        self.display = points > 0

    def render(self) -> Text:
        """The figures."""
        return _painted(dots(self.points) if self.points else ())


class BigNumber(Widget):
    """A number of a person's, leading zeros and all; one with letters, or too long, stays blank."""

    DEFAULT_CSS = """
    BigNumber { height: 5; width: 1fr; color: $accent; }
    """

    number: reactive[str] = reactive("")

    def on_mount(self) -> None:
        """No number takes no room."""
        self.display = is_large(self.number)

    def watch_number(self, number: str) -> None:
        """Appear with a number, go with it."""
        self.display = is_large(number)

    def render(self) -> Text:
        """The figures."""
        return _painted(_lines(self.number) if is_large(self.number) else ())


def is_large(number: str) -> bool:
    """Whether a number can be shown in figures."""
    return number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS
