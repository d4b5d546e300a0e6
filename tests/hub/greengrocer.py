"""The greengrocer's counter over a real hub, its line in hand, and Hanako with her card."""

from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.audit import audit_hub
from hub.hub import Hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.people import Person
from node.card.tap import Tap
from node.counter import Counter
from node.opening import Ports, open_counter
from node.outcome import Approved, Refused
from node.reach import Straight
from sync.records import Tier
from sync.values import MyKeyId, Points
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import NOW, Wire, open_shop
from tests.faults.programs import PIN
from tests.hub.corner import KAWASAKI

PRICE = Points(300)


@dataclass
class Shop:
    """The greengrocer's counter, its line, an operator, and Hanako with her card."""

    counter: Counter
    line: Wire
    operator: Person
    card: str
    mykey_id: MyKeyId
    folder: Path
    """The hub's."""

    @property
    def hub(self) -> Hub:
        return self.line.hub

    def spend(self, *, offline: bool) -> Approved | Refused:
        """Hanako's card is on the reader."""
        self.line.cut = offline
        self.counter.probe()
        return self.counter.spend(self.card, KAWASAKI, PRICE, bytearray(PIN))

    def refused(self, *, offline: bool) -> str:
        """Why a spend does not go through."""
        outcome = self.spend(offline=offline)
        assert isinstance(outcome, Refused), outcome
        return outcome.reason

    def sold(self, *, offline: bool) -> Tier | None:
        """On whose word a spend went through."""
        outcome = self.spend(offline=offline)
        assert isinstance(outcome, Approved), outcome
        return outcome.tier

    def sync(self) -> None:
        """Hand everything in, and hear the news."""
        self.line.cut = False
        self.counter.probe()
        assert self.counter.sync_now().reached
        assert self.counter.sync_now().reached

    def points(self) -> int:
        """What Hanako has, as the desk sees it."""
        (row,) = self.hub.treasury.balances(self.operator, self.mykey_id)
        return row.available


@contextmanager
def greengrocer(tmp_path: Path) -> Generator[Shop, None, None]:
    """Open it; in the end everything was handed in, is applied, and adds up at both ends."""
    made = open_shop(tmp_path)
    clock, card = TurnedClock(NOW), f"soft:{made.card}"
    with ExitStack() as opened:
        hub = opened.enter_context(closing(open_hub(made.hub, clock)))
        line = Wire(hub)
        ports = Ports(clock=clock, door=lambda _: line, patience=Straight())
        counter = opened.enter_context(closing(open_counter(made.node, ports)))
        with Tap(card) as tap:
            believed = hub.mykey.check(tap.certificate)
        shop = Shop(
            counter=counter,
            line=line,
            operator=hub.office.sign_in((made.hub / "operator-1.token").read_text().strip()),
            card=card,
            mykey_id=hub.mykey.register(believed, "", consent_points=True).mykey_id,
            folder=made.hub,
        )
        shop.sync()
        yield shop
        shop.sync()
        assert {row.verdict for row in counter.history()} <= {"applied"}
        assert counter.audit() == ()
        assert audit_hub(hub, InlineVerifier()) == []
