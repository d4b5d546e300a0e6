"""How far a node's records are posted, in every town whose points they move."""

from hub.store.database import Tx
from sync.values import EpochId, NodeId, home_of


def posted_everywhere(tx: Tx, node: NodeId, epoch: EpochId) -> int:
    """The last record of an epoch's chain up to which every town has posted."""
    home = home_of(node)
    posted = tx.scalar(
        "SELECT posted FROM cursor WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=''",
        home=home,
        node=node,
        epoch=epoch,
    )
    waiting = tx.scalar(
        "SELECT min(seq) FROM handover WHERE home=:home AND node=:node AND epoch=:epoch"
        " AND branch=''",
        home=home,
        node=node,
        epoch=epoch,
    )
    return (posted or 0) if waiting is None else min(posted or 0, waiting - 1)


def includes(tx: Tx, node: NodeId) -> tuple[tuple[EpochId, int], ...]:
    """For every epoch of a node: what a standing made now counts of it."""
    rows = tx.rows(
        "SELECT epoch FROM epoch WHERE municipality=? AND node=? ORDER BY number",
        [home_of(node), node],
    )
    return tuple((EpochId(epoch), posted_everywhere(tx, node, EpochId(epoch))) for (epoch,) in rows)
