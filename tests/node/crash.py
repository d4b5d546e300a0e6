"""A program that spends at a counter and is killed at a named point. Run by test_faults.

python -m tests.node.crash FOLDER CARD NOW POINT
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from node import writer
from node.opening import Ports, open_counter
from node.outcome import Prepared
from node.reach import Straight
from node.secondpath import SecondPath
from node.store import Store
from sync.errors import Unreachable
from sync.request import Request, Response
from sync.values import Millis, Points
from tests.doubles.hub import KAWASAKI
from tests.doubles.ports import CountedRandomness, HandClock


class Silence:
    """A hub that is not there."""

    def send(self, request: Request) -> Response:
        raise Unreachable(f"no hub for {request.path_with_query}")


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        die()

    return run


def die_at_commit(execute: Callable[..., Any]) -> Callable[..., Any]:
    def run(store: Store, statement: str, values: Any = ()) -> Any:
        if statement == "COMMIT":
            die()
        return execute(store, statement, values)

    return run


def plant(point: str) -> None:
    """Make the program die there. Points before the commit keep nothing, those after it all."""
    patches: dict[str, tuple[object, str, Any]] = {
        "before-head": (writer, "sign_head", die),
        "after-insert": (writer, "_keep", die_after(writer._keep)),
        "before-commit": (Store, "_execute", die_at_commit(Store._execute)),
        "before-second-path": (SecondPath, "append", die),
        "after-second-path": (SecondPath, "append", die_after(SecondPath.append)),
    }
    setattr(*patches[point])


def main() -> None:
    folder, card, now, point = sys.argv[1:]
    ports = Ports(
        clock=HandClock(Millis(int(now))),
        randomness=CountedRandomness("crash"),
        door=lambda _: Silence(),
        patience=Straight(),
    )
    counter = open_counter(Path(folder), ports)
    counter.probe()
    prepared = counter.prepare(card, KAWASAKI, Points(100))
    assert isinstance(prepared, Prepared)
    plant(point)
    counter.take(prepared, card, bytearray(b"1234"))


if __name__ == "__main__":
    main()
