"""The description says what is served, no more and no less, and its examples are true."""

import re
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.api.description import EXAMPLES, PATH, describe
from hub.api.operations import Operation, Proof, operations
from hub.reasons import BY_STATUS
from sync.signing import Signed
from tests.architecture.source import modules
from tests.architecture.test_docs import DOCS, read
from tests.hub.api.examples import Examples, told
from tests.hub.api.playing import ONCE
from tests.hub.townhall import ORIGIN, townhall

_BYTES = re.compile(r"(?:[0-9A-Za-z+/]{4}){8,}[0-9A-Za-z+/]*={0,2}|[0-9a-f]{32,}")
"""Byte strings in base64 or hexadecimal digits: some hold keys that are new each time."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Operation], Examples]:
    return told(tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    return make_app(townhall(tmp_path_factory.mktemp("described")).hub)


@pytest.fixture(scope="module")
def document(app: Litestar) -> Any:
    return describe(app, ORIGIN)


def stored() -> Examples:
    return msgspec.json.decode(EXAMPLES.read_bytes())  # type: ignore[no-any-return]


def without_bytes(value: Any) -> Any:
    """The same with byte strings left out."""
    return _BYTES.sub("...", msgspec.json.encode(value, order="sorted").decode())


def test_the_examples_are_what_the_story_asks_and_hears(
    played: tuple[list[Operation], Examples],
) -> None:
    now, kept = played[1], stored()
    assert now.keys() == kept.keys()
    other = [name for name in now if without_bytes(now[name]) != without_bytes(kept[name])]
    assert other == [], "python -m tests.hub.api.examples"


def test_every_call_has_its_example(app: Litestar) -> None:
    examples = stored()
    for each in operations(app):
        example = examples[each.name]
        assert (each.reads is not None) == ("request" in example), each.name
        assert (each.says is not None) == ("answer" in example), each.name
        assert set(example.get("path", {})) >= set(each.places)


def test_every_example_is_read_as_the_hub_reads_it(app: Litestar) -> None:
    examples = stored()
    for each in operations(app):
        example = examples[each.name]
        if "request" in example:
            msgspec.convert(example["request"], each.reads)
        if "sealed" in example:
            msgspec.convert(example["answer"], Signed)
            msgspec.convert(example["sealed"], each.says)
        elif "answer" in example:
            msgspec.convert(example["answer"], each.says)


def test_every_example_fits_its_schema(document: Any) -> None:
    """By JSON Schema 2020-12 itself, which is what OpenAPI 3.1 means."""
    checked = 0
    for path in document["paths"].values():
        for operation in path.values():
            contents = [
                *operation.get("requestBody", {}).get("content", {}).values(),
                *operation["responses"]["200"]["content"].values(),
            ]
            for content in contents:
                if "example" not in content:
                    continue
                schema = {"components": document["components"], **content["schema"]}
                jsonschema_rs.validate(schema, content["example"])
                checked += 1
    assert checked > 120


def test_every_reference_leads_somewhere(document: Any) -> None:
    text = msgspec.json.encode(document).decode()
    for kind, name in set(re.findall(r'"\$ref":"#/components/(\w+)/([^"]+)"', text)):
        assert name in document["components"][kind]
    assert r"\\A" not in text


def test_what_is_served_is_described_and_nothing_else(app: Litestar, document: Any) -> None:
    served = {(each.method.lower(), each.path) for each in operations(app)}
    told = {(method, path) for path, found in document["paths"].items() for method in found}
    assert told == served
    names = [each.name for each in operations(app)]
    assert len(names) == len(set(names)) > 80


def test_who_may_call_and_with_which_key_is_described(app: Litestar) -> None:
    found = list(operations(app))
    assert {f"{each.method} {each.path}" for each in found if each.once} == ONCE
    assert {each.name for each in found if each.proof is Proof.NONE} == {
        *("join", "sign_in", "health", "ready"),
        *("node_time", "node_keys", "node_invited", "node_enrol"),
    }
    assert all(each.summary.endswith(".") for each in found)


def test_anybody_may_read_it(app: Litestar) -> None:
    with TestClient(app) as http:
        answer = http.get(PATH)
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert (document["openapi"], document["servers"]) == ("3.1.0", [{"url": ORIGIN}])


# -- reasons

ELSEWHERE = {"demo-ca-exists", "file-exists", "hub-exists", "hub-on-server", "not-a-file"}
"""Refusals of commands at the hub's own machine, which no call makes."""


def raised() -> set[str]:
    """Every reason that stands in a module of the hub where a rule says no."""
    found = set()
    for path in modules():
        if path.parts[-2:-1] == ("hub",) or "/hub/" in path.as_posix():
            source = path.read_text("utf-8")
            found |= set(re.findall(r'RefusedByRule\(\s*"([a-z-]+)"', source))
            found |= set(re.findall(r'problem_response\(\s*\d+,\s*"([a-z-]+)"', source))
    return found


def test_every_reason_is_described_once() -> None:
    told = [reason for reasons in BY_STATUS.values() for reason in reasons]
    assert len(told) == len(set(told))
    assert raised() - ELSEWHERE - set(told) == set()


def test_every_reason_is_in_the_manual_with_its_status() -> None:
    manual = read(DOCS / "api.md")
    lacking = [
        reason
        for status, reasons in BY_STATUS.items()
        for reason, words in reasons.items()
        if f"| {status} | `{reason}` | {words} |" not in manual
    ]
    assert lacking == []


def test_the_reading_finds_reasons() -> None:
    assert {"not-allowed", "unknown-window", "over-budget"} <= raised()
