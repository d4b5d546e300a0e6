"""A festival's day at the hub: a quiet trickle, then outages, and behind each everybody at once.

Stalls hand in what they sold; while the line is down for them, tills on a good line go on asking
the hub before each sale. Whoever is told to come back later does so then, a little later each.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter as now
from typing import TypeVar
from zlib import crc32

from sync.batch import coding_of
from sync.calls import MESSAGE
from sync.holds import HoldAnswer, HoldRequest, Purpose
from sync.receipt import Answer, Custody, Receipt
from sync.records import Tier
from sync.signing import Signed, open_signed
from sync.values import Points
from sync.wire import read, write
from tests.bench.figures import must
from tests.bench.street import PRICE, only_asking
from tests.hub.corner import KAWASAKI
from tests.load.fleet import Fleet, Stall, Till
from tests.load.line import Line, Said

T = TypeVar("T")

PUSH_EVERY = 2.0
"""Seconds after which a terminal asks for receipts that were not ready."""
SALE_EVERY = 1.0
"""Seconds between two sales of a till."""
_AT_ONCE = 2.0
"""Seconds within which all stalls come back."""
_BUSY = frozenset({429, 503})


@dataclass(slots=True)
class Told:
    """What was seen from outside. Times are in seconds."""

    holds: list[float] = field(default_factory=list)
    """From asking for points to the hub's word."""
    holds_turned_away: int = 0
    """Times that the hub was too busy to be asked: the till sells without it."""
    custody: list[float] = field(default_factory=list)
    """From sending a batch to the hub's word that it has it, waits not counted."""
    receipts: list[float] = field(default_factory=list)
    """From sending a batch first to having the receipts of all its records, waits and all."""
    statuses: Counter[int] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    sold: int = 0
    """Sales that tills have made."""
    crowds: int = 0
    """How many have been served: every stall had all its receipts."""


class Caller:
    """A terminal that calls, and comes back when it is told to."""

    def __init__(self, line: Line, hub_key: bytes, told: Told) -> None:
        self._line = line
        self._hub_key = hub_key
        self._told = told
        self._spread = crc32(line.node.encode()) / 2**32
        self._at = f"/v1/nodes/{line.node}"
        self.receipted = 0

    async def put(self, first: int, body: bytes, last: int) -> None:
        """Hand a batch in and stay until every record up to ``last`` has its receipt."""
        begun = now()
        took: list[float] | None = self._told.custody
        while self.receipted < last:
            said = await self._patiently(
                "PUT",
                f"{self._at}/epochs/{self._line.epoch}/records/{first}",
                body,
                coding_of(body),
                took,
            )
            received = self._hear(read(said.body, Answer))
            if received >= last:
                first, body, took = received + 1, only_asking(self.receipted), None
            if self.receipted < last:
                await asyncio.sleep(PUSH_EVERY * (1 + 0.25 * self._spread))
        self._told.receipts.append(now() - begun)

    def _hear(self, answer: Answer) -> int:
        """Take note of receipts; how far custody goes."""
        custody = _open(answer.custody, "custody", self._hub_key, Custody)
        for signed in answer.receipts:
            for verdict in _open(signed, "receipt", self._hub_key, Receipt).verdicts:
                if verdict.seq > self.receipted:
                    self.receipted = verdict.seq
                    self._told.verdicts[verdict.reason or verdict.outcome] += 1
        return custody.received

    def hang_up(self) -> None:
        """Be cut off."""
        self._line.close()

    async def come_back(self) -> None:
        """What a terminal does first when its line is back: set its clock by the hub's."""
        await self._patiently("GET", "/v1/time")

    async def fetch(self) -> None:
        """What it does last: the feed's next page."""
        await self._patiently("GET", f"{self._at}/feed?after=0&incarnation=")

    async def hold(self, n: int, request: HoldRequest) -> HoldAnswer | None:
        """Ask once, as long as a person waits; None: the hub was too busy."""
        begun = now()
        path = f"{self._at}/epochs/{self._line.epoch}/holds/{n}"
        said = await self._line.send("PUT", path, write(request))
        self._told.statuses[said.status] += 1
        if said.status in _BUSY:
            self._told.holds_turned_away += 1
            return None
        must(said.status == 200, f"a hold is answered, not {said.status} {said.body!r}")
        self._told.holds.append(now() - begun)
        return _open(read(said.body, Signed), "hold", self._hub_key, HoldAnswer)

    async def _patiently(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        media_type: str = MESSAGE,
        took: list[float] | None = None,
    ) -> Said:
        """Call until the hub does it."""
        while True:
            begun = now()
            said = await self._line.send(method, path, body, media_type)
            self._told.statuses[said.status] += 1
            if said.status not in _BUSY:
                must(said.status == 200, f"{method} {path}: {said.status} {said.body!r}")
                if took is not None:
                    took.append(now() - begun)
                return said
            await asyncio.sleep(max(1, said.retry_after) * (1 + 0.25 * self._spread))


async def stall(
    caller: Caller, one: Stall, told: Told, day: float, all_served: asyncio.Barrier
) -> None:
    """A stall's day: a few sales while all is well, then outages, and what it sold in each.

    No crowd comes before all of the one before it have been served.
    """
    spread = crc32(one.node.encode()) / 2**32
    begun = now()
    try:
        for first, body in one.quiet:
            await asyncio.sleep(day / 4 / len(one.quiet) * (0.5 + spread))
            await caller.put(first, body, _last_of(one, first))
        for crowd, (first, body) in enumerate(one.crowds):
            caller.hang_up()
            back = begun + day / 2 * (1 + crowd / len(one.crowds))
            await asyncio.sleep(max(0.0, back - now()) + _AT_ONCE * spread)
            await caller.come_back()
            await caller.put(first, body, _last_of(one, first))
            await caller.fetch()
            if await all_served.wait() == 0:
                told.crowds += 1
    finally:
        caller.hang_up()


async def till(
    address: tuple[str, int], one: Till, fleet: Fleet, told: Told, over: asyncio.Event
) -> None:
    """A till: hold, sign, hand in, again and again until the day is over."""
    pen = one.pen
    line = Line(address, pen.node, pen.epoch, pen.key.seed)
    caller = Caller(line, fleet.hub_key, told)
    await caller.put(1, pen.batch(), pen.seq)
    n = 0
    try:
        while not over.is_set():
            await asyncio.sleep(SALE_EVERY)
            n += 1
            answer = await caller.hold(
                n,
                HoldRequest(
                    municipality=KAWASAKI,
                    purpose=Purpose.SPEND,
                    points=Points(PRICE),
                    account=one.account,
                    card=one.card.digest,
                    ticket=b"",
                    wanted=None,
                    after=(),
                ),
            )
            if answer is None:
                continue
            must(answer.granted, f"points are held, not {answer.reason!r}")
            pen.spend(one.card, one.account, PRICE, town=KAWASAKI, tier=Tier.T0, hold=n)
            told.sold += 1
            body = pen.batch(pen.seq, receipted=caller.receipted)
            await caller.put(pen.seq, body, pen.seq)
    finally:
        line.close()


async def hold_day(
    address: tuple[str, int],
    fleet: Fleet,
    seconds: float,
    beside: Callable[[Told], Awaitable[None]],
) -> Told:
    """Everybody's day, to the last receipt; ``beside`` runs along and is ended with it."""
    told, over = Told(), asyncio.Event()
    all_served = asyncio.Barrier(len(fleet.stalls))
    tills = [asyncio.create_task(till(address, one, fleet, told, over)) for one in fleet.tills]
    watch = asyncio.ensure_future(beside(told))
    try:
        await asyncio.gather(
            *(
                stall(_caller(address, one, fleet, told), one, told, seconds, all_served)
                for one in fleet.stalls
            )
        )
    finally:
        over.set()
        watch.cancel()
    await asyncio.gather(*tills)
    return told


def _caller(address: tuple[str, int], one: Stall, fleet: Fleet, told: Told) -> Caller:
    return Caller(Line(address, one.node, one.epoch, one.key), fleet.hub_key, told)


def _last_of(one: Stall, first: int) -> int:
    """The last record of the batch that begins with ``first``."""
    starts = [begins for begins, _ in one.batches]
    return next((begins - 1 for begins in starts if begins > first), one.last)


def _open(signed: Signed, what: str, hub_key: bytes, kind: type[T]) -> T:
    return read(open_signed(signed, what, (hub_key,)), kind)
