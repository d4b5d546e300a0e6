"""Signatures: each says one thing, for one purpose, by one key."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cardproof import look_message, money_message
from sync.errors import Malformed, NotAuthentic
from sync.signing import (
    Head,
    Signed,
    SigningKey,
    fingerprint,
    open_signed,
    seal_with,
    sign_head,
    tagged,
    thumbprint,
    verify,
    verify_head,
)
from sync.values import Digest, EpochId, NodeId
from sync.wire import read, write

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(32))
NODE = NodeId("141305-B2108-1111")
EPOCH = EpochId("3-0123456789abcdef")
DIGEST = Digest(bytes(range(32)))
parts = st.lists(st.binary(max_size=20), max_size=4)
purposes = st.sampled_from(["card", "head", "receipt", "page", "look"])


class Counted:
    def bytes(self, count: int) -> bytes:
        return bytes(range(count))


@given(purposes, parts, purposes, parts)
def test_two_messages_share_bytes_only_when_they_say_the_same(
    one: str, of_one: list[bytes], other: str, of_other: list[bytes]
) -> None:
    same = (one, of_one) == (other, of_other)
    assert (tagged(one, *of_one) == tagged(other, *of_other)) == same


def test_a_new_key_comes_from_the_given_randomness() -> None:
    assert SigningKey.fresh(Counted()).public == KEY.public


def test_a_key_shows_its_name_and_not_itself() -> None:
    assert repr(KEY) == f"SigningKey({thumbprint(KEY.public)})"
    assert KEY.seed.hex() not in repr(KEY)


def test_people_compare_four_groups_of_four() -> None:
    groups = fingerprint(KEY.public).split("-")

    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert "".join(groups) == thumbprint(KEY.public)


def test_a_signature_holds_for_its_purpose_parts_and_key_only() -> None:
    signature = KEY.sign("receipt", b"a", b"b")

    verify(KEY.public, signature, "receipt", b"a", b"b")
    for public, made, what, said in (
        (OTHER.public, signature, "receipt", (b"a", b"b")),
        (KEY.public, signature, "custody", (b"a", b"b")),
        (KEY.public, signature, "receipt", (b"ab",)),
        (KEY.public, signature, "receipt", (b"a", b"b", b"")),
        (KEY.public, bytes(64), "receipt", (b"a", b"b")),
        (KEY.public, b"short", "receipt", (b"a", b"b")),
        (b"no key", signature, "receipt", (b"a", b"b")),
    ):
        with pytest.raises(NotAuthentic, match=f"the signature of this {what}"):
            verify(public, made, what, *said)


def test_what_the_hub_says_opens_for_its_purpose_and_a_trusted_key() -> None:
    signed = seal_with(KEY, "time", b"noon")

    assert open_signed(read(write(signed), Signed), "time", (OTHER.public, KEY.public)) == b"noon"
    with pytest.raises(NotAuthentic, match="signed as 'time', not as 'page'"):
        open_signed(signed, "page", (KEY.public,))
    with pytest.raises(NotAuthentic, match="does not trust"):
        open_signed(signed, "time", (OTHER.public,))
    with pytest.raises(NotAuthentic, match="does not fit"):
        open_signed(msgspec.structs.replace(signed, body=b"night"), "time", (KEY.public,))
    with pytest.raises(NotAuthentic, match="does not fit"):
        open_signed(msgspec.structs.replace(signed, what="page"), "page", (KEY.public,))


@pytest.mark.parametrize(
    "change",
    [
        {"node": "141305-B2108-1112"},
        {"epoch": "4-0123456789abcdef"},
        {"seq": 8},
        {"digest": bytes(32)},
        {"signature": bytes(64)},
    ],
)
def test_a_head_stands_for_one_place_in_one_chain(change: dict[str, object]) -> None:
    head = sign_head(KEY, NODE, EPOCH, 7, DIGEST)

    verify_head(read(write(head), Head), KEY.public)
    with pytest.raises(NotAuthentic):
        verify_head(msgspec.structs.replace(head, **change), KEY.public)
    with pytest.raises(NotAuthentic):
        verify_head(head, OTHER.public)


def test_a_head_out_of_bounds_does_not_read() -> None:
    for seq in (0, 2**53, 2**64 - 1):
        head = Head(NODE, EPOCH, seq, DIGEST, bytes(64))
        with pytest.raises(Malformed):
            read(write(head), Head)


def test_a_card_signs_where_and_what() -> None:
    messages = {
        money_message("https://a", b"record"),
        money_message("https://b", b"record"),
        money_message("https://a", b"recorD"),
        money_message("https://arecord", b""),
        look_message("look", "https://a", NODE, DIGEST, bytes(32)),
        look_message("register", "https://a", NODE, DIGEST, bytes(32)),
        look_message("look", "https://b", NODE, DIGEST, bytes(32)),
        look_message("look", "https://a", NodeId("141305-B2108-1112"), DIGEST, bytes(32)),
        look_message("look", "https://a", NODE, bytes(32), bytes(32)),
        look_message("look", "https://a", NODE, DIGEST, bytes(31)),
    }
    assert len(messages) == 10
    assert money_message("https://a", b"record").startswith(b"machikado/card/1\0\0\0\x09https://a")
