"""What threads may read at the same time is laid out by one of them (`sync.wire.laid_out`)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT

MODULES = sorted(path for room in ("hub", "node", "sync") for path in (ROOT / room).rglob("*.py"))
_PLAIN = {"tuple", "list", "dict", "str", "int", "bytes", "object", "msgspec"}
_PLAIN |= {"EpochId", "_Writer", "_Wallet"}
"""What no message has to be laid out for; names of texts among it."""


def kinds_asked_for(path: Path) -> Iterator[ast.expr]:
    """What is said to be decoded or converted to, where the decoder is not a module's own."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            if call.func.attr == "decode":
                yield from (word.value for word in call.keywords if word.arg == "type")
            elif ast.unparse(call.func) == "msgspec.convert":
                yield call.args[1]


def is_laid_out(kind: ast.expr) -> bool:
    """Whether it is, or needs not to be."""
    if isinstance(kind, ast.Call):
        return ast.unparse(kind.func) == "laid_out"
    return {part.id for part in ast.walk(kind) if isinstance(part, ast.Name)} <= _PLAIN


def test_each_kind_of_message_is_laid_out_before_it_is_read() -> None:
    asked = [(path.stem, kind) for path in MODULES for kind in kinds_asked_for(path)]
    assert len(asked) > 20
    assert [(name, ast.unparse(kind)) for name, kind in asked if not is_laid_out(kind)] == []
