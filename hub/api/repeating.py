"""A call that may come twice and is done once, as its endpoint sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hub.once import Attempt, Once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Repeated:
    """What an endpoint that moves money is given: it does its work through this."""

    keys: Once
    attempt: Attempt

    def __call__(self, kind: type[T], act: Callable[[], T]) -> T:
        """Do it under the caller's key, or give the answer of the first time."""
        return self.keys.do(self.attempt, kind, act)
