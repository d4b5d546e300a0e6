"""The next card's whole way: registered, looked at and charged at a counter, posted by the hub.

A node with its database and a card that answers in bytes, a hub with its door: only the line
between them is a call.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.forms import GrantForm, ProgrammeForm
from node.card.cardfile import create
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports
from node.outcome import Approved, ChosenId, Refused, RegisteredCard
from node.reach import Straight
from sync.cardkey import Algorithm
from sync.democa import DemoCa
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.request import Request, Response
from sync.values import Millis, MunicipalityCode, Points
from tests.doubles.ports import CountedRandomness, HandClock
from tests.hub.townhall import KAWASAKI, Townhall, townhall

TOWN = MunicipalityCode(KAWASAKI)


def pin() -> bytearray:
    return bytearray(b"4649")


@dataclass
class Line:
    """The line to the hub, up or down."""

    hall: Townhall
    up: bool = True

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door."""
        if not self.up:
            raise Unreachable("the line is down")
        return self.hall.hub.door.send(request)


@dataclass
class Street:
    """A greengrocer's counter at a hub, and Mei's card."""

    hall: Townhall
    line: Line
    counter: Counter
    card: str

    def register(self) -> str:
        """Mei makes a MyKey ID at the counter and is granted 1,000 points."""
        chosen = self.counter.choose_id(["MEI00001"])
        assert isinstance(chosen, ChosenId)
        made = self.counter.register(self.card, pin(), chosen, consent=True)
        assert isinstance(made, RegisteredCard)
        treasury = self.hall.hub.treasury
        form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")
        treasury.add_programme(self.hall.sato, form)
        treasury.grant(
            self.hall.sato,
            GrantForm(mykey_id="MEI00001", municipality=KAWASAKI, points=1_000, programme="001"),
        )
        self.counter.sync_now()
        return made.mykey_id

    def points(self) -> int:
        """What Mei's card says at the counter, exactly."""
        rows = self.counter.balances(self.card, pin())
        assert not isinstance(rows, Refused)
        [row] = rows
        return row.available


@pytest.fixture(params=Algorithm)
def street(
    tmp_path: Path, card_keys: list[RSAPrivateKey], request: pytest.FixtureRequest
) -> Iterator[Street]:
    """The same street for a card of each algorithm."""
    ca = DemoCa.create(tmp_path / "ca", at=Millis(1_790_000_000_000), key=card_keys[0])
    hall = townhall(tmp_path / "hub", ca.roots)
    create(tmp_path / "mei.card", ca, pin(), at=hall.clock.now(), algorithm=request.param)
    line = Line(hall)
    ports = Ports(
        clock=HandClock(hall.clock.now()),
        randomness=CountedRandomness(),
        door=lambda _: line,
        patience=Straight(),
    )
    new = enrol(
        tmp_path / "node",
        read_invitation(hall.invitation()),
        ports,
        second_path=tmp_path / "stick",
        door=line,
    )
    hall.hub.office.confirm(hall.sato, new.node, new.fingerprint)
    new.counter.sync_now()
    yield Street(hall, line, new.counter, f"soft:{tmp_path / 'mei.card'}")
    new.counter.close()


def test_a_card_of_each_algorithm_registers_looks_and_pays(street: Street) -> None:
    assert street.register() == "MEI00001"
    assert street.points() == 1_000

    done = street.counter.spend(street.card, TOWN, Points(300), pin())

    assert isinstance(done, Approved)
    street.counter.sync_now()
    assert street.points() == 700
    assert street.counter.audit() == ()


def test_a_card_of_each_algorithm_pays_while_the_hub_is_silent(street: Street) -> None:
    street.register()
    street.line.up = False
    street.counter.probe()

    for _ in range(3):
        assert isinstance(street.counter.spend(street.card, TOWN, Points(100), pin()), Approved)
    street.line.up = True
    street.counter.probe()
    street.counter.sync_now()

    assert street.points() == 700
    assert street.counter.audit() == ()
