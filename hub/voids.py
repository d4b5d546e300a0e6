"""When the points of lost tickets come back: as soon as every counter knows that they are void.

A counter knows it when its next question for the feed says that it has applied the page which lists
the ticket. Counters of other towns that may take this town's tickets count too; one that was
revoked or was never set up whole takes none. At the latest they come back some days
(:data:`sync.owntickets.WAIT_DAYS`) after the ticket's last day, when no counter takes it any more.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from hub.bodies import VoidsEnded
from hub.core import Core
from hub.desk import enact
from hub.nodes import State
from hub.store.database import Tx
from sync.clock import day_of
from sync.feed import UsedTicketItem, item_kind
from sync.owntickets import WAIT_DAYS
from sync.values import MunicipalityCode, NodeId, TicketNumber, home_of, organisation_of

_AT_ONCE = 500
"""Tickets of one of the hub's records."""
_WAITING = (
    "SELECT number, name, valid_until FROM ticket t WHERE municipality=? AND state='voiding'"
    " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.town=t.municipality AND h.account=t.number"
    " AND h.state='open') ORDER BY number"
)
"""Not those that a counter claims right now: its record decides, or the end of its hold."""
_LISTED = item_kind(UsedTicketItem(bytes(16)))
"""The kind of what a feed says of tickets that nobody takes any more."""
_POSITIONS = (
    "SELECT n.municipality, n.zone, min(p.number) FROM acceptance a"
    " JOIN node n ON n.organisation=a.organisation"
    " JOIN feed_position p ON p.municipality=n.municipality AND p.node=n.node"
    " WHERE a.municipality=? AND n.state=? GROUP BY n.municipality, n.zone"
)
"""How far the slowest counter of each zone is. One that never asked has no lists to go by."""


def end_voids(core: Core, town: MunicipalityCode) -> int:
    """Give back what every counter knows of by now; says how many tickets."""
    with core.database.read() as tx:
        if not due(tx, town, day_of(core.clock.now())):
            return 0

    def end(tx: Tx) -> int:
        numbers = due(tx, town, day_of(core.clock.now()))[:_AT_ONCE]
        if numbers:
            enact(core, tx, VoidsEnded(town, tuple(numbers)), ("hub",))
        return len(numbers)

    return core.database.settle({town}, end)


def voiding_for(core: Core, node: NodeId) -> list[tuple[MunicipalityCode, int]]:
    """The towns whose tickets a node may take, as far as any of theirs are voiding.

    With each, how far the node has applied the feed by its last question.
    """
    rows = core.database.ask_all(
        "SELECT a.municipality, (SELECT p.number FROM feed_position p"
        " WHERE p.municipality=? AND p.node=?) FROM acceptance a WHERE a.organisation=? AND EXISTS"
        " (SELECT 1 FROM ticket t WHERE t.municipality=a.municipality AND t.state='voiding')"
        " ORDER BY 1",
        [home_of(node), node, organisation_of(node)],
    )
    return [(MunicipalityCode(town), applied or 0) for town, applied in rows]


def learns(core: Core, town: MunicipalityCode, node: NodeId, before: int, now: int) -> bool:
    """Whether a node that comes from one place in the feed to another learns of a lost ticket."""
    home = home_of(node)
    with core.database.read() as tx:
        listed = {
            item
            for (item,) in tx.rows(
                "SELECT item FROM feed WHERE municipality=? AND scope=(SELECT zone FROM node"
                " WHERE municipality=? AND node=?) AND number>? AND number<=? AND kind=?",
                [home, home, node, before, now, _LISTED],
            )
        }
        waiting = tx.rows(_WAITING, [town]) if listed else ()
    return any(UsedTicketItem(bytes(name)).key in listed for _, name, _ in waiting)


def due(tx: Tx, town: MunicipalityCode, today: str) -> Sequence[TicketNumber]:
    """The lost tickets of a town whose points may go back now."""
    waiting = tx.rows(_WAITING, [town])
    if not waiting:
        return ()
    zones = tx.rows(_POSITIONS, [town, State.ACTIVE])
    last = (date.fromisoformat(today) - timedelta(days=WAIT_DAYS)).isoformat()
    return [
        TicketNumber(number)
        for number, name, valid_until in waiting
        if valid_until < last
        or all(_knows(tx, home, zone, at, bytes(name)) for home, zone, at in zones)
    ]


def _knows(tx: Tx, home: str, zone: str, position: int, name: bytes) -> bool:
    """Whether all counters of a zone have applied that a ticket is used."""
    item = UsedTicketItem(name)
    listed = tx.rows(
        "SELECT number FROM feed WHERE municipality=? AND scope=? AND kind=? AND item=?",
        [home, zone, _LISTED, item.key],
    )
    return bool(listed) and listed[0][0] <= position
