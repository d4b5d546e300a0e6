"""What docs/api.md shows by hand works as it stands there."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.forms import ProgrammeForm
from hub.once import KEPT
from sync.calls import MESSAGE
from sync.values import DAY
from tests.architecture.test_docs import DOCS, read
from tests.hub.mykey.people import card
from tests.hub.townhall import KAWASAKI, ORIGIN, Townhall, node_key, townhall

MANUAL = read(DOCS / "api.md")


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    """Hana is registered, and there is something to grant her points for."""
    hall = townhall(tmp_path)
    hall.hub.mykey.register(card("hana"), "HANA0001", consent_points=True)
    programme = ProgrammeForm(programme="101", municipality=KAWASAKI, name="清掃")
    hall.hub.treasury.add_programme(hall.sato, programme)
    return hall


@pytest.fixture
def http(hall: Townhall) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hall.hub), base_url=ORIGIN) as client:
        yield client


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", MANUAL, re.DOTALL | re.MULTILINE)


def test_a_request_that_is_signed_by_hand_is_let_in(
    hall: Townhall,
    http: TestClient[Litestar],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = hall.terminal()
    [program] = blocks("python")
    heard: list[httpx.Response] = []

    def request(method: str, url: str, **what: Any) -> httpx.Response:
        heard.append(http.request(method, url, **what))
        return heard[-1]

    monkeypatch.setattr(httpx, "request", request)
    monkeypatch.setattr("time.time", lambda: hall.clock.now() / 1000)
    given = {
        "HUB": ORIGIN,
        "NODE": calls.node,
        "EPOCH": calls.epoch,
        "KEY": node_key("first disk").private.private_bytes_raw(),
    }
    exec(compile(program, "docs/api.md", "exec"), given)  # noqa: S102  the manual's own words

    assert [answer.status_code for answer in heard] == [200]
    assert capsys.readouterr().out.startswith(f"200 {MESSAGE}")
    needs = set(re.findall(r"^(?:import|from) (\w+)", program, re.MULTILINE))
    assert needs == {"base64", "hashlib", "time", "httpx", "cryptography"}


def test_what_is_typed_into_a_shell_is_answered(hall: Townhall, http: TestClient[Litestar]) -> None:
    """curl is read as curl reads it; the token file is Sato's."""
    asked = [words for words in map(words_of, commands()) if words[0] == "curl"]
    assert len(asked) == 2
    for words in asked:
        headers = dict(value.split(": ", 1) for name, value in pairwise(words) if name == "-H")
        headers["Authorization"] = f"Bearer {hall.tokens['Sato']}"
        body = words[words.index("-d") + 1] if "-d" in words else ""
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        path = words[-1].removeprefix("https://hub.example:8443")
        answer = http.request(method, path, headers=headers, content=body)
        assert answer.status_code == 200, answer.text


def commands() -> list[str]:
    return [
        line
        for block in blocks("sh")
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip()
    ]


def words_of(line: str) -> list[str]:
    return shlex.split(line)


def test_the_manual_says_how_long_a_key_is_kept() -> None:
    assert KEPT == 7 * DAY
    assert "for seven days, in the transaction that did it" in MANUAL.replace("\n", " ")
