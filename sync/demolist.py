"""What a demo CA took back, and its revocation list.

Beside the CA's own files (:mod:`sync.democa`) lies

    revoked.json    the number of the last list, and what stands on the next one
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from sync.democa import DemoCa
from sync.errors import Damaged, RefusedByRule
from sync.revocation import Kind
from sync.values import DAY, Millis
from sync.wire import laid_out

if TYPE_CHECKING:
    from cryptography import x509

LIST_LIFE: Final = Millis(7 * DAY)
"""How long a demo's list is in force unless told otherwise; a real one's is a day or two."""
_FILE: Final = "revoked.json"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One certificate that was taken back."""

    serial: str
    """In hexadecimal digits."""
    kind: Kind
    at: Millis


class Revoked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a demo CA took back so far."""

    number: int = 0
    """Of the last list that was made."""
    entries: tuple[Entry, ...] = ()


def load(directory: Path) -> Revoked:
    """What the CA of a directory took back; raises Damaged where that cannot be read."""
    path = directory / _FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=laid_out(Revoked))
    except FileNotFoundError:
        return Revoked()
    except (OSError, msgspec.MsgspecError) as problem:
        raise Damaged(f"{path} cannot be read") from problem


def revoke(directory: Path, serial: int, kind: Kind, *, at: Millis) -> Revoked:
    """Put a certificate on the next list; what is on it for good stays so."""
    before = load(directory)
    named = f"{serial:x}"
    mine = next((entry for entry in before.entries if entry.serial == named), None)
    if mine is not None and mine.kind in (Kind.REVOKED, kind):
        return before
    others = tuple(entry for entry in before.entries if entry.serial != named)
    return _save(directory, Revoked(before.number, (*others, Entry(named, kind, at))))


def restore(directory: Path, serial: int) -> Revoked:
    """Take a certificate that is on hold off the next list.

    Raises RefusedByRule: what was taken back for good never comes back.
    """
    before = load(directory)
    named = f"{serial:x}"
    if any(each.serial == named and each.kind is Kind.REVOKED for each in before.entries):
        raise RefusedByRule("revoked-for-good", "a certificate revoked for good stays so")
    others = tuple(entry for entry in before.entries if entry.serial != named)
    return _save(directory, Revoked(before.number, others))


def make_list(directory: Path, *, at: Millis, life: Millis = LIST_LIFE) -> bytes:
    """The next list in DER, made ``at`` and in force for ``life``; raises Damaged."""
    ca, before = DemoCa.load(directory), load(directory)
    number = before.number + 1
    made = list_of(
        ca,
        {int(entry.serial, 16): entry.kind for entry in before.entries},
        number=number,
        at=at,
        life=life,
    )
    _save(directory, Revoked(number, before.entries))
    return made


def list_of(
    ca: DemoCa, entries: Mapping[int, Kind], *, number: int, at: Millis, life: Millis = LIST_LIFE
) -> bytes:
    """A list of these serial numbers in DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at // 1000)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.load_der_x509_certificate(ca.root).subject)
        .last_update(begin)
        .next_update(begin + timedelta(milliseconds=life))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False
        )
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for serial, kind in entries.items():
        builder = builder.add_revoked_certificate(_entry(serial, kind, begin))
    return builder.sign(ca.key, SHA256()).public_bytes(Encoding.DER)


def _entry(serial: int, kind: Kind, at: datetime) -> "x509.RevokedCertificate":
    """A list says no reason where it is for good (RFC 5280, 5.3.1: "unspecified" is left out)."""
    from cryptography import x509

    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    if kind is Kind.HELD:
        reason = x509.CRLReason(x509.ReasonFlags.certificate_hold)
        builder = builder.add_extension(reason, critical=False)
    return builder.build()


def _save(directory: Path, revoked: Revoked) -> Revoked:
    path = directory / _FILE
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(revoked)))
    beside.replace(path)
    return revoked
