"""The file a software card lives in: its key, its certificate, its PIN and the tries left.

One SQLite file in exclusive locking mode, so that opening the card takes it for a tap, two programs
never hold it at once, a program that dies lets go of it, and a try that was counted is on the disk
before anybody hears of it.

It is a **demo card**. The key lies in the file unencrypted and four digits behind a salted hash are
guessed in seconds: the tries protect nothing against somebody who can read the file.
"""

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from node.card.apdu import Octets
from node.card.errors import BadPin, CardInUse, CardUnreadable
from node.card.jpki import PIN_DIGITS
from sync.cardkey import Algorithm, verifying
from sync.errors import RefusedByRule

if TYPE_CHECKING:
    from sync.democa import CardPrivateKey, DemoCa
    from sync.values import Millis

MOST_TRIES: Final = 3
_APPLICATION_ID: Final = 0x6D63_6B64  # "mckd"
_SCHEMA: Final = f"""
    CREATE TABLE card (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        key BLOB NOT NULL,             -- PKCS#8 in DER
        certificate BLOB NOT NULL,     -- in DER
        issuer BLOB NOT NULL,          -- the CA's certificate in DER
        salt BLOB NOT NULL,
        pin BLOB NOT NULL,             -- scrypt
        tries INTEGER NOT NULL CHECK (tries BETWEEN 0 AND {MOST_TRIES})
    ) STRICT;
    PRAGMA application_id = {_APPLICATION_ID};
"""


class CardFile:
    """An opened card file, ours alone until it is closed."""

    def __init__(self, path: Path) -> None:
        """Take the card. Raises CardInUse, and CardUnreadable where there is no card."""
        self._path = path
        if not path.is_file():
            raise CardUnreadable(f"{path}: there is no software card")
        with _telling(path):
            self._base = _connect(path)
        try:
            with _telling(path):
                self._base.execute("BEGIN EXCLUSIVE")
                self._base.execute("COMMIT")  # exclusive locking mode keeps the lock
                row = self._read()
                self.key = _load_key(row.key)
        except BaseException:
            self._base.close()
            raise
        self.certificate = row.certificate
        self.issuer = row.issuer
        self._salt, self._pin = row.salt, row.pin

    @property
    def tries(self) -> int:
        """How many wrong PINs are still allowed, as the disk has it."""
        with _telling(self._path):
            return self._read().tries

    @tries.setter
    def tries(self, left: int) -> None:
        with _telling(self._path):
            self._base.execute("UPDATE card SET tries = ?", (left,))

    def has_pin(self, digits: Octets) -> bool:
        """Whether these are the PIN."""
        return hmac.compare_digest(_hash_pin(digits, self._salt), self._pin)

    def close(self) -> None:
        """Let go of the card."""
        self._base.close()

    def _read(self) -> "_Row":
        (marked,) = self._base.execute("PRAGMA application_id").fetchone()
        row = self._base.execute(
            "SELECT key, certificate, issuer, salt, pin, tries FROM card"
        ).fetchone()
        if row is None or marked != _APPLICATION_ID:
            raise _unreadable(self._path)
        return _Row(*row)


class _Row(NamedTuple):
    """The one row of a card file."""

    key: bytes
    certificate: bytes
    issuer: bytes
    salt: bytes
    pin: bytes
    tries: int


def create(
    path: Path,
    ca: "DemoCa",
    pin: bytearray,
    *,
    at: "Millis",
    algorithm: Algorithm = Algorithm.RS256,
    key: "CardPrivateKey | None" = None,
) -> None:
    """Make a card whose certificate ``ca`` issues at ``at``.

    Its key is ``key``, or a new one that signs by ``algorithm``.

    ``pin`` is 4 ASCII digits and overwritten with zeros before this returns or raises. Raises
    BadPin, RefusedByRule when there is a file already, CardUnreadable when none can be written.
    """
    from sync.democa import new_card_key

    try:
        if len(pin) != PIN_DIGITS or not pin.isdigit():
            raise BadPin
        if path.exists():
            raise RefusedByRule("card-exists", f"{path}: there is a file already")
        row = _new_row(ca, pin, at, key or new_card_key(algorithm))
    finally:
        pin[:] = bytes(len(pin))
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as problem:
        raise CardUnreadable(f"{path}: cannot be written: {problem.strerror}") from problem
    with _telling(path), closing(_connect(path)) as base:
        base.executescript(_SCHEMA)
        base.execute("INSERT INTO card VALUES (1, ?, ?, ?, ?, ?, ?)", row)


def _new_row(ca: "DemoCa", pin: bytearray, at: "Millis", key: "CardPrivateKey") -> "_Row":
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from sync.certificate import read_public_key

    certificate = ca.issue(key.public_key(), at=at)
    salt = read_public_key(certificate).digest  # another one for each card is all it needs to be
    return _Row(
        key=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        certificate=certificate,
        issuer=ca.root,
        salt=salt,
        pin=_hash_pin(pin, salt),
        tries=MOST_TRIES,
    )


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file so that the first statement takes it whole and each change is on the disk.

    A tap may move between a program's threads, though never two at once.
    """
    base = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA synchronous = EXTRA")
    except BaseException:
        base.close()
        raise
    return base


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say in a person's words what SQLite, or the reader of keys, says about the file."""
    try:
        yield
    except (sqlite3.Error, ValueError) as problem:
        busy = getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
        if busy and _is_marked(path):
            raise CardInUse(f"{path}: another program is using this card") from None
        raise _unreadable(path) from problem


def _is_marked(path: Path) -> bool:
    """Whether the header says that this is a card (SQLite file format, 1.3: bytes 68 to 71)."""
    with path.open("rb") as file:
        return file.read(72)[68:] == _APPLICATION_ID.to_bytes(4, "big")


def _unreadable(path: Path) -> CardUnreadable:
    return CardUnreadable(f"{path}: this file holds no software card that can be used")


def _hash_pin(digits: Octets, salt: bytes) -> bytes:
    return hashlib.scrypt(digits, salt=salt, n=2**12, r=8, p=1)


@lru_cache(maxsize=64)
def _load_key(pkcs8: bytes) -> "CardPrivateKey":
    """Read the card's key. Raises ValueError.

    Looking whether its numbers fit takes 40 ms, and a card is put down again and again: bytes that
    have been looked at need no second look.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    key = load_der_private_key(pkcs8, password=None)
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ValueError("a key that no card holds")  # noqa: TRY004  the bytes are wrong
    verifying(key.public_key())
    return key
