"""The application: every endpoint refuses strangers, every failure is a problem."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from hub.api.app import MOST_FORM, make_app
from hub.client import HubClient
from hub.forms import (
    CloseForm,
    GrantForm,
    InviteForm,
    MunicipalityForm,
    OrganisationForm,
    ProgrammeForm,
    ReleaseForm,
    ReserveForm,
    TwiceForm,
)
from hub.people import Role
from hub.rates import PEOPLE
from hub.routes import ROUTES
from sync.batch import MOST_WIRE
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.request import Problem
from tests.hub.shells import ClientDoor
from tests.hub.townhall import BANK, GREENGROCER, KAWASAKI, TOSHIMA, Townhall, townhall

OPEN = {("POST", "/v1/desk/join"), ("POST", "/v1/desk/session")}


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


@pytest.fixture
def http(hall: Townhall) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hall.hub)) as client:
        yield client


def person(hall: Townhall, http: TestClient[Litestar], name: str) -> HubClient:
    return HubClient(ClientDoor(http), hall.tokens[name])


def endpoints(app: Litestar) -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/v1/desk")
        for method in sorted(route.methods - {"OPTIONS", "HEAD"})
    ]


def test_every_endpoint_refuses_strangers(http: TestClient[Litestar]) -> None:
    found = endpoints(http.app)
    assert len(found) > 30
    for method, path in found:
        if (method, path) in OPEN:
            continue
        target = path.replace("{name:str}", "x")
        for headers in (
            {},
            {"Authorization": "Bearer"},
            {"Authorization": "Basic eDp5"},
            {"Authorization": f"Bearer {'A' * 52}"},
        ):
            answer = http.request(method, target, headers=headers, content=b"{")
            assert answer.status_code == 401, (method, path, answer.text)
            assert problem(answer).reason == "not-authentic"


def test_every_endpoint_answers_nonsense_with_a_problem(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    for method, path in endpoints(http.app):
        for step in ("x", "%00", "141305", "../..", "'--"):
            for body in (b"", b"{", b"[]", b'{"x": 1}', b"\xff\xfe"):
                target = path.replace("{name:str}", step)
                hall.clock.turn(ms=PEOPLE.each)  # as fast as one person may ask all day
                answer = http.request(method, target, headers=headers, content=body)
                assert answer.status_code < 500, (method, target, body, answer.text)
                if answer.status_code >= 400:
                    assert problem(answer).detail
                    assert "Traceback" not in answer.text


def test_an_auditor_reads_and_changes_nothing(hall: Townhall, http: TestClient[Litestar]) -> None:
    hall.person("Mori", Role.AUDITOR)
    mori = person(hall, http, "Mori")
    assert [each.organisation for each in mori.organisations()] == [GREENGROCER]
    for ask in (
        lambda: mori.invite(InviteForm(organisation=GREENGROCER)),
        lambda: mori.fund_reserve(KAWASAKI, ReserveForm(points=1, why="x")),
        lambda: mori.close_window(KAWASAKI, CloseForm()),
        lambda: mori.bank_file(f"{KAWASAKI}-shops-1"),
        lambda: mori.set_policy(KAWASAKI, "{}"),
        lambda: mori.revoke_operator("Sato"),
    ):
        with pytest.raises(RefusedByRule) as caught:
            ask()
        assert caught.value.reason == "not-allowed"


def test_a_body_that_is_too_long_is_refused(hall: Townhall, http: TestClient[Litestar]) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    answer = http.post("/v1/desk/grants", content=b"x" * (MOST_FORM + 1), headers=headers)
    assert answer.status_code == 413
    node = http.put("/v1/nodes/x/epochs/y/records/1", content=b"x" * (2 * MOST_WIRE + 1))
    assert node.status_code == 413


def test_every_call_of_the_door_is_served(http: TestClient[Litestar]) -> None:
    for route in ROUTES:
        path = route.path.format(
            node="141305-B2108-1111", epoch="1-" + "0" * 16, first=1, n=1, digest="0" * 64
        )
        answer = http.request(route.method, path, headers={"Content-Type": (*route.takes, "")[0]})
        assert answer.status_code in {200, 400, 401}, (route.path, answer.text)


def test_what_is_not_there_is_said_as_a_problem(http: TestClient[Litestar]) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/v1/x"),
        ("PATCH", "/v1/x"),
        ("GET", "/v1/desk/x"),
    ):
        answer = http.request(method, path)
        assert (answer.status_code, problem(answer).reason) == (404, "no-such-call")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/time", {"GET"}),
        ("DELETE", "/v1/nodes/x/epochs/y/records/1", {"GET", "PUT"}),
        ("HEAD", "/v1/keys", {"GET"}),
        ("TRACE", "/v1/keys", {"GET"}),
        ("PUT", "/v1/desk/grants", {"POST", "OPTIONS"}),
    ],
)
def test_a_method_that_is_not_for_a_path_hears_which_are(
    http: TestClient[Litestar], method: str, path: str, allowed: set[str]
) -> None:
    answer = http.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    if method != "HEAD":
        assert problem(answer).reason == "method-not-allowed"


def test_a_body_that_is_not_json_is_not_taken_for_a_form(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        told = http.post("/v1/desk/grants", content=b"{}", headers=headers | {"Content-Type": kind})
        assert (told.status_code, problem(told).reason) == (415, "not-understood")
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        told = http.post("/v1/desk/grants", content=b"{}", headers=headers | {"Content-Type": kind})
        assert told.status_code == 400


def test_who_wants_another_answer_than_json_hears_that_there_is_none(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    for accept in ("text/html", "application/json;q=0, */*", "*/*;q=0.0"):
        told = http.get("/v1/desk/nodes", headers=headers | {"Accept": accept})
        assert (told.status_code, problem(told).reason) == (406, "not-acceptable")
    for accept in (
        "",
        "*/*",
        "application/*;q=0.1",
        "text/html, application/json",
        "*/*;q=0,application/json",
    ):
        assert http.get("/v1/desk/nodes", headers=headers | {"Accept": accept}).status_code == 200


def test_who_did_not_sign_in_hears_how(http: TestClient[Litestar]) -> None:
    assert http.get("/v1/desk/nodes").headers["www-authenticate"] == "Bearer"
    unsigned = http.get("/v1/nodes/141305-B2108-1111/feed")
    assert unsigned.headers["www-authenticate"] == "Signature"
    assert unsigned.headers["accept-signature"] == (
        'machikado=("@method" "@target-uri" "content-digest" "content-type")'
        ';created;keyid;tag="machikado"'
    )


def test_people_set_a_town_up_over_http(hall: Townhall, http: TestClient[Litestar]) -> None:
    sato, suzuki = person(hall, http, "Sato"), person(hall, http, "Suzuki")
    form = MunicipalityForm(
        municipality=TOSHIMA, name="豊島区", requester="1234567890", account=BANK
    )
    assert sato.add_municipality(form).outcome == "done"
    assert [each.point_name for each in sato.municipalities()] == [
        "豊島区ポイント",
        "川崎市ポイント",
    ]
    sato.set_calendar(TOSHIMA, '{"closing_day": 15}')
    with pytest.raises(Malformed):
        sato.set_calendar(TOSHIMA, '{"closing_day": 32}')

    bookshop = OrganisationForm(organisation="131164-C1001", name="本屋", account=BANK)
    asked = sato.add_organisation(bookshop)
    [waiting] = suzuki.pending()
    assert (waiting.id, waiting.person, waiting.what["name"]) == (asked.pending, "Sato", "本屋")
    suzuki.approve(asked.pending)
    sato.accept_organisation("131164-C1001", KAWASAKI)
    assert sato.organisations()[0].accepted_by == (TOSHIMA, KAWASAKI)

    invited = sato.invite(InviteForm(organisation="131164-C1001", kind="counter"))
    assert invited.node == "131164-C1001-1111"
    assert [each.state for each in sato.nodes()] == ["invited"]
    sato.add_programme(ProgrammeForm(programme="001", municipality=TOSHIMA, name="祭"))
    assert sato.programmes()[0].use_until == "2099-12-31"
    assert sato.policy(TOSHIMA)["float_points"] == 30_000


def test_the_two_people_settle(hall: Townhall, http: TestClient[Litestar]) -> None:
    sato, suzuki = person(hall, http, "Sato"), person(hall, http, "Suzuki")
    closed = sato.close_window(KAWASAKI, CloseForm())
    assert (closed.window, closed.lines, closed.total) == (f"{KAWASAKI}-shops-1", 0, 0)
    assert sato.review_window(closed.window).needs == "approve"
    with pytest.raises(RefusedByRule) as caught:
        sato.approve_window(closed.window)
    assert caught.value.reason == "second-person"
    assert suzuki.approve_window(closed.window).needs == "file"
    twice = (TwiceForm(organisation=f"{KAWASAKI}-B2108", why="two shops of one owner"),)
    with pytest.raises(RefusedByRule) as caught:
        suzuki.bank_file(closed.window, ReleaseForm(twice=twice))
    assert caught.value.reason == "not-paid-here"
    made = suzuki.bank_file(closed.window)
    assert (made.count, made.total) == (0, 0)
    assert suzuki.bank_file(closed.window) == made
    assert [each.state for each in sato.windows()] == ["settled"]  # there was nothing to pay


def test_a_stranger_hears_what_is_wrong(hall: Townhall, http: TestClient[Litestar]) -> None:
    sato = person(hall, http, "Sato")
    with pytest.raises(RefusedByRule) as caught:
        sato.resident("MY123456")
    assert caught.value.reason == "resident-unknown"
    with pytest.raises(NotAuthentic):
        HubClient(ClientDoor(http), "A" * 52).nodes()
    with pytest.raises(Malformed):
        sato.grant(GrantForm(mykey_id="abc", municipality=KAWASAKI, points=1, programme="001"))
    for ask, reason in (
        (lambda: sato.ticket("0000000000000"), "ticket-unknown"),
        (lambda: sato.exception("141305-9"), "unknown-exception"),
        (lambda: sato.review_window("141305-shops-9"), "unknown-window"),
    ):
        with pytest.raises(RefusedByRule) as caught:
            ask()
        assert caught.value.reason == reason


def problem(answer: Any) -> Problem:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return msgspec.json.decode(answer.content, type=Problem)
