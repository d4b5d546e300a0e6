"""Cards and roots on P-256 and P-384 pass the same recipe as those with RSA."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.certificate import (
    Algorithm,
    BadIssuerSignature,
    CertificateError,
    Roots,
    UnfitRoot,
    UnreadableCertificate,
    WrongUse,
    check_certificate,
    read_public_key,
)
from sync.democa import new_card_key, new_key
from tests.sync.issuing import NOW, Issuer, extend, root_of, spki_of, usage_of


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """Today's root, with RSA."""
    key = new_key()
    return Issuer(key, key)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_card_of_each_algorithm_is_believed(issuer: Issuer, algorithm: Algorithm) -> None:
    public = new_card_key(algorithm).public_key()
    der = issuer.certificate(public=public)

    card = check_certificate(der, issuer.roots, NOW)
    assert card.algorithm is algorithm
    assert card.public_key == spki_of(public)
    read = read_public_key(der)
    assert (read.digest, read.algorithm, read.spki) == (card.digest, algorithm, card.public_key)


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_a_key_on_a_curve_has_to_be_one_that_signs(issuer: Issuer, algorithm: Algorithm) -> None:
    public = new_card_key(algorithm).public_key()
    also_agrees = issuer.certificate(public=public, usage=usage_of(agrees=True))

    assert check_certificate(also_agrees, issuer.roots, NOW).algorithm is algorithm
    for usage in (usage_of(signs=False, agrees=True), usage_of(certifies=True)):
        with pytest.raises(WrongUse):
            check_certificate(issuer.certificate(public=public, usage=usage), issuer.roots, NOW)


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_a_root_on_a_curve_is_pinned_and_believed(issuer: Issuer, algorithm: Algorithm) -> None:
    later = Issuer(new_card_key(algorithm), issuer.holder)
    both = Roots.pinned([root_of(issuer.key), root_of(later.key)])

    for public in (None, new_card_key(algorithm).public_key()):
        for n in range(4):  # in DER its s is as it comes: high or low
            extra = extend(
                x509.UnrecognizedExtension(ObjectIdentifier("1.2.392.99999.1"), bytes([5, n])),
                critical=False,
            )
            card = check_certificate(later.certificate(public=public, extra=extra), both, NOW)
            assert card.issuer_key_id in later.roots.keys
    for signer in (issuer.key, new_card_key(algorithm), new_card_key(Algorithm.ES256)):
        with pytest.raises(BadIssuerSignature, match="did not sign"):
            check_certificate(later.certificate(signer=signer), both, NOW)
    with pytest.raises(UnfitRoot, match="its own key"):
        Roots.pinned([root_of(later.key, signer=new_card_key(algorithm))])


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_a_root_on_a_curve_signs_with_the_digest_of_its_curve(
    issuer: Issuer, algorithm: Algorithm
) -> None:
    later = Issuer(new_card_key(algorithm), issuer.holder)
    other = SHA256() if algorithm is Algorithm.ES384 else SHA384()

    with pytest.raises(BadIssuerSignature):
        check_certificate(later.certificate(algorithm=other), later.roots, NOW)


@pytest.fixture(scope="module")
def later() -> Issuer:
    """The next root and a card that it might issue, both on P-384."""
    return Issuer(new_card_key(Algorithm.ES384), new_key())


@settings(max_examples=150)
@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_certificate_on_a_curve_with_one_byte_changed_is_never_believed(
    later: Issuer, where: int, flip: int
) -> None:
    public = new_card_key(Algorithm.ES384).public_key()
    der = bytearray(later.certificate(public=public))
    der[where % len(der)] ^= flip

    with pytest.raises(CertificateError):
        check_certificate(bytes(der), later.roots, NOW)


def test_a_signature_whose_last_bits_are_called_unused_is_another_spelling_and_refused(
    later: Issuer,
) -> None:
    der = b"\1"
    while der[-1] % 2:
        der = later.certificate(public=new_card_key(Algorithm.ES384).public_key())
    spelt = bytearray(der)
    spelt[-len(x509.load_der_x509_certificate(der).signature) - 1] = 1

    with pytest.raises(UnreadableCertificate):
        check_certificate(bytes(spelt), later.roots, NOW)
