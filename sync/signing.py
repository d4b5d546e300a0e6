"""Ed25519 under a tag of its own for each purpose, and the envelope of what the hub signs.

Every signed message begins with ``machikado/<what>/1`` and has each part prefixed with its length,
so that a signature made for one purpose says nothing in another.
"""

import hashlib
from functools import lru_cache
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from sync.errors import NotAuthentic
from sync.ports import Randomness
from sync.values import Digest, EpochId, NodeId


def tagged(what: str, *parts: bytes) -> bytes:
    """What is signed: the tag, then each part after its length (4 bytes, big endian)."""
    return b"".join(
        [f"machikado/{what}/1".encode("ascii")]
        + [len(part).to_bytes(4, "big") + part for part in parts]
    )


def fingerprint(public: bytes) -> str:
    """A public key for people to compare: 4 groups of 4 hexadecimal digits."""
    return in_groups(hashlib.sha256(public).digest())


def in_groups(key_digest: bytes) -> str:
    """The same from the SHA-256 of the key, as a card is called."""
    text = key_digest.hex()[:16]
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def thumbprint(public: bytes) -> str:
    """A public key's short name: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


class SigningKey:
    """A private Ed25519 key."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.seed = seed
        self.public: bytes = self._key.public_key().public_bytes_raw()

    @classmethod
    def fresh(cls, randomness: Randomness) -> "SigningKey":
        """Make a new key."""
        return cls(randomness.bytes(32))

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key itself, for libraries that sign by themselves."""
        return self._key

    def sign(self, what: str, *parts: bytes) -> bytes:
        """Sign the parts under a tag; 64 bytes."""
        return self._key.sign(tagged(what, *parts))

    def __repr__(self) -> str:
        return f"SigningKey({thumbprint(self.public)})"


def verify(public: bytes, signature: bytes, what: str, *parts: bytes) -> None:
    """Check a signature; raises NotAuthentic."""
    try:
        parsed(public).verify(signature, tagged(what, *parts))
    except (InvalidSignature, ValueError):
        raise NotAuthentic(
            f"the signature of this {what} does not fit the key {thumbprint(public)}"
        ) from None


@lru_cache(maxsize=1024)
def parsed(public: bytes) -> Ed25519PublicKey:
    """A public key, read; raises ValueError. That costs as much as checking, and few sign much."""
    return Ed25519PublicKey.from_public_bytes(public)


class Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the hub says, with its key and signature. Store it as it came."""

    what: Annotated[str, Meta(max_length=32)]
    body: bytes
    key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


def seal_with(key: SigningKey, what: str, body: bytes) -> Signed:
    """Sign ``body`` for a purpose and put it in its envelope."""
    return Signed(what=what, body=body, key=key.public, signature=key.sign(what, body))


def open_signed(signed: Signed, what: str, trusted: tuple[bytes, ...]) -> bytes:
    """The body of an envelope.

    Raises NotAuthentic when it was made for another purpose, by a key that is not among
    ``trusted`` (public Ed25519 keys, 32 bytes each), or does not verify.
    """
    if signed.what != what:
        raise NotAuthentic(f"this is signed as {signed.what!r}, not as {what!r}")
    if signed.key not in trusted:
        raise NotAuthentic(f"signed by {thumbprint(signed.key)}, a key this node does not trust")
    verify(signed.key, signed.signature, what, signed.body)
    return signed.body


class Head(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a node's chain stood after a commit, signed by the node."""

    node: NodeId
    epoch: EpochId
    seq: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    digest: Annotated[Digest, Meta(min_length=32, max_length=32)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


def _head_parts(node: NodeId, epoch: EpochId, seq: int, digest: Digest) -> tuple[bytes, ...]:
    return node.encode(), epoch.encode(), seq.to_bytes(8, "big"), digest


def sign_head(key: SigningKey, node: NodeId, epoch: EpochId, seq: int, digest: Digest) -> Head:
    """Sign the chain's head; at each commit, so that any copy can be handed in by anybody."""
    return Head(node, epoch, seq, digest, key.sign("head", *_head_parts(node, epoch, seq, digest)))


def verify_head(head: Head, public: bytes) -> None:
    """Check a head against its epoch's key; raises NotAuthentic."""
    parts = _head_parts(head.node, head.epoch, head.seq, head.digest)
    verify(public, head.signature, "head", *parts)
