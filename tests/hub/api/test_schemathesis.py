"""Strangers who read the description and nothing else: whatever they send, the hub answers by it.

Requests are drawn from the OpenAPI document by schemathesis, those that fit it and those that do
not, signed in and signed. An answer has a status, a media type and a shape that the document
names; what does not fit is refused; nothing is a fault of the hub. Who may not make a call is for
:mod:`tests.hub.api.test_negatives`, what forms mean beyond their shape for the rooms.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api.description import EXAMPLES, describe
from hub.api.operations import Operation, Proof, operations
from hub.rates import PEOPLE
from sync.batch import Coding
from sync.calls import MESSAGE
from sync.request import Request
from sync.wire import write
from tests.hub.api.playing import Stage, play, stage
from tests.hub.townhall import ORIGIN, node_key

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    allow_header_conformance,
]
MANY = int(os.environ.get("MACHIKADO_EXAMPLES", "3"))
"""How many requests of each kind are drawn for each call; `make soak` draws many more."""


@schemathesis.serializer(MESSAGE)
def _message(ctx: Any, value: Any) -> bytes:
    """A message as a terminal writes it; what is none is MessagePack of some other shape."""
    kind = _reads(ctx.case)
    with suppress(msgspec.MsgspecError, TypeError, ValueError):
        return write(msgspec.convert(value, kind))
    with suppress(OverflowError):
        return msgspec.msgpack.encode(value)
    return repr(value).encode()  # a number that MessagePack cannot hold


@schemathesis.serializer(*Coding)
def _batch(_ctx: Any, value: Any) -> bytes:
    """Nobody draws a batch of records: any bytes."""
    return value if isinstance(value, bytes) else msgspec.json.encode(value)


@schemathesis.deserializer(MESSAGE)
def _said(_ctx: Any, response: Any) -> Any:
    """A message as the description shows it: byte strings in base64."""
    return msgspec.to_builtins(msgspec.msgpack.decode(response.content))


_SERVED: dict[str, Operation] = {}


def _reads(case: Case[Any]) -> Any:
    return _SERVED[case.operation.definition.raw["operationId"]].reads


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The town after the story, so that there is something of everything, and a new terminal."""
    with stage(tmp_path_factory.mktemp("strangers")) as on:
        play(on, lambda _: None, lambda *_: None)
        calls = on.hall.terminal()
        on.story.node, on.story.epoch, on.story.key = (
            calls.node,
            calls.epoch,
            node_key("first disk"),
        )
        yield on


@pytest.fixture(scope="module")
def schema(on: Stage) -> Any:
    """The document as a stranger loads it."""
    _SERVED.update({each.name: each for each in operations(on.http.app)})
    document = describe(on.http.app, ORIGIN)
    for operations_at in document["paths"].values():
        for operation in operations_at.values():
            operation["security"] = []  # who asks is ours to say: nobody draws a token
    loaded = schemathesis.openapi.from_dict(document)
    loaded.config.checks.negative_data_rejection.expected_statuses.append("413")  # also refused
    return loaded


def names() -> list[str]:
    """Every call that the story makes, which is every call that there is."""
    return sorted(msgspec.json.decode(EXAMPLES.read_bytes()))


def request_of(on: Stage, each: Operation, case: Case[Any]) -> Request:
    """What is sent: as drawn, but for who sends it."""
    drawn = case.as_transport_kwargs(base_url=ORIGIN)
    made = httpx.Request(
        drawn["method"],
        drawn["url"],
        params=drawn.get("params"),
        content=drawn.get("data") if "json" not in drawn else msgspec.json.encode(drawn["json"]),
        headers={
            name: value.encode("utf-8") for name, value in (drawn.get("headers") or {}).items()
        },
    )
    kind = made.headers.get("content-type", (*each.takes, "")[0])
    headers = tuple(
        (name, value)
        for name, value in made.headers.items()
        if name in {"idempotency-key", "accept"} and value
    )
    plain = Request(made.method, made.url.raw_path.decode("ascii"), kind, made.read(), headers)
    if each.proof is Proof.SIGNATURE:
        signed = on.signed(plain)
        return replace(signed, headers=(*headers, *signed.headers))
    token = ("Authorization", f"Bearer {on.hall.tokens['Sato']}")
    return replace(plain, headers=(*headers, token)) if each.proof is Proof.TOKEN else plain


def lead_somewhere(on: Stage, each: Operation, case: Case[Any], *, really: bool) -> None:
    """Paths that were drawn name nothing: let some of them name what is there."""
    there = msgspec.json.decode(EXAMPLES.read_bytes())[each.name].get("path", {})
    mine = {"node": on.story.node, "epoch": on.story.epoch}
    for name in case.path_parameters if really else ():
        case.path_parameters[name] = mine.get(name, there[name])


def some(test: Any) -> Any:
    """A few requests, the same in each run."""
    few = settings(
        max_examples=MANY, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )
    return few(given(data=st.data())(test))


def checked(on: Stage, each: Operation, case: Case[Any]) -> None:
    """Send it, and hold the answer against the description."""
    on.hall.clock.turn(ms=PEOPLE.each)
    case.validate_response(on.send(request_of(on, each, case)), checks=CHECKS)


@pytest.mark.parametrize("name", names())
@some
def test_what_fits_is_answered_as_described(
    on: Stage, schema: Any, name: str, data: st.DataObject
) -> None:
    each = _SERVED[name]
    operation = schema[each.path][each.method]
    case = data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    lead_somewhere(on, each, case, really=data.draw(st.booleans()))
    checked(on, each, case)


@pytest.mark.parametrize("name", names())
@some
def test_what_does_not_fit_is_refused(
    on: Stage, schema: Any, name: str, data: st.DataObject
) -> None:
    each = _SERVED[name]
    if each.reads is None and not each.query and not each.once:
        return  # whatever is sent fits: there is nothing to send
    operation = schema[each.path][each.method]
    checked(on, each, data.draw(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)))
