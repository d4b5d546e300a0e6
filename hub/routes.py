"""Every call a node can make: one table, for the door and for its description.

What a call needs of the node, what its body is and what its answer holds stand beside what does it;
:mod:`hub.door` lets calls in.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import msgspec

from hub.cardholders import CardHolders
from hub.core import Core
from hub.counters import Counters
from hub.handing_in import Batched
from hub.jwks import JwkSet, public_keys
from sync.batch import MOST_WIRE, READ, Coding
from sync.calls import (
    MESSAGE,
    Balances,
    CardSigned,
    Challenge,
    Enrolled,
    EnrolmentRequest,
    EpochGranted,
    EpochRequest,
    HeldRecords,
    HubTime,
    Invited,
    Joined,
    MemberSeen,
    Registered,
)
from sync.choosing import Offer, Wishes
from sync.errors import Malformed
from sync.feed import Page
from sync.holds import HoldAnswer, HoldRequest, StandingRequest
from sync.owntickets import OwnTickets
from sync.papers import TicketQuestion, TicketSeen
from sync.payees import Payees
from sync.receipt import Answer
from sync.request import (
    Response,
)
from sync.services import CardNumber, NumberQuestion
from sync.signing import seal_with
from sync.standing import LoneStanding
from sync.values import EpochId, NodeId, epoch_id, node_id
from sync.wire import read, write

MOST_MESSAGE = 16 * 1024
"""The longest body of a call that carries no records, in bytes."""
KEY_SET = "application/jwk-set+json"

T = TypeVar("T")


class Need(Enum):
    """How a node must stand to make a call."""

    NOBODY = "no sign-in"
    HAND_IN = "known, whatever became of it"
    RENEW = "active, in any epoch"
    SELL = "active, in its open epoch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was let in: its place values and body."""

    core: Core
    counters: Counters
    holders: CardHolders
    place: dict[str, str]
    query: dict[str, str]
    body: bytes

    @property
    def node(self) -> NodeId:
        """The path's node, which is the one that signed."""
        return node_id(self.place["node"])

    @property
    def epoch(self) -> EpochId:
        """The path's epoch."""
        return epoch_id(self.place["epoch"])

    def message(self, kind: type[T]) -> T:
        """The body as a message; raises Malformed."""
        return read(self.body, kind)

    def signed(self, what: str, message: msgspec.Struct) -> Response:
        """An answer in the hub's signed envelope."""
        envelope = seal_with(self.core.keys.signing, what, write(message))
        return Response(200, MESSAGE, write(envelope))


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call: where it is, who may make it, how long its body may be, and what does it."""

    method: str
    path: str
    need: Need
    answer: Callable[[Call], Response]
    most: int = MOST_MESSAGE
    takes: tuple[str, ...] = (MESSAGE,)
    """The media types that its body may have; none: it needs no body."""
    gives: str = MESSAGE
    reads: type[msgspec.Struct] | None = None
    """What its body is, where that is one message."""
    says: type[msgspec.Struct] | None = None
    """What is in its answer."""

    @property
    def name(self) -> str:
        """What the call is called, for programs."""
        return self.answer.__name__.lstrip("_")

    @property
    def pattern(self) -> "re.Pattern[str]":
        """The path as a pattern: ``{node}`` is one step of it."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]{1,80})", self.path), re.ASCII)


def _time(call: Call) -> Response:
    """Tell the hub's time, signed."""
    return call.signed("time", HubTime(call.core.clock.now()))


def _keys(call: Call) -> Response:
    """Publish the hub's public keys."""
    return Response(200, KEY_SET, public_keys(call.core))


def _invited(call: Call) -> Response:
    """Tell what an invitation stands for, by the SHA-256 of its code."""
    try:
        digest = bytes.fromhex(call.place["digest"])
    except ValueError:
        raise Malformed("an invitation is named by 64 hexadecimal digits") from None
    return call.signed("invited", call.counters.invited(digest))


def _enrol(call: Call) -> Response:
    """Use an invitation's code for a node's fresh key."""
    return call.signed("enrolled", call.counters.enrol(call.message(EnrolmentRequest)))


def _put_records(call: Call) -> Response:
    """Take a batch of records into custody, and judge a small one at once."""
    return custody_answer(call.counters.put_records(*batch_of(call)))


def batch_of(call: Call) -> Batched:
    """The batch that a call hands in; raises Malformed."""
    return Batched(call.node, call.epoch, _number(call.place["first"]), call.body)


def custody_answer(answer: Answer) -> Response:
    """How a batch is answered."""
    return Response(200, MESSAGE, write(answer), (("Accept", READ),))


def _held_records(call: Call) -> Response:
    """Give back what the hub holds of an epoch."""
    first = _number(call.place["first"])
    return call.signed("records", call.counters.held_records(call.node, call.epoch, first))


def _hold(call: Call) -> Response:
    """Hold points or a ticket until the node has spoken; the same number is the same hold."""
    n = _number(call.place["n"])
    request = call.message(HoldRequest)
    return call.signed("hold", call.counters.hold(call.node, call.epoch, n, request))


def _standing(call: Call) -> Response:
    """Tell the fresh standing of a card that was shown here."""
    request = call.message(StandingRequest)
    return call.signed("standing", call.counters.standing(call.node, request.card))


def _feed(call: Call) -> Response:
    """Give the next page of what nodes may know, after a number of an incarnation."""
    after = _number(call.query.get("after", "0"), least=0)
    incarnation = call.query.get("incarnation", "")
    return call.signed("page", call.counters.feed(call.node, incarnation, after))


def _epoch(call: Call) -> Response:
    """Grant a new life under a new key."""
    granted = call.counters.grant_epoch(call.node, call.message(EpochRequest))
    return call.signed("epoch", granted)


def _challenge(call: Call) -> Response:
    """Give something fresh for a card to sign."""
    return call.signed("challenge", call.holders.challenge(call.node))


def _choose(call: Call) -> Response:
    """Find a MyKey ID that is nobody's."""
    return call.signed("offer", call.holders.choose(call.node, call.message(Wishes)))


def _register(call: Call) -> Response:
    """Make a MyKey ID for a card that signed this."""
    registered = call.holders.register(call.node, call.message(CardSigned))
    return call.signed("registered", registered)


def _number_of(call: Call) -> Response:
    """Tell a card's number at the node's own organisation."""
    return call.signed("number", call.holders.number(call.node, call.message(NumberQuestion)))


def _change_number(call: Call) -> Response:
    """Link or unlink that number, for a card that signed this."""
    changed = call.holders.change_number(call.node, call.message(CardSigned))
    return call.signed("number", changed)


def _look(call: Call) -> Response:
    """Tell the exact balances of a card that signed this."""
    return call.signed("balances", call.holders.look(call.node, call.message(CardSigned)))


def _member(call: Call) -> Response:
    """See a card's MyKey ID, or do to it what the card signed."""
    return call.signed("member", call.holders.member(call.node, call.message(CardSigned)))


def _own_tickets(call: Call) -> Response:
    """Tell the live tickets of a card that signed this."""
    found = call.holders.own_tickets(call.node, call.message(CardSigned))
    return call.signed("own-tickets", found)


def _join(call: Call) -> Response:
    """Join a card that signed this to the MyKey ID of an earlier one."""
    return call.signed("joined", call.holders.join(call.node, call.message(CardSigned)))


def _payees(call: Call) -> Response:
    """Tell a ticket counter whose piles it may clear."""
    return call.signed("payees", call.counters.papers.payees(call.node))


def _find_ticket(call: Call) -> Response:
    """Tell what is behind a ticket's number that was typed."""
    question = call.message(TicketQuestion)
    return call.signed("ticket", call.counters.papers.find(call.node, question))


_NODE = "/v1/nodes/{node}"
ROUTES = (
    Route(method="GET", path="/v1/time", need=Need.NOBODY, answer=_time, says=HubTime),
    Route(
        method="GET", path="/v1/keys", need=Need.NOBODY, answer=_keys, says=JwkSet, gives=KEY_SET
    ),
    Route(
        method="GET",
        path="/v1/invitations/{digest}",
        need=Need.NOBODY,
        answer=_invited,
        says=Invited,
    ),
    Route(
        method="POST",
        path="/v1/enrolments",
        need=Need.NOBODY,
        answer=_enrol,
        reads=EnrolmentRequest,
        says=Enrolled,
    ),
    Route(
        method="PUT",
        path=_NODE + "/epochs/{epoch}/records/{first}",
        need=Need.HAND_IN,
        answer=_put_records,
        says=Answer,
        most=MOST_WIRE,
        takes=tuple(Coding),
    ),
    Route(
        method="GET",
        path=_NODE + "/epochs/{epoch}/records/{first}",
        need=Need.RENEW,
        answer=_held_records,
        says=HeldRecords,
    ),
    Route(
        method="PUT",
        path=_NODE + "/epochs/{epoch}/holds/{n}",
        need=Need.SELL,
        answer=_hold,
        reads=HoldRequest,
        says=HoldAnswer,
    ),
    Route(
        method="POST",
        path=_NODE + "/standings",
        need=Need.SELL,
        answer=_standing,
        reads=StandingRequest,
        says=LoneStanding,
    ),
    Route(method="GET", path=_NODE + "/feed", need=Need.SELL, answer=_feed, says=Page),
    Route(
        method="POST",
        path=_NODE + "/epochs",
        need=Need.RENEW,
        answer=_epoch,
        reads=EpochRequest,
        says=EpochGranted,
    ),
    Route(
        method="POST",
        path=_NODE + "/challenges",
        need=Need.SELL,
        answer=_challenge,
        says=Challenge,
        takes=(),
    ),
    Route(
        method="POST",
        path=_NODE + "/mykey-ids",
        need=Need.SELL,
        answer=_choose,
        reads=Wishes,
        says=Offer,
    ),
    Route(
        method="POST",
        path=_NODE + "/registrations",
        need=Need.SELL,
        answer=_register,
        reads=CardSigned,
        says=Registered,
    ),
    Route(
        method="POST",
        path=_NODE + "/numbers",
        need=Need.SELL,
        answer=_number_of,
        reads=NumberQuestion,
        says=CardNumber,
    ),
    Route(
        method="POST",
        path=_NODE + "/number-changes",
        need=Need.SELL,
        answer=_change_number,
        reads=CardSigned,
        says=CardNumber,
    ),
    Route(
        method="POST",
        path=_NODE + "/looks",
        need=Need.SELL,
        answer=_look,
        reads=CardSigned,
        says=Balances,
    ),
    Route(
        method="POST",
        path=_NODE + "/members",
        need=Need.SELL,
        answer=_member,
        reads=CardSigned,
        says=MemberSeen,
    ),
    Route(
        method="POST",
        path=_NODE + "/own-tickets",
        need=Need.SELL,
        answer=_own_tickets,
        reads=CardSigned,
        says=OwnTickets,
    ),
    Route(method="GET", path=_NODE + "/payees", need=Need.SELL, answer=_payees, says=Payees),
    Route(
        method="POST",
        path=_NODE + "/tickets",
        need=Need.SELL,
        answer=_find_ticket,
        reads=TicketQuestion,
        says=TicketSeen,
    ),
    Route(
        method="POST",
        path=_NODE + "/joins",
        need=Need.SELL,
        answer=_join,
        reads=CardSigned,
        says=Joined,
    ),
)
"""Every call a node can make. What is not here does not exist."""


def _number(text: str, *, least: int = 1) -> int:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) < least:
        raise Malformed(f"{text[:40]!r} is not a number from {least} on")
    return int(text)
