"""Where one is on a way of several steps: all of them on one line, the present one in brackets."""

from collections.abc import Sequence

from textual.widgets import Static


class Steps(Static):
    """The steps, numbered from 1. Brackets, not a colour, say which one it is."""

    DEFAULT_CSS = """
    Steps { height: 1; padding: 0 1; margin: 1 0; }
    """

    def __init__(self, labels: Sequence[str]) -> None:
        """``labels`` are in the person's language already; the first one is the present one."""
        super().__init__(markup=False)
        self._labels = tuple(labels)
        self.go(1)

    def go(self, present: int) -> None:
        """The person is at this step."""
        self.update(marked(self._labels, present))


def marked(labels: Sequence[str], present: int) -> str:
    """The line: ``1 card   [2 consent]   3 PIN``."""
    steps = (f"{place} {label}" for place, label in enumerate(labels, start=1))
    return "   ".join(
        f"[{step}]" if place == present else step for place, step in enumerate(steps, start=1)
    )
