"""The hub over HTTP: thin shells, no rule of its own.

`/v1/desk` is for people: JSON, a bearer token on everything but joining. What terminals call goes
to the node's door byte for byte (:mod:`hub.api.terminals`), so that HTTP and the door in process
run the same code; so does what is no call at all, and hears so there.
Both are described by OpenAPI 3.1 at `/v1/openapi/openapi.json`. Whatever fails becomes a problem
(RFC 9457). Work that touches the database runs in threads; the event loop only moves bytes.
"""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import anyio
from litestar import HttpMethod, Litestar, Request, Response, Router, route
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Message, Scope

from hub.api import carried, health, money, numbers, people, residents, revocation, signin
from hub.api.admission import Admission
from hub.api.description import published
from hub.api.observing import PERSON, Observing
from hub.api.operations import PAGE
from hub.api.paged import paged
from hub.api.plain import plain, target_of
from hub.api.repeating import Repeated
from hub.api.terminals import Terminals
from hub.door import methods_for
from hub.hub import Hub
from hub.media import essence, wanted
from hub.once import Attempt, read_key
from hub.people import Person, Role
from hub.problems import (
    NoSuchCall,
    NoSuchMethod,
    NotAcceptable,
    NotUnderstood,
    TooLong,
    problem_of,
    with_headers,
)
from hub.rates import PEOPLE, Rates
from hub.shapes import in_words
from sync import request as wire
from sync.batch import MOST_WIRE
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.values import PLATFORM

MOST_FORM = 1024 * 1024
"""The longest body that people send, in bytes: a bank's result."""
JSON = "application/json"
_BODY = "data"
"""What the framework calls a form as a whole."""
_PAGES = "pages"
"""What the endpoint of a list is given."""
_PARAMETER = re.compile(r"[A-Za-z_]{1,20}")
"""What may be the name of a parameter, and is said again; a secret in a wrong place is not."""
_NO_BODY = "'data'"
"""What the framework says of a body that is not there."""
_Connection = ASGIConnection[Any, Any, Any, Any]


def make_app(hub: Hub) -> Litestar:
    """The application over an open hub."""
    rates = Rates(hub.core.clock, PEOPLE)

    def enter(token: str) -> Person:
        person = hub.office.sign_in(token)
        rates.take(person.name)
        hub.nights.before()  # what a person sees and does today comes after what ended yesterday
        return person

    async def sign_in(connection: _Connection, _handler: BaseRouteHandler) -> None:
        token = _token(connection.headers.get("authorization", ""))
        connection.scope["state"][PERSON] = await anyio.to_thread.run_sync(enter, token)

    async def person(request: Request[Any, Any, Any]) -> Person:
        found: Person = request.scope["state"][PERSON]
        return found

    async def once(request: Request[Any, Any, Any], by: NamedDependency[Person]) -> Repeated:
        key = read_key(request.headers.get("idempotency-key", ""))
        asked = b"\0".join(
            [request.method.encode(), target_of(request.scope), await request.body()]
        )
        return Repeated(hub.once, Attempt(person=by, key=key, asked=asked))

    async def tell_rate(message: Message, scope: Scope) -> None:
        by = scope["state"].get(PERSON) if "state" in scope else None
        if message["type"] == "http.response.start" and by is not None:
            told = MutableScopeHeaders.from_message(message)
            told.update(dict(rates.fields(by.name)))

    async def desk_is_here(_connection: _Connection, _handler: BaseRouteHandler) -> None:
        hub.core.require_served(PLATFORM)

    @route("/v1/{rest:path}", http_method=list(HttpMethod), include_in_schema=False)
    async def unknown(request: Request[Any, Any, Any]) -> Response[bytes]:
        asked = plain(request.scope, await request.body())
        return _whole(await anyio.to_thread.run_sync(hub.door.send, asked))

    desk = Router(
        "/v1/desk",
        route_handlers=[
            Router("/", route_handlers=(*people.OPEN, *signin.OPEN), guards=[understood]),
            Router("/", route_handlers=signin.SIGNED_IN, guards=[sign_in, understood]),
            Router(
                "/",
                route_handlers=(
                    *people.SIGNED_IN,
                    *residents.SIGNED_IN,
                    *numbers.SIGNED_IN,
                    *revocation.SIGNED_IN,
                    *money.SIGNED_IN,
                    *carried.SIGNED_IN,
                ),
                guards=[sign_in, may_read, understood],
            ),
        ],
        dependencies={
            "at": Provide(lambda: hub.office, sync_to_thread=False),
            "into": Provide(lambda: hub.carried, sync_to_thread=False),
            "lists": Provide(lambda: hub.revoking, sync_to_thread=False),
            "of": Provide(lambda: hub.treasury, sync_to_thread=False),
            "numbers": Provide(lambda: hub.numbers, sync_to_thread=False),
            "whom": Provide(lambda: hub.residents, sync_to_thread=False),
            "door": Provide(lambda: hub.access, sync_to_thread=False),
            "by": Provide(person),
            "once": Provide(once),
            _PAGES: Provide(paged, sync_to_thread=False),
        },
        guards=[desk_is_here],
        request_max_body_size=MOST_FORM,
    )
    watched = Router(
        "/",
        route_handlers=[
            *health.OPEN,
            Router("/", route_handlers=health.SIGNED_IN, guards=[sign_in]),
        ],
        dependencies={
            "figures": Provide(lambda: hub.figures, sync_to_thread=False),
            "looking": Provide(lambda: hub.looking, sync_to_thread=False),
            "by": Provide(person),
        },
    )
    app = Litestar(
        [desk, watched, published(hub.core.origin), unknown],
        request_max_body_size=2 * MOST_WIRE,
        exception_handlers={Exception: _problem},
        before_send=[tell_rate],
        openapi_config=None,  # hub.api.description: one document for both doors
        logging_config=None,
    )
    admitted = Admission(Terminals(hub.door, app.asgi_handler))
    app.asgi_handler = Observing(admitted, hub.figures.served, hub.core.randomness)
    return app


def may_read(connection: _Connection, _handler: BaseRouteHandler) -> None:
    """Whoever is let in may read, but for who is there for the hub's figures only."""
    person: Person = connection.scope["state"][PERSON]
    if person.role is Role.MONITOR:
        raise RefusedByRule("not-allowed", f"{person.name} ({person.role}) may only see figures")


async def understood(connection: _Connection, handler: BaseRouteHandler) -> None:
    """A form is JSON, and so is every answer; nothing is asked behind the question mark in vain.

    Raises NotUnderstood, NotAcceptable, and Malformed for a parameter that the call does not know.
    """
    takes = handler.parsed_fn_signature.parameters
    known = PAGE if _PAGES in takes else ()
    query = connection.scope["query_string"].decode("latin-1")
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            said = repr(name) if _PARAMETER.fullmatch(name) else "of such a name"
            raise Malformed(f"this call has no parameter {said}")
    kind = essence(connection.headers.get("content-type", ""))
    if _BODY in takes and kind not in {"", JSON}:
        raise NotUnderstood(f"this call reads {JSON}, not {kind[:80]!r}")
    if not wanted(connection.headers.get("accept", ""), JSON):
        raise NotAcceptable(JSON)


def _token(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthentic("this call needs a token: Authorization: Bearer ...")
    return token


def _whole(answer: wire.Response) -> Response[bytes]:
    return Response(
        content=answer.body,
        status_code=answer.status,
        media_type=answer.content_type,
        headers=dict(answer.headers),
    )


def _problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Any failure as a problem; what the framework refuses is put in our words first."""
    if isinstance(error, HTTPException):
        error = _in_our_words(request, error)
    elif isinstance(error, RecursionError):
        error = Malformed("this is not JSON that people write: lists within lists without an end")
    said = problem_of(error)
    if isinstance(error, NotAuthentic):
        said = with_headers(said, ("WWW-Authenticate", "Bearer"))  # RFC 6750, section 3
    return _whole(said)


def _in_our_words(request: Request[Any, Any, Any], error: HTTPException) -> Exception:
    match error.status_code:
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLong("the body is longer than this call needs")
        case HTTPStatus.NOT_FOUND:
            return NoSuchCall("no-such-call", "there is no such call")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            path = request.scope["path"]
            allowed = methods_for(path) or (error.headers or {}).get("allow", "")
            return NoSuchMethod(request.scope["method"], allowed)
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Malformed(_detail(error))
    return error


def _detail(error: HTTPException) -> str:
    """What is wrong with a form, field by field; never what was sent."""
    extra = error.extra if isinstance(error.extra, list) else []
    if any(each.get("message") == _NO_BODY for each in extra):
        return "this call needs a body in JSON"
    fields = [_field(str(each.get("key", _BODY)), str(each.get("message", ""))) for each in extra]
    return "; ".join(fields) or in_words(error.detail) or "the body cannot be read"


def _field(key: str, message: str) -> str:
    said = in_words(message)
    return said if key == _BODY else f"{key}: {said}"
