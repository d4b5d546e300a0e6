"""What a planted mistake is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mistake:
    """One rule of the real programs, changed while ``plant()`` is entered."""

    invariant: str
    """Which one finds it (see :mod:`tests.simulation.demands`), or ``|`` which of two."""
    profile: str
    seed: int
    """It shows in this one, or in one of the next."""
    plant: Callable[[], AbstractContextManager[Any]]
