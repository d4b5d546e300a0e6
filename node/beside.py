"""A thread that does small things while its owner waits for something slow, as a card.

One thread for all that its owner ever begins, and so lean that it pays for what takes some tens of
microseconds: making a thread, or a future of the standard library's pools, takes as long itself.
It ends when its owner is gone.
"""

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """Does one thing after the other, on a thread that the first one makes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin; gives what waits for the result, or raises what ``work`` raised.

        Nobody has to wait: what was begun in vain is forgotten.
        """
        if self._thread is None:
            self._thread = threading.Thread(
                target=_turns, args=(self._begun,), name=self._name, daemon=True
            )
            self._thread.start()
            weakref.finalize(self, self._begun.put, None)
        ended: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()

        def do() -> None:
            try:
                ended.put((work(), None))
            except BaseException as error:  # noqa: BLE001  raised again where somebody waits
                ended.put((None, error))

        def result() -> T:
            value, error = ended.get()
            if error is not None:
                raise error
            return value  # type: ignore[return-value]  # without an error there is one

        self._begun.put(do)
        return result


def _turns(begun: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (work := begun.get()) is not None:
        work()
