"""A certificate is believed only when each step of the recipe holds; each failure has a name."""

from datetime import timedelta
from functools import partial
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.certificate import (
    Algorithm,
    BadIssuerSignature,
    BadSignature,
    CertificateError,
    Expired,
    NotYetValid,
    Roots,
    UnfitRoot,
    UnknownIssuer,
    UnreadableCertificate,
    UnreadCritical,
    UnsupportedKey,
    WrongPolicy,
    WrongUse,
    check_certificate,
    key_digest,
    read_public_key,
    validity,
    verify_signature,
)
from sync.democa import CARD_LIFE, DemoCa, new_key
from sync.values import DAY, Millis
from tests.sync.issuing import BEGIN, NOW, ROOT_NAME, Issuer, extend, root_of, spki_of, usage_of


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    return new_key(), new_key(), new_key()


@pytest.fixture(scope="module")
def issuer(keys: tuple[rsa.RSAPrivateKey, ...]) -> Issuer:
    return Issuer(keys[0], keys[1])


@pytest.fixture(scope="module")
def stranger(keys: tuple[rsa.RSAPrivateKey, ...]) -> rsa.RSAPrivateKey:
    return keys[2]


@pytest.fixture(scope="module")
def ca(keys: tuple[rsa.RSAPrivateKey, ...], tmp_path_factory: pytest.TempPathFactory) -> DemoCa:
    return DemoCa.create(tmp_path_factory.mktemp("democa"), at=NOW, key=keys[2])


def test_a_good_certificate_names_its_key_issuer_and_end(issuer: Issuer) -> None:
    card = check_certificate(issuer.certificate(), issuer.roots, NOW)

    assert card.public_key == spki_of(issuer.holder.public_key())
    assert card.digest == key_digest(card.public_key)
    assert card.algorithm is Algorithm.RS256
    assert {card.issuer_key_id} == set(issuer.roots.keys)
    assert card.not_after == NOW + CARD_LIFE


def test_a_demo_card_is_shaped_like_a_real_one(ca: DemoCa, issuer: Issuer) -> None:
    der = ca.issue(issuer.holder.public_key(), at=NOW)

    assert check_certificate(der, ca.roots, NOW).public_key == spki_of(issuer.holder.public_key())
    assert check_certificate(der, ca.roots, NOW).digest == read_public_key(der).digest
    assert validity(der) == (NOW, NOW + CARD_LIFE)
    with pytest.raises(UnknownIssuer):
        check_certificate(der, issuer.roots, NOW)


def test_generations_with_one_name_are_told_apart_by_key(
    issuer: Issuer, stranger: rsa.RSAPrivateKey
) -> None:
    both = Roots.pinned([root_of(issuer.key), root_of(stranger)])
    newer = Issuer(stranger, issuer.holder)

    old_id = check_certificate(issuer.certificate(), both, NOW).issuer_key_id
    assert old_id != check_certificate(newer.certificate(), both, NOW).issuer_key_id
    with pytest.raises(UnknownIssuer):
        check_certificate(newer.certificate(), issuer.roots, NOW)


def test_a_certificate_that_only_names_the_root_is_not_believed(
    issuer: Issuer, stranger: rsa.RSAPrivateKey
) -> None:
    with pytest.raises(BadIssuerSignature):
        check_certificate(issuer.certificate(signer=stranger), issuer.roots, NOW)
    with pytest.raises(BadIssuerSignature, match="not read here"):
        check_certificate(issuer.certificate(algorithm=SHA384()), issuer.roots, NOW)


def test_a_certificate_counts_from_its_first_moment_to_its_last(issuer: Issuer) -> None:
    end = Millis(NOW + CARD_LIFE)
    check = partial(check_certificate, issuer.certificate(), issuer.roots)

    check(NOW)
    check(Millis(end + 999))
    with pytest.raises(NotYetValid):
        check(Millis(NOW - 1))
    with pytest.raises(Expired):
        check(Millis(end + 1000))


@pytest.mark.parametrize("usage", [usage_of(signs=False), usage_of(certifies=True)])
def test_a_key_for_other_uses_is_refused(issuer: Issuer, usage: x509.KeyUsage) -> None:
    with pytest.raises(WrongUse):
        check_certificate(issuer.certificate(usage=usage), issuer.roots, NOW)


def test_a_certificate_authority_is_not_a_card(issuer: Issuer) -> None:
    claims = extend(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    says_no = extend(x509.BasicConstraints(ca=False, path_length=None), critical=True)

    with pytest.raises(WrongUse):
        check_certificate(issuer.certificate(extra=claims), issuer.roots, NOW)
    check_certificate(issuer.certificate(extra=says_no), issuer.roots, NOW)


def test_extended_uses_have_to_include_authentication(issuer: Issuer) -> None:
    mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    both = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH]
    )

    with pytest.raises(WrongUse):
        check_certificate(issuer.certificate(extra=extend(mail, critical=False)), issuer.roots, NOW)
    check_certificate(issuer.certificate(extra=extend(both, critical=True)), issuer.roots, NOW)


@pytest.mark.parametrize("policy", ["1.2.392.200149.8.5.1.1.10", None])
def test_a_signature_certificate_is_not_one_for_user_authentication(
    issuer: Issuer, policy: str | None
) -> None:
    with pytest.raises(WrongPolicy):
        check_certificate(issuer.certificate(policy=policy), issuer.roots, NOW)


def test_only_what_is_critical_has_to_be_understood(issuer: Issuer) -> None:
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.392.99999.1"), b"\x05\x00")

    with pytest.raises(UnreadCritical):
        check_certificate(
            issuer.certificate(extra=extend(unknown, critical=True)), issuer.roots, NOW
        )
    check_certificate(issuer.certificate(extra=extend(unknown, critical=False)), issuer.roots, NOW)


def test_keys_that_are_weak_or_unknown_are_refused(issuer: Issuer) -> None:
    weak_n = (1 << 1023) + (1 << 511) + 1  # nobody has to own a key to see that it is short
    weak = rsa.RSAPublicNumbers(65537, weak_n).public_key()
    slow = rsa.RSAPublicNumbers(65539, issuer.holder.public_key().public_numbers().n).public_key()
    other = ec.generate_private_key(ec.SECP521R1()).public_key()

    for public in (weak, slow, other):
        with pytest.raises(UnsupportedKey):
            check_certificate(issuer.certificate(public=public), issuer.roots, NOW)
        with pytest.raises(UnsupportedKey):
            read_public_key(issuer.certificate(public=public))


def test_what_is_pinned_has_to_be_a_root(issuer: Issuer, stranger: rsa.RSAPrivateKey) -> None:
    with pytest.raises(UnfitRoot, match="authority"):
        Roots.pinned([issuer.certificate()])
    with pytest.raises(UnfitRoot, match="authority"):
        Roots.pinned([root_of(issuer.key, ca=False)])
    with pytest.raises(UnfitRoot, match="its own key"):
        Roots.pinned([root_of(issuer.key, signer=stranger)])
    with pytest.raises(UnreadableCertificate):
        Roots.pinned([b"not a certificate"])


def test_two_keys_cannot_share_one_identifier(issuer: Issuer, stranger: rsa.RSAPrivateKey) -> None:
    stolen = x509.SubjectKeyIdentifier.from_public_key(issuer.key.public_key())
    twin = (
        x509.CertificateBuilder()
        .public_key(stranger.public_key())
        .serial_number(1)
        .subject_name(ROOT_NAME)
        .issuer_name(ROOT_NAME)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(stolen, critical=False)
        .sign(stranger, SHA256())
        .public_bytes(Encoding.DER)
    )

    assert len(Roots.pinned([root_of(issuer.key), root_of(issuer.key)]).keys) == 1
    with pytest.raises(UnfitRoot, match="one key identifier"):
        Roots.pinned([root_of(issuer.key), twin])


def test_a_demo_root_is_pinned_only_by_a_demo(ca: DemoCa) -> None:
    assert ca.roots.keys
    with pytest.raises(UnfitRoot, match="demo"):
        Roots.pinned([ca.root])


def test_a_signature_holds_for_one_key_and_one_message(
    issuer: Issuer, stranger: rsa.RSAPrivateKey
) -> None:
    signature = issuer.holder.sign(b"100 points", padding.PKCS1v15(), SHA256())
    verify = partial(verify_signature, spki_of(issuer.holder.public_key()), Algorithm.RS256)

    verify(signature, b"100 points")
    for wrong in (b"", signature[:-1], signature[::-1], signature + b"\0"):
        with pytest.raises(BadSignature):
            verify(wrong, b"100 points")
    with pytest.raises(BadSignature):
        verify(signature, b"1000 points")
    with pytest.raises(BadSignature):
        verify_signature(spki_of(stranger.public_key()), Algorithm.RS256, signature, b"100 points")
    with pytest.raises(UnsupportedKey):
        verify_signature(b"no key", Algorithm.RS256, signature, b"100 points")
    with pytest.raises(UnsupportedKey):
        verify_signature(
            spki_of(stranger.public_key()), cast("Algorithm", "none"), signature, b"100 points"
        )


def test_no_message_and_no_repr_shows_whose_certificate_it_is(issuer: Issuer) -> None:
    der = issuer.certificate()
    card = check_certificate(der, issuer.roots, NOW)

    with pytest.raises(Expired) as refused:
        check_certificate(der, issuer.roots, Millis(card.not_after + DAY))
    assert "1234141305A" not in repr(card) + str(refused.value)
    assert str(card.not_after) not in repr(card) + str(refused.value)


def test_nothing_may_stand_behind_a_certificate(issuer: Issuer) -> None:
    with pytest.raises(UnreadableCertificate):
        check_certificate(issuer.certificate() + b"\0", issuer.roots, NOW)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_foreign_bytes_are_never_more_than_unreadable(noise: bytes) -> None:
    with pytest.raises(UnreadableCertificate):
        check_certificate(noise, Roots({}), NOW)


def test_a_certificate_whose_number_is_negative_is_unreadable(issuer: Issuer) -> None:
    der = bytearray(issuer.certificate())
    length = der.index(b"\xa0\x03\x02\x01\x02\x02") + 6  # version 3, then the serial's length
    der[length + 1] ^= 0x80

    with pytest.raises(UnreadableCertificate):
        check_certificate(bytes(der), issuer.roots, NOW)


@settings(max_examples=300)
@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_certificate_with_one_byte_changed_is_never_believed(
    issuer: Issuer, where: int, flip: int
) -> None:
    der = bytearray(issuer.certificate())
    der[where % len(der)] ^= flip

    with pytest.raises(CertificateError):
        check_certificate(bytes(der), issuer.roots, NOW)
