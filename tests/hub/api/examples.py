"""The examples of the description: what the story asks and hears, the first time of each call.

``python -m tests.hub.api.examples`` writes them anew.
"""

import tempfile
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hub.api.description import EXAMPLES
from hub.api.operations import Operation, operations
from sync.calls import MESSAGE
from sync.signing import Signed
from sync.wire import read
from tests.hub.api.playing import play, stage
from tests.hub.api.story import Ask

Examples = dict[str, dict[str, Any]]


def told(folder: Path) -> tuple[list[Operation], Examples]:
    """Every operation, and what the story has of it."""
    found: Examples = {}
    with stage(folder) as on:
        served = list(operations(on.http.app))
        named = {f"{each.method} {each.path}": each for each in served}

        def heard(ask: Ask, answer: httpx.Response) -> None:
            each = named[ask.operation]
            found.setdefault(each.name, dict(example(each, ask, answer.content)))

        play(on, lambda _: None, heard)
    return served, found


def example(each: Operation, ask: Ask, answer: bytes) -> list[tuple[str, Any]]:
    """What was asked and answered, as JSON shows it."""
    made: list[tuple[str, Any]] = [("path", ask.place)] if each.places else []
    if each.reads is not None:
        asked = read(ask.body, each.reads) if MESSAGE in each.takes else None
        made.append(("request", shown(asked) if asked else msgspec.json.decode(ask.body)))
    if each.says is None:
        return made
    if each.gives != MESSAGE:
        return [*made, ("answer", msgspec.json.decode(answer))]
    if each.name == "node_put_records":
        return [*made, ("answer", shown(read(answer, each.says)))]
    envelope = read(answer, Signed)
    return [
        *made,
        ("answer", shown(envelope)),
        ("sealed", shown(read(envelope.body, each.says))),
    ]


def shown(message: msgspec.Struct) -> Any:
    """A message as JSON has it: byte strings in base64."""
    return msgspec.to_builtins(message)


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        _, found = told(Path(folder))
    text = msgspec.json.format(msgspec.json.encode(found, order="sorted"), indent=1)
    EXAMPLES.write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
