"""docs/performance.md explains every figure that the bench prints, and none that it does not."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.architecture.source import ROOT
from tests.bench.__main__ import PARTS

MANUAL = ROOT / "docs" / "performance.md"
ANY = "…"
"""Stands in the manual for what differs from run to run, as a number of records does."""
_MAKES_A_FIGURE = "against"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


MODULES = [
    read(path)
    for folder in ("bench", "load")
    for path in sorted((ROOT / "tests" / folder).glob("*.py"))
    if not path.name.startswith("test_")
]


def figures(sources: Sequence[str]) -> set[str]:
    """The names of all figures, with an ellipsis for each value within one."""
    trees = [ast.parse(source) for source in sources]
    return {name for tree in trees for name in _named(tree, _makers(tree))}


def _makers(tree: ast.AST) -> set[str]:
    """Functions whose first argument becomes a figure's name."""
    makers = {_MAKES_A_FIGURE}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    while True:
        more = {
            function.name
            for function in functions
            if function.args.args
            for call in _calls(function, makers)
            if isinstance(call.args[0], ast.Name) and call.args[0].id == function.args.args[0].arg
        }
        if more <= makers:
            return makers
        makers |= more


def _calls(tree: ast.AST, called: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in called and node.args:
            yield node


def _named(tree: ast.AST, makers: set[str]) -> Iterator[str]:
    for call in _calls(tree, makers):
        first = call.args[0]
        if isinstance(first, ast.Constant):
            yield str(first.value)
        elif isinstance(first, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else ANY for part in first.values
            )
        else:
            assert isinstance(first, ast.Name), "write a figure's name where it is made"


def explained(manual: str) -> set[str]:
    """The figures of the manual's tables: what stands as code at the beginning of a row."""
    return set(re.findall(r"^\| `([^`]+)` \|", manual, re.MULTILINE))


def unlike(names: set[str], others: set[str]) -> list[str]:
    """Names that no other is the like of; an ellipsis is like anything."""
    return sorted(name for name in names if not any(map(partial(_alike, name), others)))


def _alike(one: str, other: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(ANY, ".+"), name)
        for pattern, name in ((one, other), (other, one))
    )


def test_every_figure_of_the_bench_is_explained_and_no_other() -> None:
    printed, told = figures(MODULES), explained(read(MANUAL))

    assert len(printed) > 30
    assert unlike(printed, told) == [], "give each a row in docs/performance.md"
    assert unlike(told, printed) == []


def test_every_part_of_the_bench_is_named() -> None:
    names = [name for parts in PARTS.values() for name in parts]

    assert [name for name in names if f"--only {name}`" not in read(MANUAL)] == []


def test_the_reading_finds_figures_through_those_who_make_them() -> None:
    source = (
        "def told(name, x): return against(name, x)\n"
        "def more(name): return told(name, 1)\n"
        "told('a tap', 1); more(f'a pile of {n:,}'); other('nothing', 1); against('a scan', 2)\n"
    )

    assert figures([source]) == {"a tap", "a pile of …", "a scan"}
    assert explained("| `a tap` | ms |\n| a scan | `ms` |\n") == {"a tap"}
    assert unlike({"a tap", "a pile of …"}, {"a pile of 5", "a scan"}) == ["a tap"]
