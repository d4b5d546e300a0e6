"""A scanner types too: how a widget tells its codes from what a person types.

A scanner is a keyboard that types a whole code at once. Where a single key already does something
(a digit chooses a row, four digits are a PIN), a code that is scanned by mistake would do it too.
So such a widget acts only when nothing follows for a moment, and once something did that no person
types, it hears nothing until the code is over.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from tui.scans import GAP

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.widget import Widget


class Burst:
    """The keys of one widget, in time. Moments are an event's own monotonic seconds."""

    QUIET: ClassVar[float] = 0.15
    """Seconds. Scanners leave a few milliseconds between two signs, slow ones by radio some
    dozens; a person who waits for the answer does not notice it."""

    def __init__(self, widget: "Widget") -> None:
        """``widget`` is the one that the keys go to."""
        self._widget = widget
        self._timer: Timer | None = None
        self._over_at = 0.0

    @property
    def waiting(self) -> bool:
        """Whether something is about to be done."""
        return self._timer is not None

    def goes_on(self, at: float) -> bool:
        """Whether a sign belongs to a code that was told apart already."""
        if at >= self._over_at:
            return False
        self.begin(at)
        return True

    def begin(self, at: float) -> None:
        """A sign came that no person types: whatever follows at once is none either."""
        self.cancel()
        self._over_at = at + self.QUIET

    def when_quiet(self, do: Callable[[], None], *, apart: bool = False) -> None:
        """Do it when nothing has followed; keys that were read meanwhile are heard first.

        ``apart``: the last sign came by itself, longer than ``QUIET`` after the one before. Only a
        code that begins with it could still follow, and does so within a code's own gap.
        """

        def heard() -> None:
            if self._timer is timer:
                self._timer = None
                do()

        def over() -> None:
            # Behind what waits at the app, and then behind what the app has handed on.
            self._widget.app.call_later(self._widget.call_later, heard)

        self.cancel()
        timer = self._timer = self._widget.set_timer(GAP if apart else self.QUIET, over)

    def cancel(self) -> None:
        """Do it not."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
