"""The banner on top of every screen: who this counter is and how it is, in words."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from sync.values import short
from tui.notices import Notice, Weight, notices
from tui.wording import Words

if TYPE_CHECKING:
    from node.outcome import Status

_GRAVEST: tuple[Weight, ...] = ("stop", "look", "calm")


class Banner(Vertical):
    """The screen's title and place, then the notices, one colour for the gravest."""

    DEFAULT_CSS = """
    Banner { height: auto; max-height: 10; dock: top; }
    Banner #title { height: 1; padding: 0 1; background: $primary; color: $title-text;
                    text-style: bold; }
    Banner #notices { height: auto; max-height: 9; padding: 0 1; }
    Banner #notices.calm { background: $panel; color: $foreground; }
    Banner #notices.look { background: $look; color: $look-text; }
    Banner #notices.stop { background: $no; color: $no-text; text-style: bold; }
    """

    def __init__(self, title: str) -> None:
        """``title`` is in the person's language already."""
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """Title line and notices."""
        yield Static(self._title, id="title", markup=False)
        yield Static("", id="notices", classes="calm", markup=False)

    def paint(self, status: "Status", words: Words) -> None:
        """Show the newest facts."""
        place = f"{status.organisation_name} {status.place} ({short(status.node)})"
        found = notices(status, words)
        for title in self.query("#title").results(Static):
            say_once(title, f"{self._title}  |  {place}")
        for strip in self.query("#notices").results(Static):
            say_once(strip, _joined(found))
            gravest = next(w for w in _GRAVEST if any(n.weight == w for n in found))
            if not strip.has_class(gravest):
                strip.set_classes(gravest)


def say_once(part: Static, text: str) -> None:
    """Say it unless it stands there: the facts are read every second, and mostly are the same."""
    if part.content != text:
        part.update(text)  # has the whole screen laid out anew


def _joined(found: tuple[Notice, ...]) -> str:
    """What stops the counter on a line of its own, the rest behind each other."""
    stops = [notice.text for notice in found if notice.weight == "stop"]
    rest = [notice.text for notice in found if notice.weight != "stop"]
    return "\n".join((*stops, " | ".join(rest)))
