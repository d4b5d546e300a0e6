"""What time it is on a node, and how far that may be believed.

    synced      the hub told the time during this run of the program
    running     counted on from the hub's time by the clock that starts with the machine
    restarted   the machine was restarted; the wall clock is not below the last record
    untrusted   the hub never told the time, or the wall clock lies below what is known to be past

The time of a record is never below the record before it. After a restart an age counts as the
larger of two measures: the wall clock's difference, and the time this node has been running since.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from node.store import Store
from sync.clock import At, ClockState
from sync.ports import Clock
from sync.values import Millis

_KEY = "time"
JITTER = 5_000
"""Milliseconds by which the last record may lie ahead before the clock is called wrong: the hub's
answers take that long."""
Count = Annotated[int, Meta(ge=0)]


class Known(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is kept about time, durable."""

    hub: Millis = Millis(0)
    """The last time the hub signed; 0 before the first."""
    at_running: Count = 0
    """The machine's running clock at that moment."""
    boot: str = ""
    """The run of the machine in which that was."""
    ran: Count = 0
    """Milliseconds this machine is known to have run, up to ``ran_at`` of ``ran_boot``."""
    ran_at: Count = 0
    ran_boot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The machine's clocks at one moment."""

    wall: Millis
    running: int
    boot: str


def moment(known: Known, reading: Reading, last: Millis, *, told_now: bool) -> At:
    """The moment a record made now would carry; ``last`` is the record before it (0: none).

    ``told_now`` says that the hub told the time during this run of the program.
    """
    if not known.hub:
        return At(Millis(max(reading.wall, last)), ClockState.UNTRUSTED, Millis(0))
    if known.boot == reading.boot:
        now = Millis(known.hub + max(0, reading.running - known.at_running))
        state = ClockState.SYNCED if told_now else ClockState.RUNNING
    else:
        now = reading.wall
        state = ClockState.UNTRUSTED if now < known.hub else ClockState.RESTARTED
    if now + JITTER < last:
        state = ClockState.UNTRUSTED
    return At(Millis(max(now, last)), state, known.hub)


def has_run(known: Known, reading: Reading) -> int:
    """Milliseconds this machine is known to have run in all."""
    if reading.boot == known.ran_boot:
        return known.ran + max(0, reading.running - known.ran_at)
    return known.ran + reading.running


def age(at: At, since: Millis, ran_since: int) -> int:
    """How old something of ``since`` is; ``ran_since`` is how long the node has run since it came.

    Negative when the clock was set back below it: the caller calls that stale too.
    """
    by_clock = at.ms - since
    if at.clock is ClockState.RESTARTED and by_clock >= 0:
        return max(by_clock, ran_since)
    return by_clock


class Timekeeper:
    """The node's time over a :class:`~sync.ports.Clock`, with what it must remember."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known = store.kept(_KEY, Known) or Known()
        self._told_now = False

    def now(self, last: Millis) -> At:
        """The present moment, not below ``last`` (the last record's; 0 for none)."""
        return moment(self._known, self._read(), last, told_now=self._told_now)

    def ran(self) -> int:
        """Milliseconds the machine has run in all, as far as is known."""
        return has_run(self._known, self._read())

    def told(self, hub: Millis) -> None:
        """The hub signed its time. An older one than the last is an old answer: not used."""
        reading = self._read()
        if hub < self._known.hub:
            return
        ran = has_run(self._known, reading)
        self._known = Known(hub, reading.running, reading.boot, ran, reading.running, reading.boot)
        self._told_now = True
        self._store.keep(_KEY, self._known)

    def remember(self) -> None:
        """Keep how long the machine has run; call it now and then, and at the end."""
        reading = self._read()
        ran = has_run(self._known, reading)
        known = self._known
        self._known = Known(
            known.hub, known.at_running, known.boot, ran, reading.running, reading.boot
        )
        self._store.keep(_KEY, self._known)

    def _read(self) -> Reading:
        clock = self._clock
        return Reading(wall=clock.now(), running=clock.running(), boot=clock.boot())
