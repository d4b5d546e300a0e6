"""What a made-up counter answers to a resident: choosing an ID, registering, service numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from node.outcome import CardLook, ChosenId, NumberLook, Refused, RegisteredCard
from sync.choosing import offer
from sync.values import KeyDigest, MyKeyId, mykey_id

if TYPE_CHECKING:
    from tests.doubles.counter import FakeCard

MADE = "QX7K2M9P"


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    cards: "dict[str, FakeCard]"
    silent: bool
    pad: bool

    def _enter(self, question: str) -> None: ...

    def _check(
        self, card: str, pin: bytearray, shown: KeyDigest | None = None
    ) -> Refused | None: ...

    def _key(self, card: str) -> KeyDigest: ...

    def _look(self, card: str) -> CardLook: ...


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
        chosen: ChosenId,
        *,
        consent: bool,  # noqa: ARG002  the protocol's name
        shown: KeyDigest | None = None,
    ) -> RegisteredCard | Refused:
        """The chosen ID, unless it begins with GONE: that was taken in between."""
        self._enter("register")
        if self.silent:
            return _no("hub-silent")
        wrong = self._check(card, pin, shown)
        if wrong is not None:
            return wrong
        owner = self.cards[card]
        known = bool(owner.mykey_id)
        if not known:
            if chosen.mykey_id.startswith("GONE"):
                return _no("mykey-id-taken")
            owner.mykey_id = chosen.mykey_id
        generated = not known and chosen.generated
        return RegisteredCard(mykey_id=owner.mykey_id, generated=generated, known_before=known)

    def number_of(self: _Counter, card: str) -> NumberLook | Refused:
        """What the card's holder is called here."""
        self._enter("number_of")
        if self.silent:
            return _no("hub-silent")
        self._look(card)
        owner = self.cards[card]
        if owner.closed:
            return _no(owner.closed)
        return NumberLook(
            card=self._key(card),
            registered=bool(owner.mykey_id),
            number=owner.number,
            tries_left=owner.tries,
            pad=self.pad,
        )

    def set_number(
        self: _Counter, card: str, pin: bytearray, number: str, *, shown: KeyDigest | None = None
    ) -> NumberLook | Refused:
        """A number that begins with TAKEN is somebody else's."""
        self._enter("set_number")
        if self.silent:
            return _no("hub-silent")
        wrong = self._check(card, pin, shown)
        if wrong is not None:
            return wrong
        if number.startswith("TAKEN"):
            return _no("number-taken")
        self.cards[card].number = number
        return NumberLook(card=self._key(card), registered=True, number=number, tries_left=None)


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)
