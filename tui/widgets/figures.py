"""An amount in figures five lines high, to be read from the customer's side of the counter.

The dots are blanks on a coloured ground: block characters are drawn two columns wide by Japanese
consoles, blanks never are. The plain number stands beside the figures wherever they are shown, so
that nobody depends on colours.
"""

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


def dots(points: int) -> tuple[str, ...]:
    """Five lines of ``#`` and blanks, one sign a dot, with separators; a dot is two columns."""
    signs = [_FONT[sign] for sign in f"{points:,}"]
    return tuple(" ".join(sign[line] for sign in signs) for line in range(HEIGHT))


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
        """The figures, dot by dot."""
        text = Text(no_wrap=True)
        if not self.points:
            return text
        for line, row in enumerate(dots(self.points)):
            if line:
                text.append("\n")
            for dot in row:
                text.append("  ", style="reverse" if dot == "#" else "")
        return text
