"""What each place earned of an organisation's line: an association is paid once and shares it out.

The same transfers as :func:`hub.settlement.windows.net_credits`, told apart by the terminal whose
record they are for; a payment that the bank returned comes from none and stands by itself.
"""

from dataclasses import dataclass

from hub.points.accounts import payable
from hub.points.books import Source
from hub.settlement.windows import WindowName
from hub.store.database import Tx
from sync.values import NodeId, OrganisationId, home_of

_HUB = "hub"


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
    earned: dict[str, int] = {}
    account = payable(organisation)
    rows = tx.rows(
        'SELECT source, "of", points FROM transfer'
        ' WHERE municipality=? AND "window"=? AND credit=?'
        ' UNION ALL SELECT source, "of", -points FROM transfer'
        ' WHERE municipality=? AND "window"=? AND debit=?'
        " AND credit NOT LIKE 'transit:%' AND credit NOT LIKE 'receivable:%'",
        [name.town, name.number, account, name.town, name.number, account],
    )
    for source, of, points in rows:
        node = _node(source, of)
        earned[node] = earned.get(node, 0) + points
    return tuple(
        Place(node=node, place=_standing(tx, node), points=points)
        for node, points in sorted(earned.items())
        if points
    )


def _standing(tx: Tx, node: str) -> str:
    """Where a terminal stands: the organisation's own, or the counter that cleared its paper."""
    found = tx.scalar(
        "SELECT place FROM node WHERE municipality=:home AND node=:node",
        home=home_of(NodeId(node)),
        node=node,
    )
    return found or ""


def _node(source: str, of: str) -> str:
    """Whose record a transfer is for: its source, or where people decided the record they name."""
    if source != _HUB:
        return source
    return Source.read(of).name if of else ""
