"""What lies on this PC's card readers: what the watch told (:mod:`node.card.watch`), kept. Pure.

    not told ──> service down ──> no reader ──> empty ──> card ──> used, or another kind ──> empty

From it follow the one card that may be used now, and what there is to say to a person. Every time
a card is put down it is another placement, with a number of its own: a card that paid lies there as
used until it was taken off, and pays again only when it was put down again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.card.watch import Event


class Lies(Enum):
    """How a card lies on its reader."""

    FRESH = auto()
    """Nothing was finished with it yet."""
    SILENT = auto()
    """It gives no answer: upside down, or another kind of card."""
    USED = auto()
    """It did what it was put down for."""
    FOREIGN = auto()
    """It answers, and is not a My Number card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A card that was put on a reader; ``nth`` counts the placements since the program began."""

    reader: str
    nth: int
    lies: Lies = Lies.FRESH

    @property
    def address(self) -> str:
        """Its address for a tap, by the reader's whole name: it fits no other reader."""
        return f"pcsc:{self.reader}"


class Sight(Enum):
    """What a person would see."""

    NO_SUPPORT = auto()
    """The program was installed without card readers."""
    NOT_TOLD = auto()
    """The watch has only just begun."""
    SERVICE_DOWN = auto()
    FORBIDDEN = auto()
    """The service does not let this user in."""
    NO_READER = auto()
    EMPTY = auto()
    """A reader is there: put the card on it."""
    CARD = auto()
    """One card that may be used."""
    SEVERAL_CARDS = auto()
    """More than one; nobody guesses which is meant."""
    SILENT = auto()
    USED = auto()
    FOREIGN = auto()


_SEEN = {Lies.SILENT: Sight.SILENT, Lies.USED: Sight.USED, Lies.FOREIGN: Sight.FOREIGN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """All readers of this PC. ``place`` is how they stand apart from the cards."""

    place: Sight = Sight.NOT_TOLD
    cards: Mapping[str, Placed] = field(default_factory=dict)
    """What lies where, by the reader's name."""
    placements: int = 0
    last: str = ""
    """The reader that a card was put on last; empty once that one is off."""

    def told(self, event: "Event") -> "Readers":
        """How things stand after an event."""
        from node.card import watch  # it is loaded already: somebody watches

        match event:
            case watch.ServiceDown(forbidden):
                place = Sight.FORBIDDEN if forbidden else Sight.SERVICE_DOWN
                return replace(self, place=place, cards={}, last="")
            case watch.NoReaderThere():
                return replace(self, place=Sight.NO_READER, cards={}, last="")
            case watch.ReaderThere():
                return replace(self, place=Sight.EMPTY)
            case watch.CardThere(reader, silent):
                return self._put(reader, Lies.SILENT if silent else Lies.FRESH)
            case watch.CardGone(reader):
                left = {name: card for name, card in self.cards.items() if name != reader}
                return replace(self, cards=left, last="" if reader == self.last else self.last)

    def marked(self, card: Placed, lies: Lies) -> "Readers":
        """After something was found out about a card; nothing new if it is off meanwhile."""
        if not self.lies_still(card):
            return self
        now = replace(self.cards[card.reader], lies=lies)
        return replace(self, cards={**self.cards, card.reader: now})

    def lies_still(self, card: Placed) -> bool:
        """Whether it was not taken off since."""
        there = self.cards.get(card.reader)
        return there is not None and there.nth == card.nth

    @property
    def card(self) -> Placed | None:
        """The one card that may be used."""
        fresh = self._fresh()
        return fresh[0] if len(fresh) == 1 else None

    @property
    def sight(self) -> Sight:
        """What there is to say: a card that may be used comes before all that lies elsewhere."""
        fresh = len(self._fresh())
        if fresh:
            return Sight.CARD if fresh == 1 else Sight.SEVERAL_CARDS
        last = self.cards.get(self.last)
        return self.place if last is None else _SEEN[last.lies]

    @property
    def has_reader(self) -> bool:
        """Whether a card can be put down at all."""
        return self.place is Sight.EMPTY

    def _fresh(self) -> list[Placed]:
        return [card for card in self.cards.values() if card.lies is Lies.FRESH]

    def _put(self, reader: str, lies: Lies) -> "Readers":
        card = Placed(reader=reader, nth=self.placements + 1, lies=lies)
        return replace(
            self,
            place=Sight.EMPTY,
            cards={**self.cards, reader: card},
            placements=card.nth,
            last=reader,
        )


WITHOUT_SUPPORT = Readers(place=Sight.NO_SUPPORT)
