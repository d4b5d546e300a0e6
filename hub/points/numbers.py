"""Ticket numbers: 3 digits of the programme, 9 that nobody can guess, 1 check digit.

The 9 digits are a keyed permutation of a counter, so numbers never repeat while the counter goes
on, and a live number says nothing about the next one. The permutation is a Feistel network over
30 bits with HMAC-SHA-256 as its round function, walked until it falls below 10^9 (cycle walking:
J. Black and P. Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). The key stays at the hub.
After a restore the counter goes on in a range that no earlier incarnation has used.
"""

import hmac
import re

from sync.errors import Malformed
from sync.ticket import check_digit
from sync.values import TicketNumber

CAPACITY = 10**9
"""Tickets a programme can ever have."""
SHORTEST_KEY = 32
"""Bytes."""
_HALF_BITS = 15
"""Half of the smallest even width that holds CAPACITY: 1.07 rounds of walking on average."""
_HALF = (1 << _HALF_BITS) - 1
_ROUNDS = 10
"""What NIST SP 800-38G (FF1) uses for a Feistel network over small domains."""
_PROGRAMME = re.compile(r"\d{3}", re.ASCII)


def ticket_number(key: bytes, programme: str, counter: int) -> TicketNumber:
    """The number of a programme's ticket number ``counter``, 0 to CAPACITY - 1.

    Each programme has a permutation of its own. Raises Malformed for a programme that is not three
    digits, ValueError for a key that is too short or a counter that is out of range.
    """
    if not _PROGRAMME.fullmatch(programme):
        raise Malformed(f"programme {programme!r}: it has three digits")
    digits = f"{programme}{permute(key, programme.encode('ascii'), counter):09d}"
    return TicketNumber(digits + check_digit(digits))


def permute(key: bytes, tweak: bytes, counter: int) -> int:
    """Where a keyed permutation of 0 to CAPACITY - 1 takes ``counter``; another for each tweak."""
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a ticket number key of {len(key)} bytes; it has {SHORTEST_KEY}")
    if not 0 <= counter < CAPACITY:
        raise ValueError(f"ticket counter {counter}: a programme has {CAPACITY:,} numbers")
    value = _feistel(key, tweak, counter)
    while value >= CAPACITY:
        value = _feistel(key, tweak, value)
    return value


def _feistel(key: bytes, tweak: bytes, value: int) -> int:
    """One pass over 30 bits. Each round can be undone, so the whole is a permutation."""
    left, right = value >> _HALF_BITS, value & _HALF
    for number in range(_ROUNDS):
        left, right = right, left ^ _round(key, tweak, number, right)
    return left << _HALF_BITS | right


def _round(key: bytes, tweak: bytes, number: int, half: int) -> int:
    message = b"machikado/ticket-number/1" + tweak + bytes([number]) + half.to_bytes(2, "big")
    return int.from_bytes(hmac.digest(key, message, "sha256")[:2], "big") & _HALF
