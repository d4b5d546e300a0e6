"""What voiding a ticket says to whoever asks: plain values, as in :mod:`node.outcome`."""

from dataclasses import dataclass
from typing import Literal

from node.outcome import Approved
from sync.values import MunicipalityCode, Points, TicketNumber

Back = Literal["now", "soon", "later"]
"""When the points are in the wallet again: they are; as soon as the hub hears of it; or when every
counter knows that the ticket is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTicket:
    """What a scanned ticket says of itself, and what this counter knows of it."""

    number: TicketNumber
    municipality: MunicipalityCode
    town: str
    point_name: str
    points: Points
    valid_from: str
    valid_until: str
    """Last day, included, ``YYYY-MM-DD`` in Asia/Tokyo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTicket(SeenTicket):
    """One of a resident's own tickets that live."""

    voiding: bool
    """It was said to be lost before: its points are on their way."""
    back_by: str
    """The day on which its points are back at the latest, when it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A ticket is taken out of use: the record is committed and durable."""

    record: Approved
    back: Back
    back_by: str
    """For ``later``: the day on which the points are back at the latest; else empty."""
