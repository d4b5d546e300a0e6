"""Sealed evidence: only the hub's key of the month opens it, and only for its own record."""

import hashlib

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import NotAuthentic
from sync.sealing import Sealer, certificate_name, open_content_key, seal_content_key
from sync.values import Digest, KeyDigest

MARCH = X25519PrivateKey.from_private_bytes(bytes(range(32)))
APRIL = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CONTENT_KEY = bytes(range(32))
digests = st.binary(min_size=32, max_size=32).map(Digest)


def sealed_in_march() -> bytes:
    return seal_content_key(CONTENT_KEY, MARCH.public_key().public_bytes_raw())


def test_the_hub_s_key_of_the_month_opens_a_shift() -> None:
    assert open_content_key(sealed_in_march(), MARCH) == CONTENT_KEY


def test_another_month_s_key_does_not() -> None:
    with pytest.raises(NotAuthentic, match="does not open"):
        open_content_key(sealed_in_march(), APRIL)


def test_a_shift_fits_its_field_in_the_record() -> None:
    assert len(sealed_in_march()) == 80


@given(st.binary(max_size=100))
def test_foreign_bytes_open_nothing(data: bytes) -> None:
    with pytest.raises(NotAuthentic):
        open_content_key(data, MARCH)
    with pytest.raises(NotAuthentic):
        Sealer(CONTENT_KEY).open(data, Digest(bytes(32)))


@given(st.binary(max_size=300), digests, digests)
def test_evidence_opens_for_its_own_record_only(piece: bytes, own: Digest, other: Digest) -> None:
    sealed = Sealer(CONTENT_KEY).seal(piece, own)

    assert Sealer(CONTENT_KEY).open(sealed, own) == piece
    if own != other:
        with pytest.raises(NotAuthentic):
            Sealer(CONTENT_KEY).open(sealed, other)
    with pytest.raises(NotAuthentic):
        Sealer(bytes(32)).open(sealed, own)


def test_records_that_share_the_nonce_still_do_not_open_each_other() -> None:
    own, twin = Digest(bytes(32)), Digest(bytes(12) + b"\1" * 20)
    with pytest.raises(NotAuthentic):
        Sealer(CONTENT_KEY).open(Sealer(CONTENT_KEY).seal(b"signature", own), twin)


def test_the_same_piece_is_sealed_as_the_page_on_records_says() -> None:
    own = Digest(hashlib.sha256(b"a record").digest())
    sealed = Sealer(CONTENT_KEY).seal(b"signature", own)

    assert AESGCM(CONTENT_KEY).decrypt(own[:12], sealed, own) == b"signature"
    with pytest.raises(InvalidTag):
        AESGCM(CONTENT_KEY).decrypt(own[:12], sealed, None)


def test_a_certificate_has_a_name_where_a_record_has_a_digest() -> None:
    card = KeyDigest(bytes(range(32)))
    message = b"machikado/cert/1" + (32).to_bytes(4, "big") + card
    assert certificate_name(card) == hashlib.sha256(message).digest()
