"""The foot of every screen: its keys, in the person's language.

Textual's own footer is a widget for each key, and makes them anew with every change of the focus.
That is half of what a PC has to do for a key that leads to another screen.
"""

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.events import MouseDown
from textual.screen import Screen
from textual.widget import Widget

_KEY = "foot--key"


class Foot(Widget):
    """One key after the other, as the screen offers them now; the mouse presses them too."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {_KEY}
    DEFAULT_CSS = f"""
    Foot {{ dock: bottom; height: 1; background: $panel; color: $footer-description-foreground; }}
    Foot .{_KEY} {{ color: $footer-key-foreground; text-style: bold; }}
    """

    def __init__(self, words: Callable[[str], str]) -> None:
        """``words`` translates a binding's description."""
        super().__init__()
        self._words = words
        self._offered: list[tuple[str, str, str]] = []

    def on_mount(self) -> None:
        """From now on a change is seen."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def _look(self, screen: Screen[object]) -> None:
        offered = [
            (binding.key, self.app.get_key_display(binding), self._words(binding.description))
            for _, binding, _, _ in screen.active_bindings.values()
            if binding.show
        ]
        if offered != self._offered:
            self._offered = offered
            self.refresh()

    def render(self) -> Text:
        """Each key's name and what it does."""
        look = self.get_component_rich_style(_KEY)
        rest = self.rich_style
        return Text(" ", no_wrap=True).join(
            Text.assemble((name, look), (f" {does}", rest)) for _, name, does in self._offered
        )

    def on_mouse_down(self, event: MouseDown) -> None:
        """As if the key itself were pressed."""
        end = 0
        for key, name, does in self._offered:
            end += cell_len(f"{name} {does} ")
            if event.x < end:
                self.app.simulate_key(key)
                return
