"""Transfers by the month of their record's own ``at``, each in a table of its own, on a server.

An index stays as small as a month is, whatever was stored before, and a month that is over is never
written again but by what comes late. Tables are made ahead, by the night; what belongs to no month
that was made lies in ``transfer_rest``: nothing is refused because a table is lacking. Where the
rest holds something of a month already, that whole month stays there.

A function of the server makes them, with the rights of its owner: so the hub's own role need not
own the ledger, and then can take no trigger away (docs/operate.md).
"""

from typing import Any

_STAYS = (
    "CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer_%s",
    " FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays()",
)
"""A trigger of the whole does not hear of what somebody does to one of its parts."""
_MAKER = f"""
CREATE FUNCTION make_month(month integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout='1s' AS
$$ BEGIN
IF to_regclass('transfer_' || month) IS NULL
AND NOT EXISTS (SELECT FROM transfer_rest r WHERE r.month=make_month.month) THEN
EXECUTE format('CREATE TABLE transfer_%s PARTITION OF transfer FOR VALUES FROM (%s) TO (%s)',
month, month, month + 1);
EXECUTE format('{_STAYS[0]}'
'{_STAYS[1]}', month);
END IF; END $$;
REVOKE EXECUTE ON FUNCTION make_month(integer) FROM PUBLIC
"""
"""It waits no longer behind a reader of all transfers, as an audit is; the next night tries again.
Whoever calls it says nothing of where its tables are looked for."""


def prepare(raw: Any) -> None:
    """Make the table for what belongs to no month, and what makes the others."""
    raw.execute("CREATE TABLE transfer_rest PARTITION OF transfer DEFAULT")
    raw.execute("".join(_STAYS) % "rest")
    raw.execute(_MAKER)


def make_month(raw: Any, month: int) -> None:
    """Make the table of a month (202611), unless it is there, or the rest has begun with it."""
    raw.execute("SELECT make_month(%s::integer)", [month])
