"""Group commit: what many callers want to write at the same moment becomes durable by one sync.

A durable commit costs one wait for the disk, however much is in it. So callers do not commit one
after the other: the first who comes begins a transaction, does the work of all who wait by then,
and commits once; only then does anybody hear how it went. Who comes meanwhile makes up the next
group. Nobody waits for company: who comes alone is a group of one.

- Where a rule refuses some work, or it cannot be read, all is undone and done again with a
  savepoint for each: what is refused is rolled back to its own and raised to its caller; the others
  are kept. Savepoints cost a server two questions a work, and hardly any work is refused.
- When the group fails as a whole (no room on the disk, a server that is gone, a mistake in the
  program), nothing of it was kept. Each work is then done once more in a transaction of its own,
  so that whatever one of them meets is raised to that caller alone.

Work may open transactions of its own: within the group's they join it. What concerns a whole group
is done last, in the same transaction (``finish``).
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hub.store.database import Beyond, Database, Towns, Tx
from sync.errors import MachikadoError, Unreachable

T = TypeVar("T")
Finish = Callable[[Tx, Sequence[T]], None]
"""Called with an open transaction and what came of the works in it."""
_log = logging.getLogger("machikado.hub")

MOST = 32
"""Works in one transaction: some 50 ms of it, so that others come to their turn."""


class _Work(Generic[T]):
    """What one caller wants done, and how it went."""

    def __init__(self, do: Callable[[], T], towns: Towns) -> None:
        self.towns = towns
        self.turn = threading.Event()
        """Set when it is done, or when its caller is to lead the next group."""
        self.over = False
        self.apart = False
        """It did not fit into a group."""
        self._do = do
        self._value: T | None = None
        self._error: BaseException | None = _stopped()

    @property
    def kept(self) -> bool:
        """Whether it was done."""
        return self._error is None

    @property
    def value(self) -> T:
        """What came of it, where it was done."""
        return self._value  # type: ignore[return-value]  # set where there is no error

    def bare(self) -> None:
        """Do it within a group where nobody is refused; else all of the group is undone."""
        self._error = _stopped()
        self._value = self._do()
        self._error = None

    def attempt(self, tx: Tx) -> None:
        """Do it within a group; what a rule refuses leaves nothing behind.

        Nor does what comes upon other towns than it is for: that is done alone.
        """
        self._error = _stopped()
        tx.rows("SAVEPOINT work")
        try:
            self._value = self._do()
            self._error = None
        except Beyond:
            tx.rows("ROLLBACK TO SAVEPOINT work")
            self.apart = True
        except MachikadoError as error:
            tx.rows("ROLLBACK TO SAVEPOINT work")
            self._error = error
        tx.rows("RELEASE SAVEPOINT work")

    def alone(self, database: Database, finish: "Finish[T]") -> None:
        """Do it in a transaction of its own."""
        try:
            self._value = database.settle(self.towns, lambda tx: self._finished(tx, finish))
            self._error = None
        except BaseException as error:  # noqa: BLE001  raised where its caller waits
            self._error = error

    def _finished(self, tx: Tx, finish: "Finish[T]") -> T:
        value = self._do()
        finish(tx, [value])
        return value

    @property
    def outcome(self) -> tuple[T | None, BaseException | None]:
        """What came of it, or what it raised."""
        return self._value, self._error


def _stopped() -> Unreachable:
    return Unreachable("the hub stopped before this was kept; nothing is lost: try again")


class Together(Generic[T]):
    """Commits what callers on several threads write at the same time."""

    def __init__(
        self,
        database: Database,
        before: Callable[[], None] = lambda: None,
        finish: Finish[T] = lambda _tx, _done: None,
    ) -> None:
        """``before`` is called ahead of each transaction, which may let others go first.

        ``finish`` is called at the end of each, with what came of those works that are kept.
        """
        self.database = database
        self._before = before
        self._finish = finish
        self._lock = threading.Lock()
        self._waiting: deque[_Work[T]] = deque()
        self._led = False

    def run(self, do: Callable[[], T], towns: Towns = None) -> T:
        """Do it, durably when this returns; raises what it raises, and then nothing of it is kept.

        ``towns``: whose rows it changes, as :meth:`hub.store.database.Database.write` has it.
        What it does beside the database may be done twice. Not to be called from within a
        transaction: who leads may be waiting for its end.
        """
        ((value, error),) = self.run_all([(do, towns)])
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # set where there is no error

    def run_all(
        self, works: Sequence[tuple[Callable[[], T], Towns]]
    ) -> list[tuple[T | None, BaseException | None]]:
        """As :meth:`run` for each of some that come at once: what came of it, or what it raised."""
        mine = [_Work(do, towns) for do, towns in works]
        if not mine:
            return []  # nobody would be there to lead
        with self._lock:
            self._waiting.extend(mine)
            leads, self._led = not self._led, True
        for work in mine:
            if not leads:
                work.turn.wait()
            if not work.over:
                self._lead()
            leads = False
        return [work.outcome for work in mine]

    def _lead(self) -> None:
        """Do what waits, of which the caller's own is the first; then hand the lead on."""
        self._before()
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            self._commit(group)
        finally:
            with self._lock:
                self._led = bool(self._waiting)
                following = self._waiting[0] if self._waiting else None
            for work in group:
                work.over = True
                work.turn.set()
            if following is not None:
                following.turn.set()

    def _commit(self, group: Sequence[_Work[T]]) -> None:
        """One transaction for all; where it fails, one for each."""
        if len(group) > 1 and (self._commit_bare(group) or self._commit_all(group)):
            group = [work for work in group if work.apart]
        for work in group:
            work.alone(self.database, self._finish)

    def _commit_bare(self, group: Sequence[_Work[T]]) -> bool:
        """Whether a group could be committed without a savepoint for each: mostly, and cheaper."""
        try:
            with self.database.write(_all_of(group)) as tx:
                for work in group:
                    work.bare()
                self._finish(tx, [work.value for work in group])
        except Exception:  # noqa: BLE001  nothing was kept; who was in the way is found below
            return False
        return True

    def _commit_all(self, group: Sequence[_Work[T]]) -> bool:
        """Whether a group could be committed; where not, each will hear what it meets by itself."""
        try:
            with self.database.write(_all_of(group)) as tx:
                for work in group:
                    work.attempt(tx)
                self._finish(tx, [work.value for work in group if work.kept])
        except Exception as error:  # noqa: BLE001  nothing was kept, and nothing is lost by it
            _log.warning("%d works are done one by one: %s", len(group), error)
            return False
        return True


def _all_of(group: Sequence[_Work[T]]) -> Towns:
    """The towns of all of them."""
    named = [work.towns for work in group if work.towns is not None]
    return frozenset().union(*named) if len(named) == len(group) else None
