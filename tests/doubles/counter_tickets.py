"""What a counter says of a ticket that it does not take."""

from node.outcome import Refused
from sync.values import Millis, MunicipalityCode, Points, TicketNumber

NUMBER = TicketNumber("1230000000017")
_TAKEN = Millis(1_763_701_020_000)  # 2025-11-21 13:57 in Tokyo
UNREAD = frozenset(
    {
        "not-a-ticket",
        "scan-incomplete",
        "scans-run-together",
        "scan-in-kana",
        "scan-needed",
        "ticket-not-authentic",
    }
)
"""Where nothing of the ticket can be believed, not even its number."""
_LIMITS = {"ticket-online-only": 1_000, "float-used-up": 30_000}


def refused_ticket(reason: str) -> Refused:
    """The refusal of a ticket of 500 points, with all that is known of it."""
    if reason in UNREAD:
        return Refused(reason=reason, detail="")
    here = reason == "ticket-seen-here"
    return Refused(
        reason=reason,
        detail="",
        points=Points(500),
        municipality=MunicipalityCode("141305"),
        number=NUMBER,
        seq=12 if here else None,
        taken_at=_TAKEN if here else None,
        limit=_LIMITS.get(reason),
    )
