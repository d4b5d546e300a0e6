"""A shop that is cut off for days: its stick goes to the office, and later the line comes back."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.audit import audit_hub
from hub.cli import hub as program
from hub.hub import Hub, open_hub
from hub.intake.verify import InlineVerifier
from node.counter import Counter
from node.opening import Ports, open_counter
from node.outcome import Approved
from node.reach import Straight
from sync.errors import MachikadoError, Unreachable
from sync.request import Request, Response
from sync.values import Points
from tests.doubles.clocks import SeededRandomness, TurnedClock
from tests.faults.corner import GRANTED, NOW, Shop, open_shop
from tests.faults.programs import PIN
from tests.hub.corner import KAWASAKI
from tests.hub.shells import ClientDoor


@dataclass
class Line:
    """The shop's line to the hub."""

    hub: Hub
    cut: bool = True

    def send(self, request: Request) -> Response:
        if self.cut:
            raise Unreachable("the line is cut")
        return self.hub.door.send(request)


@dataclass
class Office:
    """The shop, its hub, and a clerk with a stick."""

    shop: Shop
    hub: Hub
    line: Line
    clock: TurnedClock

    @contextmanager
    def counter(self) -> Iterator[Counter]:
        ports = Ports(clock=self.clock, door=lambda _: self.line, patience=Straight())
        with closing(open_counter(self.shop.node, ports)) as counter:
            yield counter

    def sell(self, points: int) -> None:
        with self.counter() as counter:
            counter.probe()
            pin = bytearray(PIN)
            done = counter.spend(f"soft:{self.shop.card}", KAWASAKI, Points(points), pin)
            assert isinstance(done, Approved), done

    def export(self, file: Path) -> int:
        with self.counter() as counter:
            return counter.export(file)

    def bring(self, file: Path) -> Result:
        token = str(self.shop.hub / "operator-1.token")
        words = ["import", str(file), "--json", "--hub", "http://hub.test", "--token-file", token]
        return CliRunner().invoke(program, words)

    def sold(self) -> tuple[int, int]:
        """What Hanako spent and what the shop is owed."""
        with self.hub.core.database.read() as tx:
            sum_of = "SELECT sum(points) FROM balance WHERE account LIKE :kind"
            wallet = int(tx.scalar(sum_of, kind="wallet:%"))
            return GRANTED - wallet, int(tx.scalar(sum_of, kind="payable:%") or 0)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    shop = open_shop(tmp_path)
    clock = TurnedClock(NOW)
    hub = open_hub(shop.hub, clock, randomness=SeededRandomness("office"))
    with TestClient(make_app(hub)) as http:
        monkeypatch.setattr("sync.http.HttpDoor", lambda *_, **__: ClientDoor(http))
        yield Office(shop, hub, Line(hub), clock)
    assert audit_hub(hub, InlineVerifier()) == []
    hub.close()


def rows(done: Result) -> list[dict[str, object]]:
    assert done.exception is None, done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_stick_is_carried_to_the_office_and_later_the_shop_syncs(
    office: Office, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    for points in (100, 200):
        office.sell(points)
        office.clock.turn(days=1)
    count = office.export(stick)

    (brought,) = rows(office.bring(stick))
    assert brought["new"] == count
    assert office.sold() == (300, 300)
    (again,) = rows(office.bring(stick))
    assert again["new"] == 0

    office.sell(50)
    office.line.cut = False
    with office.counter() as counter:
        counter.sync_now()
        assert counter.status().waiting == 0
        assert not counter.audit()
    assert office.sold() == (350, 350)


def test_a_file_that_is_no_stick_is_said_in_words(office: Office, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8 holidays")
    office.sell(100)
    office.export(tmp_path / "stick")
    cut = tmp_path / "cut"
    cut.write_bytes((tmp_path / "stick").read_bytes()[:-40])

    for file in (photo, cut, tmp_path / "nothing-there"):
        done = office.bring(file)
        assert isinstance(done.exception, MachikadoError)
        assert done.stdout == ""
    assert office.sold() == (0, 0)
