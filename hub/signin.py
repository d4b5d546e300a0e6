"""What a person proves to be themselves with: a password, and a code of an authenticator.

Nothing here opens a database or reads a clock. What is kept is made so that a copied database gives
nothing without the hub's own key, which lies in its folder:

- the password goes through HMAC-SHA256 under that key, then through Argon2id (RFC 9106, section 4,
  second choice: 64 MiB, three passes, four lanes), with a salt of its own;
- the authenticator's secret (RFC 6238: SHA-1, six digits, 30 seconds, as every authenticator has
  it) is sealed with AES-256-GCM, bound to the person's name;
- recovery codes are kept as digests: they are drawn, not chosen.
"""

import base64
import binascii
import hashlib
import hmac
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hub.keys import KeyRing
from hub.signin_forms import LONGEST, RECOVERY_CODES
from sync.errors import Busy, Damaged, Malformed, RefusedByRule
from sync.ports import Randomness
from sync.values import Millis

if TYPE_CHECKING:
    import argon2

SHORTEST = 12
"""Characters of a password. Length is what counts; no signs are demanded (NIST SP 800-63B-4)."""
SECRET_BYTES = 20
"""Of an authenticator's secret (RFC 4226, section 4, requirement 6)."""
STEP = Millis(30_000)
"""How long a code is good (RFC 6238, section 4.1)."""
SLACK = 1
"""Steps that a telephone's clock may be off, either way (section 5.2)."""
_NONCE, _SALT = 12, 16
_AT_ONCE = 2
"""Passwords that are worked out at the same time: each takes 64 MiB."""
_PATIENCE = 5.0
"""Seconds that somebody waits for that: threads are for other calls, too."""


class Proofs:
    """Makes and checks what is kept of a person's password and authenticator."""

    def __init__(
        self,
        keys: KeyRing,
        randomness: Randomness,
        parameters: "argon2.Parameters | None" = None,
    ) -> None:
        """``parameters`` of Argon2 are RFC 9106's second choice unless a test says otherwise."""
        import argon2

        chosen = parameters or argon2.profiles.RFC_9106_LOW_MEMORY
        self._hasher = argon2.PasswordHasher.from_parameters(chosen)
        self._keys = keys
        self._randomness = randomness
        self._nobodys: str | None = None
        self._room = threading.BoundedSemaphore(_AT_ONCE)

    # -- passwords

    def kept(self, password: str) -> str:
        """What is stored of a password, as a PHC string."""
        with self._place():
            return self._hasher.hash(self._peppered(password), salt=self._randomness.bytes(_SALT))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one; with None, a stranger's, it takes as long and is not."""
        from argon2.exceptions import InvalidHashError, VerificationError

        stranger = self._stranger()  # made before anybody is looked at: it takes as long as one
        against = stranger if kept is None else kept
        try:
            with self._place():
                self._hasher.verify(against, self._peppered(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Room for one password; raises Busy where many are worked out already."""
        if not self._room.acquire(timeout=_PATIENCE):
            raise Busy("many people sign in at this moment: try again", _PATIENCE)
        try:
            yield
        finally:
            self._room.release()

    def _peppered(self, password: str) -> bytes:
        return hmac.digest(self._keys.sign_in, plain(password).encode(), "sha256")

    def _stranger(self) -> str:
        if self._nobodys is None:
            self._nobodys = self.kept("")
        return self._nobodys

    # -- the authenticator's secret

    def sealed(self, name: str, secret: bytes) -> bytes:
        """A secret as it is stored for a person."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = self._randomness.bytes(_NONCE)
        return nonce + AESGCM(self._keys.sign_in).encrypt(nonce, secret, name.encode())

    def opened(self, name: str, sealed: bytes) -> bytes:
        """The secret again; raises Damaged where it is another person's or another hub's."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._keys.sign_in).decrypt(
                sealed[:_NONCE], sealed[_NONCE:], name.encode()
            )
        except (InvalidTag, ValueError):
            raise Damaged(
                f"what {name} signs in with was not kept by this hub: recover {name}"
            ) from None


def plain(password: str) -> str:
    """A password as it was meant: an input method may have written wide letters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(name: str, password: str) -> None:
    """Whether a password may be chosen; raises RefusedByRule (``weak-password``)."""
    meant = plain(password)
    if not SHORTEST <= len(meant) <= LONGEST:
        raise RefusedByRule(
            "weak-password", f"a password has {SHORTEST} to {LONGEST} characters: take a sentence"
        )
    if len(set(meant)) < SHORTEST // 2 or name.casefold() in meant.casefold():
        raise RefusedByRule(
            "weak-password", "this password is easily guessed: no name, not the same signs again"
        )


def step_of(now: Millis) -> int:
    """The step that a moment lies in (RFC 6238, section 4.2)."""
    return now // STEP


def used_step(secret: bytes, code: str, now: Millis, last: int) -> int | None:
    """The step whose code this is, if it is a new one and near enough to now; else None.

    A code that was used once, or lies before one that was, opens nothing (section 5.2).
    """
    import pyotp

    totp = pyotp.TOTP(written(secret))
    found = None
    for step in range(step_of(now) - SLACK, step_of(now) + SLACK + 1):
        same = hmac.compare_digest(totp.generate_otp(max(0, step)), digits(code))
        if same and step > last:
            found = step
    return found


def digits(code: str) -> str:
    """A code as it was meant, without what people put between its digits; ASCII only."""
    meant = "".join(unicodedata.normalize("NFKC", code).split())
    return meant if meant.isascii() else ""


def written(secret: bytes) -> str:
    """A secret in base32, as authenticators take it."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def secret_of(text: str) -> bytes:
    """The secret that somebody wrote; raises Malformed."""
    meant = "".join(text.split()).upper()
    try:
        secret = base64.b32decode(meant + "=" * (-len(meant) % 8))
    except (binascii.Error, ValueError):
        raise Malformed("an authenticator's secret is written in base32") from None
    if len(secret) < SECRET_BYTES:
        raise Malformed(f"an authenticator's secret has at least {SECRET_BYTES} bytes")
    return secret


def address_for(name: str, origin: str, secret: bytes) -> str:
    """What an authenticator reads from a QR code: ``otpauth://totp/...``."""
    import pyotp

    return pyotp.TOTP(written(secret)).provisioning_uri(
        name=name, issuer_name=f"machikado {origin}"
    )


def fresh_codes(randomness: Randomness) -> tuple[str, ...]:
    """Recovery codes, 80 random bits each: ``ABCD-EFGH-IJKL-MNOP``."""
    drawn = [base64.b32encode(randomness.bytes(10)).decode("ascii") for _ in range(RECOVERY_CODES)]
    return tuple("-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in drawn)


def digest_of_code(code: str) -> bytes:
    """What is kept of a recovery code."""
    meant = digits(code).replace("-", "").upper()
    return hashlib.sha256(b"machikado/recovery/1" + meant.encode()).digest()
