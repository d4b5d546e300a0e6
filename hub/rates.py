"""How often one key may ask anything at all: a node's, a person's, a script's.

Whoever goes beyond hears 429 with Retry-After, and what is left stands in RateLimit fields
(draft-ietf-httpapi-ratelimit-headers-10). What all callers together may ask at once is for the
hub's admission; what tells about people is throttled further (:mod:`hub.throttle`).
"""

import math
from dataclasses import dataclass

from hub.throttle import Throttle
from sync.errors import TooMany
from sync.ports import Clock
from sync.request import Headers
from sync.values import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once, and then one each so often."""

    at_once: int
    each: Millis


NODES = Rate(at_once=3_000, each=Millis(20))
"""A counter's sale is three calls; what an outage left behind goes up in batches, one after the
other. 50 a second is a program that has lost its way."""
PEOPLE = Rate(at_once=600, each=Millis(100))
"""A screen that opens is a handful of calls; a script that grants to a town does ten a second."""


class OverRate(TooMany):
    """A key asked more than it may over time; nothing was done."""

    def __init__(self, name: str, wait: int, fields: Headers) -> None:
        """``wait`` in milliseconds."""
        super().__init__(f"{name} asks too much: it is to wait", wait / 1000)
        self.fields = fields


class Rates:
    """The buckets of one kind of key."""

    def __init__(self, clock: Clock, rate: Rate) -> None:
        self._rate = rate
        self._buckets = Throttle(clock, at_once=rate.at_once, each=rate.each)

    def take(self, key: str) -> None:
        """Count one call of a key; raises OverRate."""
        wait = self._buckets.wait(key)
        if wait:
            raise OverRate(key, wait, self.fields(key))

    def fields(self, key: str) -> Headers:
        """What a key may still ask, as RateLimit fields say it."""
        rate, (left, full) = self._rate, self._buckets.left(key)
        window = math.ceil(rate.at_once * rate.each / 1000)
        return (
            ("RateLimit-Policy", f'"key";q={rate.at_once};w={window}'),
            ("RateLimit", f'"key";r={left};t={math.ceil(full / 1000)}'),
        )
