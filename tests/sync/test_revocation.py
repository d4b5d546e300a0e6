"""A revocation list is believed only when each step of its recipe holds; each no has a name."""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import demolist
from sync.certificate import Roots
from sync.democa import DemoCa, new_key
from sync.errors import Damaged, RefusedByRule
from sync.revocation import (
    EARLY,
    BadListSignature,
    Kind,
    ListLapsed,
    ListNotYetValid,
    PartialList,
    RevocationListError,
    UnknownListIssuer,
    UnnumberedList,
    UnreadableList,
    UnreadCriticalOfList,
    read_list,
)
from sync.values import DAY, HOUR, Millis
from tests.sync.issuing import BEGIN, NOW, ROOT_NAME, root_of

if TYPE_CHECKING:
    from sync.democa import CardPrivateKey

_VERSION_2 = b"\x02\x01\x01"
LOST, HELD = 0x10_0001, 0x7F_FFFF_FFFF_FFFF
Builder = x509.CertificateRevocationListBuilder
Change = Callable[[Builder], Builder]


@dataclass(frozen=True)
class Office:
    """Issues lists with one thing changed; unchanged, they are good ones."""

    key: "CardPrivateKey"

    def made(
        self,
        *,
        signer: "CardPrivateKey | None" = None,
        algorithm: SHA256 | SHA384 | SHA512 | None = None,
        begin: datetime = BEGIN,
        until: datetime = BEGIN + timedelta(days=1),
        named: bool = True,
        number: int | None = 7,
        entries: tuple[x509.RevokedCertificate, ...] = (),
        extra: Change = lambda builder: builder,
    ) -> bytes:
        public = self.key.public_key()
        builder = Builder().issuer_name(ROOT_NAME).last_update(begin)
        builder = builder.next_update(until)
        if named:
            name = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
            builder = builder.add_extension(name, critical=False)
        if number is not None:
            builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        for each in entries:
            builder = builder.add_revoked_certificate(each)
        signing = signer or self.key
        curve = SHA384() if getattr(signing, "key_size", 0) == 384 else SHA256()
        return extra(builder).sign(signing, algorithm or curve).public_bytes(Encoding.DER)

    @property
    def roots(self) -> Roots:
        return Roots.pinned([root_of(self.key)])


def entry(
    serial: int, reason: x509.ReasonFlags | None = None, *more: tuple[x509.ExtensionType, bool]
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(BEGIN)
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


def scope(**named: object) -> x509.IssuingDistributionPoint:
    fields: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**fields | named)  # type: ignore[arg-type]  # each of its kind


def saying(extension: x509.ExtensionType, *, critical: bool) -> Change:
    return lambda builder: builder.add_extension(extension, critical=critical)


def _signed_anew(der: bytes, key: rsa.RSAPrivateKey, change: Callable[[bytes], bytes]) -> bytes:
    """A list whose signed part was written by hand, as no library of ours would."""
    tbs = _sequence(change(_content(x509.load_der_x509_crl(der).tbs_certlist_bytes)))
    algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")
    signature = key.sign(tbs, PKCS1v15(), SHA256())
    return _sequence(tbs + algorithm + b"\x03\x82\x01\x01\0" + signature)


def _content(sequence: bytes) -> bytes:
    assert sequence[1] < 0x80, "a length of one byte"
    return sequence[2:]


def _sequence(content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return b"\x30" + length + content


def _without_next_update(content: bytes) -> bytes:
    time = content.rindex(b"\x17\x0d")
    assert content[time - 15 : time - 13] == b"\x17\x0d", "two times, one behind the other"
    return content[:time] + content[time + 15 :]


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    return new_key(), new_key()


@pytest.fixture(scope="module")
def office(keys: tuple[rsa.RSAPrivateKey, ...]) -> Office:
    return Office(keys[0])


@pytest.fixture(scope="module")
def stranger(keys: tuple[rsa.RSAPrivateKey, ...]) -> rsa.RSAPrivateKey:
    return keys[1]


def test_a_good_list_names_who_made_it_when_and_what_was_taken_back(office: Office) -> None:
    der = office.made(
        entries=(
            entry(LOST, x509.ReasonFlags.key_compromise),
            entry(HELD, x509.ReasonFlags.certificate_hold),
            entry(3),
        )
    )

    found = read_list(der, office.roots, NOW)

    assert {found.issuer_key_id} == set(office.roots.keys)
    assert (found.number, found.this_update, found.next_update) == (7, NOW, NOW + DAY)
    assert found.digest == hashlib.sha256(der).digest()
    assert found.entries == {LOST: Kind.REVOKED, HELD: Kind.HELD, 3: Kind.REVOKED}
    assert str(LOST) not in repr(found)


def test_an_empty_list_is_a_list(office: Office) -> None:
    assert read_list(office.made(), office.roots, NOW).entries == {}


def test_of_two_entries_about_one_certificate_the_one_for_good_counts(office: Office) -> None:
    hold = entry(LOST, x509.ReasonFlags.certificate_hold)
    for both in ((hold, entry(LOST)), (entry(LOST), hold)):
        found = read_list(office.made(entries=both), office.roots, NOW)
        assert found.entries == {LOST: Kind.REVOKED}


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_a_root_of_the_next_kind_signs_lists_as_well(curve: ec.EllipticCurve) -> None:
    office = Office(ec.generate_private_key(curve))

    assert read_list(office.made(entries=(entry(5),)), office.roots, NOW).entries == {
        5: Kind.REVOKED
    }
    other = SHA256() if curve.name == "secp384r1" else SHA384()
    for algorithm in (SHA512(), other):
        with pytest.raises(BadListSignature):
            read_list(office.made(algorithm=algorithm), office.roots, NOW)


def test_generations_with_one_name_are_told_apart_by_key(
    office: Office, stranger: rsa.RSAPrivateKey
) -> None:
    both = Roots.pinned([root_of(office.key), root_of(stranger)])
    newer = Office(stranger)

    assert (
        read_list(office.made(), both, NOW).issuer_key_id
        != read_list(newer.made(), both, NOW).issuer_key_id
    )
    with pytest.raises(UnknownListIssuer):
        read_list(newer.made(), office.roots, NOW)


def test_a_list_that_names_nobody_is_nobodys(office: Office) -> None:
    with pytest.raises(UnknownListIssuer):
        read_list(office.made(named=False), office.roots, NOW)


def test_a_list_that_another_key_signed_is_refused(
    office: Office, stranger: rsa.RSAPrivateKey
) -> None:
    with pytest.raises(BadListSignature):
        read_list(office.made(signer=stranger), office.roots, NOW)
    with pytest.raises(BadListSignature):
        read_list(office.made(algorithm=SHA384()), office.roots, NOW)


def test_a_list_is_in_force_from_its_making_until_its_successor_is_due(office: Office) -> None:
    der, roots = office.made(), office.roots

    assert read_list(der, roots, Millis(NOW - EARLY)).number == 7
    assert read_list(der, roots, Millis(NOW + DAY - 1)).number == 7
    with pytest.raises(ListNotYetValid):
        read_list(der, roots, Millis(NOW - EARLY - 1))
    with pytest.raises(ListLapsed):
        read_list(der, roots, Millis(NOW + DAY))


def test_a_list_without_a_number_is_refused(office: Office) -> None:
    with pytest.raises(UnnumberedList):
        read_list(office.made(number=None), office.roots, NOW)


def test_a_list_that_names_no_successor_is_never_in_force(
    office: Office, keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    der = office.made()
    assert read_list(_signed_anew(der, keys[0], lambda content: content), office.roots, NOW)

    with pytest.raises(ListLapsed):
        read_list(_signed_anew(der, keys[0], _without_next_update), office.roots, NOW)


def test_a_list_of_the_first_version_is_refused(
    office: Office, keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    first = _signed_anew(office.made(), keys[0], lambda content: content.removeprefix(_VERSION_2))

    with pytest.raises(UnreadableList):
        read_list(first, office.roots, NOW)


@pytest.mark.parametrize(
    "partial",
    [
        {"only_contains_ca_certs": True},
        {"only_contains_attribute_certs": True},
        {"indirect_crl": True},
        {"only_some_reasons": frozenset([x509.ReasonFlags.key_compromise])},
        {"full_name": [x509.UniformResourceIdentifier("http://ca.example/part-3.crl")]},
    ],
    ids=lambda partial: next(iter(partial)),
)
def test_a_list_of_some_cards_only_is_refused(office: Office, partial: dict[str, object]) -> None:
    with pytest.raises(PartialList):
        read_list(office.made(extra=saying(scope(**partial), critical=True)), office.roots, NOW)


def test_a_list_of_all_cards_of_people_is_whole(office: Office) -> None:
    whole = saying(scope(only_contains_user_certs=True), critical=True)

    assert read_list(office.made(extra=whole), office.roots, NOW).number == 7


def test_a_list_of_changes_is_refused(office: Office) -> None:
    with pytest.raises(PartialList):
        read_list(
            office.made(extra=saying(x509.DeltaCRLIndicator(6), critical=True)), office.roots, NOW
        )
    back = entry(LOST, x509.ReasonFlags.remove_from_crl)
    with pytest.raises(PartialList):
        read_list(office.made(entries=(back,)), office.roots, NOW)


def test_entries_of_other_issuers_are_refused(office: Office) -> None:
    other = x509.CertificateIssuer([x509.DirectoryName(ROOT_NAME)])
    with pytest.raises(PartialList):
        read_list(office.made(entries=(entry(LOST, None, (other, True)),)), office.roots, NOW)


def test_what_is_critical_and_not_understood_is_refused_in_list_and_entry(office: Office) -> None:
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    invalid_since = x509.InvalidityDate(BEGIN.replace(tzinfo=None))

    with pytest.raises(UnreadCriticalOfList):
        read_list(office.made(extra=saying(unknown, critical=True)), office.roots, NOW)
    with pytest.raises(UnreadCriticalOfList):
        read_list(office.made(entries=(entry(1, None, (unknown, True)),)), office.roots, NOW)
    told = office.made(
        extra=saying(unknown, critical=False), entries=(entry(1, None, (invalid_since, False)),)
    )
    assert read_list(told, office.roots, NOW).entries == {1: Kind.REVOKED}


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_a_list_that_was_changed_or_cut_is_never_believed(
    office: Office, data: st.DataObject
) -> None:
    der = office.made(entries=(entry(LOST), entry(HELD, x509.ReasonFlags.certificate_hold)))
    place = data.draw(st.integers(0, len(der) - 1))
    bits = data.draw(st.integers(1, 255))
    garbled = der[:place] + bytes([der[place] ^ bits]) + der[place + 1 :]
    changed = data.draw(st.sampled_from([garbled, der[:place], der + bytes([bits])]))

    with pytest.raises(RevocationListError):
        read_list(changed, office.roots, NOW)


@given(st.binary(max_size=300))
def test_anything_else_is_no_list(office: Office, data: bytes) -> None:
    with pytest.raises(UnreadableList):
        read_list(data, office.roots, NOW)


def test_a_list_that_openssl_made_is_read(tmp_path: Path, office: Office) -> None:
    """The system's own tool as a witness that is not ours."""
    (tmp_path / "root.pem").write_bytes(
        x509.load_der_x509_certificate(root_of(office.key)).public_bytes(Encoding.PEM)
    )
    key = office.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    hold, lost = "300101000000Z,holdInstruction,1.2.840.10040.2.1", "300101000000Z,keyCompromise"
    (tmp_path / "index.txt").write_text(
        f"R\t400101000000Z\t{hold}\t0A\tunknown\t/CN=a\nR\t400101000000Z\t{lost}\t0B\tunknown\t/CN=b\n"
    )
    (tmp_path / "crlnumber").write_text("2A\n")
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\n"
        "default_md=sha256\ndefault_crl_days=2\ncrl_extensions=e\n"
        "[e]\nauthorityKeyIdentifier=keyid:always\n"
    )
    command = "openssl ca -config ca.cnf -gencrl -keyfile key.pem -cert root.pem -out made.pem"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    made = x509.load_pem_x509_crl((tmp_path / "made.pem").read_bytes())
    at = Millis(int(made.last_update_utc.replace(tzinfo=UTC).timestamp()) * 1000)

    found = read_list(made.public_bytes(Encoding.DER), office.roots, at)

    assert (found.number, found.next_update) == (0x2A, at + 2 * DAY)
    assert found.entries == {0x0A: Kind.HELD, 0x0B: Kind.REVOKED}


def test_a_demo_ca_takes_back_holds_and_gives_back(tmp_path: Path, office: Office) -> None:
    assert isinstance(office.key, rsa.RSAPrivateKey)
    ca = DemoCa.create(tmp_path, at=NOW, key=office.key)

    demolist.revoke(tmp_path, LOST, Kind.HELD, at=NOW)
    demolist.revoke(tmp_path, HELD, Kind.HELD, at=NOW)
    first = read_list(demolist.make_list(tmp_path, at=NOW), ca.roots, NOW)
    demolist.revoke(tmp_path, LOST, Kind.REVOKED, at=NOW)
    demolist.revoke(tmp_path, LOST, Kind.HELD, at=NOW)
    demolist.restore(tmp_path, HELD)
    second = read_list(demolist.make_list(tmp_path, at=NOW, life=HOUR), ca.roots, NOW)

    assert (first.number, first.entries) == (1, {LOST: Kind.HELD, HELD: Kind.HELD})
    assert (second.number, second.entries) == (2, {LOST: Kind.REVOKED})
    assert second.next_update == NOW + HOUR
    with pytest.raises(RefusedByRule, match="stays so"):
        demolist.restore(tmp_path, LOST)
    (tmp_path / "revoked.json").write_text("{")
    with pytest.raises(Damaged, match=r"revoked\.json"):
        demolist.load(tmp_path)
