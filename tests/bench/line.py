"""A node hands in what it sold while it was alone, over a thin line to a served hub.

    node's outbox --> HTTP --> shaped link, 1 Mbit/s and 150 ms each way --> the served hub

The node is a real one with a database of its own; its spends are true ones (each under its card's
RSA signature, sealed), made from standings that the hub has told it, and the hub applies them all.
Time is from the first byte until the node has stored the hub's word that it has them all; the
limit is what cannot be compressed of them, each record's RSA signature with its seal, at the
link's rate. What a link adds below the bytes of a connection (headers of packets, slow start) is
not shaped.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from node.writer import Proof
from sync.clock import At
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.ports import Clock
from sync.records import Spend, Tier
from sync.request import Door, Request, Response
from sync.values import AccountId, Millis, Points
from tests.bench.figures import Better, Figure, against, must
from tests.bench.serving import Running, answered, door_at, served, signed
from tests.bench.shaped import Link, shaped
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
CROWD = 120
"""Residents who are about at the same time, as in :mod:`tests.bench.street`."""
OTHERS = 62
"""Residents who buy at another shop before."""
SIGNATURE = 256 + 16
"""Bytes of a record that nothing makes shorter: an RSA-2048 signature and the tag of its seal."""
_EXPONENT = 65_537
_LOOK = 0.02
"""Seconds between two looks at what the node has heard."""


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
        took, up, receipts = _hand_in(counter, link)
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
        return _another(corner, people[:OTHERS])


def _another(corner: Corner, people: Sequence[Resident]) -> Request:
    """Some buy at the fish shop, too: enough for the hub's verifiers to be there afterwards."""
    pen = corner.node(FISH_SHOP, "2222")
    for who in people:
        corner.grant(who, PRICE)
    corner.feed(pen, available=PRICE)
    for who in people:
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
    return Ports(clock=clock, door=lambda _: door)


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
    """Everybody spends all there is, in as many parts as a day allows; one crowd after another."""
    counter.open_shift("line")
    shift = counter.parts.shifts.ensure()
    for start in range(0, len(people), CROWD):
        crowd = [(who, corner.account(who)) for who in people[start : start + CROWD]]
        for who, account in crowd * OFTEN:
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
            receipted=parts.writer.receipted,
            epoch=parts.writer.epoch,
            town=KAWASAKI,
            known=known,
            silent_since=Millis(at.ms),
        ),
    )


# -- the exchange, and what came of it


def _hand_in(counter: Counter, link: Link) -> tuple[float, int, float]:
    """Hand in everything.

    Gives the seconds until the node has stored that all is in the hub's custody, the bytes that had
    gone up by then, and the seconds until it has every receipt.
    """
    began = time.perf_counter()
    up, received = 0, 0.0
    with ThreadPoolExecutor(1) as counting:
        pushing = counting.submit(counter.parts.outbox.push)
        while (now := counter.status()).waiting:
            if not received and now.acknowledged == now.seq:
                up, received = link.up, time.perf_counter() - began
            if pushing.done():
                must(pushing.result().reached, f"the hub answers: {pushing.result().error}")
                pushing = counting.submit(counter.parts.outbox.push)
            time.sleep(_LOOK)
        receipted = time.perf_counter() - began
    return received or receipted, up or link.up, receipted


def _check(folder: Path, clock: TurnedClock, spends: int) -> None:
    """The hub has applied every spend, and its books add up."""
    hub = open_hub(folder / "hub", clock)
    with closing(hub):
        corner = Corner(clock, hub.core, hub.mykey)
        balances = corner.balances()
        must(balances[f"payable:{GREENGROCER}"] == PRICE * spends, "the shop is owed what it sold")
        must(balances[f"payable:{FISH_SHOP}"] > 0, "and so is the other one")
        must(not any(name.startswith("wallet:") for name in balances), "the wallets are empty")
        must(sum(balances.values()) == 0, "debits equal credits")
        must(not corner.incidents(), "nothing waits for a person")
