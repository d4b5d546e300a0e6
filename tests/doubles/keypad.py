"""The keys of a made-up reader, and the person who types on them."""

from collections import deque
from dataclasses import dataclass, field

from tests.doubles.scard import FakeScard

_STRUCTURE, _HEADER = 19, 5
"""Bytes of PIN_VERIFY_STRUCTURE before the command, and of the command before its digits."""
_NOBODY_TYPED, _CANCELLED, _WRONG_LENGTH = b"\x64\x00", b"\x64\x01", b"\x64\x03"
CANCEL = b""


@dataclass
class Keypad:
    """Puts what is typed into the command and asks the card that lies there."""

    service: FakeScard
    fingers: deque[bytes] = field(default_factory=deque)
    """What the person types each time the reader asks; nothing more: the reader waits in vain."""
    asked: int = 0

    def __call__(self, structure: bytes) -> bytes:
        self.asked += 1
        if not self.fingers:
            return _NOBODY_TYPED
        typed = self.fingers.popleft()
        if typed == CANCEL:
            return _CANCELLED
        command = structure[_STRUCTURE:]
        if len(typed) != len(command) - _HEADER:
            return _WRONG_LENGTH
        ((_, card),) = self.service._cards.values()
        return card.transmit(command[:_HEADER] + typed)
