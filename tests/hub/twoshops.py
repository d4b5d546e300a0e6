"""Two shops and their hub: nodes with their databases, cards that answer in bytes, a real door.

Only the lines between them are calls.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit_hub
from hub.forms import GrantForm, ProgrammeForm
from hub.intake.verify import InlineVerifier
from node.card.cardfile import create
from node.card.tap import Tap
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports
from node.outcome import Approved, ChosenId, JoinedCard, Refused, RegisteredCard
from node.reach import Straight
from sync.cardkey import Algorithm
from sync.democa import DemoCa, new_card_key
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.records import Tier
from sync.request import Request, Response
from sync.values import KeyDigest, Millis, MunicipalityCode, Points
from tests.doubles.clocks import TurnedClock
from tests.doubles.ports import CountedRandomness
from tests.hub.townhall import GREENGROCER, KAWASAKI, Townhall, townhall

if TYPE_CHECKING:
    from sync.democa import CardPrivateKey

TOWN = MunicipalityCode(KAWASAKI)
MEI = "MEI00001"
GRANTED, PRICE = 2_000, Points(300)


def pin() -> bytearray:
    return bytearray(b"4649")


@dataclass
class Line:
    """A shop's line to the hub, up or down."""

    hall: Townhall
    up: bool = True

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door."""
        if not self.up:
            raise Unreachable("the line is down")
        return self.hall.hub.door.send(request)


@dataclass
class Shop:
    """A counter and its line."""

    line: Line
    counter: Counter
    clock: TurnedClock

    def spend(self, card: str, *, offline: bool = False) -> Tier | str | None:
        """On whose word a spend went through, or why it did not."""
        self.line.up = not offline
        self.counter.probe()
        outcome = self.counter.spend(card, TOWN, PRICE, pin())
        return outcome.tier if isinstance(outcome, Approved) else outcome.reason

    def sync(self) -> None:
        """Hand everything in, and hear the news."""
        self.line.up = True
        self.counter.probe()
        assert self.counter.sync_now().reached
        assert self.counter.sync_now().reached

    def renew(self, new: str, old: str, *, keep: bool = False) -> JoinedCard | Refused:
        """Both cards are here, one after the other on the reader."""
        voucher = self.counter.vouch(old, pin(), digest_of(new), keep=keep)
        if isinstance(voucher, Refused):
            return voucher
        return self.counter.join(new, pin(), voucher)

    def exactly(self, card: str) -> int | str:
        """What a card says here, with its PIN."""
        rows = self.counter.balances(card, pin())
        return rows.reason if isinstance(rows, Refused) else sum(row.available for row in rows)


@dataclass
class Street:
    """Two shops at a hub, and the cards of Mei and others."""

    folder: Path
    hall: Townhall
    ca: DemoCa
    here: Shop
    elsewhere: Shop
    cards: int = field(default=0)

    def card(self, algorithm: Algorithm = Algorithm.RS256) -> str:
        """A fresh card."""
        self.cards += 1
        file = self.folder / f"{self.cards}.card"
        key = _card_key(algorithm, self.cards)
        create(file, self.ca, pin(), at=self.hall.clock.now(), key=key)
        return f"soft:{file}"

    def grant(self, points: int = GRANTED) -> None:
        """Points for Mei."""
        form = GrantForm(mykey_id=MEI, municipality=KAWASAKI, points=points, programme="001")
        self.hall.hub.treasury.grant(self.hall.sato, form)
        self.here.sync()
        self.elsewhere.sync()

    def points(self) -> int:
        """What Mei has, as the desk sees it."""
        (row,) = self.hall.hub.treasury.balances(self.hall.sato, MEI)
        return row.available

    def registered(self, algorithm: Algorithm = Algorithm.RS256) -> str:
        """Mei's first card, with points."""
        card = self.card(algorithm)
        chosen = self.here.counter.choose_id([MEI])
        assert isinstance(chosen, ChosenId)
        made = self.here.counter.register(card, pin(), chosen, consent=True)
        assert isinstance(made, RegisteredCard)
        self.grant()
        return card


@cache
def _card_key(algorithm: Algorithm, _place: int) -> "CardPrivateKey":
    """Streets never meet: the first, second, third card of each may have the same key."""
    return new_card_key(algorithm)


def digest_of(card: str) -> KeyDigest:
    with Tap(card) as tap:
        return tap.key.digest


def why(answer: object) -> str:
    """For which reason something was refused."""
    assert isinstance(answer, Refused), answer
    return answer.reason


def joined(answer: JoinedCard | Refused) -> str:
    """How a card stands, or why not."""
    return answer.reason if isinstance(answer, Refused) else answer.state


@contextmanager
def two_shops(folder: Path, key: RSAPrivateKey) -> Iterator[Street]:
    """The street, under a demo's authority of this key; in the end everything adds up."""
    ca = DemoCa.create(folder / "ca", at=Millis(1_790_000_000_000), key=key)
    hall = townhall(folder / "hub", ca.roots)
    form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")
    hall.hub.treasury.add_programme(hall.sato, form)
    here, elsewhere = (open_shop(hall, folder / name) for name in ("here", "elsewhere"))
    with closing(here.counter), closing(elsewhere.counter):
        yield Street(folder, hall, ca, here, elsewhere)
        for shop in (here, elsewhere):
            shop.sync()
            assert shop.counter.audit() == ()
        assert audit_hub(hall.hub, InlineVerifier()) == []


def open_shop(
    hall: Townhall, folder: Path, *, zone: str = "", organisation: str = GREENGROCER
) -> Shop:
    line, clock = Line(hall), TurnedClock(hall.clock.now())
    ports = Ports(
        clock=clock,
        randomness=CountedRandomness(),
        door=lambda _: line,
        patience=Straight(),
    )
    invitation = read_invitation(hall.invitation(organisation=organisation, zone=zone))
    new = enrol(folder, invitation, ports, second_path=folder / "stick", door=line)
    hall.hub.office.confirm(hall.sato, new.node, new.fingerprint)
    new.counter.sync_now()
    return Shop(line, new.counter, clock)
