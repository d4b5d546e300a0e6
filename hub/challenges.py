"""Something fresh for a card to sign: 32 bytes, for one node, once, for two minutes.

A voucher is good for ten: another card has to be found, put on the reader and signed with.

They live in memory: a hub that starts again has none, and the node asks for another. The very same
signed request may come twice, since an answer can get lost; another one may not. What must not
happen twice is given to :meth:`Challenges.once`.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar, cast

from sync.errors import RefusedByRule
from sync.ports import Clock, Randomness
from sync.values import Millis, NodeId

T = TypeVar("T")
LIFE = Millis(120_000)
VOUCHER_LIFE = Millis(600_000)
SIZE = 32
MOST = 200
"""Challenges of one node kept at once; its oldest fall away first, and nobody else's."""
_LOOKED_AT = 2
"""Nodes that each challenge has looked at: more are forgotten than come."""


@dataclass(slots=True)
class _Given:
    at: Millis
    used_for: bytes = b""
    answer: object = None
    """What came of it, where that is kept."""
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while that is made."""


class Challenges:
    """The challenges that are out."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._given: dict[NodeId, dict[bytes, _Given]] = {}
        """By node; whoever was given one last stands last."""
        self._lock = threading.Lock()

    def give(self, node: NodeId) -> bytes:
        """A fresh challenge for a node."""
        challenge = self._randomness.bytes(SIZE)
        now = self._clock.now()
        with self._lock:
            out = self._given.pop(node, {}).items()
            live = [(each, given) for each, given in out if given.at + VOUCHER_LIFE > now]
            self._given[node] = dict(live[1 - MOST :]) | {challenge: _Given(now)}
            self._forget(now)
        return challenge

    def _forget(self, now: Millis) -> None:
        """Forget the nodes whose challenges are all over; one that was given now ends it."""
        for node, out in list(islice(self._given.items(), _LOOKED_AT)):
            if next(reversed(out.values())).at + VOUCHER_LIFE > now:
                break
            del self._given[node]

    def use(self, challenge: bytes, node: NodeId, request: bytes, life: Millis = LIFE) -> None:
        """Use a challenge for one request of its node; raises RefusedByRule."""
        self._used(challenge, node, request, life)

    def once(self, challenge: bytes, node: NodeId, request: bytes, do: Callable[[], T]) -> T:
        """Use it and do what the request asks, or give once more what came of that."""
        given = self._used(challenge, node, request)
        with given.turn:
            if given.answer is None:
                given.answer = do()
            return cast("T", given.answer)

    def _used(self, challenge: bytes, node: NodeId, request: bytes, life: Millis = LIFE) -> _Given:
        name = hashlib.sha256(request).digest()
        with self._lock:
            given = self._given.get(node, {}).get(challenge)
            if given is None or given.at + life <= self._clock.now():
                raise RefusedByRule(
                    "challenge-gone",
                    f"this took longer than {life // 60_000} minutes: put the card on again",
                )
            if given.used_for not in (b"", name):
                raise RefusedByRule("challenge-used", "this was signed for something else before")
            given.used_for = name
            return given
