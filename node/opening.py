"""Opening a node's folder: its parts put together, its start checked. Nothing is sent here.

The clock is the machine's, or, for a node that was enrolled at a demo hub, the file that
``MACHIKADO_DEMO_CLOCK`` names. The node's secret comes from a file or ``MACHIKADO_NODE_SECRET``.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from node.attempts import Attempts
from node.card.tap import Tap
from node.counter import Counter
from node.identity import Identity, identity_of, set_up_unfinished, settings_of
from node.inbox import Inbox
from node.keys import Keys
from node.knowledge import Knowledge
from node.limits import Limits
from node.line import Line
from node.others import Others
from node.outbox import Outbox
from node.paper import Paper
from node.parts import Parts, TapCard
from node.plan import forget_plan, plan_of
from node.reach import InTime, Patience, Reach
from node.renewal import Renewal
from node.secondpath import SecondPath
from node.shifts import Shifts
from node.store import Store
from node.timekeeping import Timekeeper
from node.writer import Writer
from sync.errors import Malformed
from sync.ports import Clock, FileClock, Randomness, SystemClock, SystemRandomness
from sync.request import Door

if TYPE_CHECKING:
    from sync.http import HttpDoor

SECRET = "MACHIKADO_NODE_SECRET"  # noqa: S105  the variable's name, not a secret
DEMO_CLOCK = "MACHIKADO_DEMO_CLOCK"
HTTP_TIMEOUT = 20.0
"""Seconds for a whole answer; people at the counter wait shorter (:mod:`node.reach`)."""
OpenDoor = Callable[[Identity], Door]


def http_door(identity: Identity) -> Door:
    """The real way to the hub; connected at the first call."""
    return door_to(identity.hub_origin, bytes.fromhex(identity.tls_pin) or None)


def door_to(origin: str, pin: bytes | None) -> "HttpDoor":
    """A hub's door over HTTP, pinned to its TLS key or trusting the system's store."""
    from sync.http import HttpDoor

    return HttpDoor(origin, pin=pin, timeout=HTTP_TIMEOUT)


def clock_for(*, demo: bool) -> Clock:
    """The machine's clock; a demo's may be a file that somebody turns."""
    file = os.environ.get(DEMO_CLOCK, "")
    return FileClock(Path(file)) if demo and file else SystemClock()


def secret_from(file: Path | None) -> bytes | None:
    """The node's secret from a file, else from the environment; None where there is none.

    Raises Malformed for a file that is not there or no text.
    """
    try:
        text = file.read_text("utf-8") if file is not None else os.environ.get(SECRET, "")
    except OSError as error:
        raise Malformed(f"{file}, the node's secret: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Malformed(f"{file} is no text: a node's secret is a line of text") from None
    return text.strip().encode() or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The doors to the outside world that an open node uses."""

    secret: bytes | None = None
    clock: Clock | None = None
    """None: :func:`clock_for` what the enrolment said."""
    randomness: Randomness = field(default_factory=SystemRandomness)
    door: OpenDoor = http_door
    patience: Patience = field(default_factory=InTime)
    tap: TapCard = Tap


def open_counter(folder: Path, ports: Ports, *, program: str = "machikado") -> Counter:
    """Open a node for use.

    Raises InUse (another program has it), Damaged, RefusedByRule (``secret-needed``,
    ``set-up-unfinished``), WrongSecret.
    """
    store = Store.open(folder, program)
    try:
        _check_begun(store)
        return start(store, ports)
    except BaseException:
        store.close()
        raise


def _check_begun(store: Store) -> None:
    """A node without record 1 is none yet; one that was confirmed needs its plan no more."""
    plan = plan_of(store)
    if plan is not None and not plan.begun:
        raise set_up_unfinished(store)
    forget_plan(store)


def start(store: Store, ports: Ports) -> Counter:
    """Put an opened database to use: nothing is in flight, and the second path has been read."""
    parts = assemble(store, ports)
    try:
        parts.attempts.end_all()
        parts.renewal.check_start()
    except BaseException:
        parts.let_go()
        raise
    return Counter(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What a node is by itself: who, since when, and its chain."""

    store: Store
    keys: Keys
    identity: Identity
    time: Timekeeper
    second: SecondPath | None
    writer: Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What it knows from the hub, and makes of that."""

    knowledge: Knowledge
    attempts: Attempts
    paper: Paper


def assemble(store: Store, ports: Ports) -> Parts:
    """Put the parts of an opened database together."""
    own = _own(store, ports)
    knowledge = Knowledge(store, own.keys, own.time, own.identity.node)
    told = _Told(
        knowledge=knowledge,
        attempts=Attempts(store),
        paper=Paper(store, own.identity, knowledge),
    )
    limits = Limits(store, knowledge, own.time)
    line = _line(own, ports)
    outbox, renewal = _exchange(own, told, line)
    return Parts(
        store=store,
        keys=own.keys,
        identity=own.identity,
        time=own.time,
        reach=line.reach,
        writer=own.writer,
        second=own.second,
        knowledge=knowledge,
        attempts=told.attempts,
        limits=limits,
        paper=told.paper,
        shifts=Shifts(
            store=store,
            keys=own.keys,
            writer=own.writer,
            knowledge=knowledge,
            limits=limits,
            paper=told.paper,
            randomness=ports.randomness,
        ),
        line=line,
        outbox=outbox,
        renewal=renewal,
        tap=ports.tap,
    )


def _own(store: Store, ports: Ports) -> _Own:
    identity = identity_of(store)
    folder = settings_of(store).second_path
    keys = Keys.open(store.file.parent, ports.secret, ports.randomness)
    time = Timekeeper(store, ports.clock or clock_for(demo=identity.demo))
    second = SecondPath(Path(folder), identity.node) if folder else None
    writer = Writer(
        store=store,
        keys=keys,
        time=time,
        second=second,
        node=identity.node,
        hub_origin=identity.hub_origin,
    )
    return _Own(store=store, keys=keys, identity=identity, time=time, second=second, writer=writer)


def _line(own: _Own, ports: Ports) -> Line:
    return Line(
        door=ports.door(own.identity),
        identity=own.identity,
        writer=own.writer,
        time=own.time,
        reach=Reach(own.store),
        patience=ports.patience,
    )


def _exchange(own: _Own, told: _Told, line: Line) -> tuple[Outbox, Renewal]:
    """What goes up and what comes back for it, and what follows when that does not fit."""
    inbox = Inbox(
        store=own.store,
        writer=own.writer,
        attempts=told.attempts,
        paper=told.paper,
        time=own.time,
        hub_key=own.identity.hub_key,
    )
    renewal = Renewal(
        store=own.store,
        keys=own.keys,
        writer=own.writer,
        line=line,
        second=own.second,
        identity=own.identity,
        others=Others(own.store, line, inbox, own.identity.node),
    )
    outbox = Outbox(
        store=own.store,
        writer=own.writer,
        attempts=told.attempts,
        knowledge=told.knowledge,
        paper=told.paper,
        line=line,
        renewal=renewal,
        time=own.time,
        inbox=inbox,
    )
    return outbox, renewal
