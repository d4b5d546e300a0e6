"""The names and numbers that every room uses.

Names: municipality ``141305``, organisation ``141305-B2108``, node ``141305-B2108-1111``.
The municipality is always the prefix, so a name says where it belongs; screens show the short form
(:func:`short`).
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, NewType

from msgspec import Meta

from sync.errors import Malformed

Points = NewType("Points", int)
"""1 point = 1 yen. Always an integer."""
MOST_POINTS = 9_999_999
"""The largest amount one record may move; keeps every sum far inside 64 bits."""
Amount = Annotated[Points, Meta(gt=0, le=MOST_POINTS)]
Millis = NewType("Millis", int)
"""Milliseconds since 1970-01-01T00:00Z."""
DAY = Millis(86_400_000)
HOUR = Millis(3_600_000)

MunicipalityCode = NewType("MunicipalityCode", str)
OrganisationId = NewType("OrganisationId", str)
NodeId = NewType("NodeId", str)
AccountId = NewType("AccountId", str)
"""16 hexadecimal digits, random; one per (resident, municipality). Says nothing about who it is."""
EpochId = NewType("EpochId", str)
"""``3-9f2c01d2e3f4a5b6``: one life of a node's database, with its key's thumbprint behind it."""
MyKeyId = NewType("MyKeyId", str)
TicketNumber = NewType("TicketNumber", str)
Digest = NewType("Digest", bytes)
"""SHA-256, 32 bytes."""
KeyDigest = NewType("KeyDigest", bytes)
"""SHA-256 of a card's SubjectPublicKeyInfo in DER, 32 bytes."""


class CardState(StrEnum):
    """How a card stands: open, or closed and why."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Its holder's MyKey ID is, until it is resumed."""
    CANCELLED = "cancelled"
    """Its holder's MyKey ID was, for good: the card may register anew."""
    REVOKED = "revoked"
    """Its certificate was, or is on hold, by a list of whoever issued it."""
    REPLACED = "replaced"
    """Its holder has a newer one."""


PLATFORM = MunicipalityCode("000000")
"""The platform itself. Fails the check digit on purpose, so no town can ever have it."""

BETWEEN_DIGITS = re.compile(r"[\s\-\u2010-\u2015\u2212\u30fc]")
"""What people put between groups of digits, as half_width leaves it; also the long-vowel sign."""
_MUNICIPALITY = re.compile(r"\d{6}", re.ASCII)
_ORGANISATION = re.compile(r"\d{6}-[A-Z][A-Z0-9]{0,11}", re.ASCII)
_NODE = re.compile(r"\d{6}-[A-Z][A-Z0-9]{0,11}-[A-Z0-9]{1,8}", re.ASCII)
_EPOCH = re.compile(r"[1-9]\d{0,8}-[0-9a-f]{16}", re.ASCII)
_MYKEY = re.compile(r"[A-Z0-9]{8}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9a-f]{16}", re.ASCII)


def half_width(text: str) -> str:
    """Full-width letters and digits as the half-width ones they mean (NFKC), trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def is_typed(text: str) -> bool:
    """Whether somebody typed a ticket's number, or began to, instead of scanning its code."""
    return BETWEEN_DIGITS.sub("", half_width(text)).isdigit()


def check_digit(five: str) -> str:
    """The sixth digit of a municipality code.

    Last digit of 11 - ((6a+5b+4c+3d+2e) mod 11), 全国地方公共団体コード (総務省), 検査数字.
    """
    total = sum(weight * int(digit) for weight, digit in zip((6, 5, 4, 3, 2), five, strict=True))
    return str(11 - total % 11)[-1]


def municipality_code(text: str) -> MunicipalityCode:
    """Read a municipality or prefecture code: six digits, the last one a check digit.

    Raises Malformed, saying what is wrong. ``000000`` is the platform and accepted.
    """
    code = half_width(text)
    if not _MUNICIPALITY.fullmatch(code):
        raise Malformed(f"municipality code {text!r}: it has six digits, for example 141305")
    if code != PLATFORM and check_digit(code[:5]) != code[5]:
        raise Malformed(
            f"municipality code {code}: the check digit is wrong"
            f" (for {code[:5]} it would be {check_digit(code[:5])})"
        )
    return MunicipalityCode(code)


def organisation_id(text: str) -> OrganisationId:
    """Read an organisation's name, ``141305-B2108``. Raises Malformed."""
    name = half_width(text).upper()
    if not _ORGANISATION.fullmatch(name):
        raise Malformed(f"organisation {text!r}: it looks like 141305-B2108")
    municipality_code(name[:6])
    return OrganisationId(name)


def node_id(text: str) -> NodeId:
    """Read a node's name, ``141305-B2108-1111``. Raises Malformed."""
    name = half_width(text).upper()
    if not _NODE.fullmatch(name):
        raise Malformed(f"node {text!r}: it looks like 141305-B2108-1111")
    municipality_code(name[:6])
    return NodeId(name)


def epoch_id(text: str) -> EpochId:
    """Read an epoch's name, ``3-9f2c01d2e3f4a5b6``. Raises Malformed."""
    if not _EPOCH.fullmatch(text):
        raise Malformed(f"epoch {text!r}: it looks like 3-9f2c01d2e3f4a5b6")
    return EpochId(text)


def mykey_id(text: str) -> MyKeyId:
    """Read a MyKey ID: 8 characters A-Z 0-9. Raises Malformed.

    Full-width letters are not converted: what a person chose must be what was typed.
    """
    if not _MYKEY.fullmatch(text):
        raise Malformed(
            f"MyKey ID {text!r}: it has exactly 8 half-width characters, capital letters A-Z"
            " and digits 0-9"
        )
    return MyKeyId(text)


def account_id(text: str) -> AccountId:
    """Read an account id. Raises Malformed."""
    if not _ACCOUNT.fullmatch(text):
        raise Malformed(f"account {text!r}: it has 16 hexadecimal digits")
    return AccountId(text)


def points(text: str) -> Points:
    """Read an amount as people type it: ``1,000``, ``１０００``. Raises Malformed."""
    plain = half_width(text).replace(",", "")
    if not re.fullmatch(r"\d{1,9}", plain, re.ASCII) or not 0 < int(plain) <= MOST_POINTS:
        raise Malformed(f"amount {text!r}: a whole number from 1 to {MOST_POINTS:,}")
    return Points(int(plain))


def home_of(name: NodeId | OrganisationId) -> MunicipalityCode:
    """The home municipality of an organisation or node."""
    return MunicipalityCode(name[:6])


@lru_cache(maxsize=4096)
def organisation_of(node: NodeId) -> OrganisationId:
    """The organisation a node belongs to."""
    return OrganisationId(node.rsplit("-", 1)[0])


def short(name: NodeId | OrganisationId) -> str:
    """What a screen shows: the name without its municipality."""
    return name[7:]


def epoch_number(epoch: EpochId) -> int:
    """The number in an epoch's name; later lives have larger ones."""
    return int(epoch.split("-", 1)[0])
