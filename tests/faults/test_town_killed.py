"""Two hubs serve two towns of one ledger: one is killed again and again, the other goes on."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit_hub
from hub.hub import Hub, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from sync.calls import HubCalls
from sync.errors import Busy, Unreachable
from sync.http import HttpDoor
from sync.receipt import Receipt
from sync.signing import open_signed
from sync.values import PLATFORM, MunicipalityCode
from sync.wire import read
from tests.doubles.clocks import TurnedClock, at
from tests.doubles.pen import Pen
from tests.faults.corner import free_port
from tests.faults.programs import Moments, serve_hub, start
from tests.faults.test_server_killed import until
from tests.hub.corner import (
    BOOKSHOP,
    GREENGROCER,
    KAWASAKI,
    ORIGIN,
    TOSHIMA,
    Corner,
    Resident,
    furnish,
)

NOW = at("2026-11-02 10:00")
LIVES = 5
SALES = 40
"""Of each shop; the greengrocer takes both towns' points, the bookshop its own town's."""
LONGEST = 0.15
"""Seconds of a life after it listens: some of the batches fit into it."""


@dataclass
class Shop:
    """A shop's side of the line, and what it was told."""

    pen: Pen
    calls: HubCalls
    hub_key: bytes
    kept: int = 0
    judged: set[int] = field(default_factory=set)

    def hand_in(self, upto: int) -> None:
        """Hand in what is not in custody yet, two records at a time; or only ask."""
        while True:
            last = min(self.kept + 2, upto)
            body = self.pen.batch(self.kept + 1, last)
            answer = self.calls.put_records(self.pen.epoch, self.kept + 1, body)
            for signed in answer.receipts:
                receipt = read(open_signed(signed, "receipt", (self.hub_key,)), Receipt)
                self.judged |= {verdict.seq for verdict in receipt.verdicts}
            if self.kept == upto:
                return
            self.kept = last

    def all_judged(self) -> bool:
        """Hand in what is left, and whether there is a receipt for all of it."""
        self.hand_in(self.pen.seq)
        return len(self.judged) == self.pen.seq


@pytest.fixture
def folder(tmp_path: Path, url: str) -> Path:
    """A hub on a server; two towns have joined."""
    init_hub(tmp_path / "hub", origin=ORIGIN, demo=True, database=url, clock=TurnedClock(NOW))
    return tmp_path / "hub"


def sold(hub: Hub, card: RSAPrivateKey) -> tuple[Pen, Pen]:
    """Offline, to somebody with enough points in both towns."""
    corner = Corner(TurnedClock(NOW), hub.core, hub.mykey)
    furnish(corner)
    who = corner.resident(card)
    for town in (KAWASAKI, TOSHIMA):
        corner.grant(who, 10_000, town=town)
    greengrocer, bookshop = corner.node(GREENGROCER), corner.node(BOOKSHOP)
    for pen, towns in ((greengrocer, (KAWASAKI, TOSHIMA)), (bookshop, (TOSHIMA, TOSHIMA))):
        corner.feed(pen, available=1_000)
        for turn in range(SALES):
            _sell(corner, pen, who, towns[turn % 2])
    return greengrocer, bookshop


def _sell(corner: Corner, pen: Pen, who: Resident, town: MunicipalityCode) -> None:
    pen.spend(who.card, corner.account(who, town), 10, town=town)


@contextmanager
def line(pen: Pen, hub_key: bytes, port: int) -> Iterator[Shop]:
    """A shop's way to the hub of its town."""
    door = HttpDoor(f"http://127.0.0.1:{port}", pin=None, timeout=20)
    calls = HubCalls(
        door,
        origin=ORIGIN,
        node=pen.node,
        epoch=pen.epoch,
        key=pen.key,
        clock=TurnedClock(NOW),
        trusted=(hub_key,),
    )
    try:
        yield Shop(pen, calls, hub_key)
    finally:
        door.close()


@pytest.mark.processes
@pytest.mark.slow
def test_a_town_whose_hub_is_killed_keeps_no_other_town_waiting(
    folder: Path, card_keys: list[RSAPrivateKey]
) -> None:
    with closing(open_hub(folder, TurnedClock(NOW))) as hub:
        pens = sold(hub, card_keys[0])
        hub_key = hub.core.keys.signing.public
    here, there, moments = free_port(), free_port(), Moments("town")
    with (
        line(pens[0], hub_key, here) as greengrocer,
        line(pens[0], hub_key, there) as astray,
        line(pens[1], hub_key, there) as bookshop,
    ):
        toshima = start(serve_hub, folder, there, NOW, TOSHIMA, PLATFORM)
        toshima.until_ready()
        for life in range(1, LIVES + 1):
            kawasaki = start(serve_hub, folder, here, NOW, KAWASAKI)
            kawasaki.until_ready()
            end = Thread(target=kawasaki.kill_after, args=(moments.seconds(LONGEST),))
            end.start()
            with suppress(Unreachable):
                greengrocer.hand_in(greengrocer.pen.seq * life // LIVES)
            end.join()

            with pytest.raises(Unreachable):  # nobody is there
                greengrocer.hand_in(greengrocer.kept)
            with pytest.raises(Busy, match="another hub of this ledger"):
                astray.hand_in(0)
            bookshop.hand_in(bookshop.pen.seq * life // LIVES)
            assert bookshop.judged == set(range(1, bookshop.kept + 1))
        kawasaki = start(serve_hub, folder, here, NOW, KAWASAKI)
        kawasaki.until_ready()
        until(greengrocer.all_judged)  # Toshima's hub looks each second
        for program in (kawasaki, toshima):
            program.stop()

    with closing(open_hub(folder, TurnedClock(NOW))) as hub:
        corner = Corner(TurnedClock(NOW), hub.core, hub.mykey)
        assert corner.waiting() == 0
        assert corner.stored("record") == sum(pen.seq for pen in pens)
        assert audit_hub(hub, InlineVerifier()) == []
