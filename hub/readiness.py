"""Whether the hub can do its work now, and what is lacking.

Alive and ready are two things: a hub whose database is being started anew is alive, and restarting
it would not help. A town whose posting has stopped does not make a hub unready: all others go on,
and that town's terminals must go on handing in. It is told, and it is a figure to be woken by.
"""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from hub.core import Core
from hub.intake.stopped import stopped_towns
from sync.errors import MachikadoError
from sync.values import Millis

PATIENCE = 5.0
"""Seconds for looking: who watches asks again soon."""
SILENT = f"the hub's database has not answered for {PATIENCE:g} s"
LEAST_ROOM = 256 * 1024 * 1024
"""Bytes that must be free where the hub's folder is."""
LONGEST_ROUND = Millis(120_000)
"""A hub that has done nothing by itself for so long has lost the thread that posts."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    lacking: tuple[str, ...]
    """What has to be put right, a sentence each; nothing: it is ready."""
    stopped: tuple[str, ...]
    """Towns whose records are kept but not judged."""


class Looking:
    """Looks whether a hub is ready."""

    def __init__(
        self, core: Core, folder: Path, *, room: Callable[[Path], int] | None = None
    ) -> None:
        self._core = core
        self._folder = folder
        self._room = room or _room
        self._last_round: Millis | None = None
        self._one = threading.Lock()

    def went_round(self) -> None:
        """The hub's own round has come to its end."""
        self._last_round = self._core.clock.running()

    def look(self) -> Readiness:
        """Look at everything that a call needs. One looks; who comes meanwhile waits a little."""
        if not self._one.acquire(timeout=PATIENCE):
            return Readiness(lacking=(SILENT,), stopped=())
        try:
            return self._look()
        finally:
            self._one.release()

    def _look(self) -> Readiness:
        lacking: list[str] = []
        stopped: tuple[str, ...] = ()
        try:
            with self._core.database.read() as tx:
                stopped = tuple(town for town, _ in stopped_towns(tx))
        except MachikadoError as error:
            lacking.append(str(error))
        if self._room(self._folder) < LEAST_ROOM:
            lacking.append(f"less than {LEAST_ROOM >> 20} MiB are free on the disk: make room")
        last = self._last_round
        if last is not None and self._core.clock.running() - last > LONGEST_ROUND:
            lacking.append("nothing is posted any more: look into the log, then start the hub anew")
        return Readiness(lacking=tuple(lacking), stopped=stopped)


def _room(folder: Path) -> int:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free
