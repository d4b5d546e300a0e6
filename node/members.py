"""The own MyKey ID at a counter: seen, agreed to, suspended, resumed, changed, ended.

Each step is one tap and one look: the card signs what is to be done, with a challenge of the hub.
Nothing works without the hub, and nothing of it is kept here.
"""

from typing import Literal, cast

from node.asking import Asking
from node.card.pin import wiped
from node.outcome import Refused, SeenMember
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import answers, no
from node.residents import exact_row
from node.signed import signed_by_card
from sync.calls import MemberSeen
from sync.errors import Unreachable
from sync.members import MemberRequest, MemberStep
from sync.values import KeyDigest, mykey_id
from sync.wire import read

MEMBER = "member"
"""The verb of :func:`sync.cardproof.look_message`."""
POINTS = "points"
"""The consent to have points."""


class Members:
    """MyKey IDs at one counter."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking

    @answers
    def take(
        self,
        card: str,
        pin: bytearray,
        step: MemberStep,
        name: str = "",
        *,
        shown: KeyDigest | None,
    ) -> SeenMember | Refused:
        """Let the card sign a step and the hub take it. Raises Malformed for an impossible ID."""
        with wiped(pin):
            named = str(mykey_id(name)) if name else ""
            signed = signed_by_card(
                self._parts,
                card,
                pin,
                MEMBER,
                lambda tap, challenge: MemberRequest(challenge, tap.key.digest, step, named),
                shown=shown,
            )
        try:
            seen = self._parts.line.ask(lambda calls: calls.member(signed), LOOK_PATIENCE)
        except Unreachable:
            if step is MemberStep.SEE:
                raise
            return no("answer-lost")  # perhaps it is done
        if step is not MemberStep.SEE:  # this counter knows of it also without the hub, at once
            self._asking.refresh(read(signed.request, MemberRequest).card)
        return self._told(seen)

    def _told(self, seen: MemberSeen) -> SeenMember:
        now = self._parts.writer.now().ms
        return SeenMember(
            mykey_id=seen.mykey_id,
            state=cast("Literal['active', 'suspended', 'cancelled']", seen.state),
            at_desk=seen.at_desk,
            generated=seen.generated,
            cards=seen.cards,
            has_points=POINTS in seen.consents,
            left=tuple(exact_row(self._parts, row, now) for row in seen.points),
        )
