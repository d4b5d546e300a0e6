"""``python -m tests.bench.tickets --tickets N``: many tickets at one hub, and their list at a node.

Tickets are issued and redeemed through the real hub, in batches as nodes hand them in, and every
one is used in the end but a few. A real node with files of its own takes the list of used ones in
pages of the feed, then updates of some sizes, and takes and refuses paper by it. The short form is
part of ``make bench``.
"""

import argparse
import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251  seeded: the same guesses in every run

from cryptography.hazmat.primitives.asymmetric import ec

from hub.forms import InviteForm
from hub.hub import Hub, init_hub, open_hub
from hub.points.numbers import CAPACITY
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports
from node.outcome import Approved, Refused
from node.reach import Straight
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.receipt import Verdict
from sync.request import Request, Response
from sync.ticket import check_digit, name_of, read_ticket, to_qr
from sync.values import TicketNumber
from tests.bench.figures import Better, Figure, against, median, must, seconds, table
from tests.bench.street import found
from tests.bench.walls import append_and_sync
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, ORIGIN, Corner, Resident

BUILD = Path(__file__).parents[2] / "build"
EACH = 20
"""Tickets of one record."""
OPEN = 20
"""Holds that a node may have open."""
A_WALLET = 2_000
"""Tickets out of one wallet: its history is read for each hold."""
A_SHOP = 10_000
"""Redemptions of one shop."""
A_BATCH = 256
"""Redemptions of one PUT."""
UPDATES = (1, 100, 10_000)
LEFT = 60
"""Tickets that are not used, to be taken in the end."""
NAME_BYTES = 16
GUESSES = 500_000
_ASKED = 500
"""Guesses of one look."""
AUDITED = 50_000
"""More than this and playing every posting again takes longer than all the rest."""


@dataclass
class CountingWire:
    """A line to the hub that counts what comes down it, and may be cut."""

    hub: Hub
    cut: bool = False
    down: int = 0

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door; raises Unreachable while it is cut."""
        if self.cut:
            raise Unreachable("the line is cut")
        response = self.hub.door.send(request)
        self.down += len(response.body)
        return response


class Fair:
    """A hub where tickets are issued and redeemed by the thousand."""

    def __init__(self, folder: Path, database: str = "") -> None:
        """``database``: the URL of its ledger, where that is not a file of the folder."""
        self.folder = folder
        self.clock = TurnedClock(at("2026-11-02 10:00"))
        randomness = SeededRandomness("fair")
        init_hub(
            folder / "hub",
            origin=ORIGIN,
            demo=True,
            database=database,
            clock=self.clock,
            randomness=randomness,
        )
        self.hub = open_hub(folder / "hub", self.clock, randomness=randomness)
        self.corner = Corner(self.clock, self.hub.core, self.hub.mykey)
        found(self.corner)
        self.counter = self.corner.node(GREENGROCER, "9999")
        self._handed: dict[str, int] = {}
        self._people = 0
        self._shops: list[Pen] = []
        self._left = 0
        self.rest: list[bytes] = []
        """Signed tickets that nobody has used yet."""

    def issue(self, count: int) -> Iterator[bytes]:
        """Issue some tickets of one point; gives the signed ones as their receipts come."""
        while count > 0:
            who = self._resident(min(count, A_WALLET))
            for left in range(min(count, A_WALLET), 0, -EACH * OPEN):
                some = min(left, EACH * OPEN)
                yield from self._issue(who, some)
                count -= some

    def redeem(self, signed: Sequence[bytes]) -> None:
        """Shops that hear nothing take paper, and hand in."""
        public = self.hub.core.keys.tickets(KAWASAKI).public
        for start in range(0, len(signed), A_BATCH):
            pen = self._shop()
            for ticket in signed[start : start + A_BATCH]:
                pen.redeem(ticket, public=public, town=KAWASAKI)
            self._hand_in(pen)
        must(not self.corner.waiting(), "all that was handed in is judged")

    def used(self) -> int:
        """How many tickets are used by the hub's books."""
        return self.corner.ticket_states().get("redeemed", 0)

    def _issue(self, who: Resident, count: int) -> Iterator[bytes]:
        account, pen = self.corner.account(who), self.counter
        for start in range(0, count, EACH):
            n, asked = self.corner.hold_tickets(pen, who, 1, min(EACH, count - start), days=30)
            must(asked.granted, asked.reason)
            pen.issue(who.card, account, asked.tickets, town=KAWASAKI, hold=n, programme="101")
        for verdict in self._hand_in(pen):
            yield from verdict.tickets

    def _resident(self, points: int) -> Resident:
        self._people += 1
        key = ec.derive_private_key(self._people, ec.SECP256R1())
        who = self.corner.resident(key)
        self.corner.grant(who, points)
        return who

    def _shop(self) -> Pen:
        if not self._shops or self._left <= 0:
            pen = self.corner.node(FISH_SHOP, f"{len(self._shops):04d}")
            self._shops.append(pen)
            self._left = A_SHOP
        self._left -= A_BATCH
        return self._shops[-1]

    def _hand_in(self, pen: Pen) -> list[Verdict]:
        """What is new of a pen; the verdicts of what it brought."""
        first = self._handed.get(pen.node, 0) + 1
        body = pen.batch(first, receipted=first - 1)
        answer = self.hub.judging.hand_in(pen.node, pen.epoch, first, body)
        self.hub.judging.round()
        verdicts = self.corner.verdicts(answer)
        if pen.seq not in verdicts:
            asking = pen.batch(pen.seq + 1, receipted=first - 1)
            answer = self.hub.judging.hand_in(pen.node, pen.epoch, pen.seq + 1, asking)
            verdicts |= self.corner.verdicts(answer)
        self._handed[pen.node] = pen.seq
        return [verdicts[seq] for seq in range(first, pen.seq + 1)]

    def node(self) -> tuple[Counter, CountingWire]:
        """A real node of the fish shop, with files of its own."""
        person = self.hub.office.sign_in((self.folder / "hub/operator-1.token").read_text().strip())
        invited = self.hub.office.invite(person, InviteForm(organisation=FISH_SHOP)).invitation
        wire = CountingWire(self.hub)
        ports = Ports(clock=self.clock, door=lambda _: wire, patience=Straight())
        new = enrol(
            self.folder / "node",
            read_invitation(invited),
            ports,
            second_path=self.folder / "stick",
            door=self.hub.door,
        )
        self.hub.office.confirm(person, new.node, new.fingerprint)
        must(new.counter.sync_now().reached, "the node hears the hub")
        return new.counter, wire


def measure(folder: Path, *, tickets: int) -> list[Figure]:
    """Everything; raises SumsDoNotHold."""
    fair = Fair(folder)
    with closing(fair.hub):
        counter, wire = fair.node()
        with closing(counter):
            return [*_hub(fair, tickets), *_node(fair, counter, wire, tickets), *_memory()]


def _hub(fair: Fair, tickets: int) -> list[Figure]:
    """Issue and redeem them; what is left over lies in ``fair.rest``."""
    updates = sum(size for size in UPDATES if size <= tickets)
    issued: list[bytes] = []
    took = seconds(lambda: issued.extend(fair.issue(tickets + updates + LEFT)))
    fair.rest, issued = issued[tickets:], issued[:tickets]
    begun = seconds(lambda: fair.redeem(issued))
    must(fair.used() == tickets, "every ticket is used once")
    must(fair.corner.balance("outstanding:101") == len(fair.rest), "the others live")
    verify = _verify_rate(issued[0], fair)
    return [
        _told("tickets, issued at the hub", (tickets + updates + LEFT) / took, "a second", verify),
        _told("tickets, redeemed at the hub", tickets / begun, "a second", verify),
        *_guessing(fair),
    ]


def _guessing(fair: Fair) -> list[Figure]:
    """Guesses of somebody who knows the programme and the check digit, at the real table."""
    draw = Random(1)  # noqa: S311  no secret comes from it
    hits = 0
    with fair.hub.core.database.read() as tx:
        known = tx.rows("SELECT count(*) FROM ticket WHERE municipality=?", [KAWASAKI])[0][0]
        for _ in range(GUESSES // _ASKED):
            some = [f"101{draw.randrange(CAPACITY):09d}" for _ in range(_ASKED)]
            some = [TicketNumber(each + check_digit(each)) for each in some]
            marks = ",".join("?" * len(some))
            hits += tx.rows(
                f"SELECT count(*) FROM ticket WHERE municipality=? AND number IN ({marks})",
                [KAWASAKI, *some],
            )[0][0]
    expected = GUESSES * known / CAPACITY
    return [
        against(
            f"tickets, blind guesses at {known:,} numbers",
            hits,
            f"of {GUESSES:,}",
            limit=expected + 4 * expected**0.5,  # and what chance does
            target=1.0,
            better=Better.LOWER,
        )
    ]


def _node(fair: Fair, counter: Counter, wire: CountingWire, tickets: int) -> Iterator[Figure]:
    """The list of used ones: whole, in updates, at work."""
    file = counter.parts.store.file
    counter.parts.store.checkpoint()
    before, wire.down = file.stat().st_size, 0
    took = seconds(counter.sync_now)
    names = NAME_BYTES * tickets
    each = "bytes each"
    yield _told("tickets, the whole list on the wire", wire.down / tickets, each, NAME_BYTES)
    counter.parts.store.checkpoint()
    grown = file.stat().st_size - before
    yield _told("tickets, the list on the node's disk", grown / tickets, each, NAME_BYTES)
    yield _told("tickets, the whole list taken in", took, "s", names / _disk_rate(fair.folder))
    for size in UPDATES:
        if size <= tickets:
            yield from _update(fair, counter, wire, size)
    yield from _at_work(fair, counter, wire)


def _update(fair: Fair, counter: Counter, wire: CountingWire, size: int) -> Iterator[Figure]:
    """Some more are used: what a node hears of it."""
    some, fair.rest = fair.rest[:size], fair.rest[size:]
    fair.redeem(some)
    wire.down = 0
    took = seconds(counter.sync_now)
    listed = [counter.parts.knowledge.is_used(name_of(ticket)) for ticket in some[:100]]
    must(all(listed), "the node's list has what changed")
    wall = median(append_and_sync(fair.folder, 20))
    yield _told(f"tickets, an update of {size:,}", 1e3 * took, "ms", 1e3 * wall)
    yield _told(f"tickets, an update of {size:,}, on the wire", wire.down / size, "bytes each", 16)


def _at_work(fair: Fair, counter: Counter, wire: CountingWire) -> Iterator[Figure]:
    """Look-ups, and paper taken online and offline, with the whole list there."""
    public = {KAWASAKI: (fair.hub.core.keys.tickets(KAWASAKI).public,)}
    names = [name_of(ticket) for ticket in fair.rest]
    looks = [seconds(partial(counter.parts.knowledge.is_used, name)) for name in names * 5]
    checks = [seconds(partial(read_ticket, ticket, public)) for ticket in fair.rest]
    wall = 1e6 * median(checks)
    yield _told("tickets, a look into the list", 1e6 * median(looks), "us", wall)
    half = len(fair.rest) // 2
    for how, some in (("online", fair.rest[:half]), ("offline", fair.rest[half:])):
        wire.cut = how == "offline"
        counter.probe()
        commits = append_and_sync(fair.folder, 20)
        taken = [_taken(counter, ticket) for ticket in some]
        yield _told(
            f"tickets, one redeemed {how}", 1e3 * median(taken), "ms", 1e3 * median(commits)
        )
    again = counter.redeem(to_qr(fair.rest[0]))
    must(isinstance(again, Refused), "none is taken twice")
    wire.cut = False
    counter.probe()
    must(counter.sync_now().reached, "what was taken alone is handed in")
    must(fair.corner.audit() == [] if fair.used() < AUDITED else True, "the books add up")


def _taken(counter: Counter, ticket: bytes) -> float:
    outcome: list[object] = []
    took = seconds(lambda: outcome.append(counter.redeem(to_qr(ticket))))
    must(isinstance(outcome[0], Approved), f"a live ticket is taken: {outcome[0]}")
    return took


def _memory() -> Iterator[Figure]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield _told("tickets, memory at the most", peak, "MB", 1024)


def _verify_rate(ticket: bytes, fair: Fair) -> float:
    """Ed25519 verifications of a ticket a second."""
    public = {KAWASAKI: (fair.hub.core.keys.tickets(KAWASAKI).public,)}
    return 200 / seconds(lambda: [read_ticket(ticket, public) for _ in range(200)])


def _disk_rate(folder: Path) -> float:
    """Bytes a second that are appended and synced."""
    return 8192 / median(append_and_sync(folder, 20))


def _told(figure: str, value: float, unit: str, limit: float) -> Figure:
    return against(figure, value, unit, limit=limit, target=None, better=Better.LOWER)


def main() -> int:
    """Measure with as many tickets as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tickets", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    tickets = parser.parse_args().tickets
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="tickets-") as name:
        print(table(measure(Path(name), tickets=tickets)))  # noqa: T201  a report is printed
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
