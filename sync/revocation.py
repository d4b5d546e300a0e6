"""Which certificates were taken back: reading an issuer's certificate revocation list.

Pure, as :mod:`sync.certificate`, whose pinned roots it shares. Its errors are all NotAuthentic:

    RevocationListError
    ├── UnreadableList      not a list of RFC 5280's second version
    ├── UnknownListIssuer   names no pinned root
    ├── BadListSignature    names a pinned root that did not sign it
    ├── ListNotYetValid     made after the moment that counts
    ├── ListLapsed          its successor was due, or it names no successor
    ├── PartialList         does not speak of all cards of its issuer
    ├── UnreadCriticalOfList  says something critical that is not understood here
    └── UnnumberedList      has no number to tell older from newer by

A serial number is an identifier of a person in disguise, so no message and no repr contains one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from sync.cardkey import read_key
from sync.certificate import Roots
from sync.der import algorithm_of, millis, one_of, reading
from sync.errors import NotAuthentic
from sync.values import Digest, Millis

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

EARLY: Final = Millis(5 * 60_000)
"""How far an issuer's clock may be ahead of the hub's."""
_VERSION_2: Final = b"\x02\x01\x01"
"""INTEGER 1, with which the signed part of such a list begins (RFC 5280, 5.1.2.1)."""
_LONG_FORM: Final = 0x80


class RevocationListError(NotAuthentic):
    """A list that must not be believed."""


class UnreadableList(RevocationListError):
    """Not a revocation list of the second version."""


class UnknownListIssuer(RevocationListError):
    """Names no pinned root as its issuer."""


class BadListSignature(RevocationListError):
    """Names a pinned root that did not sign it."""


class ListNotYetValid(RevocationListError):
    """Made after the moment that counts."""


class ListLapsed(RevocationListError):
    """Its successor was due before the moment that counts, or it names none."""


class PartialList(RevocationListError):
    """Speaks of changes, of some reasons, of some certificates or of other issuers' only."""


class UnreadCriticalOfList(RevocationListError):
    """Marks something as critical that is not understood here."""


class UnnumberedList(RevocationListError):
    """Has no number."""


class Kind(StrEnum):
    """How a certificate was taken back."""

    HELD = "held"
    """Until further notice (certificateHold): a later list may no longer have it."""
    REVOKED = "revoked"
    """For good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A list that passed :func:`read_list`."""

    issuer_key_id: bytes
    """Key identifier of the pinned root that signed it; certificates name the same."""
    number: int
    """The issuer's own count; later lists have larger ones (RFC 5280, 5.2.3)."""
    this_update: Millis
    next_update: Millis
    """Until when it is in force: by then its successor is out."""
    digest: Digest
    """SHA-256 of its bytes."""
    entries: Mapping[int, Kind] = field(repr=False)
    """Serial numbers of certificates that were taken back."""


def read_list(der: bytes, roots: Roots, at: Millis) -> RevocationList:
    """Say what an issuer took back, or raise the RevocationListError of the first failed step.

    1. It is a revocation list in DER with nothing behind it, of the second version (RFC 5280, 5.1).
    2. It names a pinned root by key identifier (5.2.1). Never by name: generations share one.
    3. That root's key signed it, by the one algorithm of such a key.
    4. It was made before ``at``, or not more than :data:`EARLY` after it.
    5. It names when its successor is due (5.1.2.5), and that is after ``at``.
    6. It is complete: no list of changes (5.2.4); and where it names its scope (5.2.5), that is all
       certificates of people by this issuer, for all reasons, at one place. No entry names another
       issuer, or is one that only a list of changes can have (5.3.1).
    7. It has a number (5.2.3).
    8. Nothing in it or in an entry is critical that these steps have not looked at (5.2, 5.3).

    The caller must still check that it is **not older** than the list in force (``number``,
    ``this_update``), and that ``at`` comes from a clock that may be believed. What is not on a list
    may still have expired. A root's own dates and uses are not looked at: pinning it is what makes
    it believed.
    """
    with reading(UnreadableList, "revocation list"):
        found = _read(der)
        issuer_key_id, issuer = _issuer_of(found, roots)
        _check_signature(found, issuer)
        this_update, next_update = _check_dates(found, at)
        _check_scope(found)
        number = _number(found)
        _check_critical(found)
        return RevocationList(
            issuer_key_id=issuer_key_id,
            number=number,
            this_update=this_update,
            next_update=next_update,
            digest=Digest(hashlib.sha256(der).digest()),
            entries=MappingProxyType(_entries(found)),
        )


def _read(der: bytes) -> "x509.CertificateRevocationList":
    from cryptography import x509

    found = x509.load_der_x509_crl(der)
    if not _content(found.tbs_certlist_bytes).startswith(_VERSION_2):
        raise ValueError("a list of another version")
    return found


def _content(der: bytes) -> bytes:
    """What stands behind tag and length of a DER value."""
    first = der[1]
    return der[2:] if first < _LONG_FORM else der[2 + (first - _LONG_FORM) :]


def _issuer_of(found: "x509.CertificateRevocationList", roots: Roots) -> tuple[bytes, bytes]:
    issuer = roots.named_in(found.extensions)
    if issuer is None:
        raise UnknownListIssuer("the list was not issued by a root that is trusted here")
    return issuer


def _check_signature(found: "x509.CertificateRevocationList", issuer: bytes) -> None:
    """The library compares the algorithm inside what is signed with the one outside (5.1.1.2)."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    algorithm = algorithm_of(found)
    if algorithm is None or read_key(issuer).algorithm is not algorithm:
        raise BadListSignature("the list is not signed by the algorithm of its issuer's key")
    key = load_der_public_key(issuer)
    if not found.is_signature_valid(cast("CertificateIssuerPublicKeyTypes", key)):
        raise BadListSignature("the list names a root that did not sign it")


def _check_dates(found: "x509.CertificateRevocationList", at: Millis) -> tuple[Millis, Millis]:
    this_update = millis(found.last_update_utc)
    if this_update > at + EARLY:
        raise ListNotYetValid("the list was made in the future; is this machine's clock right?")
    if found.next_update_utc is None:
        raise ListLapsed("the list does not say until when it is in force")
    next_update = millis(found.next_update_utc)
    if next_update <= at:
        raise ListLapsed(f"the list was in force until {found.next_update_utc:%Y-%m-%d %H:%M} UTC")
    return this_update, next_update


def _check_scope(found: "x509.CertificateRevocationList") -> None:
    from cryptography import x509

    if one_of(found.extensions, x509.DeltaCRLIndicator) is not None:
        raise PartialList("this is a list of changes, not the whole list")
    scope = one_of(found.extensions, x509.IssuingDistributionPoint)
    if scope is not None and (
        scope.full_name is not None  # one of several places: other certificates are listed there
        or scope.relative_name is not None
        or scope.only_some_reasons is not None
        or scope.indirect_crl
        or scope.only_contains_ca_certs
        or scope.only_contains_attribute_certs
    ):
        raise PartialList("this list does not speak of all cards of its issuer")


def _number(found: "x509.CertificateRevocationList") -> int:
    from cryptography import x509

    number = one_of(found.extensions, x509.CRLNumber)
    if number is None:
        raise UnnumberedList("the list has no number: older and newer cannot be told apart")
    return number.crl_number


def _check_critical(found: "x509.CertificateRevocationList") -> None:
    from cryptography import x509

    looked_at = (x509.AuthorityKeyIdentifier, x509.CRLNumber, x509.IssuingDistributionPoint)
    for extension in found.extensions:
        if extension.critical and not isinstance(extension.value, looked_at):
            raise UnreadCriticalOfList("the list demands something that is not understood here")


def _entries(found: "x509.CertificateRevocationList") -> dict[int, Kind]:
    """Every entry; of two about one certificate the one that is for good counts."""
    from cryptography import x509

    entries: dict[int, Kind] = {}
    for entry in found:
        reason = None
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CertificateIssuer):
                raise PartialList("this list speaks of other issuers' certificates")
            if isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason
            elif extension.critical:
                raise UnreadCriticalOfList("an entry demands something that is not understood here")
        if reason is x509.ReasonFlags.remove_from_crl:
            raise PartialList("this list takes entries of another one back: it is one of changes")
        held = reason is x509.ReasonFlags.certificate_hold
        serial = entry.serial_number
        if not held or serial not in entries:
            entries[serial] = Kind.HELD if held else Kind.REVOKED
    return entries
