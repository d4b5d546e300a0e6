"""A program: four threads read the first message of its kind, again and again.

It is a program of its own because what it looks for would end the process that asks.
"""

import sys
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from sync.wire import read

_THREADS = 4
_KINDS = 300


def kinds() -> Iterator[Any]:
    """Kinds of messages that nobody has read yet."""
    number = Annotated[int, msgspec.Meta(ge=0)]
    while True:
        inside = msgspec.defstruct(
            "Inside", [(f"n{at}", number) for at in range(20)], array_like=True
        )
        fields = [(f"of{at}", tuple[inside | None, ...]) for at in range(10)]  # type: ignore[valid-type]
        yield msgspec.defstruct("Outside", fields, array_like=True)


def main() -> None:
    """Read; all begin with each kind at the same moment, and lose their turn often."""
    sys.setswitchinterval(1e-6)
    message = msgspec.msgpack.encode([[[1] * 20]] * 10)
    new = kinds()
    now: list[Any] = []
    begin = threading.Barrier(_THREADS, lambda: now.append(next(new)))

    def reader() -> None:
        for _ in range(_KINDS):
            begin.wait()
            read(message, now[-1])

    threads = [threading.Thread(target=reader) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
