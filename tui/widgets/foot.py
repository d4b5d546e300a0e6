"""The foot of every screen: its keys, in the person's language."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey


class Foot(Footer):
    """Textual's footer with its descriptions translated, and no English tooltips."""

    DEFAULT_CSS = """
    Foot { background: $panel; }
    """

    def __init__(self, words: Callable[[str], str]) -> None:
        """``words`` translates a binding's description."""
        super().__init__(show_command_palette=False, compact=True)
        self._words = words

    def compose(self) -> ComposeResult:
        """One key after the other, as the screen offers them now."""
        if not self._bindings_ready:
            return
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show:
                yield FooterKey(
                    binding.key,
                    self.app.get_key_display(binding),
                    self._words(binding.description),
                    binding.action,
                    disabled=not enabled,
                    classes="-compact",  # from the start: each later change styles the key anew
                )
