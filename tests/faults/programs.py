"""The programs that are killed, each a process of its own: a hub that serves, a node that sells.

They are forked from a server that has loaded what they need, so that a hundred lives take seconds;
what runs is the real hub behind uvicorn and the real node over HTTP.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sync.values import Digest, EpochId, Millis, Points
from tests.doubles.clocks import SeededRandomness, TurnedClock
from tests.hub.corner import KAWASAKI

PRICE = 10
PIN = b"1234"
READY = "ready"
"""What a program says first."""
_PROGRAMS = multiprocessing.get_context("forkserver")
_PROGRAMS.set_forkserver_preload(["tests.faults.loaded"])


@dataclass(frozen=True, slots=True)
class Sold:
    """What a node said when a sale was done."""

    epoch: EpochId
    seq: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was started, and what it says."""

    process: BaseProcess
    says: Connection

    def until_ready(self) -> None:
        """Wait until it has said that it is."""
        assert self.says.recv() == READY

    def hear(self, count: int) -> list[Sold]:
        """Wait for so many sales."""
        return [self.says.recv() for _ in range(count)]

    def heard(self) -> list[Sold]:
        """All sales that it still told; one that it was telling when it was killed is not told."""
        told: list[Sold] = []
        with suppress(EOFError, OSError):
            while True:
                told.append(self.says.recv())
        return told

    def kill_after(self, seconds: float) -> None:
        """SIGKILL at a moment, if it has not ended by then."""
        self.process.join(seconds)
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.join()


class Moments:
    """Moments that nobody chose and a seed repeats."""

    def __init__(self, seed: str) -> None:
        self._bytes = SeededRandomness(seed)

    def below(self, count: int) -> int:
        """A number from 0 on."""
        return int.from_bytes(self._bytes.bytes(8), "big") % count

    def seconds(self, most: float) -> float:
        """A while, at most so long."""
        return most * self.below(1_000_000) / 1_000_000


def start(program: Callable[..., None], *what: object) -> Program:
    """Start a program; its first argument is its way to speak."""
    here, there = _PROGRAMS.Pipe(duplex=False)
    process = _PROGRAMS.Process(target=program, args=(there, *what), daemon=True)
    process.start()
    there.close()
    return Program(process, here)


def serve_hub(says: Connection, folder: Path, port: int, now: Millis, *towns: str) -> None:
    """Serve the hub of a folder on loopback: all its towns, or some beside other hubs."""
    from hub.hub import open_hub
    from hub.serve import serve

    hub = open_hub(folder, TurnedClock(now), serves=frozenset(towns) if towns else None)
    try:
        serve(hub, f"127.0.0.1:{port}", listening=lambda _: says.send(READY))
    finally:
        hub.close()


def serve_hasty_hub(says: Connection, folder: Path, port: int, now: Millis) -> None:
    """The same hub with a mistake planted: what it answers it commits only with what comes next."""
    from hub.store import database
    from hub.store.database import Database, Tx

    class Late(Tx):
        """A transaction that is left open when it should be committed."""

        def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
            """As always, but for the commit."""
            return [] if sql == "COMMIT" else super().rows(sql, values)

    is_open = Database._under_way

    def begin(self: Database, how: Callable[[Any], None]) -> Any:
        raw, dialect = self._raw(), self._dialect
        waiting = is_open(self, Tx(raw, dialect))
        if how != self._dialect.begin_read and waiting:
            Tx(raw, dialect).rows("COMMIT")
            waiting = False
        if not waiting:
            how(raw)
        return raw

    def nothing_to_roll_back(_: Database, __: Tx) -> bool:
        """Whatever stands open waits for the next commit."""
        return False

    def as_it_is(self: Database) -> None:
        """Leave the log as long as it is: to make room has to commit."""

    database.Tx = Late  # type: ignore[misc]  # in this process only
    Database._begin = begin  # type: ignore[assignment,method-assign]  # likewise
    Database._under_way = nothing_to_roll_back  # type: ignore[assignment,method-assign]  # likewise
    Database.make_room = as_it_is  # type: ignore[method-assign]  # likewise
    serve_hub(says, folder, port, now)


def sell(says: Connection, folder: Path, card: Path, now: Millis) -> None:
    """Open a node and sell for ever, handing in after every second sale."""
    from node.opening import Ports, open_counter
    from node.outcome import Approved

    counter = open_counter(folder, Ports(clock=TurnedClock(now)))
    says.send(READY)
    counter.probe()
    while True:
        for _ in range(2):
            done = counter.spend(f"soft:{card}", KAWASAKI, Points(PRICE), bytearray(PIN))
            if not isinstance(done, Approved):
                raise SystemExit(done.detail)  # nothing here gives a reason to refuse
            says.send(Sold(done.epoch, done.seq, done.digest))
        counter.sync_now()


def move_until(says: Connection, folder: Path, url: str, moment: int) -> None:
    """Move a hub to a server, and be killed at a moment: before a commit, a name, half a table."""
    import os
    import signal

    from hub.moving import move_hub
    from hub.store.database import Tx

    passed = 0

    def here() -> None:
        nonlocal passed
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    rows, insert, replaced, renamed = Tx.rows, Tx.insert_many, Path.replace, Path.rename

    def statement(self: Tx, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        if sql == "COMMIT":
            here()
        return rows(self, sql, values)

    def table(self: Tx, into: Any, values: Sequence[Sequence[object]]) -> None:
        insert(self, into, values)
        if into.name in {"transfer", "member"}:
            here()

    def new_name(how: Callable[..., Path]) -> Callable[..., Path]:
        def name(self: Path, target: Path) -> Path:
            here()
            return how(self, target)

        return name

    Tx.rows = statement  # type: ignore[method-assign]  # in this process only
    Tx.insert_many = table  # type: ignore[method-assign,assignment]  # likewise
    Path.replace = new_name(replaced)  # type: ignore[assignment,method-assign]  # likewise
    Path.rename = new_name(renamed)  # type: ignore[assignment,method-assign]  # likewise
    move_hub(folder, url)
    says.send(READY)
