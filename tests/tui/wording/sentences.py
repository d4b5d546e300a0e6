"""Every sentence that the screens' code hands to the translation, read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

TUI = Path(__file__).parents[3] / "tui"


def sentences() -> set[str]:
    """Keys of the catalogue: singular and plural joined by NUL where there are two."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in TUI.rglob("*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {key for call in calls for key in _keys(call)}


def _keys(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    plain = [text for text in texts if isinstance(text, str)]
    if name in ("words", "_words", "N_", "marked", "self") and plain:
        yield plain[0]
    elif name == "many" and plain:
        yield "\0".join(plain[:2])
