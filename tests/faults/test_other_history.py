"""A stick that was used with another copy of the node: its sales reach the hub, once, and in words.

The hub here is the real one, with its ledger; the node is opened and closed in this process.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.audit import audit
from hub.hub import Hub, open_hub
from hub.intake.verify import InlineVerifier
from node.counter import Counter
from node.opening import Ports, open_counter
from node.outcome import Approved, Status
from node.reach import Straight
from sync.errors import Unreachable
from sync.request import Request, Response
from sync.values import Points
from tests.doubles.clocks import SeededRandomness, TurnedClock
from tests.faults.corner import GRANTED, NOW, Shop, open_shop
from tests.faults.programs import PIN
from tests.hub.corner import KAWASAKI


@dataclass
class Wire:
    """The line: cut, or losing the answers to what is handed in."""

    hub: Hub
    cut: bool = False
    lose: int = 0
    puts: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        if self.cut:
            raise Unreachable("the line is cut")
        answer = self.hub.door.send(request)
        if request.method == "PUT" and "/records/" in request.path_with_query:
            self.puts.append(request.path_with_query)
            if self.lose:
                self.lose -= 1
                raise Unreachable("the answer was lost")
        return answer


@dataclass
class Street:
    """The shop, its hub on the other side of the wire, and its stick."""

    shop: Shop
    wire: Wire

    @property
    def stick(self) -> Path:
        return next(iter(self.shop.node.with_name("second").glob("*.second")))

    @property
    def database(self) -> Path:
        return self.shop.node / "node.db"

    @contextmanager
    def counter(self) -> Iterator[Counter]:
        ports = Ports(clock=TurnedClock(NOW), door=lambda _: self.wire, patience=Straight())
        with closing(open_counter(self.shop.node, ports)) as counter:
            yield counter

    def sell(self, points: int) -> None:
        """One sale while the line is cut, with a card that has not been used since the copy."""
        self.wire.cut = True
        card = shutil.copy(self.shop.card, self.shop.card.with_name(f"card-{points}.card"))
        with self.counter() as counter:
            counter.probe()
            done = counter.spend(f"soft:{card}", KAWASAKI, Points(points), bytearray(PIN))
            assert isinstance(done, Approved), done
        self.wire.cut = False

    def sync(self) -> Status:
        with self.counter() as counter:
            counter.sync_now()
            return counter.status()

    def wallet(self) -> int:
        """What Hanako has left at the hub."""
        with self.wire.hub.core.database.read() as tx:
            return int(tx.scalar("SELECT sum(points) FROM balance WHERE account LIKE 'wallet:%'"))


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    shop = open_shop(tmp_path)
    hub = open_hub(shop.hub, TurnedClock(NOW), randomness=SeededRandomness("other"))
    yield Street(shop, Wire(hub))
    assert audit(hub.core, hub.mykey, InlineVerifier()) == []
    hub.close()


def two_histories(street: Street) -> None:
    """Sell 100 with the stick, put database and stick back, sell 200, and bring the first stick."""
    backup = street.database.with_name("backup.db")
    shutil.copy(street.database, backup)
    before = street.stick.read_bytes()
    street.sell(100)
    first = street.stick.read_bytes()
    for file in street.shop.node.glob("node.db*"):
        file.unlink()
    shutil.copy(backup, street.database)
    street.stick.write_bytes(before)
    street.sell(200)
    street.stick.write_bytes(first)


def told(status: Status) -> list[str]:
    return [each.detail for each in status.incidents if each.what == "other-history"]


def test_the_sales_of_both_histories_reach_the_hub_once(street: Street) -> None:
    two_histories(street)
    with street.counter() as counter:
        status = counter.status()
        assert status.stopped == "second-path-differs"
        assert "not handed in yet" in told(status)[0]

    status = street.sync()

    assert street.wallet() == GRANTED - 300
    assert status.stopped is None
    assert status.epoch.startswith("2-")
    [what] = told(status)
    assert "handed in" in what
    assert "not handed" not in what
    again = street.sync()
    assert told(again) == [what]
    assert street.wallet() == GRANTED - 300


def test_they_are_kept_even_if_the_stick_goes_before_the_network_comes(street: Street) -> None:
    two_histories(street)
    street.wire.cut = True
    street.sync()
    street.stick.unlink()
    street.wire.cut = False

    street.sync()

    assert street.wallet() == GRANTED - 300


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_lost_answer_doubles_nothing(street: Street, lost: int) -> None:
    two_histories(street)
    street.wire.lose = lost
    for _ in range(lost):
        street.sync()

    street.sync()
    status = street.sync()

    assert status.stopped is None
    assert "handed in, the hub judges them" in told(status)[0]
    assert street.wallet() == GRANTED - 300


def test_the_hub_s_people_see_the_fork_and_the_stick_s_file_is_laid_aside(street: Street) -> None:
    two_histories(street)
    other = street.stick.read_bytes()
    street.sync()

    token = (street.shop.hub / "operator-1.token").read_text().strip()
    person = street.wire.hub.office.sign_in(token)
    rows = street.wire.hub.treasury.exceptions(person)
    assert "fork" in {row.kind for row in rows}
    aside = list(street.stick.parent.glob("*.other-*"))
    assert [file.read_bytes() for file in aside] == [other]
