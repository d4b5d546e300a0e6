"""What a node does by itself while it runs: probe, push, fetch, print, keep house.

One scheduler wakes plain callables. A failed exchange is tried again with jittered, growing waits;
a silent hub is probed every few seconds, so that the first person after it is back is served by it.
A busy one is left alone for as long as it asks.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

from node.counter import Counter
from sync.errors import MachikadoError

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

PROBE_EVERY = 5
PUSH_EVERY = 2
PRINT_EVERY = 5
SYNC_EVERY = 60
REST_EVERY = 60
"""Seconds."""
LONGEST_WAIT = 300
_JITTER = 7
log = logging.getLogger("machikado.node")


class Rounds:
    """The rounds of one counter. Each is a plain callable and tells nobody but the log."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._failures = 0
        self._skip = 0
        self._printing = threading.Lock()

    def probe(self) -> None:
        """Ask a silent hub whether it answers again; then exchange everything."""
        if self._busy:
            return
        if self._counter.parts.reach.silent and self._counter.probe():
            self._failures = self._skip = 0
            self.sync()

    def push(self) -> None:
        """Hand in what waits, when the hub answers and it is our turn after a failure."""
        if self._counter.parts.reach.silent or self._busy:
            return
        if self._skip:
            self._skip -= 1
            return
        facts = self._counter.parts.outbox.epochs()
        if any(epoch.last > epoch.receipted or epoch.ended for epoch in facts):
            self._note(self._counter.parts.outbox.push().reached)

    def sync(self) -> None:
        """One whole exchange."""
        if not (self._counter.parts.reach.silent or self._busy):
            self._note(self._counter.sync_now().reached)

    def paper(self) -> None:
        """Print what waits: what a sync brought, and what a printer refused a while ago.

        A printer that hangs is waited for here and nowhere else; meanwhile other turns pass.
        """
        if self._printing.acquire(blocking=False):
            try:
                self._counter.print_waiting()
            finally:
                self._printing.release()

    def rest(self) -> None:
        """Housekeeping in an idle moment."""
        self._counter.rest()

    @property
    def _busy(self) -> bool:
        """Whether the hub has asked to wait, and that is not over."""
        parts = self._counter.parts
        return parts.reach.busy(parts.time.ran())

    def _note(self, reached: bool) -> None:
        """Skip twice as many turns after each failure, up to five minutes.

        The node's own name spreads the nodes of a town over the turns.
        """
        if reached or self._busy:
            self._failures = self._skip = 0
            return
        self._failures += 1
        spread = sum(self._counter.parts.identity.node.encode()) % _JITTER
        self._skip = min(2**self._failures + spread, LONGEST_WAIT // PUSH_EVERY)


def start(counter: Counter) -> "BackgroundScheduler":
    """Begin the rounds on threads of their own; stop them with ``shutdown()``."""
    from apscheduler.schedulers.background import BackgroundScheduler

    rounds = Rounds(counter)
    _safely(counter.parts.store.make_room)
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
    )
    for seconds, job in (
        (PROBE_EVERY, rounds.probe),
        (PUSH_EVERY, rounds.push),
        (PRINT_EVERY, rounds.paper),
        (SYNC_EVERY, rounds.sync),
        (REST_EVERY, rounds.rest),
    ):
        scheduler.add_job(
            partial(_safely, job),
            "interval",
            seconds=seconds,
            jitter=1,
            id=job.__name__,
            # A turn that passes is no news, and the scheduler would warn of each it leaves out.
            max_instances=2 if job == rounds.paper else 1,
        )
    scheduler.add_job(partial(_safely, rounds.sync), id="first-sync")
    scheduler.start()
    return scheduler


def run_until_stopped(counter: Counter) -> None:
    """Run the rounds until the program is told to end."""
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    scheduler = start(counter)
    try:
        stopped.wait()
    finally:
        scheduler.shutdown(wait=True)


def _safely(job: Callable[[], None]) -> None:
    """A round that fails is logged; the next one comes all the same."""
    try:
        job()
    except MachikadoError as error:
        log.warning("%s", error)
