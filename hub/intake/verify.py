"""Checking proofs: the card's signature over a record, a ticket's own signature.

One card signature a spend is the hub's true limit, so this runs in worker processes where the hub
has them, in whole batches, with parsed keys cached. A thread would not help: each short call must
win the interpreter's lock back.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from hub.points.case import Proof
from sync.cardproof import Evidence, money_message
from sync.certificate import Algorithm, verify_signature
from sync.errors import Malformed, NotAuthentic
from sync.sealing import Sealer
from sync.ticket import read_ticket
from sync.values import Digest, MunicipalityCode

_CHUNK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTask:
    """A record that a card should have signed."""

    origin: str
    record: bytes
    digest: Digest
    evidence: Evidence
    content_key: bytes
    spki: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTask:
    """A redemption that should carry a ticket signed by its town."""

    ticket: bytes
    municipality: MunicipalityCode
    number: str
    points: int
    public: bytes


Task = CardTask | TicketTask
Checked = tuple[Proof, bytes]
"""What was found, and with a bad signature what the evidence held."""


class Verifier(Protocol):
    """Checks many proofs, in order."""

    def check(self, tasks: Sequence[Task]) -> list[Checked]:
        """One answer a task."""
        ...


class InlineVerifier:
    """Checks in this process: for small batches and tests."""

    def check(self, tasks: Sequence[Task]) -> list[Checked]:
        """One answer a task."""
        return check_all(tasks)


class PoolVerifier:
    """Checks in worker processes; small batches stay here, where they are done sooner."""

    def __init__(self, processes: int) -> None:
        self._pool = ProcessPoolExecutor(processes)

    def check(self, tasks: Sequence[Task]) -> list[Checked]:
        """One answer a task."""
        if len(tasks) < _CHUNK:
            return check_all(tasks)
        parts = [tasks[at : at + _CHUNK] for at in range(0, len(tasks), _CHUNK)]
        return list(chain.from_iterable(self._pool.map(check_all, parts)))

    def close(self) -> None:
        """Let the workers go."""
        self._pool.shutdown()


def check_all(tasks: Sequence[Task]) -> list[Checked]:
    """Check tasks one after the other."""
    return [_card(task) if isinstance(task, CardTask) else _ticket(task) for task in tasks]


def _card(task: CardTask) -> Checked:
    opened = b""
    try:
        opened = Sealer(task.content_key).open(task.evidence.sealed, task.digest)
        message = money_message(task.origin, task.record)
        verify_signature(task.spki, Algorithm(task.evidence.algorithm), opened, message)
    except (NotAuthentic, Malformed, ValueError):
        return Proof.BAD_SIGNATURE, opened
    return Proof.GOOD, b""


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
