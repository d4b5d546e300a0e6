"""A telephone that shows codes, and a password."""

from dataclasses import replace

import argon2
import pyotp

from hub.signin import written
from tests.doubles.clocks import TurnedClock

HASTY = replace(argon2.profiles.CHEAPEST, salt_len=16, hash_len=32)
"""Argon2id in no time; what the hub takes is tried once."""
PASSWORD = "eight herons over the Tama river"


class Authenticator:
    """Shows the code of the moment, as RFC 6238 has it."""

    def __init__(self, clock: TurnedClock, secret: bytes = b"an authenticator, 20") -> None:
        self.secret = secret
        self.written = written(secret)
        self._clock = clock
        self._totp = pyotp.TOTP(self.written)

    def code(self, *, steps: int = 0) -> str:
        """The code now, or so many steps of 30 s later."""
        return self._totp.at(self._clock.now() // 1000 + 30 * steps)

    def next_code(self) -> str:
        """Wait for the next code."""
        self._clock.turn(ms=30_000)
        return self.code()
