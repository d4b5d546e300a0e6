"""A ticket counter, a shop that redeems by scanner, and their hub, all real and in one process.

The line may be cut at either of them, and the counter's program ended and begun again.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.audit import audit_hub
from hub.forms import InviteForm
from hub.hub import Hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.nightly import nightly
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports, open_counter
from node.outcome import Approved, Issued, Refused
from node.pile import Pile
from node.reach import Straight
from sync.invitation import read_invitation
from sync.signing import SigningKey
from sync.ticket import SignedTicket, from_qr, read_ticket, sign_ticket, to_qr
from sync.values import MunicipalityCode, Points, TicketNumber
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import NOW, Wire, open_shop
from tests.faults.programs import PIN
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA

MOST_AT_ONCE = 20


@dataclass
class Office:
    """The counter that clears, the greengrocer's shop, and Hanako's card."""

    hub: Hub
    clock: TurnedClock
    folder: Path
    counter: Counter
    shop: Counter
    wires: tuple[Wire, Wire]
    card: str

    def tickets(
        self, count: int, points: int = 500, days: int = 30, programme: str = "101"
    ) -> list[str]:
        """Tickets of Hanako's points, as their QRs."""
        found: list[str] = []
        while len(found) < count:
            made = self.shop.issue_tickets(
                self.card,
                KAWASAKI,
                Points(points),
                days=days,
                count=min(MOST_AT_ONCE, count - len(found)),
                programme=programme,
                pin=bytearray(PIN),
            )
            assert isinstance(made, Issued), made
            found += [paper.qr for paper in made.papers]
        return found

    def ticket(self, points: int = 500, days: int = 30) -> str:
        """One."""
        return self.tickets(1, points, days)[0]

    def read(self, qr: str) -> SignedTicket:
        """What a ticket says."""
        return read_ticket(from_qr(qr), self.counter.parts.knowledge.ticket_keys())

    def number(self, qr: str) -> TicketNumber:
        """Its number."""
        return self.read(qr).number

    def foreign(self, number: str) -> str:
        """A ticket of Toshima, with which this town has nothing to do."""
        return to_qr(sign_ticket(_copy(number, TOSHIMA), SigningKey(bytes(range(1, 33)))))

    def forged(self, number: str) -> str:
        """A ticket of Kawasaki that somebody else has signed."""
        return to_qr(sign_ticket(_copy(number, KAWASAKI), SigningKey(bytes(range(32)))))

    def open(self) -> Pile:
        """The fish shop brings its tickets."""
        pile = self.counter.open_pile("b2109")
        assert isinstance(pile, Pile), pile
        return pile

    def pile(self) -> Pile:
        """The pile that is open."""
        pile = self.counter.pile()
        assert pile is not None
        return pile

    def cleared(self, text: str) -> Approved:
        """Clear one that is good."""
        outcome = self.counter.clear(text)
        assert isinstance(outcome, Approved), outcome
        return outcome

    def why_not(self, text: str) -> str:
        """Why one is not cleared."""
        outcome = self.counter.clear(text)
        assert isinstance(outcome, Refused), outcome
        return outcome.reason

    def sync(self) -> None:
        """Both hand everything in, and hear the news."""
        for counter in (self.counter, self.shop, self.counter, self.shop):
            assert counter.sync_now().reached

    def line(self, *, up: bool) -> None:
        """The counter's line comes or goes."""
        self.wires[0].cut = not up
        self.counter.probe()

    def restart(self) -> None:
        """The counter's program ends and begins again."""
        self.close()
        self.reopen()

    def reopen(self) -> None:
        """The counter's program begins again."""
        self.counter = open_counter(self.folder, ports(self.clock, self.wires[0]))

    def sleep(self, days: int) -> None:
        """Days go by, and the hub's nights."""
        self.clock.turn(days=days)
        nightly(self.hub.core)
        self.sync()

    def close(self) -> None:
        """The counter's program ends, whichever life it is in."""
        self.counter.close()

    def balance(self, account: str) -> int:
        """What one of Kawasaki's accounts holds."""
        with self.hub.core.database.read() as tx:
            found = tx.scalar(
                "SELECT points FROM balance WHERE municipality=:town AND account=:account",
                town=KAWASAKI,
                account=account,
            )
        return int(found or 0)

    def audited(self) -> bool:
        """Whether everything adds up, here and at the hub."""
        return not self.counter.audit() and not audit_hub(self.hub, InlineVerifier())


def _copy(number: str, town: MunicipalityCode) -> SignedTicket:
    return SignedTicket(
        issuer="https://elsewhere.test",
        number=TicketNumber(number),
        municipality=town,
        points=Points(500),
        valid_from="2026-11-01",
        valid_until="2026-12-31",
    )


def ports(clock: TurnedClock, wire: Wire) -> Ports:
    """What the outside gives to a counter here."""
    return Ports(clock=clock, door=lambda _: wire, patience=Straight())


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """Found it: the greengrocers' association has a shop, and a counter at which it clears."""
    shop = open_shop(folder)
    clock = TurnedClock(NOW)
    with ExitStack() as opened:
        hub = opened.enter_context(closing(open_hub(shop.hub, clock)))
        wires = Wire(hub), Wire(hub)
        person = hub.office.sign_in((shop.hub / "operator-1.token").read_text().strip())
        form = InviteForm(organisation=GREENGROCER, kind="counter", place="office")
        new = enrol(
            folder / "office",
            read_invitation(hub.office.invite(person, form).invitation),
            ports(clock, wires[0]),
            second_path=folder / "office-second",
            door=hub.door,
        )
        hub.office.confirm(person, new.node, new.fingerprint)
        made = Office(
            hub=hub,
            clock=clock,
            folder=folder / "office",
            counter=new.counter,
            shop=opened.enter_context(closing(open_counter(shop.node, ports(clock, wires[1])))),
            wires=wires,
            card=f"soft:{shop.card}",
        )
        opened.callback(made.close)
        made.sync()
        yield made


FISH_PAYABLE = f"payable:{FISH_SHOP}"
OFFICE_PAYABLE = f"payable:{GREENGROCER}"
