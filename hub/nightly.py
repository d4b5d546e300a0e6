"""Ending the days that are over, in every town, before anything else is posted.

With them end the holds that have waited for longer than records may be handed in: a node names an
attempt within a day or gives it up, so no record that comes in time misses its hold.
"""

from datetime import date, timedelta

from hub.bodies import DayEnded
from hub.core import Core, day_of, end_of
from hub.desk import enact
from hub.points.ending import free_silent
from hub.town import policy_of
from sync.holds import LONGEST_ATTEMPT
from sync.values import Millis, MunicipalityCode


def nightly(core: Core) -> int:
    """End yesterday where it was not ended yet, and with it all days before; says how many."""
    yesterday = date.fromisoformat(day_of(core.clock.now())) - timedelta(days=1)
    with core.database.read() as tx:
        towns = tx.rows(
            "SELECT municipality FROM municipality WHERE expired_until<? ORDER BY 1",
            [end_of(yesterday.isoformat())],
        )
    for (town,) in towns:
        with core.database.write() as tx:
            allowed = policy_of(tx, MunicipalityCode(town)).hand_in_for
            free_silent(
                core,
                tx,
                MunicipalityCode(town),
                Millis(core.clock.now() - allowed - LONGEST_ATTEMPT),
            )
        with core.database.write() as tx:
            enact(core, tx, DayEnded(MunicipalityCode(town), yesterday.isoformat()), ("hub",))
    return len(towns)
