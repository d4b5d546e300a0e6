"""A node that asks the hub for something, as it stands in the transaction that answers it."""

from collections.abc import Mapping
from typing import NamedTuple

from hub.store.database import Tx
from sync.errors import Damaged
from sync.values import EpochId, NodeId, home_of

_ROWS = (
    "SELECT n.zone, n.float_points, m.feed, e.epoch,"
    " (SELECT c.posted FROM cursor c WHERE c.municipality=e.municipality AND c.node=e.node"
    " AND c.epoch=e.epoch AND c.branch=''),"
    " (SELECT min(w.seq) FROM handover w WHERE w.home=e.municipality AND w.node=e.node"
    " AND w.epoch=e.epoch AND w.branch=''),"
    " (SELECT max(h.n) FROM hold h WHERE h.municipality=e.municipality AND h.node=e.node"
    " AND h.epoch=e.epoch)"
    " FROM node n CROSS JOIN municipality m CROSS JOIN epoch e WHERE n.municipality=? AND n.node=?"
    " AND m.municipality=n.municipality AND e.municipality=n.municipality AND e.node=n.node"
    " ORDER BY e.number"
)


class Life(NamedTuple):
    """One of a node's epochs."""

    posted: int
    """The last record of its chain up to which every town has posted whose points it moves."""
    attempts: int
    """The highest attempt that the hub has seen."""


class Asker(NamedTuple):
    """What answers go by: asked for once, before anything is changed."""

    node: NodeId
    zone: str
    float_points: int
    """What it may take at most where that is not as its town has it; 0: it is."""
    feed: int
    """The number of its home's feed."""
    lives: Mapping[EpochId, Life]
    """In their order."""

    def posted(self, epoch: EpochId) -> int:
        """How far a life's records are posted everywhere; of one that is not known nothing is."""
        life = self.lives.get(epoch)
        return 0 if life is None else life.posted

    def attempts(self, epoch: EpochId) -> int:
        """The highest attempt of a life that was seen before this one."""
        life = self.lives.get(epoch)
        return 0 if life is None else life.attempts

    @property
    def included(self) -> tuple[tuple[EpochId, int], ...]:
        """What a standing made now counts of each life."""
        return tuple((epoch, life.posted) for epoch, life in self.lives.items())


def asker(tx: Tx, node: NodeId) -> Asker:
    """How a node stands that has begun a life; whoever asks is let in by the key of one."""
    rows = tx.rows(_ROWS, [home_of(node), node])
    if not rows:
        raise Damaged(f"{node} asks, and has no life")
    zone, float_points, feed, *_ = rows[0]
    lives = {
        EpochId(epoch): Life(_upto(posted, waiting), attempts or 0)
        for *_, epoch, posted, waiting, attempts in rows
    }
    return Asker(node, zone, float_points, feed, lives)


def _upto(posted: int | None, waiting: int | None) -> int:
    """Up to which record nothing waits, here or for another town."""
    return posted or 0 if waiting is None else min(posted or 0, waiting - 1)
