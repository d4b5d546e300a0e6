"""Terminals that have sold through outages, and the hub that they are about to come back to.

Everything is made beforehand by the hub's own code in the hub's own folder, as it would be after a
morning: towns, shops, residents with cards, terminals that were enrolled and confirmed, and their
records with card signatures, chains and heads. The hub is then started as a program of its own.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path

from hub.bodies import NodeConfirmed, NodeEnrolled, NodeInvited
from hub.hub import init_hub, open_hub
from sync.clock import month_of
from sync.ports import SystemClock
from sync.records import Basis
from sync.signing import SigningKey, thumbprint
from sync.values import AccountId, EpochId, Millis, NodeId, home_of
from tests.bench.street import OFTEN, PRICE, card_key, found, new_key
from tests.doubles.clocks import SeededRandomness, TurnedClock
from tests.doubles.pen import Card, Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, ORIGIN, Corner

_MINUTES = 5
"""How long ago the line went down, in minutes: sales are a little older than the present."""
_OPENING = 2
"""Records before the first sale."""
_QUIET = 3
"""Batches of one sale each that a stall hands in before the line goes down."""
_GRANT = 9_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the fleet is."""

    stalls: int
    """Terminals that sell through the outages."""
    tills: int
    """Terminals on a good line that ask the hub before each sale."""
    crowds: int = 3
    """Outages, behind each of which all stalls come back at once."""
    sales: int = 5
    """Sales of an ordinary stall in an outage."""
    many: int = 67
    """Sales of every tenth one: enough for the hub's verifiers."""

    def of(self, place: int) -> int:
        """How many sales a stall makes in an outage."""
        return self.many if place % 10 == 0 else self.sales

    @property
    def residents(self) -> int:
        """Who buys at the stalls: enough for the busiest one, nobody there more than OFTEN."""
        return ceil((_QUIET + self.crowds * max(self.sales, self.many)) / OFTEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A terminal and what it will hand in: (first record, body of the PUT), in order."""

    node: NodeId
    epoch: EpochId
    key: bytes
    quiet: Sequence[tuple[int, bytes]]
    """While all is well."""
    crowds: Sequence[tuple[int, bytes]]
    """Each time that the line is back."""
    last: int
    """Its last record."""

    @property
    def batches(self) -> Sequence[tuple[int, bytes]]:
        """All of it."""
        return [*self.quiet, *self.crowds]

    @property
    def sales(self) -> int:
        """How many sales are in it."""
        return self.last - _OPENING


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """A terminal that makes its records as it goes, with a resident's card of its own."""

    pen: Pen
    card: Card
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Everybody who will call."""

    hub_key: bytes
    stalls: Sequence[Stall]
    tills: Sequence[Till]
    residents: int
    grants_each: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """What a stall is made of, in another process."""

    node: NodeId
    place: int
    crowds: int
    sales: int
    """In each outage."""
    sealing_key: bytes
    hub_key: bytes
    month: str
    at: Millis
    basis: Basis


def build(folder: Path, shape: Shape, *, cores: int, database: str = "") -> Fleet:
    """Make a hub in ``folder``, its terminals and all that they will hand in."""
    clock = TurnedClock(Millis(SystemClock().now() - _MINUTES * 60_000))
    randomness = SeededRandomness("fleet")
    init_hub(
        folder, origin=ORIGIN, demo=True, database=database, clock=clock, randomness=randomness
    )
    hub = open_hub(folder, clock, randomness=randomness)
    try:
        corner = Corner(clock, hub.core, hub.mykey)
        with ProcessPoolExecutor(cores) as pool:
            keys = list(pool.map(new_key, range(shape.residents)))
            with hub.core.database.write():
                found(corner)
                people = [corner.resident(card_key(key)) for key in keys]
                for who in people:
                    for _ in range(1 + shape.stalls // 500):
                        corner.grant(who, _GRANT)
                names = [_enrol(corner, place) for place in range(shape.stalls)]
                tills = [corner.node(GREENGROCER, f"T{place:03}") for place in range(shape.tills)]
                clock.turn(minutes=1)
                knows = [_fed(corner, name) for name in names]
                for till in tills:
                    corner.feed(till, available=OFTEN * PRICE)
            month = month_of(clock.now())
            begun = [
                _Begun(
                    node=name,
                    place=place,
                    crowds=shape.crowds,
                    sales=shape.of(place),
                    sealing_key=hub.core.keys.begin_month(month),
                    hub_key=hub.core.keys.signing.public,
                    month=month,
                    at=clock.now(),
                    basis=basis,
                )
                for place, (name, basis) in enumerate(zip(names, knows, strict=True))
            ]
            accounts = [corner.account(who) for who in people]
            cards = list(zip(keys, accounts, strict=True))
            stalls = list(
                pool.map(_sold, begun, [cards] * len(begun), chunksize=max(1, len(begun) // 16))
            )
        return Fleet(
            hub_key=hub.core.keys.signing.public,
            stalls=stalls,
            tills=[
                Till(pen=pen, card=who.card, account=account)
                for pen, who, account in zip(tills, people, accounts, strict=False)
            ],
            residents=len(people),
            grants_each=1 + shape.stalls // 500,
        )
    finally:
        hub.close()


def _enrol(corner: Corner, place: int) -> NodeId:
    """A terminal whose key the hub knows."""
    shop = (GREENGROCER, FISH_SHOP)[place % 2]
    name = NodeId(f"{shop}-{1111 + place}")
    home, key = home_of(name), _key_of(name)
    corner.enact(NodeInvited(home, name, "shop", "stall", f"{home}-1", name.encode()))
    corner.enact(NodeEnrolled(home, name, _epoch_of(key), key.public), name)
    corner.enact(NodeConfirmed(home, name))
    return name


def _fed(corner: Corner, name: NodeId) -> Basis:
    """What a terminal goes by after it has fetched the feed."""
    key = _key_of(name)
    pen = Pen(name, _epoch_of(key), key, ORIGIN, corner.core.keys.signing.public, Millis(0))
    corner.feed(pen, available=OFTEN * PRICE)
    assert pen.basis is not None
    return pen.basis


def _key_of(name: NodeId) -> SigningKey:
    return SigningKey(SeededRandomness(name).bytes(32))


def _epoch_of(key: SigningKey) -> EpochId:
    return EpochId(f"1-{thumbprint(key.public)}")


def _sold(begun: _Begun, cards: Sequence[tuple[bytes, AccountId]]) -> Stall:
    """Write a stall's day: no resident more often than policy allows."""
    key = _key_of(begun.node)
    pen = Pen(begun.node, _epoch_of(key), key, ORIGIN, begun.hub_key, begun.at)
    pen.open(begun.sealing_key, begun.month)
    pen.basis = begun.basis
    ends = [
        *range(_OPENING, _OPENING + _QUIET + 1),
        *(_OPENING + _QUIET + begun.sales * crowd for crowd in range(1, begun.crowds + 1)),
    ]
    for sale in range(ends[-1] - _OPENING):
        private, account = cards[(begun.place + sale // OFTEN) % len(cards)]
        pen.spend(_card(private), account, PRICE, town=KAWASAKI)
    batches = [(behind + 1, pen.batch(behind + 1, upto)) for behind, upto in pairwise([0, *ends])]
    return Stall(
        node=pen.node,
        epoch=pen.epoch,
        key=key.seed,
        quiet=batches[: -begun.crowds],
        crowds=batches[-begun.crowds :],
        last=pen.seq,
    )


_CARDS: dict[bytes, Card] = {}


def _card(private: bytes) -> Card:
    """A card, read once in a process."""
    if private not in _CARDS:
        _CARDS[private] = Card(card_key(private))
    return _CARDS[private]
