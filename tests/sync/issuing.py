"""A certificate authority whose certificates a test may change in one thing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from sync.certificate import USER_AUTHENTICATION_POLICY, Roots
from sync.values import Millis

if TYPE_CHECKING:
    from sync.democa import CardPrivateKey

NOW = Millis(1_790_000_000_000)
BEGIN = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=NOW)
ROOT_NAME = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI")])

Change = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


def usage_of(*, signs: bool = True, certifies: bool = False, agrees: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_cert_sign=certifies,
        crl_sign=False,
        content_commitment=not signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=agrees,
        encipher_only=False,
        decipher_only=False,
    )


def policy_of(oid: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(oid), None)])


def root_of(
    key: "CardPrivateKey", *, ca: bool = True, signer: "CardPrivateKey | None" = None
) -> bytes:
    """One generation of a real-looking root: all generations share one name."""
    return (
        x509.CertificateBuilder()
        .public_key(key.public_key())
        .serial_number(1)
        .subject_name(ROOT_NAME)
        .issuer_name(ROOT_NAME)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signer or key, _hash_of(signer or key))
        .public_bytes(Encoding.DER)
    )


def _hash_of(key: CertificateIssuerPrivateKeyTypes) -> SHA256 | SHA384:
    """With P-384 goes SHA-384."""
    return SHA384() if getattr(key, "key_size", 0) == 384 else SHA256()


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues certificates with one thing changed; unchanged, they are good ones."""

    key: "CardPrivateKey"
    holder: rsa.RSAPrivateKey

    def certificate(
        self,
        *,
        public: CertificatePublicKeyTypes | None = None,
        usage: x509.KeyUsage | None = None,
        policy: str | None = USER_AUTHENTICATION_POLICY,
        signer: CertificateIssuerPrivateKeyTypes | None = None,
        algorithm: SHA256 | SHA384 | None = None,
        extra: Change = lambda builder: builder,
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .public_key(public or self.holder.public_key())
            .serial_number(7)
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "1234141305A")]))
            .issuer_name(ROOT_NAME)
            .not_valid_before(BEGIN)
            .not_valid_after(BEGIN + timedelta(days=1826))
            .add_extension(usage or usage_of(), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if policy is not None:
            builder = builder.add_extension(policy_of(policy), critical=True)
        signed = extra(builder).sign(signer or self.key, algorithm or _hash_of(signer or self.key))
        return signed.public_bytes(Encoding.DER)

    @property
    def roots(self) -> Roots:
        return Roots.pinned([root_of(self.key)])


def spki_of(public: CertificatePublicKeyTypes) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def extend(extension: x509.ExtensionType, *, critical: bool) -> Change:
    return lambda builder: builder.add_extension(extension, critical=critical)
