"""Checking proofs: the card's signature over a record, a ticket's own signature.

A task is a batch as it came, with the keys that its proofs may need; the answer says of each
record what was found. One card signature a spend is the hub's true limit, so this runs in worker
processes where the hub has them, with parsed keys cached. A thread would not help: each short call
must win the interpreter's lock back. While workers check one batch, the hub posts another:
:meth:`Verifier.begin` gives a promise. A worker that dies loses nothing: what it was given is
checked here, and others take its place.

What this does not check: that the card belongs to the account, and anything of money.
"""

import logging
import multiprocessing
import multiprocessing.process
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Protocol, TypeGuard, get_args

import msgspec

from hub.points.case import Proof, Redemption
from sync.cardproof import Evidence, money_message
from sync.certificate import Algorithm, verify_signature
from sync.errors import Malformed, NotAuthentic
from sync.records import AnyBody, Record, Spend, TicketIssued, TicketVoided, decode
from sync.sealing import Sealer
from sync.ticket import read_ticket
from sync.values import Digest, KeyDigest, MunicipalityCode

_FEW = 64
"""Records that are checked here: sooner done than handed over."""
_BEHIND = 5
"""How much nicer than the hub the workers are: there are as many as cores, and one posting."""

_log = logging.getLogger("machikado.hub")


class Need(IntEnum):
    """What a record needs to be proved; whoever begins a task has read its records."""

    NOTHING = 0
    CARD = 1
    TICKET = 2
    EVIDENCE = 3
    """It needs a card's signature, and there is none by that card."""
    READING = 4
    """It cannot be read."""


_CLEAR = {
    Need.NOTHING: Proof.NOT_NEEDED,
    Need.EVIDENCE: Proof.NO_EVIDENCE,
    Need.READING: Proof.UNREADABLE,
}


_OF_A_RESIDENT = (Spend, TicketIssued)
_OF_A_TICKET = (*get_args(Redemption), TicketVoided)


def signed_by_card(body: AnyBody) -> TypeGuard[Spend | TicketIssued | TicketVoided]:
    """Whether a resident's card has to have signed a record: it moves that resident's points."""
    return isinstance(body, _OF_A_RESIDENT) or (isinstance(body, TicketVoided) and body.lost)


def carries_ticket(body: AnyBody) -> TypeGuard[Redemption | TicketVoided]:
    """Whether a record is proved by a paper ticket's own signature."""
    return isinstance(body, _OF_A_TICKET) and bool(body.ticket)


def need_of(record: Record | None, piece: Evidence | None) -> Need:
    """What is to be checked of a record that came with a piece of evidence."""
    if record is None:
        return Need.READING
    body = record.body
    if signed_by_card(body):
        return Need.CARD if piece is not None and piece.key == body.card else Need.EVIDENCE
    if carries_ticket(body):
        return Need.TICKET
    return Need.NOTHING  # a typed number proves nothing: only its hold carries it


class Task(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Records of one line with their evidence, and what the hub knows that proves them."""

    origin: str
    records: Sequence[bytes]
    digests: Sequence[Digest]
    """One a record, as are the pieces and the needs."""
    pieces: Sequence[Evidence | None]
    needs: Sequence[Need]
    """As :func:`need_of` says."""
    cards: dict[KeyDigest, bytes]
    """Public keys (SubjectPublicKeyInfo, DER) of the cards that are known."""
    shifts: dict[int, bytes]
    """Content keys of the shifts that could be opened, by the seq of their first record."""
    tickets: dict[MunicipalityCode, bytes]
    """Public ticket keys of the towns whose tickets are among the records."""


class Checked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was found of one record."""

    proof: Proof
    opened: bytes = b""
    """With a bad signature: what the evidence held."""


class Promise(Protocol):
    """What was begun: one answer a record, in order."""

    def done(self) -> bool:
        """Whether the answers would come at once."""
        ...

    def result(self) -> list[Checked]:
        """The answers; waits until all is checked."""
        ...


class Verifier(Protocol):
    """Checks the proofs of many records."""

    restarts: int
    """How often workers that died were replaced."""

    def begin(self, task: Task) -> Promise:
        """Begin to check."""
        ...

    def close(self) -> None:
        """Let go of what checks."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """A task that this process checks, when the answers are asked for."""

    task: Task

    def done(self) -> bool:
        """Nobody else is at it."""
        return True

    def result(self) -> list[Checked]:
        """Check."""
        return check(self.task)


@dataclass(frozen=True, slots=True)
class _There:
    """A task that a worker has; should the worker die, it is checked here."""

    task: Task
    future: "Future[bytes]"

    def done(self) -> bool:
        """Whether the worker has answered, or will not."""
        return self.future.done()

    def result(self) -> list[Checked]:
        """Wait for the worker."""
        try:
            return _read_checked(self.future.result())
        except BrokenProcessPool:
            return check(self.task)


class InlineVerifier:
    """Checks in this process: for small batches and tests."""

    restarts = 0

    def begin(self, task: Task) -> Promise:
        """Leave it until the answers are asked for."""
        return Here(task)

    def close(self) -> None:
        """Nothing stays open."""


class PoolVerifier:
    """Checks in worker processes; small batches stay here, where they are done sooner."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self.restarts = 0
        self._pool = _pool_of(processes)
        self._lock = threading.Lock()

    def begin(self, task: Task) -> Promise:
        """Hand the task to a worker."""
        if len(task.records) < _FEW:
            return Here(task)
        packed, pool = _pack(task), self._pool
        try:
            return _There(task, pool.submit(_check_packed, packed))
        except BrokenProcessPool:
            return _There(task, self._instead_of(pool).submit(_check_packed, packed))

    def _instead_of(self, dead: ProcessPoolExecutor) -> ProcessPoolExecutor:
        """Others in the place of workers of which one died; who comes second finds them there."""
        with self._lock:
            if self._pool is dead:
                _log.warning("a verifier died; others take its place")
                self.restarts += 1
                dead.shutdown()
                self._pool = _pool_of(self._processes)
            return self._pool

    def close(self) -> None:
        """Let the workers go."""
        self._pool.shutdown()


def _pool_of(processes: int) -> ProcessPoolExecutor:
    """Spawned: a forked worker would keep the hub's files, and its lock on the folder, open."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_serve_the_hub)


_pack = msgspec.msgpack.Encoder().encode
_read_task = msgspec.msgpack.Decoder(Task).decode
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


def _check_packed(task: bytes) -> bytes:
    """What a worker does: tasks and answers travel packed, which is far quicker than pickled."""
    return _pack(check(_read_task(task)))


def check(task: Task) -> list[Checked]:
    """Check one record after the other."""
    return [
        _checked(task, data, name, piece, need)
        for data, name, piece, need in zip(
            task.records, task.digests, task.pieces, task.needs, strict=True
        )
    ]


def _checked(task: Task, data: bytes, name: Digest, piece: Evidence | None, need: Need) -> Checked:
    if need == Need.CARD and piece is not None:
        return _card(task, data, name, piece)
    if need == Need.TICKET:
        return Checked(_ticket(task, data))
    return Checked(_CLEAR[need])


def _card(task: Task, data: bytes, name: Digest, piece: Evidence) -> Checked:
    public, content_key = task.cards.get(piece.key), task.shifts.get(piece.shift)
    if public is None:
        return Checked(Proof.UNKNOWN_KEY)
    if content_key is None:
        return Checked(Proof.BAD_SIGNATURE)
    opened = b""
    try:
        opened = _sealer(content_key).open(piece.sealed, name)
        message = money_message(task.origin, data)
        verify_signature(public, Algorithm(piece.algorithm), opened, message)
    except (NotAuthentic, Malformed, ValueError):
        return Checked(Proof.BAD_SIGNATURE, opened)
    return Checked(Proof.GOOD)


@lru_cache(maxsize=1024)
def _sealer(content_key: bytes) -> Sealer:
    """The sealer of a shift; a batch is mostly of one shift."""
    return Sealer(content_key)


def _ticket(task: Task, data: bytes) -> Proof:
    body = decode(data).body
    assert carries_ticket(body)  # noqa: S101  it was read as one
    public = task.tickets.get(body.municipality)
    if public is None:
        return Proof.BAD_TICKET  # no such town has joined
    try:
        ticket = read_ticket(body.ticket, {body.municipality: (public,)})
    except (NotAuthentic, Malformed):
        return Proof.BAD_TICKET
    same = (ticket.municipality, ticket.number, ticket.points) == (
        body.municipality,
        body.number,
        body.points,
    )
    return Proof.GOOD if same else Proof.BAD_TICKET


def towns_of_tickets(records: Sequence[Record | None]) -> set[MunicipalityCode]:
    """The towns whose ticket keys a task with these records needs."""
    return {
        record.body.municipality
        for record in records
        if record is not None and carries_ticket(record.body)
    }
