"""A card's public key: of which kind it is, how its signatures are spelled, checking one.

Pure. Each kind of key signs by exactly one algorithm, so none can be talked into another's:

    RS256   RSA of 2048 to 4096 bits   PKCS#1 v1.5, SHA-256   as long as the modulus
    ES256   P-256                      ECDSA, SHA-256         r ‖ s, 64 bytes
    ES384   P-384                      ECDSA, SHA-384         r ‖ s, 96 bytes

**One signature, one byte string.** ECDSA leaves a signature many spellings: r and s in DER or side
by side, and with (r, s) everybody can make (r, n − s), which fits the same key and message. Here it
is r ‖ s, each as long as the curve's order and big-endian (RFC 7518, 3.4), with s at most half of
the order; any other spelling is refused. :func:`canonical` brings a card's own answer into this
form, before anything is kept. PKCS#1 v1.5 has one spelling by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sync.errors import Malformed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_SMALLEST_RSA: Final = 2048
_LARGEST_RSA: Final = 4096
_RSA_EXPONENT: Final = 65537

_Fits = Callable[[bytes, bytes], bool]


class Algorithm(StrEnum):
    """How a card's key signs, by its JOSE name (RFC 7518, 3.1)."""

    RS256 = "RS256"
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    ES256 = "ES256"
    """ECDSA on P-256 with SHA-256."""
    ES384 = "ES384"
    """ECDSA on P-384 with SHA-384."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What the spelling of a signature needs to know of its curve."""

    order: int
    """n, a prime (NIST SP 800-186, 3.2.1)."""
    size: int
    """Bytes of r, of s, and of the digest that is signed."""

    def join(self, r: int, s: int) -> bytes:
        """R ‖ s."""
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def split(self, signature: bytes) -> tuple[int, int]:
        """The r and s of a signature, both from 1 to n - 1. Raises Malformed."""
        if len(signature) != 2 * self.size:
            raise Malformed(
                f"a signature by this key has {2 * self.size} bytes, and this {len(signature)}"
            )
        r = int.from_bytes(signature[: self.size], "big")
        s = int.from_bytes(signature[self.size :], "big")
        if not (0 < r < self.order and 0 < s < self.order):
            raise Malformed("these bytes are not two numbers of the key's curve")
        return r, s

    def is_low(self, s: int) -> bool:
        """Whether it is s, and not n - s, that is written."""
        return s <= self.order // 2


CURVES: Final[Mapping[Algorithm, Curve]] = MappingProxyType(
    {
        Algorithm.ES256: Curve(
            order=0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551,
            size=32,
        ),
        Algorithm.ES384: Curve(
            order=2**384 - 0x389CB27E_0BC8D220_A7E5F24D_B74F5885_1313E695_333AD68D,
            size=48,
        ),
    }
)
"""The curves of the algorithms that have one."""


def canonical(algorithm: Algorithm, signature: bytes) -> bytes:
    """The one spelling of a signature whose r ‖ s may have either s.

    An RS256 signature is what it is. Raises Malformed when the bytes are no signature.
    """
    curve = CURVES.get(algorithm)
    if curve is None:
        return signature
    r, s = curve.split(signature)
    return signature if curve.is_low(s) else curve.join(r, curve.order - s)


def from_der(algorithm: Algorithm, signature: bytes) -> bytes:
    """The one spelling of a signature as X.509 writes it: ECDSA in DER (RFC 3279, 2.2.3).

    Raises Malformed when the bytes are no signature.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    curve = CURVES.get(algorithm)
    if curve is None:
        return signature
    try:
        raw = curve.join(*decode_dss_signature(signature))
    except (ValueError, OverflowError):
        raise Malformed("these bytes are not a signature on the key's curve") from None
    return canonical(algorithm, raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyingKey:
    """A public key that was read, with the one algorithm it verifies."""

    algorithm: Algorithm
    spki: bytes = field(repr=False)
    """SubjectPublicKeyInfo in DER, a curve by its name and a point uncompressed."""
    fits: _Fits = field(repr=False)
    """Whether a signature in its one spelling, the first argument, fits a message. Never raises."""


@lru_cache(maxsize=4096)
def read_key(spki: bytes) -> VerifyingKey:
    """Read a key once: a hub meets the same cards again and again.

    Raises ValueError when the bytes are no public key, or one of a kind that is not verified here.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(spki)
    except UnsupportedAlgorithm as problem:
        raise ValueError("a public key that cannot be read") from problem
    return verifying(key)


def verifying(key: "PublicKeyTypes") -> VerifyingKey:
    """Say how a key verifies.

    Raises ValueError for all but RSA of 2048 to 4096 bits with the usual exponent (others are weak,
    or slow on purpose), P-256 and P-384.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, RSAPublicKey):
        algorithm, fits = _rsa(key)
    elif isinstance(key, EllipticCurvePublicKey):
        algorithm, fits = _ecdsa(key)
    else:
        raise ValueError("keys of this kind are not verified here")  # noqa: TRY004  foreign bytes
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return VerifyingKey(algorithm=algorithm, spki=spki, fits=fits)


def _rsa(key: "RSAPublicKey") -> tuple[Algorithm, _Fits]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    if not (
        _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA and key.public_numbers().e == _RSA_EXPONENT
    ):
        raise ValueError("an RSA key that is weak, or slow on purpose")
    padding, sha256 = PKCS1v15(), SHA256()

    def fits(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message, padding, sha256)
        except InvalidSignature:
            return False
        return True

    return Algorithm.RS256, fits


def _ecdsa(key: "EllipticCurvePublicKey") -> tuple[Algorithm, _Fits]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384

    if key.curve.name == "secp256r1":
        algorithm, ecdsa = Algorithm.ES256, ECDSA(SHA256())
    elif key.curve.name == "secp384r1":
        algorithm, ecdsa = Algorithm.ES384, ECDSA(SHA384())
    else:
        raise ValueError("a key on a curve that is not verified here")
    curve = CURVES[algorithm]

    def fits(signature: bytes, message: bytes) -> bool:
        try:
            r, s = curve.split(signature)
            key.verify(encode_dss_signature(r, s), message, ecdsa)
        except (Malformed, InvalidSignature):
            return False
        return curve.is_low(s)

    return algorithm, fits
