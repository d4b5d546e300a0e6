"""Four digits of a PIN, kept in bytes that are overwritten and shown as stars.

Where the reader has keys of its own it is no field: it says where to type, and takes no digit.

Not a text field: its value would be an immutable text that stays in memory, and it would take a
ticket that is scanned by mistake for a PIN. A code has letters, and more than four digits: any sign
that is no digit and any fifth digit clears what was typed, and what follows it at once is not heard
either. Four digits are a PIN only when nothing follows, so no try of the card is ever spent on a
scan; whoever types a digit at a time waits for that a moment only.
"""

from rich.text import Text
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

from node.card.pin import OnPad
from sync.values import half_width
from tui.widgets.burst import Burst

DIGITS = 4


class PinEntry(Widget, can_focus=True):
    """Where the customer types the PIN; posts it after the fourth digit, without Enter."""

    DEFAULT_CSS = """
    PinEntry { height: 1; width: 18; padding: 0 1; background: $panel; text-style: bold; }
    PinEntry:focus { background: $field; color: $field-text; }
    PinEntry.elsewhere, PinEntry.elsewhere:focus { width: 1fr; background: $background;
                                                   color: $accent; }
    PinEntry.busy { background: $background; color: $foreground; }
    """

    class Typed(Message):
        """The PIN; the receiver overwrites it after use."""

        def __init__(self, pin: bytearray) -> None:
            """``pin`` is 4 ASCII digits, or an OnPad for those that are typed on the reader."""
            super().__init__()
            self.pin = pin

    class Unclear(Message):
        """Something that is no PIN was typed or scanned; nothing was given to the card."""

    def __init__(self) -> None:
        """An empty one, for digits typed here."""
        super().__init__()
        self._digits = bytearray()
        self._last_at = 0.0
        """When the last digit came."""
        self._elsewhere = ""
        self._begun = False
        self.burst = Burst(self)

    def type_here(self) -> None:
        """The digits are typed on this PC."""
        self._elsewhere = ""
        self.remove_class("elsewhere")
        self.clear()

    def type_on_pad(self, where: str) -> None:
        """The digits are typed on the reader: here no key is taken but Enter, which begins it.

        ``where`` stands in the field's place.
        """
        self._elsewhere, self._begun = where, False
        self.add_class("elsewhere")
        self.clear()

    def begin_on_pad(self) -> None:
        """Let the person type there now; once, until it is asked for again."""
        if not self._begun:
            self._begun = True
            self.post_message(self.Typed(OnPad()))

    def clear(self) -> None:
        """Forget what was typed so far."""
        self.burst.cancel()
        self._digits[:] = bytes(len(self._digits))
        self._digits.clear()
        self.refresh()

    def render(self) -> Text:
        """A star a digit, a dash for each that is missing; or where to type them."""
        if self._elsewhere:
            return Text(self._elsewhere, no_wrap=True)
        typed = len(self._digits)
        return Text(" ".join("*" * typed + "-" * (DIGITS - typed)), no_wrap=True)

    async def _on_key(self, event: Key) -> None:
        if self._elsewhere:
            self._hear_beside_pad(event)
        elif event.key == "backspace":
            event.stop()
            self.burst.cancel()
            del self._digits[-1:]
            self.refresh()
        elif event.is_printable and event.character is not None:
            event.stop()
            self._take(half_width(event.character), event.time)

    def _hear_beside_pad(self, event: Key) -> None:
        """Enter begins it, but not the one that ends a scan."""
        if event.key == "enter":
            event.stop()
            if not self.burst.goes_on(event.time):
                self.begin_on_pad()
        elif event.is_printable:
            event.stop()
            self.burst.begin(event.time)

    def _on_paste(self, event: Paste) -> None:
        event.stop()  # a PIN in a clipboard is a PIN that somebody wrote down
        self._unclear(event.time)

    def _take(self, sign: str, at: float) -> None:
        if self.burst.goes_on(at):
            return
        digit = sign.isascii() and sign.isdigit() and len(sign) == 1
        if not digit or len(self._digits) == DIGITS:
            self._unclear(at)
            return
        self._digits += sign.encode("ascii")
        apart, self._last_at = at - self._last_at >= self.burst.QUIET, at
        if len(self._digits) == DIGITS:
            self.burst.when_quiet(self._give, apart=apart)
        self.refresh()

    def _unclear(self, at: float) -> None:
        self.clear()
        self.burst.begin(at)
        self.post_message(self.Unclear())

    def _give(self) -> None:
        pin = bytearray(self._digits)
        self.clear()
        self.post_message(self.Typed(pin))
