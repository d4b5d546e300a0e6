"""The pile that is open at a ticket counter, and what became of its tickets.

What was cleared are records. What was returned moves nothing: it is kept beside them for the list
that the shop takes home, and goes again when the same ticket is cleared after all.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.values import (
    Digest,
    EpochId,
    Millis,
    MunicipalityCode,
    OrganisationId,
    Points,
    TicketNumber,
)

if TYPE_CHECKING:
    from node.store import Store

_OF_PILE = (
    " FROM move JOIN pile ON pile.epoch = move.epoch AND move.seq > pile.opened"
    " AND (pile.closed IS NULL OR move.seq < pile.closed)"
    " WHERE pile.epoch = ? AND pile.opened = ? AND kind = 'ticket.cleared' AND reversed_by IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedTicket:
    """A ticket of the pile."""

    seq: int
    at: Millis
    number: TicketNumber
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedTicket:
    """A piece of paper that goes back with the shop."""

    number: str
    """13 digits, or the beginning of what was scanned."""
    reason: str
    at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """One sitting: whose tickets, and how far it is."""

    epoch: EpochId
    opened: int
    """The seq of its ``pile.opened``."""
    opened_at: Millis
    municipality: MunicipalityCode
    organisation: OrganisationId
    name: str
    """The organisation's; its ID where no list has come."""
    point_name: str
    count: int
    points: int
    lines: tuple[tuple[Points, int], ...]
    """How many of how many points each, the highest first."""
    last: tuple[ClearedTicket, ...]
    """The newest first, a few."""
    returned: tuple[ReturnedTicket, ...]
    """In the order in which they were scanned."""
    closed: int | None = None
    """The seq of its ``pile.closed``."""
    closed_at: Millis | None = None
    digest: Digest | None = None
    """Of that record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A pile as its record says it."""

    seq: int
    at: Millis
    municipality: MunicipalityCode
    organisation: OrganisationId
    closed: int | None
    closed_at: Millis | None


def latest(store: "Store", epoch: EpochId) -> Opened | None:
    """The latest pile of a life; one is open at a time."""
    row = store.row(
        "SELECT opened, opened_at, municipality, organisation, closed, closed_at FROM pile"
        " WHERE epoch = ? ORDER BY opened DESC LIMIT 1",
        (epoch,),
    )
    if row is None:
        return None
    return Opened(
        seq=row[0],
        at=row[1],
        municipality=row[2],
        organisation=row[3],
        closed=row[4],
        closed_at=row[5],
    )


def sums(store: "Store", epoch: EpochId, opened: int) -> tuple[tuple[Points, int], ...]:
    """(points each, how many) of what stands as cleared, the highest first."""
    return tuple(
        (Points(points), count)
        for points, count in store.rows(
            f"SELECT points, count(*){_OF_PILE} GROUP BY points ORDER BY points DESC",
            (epoch, opened),
        )
    )


def newest(store: "Store", epoch: EpochId, opened: int, most: int) -> tuple[ClearedTicket, ...]:
    """What was cleared last and stands."""
    return tuple(
        ClearedTicket(seq=seq, at=at, number=number, points=Points(points))
        for seq, at, number, points in store.rows(
            f"SELECT seq, at, number, points{_OF_PILE} ORDER BY seq DESC LIMIT ?",
            (epoch, opened, most),
        )
    )


def returned(store: "Store", epoch: EpochId, opened: int) -> tuple[ReturnedTicket, ...]:
    """What goes back with the shop."""
    return tuple(
        ReturnedTicket(number=number, reason=reason, at=at)
        for number, reason, at in store.rows(
            "SELECT number, reason, at FROM returned WHERE epoch = ? AND opened = ? ORDER BY rowid",
            (epoch, opened),
        )
    )


def give_back(store: "Store", epoch: EpochId, opened: int, paper: ReturnedTicket) -> None:
    """Keep what goes back; the first reason stands."""
    store.execute(
        "INSERT OR IGNORE INTO returned VALUES (?, ?, ?, ?, ?)",
        (epoch, opened, paper.number, paper.reason, paper.at),
    )


def take_after_all(store: "Store", epoch: EpochId, opened: int, number: str) -> None:
    """A ticket was cleared: it goes back no more."""
    store.execute(
        "DELETE FROM returned WHERE epoch = ? AND opened = ? AND number = ?",
        (epoch, opened, number),
    )
