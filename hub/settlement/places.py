"""What each place earned of an organisation's line: an association is paid once and shares it out.

The same rows as :func:`hub.settlement.windows.net_credits` reads, one a terminal; a payment that
the bank returned comes from none and stands by itself.
"""

from dataclasses import dataclass

from hub.settlement.windows import WindowName
from hub.store.database import Tx
from sync.values import NodeId, OrganisationId, home_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A terminal's share; a ticket counter's is what it cleared of the organisation's paper.

    ``node`` and ``place`` are empty for what comes from no terminal.
    """

    node: str
    place: str
    points: int


def places(tx: Tx, name: WindowName, organisation: OrganisationId) -> tuple[Place, ...]:
    """What each terminal earned in a window, less what it took back; together the line's points."""
    rows = tx.rows(
        'SELECT node, points FROM earned WHERE municipality=? AND "window"=? AND organisation=?'
        " AND points<>0 ORDER BY node",
        [name.town, name.number, organisation],
    )
    return tuple(
        Place(node=node, place=_standing(tx, node), points=points) for node, points in rows
    )


def _standing(tx: Tx, node: str) -> str:
    """Where a terminal stands: the organisation's own, or the counter that cleared its paper."""
    found = tx.scalar(
        "SELECT place FROM node WHERE municipality=:home AND node=:node",
        home=home_of(NodeId(node)),
        node=node,
    )
    return found or ""
