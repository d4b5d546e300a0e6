"""The power goes while a commit is on its way to the disk.

Before each commit all earlier ones were synced. What the commit writes reaches the disk in pieces
of 512 bytes, some of them, in any order; the second path was never synced at all. Each disk that
can come of it is put back, and the node opened on it.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from node.counter import Counter
from node.outcome import Approved
from node.store import FILE, Store
from sync.values import EpochId, Points
from tests.doubles.hub import KAWASAKI
from tests.faults.programs import Moments
from tests.node.conftest import Shop, pin

SECTOR = 512
_SYNCED = (FILE, f"{FILE}-wal")
Disk = dict[str, bytes]
"""What lies in the node's folder and on its second path, by file name."""


@dataclass
class Camera:
    """Takes the disk before and after each commit, with what had been said by then."""

    shop: Shop
    said: list[Approved] = field(default_factory=list)
    taken: list[tuple[Disk, Disk, int]] = field(default_factory=list)
    on: bool = True

    def disk(self) -> Disk:
        """The files as they are."""
        files = [*self.shop.folder.iterdir(), *self.shop.second.iterdir()]
        kept = [one for one in files if one.is_file() and not one.name.endswith(("-shm", "lock"))]
        return {one.name: one.read_bytes() for one in kept}


@pytest.fixture
def camera(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Camera:
    made = Camera(shop)
    execute = Store._execute

    def watched(store: Store, statement: str, values: Iterable[object] = ()) -> object:
        ours = statement == "COMMIT" and made.on
        before = made.disk() if ours else {}
        answer = execute(store, statement, values)
        if ours:
            made.taken.append((before, made.disk(), len(made.said)))
        return answer

    monkeypatch.setattr(Store, "_execute", watched)
    return made


def test_whatever_reached_the_disk_nothing_that_was_said_is_lost(camera: Camera) -> None:
    shop, moments = camera.shop, Moments("power")
    for sale in range(6):
        done = shop.counter.spend(shop.card, KAWASAKI, Points(100), pin())
        assert isinstance(done, Approved)
        camera.said.append(done)
        if sale % 2:
            shop.counter.sync_now()
            shop.counter.rest()
    camera.on = False
    assert len(camera.taken) > 2 * len(camera.said)

    for before, after, said in camera.taken:
        shop.counter.close()
        _put_back(_torn(before, after, moments), shop)
        shop.reopen()
        _nothing_is_lost(shop.counter, camera.said[:said])


def _torn(before: Disk, after: Disk, moments: Moments) -> Disk:
    """A disk on which some of the pieces that the commit wrote are there, and some are not."""
    disk = dict(before)
    for name in _SYNCED:
        old, new = before.get(name, b""), after.get(name, b"")
        pieces = [
            new[at : at + SECTOR] if moments.below(2) else _zeroed(old[at : at + SECTOR])
            for at in range(0, len(new), SECTOR)
        ]
        disk[name] = b"".join(pieces)
    for name in [name for name in before if name.endswith(".second")]:
        disk[name] = before[name][: moments.below(len(before[name]) + 1)]
    return disk


def _zeroed(piece: bytes) -> bytes:
    """A piece of a file that was made longer, and never written, reads as zeros."""
    return piece.ljust(SECTOR, b"\0")


def _put_back(disk: Disk, shop: Shop) -> None:
    """Make these the only files of the node and of its second path."""
    for folder in (shop.folder, shop.second):
        shutil.rmtree(folder)
        folder.mkdir()
    for name, data in disk.items():
        where = shop.second if name.endswith(".second") else shop.folder
        (where / name).write_bytes(data)


def _nothing_is_lost(counter: Counter, said: list[Approved]) -> None:
    """All that was said is in the chain as it was said, and the node goes on selling."""
    rows = counter.parts.store.rows("SELECT epoch, seq, digest FROM record")
    chain = {(EpochId(epoch), seq): digest for epoch, seq, digest in rows}
    assert all(chain[one.epoch, one.seq] == one.digest for one in said)
    assert counter.audit() == ()
    assert counter.status().stopped is None
