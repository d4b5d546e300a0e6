"""The node's door: every call is refused unsigned, with another key, in another's name."""

import base64
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.counters import Counters
from hub.door import TIME_HEADER, Asked
from hub.forms import InviteForm, OrganisationForm
from hub.routes import ROUTES, Need, Route
from sync.batch import coding_of
from sync.calls import MESSAGE, HubCalls, HubTime, keyid_of
from sync.errors import NotAuthentic, Unreachable
from sync.request import (
    ClockSkew,
    Problem,
    Request,
    Response,
    header_of,
    raise_for_problem,
    sign_request,
)
from sync.signing import Signed, SigningKey, fingerprint, open_signed
from sync.wire import read
from tests.hub.test_enrolment import EMPTY
from tests.hub.townhall import BANK, ORIGIN, Townhall, node_key, townhall

SIGNED = [route for route in ROUTES if route.need is not Need.NOBODY]
FIRST = node_key("first disk")


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


def test_only_four_calls_need_no_node() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.need is Need.NOBODY} == {
        ("GET", "/v1/time"),
        ("GET", "/v1/keys"),
        ("GET", "/v1/invitations/{digest}"),
        ("POST", "/v1/enrolments"),
    }


each_route = pytest.mark.parametrize("route", SIGNED, ids=lambda r: f"{r.method} {r.path}")


@each_route
def test_an_unsigned_call_is_refused(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    answer = hall.hub.door.send(request_for(route, calls))
    assert (answer.status, problem(answer).reason) == (401, "not-authentic")


@each_route
def test_a_call_signed_by_another_key_is_refused(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    forged = signed(hall, request_for(route, calls), calls, key=node_key("thief"))
    answer = hall.hub.door.send(forged)
    assert (answer.status, problem(answer).reason) == (401, "not-authentic")


@each_route
def test_a_call_in_another_nodes_name_is_refused(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    other = fish_shop(hall)
    answer = hall.hub.door.send(signed(hall, request_for(route, other), calls))
    assert (answer.status, problem(answer).reason) == (401, "not-authentic")


@each_route
def test_a_body_that_is_not_what_was_signed_is_refused(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    honest = signed(hall, request_for(route, calls), calls)
    answer = hall.hub.door.send(replace(honest, body=honest.body + b"x"))
    assert (answer.status, problem(answer).reason) == (401, "not-authentic")


@each_route
def test_a_wrong_clock_hears_the_hubs_time(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    late = signed(hall, request_for(route, calls), calls)
    hall.clock.turn(minutes=6)
    answer = hall.hub.door.send(late)

    with pytest.raises(ClockSkew):
        raise_for_problem(answer)
    told = read(base64.b64decode(header_of(answer.headers, TIME_HEADER)), Signed)
    body = open_signed(told, "time", (hall.hub.core.keys.signing.public,))
    assert read(body, HubTime).at == hall.clock.now()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_foreign_bytes_give_a_problem(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    for body in (b"", b"\xc1", b"\x93\x01", b"\xff" * 200):
        request = replace(request_for(route, calls), body=body)
        answer = hall.hub.door.send(signed(hall, request, calls))
        assert answer.status < 500, answer.body
        assert b"Traceback" not in answer.body
        if answer.status >= 400:
            assert problem(answer).detail


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_body_that_is_too_long_is_refused_unread(hall: Townhall, route: Route) -> None:
    calls = hall.terminal()
    request = replace(request_for(route, calls), body=b"x" * (route.most + 1))
    assert hall.hub.door.send(request).status == 413


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "X"]),
    path=st.text(max_size=60),
    body=st.binary(max_size=60),
)
def test_any_request_gets_an_answer(hall: Townhall, method: str, path: str, body: bytes) -> None:
    answer = hall.hub.door.send(Request(method, f"/v1/{path}", MESSAGE, body))
    assert answer.status in {200, 400, 401, 404}


def test_a_bug_shows_nothing_of_the_inside(
    hall: Townhall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_self: Counters, _digest: bytes) -> None:
        raise ZeroDivisionError("secret path /etc/hub")

    monkeypatch.setattr(Counters, "invited", broken)
    answer = hall.hub.door.send(Request("GET", f"/v1/invitations/{'0' * 64}", MESSAGE, b""))
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "secret" in caplog.text


def test_a_hold_of_another_epoch_is_refused(hall: Townhall) -> None:
    calls = hall.terminal()
    path = f"/v1/nodes/{calls.node}/epochs/9-{'0' * 16}/holds/1"
    answer = hall.hub.door.send(signed(hall, Request("PUT", path, MESSAGE, b""), calls))
    with pytest.raises(NotAuthentic):
        raise_for_problem(answer)


def test_the_first_call_of_a_day_ends_the_day_before(hall: Townhall) -> None:
    hall.hub.door.send(Request("GET", "/v1/time", MESSAGE, b""))
    hall.clock.turn(days=1)
    before = expired_until(hall)
    hall.hub.door.send(Request("GET", "/v1/time", MESSAGE, b""))
    assert expired_until(hall) > before


def test_anybody_may_read_the_public_keys(hall: Townhall) -> None:
    class Key(msgspec.Struct):
        purpose: str
        x: str
        municipality: str = ""

    class Keys(msgspec.Struct):
        keys: list[Key]

    answer = hall.hub.door.send(Request("GET", "/v1/keys", "", b""))
    keys = msgspec.json.decode(answer.body, type=Keys).keys
    assert [(key.purpose, key.municipality) for key in keys] == [
        ("signing", ""),
        ("tickets", "141305"),
        ("sealing", ""),
    ]
    public = base64.urlsafe_b64decode(keys[0].x + "=")
    assert public == hall.hub.core.keys.signing.public


def test_batches_that_come_together_are_answered_as_each_would_be_alone(hall: Townhall) -> None:
    calls, other = hall.terminal(), fish_shop(hall)
    (put,) = [route for route in SIGNED if route.answer.__name__ == "_put_records"]
    empty = replace(request_for(put, calls), content_type=coding_of(EMPTY), body=EMPTY)
    good = signed(hall, empty, calls)
    spoilt = replace(empty, body=b"no batch at all")
    somewhere = replace(empty, path_with_query=empty.path_with_query + "/x")
    asked = [
        good,
        empty,
        signed(hall, empty, other, key=node_key("fish")),
        signed(hall, spoilt, calls),
        signed(hall, replace(empty, content_type="text/plain"), calls),
        signed(hall, somewhere, calls),
        good,
    ]

    alone = [hall.hub.door.send(one) for one in asked]
    together = hall.hub.door.send_all([Asked(copy_context(), one) for one in asked])

    heard = [one if isinstance(one, Response) else one() for one in together]
    assert heard == alone
    assert [one.status for one in heard] == [200, 401, 401, 400, 415, 404, 200]


def test_a_group_that_fails_as_a_whole_is_a_problem_for_each(
    hall: Townhall, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = hall.terminal()
    (put,) = [route for route in SIGNED if route.answer.__name__ == "_put_records"]
    empty = replace(request_for(put, calls), content_type=coding_of(EMPTY), body=EMPTY)

    def away(*_: object) -> None:
        raise Unreachable("the database went away")

    monkeypatch.setattr(Counters, "put_all", away)
    good = Asked(copy_context(), signed(hall, empty, calls))
    heard = hall.hub.door.send_all([good, Asked(copy_context(), empty), good])

    assert [one.status for one in heard if isinstance(one, Response)] == [503, 401, 503]


def request_for(route: Route, calls: HubCalls) -> Request:
    path = route.path.format(node=calls.node, epoch=calls.epoch, first=1, n=1, digest="0" * 64)
    return Request(route.method, path, MESSAGE, b"")


def signed(
    hall: Townhall, request: Request, calls: HubCalls, *, key: SigningKey = FIRST
) -> Request:
    return sign_request(
        request,
        origin=ORIGIN,
        key=key,
        keyid=keyid_of(calls.node, calls.epoch),
        created=hall.clock.now() // 1000,
    )


def fish_shop(hall: Townhall) -> HubCalls:
    office = hall.hub.office
    form = OrganisationForm(organisation="141305-B2109", name="魚屋", account=BANK)
    office.approve(hall.suzuki, office.add_organisation(hall.sato, form).pending)
    invited = office.invite(hall.sato, InviteForm(organisation="141305-B2109"))
    key = node_key("fish")
    calls = hall.enrol(invited.invitation, key, confirm=False)
    office.confirm(hall.sato, calls.node, fingerprint(key.public))
    return calls


def expired_until(hall: Townhall) -> int:
    with hall.hub.core.database.read() as tx:
        return int(tx.scalar("SELECT expired_until FROM municipality"))


def problem(answer: Response) -> Problem:
    return msgspec.json.decode(answer.body, type=Problem)
