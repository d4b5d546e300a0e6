"""Time as a record carries it, and how much it may be trusted."""

from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.values import HOUR, Millis

Moment = Annotated[Millis, Meta(ge=0, le=2**53 - 1)]
"""Bounded, so that every database and every language can hold it."""


TOKYO_AHEAD = 9 * HOUR
TOKYO = timezone(timedelta(milliseconds=TOKYO_AHEAD))
"""Asia/Tokyo: nine hours ahead of UTC since 1951, summer and winter."""


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


def tokyo(at: Millis) -> datetime:
    """A moment in Asia/Tokyo."""
    return datetime.fromtimestamp(at / 1000, TOKYO)


def day_of(at: Millis) -> str:
    """The date in Asia/Tokyo, ``YYYY-MM-DD``."""
    return tokyo(at).date().isoformat()


def month_of(at: Millis) -> str:
    """The month in Asia/Tokyo, ``YYYY-MM``."""
    return day_of(at)[:7]


def end_of(day: str) -> Millis:
    """The first moment after a date in Asia/Tokyo."""
    start = datetime.fromisoformat(day).replace(tzinfo=TOKYO)
    return Millis(int((start + timedelta(days=1)).timestamp() * 1000))
