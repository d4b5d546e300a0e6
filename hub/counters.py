"""What the hub does for nodes, call by call: typed values in, typed values out.

What it does for the people who stand there with cards is in :mod:`hub.cardholders`.

Who may make which call is the door's business (:mod:`hub.door`); here it has been let in.
"""

import logging
from collections.abc import Sequence

from hub import nodes, town
from hub.bodies import EpochGranted as EpochRecord
from hub.bodies import NodeEnrolled
from hub.core import Core
from hub.desk import enact
from hub.feed import concerned, lone, lone_within, page
from hub.handing_in import Batched, Handed, Judging
from hub.intake.lines import kept
from hub.mykey.registry import MyKey
from hub.papers import Papers
from hub.points.askers import asker
from hub.points.asking import Attempt, answer
from hub.points.case import Line
from hub.store.database import Tx
from hub.throttle import Throttle
from hub.voids import end_voids, learns, voiding_for
from sync.batch import MOST_WIRE, join
from sync.calls import (
    LIFE_BEGUN,
    Enrolled,
    EnrolmentRequest,
    EpochGranted,
    EpochRequest,
    HeldRecords,
    Invited,
)
from sync.chain import NOTHING
from sync.errors import RefusedByRule
from sync.feed import Page
from sync.holds import HoldAnswer, HoldRequest
from sync.receipt import Answer
from sync.standing import LoneStanding
from sync.values import (
    EpochId,
    KeyDigest,
    Millis,
    NodeId,
    home_of,
)

LOOK_EVERY = Millis(60_000)
"""Between two looks how far all counters of a town are, where none has learnt anything."""
_log = logging.getLogger("machikado.hub")

LOST = "lost disk or restored copy"
"""Why a node asks for a new life, as the list of incidents says it."""


class Counters:
    """The nodes' calls."""

    def __init__(self, core: Core, mykey: MyKey, judging: Judging, shown: Throttle) -> None:
        self._core = core
        self._mykey = mykey
        self._judging = judging
        self._shown = shown
        self.papers = Papers(core)
        self._looks = Throttle(core.clock, at_once=1, each=LOOK_EVERY)
        """How far all counters of a town are is not looked at for each page that one fetches: only
        where that one learns of a lost ticket, and now and then for what else may have changed."""

    # -- enrolment

    def invited(self, code_digest: bytes) -> Invited:
        """What a code stands for. Changes nothing."""
        with self._core.database.read() as tx:
            node = nodes.node_of_code(tx, code_digest)
            return Invited(
                node=node.node,
                kind=node.kind,
                organisation_name=town.organisation_named(tx, node.organisation).name,
                place=node.place,
                town=town.town_named(tx, home_of(node.node)).name,
            )

    def enrol(self, request: EnrolmentRequest) -> Enrolled:
        """Use a code once; the same key again gets the same answer."""
        with self._core.database.write() as tx:
            node = nodes.node_of_code(tx, nodes.code_digest(request.code), request.public)
            same = nodes.epoch_of_key(tx, node.node, request.public)
            if node.public == request.public and same is not None:
                epoch = same.epoch
            else:
                epoch = nodes.next_epoch(tx, node.node, request.public)
                body = NodeEnrolled(home_of(node.node), node.node, epoch, request.public)
                enact(self._core, tx, body, (node.node,))
            return Enrolled(
                node=node.node,
                kind=node.kind,
                organisation_name=town.organisation_named(tx, node.organisation).name,
                place=node.place,
                epoch=epoch,
                zone=node.zone,
                demo=self._core.demo,
            )

    def grant_epoch(self, node: NodeId, request: EpochRequest) -> EpochGranted:
        """A new life under a new key, at once.

        The same key again gets the same answer until that life has begun: who asks after that is
        an older copy of the node, and must not begin it a second time.
        """
        with self._core.database.write() as tx:
            same = nodes.epoch_of_key(tx, node, request.public)
            if same is not None:
                epoch = same.epoch
                if nodes.held(tx, node, epoch).received:
                    raise RefusedByRule(LIFE_BEGUN, f"{epoch} has begun: ask under another key")
            else:
                epoch = nodes.next_epoch(tx, node, request.public)
                body = EpochRecord(home_of(node), node, epoch, request.public, LOST)
                enact(self._core, tx, body, (node,))
            return self._granted(tx, node, epoch)

    def _granted(self, tx: Tx, node: NodeId, epoch: EpochId) -> EpochGranted:
        names = [each.epoch for each in nodes.epochs(tx, node)]
        earlier = [nodes.held(tx, node, name) for name in names[: names.index(epoch)]]
        if not earlier:
            raise RefusedByRule("epoch-first", f"{epoch} is this node's first life")
        last = earlier[-1]
        return EpochGranted(
            incarnation=str(self._core.incarnation),
            epoch=epoch,
            before=last.epoch,
            before_seq=last.received,
            before_digest=last.head,
            kept=tuple((each.epoch, each.received, each.head) for each in earlier),
        )

    def held_records(self, node: NodeId, epoch: EpochId, first: int) -> HeldRecords:
        """What the hub holds of an epoch from ``first`` on, as much as fits in one answer."""
        line = Line(home=home_of(node), node=node, epoch=epoch, branch="")
        with self._core.database.read() as tx:
            if nodes.epoch_of(tx, node, epoch) is None:
                raise RefusedByRule("unknown-epoch", f"{node} has no epoch {epoch}")
            held = nodes.held(tx, node, epoch)
            records = [one.data for one in kept(tx, line, first - 1, first + 511)]
        total = 0
        for count, data in enumerate(records):
            total += len(data) + 4
            if total > MOST_WIRE:
                records = records[:count]
                break
        return HeldRecords(epoch=epoch, first=first, facts=join(records), head=held.head or NOTHING)

    # -- records and points

    def put_records(self, node: NodeId, epoch: EpochId, first: int, body: bytes) -> Answer:
        """Take a batch into custody, judge a small one at once; see :mod:`hub.handing_in`."""
        return self._judging.hand_in(node, epoch, first, body)

    def put_all(self, batches: Sequence[Batched]) -> list[Handed]:
        """The same for small batches that came at the same moment."""
        return self._judging.hand_in_all(batches)

    def hold(self, node: NodeId, epoch: EpochId, n: int, request: HoldRequest) -> HoldAnswer:
        """Points or a ticket before the PIN; with the person's fresh standing, also on a no."""
        self.papers.let_hold(node, request)
        towns = {home_of(node), request.municipality}
        if request.card:  # whose standing is told of as well
            towns |= concerned(self._core, node)
        return self._core.database.settle(
            towns, lambda tx: self._held(tx, Attempt(node, epoch, n), request)
        )

    def _held(self, tx: Tx, attempt: Attempt, request: HoldRequest) -> HoldAnswer:
        """The answer with what it says of the person: one commit, one wait for the disk."""
        node, epoch, n = attempt
        who, card = asker(tx, node), KeyDigest(request.card)
        asked = answer(self._core, self._mykey, tx, attempt, request, who=who)
        return HoldAnswer(
            incarnation=str(self._core.incarnation),
            node=node,
            epoch=epoch,
            n=n,
            granted=asked.granted,
            reason=asked.reason,
            highest_attempt=asked.highest(attempt, who),
            tickets=asked.tickets,
            standing=lone_within(self._core, self._mykey, tx, who, card) if card else None,
            rest=asked.rest,
        )

    def standing(self, node: NodeId, card: KeyDigest) -> LoneStanding:
        """The fresh standing of a card shown at this node; raises Unreachable when too many ask."""
        self._shown.take(node)
        return lone(self._core, self._mykey, node, card)

    def feed(self, node: NodeId, incarnation: str, after: int) -> Page:
        """The next page after a feed number; lost tickets that all counters know of end with it."""
        voiding = voiding_for(self._core, node)
        made = page(self._core, self._mykey, node, incarnation, after)
        for name, before in voiding:
            if self._looks.wait(name) and not learns(self._core, name, node, before, made.after):
                continue
            try:
                end_voids(self._core, name)
            except Exception:  # noqa: BLE001  the page is made, whatever a town's posting meets
                _log.exception("lost tickets of %s wait on", name)
        return made
