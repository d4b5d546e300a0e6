"""The counter that is made up, and a card's own MyKey ID: what comes of each step."""

from typing import TYPE_CHECKING

from node.outcome import BalanceRow, Refused, SeenMember
from sync.members import MemberStep

if TYPE_CHECKING:
    from tests.doubles.counter import FakeCard

MADE = "QX7K2M9P"
"""The ID that is made where none is wished."""


def member_step(
    card: "FakeCard", step: MemberStep, name: str, points: tuple[BalanceRow, ...]
) -> SeenMember | Refused:
    """Take a step as the hub does; a wish that begins with GONE is somebody's."""
    no = _why_not(card, step, name)
    if no:
        return Refused(reason=no, detail=no)
    match step:
        case MemberStep.SUSPEND:
            card.state = "suspended"
        case MemberStep.RESUME:
            card.state = "active"
        case MemberStep.CANCEL:
            card.state = "cancelled"
        case MemberStep.CHANGE:
            card.mykey_id = name or MADE
        case MemberStep.AGREE:
            card.agreed = True
        case MemberStep.SEE:
            pass
    return SeenMember(
        mykey_id=card.mykey_id,
        state=card.state,
        at_desk=card.at_desk,
        generated=card.mykey_id == MADE,
        cards=1,
        has_points=card.agreed,
        left=points if card.state != "suspended" else (),
    )


def _why_not(card: "FakeCard", step: MemberStep, name: str) -> str:
    if not card.mykey_id:
        return "card-unknown"
    if step is MemberStep.SEE:
        return ""
    if step is MemberStep.RESUME and card.at_desk:
        return "resume-at-desk"
    if card.state == "suspended" and step not in (MemberStep.RESUME, MemberStep.SUSPEND):
        return "not-active"
    if card.state == "cancelled" and step is not MemberStep.CANCEL:
        return "mykey-id-cancelled"
    if step is MemberStep.CANCEL and name != card.mykey_id:
        return "other-card"
    return "mykey-id-taken" if name.startswith("GONE") else ""
