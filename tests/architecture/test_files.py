"""What stands in the files: no prints, errors that say what they are, locks without addresses."""

import ast
import importlib
import inspect
import re

import pytest

from tests.architecture.source import ROOT, modules, name_of, texts


def test_only_command_lines_print() -> None:
    printing = [
        f"{name_of(path)}:{line}"
        for path in modules()
        if not _speaks(name_of(path))
        for line in _prints(path.read_text(encoding="utf-8"))
    ]

    assert not printing


def test_the_reading_finds_a_print() -> None:
    assert _prints("def say():\n    print('done')\n") == [2]
    assert _prints("fingerprint(key)\nprinter.print(document)\n") == []


def test_every_error_says_what_it_is() -> None:
    silent = [
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in _errors()
        if not kind.__dict__["__doc__"]
    ]

    assert len(_errors()) > 20
    assert not silent


def test_every_error_that_people_meet_stands_in_a_tree() -> None:
    """An error of no tree would end a program with a traceback.

    The printer knows nothing of ``sync``, so it has a tree of its own; and settlement's begin as
    values that are wrong.
    """
    from hub.settlement.errors import SettlementError
    from printer.errors import PrinterError
    from sync.errors import MachikadoError

    stray = [
        kind.__qualname__
        for kind in _errors()
        if not issubclass(kind, MachikadoError | PrinterError | SettlementError)
        and not kind.__qualname__.startswith("_")
    ]

    assert not stray


HOSTS = ("pypi" + ".org", "python" + "hosted", "index" + "-url", "npm" + "js")
"""Written in two halves, so that this file does not find itself."""


def test_no_file_says_where_packages_come_from() -> None:
    found = [f"{name}: {host}" for name, text in texts().items() for host in HOSTS if host in text]

    assert not found


CONFLICT = re.compile(r"^(?:<{7} .*|={7}|>{7} .*)$", re.MULTILINE)
"""A line that git leaves in a file where two changes met. Its ``=`` stand alone on theirs."""


def test_no_file_holds_two_versions_of_itself() -> None:
    met = [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        for name, text in texts().items()
        for found in CONFLICT.finditer(text)
    ]

    assert not met


@pytest.mark.parametrize(
    "text",
    [
        f"paid\n{'<' * 7} HEAD\nby card\n",
        f"{'=' * 7}\n",
        f"by paper\n{'>' * 7} 0123abc (Print an issued ticket again)",
    ],
)
def test_the_reading_finds_where_two_changes_met(text: str) -> None:
    assert CONFLICT.search(text)
    assert not CONFLICT.search(f"Heading\n{'=' * 8}\n{'=' * 7}{'>' * 7}\n a {text[:7]}\n")


LOCKS = {"main": 20, "dev": 20, "card": 1, "paper": 20, "compare": 20}
"""What is locked, and how many packages at least."""


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes(lock: str) -> None:
    pins = _pins((ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8"))

    assert len(pins) >= LOCKS[lock]
    assert [name for name, hashes in pins.items() if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_wish_is_pinned(lock: str) -> None:
    wishes = (ROOT / "requirements" / f"{lock}.in").read_text(encoding="utf-8")
    pinned = {
        _plain(name)
        for name in _pins((ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8"))
    }
    wanted = {
        _plain(found[0])
        for line in wishes.splitlines()
        if (found := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line))
    }

    assert wanted <= pinned


def test_the_reading_finds_a_pin_without_a_hash() -> None:
    found = _pins("one==1 \\\n    --hash=sha256:ab\n    # via x\ntwo==2\n")

    assert found == {"one": 1, "two": 0}


def _speaks(module: str) -> bool:
    """Command lines speak on a terminal, and so does the way in which a program ends."""
    last = module.rsplit(".", 1)[-1]
    return last == "cli" or last.startswith("cli_") or last.endswith("_cli") or last == "exits"


def _prints(source: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def _errors() -> list[type[BaseException]]:
    """Every exception that a module of the rooms defines."""
    found: dict[str, type[BaseException]] = {}
    for path in modules():
        if not re.search(r"^class .*\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            continue
        module = importlib.import_module(name_of(path))
        for kind in vars(module).values():
            if (
                inspect.isclass(kind)
                and issubclass(kind, BaseException)
                and kind.__module__ == module.__name__
            ):
                found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    return list(found.values())


def _pins(lock: str) -> dict[str, int]:
    """How many hashes stand behind each pin."""
    pins: dict[str, int] = {}
    name = ""
    for line in lock.splitlines():
        if found := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)(\[.*\])?==", line):
            name = found[1]
            pins[name] = 0
        if name:
            pins[name] += line.count("--hash=sha256:")
    return pins


def _plain(name: str) -> str:
    """A name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
