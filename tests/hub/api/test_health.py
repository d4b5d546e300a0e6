"""Who watches a hub from outside hears whether it lives, is ready, and how much it does."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub import readiness
from hub.api.app import make_app
from hub.intake.stopped import KIND, Stopped
from hub.people import Role
from hub.readiness import LEAST_ROOM, LONGEST_ROUND, Looking
from hub.routes import ROUTES
from hub.store.database import Database
from sync.errors import Damaged, Unreachable
from sync.request import Problem
from sync.values import MunicipalityCode
from tests.hub.townhall import KAWASAKI, TOSHIMA, Townhall, townhall

OPERATE = Path(__file__).parents[3] / "docs" / "operate.md"
MANUAL = OPERATE.read_text("utf-8").partition("## Watching a hub")[2].partition("\n## ")[0]


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


@pytest.fixture
def http(hall: Townhall) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hall.hub)) as client:
        yield client


def figures(hall: Townhall, http: TestClient[Litestar], who: str = "Sato") -> dict[str, float]:
    """Every figure with its labels."""
    answer = http.get("/v1/metrics", headers=signed(hall, who))
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def signed(hall: Townhall, who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {hall.tokens[who]}"}


# -- alive


def test_a_hub_whose_database_is_away_is_alive_all_the_same(
    http: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    away(monkeypatch)

    answer = http.get("/v1/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


# -- ready


def test_a_hub_that_can_work_is_ready(http: TestClient[Litestar]) -> None:
    answer = http.get("/v1/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "stopped": []})


def test_a_hub_whose_database_is_away_is_not_ready(
    http: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    away(monkeypatch)

    answer = http.get("/v1/ready")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    told = msgspec.json.decode(answer.content, type=Problem)
    assert (told.reason, told.detail) == ("not-ready", "the database does not answer")
    assert told.instance == f"urn:machikado:request:{answer.headers['x-request-id']}"


def test_a_database_that_keeps_silent_is_not_waited_for(
    hall: Townhall, http: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.05)
    monkeypatch.setattr("hub.api.health.PATIENCE", 0.05)
    taken, done = threading.Event(), threading.Event()

    def keep() -> None:
        with hall.hub.core.database.write():
            taken.set()
            done.wait(20)

    keeper = threading.Thread(target=keep)
    keeper.start()
    taken.wait(20)
    try:
        answers = [http.get("/v1/ready") for _ in range(2)]
    finally:
        done.set()
        keeper.join()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert "has not answered" in answers[0].json()["detail"]


def test_a_full_disk_and_a_hub_that_posts_nothing_are_said(hall: Townhall, tmp_path: Path) -> None:
    looking = Looking(hall.hub.core, tmp_path, room=lambda _: LEAST_ROOM - 1)
    looking.went_round()
    hall.clock.turn(ms=LONGEST_ROUND + 1)

    disk, posting = looking.look().lacking

    assert disk.startswith("less than 256 MiB are free")
    assert posting.startswith("nothing is posted any more")


def test_the_hubs_own_round_keeps_it_ready(hall: Townhall) -> None:
    hall.hub.round()
    hall.clock.turn(ms=LONGEST_ROUND + 1)
    assert hall.hub.looking.look().lacking
    hall.hub.round()
    assert not hall.hub.looking.look().lacking


def test_one_town_that_stopped_does_not_take_the_others_along(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    hall.join(TOSHIMA, "豊島区")
    with Stopped(hall.hub.core).guarding(MunicipalityCode(KAWASAKI)):
        raise Damaged("the sums of a town do not add up")

    answer = http.get("/v1/ready")

    assert (answer.status_code, answer.json()["stopped"]) == (200, [KAWASAKI])
    told = figures(hall, http)
    assert told[f'machikado_towns_stopped{{municipality="{KAWASAKI}"}}'] == 1
    assert told[f'machikado_exceptions_open{{kind="{KIND}"}}'] == 1


# -- figures


def test_figures_are_for_who_may_read_everything(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    hall.person("Mori", Role.AUDITOR)
    hall.person("Tanaka", Role.CLERK)
    hall.person("Ito", Role.AUDITOR, KAWASAKI)

    assert http.get("/v1/metrics").status_code == 401
    assert http.get("/v1/metrics", headers=signed(hall, "Tanaka")).status_code == 403
    assert http.get("/v1/metrics", headers=signed(hall, "Ito")).status_code == 403
    assert figures(hall, http, "Mori")


def test_what_is_handed_in_and_put_off_is_counted(
    hall: Townhall, http: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = figures(hall, http)
    assert before['machikado_requests_put_off_total{status="503"}'] == 0
    assert before["machikado_verifier_restarts_total"] == 0
    assert before["machikado_database_bytes"] > 10_000

    assert http.get("/v1/time").status_code == 200
    assert http.get("/v1/desk/residents/CANARY77", headers=signed(hall, "Sato")).status_code == 404
    with monkeypatch.context() as for_a_moment:
        away(for_a_moment)
        http.get("/v1/ready")

    told = figures(hall, http)
    assert told['machikado_requests_total{method="GET",route="/v1/time",status="200"}'] == 1
    shown = 'method="GET",route="/v1/desk/residents/{name}",status="404"'
    assert told[f"machikado_requests_total{{{shown}}}"] == 1
    assert told['machikado_requests_put_off_total{status="503"}'] == 1
    assert told['machikado_request_seconds_count{route="/v1/time"}'] == 1
    assert not any("CANARY77" in name for name in told)


def test_every_figure_in_the_manual_is_there(hall: Townhall, http: TestClient[Litestar]) -> None:
    named = set(re.findall(r"machikado_[a-z_]+", MANUAL))

    text = http.get("/v1/metrics", headers=signed(hall, "Sato")).text
    families = dict(re.findall(r"^# TYPE (machikado_\S+) (\w+)", text, re.MULTILINE))
    there = {
        name + end
        for name, kind in families.items()
        if not name.endswith("_created")
        for end in (("_bucket",) if kind == "histogram" else ("",))
    }
    assert len(there) > 10
    assert named == there


def test_every_route_in_an_alert_is_there() -> None:
    named = set(re.findall(r'route="([^"]+)"', MANUAL))
    assert named
    assert named <= {route.path for route in ROUTES}


def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database does not answer."""

    def nobody(*_: Any) -> Any:
        raise Unreachable("the database does not answer")

    monkeypatch.setattr(Database, "read", nobody)
