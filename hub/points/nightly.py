"""Ending the days that are over, in every town, before anything else is posted."""

from datetime import date, timedelta

from hub.bodies import DayEnded
from hub.chronicle import enter
from hub.core import Core, day_of, end_of
from hub.points.books import hub_posting
from hub.points.expiry import end_day
from sync.values import MunicipalityCode


def nightly(core: Core) -> int:
    """End each day that is over and was not ended yet; says how many."""
    now = core.clock.now()
    yesterday = date.fromisoformat(day_of(now)) - timedelta(days=1)
    ended = 0
    with core.database.read() as tx:
        towns = tx.rows("SELECT municipality, expired_until FROM municipality ORDER BY 1")
    for town, until in towns:
        if until >= end_of(yesterday.isoformat()):
            continue
        with core.database.write() as tx:
            record = enter(
                tx,
                DayEnded(MunicipalityCode(town), yesterday.isoformat()),
                persons=("hub",),
                at=now,
                incarnation=core.incarnation.number,
            )
            with hub_posting(core, tx, record) as books:
                end_day(books, record)
        ended += 1
    return ended
