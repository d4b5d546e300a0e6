"""Exact balances of one resident, for a look at the counter and for the desk."""

from collections.abc import Mapping

from hub.points.accounts import wallet
from hub.points.asked import asked
from hub.store.database import Tx
from sync.calls import Balance
from sync.values import AccountId, MunicipalityCode

_BALANCES = (
    " SELECT town, (SELECT m.point_name FROM municipality m WHERE m.municipality=town),"
    " (SELECT b.points FROM balance b WHERE b.municipality=town AND b.account=wallet),"
    " (SELECT sum(h.points) FROM hold h WHERE h.town=asked.town AND h.account=asked.account"
    " AND h.state='open') FROM asked WHERE town IS NOT NULL ORDER BY 1"
)
"""Holds are filed under their node's home, which may be another town."""


def balances(tx: Tx, accounts: Mapping[MunicipalityCode, AccountId]) -> tuple[Balance, ...]:
    """What each town's account has and what waits in holds, by municipality code."""
    if not accounts:
        return ()
    rows = [(town, account, wallet(account)) for town, account in accounts.items()]
    told, values = asked("town, account, wallet", rows)
    return tuple(
        Balance(
            municipality=town,
            point_name=point_name,
            available=int(points or 0),
            held=int(held or 0),
        )
        for town, point_name, points, held in tx.rows(f"{told}{_BALANCES}", values)
    )
