"""The node's door: who is let in to which call, in process and under HTTP alike.

A call is let in by this recipe:
1. The path and method name a call, and a node of a town that this hub serves; the body is no longer
   than the call needs.
2. Where the call needs a node: the request is signed (RFC 9421) by a key that an epoch is bound to,
   and the path names the same node, and for a hold the same epoch. No key asks too much over time.
3. The node stands as the call demands: to sell it is active and its epoch open; to renew it is
   active; to hand in records it may be revoked, closed or forked, but was confirmed once.
4. The body is of the media type that the call reads, and its answer of one that is accepted.

Every failure becomes a problem (:mod:`hub.problems`); a wrong clock is answered with the hub's
signed time.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from hub.cardholders import CardHolders
from hub.core import Core
from hub.counters import Counters
from hub.handing_in import Batched, Handed
from hub.lanes import Lane, lane_of
from hub.media import essence, wanted
from hub.nodes import Epoch, Node, State, living
from hub.problems import (
    NoSuchCall,
    NoSuchMethod,
    NotAcceptable,
    NotUnderstood,
    TooLong,
    problem_of,
    with_headers,
)
from hub.rates import NODES, Rates
from hub.routes import ROUTES, Call, Need, Route, batch_of, custody_answer
from sync.calls import HubTime, keyid_of
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.receipt import Answer
from sync.request import (
    CLOCK_SKEW,
    ClockSkew,
    Request,
    Response,
    header_of,
    problem_response,
    verify_request,
)
from sync.rfc9421 import COMPONENTS, TAG, read_input
from sync.signing import seal_with
from sync.values import EpochId, Millis, NodeId, epoch_id, home_of, node_id
from sync.wire import write

T = TypeVar("T")
Rest = Callable[[], Response]
"""What is left to do for an answer that has to wait for something."""
WINDOW = Millis(300_000)
"""How far a request's time may be from the hub's."""
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

_PATTERNS = tuple((route, route.pattern) for route in ROUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The node whose signature held."""

    node: Node
    epoch: Epoch


Callers = Mapping[str, Caller]
"""Nodes by the names of their keys."""


class Asked(NamedTuple):
    """A request, and what the log knows of it while it is worked on."""

    context: Context
    request: Request


class HubDoor:
    """The hub's side of :class:`sync.request.Door`. ``before`` runs ahead of each call."""

    def __init__(
        self,
        core: Core,
        counters: Counters,
        holders: CardHolders,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._rates = Rates(core.clock, NODES)
        self._core = core
        self._counters = counters
        self._holders = holders
        self._before = before

    def send(self, request: Request) -> Response:
        """Answer a request; never raises."""
        return self._told(lambda: self._answer(request))

    def send_all(self, requests: Sequence[Asked]) -> list[Response | Rest]:
        """Answer PUTs of small batches that came at the same moment, in their order; never raises.

        Whose answer has to wait for the hub's own round gets what is left to do for it.
        """
        callers = self._told(lambda: self._callers([one.request for one in requests]))
        if isinstance(callers, Response):
            return [callers] * len(requests)
        let = [one.context.run(self._let_batch, one.request, callers) for one in requests]
        handed = iter(self._hand_in([one for one in let if isinstance(one, Batched)]))
        answers: list[Response | Rest] = []
        for asked, one in zip(requests, let, strict=True):
            if isinstance(one, Response):
                answers.append(one)
                continue
            ready, answer = next(handed)
            rest = partial(self._rest, asked.context, answer)
            answers.append(rest() if ready else rest)
        return answers

    def _rest(self, context: Context, answer: Callable[[], Answer]) -> Response:
        return context.run(self._told, lambda: custody_answer(answer()))

    def _hand_in(self, batches: Sequence[Batched]) -> list[Handed]:
        try:
            return self._counters.put_all(batches)
        except Exception as error:  # noqa: BLE001  each of them gets a problem
            return [Handed.failed(error)] * len(batches)

    def _let_batch(self, request: Request, callers: Callers) -> Batched | Response:
        """The batch of a PUT that is let in; or the answer that says why not."""
        return self._told(lambda: batch_of(self._named_call(request, callers)[1]))

    def _told(self, do: Callable[[], T]) -> T | Response:
        """What is done, or the problem that says why it was not."""
        try:
            return do()
        except ClockSkew as skew:
            return self._with_time(problem_response(401, CLOCK_SKEW, str(skew)))
        except NotAuthentic as error:
            return with_headers(problem_of(error), *ASKS_TO_SIGN)
        except Exception as error:  # noqa: BLE001  whatever happens, a node gets a problem
            return problem_of(error)

    def _answer(self, request: Request) -> Response:
        waited_for = lane_of(request.method, urlsplit(request.path_with_query).path) is Lane.COUNTER
        with self._core.way.first() if waited_for else nullcontext():
            route, call = self._named_call(request, None)
            return route.answer(call)

    def _named_call(self, request: Request, callers: Callers | None) -> tuple[Route, Call]:
        """What a request names, and the call that it may make of that."""
        self._before()
        url = urlsplit(request.path_with_query)
        route, place = _find(request.method, url.path)
        if "node" in place:
            self._core.require_served(home_of(NodeId(place["node"])))
        return route, self._let_through(request, route, place, url.query, callers)

    def _let_through(
        self,
        request: Request,
        route: Route,
        place: dict[str, str],
        query: str,
        callers: Callers | None,
    ) -> Call:
        """The call, where this request may make it."""
        if len(request.body) > route.most:
            raise TooLong(f"the body has {len(request.body)} bytes; the most is {route.most}")
        if route.need is not Need.NOBODY:
            caller = self._caller(request, callers)
            self._rates.take(f"{caller.node.node}/{caller.epoch.epoch}")
            self._let_in(route.need, place, caller)
        _check_media(route, request)
        return Call(
            core=self._core,
            counters=self._counters,
            holders=self._holders,
            place=place,
            query={name: values[-1] for name, values in parse_qs(query).items()},
            body=request.body,
        )

    def _callers(self, requests: Sequence[Request]) -> Callers:
        """Who the keys belong to that requests name, asked for at once; nobody is believed yet."""
        names = {name for name in map(_named, requests) if name is not None}
        return {
            keyid_of(*name): Caller(node=node, epoch=epoch)
            for name, (node, epoch) in living(self._core.database, names).items()
        }

    def _caller(self, request: Request, callers: Callers | None) -> Caller:
        """Whose signature it is; raises NotAuthentic."""
        known = self._callers([request]) if callers is None else callers

        def key(keyid: str) -> bytes | None:
            caller = known.get(keyid)
            return None if caller is None else caller.epoch.public

        keyid = verify_request(
            request,
            origin=self._core.origin,
            find_key=key,
            now=self._core.clock.now(),
            window_ms=WINDOW,
        )
        return known[keyid]

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


def _named(request: Request) -> tuple[NodeId, EpochId] | None:
    """The node and life whose key a request names; None where it names none."""
    try:
        name, _, life = read_input(header_of(request.headers, "signature-input")).keyid.partition(
            "/"
        )
        return node_id(name), epoch_id(life)
    except (Malformed, NotAuthentic):
        return None


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
    if route.method != "GET" and route.takes and kind not in route.takes:
        takes = " or ".join(route.takes)
        raise NotUnderstood(f"this call reads {takes}, not {kind[:80]!r}")
    if not wanted(header_of(request.headers, "accept"), route.gives):
        raise NotAcceptable(route.gives)
