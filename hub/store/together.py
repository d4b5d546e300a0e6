"""Group commit: what many callers want to write at the same moment becomes durable by one sync.

A durable commit costs one wait for the disk, however much is in it. So callers do not commit one
after the other: the first who comes begins a transaction, does the work of all who wait by then,
each in a savepoint, and commits once; only then does anybody hear how it went. Who comes meanwhile
makes up the next group. Nobody waits for company: who comes alone is a group of one.

- Work that a rule refuses, or that cannot be read, is rolled back to its savepoint and raised to
  its own caller; the others are kept.
- When the group fails as a whole (no room on the disk, a server that is gone, a mistake in the
  program), nothing of it was kept. Each work is then done once more in a transaction of its own,
  so that whatever one of them meets is raised to that caller alone.

Work may open transactions of its own: within the group's they join it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hub.store.database import Database, Tx
from sync.errors import MachikadoError, Unreachable

T = TypeVar("T")
_log = logging.getLogger("machikado.hub")

MOST = 32
"""Works in one transaction: some 50 ms of it, so that others come to their turn."""


class _Work(Generic[T]):
    """What one caller wants done, and how it went."""

    def __init__(self, do: Callable[[], T]) -> None:
        self.turn = threading.Event()
        """Set when it is done, or when its caller is to lead the next group."""
        self.over = False
        self._do = do
        self._value: T | None = None
        self._error: BaseException | None = Unreachable(
            "the hub stopped before this was kept; nothing is lost: try again"
        )

    def attempt(self, tx: Tx) -> None:
        """Do it within a group; what a rule refuses leaves nothing behind."""
        tx.rows("SAVEPOINT work")
        try:
            self._value = self._do()
            self._error = None
        except MachikadoError as error:
            tx.rows("ROLLBACK TO SAVEPOINT work")
            self._error = error
        tx.rows("RELEASE SAVEPOINT work")

    def alone(self, database: Database) -> None:
        """Do it in a transaction of its own."""
        try:
            with database.write():
                self._value = self._do()
            self._error = None
        except BaseException as error:  # noqa: BLE001  raised where its caller waits
            self._error = error

    @property
    def result(self) -> T:
        """What came of it; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set where there is no error


class Together:
    """Commits what callers on several threads write at the same time."""

    def __init__(self, database: Database, before: Callable[[], None] = lambda: None) -> None:
        """``before`` is called ahead of each transaction, which may let others go first."""
        self.database = database
        self._before = before
        self._lock = threading.Lock()
        self._waiting: deque[_Work[object]] = deque()
        self._led = False

    def run(self, do: Callable[[], T]) -> T:
        """Do it, durably when this returns; raises what it raises, and then nothing of it is kept.

        What it does beside the database may be done twice. Not to be called from within a
        transaction: who leads may be waiting for its end.
        """
        mine = _Work(do)
        with self._lock:
            self._waiting.append(mine)  # type: ignore[arg-type]  # each caller reads its own
            leads, self._led = not self._led, True
        if not leads:
            mine.turn.wait()
        if not mine.over:
            self._lead()
        return mine.result

    def _lead(self) -> None:
        """Do what waits, of which the caller's own is the first; then hand the lead on."""
        self._before()
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            _commit(self.database, group)
        finally:
            with self._lock:
                self._led = bool(self._waiting)
                following = self._waiting[0] if self._waiting else None
            for work in group:
                work.over = True
                work.turn.set()
            if following is not None:
                following.turn.set()


def _commit(database: Database, group: Sequence[_Work[object]]) -> None:
    """One transaction for all; where it fails, one for each."""
    if len(group) == 1 or not _commit_all(database, group):
        for work in group:
            work.alone(database)


def _commit_all(database: Database, group: Sequence[_Work[object]]) -> bool:
    """Whether a group could be committed; where not, each will hear what it meets by itself."""
    try:
        with database.write() as tx:
            for work in group:
                work.attempt(tx)
    except Exception as error:  # noqa: BLE001  nothing was kept, and nothing is lost by it
        _log.warning("%d works are done one by one: %s", len(group), error)
        return False
    return True
