"""Who goes first when all want the database: the person who stands at a counter.

A posting or a group of batches keeps the database for some 50 ms, and the next one is ready at
once. A hold needs the database a few times, each only for a moment. So whoever begins something
long asks first whether anybody who is waited for is under way, and lets them come to their end: a
hold waits for one posting at most, whatever the backlog. No wait is for ever, so that a queue of
people that never ends does not keep the records from being posted.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

POSTING = 0.25
"""Seconds that a posting waits for people at most."""
CUSTODY = 0.05
"""Seconds that batches on their way into custody do."""
PUBLISHING = 0.25
"""Seconds that a portion of what nodes are told does."""


class RightOfWay:
    """Counts what people wait for, and makes the rest wait for that."""

    def __init__(self) -> None:
        self._first = 0
        self._changed = threading.Condition()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Something that a person waits for is under way."""
        with self._changed:
            self._first += 1
        try:
            yield
        finally:
            with self._changed:
                self._first -= 1
                if not self._first:
                    self._changed.notify_all()

    def give(self, most: float) -> None:
        """Let people go first, for ``most`` seconds at most; returns at once where nobody waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._first, most)
