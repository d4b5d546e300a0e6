"""Exact balances of one resident, for a look at the counter and for the desk."""

from collections.abc import Mapping

from hub.points.accounts import wallet
from hub.store.database import Tx
from hub.town import town_named
from sync.calls import Balance
from sync.values import AccountId, MunicipalityCode


def balances(tx: Tx, accounts: Mapping[MunicipalityCode, AccountId]) -> tuple[Balance, ...]:
    """What each town's account has and what waits in holds, by municipality code."""
    return tuple(
        Balance(
            municipality=town,
            point_name=town_named(tx, town).point_name,
            available=_available(tx, town, account),
            held=_held(tx, town, account),
        )
        for town, account in sorted(accounts.items())
    )


def _available(tx: Tx, town: MunicipalityCode, account: AccountId) -> int:
    found = tx.scalar(
        "SELECT points FROM balance WHERE municipality=:town AND account=:name",
        town=town,
        name=wallet(account),
    )
    return int(found or 0)


def _held(tx: Tx, town: MunicipalityCode, account: AccountId) -> int:
    """Holds are filed under their node's home, which may be another town."""
    found = tx.scalar(
        "SELECT sum(points) FROM hold WHERE town=:town AND account=:account AND state='open'",
        town=town,
        account=account,
    )
    return int(found or 0)
