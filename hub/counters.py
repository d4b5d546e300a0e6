"""What the hub does for nodes, call by call: typed values in, typed values out.

Who may make which call is the door's business (:mod:`hub.door`); here it has been let in.
"""

import hashlib
from functools import partial

from hub import nodes, town
from hub.balances import balances
from hub.bodies import EpochGranted as EpochRecord
from hub.bodies import NodeEnrolled
from hub.challenges import VOUCHER_LIFE, Challenges
from hub.core import Core
from hub.desk import enact
from hub.handing_in import Judging
from hub.intake.lines import kept
from hub.members import take_step
from hub.mykey.life import closed
from hub.mykey.registry import MyKey
from hub.mykey.services import Services
from hub.points.asking import Attempt, ask, highest_attempt
from hub.points.case import Line
from hub.standing import lone, page
from hub.store.database import Tx
from hub.throttle import Throttle
from sync.batch import MOST_WIRE, join
from sync.calls import (
    LIFE_BEGUN,
    Balances,
    CardSigned,
    Challenge,
    Enrolled,
    EnrolmentRequest,
    EpochGranted,
    EpochRequest,
    HeldRecords,
    Invited,
    Joined,
    JoinRequest,
    LookRequest,
    MemberSeen,
    Registered,
    Registration,
    VouchRequest,
)
from sync.cardproof import look_message
from sync.certificate import Algorithm, CardKey, verify_signature
from sync.chain import NOTHING
from sync.choosing import Offer, Wishes
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.feed import Page
from sync.holds import HoldAnswer, HoldRequest
from sync.members import MemberRequest
from sync.receipt import Answer
from sync.services import VERB, CardNumber, NumberChange, NumberQuestion, service_number
from sync.standing import LoneStanding
from sync.values import (
    AccountId,
    CardState,
    EpochId,
    KeyDigest,
    NodeId,
    home_of,
    mykey_id,
    organisation_of,
)
from sync.wire import read

LOST = "lost disk or restored copy"
"""Why a node asks for a new life, as the list of incidents says it."""


class Counters:
    """The nodes' calls."""

    def __init__(self, core: Core, mykey: MyKey, services: Services, judging: Judging) -> None:
        self._core = core
        self._mykey = mykey
        self._services = services
        self._judging = judging
        self._challenges = Challenges(core.clock, core.randomness)
        self._throttle = Throttle(core.clock)
        self._wishes = Throttle(core.clock)

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

    # -- people with cards

    def challenge(self, node: NodeId) -> Challenge:
        """Something fresh for a card to sign."""
        return Challenge(self._challenges.give(node))

    def choose(self, node: NodeId, asked: Wishes) -> Offer:
        """An ID to register; raises Unreachable when too many ask, so that nobody lists them."""
        self._wishes.take(node)
        return self._mykey.choose([mykey_id(wish) for wish in asked.wishes])

    def register(self, node: NodeId, signed: CardSigned) -> Registered:
        """Make a MyKey ID for a card that signed this request."""
        request = read(signed.request, Registration)
        card = self._mykey.check(request.certificate)
        key = (card.algorithm, card.public_key)
        self._check_signature(node, "register", signed, key, request.challenge)
        self._challenges.use(request.challenge, node, signed.request)
        made = self._mykey.register(
            card,
            request.wish,
            consent_points=request.consent_points,
            generated=request.generated,
        )
        return Registered(
            mykey_id=made.mykey_id, generated=made.generated, known_before=made.known_before
        )

    def number(self, node: NodeId, question: NumberQuestion) -> CardNumber:
        """The number of a card shown just now, at the node's own organisation and no other.

        Raises Unreachable when too many ask. Nothing is kept of who was looked for.
        """
        self._throttle.take(node)
        return self._number(node, question.card)

    def change_number(self, node: NodeId, signed: CardSigned) -> CardNumber:
        """Link or unlink a number of the node's own organisation, for a card that signed this."""
        request = read(signed.request, NumberChange)
        known = self._public_key(request.card)
        self._check_signature(node, VERB, signed, known, request.challenge)
        organisation = organisation_of(node)
        if request.organisation != organisation:
            raise NotAuthentic(f"{node} is none of {request.organisation!r}")
        self._challenges.use(request.challenge, node, signed.request)
        if request.number:
            number = service_number(request.number)
            self._services.link(request.card, organisation, number)
        else:
            self._services.unlink(request.card, organisation)
        return self._number(node, request.card)

    def _number(self, node: NodeId, card: KeyDigest) -> CardNumber:
        organisation = organisation_of(node)
        registered, number = self._services.number_of(card, organisation)
        return CardNumber(registered, organisation, number)

    def look(self, node: NodeId, signed: CardSigned) -> Balances:
        """Exact balances of all towns, for a card that signed this request."""
        request = read(signed.request, LookRequest)
        known = self._public_key(request.card)
        self._check_signature(node, "look", signed, known, request.challenge)
        self._challenges.use(request.challenge, node, signed.request)
        state = self._mykey.state_of(request.card)
        if state is not CardState.ACTIVE:
            raise closed(state)
        accounts = self._mykey.accounts_of_card(request.card)
        with self._core.database.read() as tx:
            return Balances(as_of=self._core.clock.now(), rows=balances(tx, accounts))

    def member(self, node: NodeId, signed: CardSigned) -> MemberSeen:
        """See the MyKey ID of a card that signed this request, or do to it what it says."""
        request = read(signed.request, MemberRequest)
        known = self._public_key(request.card)
        self._check_signature(node, "member", signed, known, request.challenge)
        return self._challenges.once(
            request.challenge,
            node,
            signed.request,
            lambda: take_step(self._core, self._mykey, node, request),
        )

    def _public_key(self, card: KeyDigest) -> tuple[Algorithm, bytes]:
        known = self._mykey.public_key(card)
        if known is None:
            raise RefusedByRule("card-unknown", "this card has no MyKey ID yet: register it first")
        return known

    def join(self, node: NodeId, signed: CardSigned) -> Joined:
        """Join a card that signed this to the MyKey ID of an earlier one; :mod:`hub.mykey.joins`.

        By what the earlier one signed at once; else it waits for the desk.
        """
        request = read(signed.request, JoinRequest)
        card = self._mykey.check(request.certificate)
        key = (card.algorithm, card.public_key)
        self._check_signature(node, "join", signed, key, request.challenge)
        if request.voucher is None:
            self._wishes.take(node)  # nobody finds out so which IDs there are
            do = partial(self._mykey.joins.ask, card, mykey_id(request.said), node=node)
        else:
            vouched = self._vouched(node, request.voucher, card)
            do = partial(
                self._mykey.joins.vouched,
                card,
                vouched.card,
                keep=vouched.keeps,
                person=f"counter {node}",
            )
        return self._challenges.once(request.challenge, node, signed.request, do)

    def _vouched(self, node: NodeId, voucher: CardSigned, card: CardKey) -> VouchRequest:
        """What an earlier card signed here for exactly this one."""
        request = read(voucher.request, VouchRequest)
        if request.joins != card.digest:
            raise RefusedByRule("voucher-for-another", "the earlier card signed for another card")
        known = self._mykey.public_key(request.card)
        if known is None:
            raise RefusedByRule("earlier-card-unknown", "the earlier card has no MyKey ID")
        self._check_signature(node, "vouch", voucher, known, request.challenge)
        self._challenges.use(request.challenge, node, voucher.request, VOUCHER_LIFE)
        return request

    def _check_signature(
        self,
        node: NodeId,
        verb: str,
        signed: CardSigned,
        key: tuple[Algorithm, bytes],
        challenge: bytes,
    ) -> None:
        """Whoever shows the card holds its key, and signed this request, here."""
        algorithm, spki = key
        if signed.algorithm != algorithm:
            raise Malformed(f"this card signs with {algorithm}, not with {signed.algorithm!r}")
        message = look_message(
            verb, self._core.origin, node, hashlib.sha256(signed.request).digest(), challenge
        )
        verify_signature(spki, algorithm, signed.signature, message)

    # -- records and points

    def put_records(self, node: NodeId, epoch: EpochId, first: int, body: bytes) -> Answer:
        """Take a batch into custody, judge a small one at once; see :mod:`hub.handing_in`."""
        return self._judging.hand_in(node, epoch, first, body)

    def hold(self, node: NodeId, epoch: EpochId, n: int, request: HoldRequest) -> HoldAnswer:
        """Points or a ticket before the PIN; with the person's fresh standing, also on a no."""
        asked = ask(self._core, self._mykey, Attempt(node, epoch, n), request)
        with self._core.database.read() as tx:
            highest = highest_attempt(tx, node, epoch)
            rest = _rest(tx, request) if asked.granted and request.account else None
        return HoldAnswer(
            incarnation=str(self._core.incarnation),
            node=node,
            epoch=epoch,
            n=n,
            granted=asked.granted,
            reason=asked.reason,
            highest_attempt=highest,
            tickets=asked.tickets,
            standing=self._standing(node, KeyDigest(request.card)) if request.card else None,
            rest=rest,
        )

    def standing(self, node: NodeId, card: KeyDigest) -> LoneStanding:
        """The fresh standing of a card shown at this node; raises Unreachable when too many ask."""
        self._throttle.take(node)
        return self._standing(node, card)

    def _standing(self, node: NodeId, card: KeyDigest) -> LoneStanding:
        return lone(self._core, self._mykey, node, card)

    def feed(self, node: NodeId, incarnation: str, after: int) -> Page:
        """The next page after a feed number."""
        return page(self._core, self._mykey, node, incarnation, after)


def _rest(tx: Tx, request: HoldRequest) -> int:
    """What is left of an account's points in the town of a hold that took its own."""
    account = {request.municipality: AccountId(request.account)}
    return balances(tx, account)[0].available
