"""Residents and their own MyKey ID at a counter, with the card: seen, agreed, suspended, ended.

The card has signed what is to be done (:mod:`sync.members`) and what it may do is a rule of its own
(:mod:`hub.mykey.with_card`). What was done stands in the chain of identities with the counter's
name where a person's would be, and for the one reason that whoever brings the card has: it was
asked there. A look leaves no trace.
"""

from hub.balances import balances
from hub.core import Core
from hub.mykey.bodies import SUSPENDED
from hub.mykey.members import Member
from hub.mykey.reasons import Cancellation, Change, Resumption, Suspension
from hub.mykey.registry import MyKey
from hub.mykey.with_card import check
from sync.calls import Balance, MemberSeen
from sync.errors import RefusedByRule
from sync.members import MemberRequest, MemberStep
from sync.values import NodeId


def take_step(core: Core, mykey: MyKey, node: NodeId, request: MemberRequest) -> MemberSeen:
    """Do what a card signed, and say how its MyKey ID stands then.

    Raises RefusedByRule: ``card-unknown``, what the rule of cards says, for a change
    ``mykey-id-taken``, and ``other-card`` where another ID than this card's is to end; Malformed
    for a wish that cannot be an ID.
    """
    with core.database.write():  # nothing is granted or held at the same moment
        member = mykey.member_of(request.card)
        if member is None:
            raise RefusedByRule("card-unknown", "this card has no MyKey ID yet: register it first")
        check(mykey.state_of(request.card), member, request.what)
        if request.what is MemberStep.CANCEL and request.name != member.mykey_id:
            raise RefusedByRule("other-card", f"this card's MyKey ID is not {request.name!r}")
        done = _do(mykey, member, request, person=f"counter {node}")
    return _seen(core, mykey, done)


def _do(mykey: MyKey, member: Member, request: MemberRequest, *, person: str) -> Member:
    name = member.mykey_id
    match request.what:
        case MemberStep.AGREE:
            return mykey.agree(name)
        case MemberStep.SUSPEND:
            return mykey.suspend(name, Suspension.ASKED, person=person)
        case MemberStep.RESUME:
            return mykey.resume(name, Resumption.ASKED, person=person)
        case MemberStep.CHANGE:
            return mykey.change_id(name, request.name, Change.ASKED, person=person)
        case MemberStep.CANCEL:
            return mykey.cancel(name, Cancellation.ASKED, person=person)
        case MemberStep.SEE:
            return member


def _seen(core: Core, mykey: MyKey, member: Member) -> MemberSeen:
    points: tuple[Balance, ...] = ()
    if member.state != SUSPENDED:
        with core.database.read() as tx:
            points = balances(tx, mykey.accounts_of(member.mykey_id))
    return MemberSeen(
        mykey_id=member.mykey_id,
        state=member.state,
        at_desk=member.for_desk,
        generated=member.generated,
        cards=member.cards,
        consents=member.consents,
        points=points,
    )
