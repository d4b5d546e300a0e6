"""What stands behind the question mark is known to a call of the desk, or the call is refused."""

import re
from collections.abc import Iterator

import httpx
import pytest

from hub.api.operations import PAGE, operations
from tests.hub.api.playing import Stage, stage
from tests.hub.api.test_negatives import EVERY

CALLS = [each for each in EVERY if " /v1/desk/" in each]


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("parameters")) as on:
        yield on


def asked(on: Stage, call: str, query: str) -> httpx.Response:
    method, path = call.split()
    headers = {"Authorization": f"Bearer {on.hall.tokens['Sato']}"}
    return on.http.request(method, re.sub(r"\{\w+\}", "x", path) + "?" + query, headers=headers)


@pytest.mark.parametrize("query", ["limt=1", "limt", "limt=", "%6Cimt=1", "limt=1&limit=1"])
@pytest.mark.parametrize("call", CALLS)
def test_a_parameter_that_no_call_knows_is_refused_by_its_name(
    on: Stage, call: str, query: str
) -> None:
    before = on.stored()

    refused = asked(on, call, query)

    assert (refused.status_code, refused.json()["reason"]) == (400, "malformed")
    assert refused.json()["detail"] == "this call has no parameter 'limt'"
    assert on.stored() == before


@pytest.mark.parametrize("query", ["eight%20herons", "limt[]=1", "=1", "A" * 52, "%FF"])
def test_what_is_no_name_of_a_parameter_is_not_said_again(on: Stage, query: str) -> None:
    refused = asked(on, "GET /v1/desk/nodes", query)

    assert refused.status_code == 400
    assert refused.json()["detail"] == "this call has no parameter of such a name"


def test_only_lists_know_the_parameters_of_a_page(on: Stage) -> None:
    lists = {f"{each.method} {each.path}" for each in operations(on.http.app) if each.query == PAGE}

    refused = {call for call in CALLS if "no parameter" in asked(on, call, "limit=1").text}

    assert refused == {*CALLS} - lists
    assert lists


def test_who_asks_is_looked_at_before_what_is_asked(on: Stage) -> None:
    assert on.http.get("/v1/desk/nodes?limt=1").status_code == 401
