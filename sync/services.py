"""Service numbers (サービスID): an organisation's own number for a person, found by the card.

A library's user number, a shopping street's member number, a clinic's, a pool's. An organisation
hears its own numbers and nobody else's; a look needs no PIN, linking and unlinking do.
"""

import re
from typing import Annotated, NewType

import msgspec
from msgspec import Meta

from sync.errors import Malformed
from sync.values import KeyDigest, OrganisationId, half_width

ServiceNumber = NewType("ServiceNumber", str)
LONGEST = 20
VERB = "service"
"""What a card signs for a link (:func:`sync.cardproof.look_message`)."""
_NUMBER = re.compile(rf"[!-~]{{1,{LONGEST}}}", re.ASCII)
Number = Annotated[str, Meta(max_length=LONGEST)]


class NumberQuestion(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A card was shown: its holder's number at the asking node's organisation is wanted."""

    card: KeyDigest


class CardNumber(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an organisation may know of a card that was shown to it."""

    registered: bool
    """The card has a MyKey ID."""
    organisation: OrganisationId
    number: str
    """Its holder's number here; empty where none is linked."""


class NumberChange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A resident links a number of an organisation, or with an empty one unlinks it."""

    challenge: bytes
    card: KeyDigest
    organisation: OrganisationId
    number: Number


def service_number(written: str) -> ServiceNumber:
    """Read a number as an organisation writes it: half-width letters, digits, signs, no spaces.

    Full-width ones are made half-width. Raises Malformed.
    """
    number = half_width(written)
    if not _NUMBER.fullmatch(number):
        raise Malformed(
            f"number {written[: 2 * LONGEST]!r}: it has 1 to {LONGEST} letters, digits or signs,"
            " and no spaces"
        )
    return ServiceNumber(number)
