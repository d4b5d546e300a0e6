"""The PIN typed on the reader's own keys: the bytes of PC/SC part 10 (version 2.02.09).

A reader with a keypad puts the digits into the command by itself, so the PIN never enters the PC.
This module only knows the layouts; :mod:`node.card.pcsc` sends them.
"""

import struct
from typing import Final

from node.card.apdu import VERIFY
from node.card.errors import BadPin, PinNotEntered
from node.card.jpki import PIN_DIGITS

GET_FEATURE_REQUEST: Final = 3400
"""CM_IOCTL_GET_FEATURE_REQUEST, to be turned into the platform's control code (section 2.2)."""
VERIFY_PIN_DIRECT: Final = 0x06
"""FEATURE_VERIFY_PIN_DIRECT (section 2.3)."""

_SECONDS: Final = 30
_ASCII_FROM_THE_LEFT: Final = 0x82
"""bmFormatString: counted in bytes, at byte 0 of the data, left justified, ASCII."""
_NO_LENGTH_IN_THE_BLOCK: Final = 0x00
_AT_THE_ENTER_KEY: Final = 0x02
"""bEntryValidationCondition: what was typed counts when the person confirms it."""
_THE_READERS_OWN_WORDS: Final = 0xFF
_ENGLISH: Final = 0x0409
"""wLangId. Readers with words in a display know this one; most others ignore it."""
_NO_DIGIT: Final = 0xFF
"""Fills the places of the digits. A pad that failed to replace it must not hit anybody's PIN."""

_VERIFY_PIN: Final = bytes((0x00, VERIFY, 0x00, 0x80, PIN_DIGITS)) + bytes([_NO_DIGIT] * PIN_DIGITS)

_TIMED_OUT: Final = bytes.fromhex("6400")
_CANCELLED: Final = bytes.fromhex("6401")
_WRONG_LENGTH: Final = bytes.fromhex("6403")


def features(answer: bytes) -> dict[int, int]:
    """What a reader can do: feature number -> control code (section 2.2).

    Each piece of ``answer`` is a tag, the length 4 and a control code, highest byte first. A piece
    that is cut off or has another length ends the reading: what stood before it holds.
    """
    found: dict[int, int] = {}
    while len(answer) >= _FEATURE.size:
        tag, length, code = _FEATURE.unpack_from(answer)
        if length != _CODE_BYTES:
            break
        found[tag] = code
        answer = answer[_FEATURE.size :]
    return found


_FEATURE: Final = struct.Struct(">BBI")
_CODE_BYTES: Final = 4


def pin_verify_structure() -> bytes:
    """PIN_VERIFY_STRUCTURE for a PIN of exactly four ASCII digits (section 2.5.2).

    19 bytes without gaps, numbers lowest byte first, and behind them the VERIFY command whose
    digits the reader fills in.
    """
    return _VERIFY_STRUCTURE.pack(
        _SECONDS,  # bTimerOut: until the first key
        _SECONDS,  # bTimerOut2: after the first key
        _ASCII_FROM_THE_LEFT,
        PIN_DIGITS,  # bmPINBlockString: a block of so many bytes, no length in it
        _NO_LENGTH_IN_THE_BLOCK,  # bmPINLengthFormat
        PIN_DIGITS << 8 | PIN_DIGITS,  # wPINMaxExtraDigit: least and most
        _AT_THE_ENTER_KEY,
        _THE_READERS_OWN_WORDS,  # bNumberMessage
        _ENGLISH,
        0,  # bMsgIndex
        bytes(3),  # bTeoPrologue: for T=1 blocks, which the reader makes itself
        len(_VERIFY_PIN),  # ulDataLength
    ) + bytes(_VERIFY_PIN)


_VERIFY_STRUCTURE: Final = struct.Struct("<BBBBBHBBHB3sI")


def expect_entered(answer: bytes) -> bytes:
    """The card's answer, where the reader asked the card at all (section 2.5.2, return values).

    Raises PinNotEntered when nobody typed or somebody cancelled, BadPin when it was not four
    digits. In both cases the card was not asked, and no try was spent.
    """
    if answer in (_TIMED_OUT, _CANCELLED):
        raise PinNotEntered
    if answer == _WRONG_LENGTH:
        raise BadPin
    return answer
