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
    """The node's secret from a file, else from the environment; None where there is none."""
    text = file.read_text("utf-8") if file is not None else os.environ.get(SECRET, "")
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
    ``set-up-unfinished``), NotAuthentic (another secret).
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


def assemble(store: Store, ports: Ports) -> Parts:
    """Put the parts of an opened database together."""
    identity = identity_of(store)
    settings = settings_of(store)
    keys = Keys.open(store.file.parent, ports.secret, ports.randomness)
    time = Timekeeper(store, ports.clock or clock_for(demo=identity.demo))
    second = SecondPath(Path(settings.second_path), identity.node) if settings.second_path else None
    writer = Writer(
        store=store,
        keys=keys,
        time=time,
        second=second,
        node=identity.node,
        hub_origin=identity.hub_origin,
    )
    reach = Reach(store)
    knowledge = Knowledge(store, keys, time, identity.node)
    attempts = Attempts(store)
    paper = Paper(store, identity, knowledge)
    line = Line(
        door=ports.door(identity),
        identity=identity,
        writer=writer,
        time=time,
        reach=reach,
        patience=ports.patience,
    )
    inbox = Inbox(
        store=store,
        writer=writer,
        attempts=attempts,
        paper=paper,
        time=time,
        hub_key=identity.hub_key,
    )
    lives = Renewal(
        store=store, keys=keys, writer=writer, line=line, second=second, identity=identity
    )
    return Parts(
        store=store,
        keys=keys,
        identity=identity,
        time=time,
        reach=reach,
        writer=writer,
        second=second,
        knowledge=knowledge,
        attempts=attempts,
        limits=Limits(store, knowledge, time),
        paper=paper,
        shifts=Shifts(
            store=store,
            keys=keys,
            writer=writer,
            knowledge=knowledge,
            paper=paper,
            randomness=ports.randomness,
        ),
        line=line,
        outbox=Outbox(
            store=store,
            writer=writer,
            attempts=attempts,
            knowledge=knowledge,
            paper=paper,
            line=line,
            renewal=lives,
            time=time,
            inbox=inbox,
        ),
        renewal=lives,
        tap=ports.tap,
    )
