"""What a scanner typed: the signed ticket in it, or why there is none.

A scanner is a keyboard, so what comes is whatever the PC makes of its keys: in capitals or not,
full-width where an input method is on, with the scanner's own prefix before it, cut short where a
key was lost, two codes in one line where an Enter was. A code that is not whole gives no ticket:
nothing is guessed.
"""

import base64
import re
from typing import Final

from sync.errors import Malformed
from sync.values import half_width

_LONGEST: Final = 2_049
"""Signs that are looked at: a ticket's code is shorter."""
_OPENING: Final = base64.b32encode(bytes.fromhex("d2844da201270448")).decode("ascii")[:12]
"""How every ticket's code begins: COSE_Sign1 with EdDSA and a key id of 8 bytes (RFC 9052)."""
_AIM: Final = re.compile(r"[^0-9A-Za-z][A-Za-z][0-9A-Za-z](?=.)")
"""A symbology identifier before the code (ISO/IEC 15424), as "]Q1" for a QR code. Its first sign
is another one on other keyboard layouts."""
_CODE: Final = re.compile(r"[A-Z2-7]+", re.ASCII)
_TELLING: Final = 8
"""Signs of the opening by which a piece of a code is known as one."""


class NoTicket(Malformed):
    """There is no whole ticket in it. ``reason`` is one of those in :func:`scanned_ticket`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def scanned_ticket(text: str) -> bytes:
    """The signed ticket in a scanned text; its signature is not checked here. Raises NoTicket.

    Reasons: ``scans-run-together`` (parts of two tickets in one line), ``scan-incomplete``,
    ``scan-in-kana`` (an input method made other signs of it), ``not-a-ticket``.
    """
    from sync.ticket import from_qr, name_of  # screens only ask what a code looks like

    code = _code(text)
    if code.find(_OPENING, 1) > 0:
        raise NoTicket("scans-run-together", "two codes ran together: scan one after the other")
    try:
        data = from_qr(code)
        name_of(data)  # only a whole one has a name
    except Malformed:
        raise _why(code) from None
    return data


def looks_like_ticket(text: str) -> bool:
    """Whether a ticket was meant: its code stands in the text, whole or not."""
    return _OPENING[:_TELLING] in _code(text)


def _code(text: str) -> str:
    plain = "".join(half_width(text[:_LONGEST]).split())
    found = _AIM.match(plain)
    return (plain if found is None else plain[found.end() :]).upper()


def _why(code: str) -> NoTicket:
    if code.startswith(_OPENING[:_TELLING]) and _CODE.fullmatch(code):
        return NoTicket("scan-incomplete", "the code was not read to its end: scan it again")
    if any(not sign.isascii() for sign in code):
        return NoTicket("scan-in-kana", "an input method is on: turn it off and scan again")
    return NoTicket("not-a-ticket", "this code is not a point ticket")
