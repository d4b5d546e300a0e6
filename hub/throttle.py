"""How often a node may ask what needs no PIN: so many at once, then one each so often.

A standing or a service number needs only a card that was shown once, a free MyKey ID not even
that. A counter asks when a card is put down; who asks much more often than people can put cards
down is watching them, or makes a list. What standings told whom stands in the tables ``told`` and
``told_node``; of the other questions nothing is kept.
"""

import logging
import threading

from sync.errors import TooMany
from sync.ports import Clock
from sync.values import Millis

AT_ONCE = 60
"""A festival's queue, answered after an outage."""
EACH = Millis(3_000)
"""Faster than this people do not put cards down for long."""
_MANY = 10_000
"""Names after which those are forgotten whose bucket is full again."""

_log = logging.getLogger("machikado.hub")


class Throttle:
    """A bucket a name, full to begin with. Kept in memory: a hub that starts again forgives.

    The names are nodes mostly; who makes names up fills buckets only until they are full again.
    """

    def __init__(self, clock: Clock, *, at_once: int = AT_ONCE, each: Millis = EACH) -> None:
        self._clock = clock
        self._depth = at_once * each
        self._each = each
        self._full_at: dict[str, int] = {}
        """When a name's bucket is full again, in the clock's running time."""
        self._lock = threading.Lock()

    def take(self, node: str) -> None:
        """Take one; raises TooMany with what to wait for: the node goes on as if offline."""
        wait = self.wait(node)
        if wait:
            _log.warning("%s asks faster than cards are put down", node)
            raise TooMany("too many questions at once: ask again later", wait / 1000)

    def wait(self, node: str) -> int:
        """Take one and give 0; or how many milliseconds it has to wait, and take nothing."""
        now = self._clock.running()
        with self._lock:
            if len(self._full_at) >= _MANY:
                self._full_at = {name: at for name, at in self._full_at.items() if at > now}
            full_at = max(self._full_at.get(node, now), now) + self._each
            wait = full_at - now - self._depth
            if wait <= 0:
                self._full_at[node] = full_at
            return max(0, wait)

    def left(self, node: str) -> tuple[int, int]:
        """How many it may take at once now, and in how many milliseconds all again."""
        now = self._clock.running()
        with self._lock:
            lacking = max(0, self._full_at.get(node, now) - now)
        return max(0, self._depth - lacking) // self._each, lacking

    def charge(self, node: str, more: int) -> None:
        """Take more for what was asked just now, also where that leaves less than nothing."""
        now = self._clock.running()
        with self._lock:
            full_at = max(self._full_at.get(node, now), now)
            self._full_at[node] = full_at + more * self._each
