"""A counter that issues a ticket, or voids one, and is killed at a named point of that."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from node import writer
from node.attempts import Attempts
from node.counter import Counter
from node.inbox import Inbox
from node.opening import Ports, open_counter
from node.outbox import Outbox
from node.outcome import Issued
from node.secondpath import SecondPath
from node.store import Store
from sync.calls import HubCalls
from sync.values import Millis, Points
from tests.doubles.clocks import TurnedClock
from tests.faults.programs import PIN, READY
from tests.hub.corner import KAWASAKI
from tests.node.crash import die, die_after, die_at_commit

POINTS = 500
BEFORE = ("asked", "answered", "before-commit")
"""Points at which the record is not there yet: the hub frees what it held."""
AFTER = ("committed", "handed-over", "handed-in", "receipt-here", "done")
"""Points at which it is: whatever follows comes with the next exchange."""


def _patches() -> dict[str, tuple[type, str, Callable[..., Any]]]:
    return {
        "asked": (HubCalls, "hold", die_after(HubCalls.hold)),  # the hub's yes is on its way
        "answered": (Attempts, "answered", die_after(Attempts.answered)),
        "before-commit": (Store, "_execute", die_at_commit(Store._execute)),
        "committed": (SecondPath, "append", die_after(SecondPath.append)),
        "handed-over": (Outbox, "push", die),
        "handed-in": (HubCalls, "put_records", die_after(HubCalls.put_records)),
        "receipt-here": (Inbox, "take", die_after(Inbox.take)),
    }


def _plant(point: str) -> None:
    """Make the program die there. The commit meant is the record's, not the attempt's."""
    patches = _patches()
    if point == "before-commit":
        first = writer._keep

        def keep(*args: Any) -> None:
            first(*args)
            owner, name, patch = patches[point]
            setattr(owner, name, patch)

        writer._keep = keep  # type: ignore[assignment]  # it dies in the same place
    elif point in patches:
        owner, name, patch = patches[point]
        setattr(owner, name, patch)


def issue(counter: Counter, card: str) -> str:
    """A ticket of 500, as its QR."""
    made = counter.issue_tickets(
        card, KAWASAKI, Points(POINTS), days=3, count=1, programme="101", pin=bytearray(PIN)
    )
    assert isinstance(made, Issued), made
    return made.papers[0].qr if made.papers else ""


def do(  # noqa: PLR0917  as a forked program is given them
    says: Connection, folder: Path, card: Path, now: Millis, what: str, point: str
) -> None:
    """Issue a ticket, or void one with its paper or without; and die there."""
    counter = open_counter(folder, Ports(clock=TurnedClock(now)))
    counter.probe()
    counter.open_shift("")  # the record that is meant is the ticket's
    address = f"soft:{card}"
    paper = "" if what == "issue" else issue(counter, address)
    live = counter.own_tickets(address, bytearray(PIN)) if what == "lose" else ()
    says.send(READY)
    _plant(point)
    if what == "issue":
        issue(counter, address)
    elif what == "void":
        counter.void_ticket(paper)
    else:
        assert isinstance(live, tuple)
        counter.void_lost(address, bytearray(PIN), live[0])
    die()
