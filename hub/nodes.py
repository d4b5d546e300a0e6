"""Nodes: invited, enrolled once, confirmed by a fingerprint, and the lives of their databases.

    invited -> enrolled            the node used its one-time code and brought its key
            -> active              a person compared the fingerprint on both screens
            -> revoked             it may hand in what it has, and nothing else

A node has one open epoch. Granting the next one closes those before, so two copies of a node never
both sell on the hub's word; what a closed epoch still brings is judged by its own proof.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from hub.applying import Applier, body_of
from hub.bodies import (
    EpochGranted,
    FloatSet,
    HubBody,
    HubRecord,
    NodeConfirmed,
    NodeEnrolled,
    NodeInvited,
    NodeRevoked,
)
from hub.core import Core
from hub.intake import incidents
from hub.intake.lines import cursor
from hub.paging import Listed, Ordered, Page
from hub.points.asked import asked
from hub.points.books import Source
from hub.points.case import Line
from hub.store import schema
from hub.store.database import Database, Row, Tx
from hub.town import organisation_named, policy_of
from sync.chain import NOTHING
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.ports import Randomness
from sync.signing import fingerprint, thumbprint
from sync.values import (
    Digest,
    EpochId,
    Millis,
    MunicipalityCode,
    NodeId,
    OrganisationId,
    epoch_number,
    home_of,
    node_id,
    organisation_of,
)

KINDS = ("shop", "booth", "counter", "library")
"""Where a terminal stands: for lists, and a booth's screen begins with taking tickets."""
_FIRST_TERMINAL = 1111
_OF_A_NODE = (
    "node",
    "organisation",
    "kind",
    "place",
    "zone",
    "state",
    "public",
    "float_points",
    "last_seen",
)


_NODES = Ordered("node", node="")


class State(StrEnum):
    """How far a node has come."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A terminal as the hub knows it."""

    node: NodeId
    organisation: OrganisationId
    kind: str
    place: str
    zone: str
    state: State
    public: bytes
    """The key it enrolled with; empty while a code waits to be used."""
    float_points: int
    """Its own float; 0: the policy's."""
    last_seen: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One life of a node's database. ``state``: open, closed, forked."""

    epoch: EpochId
    public: bytes
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How far the hub holds an epoch."""

    epoch: EpochId
    received: int
    head: Digest


# -- making commands


def invite(
    tx: Tx,
    organisation: OrganisationId,
    *,
    kind: str,
    place: str,
    zone: str,
    again: NodeId | None,
    code: str,
) -> NodeInvited:
    """Invite a new terminal of an organisation, or one that lost its disk ``again``.

    An empty place is the organisation's, an empty zone the home municipality's first one.
    """
    home = home_of(organisation)
    known = organisation_named(tx, organisation)
    before = None if again is None else node_named(tx, again)
    if before is not None and before.organisation != organisation:
        raise RefusedByRule("other-organisation", f"{again} does not belong to {organisation}")
    if before is None:
        terminal = node_id(f"{organisation}-{_FIRST_TERMINAL + _invited(tx, organisation)}")
    else:
        terminal = before.node
    return NodeInvited(
        town=home,
        node=terminal,
        kind=kind if before is None else before.kind,
        place=place or (known.place if before is None else before.place),
        zone=zone or (f"{home}-1" if before is None else before.zone),
        code_digest=code_digest(code),
    )


def fresh_code(randomness: Randomness) -> str:
    """A one-time code, 32 hexadecimal digits."""
    return randomness.bytes(16).hex()


def code_digest(code: str) -> bytes:
    """What is stored of a code: SHA-256 of its text."""
    return hashlib.sha256(code.encode()).digest()


def epoch_named(number: int, public: bytes) -> EpochId:
    """An epoch's name: its number and its key's thumbprint."""
    return EpochId(f"{number}-{thumbprint(public)}")


# -- asking


def nodes_page(tx: Tx, page: Page, only: MunicipalityCode | None) -> Listed[Node]:
    """A page of the nodes of one town, or of all."""
    return _NODES.page(tx, page, only).each(_node)


def node_named(tx: Tx, name: NodeId) -> Node:
    """One node; raises RefusedByRule."""
    found = _known(tx, name)
    if found is None:
        raise RefusedByRule("node-unknown", f"no node {name} was ever invited")
    return found


def _known(tx: Tx, name: NodeId) -> Node | None:
    row = tx.one(
        "SELECT * FROM node WHERE municipality=:home AND node=:node",
        home=home_of(name),
        node=name,
    )
    return None if row is None else _node(row)


def _invited(tx: Tx, organisation: OrganisationId) -> int:
    """How many terminals an organisation ever had; none is forgotten, so no name comes again."""
    return int(
        tx.scalar(
            "SELECT count(*) FROM node WHERE municipality=:home AND node>:first AND node<:behind",
            home=home_of(organisation),
            first=f"{organisation}-",
            behind=f"{organisation}.",
        )
    )


def node_of_code(tx: Tx, digest: bytes, public: bytes = b"") -> Node:
    """The node that a code's digest invites; raises NotAuthentic.

    Works until the node is active, and for the key ``public`` that used it also afterwards, so
    that a lost answer can be asked for again.
    """
    row = tx.one(
        "SELECT * FROM node WHERE code_digest=:digest AND state<>:revoked",
        digest=digest,
        revoked=State.REVOKED,
    )
    if row is None:
        raise NotAuthentic("this invitation is not known here: ask for a new one")
    found = _node(row)
    if found.public and found.public != public and found.state is State.ACTIVE:
        raise RefusedByRule("invitation-used", "this invitation was used: ask for a new one")
    return found


def epochs(tx: Tx, node: NodeId) -> list[Epoch]:
    """A node's epochs, oldest first."""
    rows = tx.all(
        "SELECT epoch, public, state FROM epoch WHERE municipality=:home AND node=:node"
        " ORDER BY number",
        home=home_of(node),
        node=node,
    )
    return [Epoch(epoch=row["epoch"], public=row["public"], state=row["state"]) for row in rows]


def epoch_of(tx: Tx, node: NodeId, epoch: EpochId) -> Epoch | None:
    """One epoch of a node, or None."""
    rows = tx.rows(
        "SELECT public, state FROM epoch WHERE municipality=? AND node=? AND epoch=?",
        [home_of(node), node, epoch],
    )
    for public, state in rows:
        return Epoch(epoch=epoch, public=public, state=state)
    return None


def living(
    database: Database, names: Collection[tuple[NodeId, EpochId]]
) -> dict[tuple[NodeId, EpochId], tuple[Node, Epoch]]:
    """Nodes with one of their epochs, those that there are, by one question: every call asks it."""
    if not names:
        return {}
    rows = [(home_of(node), node, epoch) for node, epoch in names]
    told, values = asked("home, node, epoch", rows)
    found = database.ask_all(
        f"{told} SELECT e.epoch, e.public, e.state, {','.join(f'n.{name}' for name in _OF_A_NODE)}"
        " FROM asked CROSS JOIN epoch e CROSS JOIN node n WHERE e.municipality=asked.home"
        " AND e.node=asked.node AND e.epoch=asked.epoch AND n.municipality=e.municipality"
        " AND n.node=e.node",
        values,
    )
    return {
        (node.node, epoch): (node, Epoch(epoch=epoch, public=public, state=state))
        for epoch, public, state, *fields in found
        for node in [_node(dict(zip(_OF_A_NODE, fields, strict=True)))]
    }


def epoch_of_key(tx: Tx, node: NodeId, public: bytes) -> Epoch | None:
    """The life that was granted to a key, or None."""
    return next((each for each in epochs(tx, node) if each.public == public), None)


class Told(NamedTuple):
    """What a node hears of a life of its own beside custody and verdicts."""

    state: str
    attempts: int
    """The highest attempt that the hub has seen."""
    decisions: int
    """How many verdicts were superseded."""


def told_of(
    tx: Tx, names: Collection[tuple[NodeId, EpochId]]
) -> dict[tuple[NodeId, EpochId], Told]:
    """The same of several, those that there are."""
    if not names:
        return {}
    rows = [(home_of(node), node, epoch) for node, epoch in names]
    told, values = asked("home, node, epoch", rows)
    of_life = "WHERE x.municipality=e.municipality AND x.node=e.node AND x.epoch=e.epoch"
    found = tx.rows(
        f"{told} SELECT e.node, e.epoch, e.state, (SELECT max(x.n) FROM hold x {of_life}),"
        f" (SELECT max(x.n) FROM decision x {of_life})"
        " FROM asked CROSS JOIN epoch e WHERE e.municipality=asked.home AND e.node=asked.node"
        " AND e.epoch=asked.epoch",
        values,
    )
    return {
        (node, epoch): Told(state, attempts or 0, decisions or 0)
        for node, epoch, state, attempts, decisions in found
    }


def next_epoch(tx: Tx, node: NodeId, public: bytes) -> EpochId:
    """The name of the next life under a key."""
    return epoch_named(len(epochs(tx, node)) + 1, public)


def held(tx: Tx, node: NodeId, epoch: EpochId) -> Held:
    """What the hub holds of an epoch's chain."""
    found = cursor(tx, Line(home=home_of(node), node=node, epoch=epoch, branch=""))
    if found is None:
        return Held(epoch=epoch, received=0, head=NOTHING)
    return Held(epoch=epoch, received=found.received, head=found.head)


def float_of(tx: Tx, name: NodeId) -> int:
    """How much a node may take offline before a receipt, in points."""
    return float_meant(tx, name, node_named(tx, name).float_points)


def float_meant(tx: Tx, name: NodeId, own: int) -> int:
    """What a node's own float of so many points comes to: 0 is what the policy says."""
    return own or policy_of(tx, home_of(name)).float_points


def check_fingerprint(node: Node, written: str) -> None:
    """Compare what a person read on the node's screen; raises RefusedByRule."""
    if not node.public:
        raise RefusedByRule("node-not-enrolled", f"{node.node} has not used its invitation yet")
    if "".join(written.split()).lower() != fingerprint(node.public):
        raise RefusedByRule(
            "fingerprint-differs",
            f"the key that enrolled as {node.node} has another fingerprint: somebody else may have"
            " used the invitation; revoke the node and invite it again",
        )


def _node(row: Row) -> Node:
    return Node(
        node=row["node"],
        organisation=row["organisation"],
        kind=row["kind"],
        place=row["place"],
        zone=row["zone"],
        state=State(row["state"]),
        public=row["public"],
        float_points=row["float_points"],
        last_seen=Millis(row["last_seen"]),
    )


# -- applying


def _invite(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, NodeInvited)
    if body.kind not in KINDS:
        raise Malformed(f"kind {body.kind!r}: one of {', '.join(KINDS)}")
    name = node_id(body.node)
    if home_of(name) != body.town:
        raise RefusedByRule("other-town", f"{name} does not belong to {body.town}")
    organisation_named(tx, organisation_of(name))
    known = _known(tx, name)
    if known is not None and known.state is State.REVOKED:
        raise RefusedByRule("node-revoked", f"{name} was revoked: invite a new one")
    if known is not None:
        tx.run(
            "UPDATE node SET code_digest=:digest, public=:none"
            " WHERE municipality=:town AND node=:node",
            digest=body.code_digest,
            none=b"",
            town=body.town,
            node=name,
        )
        return
    tx.insert(
        schema.node,
        municipality=body.town,
        node=name,
        organisation=organisation_of(name),
        kind=body.kind,
        place=body.place,
        zone=body.zone,
        state=State.INVITED,
        code_digest=body.code_digest,
        public=b"",
        float_points=0,
        last_seen=0,
    )


def _enrol(core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, NodeEnrolled)
    if node_named(tx, body.node).public:
        raise RefusedByRule("invitation-used", "this invitation was used: ask for a new one")
    _begin_epoch(core, tx, record, body, why="new disk")
    tx.run(
        "UPDATE node SET state=:state, public=:public WHERE municipality=:town AND node=:node",
        state=State.ENROLLED,
        public=body.public,
        town=body.town,
        node=body.node,
    )


def _confirm(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, NodeConfirmed)
    node = node_named(tx, body.node)
    if node.state is not State.ENROLLED:
        raise RefusedByRule("node-not-enrolled", f"{body.node} is {node.state}: nothing to confirm")
    _set_state(tx, body.node, State.ACTIVE)


def _revoke(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, NodeRevoked)
    if node_named(tx, body.node).state is State.REVOKED:
        raise RefusedByRule("node-revoked", f"{body.node} was revoked already")
    _set_state(tx, body.node, State.REVOKED)
    _close_epochs(tx, body.node, record.at)


def _grant_epoch(core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, EpochGranted)
    _begin_epoch(core, tx, record, body, why=body.why)


def _set_float(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, FloatSet)
    node_named(tx, body.node)
    tx.run(
        "UPDATE node SET float_points=:points WHERE municipality=:town AND node=:node",
        points=body.points,
        town=home_of(body.node),
        node=body.node,
    )


def _begin_epoch(
    core: Core, tx: Tx, record: HubRecord, life: NodeEnrolled | EpochGranted, *, why: str
) -> None:
    """Open a node's next life and close those before, which is an incident."""
    node, epoch, public = life.node, life.epoch, life.public
    if epoch != next_epoch(tx, node, public):
        raise Malformed(f"{node}: {epoch} is not the next epoch of this key")
    before = epochs(tx, node)
    _close_epochs(tx, node, record.at)
    tx.insert(
        schema.epoch,
        municipality=home_of(node),
        node=node,
        epoch=epoch,
        number=epoch_number(epoch),
        public=public,
        state="open",
        closed_at=0,
        closed_seq=0,
        ended=0,
    )
    if before:
        last = held(tx, node, before[-1].epoch)
        incidents.enter(
            core,
            tx,
            kind="epoch",
            source=Source(node, last.epoch, last.received),
            town=home_of(node),
            reason=why,
            other=epoch,
        )


def _close_epochs(tx: Tx, node: NodeId, at: Millis) -> None:
    for each in epochs(tx, node):
        if each.state == "open":
            tx.run(
                "UPDATE epoch SET state='closed', closed_at=:at, closed_seq=:seq"
                " WHERE municipality=:home AND node=:node AND epoch=:epoch",
                at=at,
                seq=held(tx, node, each.epoch).received,
                home=home_of(node),
                node=node,
                epoch=each.epoch,
            )


def _set_state(tx: Tx, node: NodeId, state: State) -> None:
    tx.run(
        "UPDATE node SET state=:state WHERE municipality=:home AND node=:node",
        state=state,
        home=home_of(node),
        node=node,
    )


APPLIERS: Mapping[type[HubBody], Applier] = {
    NodeInvited: _invite,
    NodeEnrolled: _enrol,
    NodeConfirmed: _confirm,
    NodeRevoked: _revoke,
    EpochGranted: _grant_epoch,
    FloatSet: _set_float,
}
