"""A hub in its folder with shops and residents, and batches that were written beforehand.

Everything is real: files on the disk, card signatures, sealing, chains, heads. Each shop has sold
three times to each resident while the hub was silent, which is what the default policy allows.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from hub.bodies import MunicipalityAdded, OrganisationAdded, ProgrammeAdded
from hub.hub import Hub, init_hub, open_hub
from hub.points.case import Case, Judgement
from hub.points.judge import Judge
from sync.batch import Batch, pack
from sync.records import Spend
from sync.values import home_of
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Pen
from tests.hub.corner import BANK, FISH_SHOP, GREENGROCER, KAWASAKI, ORIGIN, Corner, Resident

OFTEN = 3
"""Spends of one resident at one shop in a day; the default policy allows no more."""
MOST_RESIDENTS = 125
"""So that a whole day of a shop fits into one batch of at most 128 kB."""
PRICE = 10
GRANTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A hub, open, and what its shops are about to hand in."""

    hub: Hub
    corner: Corner
    residents: Sequence[Resident]
    pens: Sequence[Pen]
    bodies: Sequence[bytes]
    """One batch a shop."""

    @property
    def records(self) -> int:
        """How many records the batches carry."""
        return sum(pen.seq for pen in self.pens)

    @property
    def spends(self) -> int:
        """How many of them a card has signed."""
        return OFTEN * len(self.residents) * len(self.pens)


def build(folder: Path, *, shops: int, residents: int, cores: int, database: str = "") -> Street:
    """Make a hub in ``folder`` whose shops have sold and not handed in yet.

    ``database``: the URL of its ledger, where that is not a file of the folder.
    """
    if residents > MOST_RESIDENTS:
        raise ValueError(f"{residents} residents; a batch has room for {MOST_RESIDENTS}")
    clock, randomness = TurnedClock(at("2026-11-02 10:00")), SeededRandomness("street")
    init_hub(
        folder, origin=ORIGIN, demo=True, database=database, clock=clock, randomness=randomness
    )
    hub = open_hub(folder, clock, randomness=randomness, verifiers=cores)
    corner = Corner(clock, hub.core, hub.mykey)
    found(corner)
    with ProcessPoolExecutor(cores) as pool:
        keys = list(pool.map(new_key, range(residents)))
        people = [corner.resident(card_key(key)) for key in keys]
        for who in people:
            corner.grant(who, GRANTED)
        pens = [
            corner.node((GREENGROCER, FISH_SHOP)[place % 2], str(1111 + place))
            for place in range(shops)
        ]
        clock.turn(minutes=5)
        for pen in pens:
            _sell(corner, pen, people)
    return Street(
        hub=hub,
        corner=corner,
        residents=people,
        pens=pens,
        bodies=[pen.batch() for pen in pens],
    )


@dataclass(slots=True)
class Alone:
    """What was judged one by one."""

    spends: int = 0


@contextmanager
def alone() -> Iterator[Alone]:
    """Count the spends that leave the set and are judged one by one."""
    judge, found = Judge.judge, Alone()

    def count(self: Judge, case: Case) -> Judgement:
        found.spends += case.record is not None and isinstance(case.record.body, Spend)
        return judge(self, case)

    with patch.object(Judge, "judge", count):
        yield found


def only_asking(receipted: int = 0) -> bytes:
    """A batch without records: the shop only asks for its receipts behind ``receipted``."""
    return pack(
        Batch(
            facts=b"",
            evidence=b"\x92\x90\x90",
            head=None,
            ended=(),
            closed=False,
            receipted=receipted,
            decisions=0,
        )
    )


def found(corner: Corner) -> None:
    """Found Kawasaki with a programme, a greengrocer and a fish shop."""
    public = corner.core.keys.begin_town(KAWASAKI).public
    corner.enact(
        MunicipalityAdded(KAWASAKI, "川崎市", "かわさきポイント", "1234567890", BANK, public)
    )
    days = ("2027-02-28", "2027-03-16", "2027-03-31", "2027-04-30")
    corner.enact(ProgrammeAdded(KAWASAKI, "101", "清掃", "環境局", 0, *days))
    for shop, name in ((GREENGROCER, "八百屋"), (FISH_SHOP, "魚屋")):
        corner.enact(OrganisationAdded(home_of(shop), shop, name, "駅前", BANK))


def _sell(corner: Corner, pen: Pen, people: Sequence[Resident]) -> Pen:
    accounts = [(who.card, corner.account(who)) for who in people]
    corner.feed(pen, available=OFTEN * PRICE)
    for _ in range(OFTEN):
        for card, account in accounts:
            pen.spend(card, account, PRICE, town=KAWASAKI)
    return pen


def new_key(_: int) -> bytes:
    """A card's fresh key, as bytes that go from process to process."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def card_key(data: bytes) -> rsa.RSAPrivateKey:
    """Read one."""
    private = load_der_private_key(data, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private
