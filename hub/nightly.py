"""Ending the days that are over, in every town, before anything else is posted."""

from datetime import date, timedelta

from hub.bodies import DayEnded
from hub.core import Core, day_of, end_of
from hub.desk import enact
from sync.values import MunicipalityCode


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
            enact(core, tx, DayEnded(MunicipalityCode(town), yesterday.isoformat()), ("hub",))
    return len(towns)
