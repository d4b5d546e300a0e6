"""Transfers by the month of their record's own ``at``, each in a table of its own, on a server.

An index stays as small as a month is, whatever was stored before, and a month that is over is never
written again but by what comes late. Tables are made ahead, by the night; what belongs to no month
that was made lies in ``transfer_rest``: nothing is refused because a table is lacking. Where the
rest holds something of a month already, that whole month stays there.
"""

from typing import Any

REST = "transfer_rest"
_STAYS = (
    "CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays()"
)
"""A trigger of the whole does not hear of what somebody does to one of its parts."""
_NOBODY_WAITS = "SET LOCAL lock_timeout='1s'"
"""Behind a reader of all transfers, as an audit is; the next night tries again."""


def make_rest(raw: Any) -> None:
    """Make the table for what belongs to no month; ``transfer`` is there."""
    raw.execute(f"CREATE TABLE {REST} PARTITION OF transfer DEFAULT")
    raw.execute(_STAYS.format(table=REST))


def make_month(raw: Any, month: int) -> None:
    """Make the table of a month (202611), unless it is there, or the rest has begun with it."""
    name = f"transfer_{month}"
    if raw.execute("SELECT to_regclass(%s)", [name]).fetchone()[0] is not None:
        return
    raw.execute(_NOBODY_WAITS)
    if raw.execute(f"SELECT 1 FROM {REST} WHERE month=%s LIMIT 1", [month]).fetchone():
        return
    raw.execute(
        f"CREATE TABLE {name} PARTITION OF transfer FOR VALUES FROM ({month}) TO ({month + 1})"
    )
    raw.execute(_STAYS.format(table=name))
