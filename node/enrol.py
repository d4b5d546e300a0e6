"""Setting a node up, once: invitation -> look -> "register with this?" -> key -> epoch -> record 1.

The invitation carries the hub's origin and public key; nothing the hub says is believed without
that key. The node makes its own key here, and both screens show the same fingerprint, which an
operator compares and confirms. How far it has come is kept step by step (:mod:`node.plan`): after a
cut :func:`resume` goes on, with the same key, so one invitation never makes two nodes.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from node.counter import Counter
from node.identity import Identity, Life, keep_identity, keep_life, keep_settings, settings_of
from node.keys import FILE as KEYS
from node.keys import Keys
from node.opening import Ports, assemble, clock_for, door_to, start
from node.parts import Parts
from node.plan import Plan, keep_plan, plan_of
from node.store import FILE as DATABASE
from node.store import Store, is_blank
from node.timekeeping import Timekeeper
from sync.calls import Doorstep, Enrolled, EnrolmentRequest, Invited
from sync.clock import At
from sync.errors import Damaged, Malformed
from sync.invitation import Invitation, read_invitation, write_invitation
from sync.records import AnyBody, Genesis
from sync.request import Door
from sync.signing import fingerprint
from sync.values import EpochId, NodeId

OnKey = Callable[[str], None]
"""Hears the fingerprint of the node's key, before the hub does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNode:
    """An enrolled node: its name, what both screens show, and its opened counter."""

    node: NodeId
    fingerprint: str
    counter: Counter


def look(invitation: Invitation, door: Door | None = None) -> Invited:
    """What an invitation stands for, to be shown before "register with this?". Changes nothing."""
    with _doorstep(invitation, door) as doorstep:
        return doorstep.invited(invitation.code)


def enrol(
    folder: Path,
    invitation: Invitation,
    ports: Ports,
    *,
    second_path: Path | None = None,
    program: str = "machikado",
    door: Door | None = None,
    on_key: OnKey = lambda _: None,
) -> NewNode:
    """Make a node of this folder by an invitation, or go on with it where it was cut off.

    Another invitation than the one that is under way begins anew, beside what is kept of that one.
    Raises Unreachable, RefusedByRule (the hub's), NotAuthentic, Malformed, InUse, Damaged (there is
    a node already). Whatever is raised, asking again with the same folder and invitation goes on.
    """
    invitation.signing_key(), invitation.pin()  # a half invitation leaves no trace
    second = "" if second_path is None else str(second_path.absolute())
    wanted = Plan(invitation=write_invitation(invitation), second_path=second)
    store = _claim(folder, wanted, program)
    return _go_on(store, ports, door, on_key)


def resume(
    folder: Path,
    ports: Ports,
    *,
    program: str = "machikado",
    door: Door | None = None,
    on_key: OnKey = lambda _: None,
) -> NewNode:
    """Go on with a set-up that was cut off, by what was kept of it. Raises as :func:`enrol`."""
    return _go_on(Store.open(folder, program), ports, door, on_key)


def _claim(folder: Path, wanted: Plan, program: str) -> Store:
    """The folder's database with a plan in it: a new one, or that of a set-up that was cut off."""
    blank = is_blank(folder)
    store = Store.create(folder, program) if blank else Store.open(folder, program)
    try:
        if _keep_wanted(store, wanted):
            return store
    except BaseException:
        store.close()
        raise
    store.close()
    _lay_aside(folder)
    return _claim(folder, wanted, program)


def _keep_wanted(store: Store, wanted: Plan) -> bool:
    """Keep a plan, or what it changes in its own; False: the hub may know another one's key."""
    under_way = plan_of(store)
    if under_way is None and store.number("SELECT count(*) FROM record"):
        raise Damaged(f"{store.file.parent} already holds a node; nothing was changed")
    if under_way is None or under_way.invitation == wanted.invitation:
        under_way = under_way or wanted
        second = under_way.second_path if under_way.begun else wanted.second_path
        keep_plan(store, replace(under_way, second_path=second))
        return True
    if under_way.invited is not None:
        return False
    keep_plan(store, wanted)
    return True


def _lay_aside(folder: Path) -> None:
    """Keep what another invitation made here: its key may be the one that the hub knows."""
    aside = next(path for n in count(1) if not (path := folder / f"before-{n}").exists())
    aside.mkdir(mode=0o700)
    for file in (*folder.glob(f"{DATABASE}*"), folder / KEYS):
        if file.exists():
            file.rename(aside / file.name)


def _go_on(store: Store, ports: Ports, door: Door | None, on_key: OnKey) -> NewNode:
    """The steps that are left, each durable before the next."""
    try:
        plan = _under_way(store)
        public = _keys(store.file.parent, ports).fresh().public
        plan = keep_plan(store, replace(plan, fingerprint=fingerprint(public)))
        on_key(plan.fingerprint)
        counter = start(store, ports) if plan.begun else _register(store, plan, public, ports, door)
        return NewNode(
            node=counter.parts.identity.node, fingerprint=plan.fingerprint, counter=counter
        )
    except BaseException:
        store.close()
        raise


def _under_way(store: Store) -> Plan:
    plan = plan_of(store)
    if plan is None:
        raise Damaged(f"{store.file.parent}: no set-up is under way here; nothing was changed")
    return plan


def _register(store: Store, plan: Plan, public: bytes, ports: Ports, door: Door | None) -> Counter:
    """Bring the key to the hub, keep what it says, write record 1 and begin the second path."""
    invitation = read_invitation(plan.invitation)
    with _doorstep(invitation, door) as doorstep:
        invited = plan.invited or doorstep.invited(invitation.code)
        plan = keep_plan(store, replace(plan, invited=invited))
        enrolled = doorstep.enrol(EnrolmentRequest(invitation.code, public))
        if enrolled.node != invited.node:
            raise Malformed(
                f"invited as {invited.node}, enrolled as {enrolled.node}: ask the operator"
            )
        _remember(store, invitation, enrolled, plan.second_path)
        Timekeeper(store, ports.clock or clock_for(demo=enrolled.demo)).told(doorstep.time())
    parts = assemble(store, ports)
    try:
        _begin(parts, enrolled.epoch, public)
        keep_plan(store, replace(plan, begun=True))
    except BaseException:
        parts.let_go()
        raise
    return Counter(parts)


def _remember(store: Store, invitation: Invitation, enrolled: Enrolled, second_path: str) -> None:
    """Keep who this node is, before it has a life."""
    if second_path:
        Path(second_path).mkdir(parents=True, exist_ok=True)
    identity = Identity(
        node=enrolled.node,
        kind=enrolled.kind,
        organisation_name=enrolled.organisation_name,
        place=enrolled.place,
        zone=enrolled.zone,
        demo=enrolled.demo,
        hub_origin=invitation.hub,
        hub_key=invitation.signing_key(),
        tls_pin=invitation.tls_pin,
    )
    with store.transaction():
        keep_settings(store, replace(settings_of(store), second_path=second_path))
        keep_life(store, Life(enrolled.epoch, ""))
        keep_identity(store, identity)


def _begin(parts: Parts, epoch: EpochId, public: bytes) -> None:
    """Write record 1, if it is not there yet, and begin the second path."""
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

    if not parts.writer.tip.seq:
        parts.writer.begin(epoch, genesis)
    parts.renewal.trim()


def _keys(folder: Path, ports: Ports) -> Keys:
    """The folder's keys, also those of an enrolment that was cut off."""
    if (folder / KEYS).exists():
        return Keys.open(folder, ports.secret, ports.randomness)
    return Keys.create(folder, ports.secret, ports.randomness)


@contextmanager
def _doorstep(invitation: Invitation, door: Door | None) -> Iterator[Doorstep]:
    """The hub of an invitation; a door of our own is closed again. Raises Malformed."""
    trusted = (invitation.signing_key(),)
    if door is not None:
        yield Doorstep(door, trusted)
        return
    with closing(door_to(invitation.hub, invitation.pin())) as own:
        yield Doorstep(own, trusted)
