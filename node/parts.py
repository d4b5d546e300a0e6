"""The parts of one open node, handed to every use case."""

from collections.abc import Callable
from dataclasses import dataclass

from node.attempts import Attempts
from node.card.tap import Tap
from node.identity import Identity
from node.keys import Keys
from node.knowledge import Knowledge
from node.limits import Limits
from node.line import Line
from node.outbox import Outbox
from node.paper import Paper
from node.reach import Reach
from node.renewal import Renewal
from node.secondpath import SecondPath
from node.shifts import Shifts
from node.store import Store
from node.timekeeping import Timekeeper
from node.writer import Writer

TapCard = Callable[[str], Tap]
"""Gives the tap of a card address; the one door to cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One node, opened for writing."""

    store: Store
    keys: Keys
    identity: Identity
    time: Timekeeper
    reach: Reach
    writer: Writer
    second: SecondPath | None
    knowledge: Knowledge
    attempts: Attempts
    limits: Limits
    paper: Paper
    shifts: Shifts
    line: Line
    outbox: Outbox
    renewal: Renewal
    tap: TapCard

    def let_go(self) -> None:
        """Close connections, second path and folder, whatever was going on."""
        self.line.close()
        if self.second is not None:
            self.second.close()
        self.store.close()
