"""Every call has a name, in its answer and in the log; the log names nothing else of anybody."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.logs import log_to
from sync.request import fresh_request_id
from tests.doubles.clocks import SeededRandomness
from tests.hub.townhall import Townhall, townhall


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


@pytest.fixture
def http(hall: Townhall) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hall.hub), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def log() -> Iterator["Log"]:
    log = Log()
    yield log
    log.end()


class Log:
    """The hub's log from now on."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._end = log_to(self._stream)
        self._ended = False

    def end(self) -> None:
        if not self._ended:
            self._end()
        self._ended = True

    def answered(self) -> list[dict[str, Any]]:
        """The lines that say a call was answered."""
        self.end()
        lines = [json.loads(line) for line in self._stream.getvalue().splitlines()]
        return [line for line in lines if line["logger"] == "machikado.access"]


def test_a_call_without_a_name_gets_one(http: TestClient[Litestar], log: Log) -> None:
    answer = http.get("/v1/time")

    name = answer.headers["x-request-id"]
    assert re.fullmatch(r"[A-Z2-7]{12}", name)
    [line] = log.answered()
    assert (line["request"], line["route"], line["status"]) == (name, "/v1/time", 200)
    assert line["ms"] >= 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("till-7.2026-11-02_a", True),
        ("A" * 64, True),
        ("A" * 65, False),
        ("short", False),
        ("-starts-with-a-dash", False),
        ('quote"and space', False),
        ("12345678/../etc", False),
        ("", False),
    ],
)
def test_a_name_of_the_callers_own_is_kept_where_it_is_well_formed(
    http: TestClient[Litestar], sent: str, *, kept: bool
) -> None:
    answer = http.get("/v1/time", headers={"X-Request-Id": sent})

    assert (answer.headers["x-request-id"] == sent) is kept


def test_two_calls_never_share_a_drawn_name() -> None:
    randomness = SeededRandomness("names")

    assert len({fresh_request_id(randomness) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/v1/nodes/141305-B2108-1111/feed", "/v1/nodes/{node}/feed"),
        ("GET", "/v1/invitations/CANARY77", "/v1/invitations/{digest}"),
        ("GET", "/v1/desk/residents/CANARY77?CANARY77=1", "/v1/desk/residents/{name}"),
        ("GET", "/v1/desk/CANARY77", "other"),
        ("GET", "/CANARY77", "other"),
        ("CANARY77", "/v1/time", "other"),
        ("PUT", "/v1/nodes/CANARY77", "other"),
    ],
)
def test_a_problem_names_its_call_and_the_log_only_its_route(
    http: TestClient[Litestar], log: Log, method: str, path: str, route: str
) -> None:
    answer = http.request(method, path, content=b"CANARY77")

    assert answer.status_code >= 400
    name = answer.headers["x-request-id"]
    assert answer.json()["instance"] == f"urn:machikado:request:{name}"
    assert int(answer.headers["content-length"]) == len(answer.content)
    [line] = log.answered()
    assert (line["request"], line["route"]) == (name, route)
    assert "node" not in line, "nobody has proved to be that terminal"


def test_the_log_says_who_it_was(hall: Townhall, http: TestClient[Litestar], log: Log) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    http.get("/v1/desk/nodes", headers=headers)

    [line] = log.answered()
    assert line["person"] == "Sato"
    assert hall.tokens["Sato"] not in json.dumps(line)


def test_what_nobody_foresaw_is_in_the_log_under_the_name_of_its_call(
    hall: Townhall, http: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ArithmeticError("odd")

    stream = io.StringIO()
    end = log_to(stream)
    monkeypatch.setattr(type(hall.hub.office), "nodes", breaks)
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    answer = http.get("/v1/desk/nodes", headers=headers)
    end()

    assert answer.status_code == 500
    assert "odd" not in answer.text
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    [broken] = [line for line in lines if "exception" in line]
    assert "ArithmeticError: odd" in broken["exception"]
    assert broken["request"] == answer.headers["x-request-id"]
