"""Tickets as the hub signs them, from the shortest to the longest, and their paper."""

import msgspec

from printer.documents import Ticket
from sync.signing import SigningKey
from sync.ticket import (
    LONGEST_ISSUER,
    MOST_BYTES,
    SignedTicket,
    check_digit,
    sign_ticket,
    to_qr,
)
from sync.values import MunicipalityCode, Points, TicketNumber
from tests.printer import samples

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(32))
_TWELVE = "101123456789"


def said(issuer: str, zones: tuple[str, ...] = ()) -> SignedTicket:
    """What a ticket of Kawasaki says."""
    return SignedTicket(
        issuer=issuer,
        number=TicketNumber(_TWELVE + check_digit(_TWELVE)),
        municipality=MunicipalityCode("141305"),
        points=Points(500),
        valid_from="2026-04-01",
        valid_until="2026-06-30",
        zones=zones,
    )


def _origin(length: int) -> str:
    return "https://".ljust(length, "a")


SHORTEST = sign_ticket(said("https://a.jp"), KEY)
ORDINARY = sign_ticket(said("https://points.city.kawasaki.example:8443"), KEY)
LONGEST_ISSUED = sign_ticket(said(_origin(LONGEST_ISSUER)), KEY)
"""The hub gives no zones to a ticket: this is the longest it issues."""

_ZONES = ("区" * 16,) * 13
_LEFT_OVER = MOST_BYTES - len(sign_ticket(said(_origin(LONGEST_ISSUER), _ZONES), KEY)) - 2
LONGEST = sign_ticket(said(_origin(LONGEST_ISSUER), (*_ZONES, "z" * _LEFT_OVER)), KEY)
"""All that a signature may have: one byte more, and it is refused."""

TICKETS = {
    "shortest": SHORTEST,
    "ordinary": ORDINARY,
    "longest issued": LONGEST_ISSUED,
    "longest": LONGEST,
}


def paper(signed: bytes) -> Ticket:
    """The document of a signed ticket."""
    ticket = said("")
    return msgspec.structs.replace(
        samples.ticket(), qr=to_qr(signed), number=ticket.number, points=ticket.points
    )
