"""A node on a machine that can lose power, be set back to an old copy, or be copied."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.card.tap import Tap
from node.counter import Counter
from node.opening import Ports, open_counter
from node.outcome import SyncResult
from node.store import Store
from sync.request import Door
from sync.values import NodeId
from tests.doubles.ports import CountedRandomness, HandClock
from tests.simulation.cards import SimCard, SimTap
from tests.simulation.faults import Crash, Dice, Impatience, Road


@dataclass
class Machine:
    """One disk with a node on it. Two machines may claim to be the same node."""

    name: str
    node: NodeId
    folder: Path
    second: Path
    clock: HandClock
    road: Road
    dice: Dice
    cards: dict[str, SimCard]
    counter: Counter | None = None
    backup: Path | None = None
    cloned: bool = False
    spoiled: bool = False
    """It was set back or copied once: what its chain says may need people."""
    crashes: int = 0
    boots: int = field(default=0)

    @property
    def ports(self) -> Ports:
        """Its doors to the world."""
        self.boots += 1
        return Ports(
            clock=self.clock,
            randomness=CountedRandomness(f"{self.name}/{self.boots}"),
            door=self._door,
            patience=Impatience(self.dice, self.road),
            tap=self._tap,
        )

    def _door(self, _identity: object) -> Door:
        return self.road

    def _tap(self, card: str) -> Tap:
        return SimTap(self.cards[card], self.dice)  # type: ignore[return-value]  # the same shape

    def start(self) -> Counter:
        """Open the node, as after a boot."""
        if self.counter is None:
            self.counter = open_counter(self.folder, self.ports)
            self._plant(self.counter)
        return self.counter

    def adopt(self, counter: Counter) -> None:
        """Take over the counter that an enrolment opened."""
        self.counter = counter
        self._plant(counter)

    def _plant(self, counter: Counter) -> None:
        _plant(counter, self.dice)
        if self.road.long:
            _hand_in_one_by_one(counter)

    def stop(self) -> None:
        """Close in good order."""
        if self.counter is not None:
            try:
                self.counter.close()
            except Crash:
                self.power_cut()
            self.counter = None

    def power_cut(self) -> None:
        """Lose everything that was not committed."""
        counter, self.counter = self.counter, None
        self.crashes += 1
        if counter is not None:
            parts = counter.parts
            parts.store.close()
            if parts.second is not None:
                parts.second.close()

    @contextmanager
    def running(self) -> Iterator[Counter]:
        """The open counter; a power cut ends what was being done."""
        try:
            yield self.start()
        except Crash:
            self.power_cut()

    # -- copies

    def save(self) -> None:
        """Somebody makes a disk image of the database."""
        self.stop()
        self.backup = self.folder.with_name(self.folder.name + ".image")
        shutil.rmtree(self.backup, ignore_errors=True)
        shutil.copytree(self.folder, self.backup)

    def set_back(self) -> None:
        """Somebody puts the old image back; the second path stays as it is."""
        if self.backup is None:
            return
        self.stop()
        shutil.rmtree(self.folder)
        shutil.copytree(self.backup, self.folder)
        self.spoiled = True

    def copy(self, name: str, road: Road) -> "Machine":
        """Somebody copies disk and stick to another PC."""
        self.stop()
        twin = Machine(
            name=name,
            node=self.node,
            folder=self.folder.with_name(name),
            second=self.second.with_name(name + ".second"),
            clock=self.clock,
            road=road,
            dice=self.dice,
            cards=self.cards,
            cloned=True,
            spoiled=True,
        )
        shutil.copytree(self.folder, twin.folder)
        shutil.copytree(self.second, twin.second)
        _point_second(twin)
        self.cloned = self.spoiled = True
        return twin

    # -- looking

    def records(self) -> list[bytes]:
        """Every record's bytes on this disk."""
        store = self.start().parts.store
        return [row[0] for row in store.rows("SELECT bytes FROM record ORDER BY epoch, seq")]


def _point_second(twin: Machine) -> None:
    """The copy writes its second path beside itself."""
    from node.identity import Settings, keep_settings

    store = Store.open(twin.folder, "test")
    with store.transaction():
        keep_settings(store, Settings(second_path=str(twin.second)))
    store.close()


def _plant(counter: Counter, dice: Dice) -> None:
    """Let the power go around every commit and around the second path."""
    store = counter.parts.store
    whole: Callable[[], Any] = store.transaction

    @contextmanager
    def transaction() -> Iterator[None]:
        outermost = not store._depth
        with whole():
            yield
            if outermost and dice.fall("crash-before-commit"):
                raise Crash("before a commit")
        if outermost and dice.fall("crash-after-commit"):
            raise Crash("after a commit")

    store.transaction = transaction  # type: ignore[method-assign]  # a power cut is planted


def _hand_in_one_by_one(counter: Counter) -> None:
    """Let each exchange begin with a batch of one: a day's few sales are several batches then."""
    outbox = counter.parts.outbox
    whole = outbox._exchange

    def exchange(*, fetch: bool) -> SyncResult:
        outbox._size = 1
        return whole(fetch=fetch)

    outbox._exchange = exchange  # type: ignore[method-assign]  # as short batches are planted
