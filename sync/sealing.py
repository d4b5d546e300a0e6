"""Sealing to the hub: one HPKE key a shift, then AES-GCM a record.

HPKE (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, single shot. Only
the hub's sealing key of that month opens a shift's content key, so shredding that private key
shreds every piece of evidence of the month.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.errors import NotAuthentic
from sync.signing import tagged
from sync.values import Digest, KeyDigest

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM)
_SHIFT = b"machikado/shift-key/1"


def seal_content_key(content_key: bytes, sealing_key: bytes) -> bytes:
    """Seal a shift's content key (32 bytes) to the hub's public X25519 key."""
    return _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(sealing_key), _SHIFT)


def open_content_key(sealed: bytes, private: X25519PrivateKey) -> bytes:
    """Open a shift's content key; raises NotAuthentic."""
    try:
        return _SUITE.decrypt(sealed, private, _SHIFT)
    except (InvalidTag, ValueError):
        raise NotAuthentic(
            "a shift's content key that this hub's sealing key does not open"
        ) from None


def certificate_name(key: KeyDigest) -> Digest:
    """The digest that stands for a certificate where a record's digest would stand."""
    return Digest(hashlib.sha256(tagged("cert", key)).digest())


class Sealer:
    """AES-256-GCM under one shift's content key.

    The first 12 bytes of the digest of what the piece belongs to are the nonce: two different
    records never share one, also when a disk image of the node runs on elsewhere.
    """

    def __init__(self, content_key: bytes) -> None:
        self._aead = AESGCM(content_key)

    def seal(self, piece: bytes, belongs_to: Digest) -> bytes:
        """Seal a signature or certificate that belongs to a record or name."""
        return self._aead.encrypt(belongs_to[:12], piece, belongs_to)

    def open(self, sealed: bytes, belongs_to: Digest) -> bytes:
        """Open it; raises NotAuthentic when it belongs elsewhere or was changed."""
        try:
            return self._aead.decrypt(belongs_to[:12], sealed, belongs_to)
        except (InvalidTag, ValueError):
            raise NotAuthentic("sealed evidence that does not open for this record") from None
