"""What people and the counter tell each other about its printer. Values only, light to import."""

from dataclasses import dataclass
from typing import Literal

from node.identity import Width

UNKNOWN_PROFILE = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterChoice:
    """What a person wants to print with."""

    destination: str
    """As :mod:`printer.destinations` reads it."""
    profile: str = UNKNOWN_PROFILE
    """A name of :mod:`printer.profiles`."""
    width: Width | None = None
    """Dots across; None: what the profile has."""
    drawer: bool = False
    """Whether a slip opens the drawer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPrinter:
    """A printer, or a way to one, that was found at this PC."""

    destination: str
    shown: str
    """What it calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a test sheet."""

    outcome: Literal["printed", "look", "not-printed"]
    """``look``: something left for the paper and nobody confirmed it."""
    trouble: str = ""
    """The printer's stable key; with ``printed`` it is a warning, or empty."""
    detail: str = ""
