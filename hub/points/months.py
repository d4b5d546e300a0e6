"""Of which months the transfers are that were posted since something.

A server keeps the transfers of each month in a table of its own, and a question that names no month
is asked of all of them: it takes longer with each year. Postings go with time, so what was posted
lately is of the last month or two, but for what came in late. So each town notes behind which
posting no transfer is of a month any more: a look for what came behind a posting begins with the
first month of which it may be.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from hub.findings import Finding
from hub.store import schema
from hub.store.database import Tx
from sync.values import MunicipalityCode

_EVER = 2**62
"""Behind any posting."""


class Months(NamedTuple):
    """Of which months a town's transfers are, as a transaction finds it."""

    last: Mapping[int, int]
    """The posting behind which no transfer is of a month."""

    def behind(self, posting: int) -> int:
        """The first month of which a transfer behind a posting may be; 0 where there are none."""
        return min((month for month, last in self.last.items() if last > posting), default=0)


def months_of(tx: Tx, town: MunicipalityCode) -> Months:
    """Of which months a town's transfers are."""
    rows = tx.rows(
        f"SELECT month, {_EVER} FROM municipality WHERE municipality=?"
        " UNION ALL SELECT month, posting FROM month_over WHERE municipality=?",
        [town, town],
    )
    return Months(dict(rows))


def note_months(
    tx: Tx, town: MunicipalityCode, posting: int, written: Collection[int], latest: int
) -> int:
    """Note of which months a posting has written transfers; gives the town's latest one now.

    ``latest``: which that was. Mostly it still is, and there is nothing to note.
    """
    now = max(latest, *written)
    over = dict.fromkeys(written, posting)
    if now > latest:
        over.setdefault(latest, posting - 1)
    tx.put_many(
        schema.month_over,
        [(town, month, last) for month, last in sorted(over.items()) if month not in {0, now}],
    )
    if now > latest:
        tx.run(
            "UPDATE municipality SET month=:month WHERE municipality=:town", month=now, town=town
        )
    return now


def unlike_transfers(tx: Tx) -> Iterator[Finding]:
    """Months behind whose noted posting there are transfers; all of these are read through once."""
    for town, month, noted, last in tx.rows(
        "SELECT t.town, t.month, t.noted, t.last FROM ("
        f"SELECT a.town, a.month, a.last, CASE WHEN m.month=a.month THEN {_EVER}"
        " ELSE coalesce(o.posting, 0) END AS noted FROM ("
        "SELECT municipality || '' AS town, month, max(posting) AS last FROM transfer"
        " GROUP BY town, month) a JOIN municipality m ON m.municipality=a.town"
        " LEFT JOIN month_over o ON o.municipality=a.town AND o.month=a.month"
        ") t WHERE t.last>t.noted ORDER BY t.town, t.month"
    ):
        yield Finding("month_over", f"{town} {month}", str(last), str(noted))
