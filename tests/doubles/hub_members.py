"""MyKey IDs at the hub in memory: enough for a node to be told what came of a step."""

from typing import TYPE_CHECKING

from sync.calls import Balance, CardSigned, MemberSeen
from sync.members import MemberRequest, MemberStep
from sync.request import Response, problem_response
from sync.wire import read

if TYPE_CHECKING:
    from tests.doubles.hub import FakeHub

MADE = "GENERATE"
_NEW = {
    MemberStep.SUSPEND: "suspended",
    MemberStep.RESUME: "active",
    MemberStep.CANCEL: "cancelled",
}


def member_step(hub: "FakeHub", body: bytes) -> MemberSeen | Response:
    """Do what a card signed; a rule's no for a card that nobody registered and an ID in use."""
    request = read(read(body, CardSigned).request, MemberRequest)
    name = hub.mykeys.get(request.card)
    if name is None:
        return problem_response(409, "card-unknown", "register it first")
    if request.what is MemberStep.CANCEL and request.name != name:
        return problem_response(409, "other-card", f"this card's MyKey ID is not {request.name}")
    if request.what is MemberStep.CHANGE:
        wanted = request.name or MADE
        if wanted in hub.mykeys.values() and wanted != name:
            return problem_response(409, "mykey-id-taken", f"{wanted} is taken")
        hub.mykeys[request.card] = name = wanted
    hub.states[name] = _NEW.get(request.what, hub.states.get(name, "active"))
    wallet, state = hub.wallets.get(request.card), hub.states[name]
    shown = wallet is not None and state != "suspended"
    return MemberSeen(
        mykey_id=name,
        state=state,
        at_desk=False,
        generated=name == MADE,
        cards=1,
        consents=("points",) if wallet is not None else (),
        points=_points(wallet.points) if wallet is not None and shown else (),
    )


def _points(points: int) -> tuple[Balance, ...]:
    from tests.doubles.hub import KAWASAKI

    return (Balance(KAWASAKI, "かわさきポイント", points, 0),)
