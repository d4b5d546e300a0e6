"""What the hub does for people with cards at a node: their MyKey ID, numbers, exact balances.

1. A card that was only shown tells the node's own organisation its own number. All else a card has
   signed, at that node, with a challenge of the hub.
2. The same signed request gets the same answer and is done once, whatever came since.
3. What tells whether an ID is somebody's is asked as often as people can think of one, no oftener.

Who may make which call is the door's business (:mod:`hub.door`); here it has been let in.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hub.balances import balances
from hub.challenges import VOUCHER_LIFE, Challenges
from hub.core import Core
from hub.members import take_step
from hub.mykey.life import closed
from hub.mykey.registry import MyKey
from hub.mykey.services import Services
from hub.owntickets import own_tickets
from hub.throttle import Throttle
from sync.calls import (
    Balances,
    CardSigned,
    Challenge,
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
from sync.choosing import Offer, Wishes
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.members import MemberRequest, MemberStep
from sync.owntickets import VERB as TICKETS
from sync.owntickets import OwnTickets, OwnTicketsRequest
from sync.services import VERB, CardNumber, NumberChange, NumberQuestion, service_number
from sync.values import CardState, KeyDigest, NodeId, mykey_id, organisation_of
from sync.wire import read

T = TypeVar("T")


class CardHolders:
    """The calls for people with cards. ``shown`` throttles what needs no more than a card."""

    def __init__(self, core: Core, mykey: MyKey, services: Services, shown: Throttle) -> None:
        self._core = core
        self._mykey = mykey
        self._services = services
        self._shown = shown
        self._challenges = Challenges(core.clock, core.randomness)
        self._wishes = Throttle(core.clock)

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

        def do() -> Registered:
            if request.wish:
                self._wishes.take(node)
            made = self._mykey.register(
                card,
                request.wish,
                consent_points=request.consent_points,
                generated=request.generated,
            )
            return Registered(made.mykey_id, made.generated, made.known_before)

        return self._once(node, _by(card, "register", signed, request.challenge), do)

    def number(self, node: NodeId, question: NumberQuestion) -> CardNumber:
        """The number of a card shown just now, at the node's own organisation and no other.

        Raises Unreachable when too many ask. Nothing is kept of who was looked for.
        """
        self._shown.take(node)
        return self._number(node, question.card)

    def change_number(self, node: NodeId, signed: CardSigned) -> CardNumber:
        """Link or unlink a number of the node's own organisation, for a card that signed this."""
        request = read(signed.request, NumberChange)
        asked = self._by_known(request.card, VERB, signed, request.challenge)
        organisation = organisation_of(node)

        def do() -> CardNumber:
            if request.organisation != organisation:
                raise NotAuthentic(f"{node} is none of {request.organisation!r}")
            if request.number:
                number = service_number(request.number)
                self._services.link(request.card, organisation, number)
            else:
                self._services.unlink(request.card, organisation)
            return self._number(node, request.card)

        return self._once(node, asked, do)

    def look(self, node: NodeId, signed: CardSigned) -> Balances:
        """Exact balances of all towns, for a card that signed this request."""
        request = read(signed.request, LookRequest)

        def do() -> Balances:
            state, accounts = self._mykey.holders([request.card])[request.card]
            if state is not CardState.ACTIVE:
                raise closed(state)
            with self._core.database.read() as tx:
                return Balances(as_of=self._core.clock.now(), rows=balances(tx, accounts))

        asked = self._by_known(request.card, "look", signed, request.challenge)
        return self._once(node, asked, do)

    def member(self, node: NodeId, signed: CardSigned) -> MemberSeen:
        """See the MyKey ID of a card that signed this request, or do to it what it says."""
        request = read(signed.request, MemberRequest)

        def do() -> MemberSeen:
            if request.what is MemberStep.CHANGE and request.name:
                self._wishes.take(node)
            return take_step(self._core, self._mykey, node, request)

        asked = self._by_known(request.card, "member", signed, request.challenge)
        return self._once(node, asked, do)

    def own_tickets(self, node: NodeId, signed: CardSigned) -> OwnTickets:
        """The live tickets of the holder of a card that signed this request."""
        request = read(signed.request, OwnTicketsRequest)

        def do() -> OwnTickets:
            state, accounts = self._mykey.holders([request.card])[request.card]
            if state is not CardState.ACTIVE:
                raise closed(state)
            with self._core.database.read() as tx:
                return own_tickets(tx, node, accounts, self._core.clock.now())

        asked = self._by_known(request.card, TICKETS, signed, request.challenge)
        return self._once(node, asked, do)

    def join(self, node: NodeId, signed: CardSigned) -> Joined:
        """Join a card that signed this to the MyKey ID of an earlier one; :mod:`hub.mykey.joins`.

        By what the earlier one signed at once; else it waits for the desk.
        """
        request = read(signed.request, JoinRequest)
        card, joins = self._mykey.check(request.certificate), self._mykey.joins

        def do() -> Joined:
            if request.voucher is None:
                self._wishes.take(node)
                return joins.ask(card, mykey_id(request.said), node=node)
            by = self._vouched(node, request.voucher, card)
            return joins.vouched(card, by.card, keep=by.keeps, person=f"counter {node}")

        return self._once(node, _by(card, "join", signed, request.challenge), do)

    def _vouched(self, node: NodeId, voucher: CardSigned, card: CardKey) -> VouchRequest:
        """What an earlier card signed here for exactly this one."""
        request = read(voucher.request, VouchRequest)
        if request.joins != card.digest:
            raise RefusedByRule("voucher-for-another", "the earlier card signed for another card")
        key = self._mykey.public_key(request.card)
        if key is None:
            raise RefusedByRule("earlier-card-unknown", "the earlier card has no MyKey ID")
        self._check(node, _Asked("vouch", voucher, key, request.challenge))
        self._challenges.use(request.challenge, node, voucher.request, VOUCHER_LIFE)
        return request

    def _number(self, node: NodeId, card: KeyDigest) -> CardNumber:
        organisation = organisation_of(node)
        registered, number = self._services.number_of(card, organisation)
        return CardNumber(registered, organisation, number)

    def _by_known(
        self, card: KeyDigest, verb: str, signed: CardSigned, challenge: bytes
    ) -> "_Asked":
        """What a registered card asks; raises RefusedByRule (``card-unknown``)."""
        key = self._mykey.public_key(card)
        if key is None:
            raise RefusedByRule("card-unknown", "this card has no MyKey ID yet: register it first")
        return _Asked(verb, signed, key, challenge)

    def _once(self, node: NodeId, asked: "_Asked", do: Callable[[], T]) -> T:
        """Do what a card asks here, or say once more what came of it."""
        self._check(node, asked)
        return self._challenges.once(asked.challenge, node, asked.signed.request, do)

    def _check(self, node: NodeId, asked: "_Asked") -> None:
        """Whoever shows the card holds its key, and signed this request, here."""
        (algorithm, spki), signed = asked.key, asked.signed
        if signed.algorithm != algorithm:
            raise Malformed(f"this card signs with {algorithm}, not with {signed.algorithm!r}")
        request = hashlib.sha256(signed.request).digest()
        message = look_message(asked.verb, self._core.origin, node, request, asked.challenge)
        verify_signature(spki, algorithm, signed.signature, message)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that a card has signed: with which key, and for which challenge it says."""

    verb: str
    signed: CardSigned
    key: tuple[Algorithm, bytes]
    """How the card signs, and its SubjectPublicKeyInfo (DER)."""
    challenge: bytes


def _by(card: CardKey, verb: str, signed: CardSigned, challenge: bytes) -> _Asked:
    """What a card asks whose certificate was believed."""
    return _Asked(verb, signed, (card.algorithm, card.public_key), challenge)
