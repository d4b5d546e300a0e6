"""What residents may do with their own MyKey ID at a counter, as their card signs it.

The card signs the step itself, so that nobody between card and hub can make a look into a
cancellation. Why is not asked: whoever stands there with card and PIN wants it.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.values import KeyDigest


class MemberStep(StrEnum):
    """What is done to the MyKey ID of the card that signs."""

    SEE = "see"
    AGREE = "agree"
    """Agree to the points cloud, for who registered without."""
    SUSPEND = "suspend"
    RESUME = "resume"
    CHANGE = "change-id"
    CANCEL = "cancel"


class MemberRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A resident looks at the own MyKey ID, or does something to it."""

    challenge: bytes
    card: KeyDigest
    what: MemberStep
    name: Annotated[str, Meta(max_length=8)]
    """For a change the ID that is wanted, empty lets the hub make one; to cancel the one that ends,
    as its holder has seen it; else empty."""
