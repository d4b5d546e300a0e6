"""Whatever people send to whatever endpoint, the hub knows what to say: never 500."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from msgspec import inspect

from hub.api import carried, money, numbers, people, residents, revocation, signin
from hub.api.app import make_app
from hub.rates import PEOPLE
from sync.request import Problem
from tests.hub.townhall import GREENGROCER, KAWASAKI, TOSHIMA, Townhall, townhall

HANDLERS = {
    (method, str(path)): handler
    for handler in (
        *people.OPEN,
        *people.SIGNED_IN,
        *residents.SIGNED_IN,
        *numbers.SIGNED_IN,
        *revocation.SIGNED_IN,
        *money.SIGNED_IN,
        *carried.SIGNED_IN,
        *signin.OPEN,
        *signin.SIGNED_IN,
    )
    for path in handler.paths  # type: ignore[union-attr]  # all are route handlers
    for method in handler.http_methods  # type: ignore[union-attr]
}
WORDS = st.sampled_from(
    [
        *("", "x", "0", "-1", "1", "001", "1234567890", "0001", "1234567", "ヤオヤ", "川崎市"),
        *(KAWASAKI, TOSHIMA, "000000", "999999", "141306", "１４１３０５"),
        *(GREENGROCER, f"{GREENGROCER}-1111", "131164-C1001", "141305-", "A" * 52, "0" * 64),
        *("clerk", "platform", "Sato", "hub", "a,b", "shops", "companies", "shop", "pay", "noted"),
        *("none", "file:/nowhere", "dir:/", "https://"),
        *("card-lost", "asked-here", "known-to-others"),
        *("0001-01-01", "1999-12-31", "2026-11-02", "2199-12-31", "2200-01-01", "9999-12-31"),
        *("141305-1", "141305-9" + "9" * 30, "141305-shops-1", "141305-shops-999999999999999999"),
        *("{}", "[", "[" * 5_000, '{"float_points": 1e999}', '{"day": 0}', "line,outcome,reason"),
        *("MY123456", "0000000000000", "%00", "..", "\x00", "\ud7ff", "\U0010ffff", "'; --"),
    ]
)
TEXTS = WORDS | st.text(max_size=220)
SHAPELESS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
BYTES = st.binary(max_size=40) | st.sampled_from([b"[" * 50_000, b'{"a":' * 50_000, b"1e400"])


def value_of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Values of a member's type: mostly what people could mean, at the edges of what is allowed."""
    match kind:
        case inspect.StrType():
            return WORDS | st.text(max_size=kind.max_length or 40)
        case inspect.BytesType():
            return st.binary(max_size=60)
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            edges = [edge for edge in (kind.ge, kind.gt, kind.le) if edge is not None]
            return st.sampled_from([*edges, 1, 500, 10_001]) | st.integers()
        case inspect.StructType():
            return shaped(kind)
        case inspect.UnionType():
            return st.one_of([value_of(each) for each in kind.types])
        case inspect.NoneType():
            return st.none()
        case inspect.VarTupleType():
            return st.lists(value_of(kind.item_type), max_size=3)
    raise AssertionError(f"no values for {kind}")


def shaped(kind: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    """Forms of a kind; what has a default may be left out."""
    members = {field.encode_name: value_of(field.type) for field in kind.fields}
    required = {field.encode_name for field in kind.fields if field.required}
    return st.fixed_dictionaries(
        {name: values for name, values in members.items() if name in required},
        optional={name: values for name, values in members.items() if name not in required},
    )


def body_of(handler: Any) -> st.SearchStrategy[bytes]:
    """What somebody could send to an endpoint: its form, anything in JSON, any bytes."""
    anything = SHAPELESS.map(encode) | BYTES
    form = handler.fn.__annotations__.get("data")
    if form is None:
        return anything
    (kind,) = form.__args__
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return shaped(info).map(encode) | shaped(info).map(encode) | anything


def encode(value: object) -> bytes:
    return msgspec.json.encode(value)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Townhall:
    hall = townhall(tmp_path_factory.mktemp("sweep"))
    hall.terminal()
    return hall


@pytest.fixture(scope="module")
def http(hall: Townhall) -> Iterator[TestClient[Any]]:
    with TestClient(make_app(hall.hub), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), sorted(HANDLERS), ids=str)
@settings(max_examples=15)
@given(data=st.data())
def test_no_endpoint_is_surprised(
    hall: Townhall, http: TestClient[Any], method: str, path: str, data: st.DataObject
) -> None:
    steps = [
        data.draw(TEXTS.map(quoted)) if step.startswith("{") else step for step in path.split("/")
    ]
    body = data.draw(body_of(HANDLERS[method, path]))
    hall.clock.turn(ms=PEOPLE.each)  # as fast as one person may ask all day
    answer = http.request(
        method,
        "/v1/desk" + "/".join(steps),
        content=body,
        headers={
            "Authorization": f"Bearer {hall.tokens['Sato']}",
            "Idempotency-Key": f'"{data.draw(st.uuids())}"',
        },
    )
    assert answer.status_code < 500, (steps, body, answer.text)
    if answer.status_code >= 400:
        told = msgspec.json.decode(answer.content, type=Problem)
        assert told.detail
        assert "at `$" not in told.detail


def quoted(text: str) -> str:
    return quote(text, safe="") or "-"


def test_the_sweep_reaches_every_endpoint(http: TestClient[Any]) -> None:
    served = {
        (method, route.path.removeprefix("/v1/desk"))
        for route in http.app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/v1/desk")
        for method in route.methods - {"OPTIONS", "HEAD"}
    }
    assert served == HANDLERS.keys()
