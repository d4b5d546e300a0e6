"""A ledger that holds so many sales already, written by the database itself.

Every sale is one that could have been posted: its transfer and its record, its posting, the
balances and what its terminal earned hold together, and the audit's sums find nothing. Only custody
(the batches and their signatures) is left out: nobody hands these in again.
"""

from dataclasses import dataclass

import msgspec

from hub.store import schema
from hub.store.database import Database, Tx
from sync.values import DAY, Millis, MunicipalityCode, OrganisationId, organisation_id

GRANTED = 10_000_000
"""Points of each resident before the first sale."""
_POSTING = 8_000
"""Sales of one posting."""
_AT_ONCE = 500_000
"""Sales of one transaction."""
_DEAREST = 97
"""Points of the dearest sale; the cheapest costs 1."""
_ACCOUNT = 1_000_000_000_000_000
"""The first resident's: 16 digits, as an account has them."""
_EPOCH = "1-0000000000000000"
_SHOP = 3_000
_DIGEST = bytes(range(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who sells and who buys. Sale ``i``, from 0, is of terminal ``i % terminals``."""

    town: MunicipalityCode
    shops: int
    """Organisations B3000, B3001 and so on; at most 7,000."""
    tills: int
    """Terminals of each, 1111 and so on."""
    residents: int
    begin: Millis
    """When the first sale is made; the others follow, one a millisecond."""
    month: int

    @property
    def terminals(self) -> int:
        """How many sell."""
        return self.shops * self.tills

    def organisation(self, shop: int) -> OrganisationId:
        """The shop of a number from 0."""
        return organisation_id(f"{self.town}-B{_SHOP + shop}")


def account_of(resident: int) -> str:
    """The account of the resident of a number from 0."""
    return str(_ACCOUNT + resident)


def points_of(sales: int) -> int:
    """What so many sales come to."""
    rounds, rest = divmod(sales, _DEAREST)
    return rounds * (_DEAREST * (_DEAREST + 1) // 2) + rest * (rest + 1) // 2


def grant(database: Database, crowd: Crowd) -> None:
    """Give every resident what they will spend."""
    with database.write() as tx:
        number = _postings(tx, crowd, crowd.begin, 1)
        residents = (
            f"WITH RECURSIVE who (i) AS (SELECT CAST({number} AS bigint) UNION ALL SELECT i+1"
            f" FROM who WHERE i<{number + crowd.residents - 1})"
        )
        account = f"'wallet:' || CAST({_ACCOUNT} + i - {number} AS text)"
        tx.run(
            f"INSERT INTO transfer {residents} SELECT '{crowd.town}', {crowd.month}, 'hub', '1',"
            f" {crowd.begin} + i, 0, 'issuer', {account}, {GRANTED}, {number}, 1, i - {number},"
            f" {crowd.begin}, 0, '' FROM who"
        )
        tx.run(
            f"INSERT INTO balance {residents} SELECT '{crowd.town}', {account}, {GRANTED} FROM who"
        )
        _move_balance(tx, crowd, "issuer", -GRANTED * crowd.residents)


def fill(
    database: Database, crowd: Crowd, *, already: int, sales: int, records: bool = True
) -> None:
    """Write sales behind those that are there ``already``; without ``records`` the ledger only."""
    for first in range(already, already + sales, _AT_ONCE):
        with database.write() as tx:
            end = min(first + _AT_ONCE, already + sales)
            posting = _postings(
                tx, crowd, Millis(crowd.begin + first), -(-(end - first) // _POSTING)
            )
            sale = _sales(crowd, first, end, posting)
            _fill(tx, crowd, sale)
            if records:
                _fill_records(tx, sale)


def _fill(tx: Tx, crowd: Crowd, sale: str) -> None:
    tx.run(
        f"INSERT INTO transfer {sale} SELECT town, {crowd.month}, node, '{_EPOCH}', seq, 0,"
        " 'wallet:' || account, 'payable:' || shop, points, posting, 1, step, at, 0, '' FROM sale"
    )
    for account, sign in (("'wallet:' || account", "-"), ("'payable:' || shop", "")):
        tx.run(
            f"INSERT INTO balance {sale}, leg AS (SELECT town, {account} AS account,"
            f" {sign}sum(points) AS points FROM sale GROUP BY 1, 2)"
            f" SELECT town, leg.account, leg.points + coalesce(balance.points, 0) FROM leg"
            " LEFT JOIN balance ON balance.municipality=town AND balance.account=leg.account"
            " WHERE true ON CONFLICT (municipality, account) DO UPDATE SET points=excluded.points"
        )
    tx.run(
        f"INSERT INTO earned {sale} SELECT town, 1, shop, node, sum(points) FROM sale"
        " WHERE true GROUP BY town, shop, node"
        ' ON CONFLICT (municipality, "window", organisation, node)'
        " DO UPDATE SET points=earned.points+excluded.points"
    )


def _fill_records(tx: Tx, sale: str) -> None:
    tx.rows(
        f"INSERT INTO record {sale} SELECT town, node, '{_EPOCH}', '', seq, ?, 'spend', town,"
        " account, points, 'T2', at, 'applied', '', '', points, posting, 0, '' FROM sale",
        [_DIGEST],
    )
    tx.run(
        f"INSERT INTO record_day {sale} SELECT town, node, at / {DAY}, '{_EPOCH}', '', min(seq)"
        f" FROM sale GROUP BY town, node, at / {DAY} ON CONFLICT DO NOTHING"
    )


def _sales(crowd: Crowd, first: int, end: int, posting: int) -> str:
    """Sales as a table; the figures stand in the statement, so that it may be read many times."""
    terminal = f"i % {crowd.terminals}"
    shop = f"'{crowd.town}-B' || CAST({_SHOP} + ({terminal}) / {crowd.tills} AS text)"
    return (
        f"WITH RECURSIVE series (i) AS (SELECT CAST({first} AS bigint) UNION ALL SELECT i+1"
        f" FROM series WHERE i<{end - 1}), sale AS (SELECT '{crowd.town}' AS town, {shop} AS shop,"
        f" {shop} || '-' || CAST(1111 + ({terminal}) % {crowd.tills} AS text) AS node,"
        f" 1 + i / {crowd.terminals} AS seq,"
        f" CAST({_ACCOUNT} + (i * 7919) % {crowd.residents} AS text) AS account,"
        f" 1 + i % {_DEAREST} AS points, {posting} + (i - {first}) / {_POSTING} AS posting,"
        f" (i - {first}) % {_POSTING} AS step, {crowd.begin} + i AS at FROM series)"
    )


def _postings(tx: Tx, crowd: Crowd, at: Millis, count: int) -> int:
    """Take so many posting numbers; gives the first."""
    last = tx.scalar(
        "UPDATE municipality SET posting=posting+:count WHERE municipality=:town RETURNING posting",
        count=count,
        town=crowd.town,
    )
    first = int(last) - count + 1
    tick = 1 + (tx.scalar("SELECT max(tick) FROM posting") or 0)
    cause = msgspec.msgpack.encode(("records", ()))
    tx.insert_many(
        schema.posting,
        [(crowd.town, first + each, at, tick + each, 1, cause) for each in range(count)],
    )
    return first


def _move_balance(tx: Tx, crowd: Crowd, account: str, points: int) -> None:
    tx.run(
        "INSERT INTO balance (municipality, account, points) VALUES (:town, :account, :points)"
        " ON CONFLICT (municipality, account)"
        " DO UPDATE SET points=balance.points+excluded.points",
        town=crowd.town,
        account=account,
        points=points,
    )
