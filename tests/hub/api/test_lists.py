"""Every list of the hub comes in pages: none can be served that does not."""

import re
import typing
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.operations import PAGE, Operation, operations
from tests.hub.api.playing import play, stage
from tests.hub.api.story import Ask

MOST = 100
"""Rows of the longest list, and more."""
WRONG = ("limit=0", "limit=1001", "limit=x", "after=x", "after=%00")


def is_list(each: Operation) -> bool:
    return typing.get_origin(each.says) is list


def row_by_row(http: TestClient[Litestar], path: str, headers: dict[str, str]) -> list[object]:
    """A list as a stranger reads it who has room for one row."""
    found: list[object] = []
    ahead = f"{path}?limit=1"
    while ahead and len(found) < MOST:
        answer = http.get(ahead, headers=headers)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) <= 1
        found += answer.json()
        link = re.fullmatch(r'<([!-~]+)>; rel="next"', answer.headers.get("link", ""))
        ahead = link[1] if link else ""
    return found


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """Each list of the story, as far as it was longest; read at once and row by row."""
    longest: dict[str, list[object]] = {}
    folder: Path = tmp_path_factory.mktemp("lists")
    with stage(folder) as on:
        lists = {f"{each.method} {each.path}" for each in operations(on.http.app) if is_list(each)}

        def heard(ask: Ask, answer: httpx.Response) -> None:
            if ask.operation not in lists:
                return
            headers = dict(on.request(ask).headers)
            whole = answer.json()
            assert row_by_row(on.http, ask.path, headers) == whole, ask.operation
            for query in WRONG:
                refused = on.http.get(f"{ask.path}?{query}", headers=headers)
                assert refused.status_code == 400, (ask.operation, query)
            longest[ask.operation] = max(longest.get(ask.operation, []), whole, key=len)

        play(on, lambda _: None, heard)
        assert longest.keys() == lists, "every list is asked for in the story"
    return longest


def test_every_list_says_row_by_row_what_it_says_at_once(read: dict[str, list[object]]) -> None:
    assert sum(len(rows) > 1 for rows in read.values()) >= 5, "with more than one row"


def test_what_is_a_list_has_pages_and_nothing_else_has(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        served = list(operations(on.http.app))
    assert {each.name for each in served if is_list(each)} == {
        each.name for each in served if each.query == PAGE
    }
