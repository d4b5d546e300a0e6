"""One line to type or scan into.

A scanner types like a very fast person and ends with Enter. The stock field posts a message at
Enter and is cleared when that is handled; when the screen is busy, the next scan is typed behind
the first before that. Here the value is taken and cleared in the same step as the key.

Scanners end a code as they were set up: with CR, LF, both, or Tab. Where an input method is on, the
code comes as one text, with its line end or without.
"""

import re

from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input

from sync.values import half_width

_AMOUNT = re.compile(r"[¥\\]?\d[\d,]{0,9}\D{0,8}", re.ASCII)
LONGEST = 2_000
"""Characters; an invitation and a ticket stay far below."""


def meant_as_amount(text: str) -> bool:
    """Whether a line is an amount or was meant as one: ``500``, ``1,500``, ``500円``, ``500 yen``.

    A ticket is longer, also where only its number was typed.
    """
    return _AMOUNT.fullmatch(text) is not None


CODE = 40
"""Signs: what is longer than this was not typed by a person. A ticket has some hundreds."""
_CR, _LF, _TAB = "enter", "ctrl+j", "tab"
_PAIR = 0.05
"""Seconds within which an LF belongs to the CR before it."""


class Line(Input):
    """A field that gives its value at Enter, half-width, and is empty again at once."""

    DEFAULT_CSS = """
    Line { width: 1fr; }
    Line, Line:focus {
        border: none; height: 1; padding: 0 1;
        background: $panel; color: $foreground; text-style: bold;
    }
    Line:focus { background: $field; color: $field-text; }
    Line:disabled { background: $background; }
    """

    class Entered(Message):
        """Somebody typed or scanned a line."""

        def __init__(self, line: "Line", text: str, at: float) -> None:
            """``at`` is the key's own monotonic time in seconds."""
            super().__init__()
            self.line = line
            self.text = text
            self.at = at

        @property
        def control(self) -> "Line":
            """The field it came from."""
            return self.line

    def __init__(
        self,
        value: str = "",
        *,
        name: str = "",
        keeps: bool = False,
        secret: bool = False,
        disabled: bool = False,
    ) -> None:
        """``name`` becomes the id; ``secret``: shown as stars.

        ``keeps``: the value stays to be seen, for fields of a form.
        """
        super().__init__(
            value,
            password=secret,
            id=name or None,
            max_length=LONGEST,
            compact=True,
            disabled=disabled,
        )
        self.cursor_blink = False
        self._keeps = keeps
        self._cr_at = -_PAIR

    async def _on_key(self, event: Key) -> None:
        """Take the line at its end; every other key is the stock field's."""
        by_tab = event.key == _TAB and len(self.value) > CODE and not self._keeps
        if event.key not in (_CR, _LF) and not by_tab:
            return
        event.stop()
        event.prevent_default()
        if event.key == _LF and event.time - self._cr_at < _PAIR and not self.value:
            return  # the second half of CR LF
        if event.key == _CR:
            self._cr_at = event.time
        self._take(event.time)

    def _on_paste(self, event: Paste) -> None:
        """A text that came at once: every line that has its end is taken, the rest stands there.

        A field of a form takes the first line, as the stock one does.
        """
        if self._keeps:
            return
        event.stop()
        event.prevent_default()
        *lines, rest = event.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._add(line)
            self._take(event.time)
        self._add(rest)

    def restricted(self) -> None:
        """What does not fit is left out without a bell: bells are answers here."""

    def _add(self, text: str) -> None:
        start, end = sorted(self.selection)
        room = LONGEST - len(self.value) + end - start
        self.replace(text[:room], start, end)

    def _take(self, at: float) -> None:
        text = half_width(self.value)
        if not self._keeps:
            self.value = ""
        self.post_message(self.Entered(self, text, at))
