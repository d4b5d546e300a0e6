"""Ending the days that are over, in every town it serves, before anything else is posted.

The platform's hub, where the desk is, does so for all towns: whichever hub comes first ends a day.

With them end the holds that have waited for longer than records may be handed in: a node names an
attempt within a day or gives it up, so no record that comes in time misses its hold. After them
come back the points of lost tickets that no counter takes any more (:mod:`hub.voids`). Before all
of it the months to come get their tables (:mod:`hub.store.months`).
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta

from hub.bodies import DayEnded
from hub.core import Core
from hub.desk import enact
from hub.points.ending import free_silent
from hub.store.database import Tx
from hub.town import policy_of
from hub.voids import end_voids
from sync.clock import day_of, end_of, tokyo
from sync.errors import Unreachable
from sync.holds import LONGEST_ATTEMPT
from sync.values import PLATFORM, Millis, MunicipalityCode

Guard = Callable[[MunicipalityCode], AbstractContextManager[object]]
"""What a town's night runs in."""


_MONTHS = 3
"""This one and two ahead: a hub whose nights fail for weeks goes on."""
_log = logging.getLogger("machikado.hub")


class Nights:
    """Runs the nightly job ahead of whatever comes first on a new day (Asia/Tokyo)."""

    def __init__(self, core: Core, guard: Guard) -> None:
        self._core = core
        self._guard = guard
        self._day = ""
        self._lock = threading.Lock()

    def before(self) -> None:
        """End the days that are over; who comes meanwhile waits for that."""
        today = day_of(self._core.clock.now())
        with self._lock:
            if today != self._day:
                make_months(self._core)
                nightly(self._core, self._guard)
                self._day = today


def make_months(core: Core) -> None:
    """See that the transfers of this month and the next ones find their place."""
    now = tokyo(core.clock.now())
    first = 12 * now.year + now.month - 1
    for each in range(first, first + _MONTHS):
        year, month = divmod(each, 12)
        try:
            core.database.make_month(100 * year + month + 1)
        except Unreachable as error:  # it was made ahead: tomorrow will do
            _log.warning("no table for the transfers of %d-%02d yet: %s", year, month + 1, error)
            return


def nightly(core: Core, guard: Guard = nullcontext) -> int:
    """End yesterday where it was not ended yet, and with it all days before; says how many.

    ``guard`` may let a town stand aside whose night fails; without it the failure is raised.
    """
    yesterday = date.fromisoformat(day_of(core.clock.now())) - timedelta(days=1)
    with core.database.read() as tx:
        towns = tx.rows(
            "SELECT municipality FROM municipality WHERE expired_until<? ORDER BY 1",
            [end_of(yesterday.isoformat())],
        )
    desk = core.serves(PLATFORM)  # people may ask for any town, and see it as of today
    served = [MunicipalityCode(name) for (name,) in towns if desk or core.serves(name)]
    for town in served:
        with guard(town):
            _end_day(core, town, yesterday.isoformat())
    return len(served)


def _end_day(core: Core, town: MunicipalityCode, day: str) -> None:
    def free(tx: Tx) -> None:
        allowed = policy_of(tx, town).hand_in_for
        free_silent(core, tx, town, Millis(core.clock.now() - allowed - LONGEST_ATTEMPT))

    def end(tx: Tx) -> None:
        until = tx.scalar(
            "SELECT expired_until FROM municipality WHERE municipality=:town", town=town
        )
        if until < end_of(day):  # another hub may have the same server
            enact(core, tx, DayEnded(town, day), ("hub",))

    core.database.settle({town}, free)
    core.database.settle({town}, end)
    end_voids(core, town)
