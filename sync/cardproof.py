"""What a card signs, and the evidence that travels beside the record.

The card signs ``machikado/card/1`` with the hub's origin and the record's bytes, each part after
its length. There is no second structure: account, points, organisation and order are all in the
record, so a signature can be used nowhere else and no nonce is needed. It proves that card and PIN
were present for exactly this record; not that the resident read it.
"""

from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.records.bodies import CardKeyDigest, Position
from sync.signing import tagged
from sync.values import NodeId


def money_message(hub_origin: str, record: bytes) -> bytes:
    """What a card signs for a record that moves points."""
    return _money_tag(hub_origin) + len(record).to_bytes(4, "big") + record


@lru_cache(maxsize=16)
def _money_tag(hub_origin: str) -> bytes:
    """What stands before the record: the same for all that a hub checks."""
    return tagged("card", hub_origin.encode())


def look_message(
    verb: str, hub_origin: str, node: NodeId, request_digest: bytes, challenge: bytes
) -> bytes:
    """What a card signs to register or to see the exact balance: which request, where, and now."""
    return tagged(verb, hub_origin.encode(), node.encode(), request_digest, challenge)


class Evidence(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A card's signature over one record, sealed to the hub."""

    shift: Position
    """The ``shift.opened`` record whose content key seals this."""
    algorithm: Annotated[str, Meta(max_length=24)]
    key: CardKeyDigest
    sealed: Annotated[bytes, Meta(max_length=1024)]


class SealedCertificate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A card's certificate, sealed to the hub; it travels when the hub does not know the key."""

    shift: Position
    key: CardKeyDigest
    sealed: Annotated[bytes, Meta(max_length=8192)]
