"""A hub whose power goes, again and again, while shops hand in what they sold."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

import pytest

from hub.audit import audit
from hub.hub import open_hub
from hub.intake.verify import InlineVerifier
from sync.calls import HubCalls
from sync.chain import digest
from sync.errors import Unreachable
from sync.http import HttpDoor
from sync.receipt import Answer, Custody, Receipt, Verdict
from sync.signing import open_signed
from sync.values import Millis
from sync.wire import read
from tests.bench.hub_way import check
from tests.bench.street import Street, build
from tests.doubles.clocks import TurnedClock
from tests.doubles.pen import Pen
from tests.faults.corner import free_port
from tests.faults.programs import Moments, serve_hasty_hub, serve_hub, start
from tests.hub.corner import ORIGIN, Corner

LIVES = 30
LONGEST = 0.12
"""Seconds of a life after it listens: some batches fit into it."""


@dataclass
class Sender:
    """A shop's side of the line: what it was told, and its batches of any size."""

    pen: Pen
    calls: HubCalls
    hub_key: bytes
    acknowledged: int = 0
    head: bytes = b""
    verdicts: dict[int, Verdict] = field(default_factory=dict)

    def send(self, moments: Moments) -> None:
        """Hand in some records; now and then also such as the hub has."""
        again = min(moments.below(4), self.acknowledged)
        first = min(self.acknowledged + 1 - again, self.pen.seq)
        last = min(first + moments.below(20), self.pen.seq)
        self.hear(self.calls.put_records(self.pen.epoch, first, self.pen.batch(first, last)))

    def hear(self, answer: Answer) -> None:
        """Custody never goes back, and a verdict never changes."""
        custody = read(open_signed(answer.custody, "custody", (self.hub_key,)), Custody)
        assert custody.received >= self.acknowledged
        assert custody.head == digest(self.pen.records[custody.received - 1])
        self.acknowledged, self.head = custody.received, custody.head
        for signed in answer.receipts:
            body = open_signed(signed, "receipt", (self.hub_key,))
            for verdict in read(body, Receipt).verdicts:
                assert self.verdicts.setdefault(verdict.seq, verdict) == verdict


@pytest.mark.processes
@pytest.mark.slow
def test_a_hub_killed_thirty_times_keeps_what_it_acknowledged_once(tmp_path: Path) -> None:
    street = _street(tmp_path, shops=8, residents=40)
    now, moments = street.corner.clock.now(), Moments("hub")
    with _door() as (door, port):
        senders = _senders(street, door)

        for _ in range(LIVES):
            hub = start(serve_hub, tmp_path / "hub", port, now)
            hub.until_ready()
            for _ in range(moments.below(4)):
                senders[moments.below(len(senders))].send(moments)
            if moments.below(2):
                hub.kill_after(0)  # on the very word
            else:
                end = Thread(target=hub.kill_after, args=(moments.seconds(LONGEST),))
                end.start()
                _send_until_silent(senders, moments)
                end.join()
            door.close()
            assert _lost(tmp_path / "hub", senders) == []
        told = sum(sender.acknowledged for sender in senders)

        assert told > LIVES
        _all_is_there_once(street, tmp_path / "hub", now, senders)


@pytest.mark.processes
@pytest.mark.slow
def test_a_hub_that_answers_one_commit_too_early_is_found_out(tmp_path: Path) -> None:
    street = _street(tmp_path, shops=1, residents=4)
    now, moments = street.corner.clock.now(), Moments("hasty")
    with _door() as (door, port):
        sender = _senders(street, door)[0]
        hub = start(serve_hasty_hub, tmp_path / "hub", port, now)
        hub.until_ready()

        sender.send(moments)
        hub.kill_after(0)

    lost = _lost(tmp_path / "hub", [sender])
    assert sender.verdicts
    custody = 0  # of a small batch it is in the same commit as the verdicts
    assert lost == [(sender.pen.node, seq) for seq in (custody, *sorted(sender.verdicts))]


def _street(folder: Path, *, shops: int, residents: int) -> Street:
    """A hub in its folder, closed, whose shops have sold."""
    street = build(folder / "hub", shops=shops, residents=residents, cores=1)
    street.hub.close()
    return street


@contextmanager
def _door() -> Iterator[tuple[HttpDoor, int]]:
    port = free_port()
    door = HttpDoor(f"http://127.0.0.1:{port}", pin=None, timeout=20)
    try:
        yield door, port
    finally:
        door.close()


def _lost(folder: Path, senders: Sequence[Sender]) -> list[tuple[str, int]]:
    """What the hub said and its disk does not have: node and place.

    The file is read as the kill left it, by nobody who could write something into it first.
    """
    lost: list[tuple[str, int]] = []
    with closing(sqlite3.connect(folder / "hub.db")) as disk:
        for sender in senders:
            place = (sender.pen.node, sender.pen.epoch)
            custody = disk.execute(
                "SELECT received, head FROM cursor WHERE node=? AND epoch=?", place
            ).fetchone() or (0, b"")
            if sender.acknowledged > custody[0] or (
                sender.acknowledged == custody[0] and sender.head != custody[1]
            ):
                lost.append((sender.pen.node, 0))
            judged = {
                seq: (bytes(digest), outcome, paid)
                for seq, digest, outcome, paid in disk.execute(
                    "SELECT seq, digest, outcome, paid FROM record WHERE node=? AND epoch=?", place
                )
            }
            lost += [
                (sender.pen.node, seq)
                for seq, verdict in sorted(sender.verdicts.items())
                if judged.get(seq) != (verdict.digest, verdict.outcome, verdict.paid)
            ]
    return lost


def _senders(street: Street, door: HttpDoor) -> list[Sender]:
    key = street.hub.core.keys.signing.public
    return [
        Sender(
            pen,
            HubCalls(
                door,
                origin=ORIGIN,
                node=pen.node,
                epoch=pen.epoch,
                key=pen.key,
                clock=street.corner.clock,
                trusted=(key,),
            ),
            key,
        )
        for pen in street.pens
    ]


def _send_until_silent(senders: Sequence[Sender], moments: Moments) -> None:
    try:
        while True:
            senders[moments.below(len(senders))].send(moments)
    except Unreachable:
        return


def _all_is_there_once(
    street: Street, folder: Path, now: Millis, senders: Sequence[Sender]
) -> None:
    """Hand in the rest in this process; the books add up and say what the shops were told."""
    clock = TurnedClock(now)
    hub = open_hub(folder, clock)
    corner = Corner(clock, hub.core, hub.mykey)
    again = replace(street, hub=hub, corner=corner)
    try:
        for sender, body in zip(senders, street.bodies, strict=True):
            with hub.core.database.read() as tx:
                ((received,),) = tx.rows(
                    "SELECT coalesce(max(received), 0) FROM cursor WHERE node=?", [sender.pen.node]
                )
            assert received >= sender.acknowledged
            hub.judging.hand_in(sender.pen.node, sender.pen.epoch, 1, body)
        hub.judging.round()
        for sender, body in zip(senders, street.bodies, strict=True):
            sender.hear(hub.judging.hand_in(sender.pen.node, sender.pen.epoch, 1, body))
            assert sorted(sender.verdicts) == list(range(1, sender.pen.seq + 1))
        check(again)
        assert audit(hub.core, hub.mykey, InlineVerifier()) == []
    finally:
        hub.close()
