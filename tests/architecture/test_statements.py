"""Each statement of points, intake and settlement stays with one town, but for those named here.

On a database that is spread by municipality (Citus) such a statement is answered by one machine.
What asks all of them at once is written down with its reason: `docs/operate.md` tells operators.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import schema
from tests.architecture.source import ROOT

ROOMS = ("points", "intake", "settlement")
MODULES = sorted(path for room in ROOMS for path in (ROOT / "hub" / room).glob("*.py"))
_BEGINS = re.compile(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b")
_INNERMOST = re.compile(r"\(([^()]*)\)")
_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE)\s+([a-z_]+)")
_ONE_TOWN = re.compile(r"\bmunicipality\s*=")

ASK_ALL = {
    ("points/askers.py", "handover"): "what waits lies with the town whose points it moves",
    ("points/books.py", "posting"): "the clock that orders postings of different towns",
    ("points/earned.py", "earned"): "the audit, which reads every town",
    ("points/earned.py", "transfer"): "likewise",
    ("points/ending.py", "hold"): "holds lie with the node's home, and may be of another town",
    ("points/ending.py", "handover"): "what waits lies with the town whose points it moves",
    ("points/left.py", "left_then"): "the audit, which reads every town",
    ("points/months.py", "transfer"): "likewise",
    ("points/tickets.py", "hold"): "a ticket may be claimed at a counter of another town",
    ("intake/heal.py", "incident"): "a round asks which towns have something to judge again",
    ("intake/post.py", "cursor"): "a round asks which towns have something to post",
    ("intake/post.py", "handover"): "likewise",
    ("intake/stopped.py", "incident"): "people see every town that stands still",
    ("settlement/journal.py", "settlement_window"): "one journal has the files of all towns",
}


def statements(path: Path) -> Iterator[str]:
    """The statements of a module; what is put in at run time is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {
        id(part)
        for whole in ast.walk(tree)
        if isinstance(whole, ast.JoinedStr | ast.BinOp)
        for part in ast.walk(whole)
        if part is not whole
    }
    for node in ast.walk(tree):
        if id(node) not in parts and isinstance(node, ast.JoinedStr | ast.BinOp | ast.Constant):
            text = _text(node)
            if _BEGINS.match(text):
                yield text


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(map(_text, values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
    return ""


def questions(statement: str) -> Iterator[str]:
    """A statement's questions one by one, those within others first."""
    while inner := _INNERMOST.search(statement):
        text = inner[1]
        if _BEGINS.match(text):
            yield text
            text = ""
        statement = statement[: inner.start()] + text + statement[inner.end() :]
    yield statement


def asking_all(path: Path) -> set[tuple[str, str]]:
    """(module, table) of statements that name no town."""
    module = path.relative_to(ROOT / "hub").as_posix()
    return {
        (module, table)
        for statement in statements(path)
        for text in questions(statement)
        if not _ONE_TOWN.search(text)
        for table in _NAMED.findall(text)
        if table in schema.metadata.tables
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_statement_names_the_town_it_asks(path: Path) -> None:
    assert asking_all(path) <= ASK_ALL.keys()


def test_every_exemption_is_still_needed() -> None:
    assert set().union(*map(asking_all, MODULES)) == ASK_ALL.keys()


def test_the_reading_finds_statements() -> None:
    module = ROOT / "hub" / "points" / "books.py"
    assert len([*statements(module)]) > 5
    assert any("FROM balance" in text for text in statements(module))


def test_a_question_within_another_is_looked_at_by_itself() -> None:
    whole = "SELECT a, (SELECT b FROM d WHERE e=1) FROM c WHERE (municipality=? OR f)"
    assert [*questions(whole)] == [
        "SELECT b FROM d WHERE e=1",
        "SELECT a,  FROM c WHERE municipality=? OR f",
    ]
