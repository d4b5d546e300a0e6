"""Checking proofs: the card's signature over a record, a ticket's own signature.

One card signature a spend is the hub's true limit, so this runs in worker processes where the hub
has them, in whole batches, with parsed keys cached. A thread would not help: each short call must
win the interpreter's lock back. While workers check one batch, the hub can post the one before:
:meth:`Verifier.begin` gives a promise.
"""

import multiprocessing
import multiprocessing.process
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import Protocol

import msgspec

from hub.points.case import Proof
from sync.cardproof import Evidence, money_message
from sync.certificate import Algorithm, verify_signature
from sync.errors import Malformed, NotAuthentic
from sync.sealing import Sealer
from sync.ticket import read_ticket
from sync.values import Digest, MunicipalityCode

_CHUNK = 256
_BEHIND = 5
"""How much nicer than the hub the workers are: there are as many as cores, and one posting."""


class CardTask(msgspec.Struct, frozen=True, array_like=True, tag=True, kw_only=True):
    """A record that a card should have signed."""

    origin: str
    record: bytes
    digest: Digest
    evidence: Evidence
    content_key: bytes
    spki: bytes


class TicketTask(msgspec.Struct, frozen=True, array_like=True, tag=True, kw_only=True):
    """A redemption that should carry a ticket signed by its town."""

    ticket: bytes
    municipality: MunicipalityCode
    number: str
    points: int
    public: bytes


Task = CardTask | TicketTask
Checked = tuple[Proof, bytes]
"""What was found, and with a bad signature what the evidence held."""


Promise = Callable[[], list[Checked]]
"""Waits until all is checked; one answer a task, in order."""


class Verifier(Protocol):
    """Checks many proofs, in order."""

    def begin(self, tasks: Sequence[Task]) -> Promise:
        """Begin to check."""
        ...

    def close(self) -> None:
        """Let go of what checks."""
        ...


class InlineVerifier:
    """Checks in this process: for small batches and tests."""

    def begin(self, tasks: Sequence[Task]) -> Promise:
        """Check when the answers are asked for."""
        return lambda: check_all(tasks)

    def close(self) -> None:
        """Nothing stays open."""


class PoolVerifier:
    """Checks in worker processes; small batches stay here, where they are done sooner."""

    def __init__(self, processes: int) -> None:
        # Spawned: a forked worker would keep the hub's files, and its lock on the folder, open.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_serve_the_hub)

    def begin(self, tasks: Sequence[Task]) -> Promise:
        """Hand the tasks to the workers."""
        if len(tasks) < _CHUNK:
            return lambda: check_all(tasks)
        parts = [tasks[at : at + _CHUNK] for at in range(0, len(tasks), _CHUNK)]
        futures = [self._pool.submit(_check_packed, _pack(part)) for part in parts]
        return lambda: [one for future in futures for one in _read_checked(future.result())]

    def close(self) -> None:
        """Let the workers go."""
        self._pool.shutdown()


_pack = msgspec.msgpack.Encoder().encode
_read_tasks = msgspec.msgpack.Decoder(list[Task]).decode
_read_checked = msgspec.msgpack.Decoder(list[Checked]).decode


def _serve_the_hub() -> None:
    """Step back for the posting, which is one process; end with it, also when it was killed."""
    os.nice(_BEHIND)
    hub = multiprocessing.parent_process()
    if hub is not None:
        threading.Thread(target=_leave_after, args=(hub,), daemon=True).start()


def _leave_after(hub: "multiprocessing.process.BaseProcess") -> None:
    hub.join()
    os._exit(0)


def _check_packed(tasks: bytes) -> bytes:
    """What a worker does: tasks and answers travel packed, which is far quicker than pickled."""
    return _pack(check_all(_read_tasks(tasks)))


def check_all(tasks: Sequence[Task]) -> list[Checked]:
    """Check tasks one after the other."""
    return [_card(task) if isinstance(task, CardTask) else _ticket(task) for task in tasks]


def _card(task: CardTask) -> Checked:
    opened = b""
    try:
        opened = _sealer(task.content_key).open(task.evidence.sealed, task.digest)
        message = money_message(task.origin, task.record)
        verify_signature(task.spki, Algorithm(task.evidence.algorithm), opened, message)
    except (NotAuthentic, Malformed, ValueError):
        return Proof.BAD_SIGNATURE, opened
    return Proof.GOOD, b""


@lru_cache(maxsize=1024)
def _sealer(content_key: bytes) -> Sealer:
    """The sealer of a shift; a batch is mostly of one shift."""
    return Sealer(content_key)


def _ticket(task: TicketTask) -> Checked:
    try:
        ticket = read_ticket(task.ticket, {task.municipality: (task.public,)})
    except (NotAuthentic, Malformed):
        return Proof.BAD_TICKET, b""
    same = (ticket.municipality, ticket.number, ticket.points) == (
        task.municipality,
        task.number,
        task.points,
    )
    return (Proof.GOOD if same else Proof.BAD_TICKET), b""
