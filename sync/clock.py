"""Time as a record carries it, and how much it may be trusted."""

from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.values import Millis

Moment = Annotated[Millis, Meta(ge=0, le=2**53 - 1)]
"""Bounded, so that every database and every language can hold it."""


class ClockState(IntEnum):
    """How a node knows the time."""

    SYNCED = 0
    """The hub told it during this run."""
    RUNNING = 1
    """Counted on from the hub's time by the boot-time clock."""
    RESTARTED = 2
    """The PC was restarted; the wall clock is not below the last record."""
    UNTRUSTED = 3
    """The wall clock is below the last record, or far from what it should be."""


class At(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A moment on a node: milliseconds, how they are known, and the hub's last signed time."""

    ms: Moment
    clock: ClockState
    hub: Moment
    """The last time the hub signed for this node; 0 before the first."""

    @property
    def trusted(self) -> bool:
        """Whether anything may come back to a person because of this moment alone."""
        return self.clock is not ClockState.UNTRUSTED


def bounded(at: At, received: Millis) -> Millis:
    """When the hub says it happened: ``at`` kept within [last hub time, received].

    An untrusted moment counts as received.
    """
    if not at.trusted:
        return received
    if at.hub <= at.ms <= received:  # mostly
        return at.ms
    return Millis(min(max(at.ms, at.hub), received))
