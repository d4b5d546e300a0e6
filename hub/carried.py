"""Records that came on a stick: taken into custody as the node's own call would hand them in.

They are chained, the head of each batch is signed and the evidence is sealed, so whoever carries
them need not be trusted. What no signature covers is left out: that an attempt ended or that a life
is over only the node itself may say.
"""

import msgspec

from hub.bodies import RecordsCarried
from hub.core import Core
from hub.desk import Desk, allowed
from hub.forms import CarriedRow, ParcelForm
from hub.handing_in import Judging
from hub.intake.receive import Received, receive
from hub.nodes import State, epoch_of, node_named
from hub.people import Person
from sync.batch import pack, split, unpack
from sync.chain import ChainBroken, digest
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.values import EpochId, NodeId, epoch_id, home_of, node_id


class Carried:
    """Takes what people bring."""

    def __init__(self, core: Core, desk: Desk, judging: Judging) -> None:
        self._core = core
        self._desk = desk
        self._judging = judging

    def take(self, person: Person, form: ParcelForm) -> CarriedRow:
        """Keep one parcel and judge it; the same one again changes nothing.

        Raises RefusedByRule (``not-allowed``, ``node-unknown``, ``unknown-epoch``,
        ``node-not-confirmed``, ``records-not-authentic``, ``records-missing``) and Malformed.
        """
        node, epoch = node_id(form.node), epoch_id(form.epoch)
        allowed(person, RecordsCarried, home_of(node))
        self._must_be_confirmed(node, epoch)
        body, count = _signed_part(form.body)
        last = form.first + count - 1
        taken = self._into_custody(node, epoch, form.first, body)
        if taken.new is None and taken.cursor.received < last:
            raise RefusedByRule(
                "records-missing",
                f"the hub has the records of {node} {epoch} up to {taken.cursor.received}, and"
                f" these begin at {form.first}: bring the stick with those between, or let the"
                " terminal sync",
            )
        self._desk.do(
            person,
            RecordsCarried(home_of(node), node, epoch, form.first, last, digest(form.body)),
        )
        self._judging.round()
        return CarriedRow(
            node=node,
            epoch=epoch,
            first=form.first,
            last=last,
            new=0 if taken.new is None else len(taken.new.records),
        )

    def _must_be_confirmed(self, node: NodeId, epoch: EpochId) -> None:
        with self._core.database.read() as tx:
            known, life = node_named(tx, node), epoch_of(tx, node, epoch)
        if life is None:
            raise RefusedByRule("unknown-epoch", f"{node} has no epoch {epoch} at this hub")
        if known.state in (State.INVITED, State.ENROLLED) and life.state == "open":
            raise RefusedByRule("node-not-confirmed", f"{node} was not confirmed yet")

    def _into_custody(self, node: NodeId, epoch: EpochId, first: int, body: bytes) -> Received:
        try:
            return receive(self._core, node, epoch, first, body)
        except (NotAuthentic, ChainBroken) as error:
            raise RefusedByRule(
                "records-not-authentic",
                f"these are not the records that {node} signed ({error}): export them again",
            ) from None


def _signed_part(body: bytes) -> tuple[bytes, int]:
    """A batch without what its head does not cover, and how many records it has."""
    batch = unpack(body)
    count = len(split(batch.facts))
    if not count:
        raise Malformed("there are no records in this parcel")
    return pack(msgspec.structs.replace(batch, ended=(), closed=False)), count
