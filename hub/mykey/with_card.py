"""What a card and its PIN may do to the MyKey ID that they belong to. Rules, without a database.

    active      everything
    suspended   resume; not where a card was stolen or misused: who shows it may be the thief
    cancelled   nothing more: the card may register anew
    any of them look; ask again for what is so already, which changes nothing
    revoked or replaced, the card itself: nothing, not even a look

The desk may do what a card may not (:mod:`hub.residents`).
"""

from hub.mykey import life
from hub.mykey.bodies import ACTIVE, CANCELLED, SUSPENDED
from hub.mykey.members import Member
from sync.errors import RefusedByRule
from sync.members import MemberStep
from sync.values import CardState

_AS_IT_IS = {
    (ACTIVE, MemberStep.RESUME),
    (SUSPENDED, MemberStep.SUSPEND),
    (CANCELLED, MemberStep.CANCEL),
}
"""Asked for once more, for instance because the answer was lost."""


def check(card: CardState, member: Member, step: MemberStep) -> None:
    """Whether a card of this member may do this now.

    Raises RefusedByRule: ``card-revoked``, ``card-replaced``, ``not-active``, ``resume-at-desk``,
    ``mykey-id-cancelled``.
    """
    if card in (CardState.REVOKED, CardState.REPLACED):
        raise life.closed(card)
    if step is MemberStep.SEE or member.state == ACTIVE or (member.state, step) in _AS_IT_IS:
        return
    if step is not MemberStep.RESUME or member.state == CANCELLED:
        raise life.closed(CardState(member.state))
    if member.for_desk:
        raise RefusedByRule(
            "resume-at-desk",
            "this MyKey ID was suspended as stolen or for misuse: only the desk may resume it",
        )
