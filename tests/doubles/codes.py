"""Two tickets' codes as a scanner types them, and what keyboards make of them."""

from sync.signing import SigningKey
from sync.ticket import SignedTicket, check_digit, sign_ticket, to_qr
from sync.values import MunicipalityCode, Points, TicketNumber


def paper(twelve: str, points: int, *, key: bytes = b"t" * 32) -> bytes:
    """A signed ticket of Kawasaki; ``twelve`` are its number's digits without the check digit."""
    return sign_ticket(
        SignedTicket(
            issuer="https://hub.example",
            number=TicketNumber(twelve + check_digit(twelve)),
            municipality=MunicipalityCode("141305"),
            points=Points(points),
            valid_from="2026-11-20",
            valid_until="2026-12-31",
        ),
        SigningKey(key),
    )


ONE, OTHER = paper("123000000001", 500), paper("123000000002", 300)
CODE, OTHER_CODE = to_qr(ONE), to_qr(OTHER)


def full_width(text: str) -> str:
    """What an input method makes of a text."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)
