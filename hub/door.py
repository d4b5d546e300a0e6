"""The node's door: one routing table, in process and under HTTP alike.

A call is let in by this recipe:
1. The path and method name a call; the body is no longer than the call needs.
2. Where the call needs a node: the request is signed (RFC 9421) by a key that an epoch is bound to,
   and the path names the same node, and for a hold the same epoch.
3. The node stands as the call demands: to sell it is active and its epoch open; to renew it is
   active; to hand in records it may be revoked, closed or forked, but was confirmed once.
4. The body is of the media type that the call reads, and its answer of one that is accepted.

Every failure becomes a problem (:mod:`hub.problems`); a wrong clock is answered with the hub's
signed time.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from hub.cardholders import CardHolders
from hub.core import Core
from hub.counters import Counters
from hub.jwks import public_keys
from hub.media import essence, wanted
from hub.nodes import Epoch, Node, State, epoch_of, node_named
from hub.problems import (
    NoSuchCall,
    NoSuchMethod,
    NotAcceptable,
    NotUnderstood,
    TooLong,
    problem_of,
    with_headers,
)
from sync.batch import MOST_WIRE, READ, Coding
from sync.calls import (
    MESSAGE,
    CardSigned,
    EnrolmentRequest,
    EpochRequest,
    HubTime,
)
from sync.choosing import Wishes
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.holds import HoldRequest, StandingRequest
from sync.papers import TicketQuestion
from sync.request import (
    CLOCK_SKEW,
    COMPONENTS,
    TAG,
    ClockSkew,
    Request,
    Response,
    header_of,
    problem_response,
    verify_request,
)
from sync.services import NumberQuestion
from sync.signing import seal_with
from sync.values import EpochId, Millis, NodeId, epoch_id, node_id
from sync.wire import read, write

WINDOW = Millis(300_000)
"""How far a request's time may be from the hub's."""
MOST_MESSAGE = 16 * 1024
"""The longest body of a call that carries no records, in bytes."""
KEY_SET = "application/jwk-set+json"
TIME_HEADER = "Machikado-Time"
"""With a clock-skew problem: the hub's signed time, base64 of its envelope."""
_COVERED = " ".join(f'"{name}"' for name in COMPONENTS)
ASKS_TO_SIGN = (
    ("WWW-Authenticate", "Signature"),  # RFC 9110, 15.5.2: a 401 names a scheme
    (
        "Accept-Signature",
        f'{TAG}=({_COVERED});created;keyid;tag="{TAG}"',
    ),
)
"""With a 401: how a request has to be signed (RFC 9421, 5.1)."""

T = TypeVar("T")


class Need(Enum):
    """How a node must stand to make a call."""

    NOBODY = "no sign-in"
    HAND_IN = "known, whatever became of it"
    RENEW = "active, in any epoch"
    SELL = "active, in its open epoch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The node whose signature held."""

    node: Node
    epoch: Epoch


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
    """The media types that its body may have; a GET has none."""
    gives: str = MESSAGE

    @property
    def pattern(self) -> "re.Pattern[str]":
        """The path as a pattern: ``{node}`` is one step of it."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]{1,80})", self.path), re.ASCII)


def _time(call: Call) -> Response:
    return call.signed("time", HubTime(call.core.clock.now()))


def _keys(call: Call) -> Response:
    return Response(200, KEY_SET, public_keys(call.core))


def _invited(call: Call) -> Response:
    try:
        digest = bytes.fromhex(call.place["digest"])
    except ValueError:
        raise Malformed("an invitation is named by 64 hexadecimal digits") from None
    return call.signed("invited", call.counters.invited(digest))


def _enrol(call: Call) -> Response:
    return call.signed("enrolled", call.counters.enrol(call.message(EnrolmentRequest)))


def _put_records(call: Call) -> Response:
    first = _number(call.place["first"])
    answer = call.counters.put_records(call.node, call.epoch, first, call.body)
    return Response(200, MESSAGE, write(answer), (("Accept", READ),))


def _held_records(call: Call) -> Response:
    first = _number(call.place["first"])
    return call.signed("records", call.counters.held_records(call.node, call.epoch, first))


def _hold(call: Call) -> Response:
    n = _number(call.place["n"])
    request = call.message(HoldRequest)
    return call.signed("hold", call.counters.hold(call.node, call.epoch, n, request))


def _standing(call: Call) -> Response:
    request = call.message(StandingRequest)
    return call.signed("standing", call.counters.standing(call.node, request.card))


def _feed(call: Call) -> Response:
    after = _number(call.query.get("after", "0"), least=0)
    incarnation = call.query.get("incarnation", "")
    return call.signed("page", call.counters.feed(call.node, incarnation, after))


def _epoch(call: Call) -> Response:
    granted = call.counters.grant_epoch(call.node, call.message(EpochRequest))
    return call.signed("epoch", granted)


def _challenge(call: Call) -> Response:
    return call.signed("challenge", call.holders.challenge(call.node))


def _choose(call: Call) -> Response:
    return call.signed("offer", call.holders.choose(call.node, call.message(Wishes)))


def _register(call: Call) -> Response:
    registered = call.holders.register(call.node, call.message(CardSigned))
    return call.signed("registered", registered)


def _number_of(call: Call) -> Response:
    return call.signed("number", call.holders.number(call.node, call.message(NumberQuestion)))


def _change_number(call: Call) -> Response:
    changed = call.holders.change_number(call.node, call.message(CardSigned))
    return call.signed("number", changed)


def _look(call: Call) -> Response:
    return call.signed("balances", call.holders.look(call.node, call.message(CardSigned)))


def _member(call: Call) -> Response:
    return call.signed("member", call.holders.member(call.node, call.message(CardSigned)))


def _own_tickets(call: Call) -> Response:
    found = call.holders.own_tickets(call.node, call.message(CardSigned))
    return call.signed("own-tickets", found)


def _join(call: Call) -> Response:
    return call.signed("joined", call.holders.join(call.node, call.message(CardSigned)))


def _payees(call: Call) -> Response:
    return call.signed("payees", call.counters.papers.payees(call.node))


def _find_ticket(call: Call) -> Response:
    question = call.message(TicketQuestion)
    return call.signed("ticket", call.counters.papers.find(call.node, question))


_NODE = "/v1/nodes/{node}"
ROUTES = (
    Route(method="GET", path="/v1/time", need=Need.NOBODY, answer=_time),
    Route(method="GET", path="/v1/keys", need=Need.NOBODY, answer=_keys, gives=KEY_SET),
    Route(method="GET", path="/v1/invitations/{digest}", need=Need.NOBODY, answer=_invited),
    Route(method="POST", path="/v1/enrolments", need=Need.NOBODY, answer=_enrol),
    Route(
        method="PUT",
        path=_NODE + "/epochs/{epoch}/records/{first}",
        need=Need.HAND_IN,
        answer=_put_records,
        most=MOST_WIRE,
        takes=tuple(Coding),
    ),
    Route(
        method="GET",
        path=_NODE + "/epochs/{epoch}/records/{first}",
        need=Need.RENEW,
        answer=_held_records,
    ),
    Route(method="PUT", path=_NODE + "/epochs/{epoch}/holds/{n}", need=Need.SELL, answer=_hold),
    Route(method="POST", path=_NODE + "/standings", need=Need.SELL, answer=_standing),
    Route(method="GET", path=_NODE + "/feed", need=Need.SELL, answer=_feed),
    Route(method="POST", path=_NODE + "/epochs", need=Need.RENEW, answer=_epoch),
    Route(method="POST", path=_NODE + "/challenges", need=Need.SELL, answer=_challenge),
    Route(method="POST", path=_NODE + "/mykey-ids", need=Need.SELL, answer=_choose),
    Route(method="POST", path=_NODE + "/registrations", need=Need.SELL, answer=_register),
    Route(method="POST", path=_NODE + "/numbers", need=Need.SELL, answer=_number_of),
    Route(method="POST", path=_NODE + "/number-changes", need=Need.SELL, answer=_change_number),
    Route(method="POST", path=_NODE + "/looks", need=Need.SELL, answer=_look),
    Route(method="POST", path=_NODE + "/members", need=Need.SELL, answer=_member),
    Route(method="POST", path=_NODE + "/own-tickets", need=Need.SELL, answer=_own_tickets),
    Route(method="GET", path=_NODE + "/payees", need=Need.SELL, answer=_payees),
    Route(method="POST", path=_NODE + "/tickets", need=Need.SELL, answer=_find_ticket),
    Route(method="POST", path=_NODE + "/joins", need=Need.SELL, answer=_join),
)
"""Every call a node can make. What is not here does not exist."""

_PATTERNS = tuple((route, route.pattern) for route in ROUTES)


class HubDoor:
    """The hub's side of :class:`sync.request.Door`. ``before`` runs ahead of each call."""

    def __init__(
        self,
        core: Core,
        counters: Counters,
        holders: CardHolders,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._core = core
        self._counters = counters
        self._holders = holders
        self._before = before

    def send(self, request: Request) -> Response:
        """Answer a request; never raises."""
        try:
            self._before()
            return self._answer(request)
        except ClockSkew as skew:
            return self._with_time(problem_response(401, CLOCK_SKEW, str(skew)))
        except NotAuthentic as error:
            return with_headers(problem_of(error), *ASKS_TO_SIGN)
        except Exception as error:  # noqa: BLE001  whatever happens, a node gets a problem
            return problem_of(error)

    def _answer(self, request: Request) -> Response:
        url = urlsplit(request.path_with_query)
        route, place = _find(request.method, url.path)
        if len(request.body) > route.most:
            raise TooLong(f"the body has {len(request.body)} bytes; the most is {route.most}")
        if route.need is not Need.NOBODY:
            self._let_in(route.need, place, self._caller(request))
        _check_media(route, request)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        call = Call(
            core=self._core,
            counters=self._counters,
            holders=self._holders,
            place=place,
            query=query,
            body=request.body,
        )
        return route.answer(call)

    def _caller(self, request: Request) -> Caller:
        """Whose signature it is; raises NotAuthentic."""
        found: list[Caller] = []

        def key(keyid: str) -> bytes | None:
            caller = self._named(keyid)
            if caller is None:
                return None
            found.append(caller)
            return caller.epoch.public

        verify_request(
            request,
            origin=self._core.origin,
            find_key=key,
            now=self._core.clock.now(),
            window_ms=WINDOW,
        )
        return found[-1]

    def _named(self, keyid: str) -> Caller | None:
        name, _, life = keyid.partition("/")
        try:
            node_name, epoch_name = node_id(name), epoch_id(life)
            with self._core.database.read() as tx:
                node, epoch = node_named(tx, node_name), epoch_of(tx, node_name, epoch_name)
        except (Malformed, RefusedByRule):
            return None
        return None if epoch is None else Caller(node=node, epoch=epoch)

    def _let_in(self, need: Need, place: dict[str, str], caller: Caller) -> None:
        """Whether this node may make this call now; raises NotAuthentic or RefusedByRule."""
        name = caller.node.node
        if place["node"] != name:
            raise NotAuthentic(f"{name} asks in the name of {place['node']!r}")
        unconfirmed = caller.node.state in (State.INVITED, State.ENROLLED)
        # An earlier life of a node that is being set up again was confirmed in its time.
        if unconfirmed and (need is not Need.HAND_IN or caller.epoch.state == "open"):
            raise RefusedByRule(
                "node-not-confirmed",
                f"{name} waits for an operator to compare the fingerprint and confirm it",
            )
        if need is Need.HAND_IN:
            return
        if caller.node.state is State.REVOKED:
            raise RefusedByRule("node-revoked", f"{name} was revoked: it may only hand in records")
        if need is not Need.SELL:
            return
        if caller.epoch.state != "open":
            raise RefusedByRule(
                "epoch-closed", f"{caller.epoch.epoch} of {name} is closed: ask for a new epoch"
            )
        if place.get("epoch", caller.epoch.epoch) != caller.epoch.epoch:
            raise NotAuthentic(f"{name} asks in the name of another of its epochs")

    def _with_time(self, response: Response) -> Response:
        time = HubTime(self._core.clock.now())
        envelope = seal_with(self._core.keys.signing, "time", write(time))
        told = (TIME_HEADER, base64.b64encode(write(envelope)).decode("ascii"))
        return with_headers(response, told, *ASKS_TO_SIGN)


def _find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    there = [(route, place) for route, found in _PATTERNS if (place := found.fullmatch(path))]
    if not there:
        raise NoSuchCall("no-such-call", f"there is no call {path[:120]!r}")
    for route, place in there:
        if route.method == method:
            return route, place.groupdict()
    raise NoSuchMethod(method, methods_for(path))


def methods_for(path: str) -> str:
    """The methods that a path is for, as Allow lists them; empty where it names no call."""
    return ", ".join(sorted(route.method for route, found in _PATTERNS if found.fullmatch(path)))


def _check_media(route: Route, request: Request) -> None:
    """Whether a body is of the kind that the call reads, and its answer of one that is wanted."""
    kind = essence(request.content_type)
    if route.method != "GET" and kind not in route.takes:
        takes = " or ".join(route.takes)
        raise NotUnderstood(f"this call reads {takes}, not {kind[:80]!r}")
    if not wanted(header_of(request.headers, "accept"), route.gives):
        raise NotAcceptable(route.gives)


def _number(text: str, *, least: int = 1) -> int:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) < least:
        raise Malformed(f"{text[:40]!r} is not a number from {least} on")
    return int(text)
