"""What a made-up counter answers to a resident with a card: choosing an ID, registering."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from node.outcome import ChosenId, Refused, RegisteredCard
from sync.choosing import offer
from sync.values import MyKeyId, mykey_id

if TYPE_CHECKING:
    from tests.doubles.counter import FakeCard

MADE = "QX7K2M9P"


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    cards: "dict[str, FakeCard]"
    silent: bool

    def _enter(self, question: str) -> None: ...

    def _check(self, card: str, pin: bytearray) -> Refused | None: ...


class RegistersResidents:
    """IDs that begin with TAKEN are somebody's."""

    __slots__ = ()

    def choose_id(self: _Counter, wishes: Sequence[str]) -> ChosenId | Refused:
        """The rule of three, as the hub keeps it."""
        self._enter("choose_id")
        if self.silent:
            return _no("hub-silent")
        found = offer(
            [mykey_id(wish) for wish in wishes],
            lambda wish: wish.startswith("TAKEN"),
            lambda: MyKeyId(MADE),
        )
        return ChosenId(mykey_id=found.mykey_id, generated=found.generated, taken=found.taken)

    def register(
        self: _Counter,
        card: str,
        pin: bytearray,
        chosen: ChosenId | None,
        *,
        consent: bool,  # noqa: ARG002  the protocol's name
    ) -> RegisteredCard | Refused:
        """The chosen ID, unless it begins with GONE: that was taken in between."""
        self._enter("register")
        if self.silent:
            return _no("hub-silent")
        wrong = self._check(card, pin)
        if wrong is not None:
            return wrong
        owner = self.cards[card]
        known = bool(owner.mykey_id)
        if not known and chosen is not None:
            if chosen.mykey_id.startswith("GONE"):
                return _no("mykey-id-taken")
            owner.mykey_id = chosen.mykey_id
        generated = not known and chosen is not None and chosen.generated
        return RegisteredCard(mykey_id=owner.mykey_id, generated=generated, known_before=known)


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)
