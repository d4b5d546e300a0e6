"""Every reason that a counter may be given, read from the code that gives it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
GIVERS = (
    "hub/door.py",
    "hub/cardholders.py",
    "hub/counters.py",
    "hub/handing_in.py",
    "hub/points/asking.py",
    "hub/members.py",
    "hub/nodes.py",
    "hub/mykey/*.py",
    "node/*.py",
    "node/card/*.py",
)
"""The hub's door to nodes, what it asks behind it, and the node itself with its cards."""
ELSEWHERE = {
    "other-organisation": "an invitation is made at the desk",
    "other-town": "a node is looked after at the desk",
    "node-not-enrolled": "a node is confirmed at the desk",
    "fingerprint-differs": "the office compares the fingerprint",
    "mykey-id-changed": "a resident is found by an ID at the desk",
    "revocation-list-older": "an issuer's list is taken at the desk, or by the hub itself",
    "no-such-join": "a card that waits is joined at the desk",
    "card-exists": "a software card is made from the shell",
}
"""What the same modules say to people who are not at a counter, and read its message."""
_REASON = re.compile(r"[a-z]+(-[a-z]+)+")
_ASKED = Path("hub/points/asking.py")


def reasons() -> set[str]:
    """Stable keys that may stand in a refusal at a counter."""
    return given() - set(ELSEWHERE)


def given() -> set[str]:
    """All that those modules give."""
    files = {file for pattern in GIVERS for file in ROOT.glob(pattern)}
    return {reason for file in files for reason in _given(file)}


def _given(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from _called(node)
        elif isinstance(node, ast.Return) and file == ROOT / _ASKED:
            yield from _constants(node)  # it returns the ticket's number and the reason
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node)


def _called(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"RefusedByRule", "NoSuchCall", "no", "problem_response"}:
        for argument in call.args[:2]:
            yield from _constants(argument)
    for keyword in call.keywords:
        if keyword.arg == "reason":
            yield from _constants(keyword.value)


def _of_class(kind: ast.ClassDef) -> Iterator[str]:
    """A refusal of the card names its reason once, for the class."""
    for line in kind.body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "REASON":
            yield from _constants(line.value)


def _constants(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        value = part.value if isinstance(part, ast.Constant) else None
        if isinstance(value, str) and _REASON.fullmatch(value):
            yield value
