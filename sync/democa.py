"""A certificate authority for demos and tests: one key, one root, card certificates like JPKI's.

It lives in a directory of its own, apart from any real trust store:

    root.der    the self-signed root; its name says that it is a demo
    key.pem     its private key, PKCS#8, not encrypted: whoever reads it can make demo cards

A hub pins such a root only if it was made as a demo (:meth:`sync.certificate.Roots.pinned`).
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.certificate import (
    DEMO_ORGANISATION,
    USER_AUTHENTICATION_POLICY,
    Algorithm,
    CertificateError,
    Roots,
    key_digest,
)
from sync.errors import Damaged, RefusedByRule
from sync.values import DAY, Millis

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    CardPrivateKey = RSAPrivateKey | EllipticCurvePrivateKey
    """A card's key, of any kind that :mod:`sync.cardkey` verifies."""
    CardPublicKey = RSAPublicKey | EllipticCurvePublicKey

ROOT_FILE: Final = "root.der"
KEY_FILE: Final = "key.pem"
RSA_BITS: Final = 2048
ROOT_LIFE: Final = Millis(3653 * DAY)
"""10 years."""
CARD_LIFE: Final = Millis(1826 * DAY)
"""5 years. A real one ends on a birthday; a demo has none."""


@dataclass(frozen=True, slots=True)
class DemoCa:
    """The authority: its root in DER and the key that signs."""

    root: bytes
    key: "RSAPrivateKey" = field(repr=False)

    @property
    def roots(self) -> Roots:
        """Pin this root, as a demo installation does."""
        return Roots.pinned([self.root], demo=True)

    @classmethod
    def create(cls, directory: Path, *, at: Millis, key: "RSAPrivateKey | None" = None) -> "DemoCa":
        """Make a CA in a new or empty directory, valid from ``at``; makes ``key`` if none is given.

        Raises RefusedByRule when there is one already: its cards would all lose their issuer.
        """
        if (directory / ROOT_FILE).exists() or (directory / KEY_FILE).exists():
            raise RefusedByRule("demo-ca-exists", f"{directory} already holds a demo CA")
        signing = new_key() if key is None else key
        made = cls(_make_root(signing, at), signing)
        directory.mkdir(parents=True, exist_ok=True)
        _write_private(directory / KEY_FILE, _pem(signing))
        (directory / ROOT_FILE).write_bytes(made.root)
        return made

    @classmethod
    def load(cls, directory: Path) -> "DemoCa":
        """Read the CA of a directory. Raises Damaged when there is none or it does not fit."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            root = (directory / ROOT_FILE).read_bytes()
            key = load_pem_private_key((directory / KEY_FILE).read_bytes(), password=None)
            pinned = Roots.pinned([root], demo=True)
        except (OSError, ValueError, TypeError, CertificateError) as problem:
            raise Damaged(f"{directory} holds no demo CA that can be read") from problem
        if (
            not isinstance(key, RSAPrivateKey)
            or _spki(key.public_key()) not in pinned.keys.values()
        ):
            raise Damaged(f"the key and the root in {directory} do not belong together")
        return cls(root, key)

    def issue(self, holder: "CardPublicKey", *, at: Millis, life: Millis = CARD_LIFE) -> bytes:
        """Give a card key its certificate, in DER, valid from ``at`` for ``life``.

        Shaped like JPKI's user authentication: C=JP and a CN without a name, key usage
        digitalSignature, the user-authentication policy. The CN and the serial number follow from
        the key, so the same key gets the same ones.
        """
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

        root = x509.load_der_x509_certificate(self.root)
        policy = x509.PolicyInformation(ObjectIdentifier(USER_AUTHENTICATION_POLICY), None)
        return _der(
            _builder(holder, at=at, life=life)
            .serial_number(_serial(holder))
            .subject_name(_name(common=key_digest(_spki(holder)).hex()[:24].upper()))
            .issuer_name(root.subject)
            .add_extension(_key_usage(signs_messages=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.CertificatePolicies([policy]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, SHA256())
        )


def new_key() -> "RSAPrivateKey":
    """Make an RSA key as a CA, and a card of today, holds one; takes some tenths of a second."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def new_card_key(algorithm: Algorithm) -> "CardPrivateKey":
    """Make a key that signs by an algorithm, as a card of today or the next one holds it."""
    from cryptography.hazmat.primitives.asymmetric import ec

    match algorithm:
        case Algorithm.RS256:
            return new_key()
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.ES384:
            return ec.generate_private_key(ec.SECP384R1())


def _make_root(key: "RSAPrivateKey", at: Millis) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    name = _name(organisation=DEMO_ORGANISATION)
    public = key.public_key()
    return _der(
        _builder(public, at=at, life=ROOT_LIFE)
        .serial_number(_serial(public))
        .subject_name(name)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_messages=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )


def _builder(public: "CardPublicKey", *, at: Millis, life: Millis) -> "x509.CertificateBuilder":
    from cryptography import x509

    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at // 1000)
    return (
        x509.CertificateBuilder()
        .public_key(public)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(milliseconds=life))
    )


def _name(*, common: str | None = None, organisation: str | None = None) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = (
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.COMMON_NAME, common),
    )
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts if text is not None])


def _key_usage(*, signs_messages: bool) -> "x509.KeyUsage":
    """A card's key signs messages; the CA's signs certificates and revocation lists."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=signs_messages,
        key_cert_sign=not signs_messages,
        crl_sign=not signs_messages,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _serial(public: "CardPublicKey") -> int:
    """A serial number that follows from the key: positive, 8 bytes and never 0."""
    return int.from_bytes(key_digest(_spki(public))[:8], "big") + 1


def _spki(public: "CardPublicKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _der(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _pem(key: "RSAPrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
