"""Tickets whose code cannot be scanned: their number is typed, and the hub says what is behind it.

A wrong digit is told at once, by the check digit. A number proves nothing, so this works online
only, and the hub answers a node only so many a day (:mod:`sync.papers`). What it says is shown
first, to be compared with the paper; then the record is carried by a hold, and by nothing else.
"""

from node.outcome import FoundTicket, Refused
from node.parts import Parts
from node.reach import HOLD_PATIENCE
from node.refusals import no, refused
from sync.errors import Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.holds import Purpose
from sync.papers import TicketQuestion
from sync.ticket import SignedTicket, check_number
from sync.values import MunicipalityCode, TicketNumber


class Typed:
    """Typed numbers at one counter."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def find(
        self, text: str, purpose: Purpose, town: MunicipalityCode | None = None
    ) -> FoundTicket | Refused:
        """What is behind a number; ``town``: of this one only."""
        try:
            number = check_number(text)
        except Malformed:
            return no("number-mistyped")
        question = TicketQuestion(town or MunicipalityCode(""), number, purpose)
        try:
            seen = self._parts.line.ask(lambda calls: calls.find_ticket(question), HOLD_PATIENCE)
        except Unreachable:
            return no("hub-silent", number=number)
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error, number=number)
        if seen.reason:
            return no(
                seen.reason, number=number, points=seen.points, municipality=seen.municipality
            )
        name, point_name = self._parts.paper.names(seen.municipality)
        return FoundTicket(
            number=TicketNumber(seen.number),
            municipality=seen.municipality,
            town=name,
            point_name=point_name,
            points=seen.points,
            valid_from=seen.valid_from,
            valid_until=seen.valid_until,
        )


def unsigned(found: FoundTicket) -> SignedTicket:
    """What the hub said of a ticket, in the place of what its signature would vouch for."""
    return SignedTicket(
        issuer="",
        number=found.number,
        municipality=found.municipality,
        points=found.points,
        valid_from=found.valid_from,
        valid_until=found.valid_until,
    )
