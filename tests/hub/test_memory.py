"""A hub's memory: what counters hand in leaves nothing behind, however often they do."""

import gc
import sys
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import clear_cache  # type: ignore[attr-defined]

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub import serve
from hub.intake.at_once import SMALL
from sync.holds import HoldRequest, Purpose
from sync.records import NodeNotice
from sync.values import AccountId, Points
from tests.bench.street import found
from tests.doubles.pen import Card
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner
from tests.hub.townhall import Townhall, townhall

NODES = 6
BATCHES = 20
"""Of a node in a round."""
SETTLING = 2
"""Rounds until everybody has been met, and everything was asked for once."""
COUNTED = 4
A_BATCH = 100
"""Bytes that each batch may leave behind, less than an empty dict and its place in another one:
SQLite's driver notes a cursor a statement and looks through them after two hundred."""
_OF_THE_HUB = (
    tracemalloc.Filter(inclusive=False, filename_pattern=__file__),
    tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__),
)


class Shop:
    """A terminal with all that it will hand in, written beforehand."""

    def __init__(self, hall: Townhall, town: Corner, place: int) -> None:
        self.pen = town.node((GREENGROCER, FISH_SHOP)[place % 2], str(1111 + place))
        self.calls = hall.calls(self.pen.node, self.pen.epoch, self.pen.key)
        self.batches: list[tuple[int, bytes]] = []
        self.handed = 0
        self.large = place == 0

    def sell(self, card: Card, account: AccountId) -> None:
        """A round's sale, and what else there is to tell; a busy shop tells more at once."""
        self.pen.spend(card, account, 10, town=KAWASAKI)
        for batch in range(BATCHES):
            for _ in range(SMALL if self.large and not batch else 1):
                self.pen.write(NodeNotice("power", "the shop had no power"))
            first = self.handed + 1
            self.batches.append((first, self.pen.batch(first)))
            self.handed = self.pen.seq

    def come(self, attempt: int, card: Card, account: AccountId) -> None:
        """Hand a round's batches in, and ask all that a terminal asks."""
        for first, body in self.batches[:BATCHES]:
            self.calls.put_records(self.pen.epoch, first, body)
        del self.batches[:BATCHES]
        self.calls.feed("", 0)
        self.calls.challenge()
        self.calls.hold(attempt, _asked(card, account))


def _asked(card: Card, account: AccountId) -> HoldRequest:
    return HoldRequest(
        municipality=KAWASAKI,
        purpose=Purpose.SPEND,
        points=Points(10),
        account=account,
        card=card.digest,
        ticket=b"",
        wanted=None,
        after=(),
    )


class Street:
    """Shops that come to a hub in rounds."""

    def __init__(self, hall: Townhall, keys: list[RSAPrivateKey]) -> None:
        self.hall = hall
        self.rounds = 0
        town = Corner(hall.clock, hall.hub.core, hall.hub.mykey)
        found(town)
        who = [town.resident(key) for key in keys]
        for each in who:
            town.grant(each, 9_000)
        self.people = [(each.card, town.account(each)) for each in who]
        self.shops = [Shop(hall, town, place) for place in range(NODES)]
        for shop in self.shops:
            town.feed(shop.pen, available=1_000)
            for round_ in range(SETTLING + COUNTED):
                shop.sell(*self.people[round_ % len(self.people)])

    def come(self, rounds: int) -> None:
        """So many rounds, minutes apart, each judged to its end."""
        for _ in range(rounds):
            self.rounds += 1
            self.hall.clock.turn(minutes=11)
            for shop in self.shops:
                shop.come(self.rounds, *self.people[self.rounds % len(self.people)])
            self.hall.hub.round()


@pytest.fixture
def street(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> Iterator[Street]:
    yield Street(townhall(tmp_path, shop=False), card_keys)
    tracemalloc.stop()


def test_round_upon_round_of_batches_leaves_nothing_in_memory(street: Street) -> None:
    tracemalloc.start()
    street.come(SETTLING)
    before = kept()

    street.come(COUNTED)

    grown = kept().compare_to(before, "lineno")
    most = sorted(grown, key=lambda each: each.size_diff, reverse=True)[:10]
    left = sum(each.size_diff for each in grown)
    assert left < A_BATCH * COUNTED * NODES * BATCHES, "\n".join(map(str, most))


def kept() -> tracemalloc.Snapshot:
    """What the hub's objects take, once those that nobody needs are gone."""
    clear_cache()  # the standard library's own, of 128 addresses
    gc.collect()
    return tracemalloc.take_snapshot().filter_traces(_OF_THE_HUB)


@pytest.fixture
def settled(street: Street) -> Iterator[None]:
    """The process is set as that of a hub that serves."""
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    serve.settle(street.hall.hub)
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    sys.setswitchinterval(turn)


@pytest.mark.usefixtures("settled")
def test_connections_that_were_open_at_a_collection_do_not_stay_for_ever() -> None:
    closed = weakref.WeakSet[Circle]()
    most = 0

    for _ in range(COLLECTIONS):
        connections = [Circle() for _ in range(OPEN)]
        closed.update(connections)
        [[] for _ in range(serve._NEW_OBJECTS)]  # a collection comes by what there is more of
        del connections
        most = max(most, len(closed))

    assert most < FEW * OPEN


COLLECTIONS = 60
OPEN = 100
FEW = 15


class Circle:
    """As a connection is when it is closed: it refers to itself."""

    def __init__(self) -> None:
        self.reads = self.__init__  # type: ignore[misc]
