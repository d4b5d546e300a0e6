"""One key that asks without an end is made to wait; everybody else is answered as before."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.client import HubClient
from hub.rates import NODES, PEOPLE, OverRate, Rate, Rates
from sync.calls import MESSAGE, keyid_of
from sync.errors import TooMany
from sync.request import Problem, Request, Response, header_of, sign_request
from sync.values import Millis
from tests.doubles.clocks import TurnedClock, at
from tests.hub.shells import ClientDoor
from tests.hub.townhall import ORIGIN, Townhall, node_key, townhall


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Townhall:
    """A hub that gives each key three calls at once, and one each second."""
    few = Rate(at_once=3, each=Millis(1_000))
    monkeypatch.setattr("hub.api.app.PEOPLE", few)
    monkeypatch.setattr("hub.door.NODES", few)
    return townhall(tmp_path)


@pytest.fixture
def http(hall: Townhall) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hall.hub)) as client:
        yield client


def test_a_script_that_runs_away_is_told_to_wait(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    left = [http.get("/v1/desk/nodes", headers=headers).headers["ratelimit"] for _ in range(3)]
    assert left == ['"key";r=2;t=1', '"key";r=1;t=2', '"key";r=0;t=3']

    stopped = http.get("/v1/desk/nodes", headers=headers)

    assert stopped.status_code == 429
    assert stopped.headers["retry-after"] == "1"
    assert stopped.headers["ratelimit-policy"] == '"key";q=3;w=3'
    assert stopped.headers["ratelimit"] == '"key";r=0;t=3'
    assert msgspec.json.decode(stopped.content, type=Problem).reason == "too-many-requests"
    with pytest.raises(TooMany, match="Sato asks too much"):
        HubClient(ClientDoor(http), hall.tokens["Sato"]).nodes()
    hall.clock.turn(ms=1_000)
    assert http.get("/v1/desk/nodes", headers=headers).status_code == 200


def test_others_are_answered_meanwhile(hall: Townhall, http: TestClient[Litestar]) -> None:
    sato = HubClient(ClientDoor(http), hall.tokens["Sato"])
    for _ in range(3):
        sato.nodes()
    with pytest.raises(TooMany):
        sato.nodes()
    HubClient(ClientDoor(http), hall.tokens["Suzuki"]).nodes()


def test_a_terminal_that_runs_away_is_told_to_wait(hall: Townhall) -> None:
    calls = hall.terminal()
    for _ in range(3):
        assert asked(hall, calls.node, calls.epoch).status == 200
    stopped = asked(hall, calls.node, calls.epoch)
    assert (stopped.status, header_of(stopped.headers, "retry-after")) == (429, "1")
    assert header_of(stopped.headers, "ratelimit") == '"key";r=0;t=3'
    hall.clock.turn(ms=1_000)
    assert asked(hall, calls.node, calls.epoch).status == 200


def test_nobody_uses_up_what_another_may_ask(hall: Townhall) -> None:
    """A thief names the terminal's key and does not have it."""
    calls = hall.terminal()
    for _ in range(5):
        assert asked(hall, calls.node, calls.epoch, disk="thief").status == 401
    assert asked(hall, calls.node, calls.epoch).status == 200


@given(st.lists(st.integers(0, 3_000), max_size=40), st.integers(1, 4))
def test_what_is_told_to_be_left_may_be_asked(pauses: list[int], at_once: int) -> None:
    clock = TurnedClock(at("2026-11-02 10:00"))
    rates = Rates(clock, Rate(at_once=at_once, each=Millis(1_000)))
    for pause in pauses:
        clock.turn(ms=pause)
        left = int(dict(rates.fields("key"))["RateLimit"].split(";")[1].removeprefix("r="))
        assert 0 <= left <= at_once
        refused = True
        with suppress(OverRate):
            rates.take("key")
            refused = False
        assert refused == (left == 0)


def test_a_days_work_stays_far_below() -> None:
    assert (NODES.at_once, NODES.each) == (3_000, 20)
    assert (PEOPLE.at_once, PEOPLE.each) == (600, 100)


def asked(hall: Townhall, node: str, epoch: str, disk: str = "first disk") -> Response:
    request = sign_request(
        Request("GET", f"/v1/nodes/{node}/feed", MESSAGE, b""),
        origin=ORIGIN,
        key=node_key(disk),
        keyid=keyid_of(node, epoch),  # type: ignore[arg-type]  # plain texts
        created=hall.clock.now() // 1000,
    )
    return hall.hub.door.send(request)
