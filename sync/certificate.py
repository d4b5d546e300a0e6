"""Which card keys are real: checking a user-authentication certificate and what its key signed.

Pure: certificates, roots and the moment come in as arguments, nothing is fetched or remembered.
Node and hub ask the same recipe, :func:`check_certificate`. Its errors are all NotAuthentic:

    CertificateError
    ├── UnreadableCertificate   not an X.509 certificate
    ├── UnknownIssuer           names no pinned root
    ├── BadIssuerSignature      names a pinned root that did not sign it
    ├── NotYetValid, Expired    the moment lies outside its dates
    ├── WrongUse                not made for a person to authenticate with
    ├── WrongPolicy             not issued as a user-authentication certificate
    ├── UnreadCritical          says something critical that is not understood here
    ├── UnsupportedKey          a kind of key that is not verified here
    └── UnfitRoot               a root that cannot be pinned
    BadSignature                a signature that does not fit key and message

A certificate's dates and subject are personal data (its end is a birthday, its name carries a
municipality), so no message and no repr contains them.
"""

import hashlib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sync.cardkey import Algorithm as Algorithm  # noqa: PLC0414  who checks needs its names too
from sync.cardkey import from_der, read_key, verifying
from sync.der import algorithm_of, millis, one_of, reading
from sync.errors import Malformed, NotAuthentic
from sync.values import KeyDigest, Millis

if TYPE_CHECKING:
    from cryptography import x509

USER_AUTHENTICATION_POLICY: Final = "1.2.392.200149.8.5.1.3.30"
"""Certificate policy of JPKI's user authentication (利用者証明用), not of its signatures."""
DEMO_ORGANISATION: Final = "machikado demo, no real card"
"""Organisation in the name of a demo root, so that it cannot be pinned by mistake."""


class CertificateError(NotAuthentic):
    """A certificate that must not be believed."""


class UnreadableCertificate(CertificateError):
    """Not an X.509 certificate."""


class UnknownIssuer(CertificateError):
    """Names no pinned root as its issuer."""


class BadIssuerSignature(CertificateError):
    """Names a pinned root that did not sign it."""


class NotYetValid(CertificateError):
    """Not valid before a later moment."""


class Expired(CertificateError):
    """Not valid after an earlier moment."""


class WrongUse(CertificateError):
    """Its key is not meant for a person to authenticate with."""


class WrongPolicy(CertificateError):
    """Not issued under the user-authentication policy."""


class UnreadCritical(CertificateError):
    """Marks something as critical that is not understood here."""


class UnsupportedKey(CertificateError):
    """A kind of key that is not verified here."""


class UnfitRoot(CertificateError):
    """A certificate that cannot be pinned as a root."""


class BadSignature(NotAuthentic):
    """A signature that does not fit the key and the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A card's public key, believed or not."""

    digest: KeyDigest
    algorithm: Algorithm
    spki: bytes = field(repr=False)
    """SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKey:
    """The key of a certificate that passed :func:`check_certificate`."""

    digest: KeyDigest
    """SHA-256 of ``public_key``: what the card is called everywhere else."""
    algorithm: Algorithm
    public_key: bytes = field(repr=False)
    """SubjectPublicKeyInfo in DER."""
    issuer_key_id: bytes
    """Key identifier of the pinned root that signed it; revocation lists go by it."""
    serial: int = field(repr=False)
    """What such a list calls the certificate. Never stored: the law lets it be no key."""
    not_after: Millis = field(repr=False)
    """Last moment of validity. Personal data."""


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots that are believed, by key identifier.

    Never by name: JPKI's generations share one distinguished name and differ in their keys.
    """

    keys: Mapping[bytes, bytes]
    """Key identifier (RFC 5280, 4.2.1.2) to SubjectPublicKeyInfo in DER."""

    @classmethod
    def pinned(cls, certificates: Iterable[bytes], *, demo: bool = False) -> "Roots":
        """Pin self-signed root certificates, each in DER.

        A demo root is refused unless ``demo`` says that this installation is one. Raises UnfitRoot
        and UnreadableCertificate.
        """
        keys: dict[bytes, bytes] = {}
        for der in certificates:
            key_id, spki = _read_root(der, demo=demo)
            if keys.setdefault(key_id, spki) != spki:
                raise UnfitRoot("two roots with different keys claim one key identifier")
        return cls(MappingProxyType(keys))

    def named_in(self, extensions: "x509.Extensions") -> tuple[bytes, bytes] | None:
        """Key identifier and key of the root that a certificate or list names; None: of no root."""
        from cryptography import x509

        named = one_of(extensions, x509.AuthorityKeyIdentifier)
        key_id = None if named is None else named.key_identifier
        return None if key_id is None or key_id not in self.keys else (key_id, self.keys[key_id])


def check_certificate(der: bytes, roots: Roots, at: Millis) -> CardKey:
    """Say whose key this is, or raise the CertificateError that names the first failed step.

    1. It is an X.509 certificate in DER, with nothing behind it.
    2. It names a pinned root by key identifier.
    3. That root's key signed it, by the one algorithm of such a key. One tier: nothing in between.
    4. ``at`` lies within its dates, both ends included (RFC 5280, 4.1.2.5).
    5. It is no CA, its key may make digital signatures, and if it lists extended uses, client
       authentication is among them.
    6. It was issued under the user-authentication policy.
    7. It marks nothing as critical that these steps have not looked at (RFC 5280, 4.2).
    8. Its key is of a kind that :func:`verify_signature` verifies.

    The caller must still check that the certificate is not **revoked** (by ``issuer_key_id``), that
    ``at`` comes from a clock that may be believed, that whoever shows the certificate **holds its
    key** (:func:`verify_signature` over something fresh), and what is known of that person: the
    **standing**. A root's own dates are not looked at: pinning it is what makes it believed.
    """
    with reading(UnreadableCertificate, "certificate"):
        certificate = _read(der)
        issuer_key_id, issuer = _issuer_of(certificate, roots)
        _check_issuer_signature(certificate, issuer)
        _check_dates(certificate, at)
        _check_use(certificate)
        _check_policy(certificate)
        _check_critical(certificate)
        key = _public_key(certificate)
        return CardKey(
            digest=key.digest,
            algorithm=key.algorithm,
            public_key=key.spki,
            issuer_key_id=issuer_key_id,
            serial=certificate.serial_number,
            not_after=millis(certificate.not_valid_after_utc),
        )


def read_public_key(der: bytes) -> PublicKey:
    """The key in a certificate that nobody has checked yet, to know what a card signs with.

    Raises UnreadableCertificate and UnsupportedKey.
    """
    with reading(UnreadableCertificate, "certificate"):
        return _public_key(_read(der))


def validity(der: bytes) -> tuple[Millis, Millis]:
    """First and last moment of a certificate's validity, unchecked. Personal data.

    Raises UnreadableCertificate.
    """
    with reading(UnreadableCertificate, "certificate"):
        certificate = _read(der)
        return millis(certificate.not_valid_before_utc), millis(certificate.not_valid_after_utc)


def key_digest(spki: bytes) -> KeyDigest:
    """SHA-256 of a SubjectPublicKeyInfo in DER."""
    return KeyDigest(hashlib.sha256(spki).digest())


def verify_signature(
    public_key: bytes, algorithm: Algorithm, signature: bytes, message: bytes
) -> None:
    """Check that ``public_key`` (SubjectPublicKeyInfo in DER) signed ``message``.

    Raises BadSignature when it did not or the signature has another spelling than its one
    (:mod:`sync.cardkey`), UnsupportedKey when the key is not one for ``algorithm``.
    """
    try:
        key = read_key(public_key)
    except ValueError:
        raise UnsupportedKey(
            "this is not a public key that signatures are checked with here"
        ) from None
    if key.algorithm != algorithm:
        raise UnsupportedKey("this key does not sign by this algorithm")
    if not key.fits(signature, message):
        raise BadSignature("the signature does not fit the key and the message")


def _read(der: bytes) -> "x509.Certificate":
    """One certificate. The library warns of a serial number that RFC 5280, 4.1.2.2, forbids."""
    from cryptography import x509
    from cryptography.utils import CryptographyDeprecationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        certificate = x509.load_der_x509_certificate(der)
        if certificate.serial_number <= 0:
            raise ValueError("a serial number is positive")
        if not der.endswith(b"\0" + certificate.signature):
            # The library lets its last bits be called unused: another spelling of the same.
            raise ValueError("a signature ends with a whole byte")
    return certificate


def _issuer_of(certificate: "x509.Certificate", roots: Roots) -> tuple[bytes, bytes]:
    issuer = roots.named_in(certificate.extensions)
    if issuer is None:
        raise UnknownIssuer("the certificate was not issued by a root that is trusted here")
    return issuer


def _check_issuer_signature(certificate: "x509.Certificate", issuer: bytes) -> None:
    algorithm = algorithm_of(certificate)
    if algorithm is None:
        raise BadIssuerSignature("the certificate is signed by an algorithm that is not read here")
    try:
        signature = from_der(algorithm, certificate.signature)
        verify_signature(issuer, algorithm, signature, certificate.tbs_certificate_bytes)
    except (BadSignature, UnsupportedKey, Malformed):
        raise BadIssuerSignature("the certificate names a root that did not sign it") from None


def _check_dates(certificate: "x509.Certificate", at: Millis) -> None:
    if at < millis(certificate.not_valid_before_utc):
        raise NotYetValid("the certificate is not valid yet; is this PC's clock right?")
    # The last second of validity is part of it to its last millisecond.
    if at >= millis(certificate.not_valid_after_utc) + 1000:
        raise Expired("the certificate has expired; the resident's municipality renews it")


def _check_use(certificate: "x509.Certificate") -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    constraints = one_of(certificate.extensions, x509.BasicConstraints)
    usage = one_of(certificate.extensions, x509.KeyUsage)
    extended = one_of(certificate.extensions, x509.ExtendedKeyUsage)
    if constraints is not None and constraints.ca:
        raise WrongUse("this is the certificate of a certificate authority, not of a card")
    if usage is None or not usage.digital_signature or usage.key_cert_sign:
        raise WrongUse("the certificate's key is not meant for digital signatures")
    if extended is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in extended:
        raise WrongUse("the certificate's key is not meant for authentication")


def _check_policy(certificate: "x509.Certificate") -> None:
    from cryptography import x509

    policies = one_of(certificate.extensions, x509.CertificatePolicies) or ()
    named = {policy.policy_identifier.dotted_string for policy in policies}
    if USER_AUTHENTICATION_POLICY not in named:
        raise WrongPolicy("this is not a user-authentication certificate")


def _check_critical(certificate: "x509.Certificate") -> None:
    from cryptography import x509

    looked_at = (
        x509.AuthorityKeyIdentifier,
        x509.BasicConstraints,
        x509.KeyUsage,
        x509.ExtendedKeyUsage,
        x509.CertificatePolicies,
    )
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, looked_at):
            raise UnreadCritical("the certificate demands something that is not understood here")


def _read_root(der: bytes, *, demo: bool) -> tuple[bytes, bytes]:
    """Key identifier and key of a certificate that is fit to be pinned."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    with reading(UnreadableCertificate, "certificate"):
        certificate = _read(der)
        constraints = one_of(certificate.extensions, x509.BasicConstraints)
        identifier = one_of(certificate.extensions, x509.SubjectKeyIdentifier)
        organisations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        spki = _public_key(certificate).spki
        if constraints is None or not constraints.ca or identifier is None:
            raise UnfitRoot("this is not the certificate of a certificate authority")
        try:
            _check_issuer_signature(certificate, spki)
        except BadIssuerSignature:
            raise UnfitRoot(
                "a root certificate is signed by its own key; this one is not"
            ) from None
    if not demo and DEMO_ORGANISATION in {name.value for name in organisations}:
        raise UnfitRoot("this is the root of a demo, and this installation is not a demo")
    return identifier.digest, spki


def _public_key(certificate: "x509.Certificate") -> PublicKey:
    public = certificate.public_key()
    try:
        key = verifying(public)
    except ValueError:
        raise UnsupportedKey("keys of this kind are not verified here") from None
    return PublicKey(digest=key_digest(key.spki), algorithm=key.algorithm, spki=key.spki)
