"""Each kind of key signs by one algorithm, and each signature has one spelling."""

from functools import cache
from itertools import permutations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sync.cardkey import CURVES, Algorithm, canonical, from_der, read_key, verifying
from sync.certificate import BadSignature, UnsupportedKey, verify_signature
from sync.democa import new_card_key
from sync.errors import Malformed
from tests.doubles.pen import Card

MESSAGE = b"machikado/card/1 ... 100 points"
ELLIPTIC = sorted(CURVES)

algorithms = st.sampled_from(list(Algorithm))
elliptic = st.sampled_from(ELLIPTIC)


@cache
def card_of(algorithm: Algorithm) -> Card:
    """One card an algorithm, for all tests."""
    return Card(new_card_key(algorithm))


@cache
def signature_of(algorithm: Algorithm) -> bytes:
    """That card's signature over the message."""
    return card_of(algorithm).sign(MESSAGE)


def check(card: Card, algorithm: Algorithm, signature: bytes, message: bytes = MESSAGE) -> None:
    verify_signature(card.spki, algorithm, signature, message)


def other_s(algorithm: Algorithm, signature: bytes) -> bytes:
    """The twin that anybody can make: r, n - s."""
    curve = CURVES[algorithm]
    r, s = curve.split(signature)
    return curve.join(r, curve.order - s)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_names_its_algorithm_and_checks_what_it_signed(algorithm: Algorithm) -> None:
    card = card_of(algorithm)

    assert read_key(card.spki).algorithm is algorithm
    assert read_key(card.spki).spki == card.spki
    check(card, algorithm, signature_of(algorithm))
    with pytest.raises(BadSignature):
        check(card, algorithm, signature_of(algorithm), b"1000 points")
    with pytest.raises(BadSignature):
        check(Card(new_card_key(algorithm)), algorithm, signature_of(algorithm))


@pytest.mark.parametrize(("key", "name"), list(permutations(Algorithm, 2)))
def test_a_signature_is_never_checked_under_another_name(key: Algorithm, name: Algorithm) -> None:
    with pytest.raises(UnsupportedKey, match="algorithm"):
        check(card_of(key), name, signature_of(key))
    with pytest.raises(UnsupportedKey, match="algorithm"):
        check(card_of(key), name, signature_of(name))
    with pytest.raises(BadSignature):
        check(card_of(key), key, signature_of(name))


@given(algorithms, st.integers(min_value=0), st.integers(0, 7))
def test_a_signature_with_one_bit_changed_fits_nothing(
    algorithm: Algorithm, where: int, bit: int
) -> None:
    changed = bytearray(signature_of(algorithm))
    changed[where % len(changed)] ^= 1 << bit

    with pytest.raises(BadSignature):
        check(card_of(algorithm), algorithm, bytes(changed))


@given(algorithms, st.binary(max_size=300) | st.binary(min_size=64, max_size=64))
def test_bytes_that_are_no_signature_are_refused_in_words(
    algorithm: Algorithm, noise: bytes
) -> None:
    with pytest.raises(BadSignature, match="does not fit"):
        check(card_of(algorithm), algorithm, noise)


@given(elliptic, st.binary(max_size=64))
def test_a_signature_has_one_spelling(algorithm: Algorithm, message: bytes) -> None:
    card, curve = card_of(algorithm), CURVES[algorithm]
    signature = card.sign(message)
    r, s = curve.split(signature)
    check(card, algorithm, signature, message)

    others = [
        other_s(algorithm, signature),
        encode_dss_signature(r, s),
        b"\0" + signature,
        signature + b"\0",
        bytes(1) + signature[: curve.size] + bytes(1) + signature[curve.size :],
        signature[curve.size :] + signature[: curve.size],
    ]
    for other in others:
        with pytest.raises(BadSignature):
            check(card, algorithm, other, message)


@pytest.mark.parametrize("algorithm", ELLIPTIC)
def test_the_refused_twin_is_a_signature_to_anybody_else(algorithm: Algorithm) -> None:
    """Refused for its spelling alone: without that, one signature would have two names."""
    private = card_of(algorithm).private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = CURVES[algorithm].split(other_s(algorithm, signature_of(algorithm)))
    sha = SHA256() if algorithm is Algorithm.ES256 else SHA384()

    private.public_key().verify(encode_dss_signature(r, s), MESSAGE, ec.ECDSA(sha))


@given(elliptic, st.data())
def test_both_twins_are_brought_to_one(algorithm: Algorithm, data: st.DataObject) -> None:
    curve = CURVES[algorithm]
    numbers = st.integers(1, curve.order - 1)
    raw = curve.join(data.draw(numbers), data.draw(numbers))
    kept = canonical(algorithm, raw)

    assert canonical(algorithm, other_s(algorithm, raw)) == kept == canonical(algorithm, kept)
    assert curve.is_low(curve.split(kept)[1])
    assert curve.split(kept)[0] == curve.split(raw)[0]


@pytest.mark.parametrize("algorithm", ELLIPTIC)
def test_the_middle_of_the_order_is_where_one_twin_becomes_the_other(algorithm: Algorithm) -> None:
    curve = CURVES[algorithm]
    last = curve.order // 2  # the order is odd: no s is its own twin

    assert canonical(algorithm, curve.join(1, last)) == curve.join(1, last)
    assert canonical(algorithm, curve.join(1, last + 1)) == curve.join(1, last)
    assert canonical(algorithm, curve.join(1, curve.order - 1)) == curve.join(1, 1)


@pytest.mark.parametrize("algorithm", ELLIPTIC)
def test_numbers_outside_the_curve_are_no_signature(algorithm: Algorithm) -> None:
    curve = CURVES[algorithm]

    for r, s in ((0, 1), (1, 0), (curve.order, 1), (1, curve.order)):
        with pytest.raises(Malformed, match="two numbers"):
            canonical(algorithm, curve.join(r, s))
        with pytest.raises(BadSignature):
            check(card_of(algorithm), algorithm, curve.join(r, s))
    with pytest.raises(Malformed, match=f"{2 * curve.size} bytes, and this 3"):
        canonical(algorithm, b"abc")


@given(elliptic, st.data())
def test_der_holds_the_same_signature(algorithm: Algorithm, data: st.DataObject) -> None:
    curve = CURVES[algorithm]
    numbers = st.integers(1, curve.order - 1)
    r, s = data.draw(numbers), data.draw(numbers)

    spelled = from_der(algorithm, encode_dss_signature(r, s))
    assert spelled == canonical(algorithm, curve.join(r, s))


@given(elliptic, st.binary(max_size=120))
def test_der_that_is_none_is_refused_in_words(algorithm: Algorithm, noise: bytes) -> None:
    curve = CURVES[algorithm]

    for der in (
        noise,
        encode_dss_signature(1, 1 << 400),
        bytes.fromhex("30060201FF020101"),  # r = -1
        encode_dss_signature(0, 1),
        encode_dss_signature(1, curve.order),
        encode_dss_signature(1, 1) + noise + b"\0",
    ):
        with pytest.raises(Malformed):
            from_der(algorithm, der)


@given(st.binary(max_size=300))
def test_an_rsa_signature_is_left_as_it_is(signature: bytes) -> None:
    assert canonical(Algorithm.RS256, signature) == signature
    assert from_der(Algorithm.RS256, signature) == signature


@pytest.mark.parametrize(
    ("algorithm", "curve"),
    [(Algorithm.ES256, ec.SECP256R1()), (Algorithm.ES384, ec.SECP384R1())],
)
def test_the_orders_are_those_of_the_curves(algorithm: Algorithm, curve: ec.EllipticCurve) -> None:
    # n is where the multiples of the base point begin again: (n - 1) G = -G.
    first = ec.derive_private_key(1, curve).public_key().public_numbers()
    last = ec.derive_private_key(CURVES[algorithm].order - 1, curve).public_key().public_numbers()

    assert last.x == first.x
    assert last.y != first.y
    assert CURVES[algorithm].size * 8 == curve.key_size


# RFC 6979, A.2.5 and A.2.6: the message "sample" with SHA-256 on P-256 and SHA-384 on P-384.
PUBLISHED = [
    (
        Algorithm.ES256,
        ec.SECP256R1(),
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    (
        Algorithm.ES384,
        ec.SECP384R1(),
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
    ),
]


@pytest.mark.parametrize(("algorithm", "curve", "private", "r", "s"), PUBLISHED)
def test_the_published_signatures_fit_once_their_s_is_the_low_one(
    algorithm: Algorithm, curve: ec.EllipticCurve, private: str, r: str, s: str
) -> None:
    card = Card(ec.derive_private_key(int(private, 16), curve))
    raw = bytes.fromhex(r + s)

    check(card, algorithm, canonical(algorithm, raw), b"sample")
    assert card.sign(b"sample") == canonical(algorithm, raw)
    with pytest.raises(BadSignature):
        check(card, algorithm, raw, b"sample")  # both were published with the high one


FOREIGN: dict[str, PublicKeyTypes] = {
    "another curve": ec.generate_private_key(ec.SECP521R1()).public_key(),
    "Bitcoin's curve": ec.generate_private_key(ec.SECP256K1()).public_key(),
    "another kind": ed25519.Ed25519PrivateKey.generate().public_key(),
    "too short": rsa.RSAPublicNumbers(65537, (1 << 1023) + (1 << 511) + 1).public_key(),
    "too long": rsa.RSAPublicNumbers(65537, (1 << 4099) + (1 << 511) + 1).public_key(),
    "slow": rsa.RSAPublicNumbers(65539, (1 << 2047) + (1 << 511) + 1).public_key(),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_keys_that_are_weak_slow_or_unknown_verify_nothing(kind: str) -> None:
    spki = FOREIGN[kind].public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(ValueError, match="key"):
        verifying(FOREIGN[kind])
    for algorithm in Algorithm:
        with pytest.raises(UnsupportedKey):
            verify_signature(spki, algorithm, signature_of(algorithm), MESSAGE)


@given(st.binary(max_size=120))
def test_bytes_that_are_no_key_are_refused_in_words(noise: bytes) -> None:
    for algorithm in Algorithm:
        with pytest.raises(UnsupportedKey, match="not a public key"):
            verify_signature(noise, algorithm, b"", MESSAGE)


@pytest.mark.parametrize("algorithm", ELLIPTIC)
def test_a_point_off_its_curve_is_no_key(algorithm: Algorithm) -> None:
    off = bytearray(card_of(algorithm).spki)
    off[-1] ^= 1

    with pytest.raises(UnsupportedKey, match="not a public key"):
        verify_signature(bytes(off), algorithm, signature_of(algorithm), MESSAGE)


@pytest.mark.parametrize("algorithm", ELLIPTIC)
def test_a_compressed_point_is_the_same_key(algorithm: Algorithm) -> None:
    card = card_of(algorithm)
    private = card.private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    curve = ec.SECP256R1() if algorithm is Algorithm.ES256 else ec.SECP384R1()

    again = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    assert verifying(again).spki == card.spki


def test_no_repr_shows_a_key() -> None:
    card = card_of(Algorithm.ES256)
    assert card.spki.hex() not in repr(read_key(card.spki))
    assert "spki" not in repr(read_key(card.spki))
