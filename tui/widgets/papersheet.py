"""A sheet of paper on the screen: white, as wide as the printer's, scrolled by the arrow keys."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from printer.preview import PaperLine


class PaperSheet(VerticalScroll):
    """Lines of :func:`printer.preview.preview`."""

    DEFAULT_CSS = """
    PaperSheet { height: auto; max-height: 1fr; width: auto; background: white; color: black;
                 padding: 0 1; scrollbar-size-vertical: 1; }
    PaperSheet Static { width: auto; height: auto; }
    """

    def __init__(self, lines: Sequence[PaperLine]) -> None:
        """The paper from its upper edge on."""
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """PaperLine under line."""
        paper = Text(no_wrap=True)
        for line in self._lines:
            style = " ".join(("bold" * line.bold, "reverse" * line.inverse)).strip()
            paper.append(f"{line.text}\n", style)
        paper.rstrip()
        yield Static(paper)
