"""The node's keys, sealed under its secret.

The file ``keys`` holds the Ed25519 key of each epoch and one key of its own, with which what is
secret inside the database is wrapped (zone keys, the content key of a shift). It is sealed by
Argon2id (RFC 9106) and AES-256-GCM under the node's secret, which comes from a file or from
``MACHIKADO_NODE_SECRET`` and is never written. A node without a secret keeps the same file open,
and says so in its status. The file stands in no backup: a restored copy asks for a new epoch.
"""

import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.errors import Damaged, Malformed, NotAuthentic, RefusedByRule
from sync.ports import Randomness
from sync.signing import SigningKey
from sync.values import EpochId
from sync.wire import read, write

FILE = "keys"
_MEMORY_KIB = 64 * 1024
_PASSES = 3
_LANES = 4
"""RFC 9106, section 4, the second recommended set: 64 MiB."""
_KEY = b"machikado/node-keys/1"
_WRAP = b"machikado/node-wrap/1"


class WrongSecret(NotAuthentic):
    """The secret that was given does not open these keys."""


class _Bunch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is sealed: the wrapping key and the signing seeds."""

    wrapping: Annotated[bytes, Meta(min_length=32, max_length=32)]
    seeds: dict[str, bytes]


class _File(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The file: salt and nonce are empty when there is no secret."""

    salt: bytes
    nonce: bytes
    body: bytes


class Keys:
    """The opened keys of one node."""

    def __init__(
        self, file: Path, bunch: _Bunch, secret: bytes | None, randomness: Randomness
    ) -> None:
        self._file = file
        self._bunch = bunch
        self._secret = secret
        self._randomness = randomness

    @property
    def sealed(self) -> bool:
        """Whether the file is sealed under a secret."""
        return self._secret is not None

    @classmethod
    def create(cls, folder: Path, secret: bytes | None, randomness: Randomness) -> "Keys":
        """Make the key file of a new node."""
        folder.mkdir(parents=True, exist_ok=True)
        keys = cls(folder / FILE, _Bunch(randomness.bytes(32), {}), secret, randomness)
        keys._write()
        return keys

    @classmethod
    def open(cls, folder: Path, secret: bytes | None, randomness: Randomness) -> "Keys":
        """Open the key file; one that was never sealed is sealed now if a secret is given.

        Raises RefusedByRule (``secret-needed``), WrongSecret, Damaged.
        """
        file = folder / FILE
        stored = _stored(file)
        if stored.salt and secret is None:
            raise RefusedByRule(
                "secret-needed",
                "this node's keys are sealed: give its secret in a file or in"
                " MACHIKADO_NODE_SECRET",
            )
        body = _open(stored, secret) if stored.salt and secret is not None else stored.body
        keys = cls(file, _bunch(file, body), secret, randomness)
        if secret is not None and not stored.salt:
            keys._write()
        return keys

    def fresh(self, present: EpochId | None = None) -> SigningKey:
        """Make a signing key for an epoch that is still to be granted; keep it as the next one.

        Asking again before it is the key of the ``present`` epoch gives the same one, so that a
        lost answer or a crash in between costs nothing.
        """
        seed = self._bunch.seeds.get("next")
        if seed is None or (present is not None and seed == self._bunch.seeds.get(present)):
            seed = self._randomness.bytes(32)
            self._put({**self._bunch.seeds, "next": seed})
        return SigningKey(seed)

    def forget_next(self) -> None:
        """Never ask under the next key again: a life was begun under it already."""
        self._put({name: seed for name, seed in self._bunch.seeds.items() if name != "next"})

    def settle(self, epoch: EpochId) -> None:
        """File the next key under the epoch it was granted for."""
        seeds = self._bunch.seeds
        self._put({**seeds, epoch: seeds["next"]})

    def of(self, epoch: EpochId) -> SigningKey:
        """The signing key of an epoch. Raises Damaged when it is not here."""
        seed = self._bunch.seeds.get(epoch)
        if seed is None:
            raise Damaged(f"the key of epoch {epoch} is not in {self._file}")
        return SigningKey(seed)

    def wrap(self, secret: bytes) -> bytes:
        """Seal something secret for a row of the database."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = self._randomness.bytes(12)
        return nonce + AESGCM(self._bunch.wrapping).encrypt(nonce, secret, _WRAP)

    def unwrap(self, sealed: bytes) -> bytes:
        """Open what :meth:`wrap` sealed. Raises Damaged."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._bunch.wrapping).decrypt(sealed[:12], sealed[12:], _WRAP)
        except (InvalidTag, ValueError):
            raise Damaged("a sealed row that this node's keys do not open") from None

    def _put(self, seeds: dict[str, bytes]) -> None:
        self._bunch = _Bunch(self._bunch.wrapping, seeds)
        self._write()

    def _write(self) -> None:
        """Replace the file, whole and durable, readable by its owner only."""
        body = write(self._bunch)
        if self._secret is None:
            content = write(_File(b"", b"", body))
        else:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            salt, nonce = self._randomness.bytes(16), self._randomness.bytes(12)
            sealed = AESGCM(_stretch(self._secret, salt)).encrypt(nonce, body, _KEY)
            content = write(_File(salt, nonce, sealed))
        fresh = self._file.with_name(FILE + ".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
        _sync_names(self._file.parent)

    def __repr__(self) -> str:
        return f"Keys({'sealed' if self.sealed else 'not sealed'})"


def _sync_names(folder: Path) -> None:
    """Bring a folder's names to the disk too; where a folder cannot be opened, the system does."""
    if os.name == "posix":
        names = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(names)
        finally:
            os.close(names)


def is_sealed(folder: Path) -> bool:
    """Whether a node's keys are sealed under a secret, as far as can be seen without it.

    Raises Damaged where they are missing or cannot be read.
    """
    stored = _stored(folder / FILE)
    if not stored.salt:
        _bunch(folder / FILE, stored.body)
    return bool(stored.salt)


def _stored(file: Path) -> _File:
    try:
        return read(file.read_bytes(), _File)
    except FileNotFoundError:
        raise Damaged(
            f"{file} is missing: this copy of the node cannot sign; ask for a new invitation"
        ) from None
    except (OSError, Malformed) as error:
        raise Damaged(f"{file} cannot be read ({error}); nothing was changed") from None


def _bunch(file: Path, body: bytes) -> _Bunch:
    try:
        return read(body, _Bunch)
    except Malformed as error:
        raise Damaged(f"{file} cannot be read ({error}); nothing was changed") from None


def _stretch(secret: bytes, salt: bytes) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        secret,
        salt,
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=32,
        type=Type.ID,
    )


def _open(stored: _File, secret: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(_stretch(secret, stored.salt)).decrypt(stored.nonce, stored.body, _KEY)
    except (InvalidTag, ValueError):
        raise WrongSecret("the node's secret does not open its keys; nothing was changed") from None
