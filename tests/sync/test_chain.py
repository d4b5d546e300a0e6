"""The chain: order and wholeness show from the bytes alone."""

import hashlib

import msgspec
import pytest

from sync.chain import NOTHING, ChainBroken, digest, follow
from sync.values import Digest, EpochId, NodeId
from tests.vectors.examples import BYTES, EPOCH, NODE


def followed(records: list[bytes], first: int = 1, prev: Digest = NOTHING) -> list[Digest]:
    return follow(NODE, EPOCH, first, prev, records)


def test_a_record_is_named_by_its_sha_256() -> None:
    assert digest(BYTES[0]) == hashlib.sha256(BYTES[0]).digest()


def test_a_day_follows_from_nothing() -> None:
    assert followed(list(BYTES)) == [digest(data) for data in BYTES]
    assert followed([]) == []


def test_a_day_may_arrive_in_parts() -> None:
    assert followed(list(BYTES[4:]), first=5, prev=digest(BYTES[3])) == [
        digest(data) for data in BYTES[4:]
    ]


@pytest.mark.parametrize("gone", range(len(BYTES) - 1))
def test_a_record_that_is_taken_out_shows(gone: int) -> None:
    with pytest.raises(ChainBroken) as broken:
        followed([*BYTES[:gone], *BYTES[gone + 1 :]])
    assert broken.value.seq == gone + 1


def test_two_records_in_each_other_s_place_show() -> None:
    with pytest.raises(ChainBroken, match="record 3"):
        followed([*BYTES[:2], BYTES[3], BYTES[2], *BYTES[4:]])


def test_a_record_that_was_changed_shows_at_the_next() -> None:
    whole = msgspec.msgpack.decode(BYTES[2])
    whole[6][3] = 301
    with pytest.raises(ChainBroken, match="record 4: it does not name the record before it"):
        followed([*BYTES[:2], msgspec.msgpack.encode(whole), *BYTES[3:]])


def test_another_node_s_or_epoch_s_records_do_not_follow() -> None:
    for node, epoch in (
        (NodeId("141305-B2108-2222"), EPOCH),
        (NODE, EpochId("4-0123456789abcdef")),
    ):
        with pytest.raises(ChainBroken, match="record 1: it says 141305-B2108-1111"):
            follow(node, epoch, 1, NOTHING, list(BYTES))


def test_a_wrong_beginning_does_not_follow() -> None:
    with pytest.raises(ChainBroken, match="record 5"):
        followed(list(BYTES[4:]), first=5, prev=digest(BYTES[2]))


def test_bytes_that_cannot_be_read_are_passed_on_and_still_counted() -> None:
    poison = b"\x91" * 4000
    assert followed([*BYTES[:2], poison]) == [*map(digest, BYTES[:2]), digest(poison)]

    with pytest.raises(ChainBroken, match="record 4"):
        followed([*BYTES[:2], poison, *BYTES[3:]])


def test_a_record_of_tomorrow_is_in_the_chain_like_any_other() -> None:
    whole = msgspec.msgpack.decode(BYTES[2])
    whole[6] = ["ticket.voided", 1.5]
    tomorrow = msgspec.msgpack.encode(whole)
    after = msgspec.msgpack.decode(BYTES[3])
    after[4] = digest(tomorrow)

    assert len(followed([*BYTES[:2], tomorrow, msgspec.msgpack.encode(after)])) == 4
