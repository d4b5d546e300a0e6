"""No certificate, PIN, MyKey ID or name of a resident in anything a node stores.

Every file of the folder and of the second path, and every value of the database, is opened as far
as it opens: zstd, MessagePack, JSON, hexadecimal, base64, UTF-16. The search first proves that it
finds a planted needle in each of these.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
import zstandard

from node.card.tap import Tap
from node.outcome import Approved, RegisteredCard, SeenMember
from node.store import Store
from sync.members import MemberStep
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import PIN, Shop, pin

DEEPEST = 6
NEEDLE = b"HANAKO77"


def opened(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes themselves and whatever they open to."""
    yield data
    if depth >= DEEPEST or not data:
        return
    for inner in _inside(data):
        yield from opened(inner, depth + 1)


def _inside(data: bytes) -> Iterator[bytes]:
    if data[:4] == b"\x28\xb5\x2f\xfd":
        yield zstandard.ZstdDecompressor().decompressobj().decompress(data)
    for decode in (msgspec.msgpack.decode, json.loads):
        try:
            value = decode(data)
        except (msgspec.DecodeError, ValueError, UnicodeDecodeError):
            continue
        if isinstance(value, (list, dict)):
            yield from _leaves(value)
    for run in re.findall(rb"[0-9a-fA-F]{16,}", data):
        if len(run) % 2 == 0 and len(run) < len(data) + 1:
            yield binascii.unhexlify(run)
    for run in re.findall(rb"[A-Za-z0-9+/]{12,}={0,2}", data):
        if len(run) % 4 == 0:
            yield base64.b64decode(run)
    if b"\x00" in data:
        yield data.decode("utf-16-le", "ignore").encode("utf-8", "ignore").replace(b"\x00", b"")


def _leaves(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode()
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(key)
            yield from _leaves(each)


def holds(data: bytes, needles: list[bytes]) -> bool:
    return any(needle in piece for piece in opened(data) for needle in needles)


@pytest.mark.parametrize(
    "hidden",
    [
        NEEDLE,
        NEEDLE.hex().encode(),
        base64.b64encode(b"xx" + NEEDLE + b"yy"),
        NEEDLE.decode().encode("utf-16-le"),
        msgspec.msgpack.encode(["a", {"b": NEEDLE}]),
        json.dumps({"id": NEEDLE.decode()}).encode(),
        zstandard.compress(msgspec.msgpack.encode([zstandard.compress(NEEDLE * 3)])),
    ],
)
def test_the_search_finds_a_planted_needle(hidden: bytes) -> None:
    assert holds(hidden, [NEEDLE])
    assert not holds(b"something else entirely, 16 bytes and more", [NEEDLE])


def test_nothing_stored_says_who_was_here(shop: Shop) -> None:
    with Tap(shop.card) as tap:
        certificate = tap.certificate
    serial = certificate[15:23]
    common_name = re.findall(rb"[0-9A-F]{24}", certificate)[0]
    shop.hub.certificates.clear()
    made = shop.register(NEEDLE.decode())
    assert isinstance(made, RegisteredCard)
    for silent in (False, True):
        shop.hub.silent = silent
        done = shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())
        assert isinstance(done, Approved)
    shop.counter.balances(shop.card, pin())
    shop.hub.silent = False
    shop.counter.probe()
    for step in (MemberStep.SEE, MemberStep.SUSPEND, MemberStep.RESUME, MemberStep.AGREE):
        assert isinstance(shop.counter.member(shop.card, pin(), step), SeenMember)
    needles = [NEEDLE, certificate, certificate[200:260], serial, common_name]

    shop.counter.close()
    files = [*shop.folder.iterdir(), *shop.second.iterdir()]
    contents = [file.read_bytes() for file in files if file.is_file()]
    with closing(Store.look(shop.folder)) as store:
        tables = [
            name for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            for row in store.rows(f"SELECT * FROM {table}"):
                contents += [
                    value if isinstance(value, bytes) else str(value).encode() for value in row
                ]
                assert PIN not in {
                    piece for value in row if isinstance(value, bytes) for piece in opened(value)
                }
    shop.reopen()

    assert len(contents) > 50
    assert not [content[:40] for content in contents if holds(content, needles)]
