"""Why something happens to a MyKey ID: small fixed lists, so that nothing else is ever kept."""

from enum import StrEnum
from typing import TypeVar

from sync.errors import Malformed


class Suspension(StrEnum):
    """Why a member's cards open nothing for a while."""

    LOST = "card-lost"
    STOLEN = "card-stolen"
    PHONED = "asked-by-phone"
    ASKED = "asked-here"
    MISUSE = "misuse"

    @property
    def for_desk(self) -> bool:
        """Whether only the desk lifts it: who shows the card may be the thief."""
        return self in {Suspension.STOLEN, Suspension.MISUSE}


class Resumption(StrEnum):
    """Why they do again."""

    FOUND = "card-found"
    ASKED = "asked-here"
    CLEARED = "cleared-up"
    MISTAKE = "mistake"


class Change(StrEnum):
    """Why a member gets another ID."""

    KNOWN = "known-to-others"
    ASKED = "asked-here"
    MISTAKE = "mistake"


class Cancellation(StrEnum):
    """Why a member leaves."""

    ASKED = "asked-here"
    DIED = "died"
    MISTAKE = "mistake"


class Evidence(StrEnum):
    """By what the desk is sure that another card is its member's."""

    IDENTITY = "identity-document-seen"
    RETURNED = "earlier-card-returned"
    ANSWERED = "answered-question"


class NotJoined(StrEnum):
    """Why the desk does not join a card."""

    UNPROVED = "no-evidence"
    OTHER = "another-person"
    MISTAKE = "mistake"


Why = TypeVar("Why", bound=StrEnum)


def reason(kind: type[Why], written: str) -> Why:
    """A reason of its list; raises Malformed, naming the list."""
    try:
        return kind(written)
    except ValueError:
        raise Malformed(f"why {written!r}: one of {', '.join(kind)}") from None
