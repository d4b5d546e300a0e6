"""Setting a node up, once: invitation -> look -> "register with this?" -> key -> epoch -> record 1.

The invitation carries the hub's origin and public key; nothing the hub says is believed without
that key. The node makes its own key here, and both screens show the same fingerprint, which an
operator compares and confirms. Asking again after a lost answer gives the same enrolment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node.counter import Counter
from node.identity import (
    Identity,
    Life,
    Settings,
    keep_identity,
    keep_life,
    keep_settings,
)
from node.keys import FILE as KEYS
from node.keys import Keys
from node.opening import Ports, assemble, clock_for, door_to
from node.store import FILE as DATABASE
from node.store import Store
from node.timekeeping import Timekeeper
from sync.calls import Doorstep, Enrolled, EnrolmentRequest, Invitation, Invited
from sync.clock import At
from sync.errors import Damaged, Malformed
from sync.records import AnyBody, Genesis
from sync.request import Door
from sync.signing import fingerprint
from sync.values import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNode:
    """An enrolled node: its name, what both screens show, and its opened counter."""

    node: NodeId
    fingerprint: str
    counter: Counter


def hub_key(invitation: Invitation) -> bytes:
    """The hub's public key of an invitation. Raises Malformed."""
    try:
        key = bytes.fromhex(invitation.key)
        bytes.fromhex(invitation.tls_pin)
    except ValueError:
        raise Malformed("the invitation's keys are not complete: copy all of it") from None
    if len(key) != 32:  # noqa: PLR2004  an Ed25519 public key
        raise Malformed("the invitation's hub key is not complete: copy all of it")
    return key


def look(invitation: Invitation, door: Door | None = None) -> Invited:
    """What an invitation stands for, to be shown before "register with this?". Changes nothing."""
    key = hub_key(invitation)
    door = door or door_to(invitation.hub, invitation.tls_pin)
    return Doorstep(door, (key,)).invited(invitation.code)


def enrol(
    folder: Path,
    invitation: Invitation,
    ports: Ports,
    *,
    second_path: Path | None = None,
    program: str = "machikado",
    door: Door | None = None,
    on_key: Callable[[str], None] = lambda _: None,
) -> NewNode:
    """Redeem an invitation into a new folder; ``on_key`` hears the fingerprint first.

    Raises Unreachable, RefusedByRule (the hub's), NotAuthentic, Damaged (there is a node already).
    Whatever is raised, asking again with the same folder and invitation goes on.
    """
    key = hub_key(invitation)
    doorstep = Doorstep(door or door_to(invitation.hub, invitation.tls_pin), (key,))
    invited = doorstep.invited(invitation.code)
    folder.mkdir(parents=True, exist_ok=True)
    keys = _keys(folder, ports)
    fresh = keys.fresh()
    on_key(fingerprint(fresh.public))
    enrolled = doorstep.enrol(EnrolmentRequest(invitation.code, fresh.public))
    if enrolled.node != invited.node:
        raise Malformed(f"invited as {invited.node}, enrolled as {enrolled.node}: ask the operator")
    store = _store(folder, program)
    try:
        identity = Identity(
            node=enrolled.node,
            kind=enrolled.kind,
            organisation_name=enrolled.organisation_name,
            place=enrolled.place,
            zone=enrolled.zone,
            demo=enrolled.demo,
            hub_origin=invitation.hub,
            hub_key=key,
            tls_pin=invitation.tls_pin,
        )
        clock = ports.clock or clock_for(demo=enrolled.demo)
        _remember(store, identity, enrolled, second_path)
        Timekeeper(store, clock).told(doorstep.time())
        counter = Counter(assemble(store, ports))
        _begin(counter, enrolled, fresh.public)
    except BaseException:
        store.close()
        raise
    return NewNode(node=enrolled.node, fingerprint=fingerprint(fresh.public), counter=counter)


def _remember(
    store: Store, identity: Identity, enrolled: Enrolled, second_path: Path | None
) -> None:
    """Keep who this node is, before it has a life."""
    if second_path is not None:
        second_path.mkdir(parents=True, exist_ok=True)
    settings = Settings(second_path="" if second_path is None else str(second_path.absolute()))
    with store.transaction():
        keep_settings(store, settings)
        keep_life(store, Life(enrolled.epoch, ""))
        keep_identity(store, identity)


def _begin(counter: Counter, enrolled: Enrolled, public: bytes) -> None:
    """Write record 1."""
    parts = counter.parts
    identity = parts.identity

    def genesis(_at: At, _seq: int) -> AnyBody:
        return Genesis(
            hub_origin=identity.hub_origin,
            hub_key=identity.hub_key,
            node_key=public,
            before_epoch="",
            before_seq=0,
            before_digest=b"",
        )

    parts.writer.begin(enrolled.epoch, genesis)
    parts.renewal.trim()


def _store(folder: Path, program: str) -> Store:
    """A new database, or that of an enrolment that was cut off before record 1."""
    if not (folder / DATABASE).exists():
        return Store.create(folder, program)
    store = Store.open(folder, program)
    if store.number("SELECT count(*) FROM record"):
        store.close()
        raise Damaged(f"{folder} already holds a node; nothing was changed")
    return store


def _keys(folder: Path, ports: Ports) -> Keys:
    """The folder's keys, also those of an enrolment that was cut off."""
    if (folder / KEYS).exists():
        return Keys.open(folder, ports.secret, ports.randomness)
    return Keys.create(folder, ports.secret, ports.randomness)
