"""A list to choose from, which a scan never chooses from."""

from collections.abc import Sequence
from functools import partial

from textual.events import Key
from textual.widgets import OptionList

from sync.values import half_width
from tui.widgets.burst import Burst


class Choices(OptionList):
    """A plain list to choose from: arrow keys and Enter, or the row's number where it has one.

    A code that is scanned while the list stands there chooses nothing.
    """

    DEFAULT_CSS = """
    Choices, Choices:focus { border: none; height: auto; max-height: 9; padding: 0 1;
                             background: $surface; background-tint: $surface 0%; }
    """

    def __init__(
        self,
        rows: Sequence[str] = (),
        *,
        name: str = "",
        numbered: bool = True,
        disabled: bool = False,
    ) -> None:
        """``name`` becomes the id; ``numbered``: rows begin with their number, from 1."""
        self._numbered = numbered
        super().__init__(*self._labels(rows), id=name or None, markup=False, disabled=disabled)
        self.burst = Burst(self)

    def show(self, rows: Sequence[str], *, cursor: int | None = 0) -> None:
        """Other rows; ``cursor`` None: Enter chooses nothing until somebody moved to a row."""
        self.burst.cancel()
        self.clear_options()
        self.add_options(self._labels(rows))
        self.highlighted = cursor if rows else None

    async def _on_key(self, event: Key) -> None:
        """Choose the row with the number that was typed, full-width or not."""
        if event.key == "enter":
            if self.burst.waiting or self.burst.goes_on(event.time):
                event.stop()  # the end of a scan, or of a number that is being taken already
        elif event.is_printable:
            self._typed(half_width(event.character or ""), event)

    def _typed(self, sign: str, event: Key) -> None:
        if self.burst.waiting or self.burst.goes_on(event.time):
            event.stop()
            self.burst.begin(event.time)
            return
        digit = self._numbered and len(sign) == 1 and sign.isascii() and sign.isdigit()
        if digit and 1 <= int(sign) <= self.option_count:
            event.stop()
            self.burst.when_quiet(partial(self._choose, int(sign) - 1))
        else:
            self.burst.begin(event.time)

    def _choose(self, row: int) -> None:
        if not self.disabled and row < self.option_count:
            self.highlighted = row
            self.action_select()

    def _labels(self, rows: Sequence[str]) -> list[str]:
        if not self._numbered:
            return list(rows)
        return [f"{place}  {row}" for place, row in enumerate(rows, start=1)]
