"""Imports point down only, and a counter starts without what it does not need."""

import json
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.source import ROOMS, ROOT, modules, name_of


def test_imports_point_down_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; lint_imports()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr

    assert done.returncode == 0, said
    assert "2 kept, 0 broken" in said


def test_the_contract_looks_at_every_room() -> None:
    """A room that import-linter does not analyse would keep every contract."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]
    layers = {
        name.strip() for row in contracts["contracts"][0]["layers"] for name in row.split("|")
    }

    assert layers == set(contracts["root_packages"]) == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_else_provides_a_room(room: str) -> None:
    assert packages_distributions()[room] == ["machikado"]


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("node.counter", {"textual", "litestar", "uvicorn", "sqlalchemy", "escpos", "PIL", "hub"}),
        ("node.cli", {"textual", "litestar", "uvicorn", "sqlalchemy", "hub"}),
        ("hub.hub", {"textual", "escpos", "PIL", "smartcard", "node", "printer"}),
        ("sync.policy", {"httpx", "node", "hub", "printer", "tui"}),
        ("printer.compose", {"escpos", "node", "hub", "sync", "tui"}),
        ("printer.layout", {"escpos", "node", "hub", "sync", "tui"}),
        ("tui.cli", {"litestar", "uvicorn", "sqlalchemy", "escpos"}),
    ],
)
def test_a_room_starts_without_what_it_does_not_need(module: str, without: set[str]) -> None:
    assert not _loaded_by(module) & without


def test_no_module_of_a_counter_brings_screens_or_servers() -> None:
    names = [name_of(path) for path in modules() if path.is_relative_to(ROOT / "node")]
    loaded = _loaded_by(*names)

    assert "node" in loaded
    assert not loaded & {"textual", "litestar", "uvicorn", "sqlalchemy", "hub", "tui"}


def _loaded_by(*names: str) -> set[str]:
    """The top-level packages that importing some modules brings along, in a fresh interpreter."""
    script = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({each.split('.')[0] for each in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))
