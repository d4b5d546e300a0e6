"""A node hands in what it sold while it was alone, over a thin line to a served hub.

    node's outbox --> HTTP --> shaped link, 1 Mbit/s and 150 ms each way --> the served hub

The node is a real one with a database of its own; its spends are true ones (each under its card's
RSA signature, sealed), made from standings that the hub has told it, and the hub applies them all.
Time is from the first byte until the node has stored the hub's word that it has them all; the
limit is what cannot be compressed of them, each record's RSA signature with its seal, at the
link's rate. What a link adds below the bytes of a connection (headers of packets, slow start) is
not shaped.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from math import lcm
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from hub.forms import InviteForm
from hub.hub import Hub, init_hub, open_hub
from node.card.tap import Signature
from node.counter import Counter
from node.enrol import enrol
from node.limits import account_in
from node.opening import Ports, open_counter
from node.outcome import Status
from node.reach import Straight
from node.writer import Proof
from sync.clock import At
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.ports import Clock
from sync.records import Spend, Tier
from sync.request import Door, Request, Response
from sync.values import AccountId, Millis, Points
from tests.bench.figures import Better, Figure, against, must, seconds
from tests.bench.serving import Running, answered, door_at, served, signed
from tests.bench.shaped import shaped
from tests.bench.street import OFTEN, found
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Card
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, ORIGIN, Corner, Resident

RATE = 1_000_000
"""Bits a second, each way."""
DELAY = 0.150
"""Seconds, each way."""
PRICE = 5
"""So that 5,000 spends stay below what a node may take alone."""
SIGNATURE = 256 + 16
"""Bytes of a record that nothing makes shorter: an RSA-2048 signature and the tag of its seal."""
_EXPONENT = 65_537


def measure(folder: Path, *, residents: int) -> Iterator[Figure]:
    """Seconds until the hub has ``3 * residents`` spends of a node; raises SumsDoNotHold."""
    clock = TurnedClock(at("2026-11-02 10:00"))
    others = _sell(folder, clock, residents)
    spends = OFTEN * residents
    limit = 8 * SIGNATURE * spends / RATE
    now = Running(clock.now())
    with (
        served(folder / "hub", clock.now(), verifiers=1) as port,
        shaped(port, RATE, DELAY) as link,
        closing(open_counter(folder / "node", _ports(now, door_at(link.port)))) as counter,
    ):
        with closing(door_at(port)) as beside:
            answered(beside, others)
        took = seconds(lambda: _until(counter, lambda now: now.acknowledged == now.seq))
        up = link.up
        receipts = took + seconds(lambda: _until(counter, lambda now: not now.waiting))
    _check(folder, clock, spends)
    yield against(
        f"line: sync of {spends:,} records, 1 Mbit/s, 300 ms",
        took,
        "s",
        limit=limit,
        target=1.10,
        better=Better.LOWER,
    )
    yield against(
        "line: the same, until their receipts are here",
        receipts,
        "s",
        limit=limit,
        target=None,
        better=Better.LOWER,
    )
    yield against(
        "line: bytes a record on the way up",
        up / spends,
        "bytes",
        limit=SIGNATURE,
        target=None,
        better=Better.LOWER,
    )


# -- before: what is to be handed in


class _Cut:
    """A line to a hub of this process, until it is cut."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.cut = False

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door; raises Unreachable once it is cut."""
        if self.cut:
            raise Unreachable("the line is cut")
        return self._hub.door.send(request)


def _sell(folder: Path, clock: TurnedClock, residents: int) -> Request:
    """Make a hub, a node and residents; the node sells three times to each while it is alone.

    Gives what another shop hands in: a hub at work has checked a card before.
    """
    randomness = SeededRandomness("line")
    init_hub(folder / "hub", origin=ORIGIN, demo=True, clock=clock, randomness=randomness)
    hub = open_hub(folder / "hub", clock, randomness=randomness)
    with closing(hub):
        corner = Corner(clock, hub.core, hub.mykey)
        found(corner)
        people = [corner.resident(key) for key in islice(keys(), residents)]
        for who in people:
            corner.grant(who, OFTEN * PRICE)
        wire = _Cut(hub)
        counter = _node(folder, hub, _ports(clock, wire))
        with closing(counter):
            must(counter.sync_now().reached, "the node hears the hub")
            wire.cut = True
            clock.turn(minutes=5)
            counter.probe()
            _spend(counter, corner, people)
        return _another(corner, people[0])


def _another(corner: Corner, who: Resident) -> Request:
    """Somebody buys at the fish shop, too."""
    corner.grant(who, PRICE)
    pen = corner.node(FISH_SHOP, "2222")
    corner.feed(pen, available=PRICE)
    pen.spend(who.card, corner.account(who), PRICE, town=KAWASAKI)
    return signed(pen, 1, pen.batch())


def keys() -> Iterator[rsa.RSAPrivateKey]:
    """RSA-2048 keys, all different, made quickly: of few primes in pairs. They guard nothing."""
    primes: list[int] = []
    while True:
        made = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=2048).private_numbers()
        for prime in (made.p, made.q):
            yield from (_of(prime, other) for other in primes)
            primes.append(prime)


def _of(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(_EXPONENT, -1, lcm(p - 1, q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    ).private_key(unsafe_skip_rsa_key_validation=True)


def _ports(clock: Clock, door: Door) -> Ports:
    return Ports(clock=clock, door=lambda _: door, patience=Straight())


def _node(folder: Path, hub: Hub, ports: Ports) -> Counter:
    person = hub.office.sign_in((folder / "hub/operator-1.token").read_text().strip())
    invited = hub.office.invite(person, InviteForm(organisation=GREENGROCER)).invitation
    new = enrol(
        folder / "node",
        read_invitation(invited),
        ports,
        second_path=folder / "stick",
        door=hub.door,
    )
    hub.office.confirm(person, new.node, new.fingerprint)
    return new.counter


def _spend(counter: Counter, corner: Corner, people: Sequence[Resident]) -> None:
    """Everybody spends all there is, in as many parts as a day allows."""
    counter.open_shift("line")
    accounts = [corner.account(who) for who in people]
    shift = counter.parts.shifts.ensure()
    for _ in range(OFTEN):
        for who, account in zip(people, accounts, strict=True):
            proof = Proof(shift=shift, sign=partial(_signed, who.card), certificate=b"")
            counter.parts.writer.write(partial(_body, counter, who, account), proof=proof)


def _signed(card: Card, message: bytes) -> Signature:
    signature = card.sign(message)
    return Signature(algorithm=card.algorithm, key_digest=card.digest, signature=signature)


def _body(counter: Counter, who: Resident, account: AccountId, at: At, _seq: int) -> Spend:
    """What the node's own spending writes for somebody whose standing it has."""
    parts = counter.parts
    known = parts.knowledge.standing(who.card.digest)
    must(account_in(known, KAWASAKI) is not None, "the node knows the card's standing")
    return Spend(
        municipality=KAWASAKI,
        account=account,
        points=Points(PRICE),
        tier=Tier.T2,
        card=who.card.digest,
        hold=0,
        basis=parts.limits.basis(
            epoch=parts.writer.epoch, town=KAWASAKI, known=known, silent_since=Millis(at.ms)
        ),
    )


# -- the exchange, and what came of it


def _until(counter: Counter, done: Callable[[Status], bool]) -> None:
    """Hand in, again and again, until the node has stored what is waited for."""
    while not done(counter.status()):
        said = counter.parts.outbox.push()
        must(said.reached, f"the hub answers: {said.trouble}")


def _check(folder: Path, clock: TurnedClock, spends: int) -> None:
    """The hub has applied every spend, and its books add up."""
    hub = open_hub(folder / "hub", clock)
    with closing(hub):
        corner = Corner(clock, hub.core, hub.mykey)
        balances = corner.balances()
        must(balances[f"payable:{GREENGROCER}"] == PRICE * spends, "the shop is owed what it sold")
        must(balances[f"payable:{FISH_SHOP}"] == PRICE, "and so is the other one")
        must(not any(name.startswith("wallet:") for name in balances), "the wallets are empty")
        must(sum(balances.values()) == 0, "debits equal credits")
        must(not corner.incidents(), "nothing waits for a person")
