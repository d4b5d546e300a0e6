"""Whether points may be given back for an earlier record, later than its shift.

The same question at both ends: the counter asks it before it asks the hub, the hub when it is asked
first and once more when it posts. Pure; what is known of the record is the caller's.
"""

from dataclasses import dataclass
from enum import StrEnum

from sync.values import DAY, Millis

REFUNDABLE = frozenset({"spend", "ticket.redeemed"})
"""The kinds of record that brought a shop something."""
REFUND_WITHIN = Millis(30 * DAY)
"""How long after a record points may be given back for it, by its own time."""


class NoRefund(StrEnum):
    """Why not. The values are reasons of refusals and of verdicts."""

    NO_SUCH_RECORD = "no-such-record"
    """It is no record of this node, or about another town's points."""
    NOT_REFUNDABLE = "not-refundable"
    ALREADY_REVERSED = "already-reversed"
    WAITS = "refund-waits"
    """The record itself waits for people: nothing was paid for it yet."""
    TOO_LATE = "refund-too-late"
    NOTHING_LEFT = "refunded-already"
    TOO_MUCH = "more-than-was-paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A record of the past, as far as giving points back for it asks."""

    kind: str
    at: Millis
    brought: int
    """Points that it brought the shop, less what was given back since or is about to be."""
    reversed: bool
    waits: bool
    """It is quarantined."""


def why_not(earlier: Earlier | None, points: int, now: Millis) -> NoRefund | None:
    """The first rule that stands against giving back so many points now; None: it may be done."""
    if earlier is None:
        return NoRefund.NO_SUCH_RECORD
    if earlier.kind not in REFUNDABLE:
        return NoRefund.NOT_REFUNDABLE
    if earlier.reversed:
        return NoRefund.ALREADY_REVERSED
    if earlier.waits:
        return NoRefund.WAITS
    if now - earlier.at > REFUND_WITHIN:
        return NoRefund.TOO_LATE
    if earlier.brought == 0:
        return NoRefund.NOTHING_LEFT
    return NoRefund.TOO_MUCH if points > earlier.brought else None
