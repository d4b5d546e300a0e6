"""One posting of one town: balances read once, moved in memory, written once.

Every posting takes the next posting number from its town's row, which only its writer holds, and
stamps each transfer with it and with the open settlement window. A transfer is never changed, only
reversed by another. Nothing here decides: :mod:`hub.points.judge` and its neighbours do.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from hub.bodies import HubRecord
from hub.core import Core
from hub.points import earned
from hub.points.accounts import deficit, kind_of, subject_of, wallet
from hub.points.asked import any_of, asked
from hub.points.months import months_of, note_months
from hub.points.tickets import Tickets
from hub.store import schema
from hub.store.alike import Alike
from hub.store.database import Tx
from hub.store.schema import FROM_WALLET, TO_WALLET
from sync.clock import tokyo
from sync.errors import Damaged
from sync.policy import Policy, read_policy
from sync.values import DAY, HOUR, AccountId, EpochId, Millis, MunicipalityCode, NodeId, home_of

_COLUMNS = (
    'source, epoch, seq, part, debit, credit, points, posting, "window", step, at, expires, "of"'
)
_SEQ, _AT = map(schema.record.columns.keys().index, ("seq", "at"))
_AT_ONCE = 512
"""Accounts, or holds, in one question."""
_OF_A_LINE = ("municipality", "node", "epoch", "branch")
_NEVER_ABOVE_ZERO = ("deficit:", "receivable:")
_MAY_BE_NEGATIVE = {"issuer", "treasury", "reserve", "deficit", "receivable"}


Row = tuple[Any, ...]
"""A row of a table, columns in its order."""


class Source(NamedTuple):
    """What a transfer comes from: a record, a hold, or one of the hub's own records."""

    name: str
    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.name}:{self.epoch}:{self.seq}"

    @classmethod
    def read(cls, text: str) -> "Source":
        """The source that a text names."""
        name, epoch, seq = text.rsplit(":", 2)
        return cls(name, epoch, int(seq))


class Transfer(NamedTuple):
    """One row of the ledger, both legs, as it stands there behind town and month."""

    name: str
    epoch: str
    seq: int
    part: int
    debit: str
    credit: str
    points: int
    posting: int
    window: int
    step: int
    at: Millis
    expires: int
    of: str

    @property
    def source(self) -> Source:
        """What it comes from."""
        return Source(self.name, self.epoch, self.seq)


class Sales(NamedTuple):
    """What one node's spends take from wallets, column by column."""

    name: str
    epoch: str
    """These two are of each one's source, which its seq makes whole."""
    seqs: Sequence[int]
    wallets: Sequence[str]
    points: Sequence[int]
    moments: Sequence[Millis]


class Books:
    """The open books of a town during one posting."""

    def __init__(self, core: Core, tx: Tx, town: MunicipalityCode, at: Millis) -> None:
        tx.require(town)
        row = tx.one(
            "UPDATE municipality SET posting=posting+1 WHERE municipality=:town"
            ' RETURNING posting, "window", expired_until, policy, month',
            town=town,
        )
        if row is None:
            raise Damaged(f"the hub knows no municipality {town}")
        self.core = core
        self.tx = tx
        self.town = town
        self.at = at
        self.tickets = Tickets(tx, town, self.write_holds)
        self.number: int = row["posting"]
        self.window: int = row["window"]
        self.expired_until = Millis(row["expired_until"])
        self._policy = bytes(row["policy"])
        self._latest_month: int = row["month"]
        self._balances: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._moves: list[tuple[Any, ...]] = []
        """Transfers that are not written yet, as rows of their table."""
        self._sales: list[Alike] = []
        """More of them."""
        self._steps = 0
        """How many that is."""
        self._months: dict[int, int] = {}
        self._legs: list[earned.Move] = []
        """What says who earned them; what a node's spends took together stands there as one."""
        self._parts: dict[Source, int] = {}
        self._dated: set[tuple[int, str]] = set()
        self._borne: dict[str, int] = {}
        self._touched: set[str] = set()
        self._used: list[Row] = []
        """Holds that records took and nobody has written down yet, by the key of their table."""
        self._records: list[Row] = []
        """Judged records that are not written yet, as rows of their table."""
        self._alike: list[Alike] = []
        """More of them."""
        self._days: dict[tuple[object, ...], object] = {}
        """Where their days begin on their lines, by the key of the table ``record_day``."""

    # -- reading

    @cached_property
    def policy(self) -> Policy:
        """The town's policy as it is now."""
        return read_policy(self._policy)

    def prefetch(self, accounts: Iterable[str]) -> None:
        """Read many balances at once; what does not exist counts as zero."""
        missing = sorted(set(accounts) - self._balances.keys())
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            marks, names = any_of(some)
            found = dict.fromkeys(some, 0)
            found.update(
                self.tx.rows(
                    "SELECT account, points FROM balance"
                    f" WHERE municipality=? AND account IN {marks}",
                    [self.town, *names],
                )
            )
            self._balances.update(found)
            self._before.update(found)

    def balance(self, account: str) -> int:
        """What an account holds now, this posting's moves included."""
        if account not in self._balances:
            self.prefetch([account])
        return self._balances[account]

    def transfers_of(self, source: Source, number: int) -> list[Transfer]:
        """What was posted for a record: by itself in a posting or in this one, or later for it."""
        self.write_moves()
        month = months_of(self.tx, self.town).behind(number - 1)
        stored = self.tx.rows(
            f"SELECT {_COLUMNS} FROM transfer WHERE municipality=? AND month>=?"
            " AND posting IN (?,?) AND source=? AND epoch=? AND seq=?"
            f" UNION ALL SELECT {_COLUMNS} FROM transfer"
            """ WHERE municipality=? AND month>=? AND "of"=? AND "of"<>''"""
            " ORDER BY posting, step",
            [self.town, month, number, self.number, *source, self.town, month, str(source)],
        )
        return [*map(Transfer._make, stored)]

    def wallet_history(self, account: AccountId) -> list[Transfer]:
        """Every transfer that touched a wallet, in order."""
        self.write_moves()
        return wallet_history(self.tx, self.town, account)

    def add_records(self, rows: Sequence[Row]) -> None:
        """Write down judged records of one line, in their order, as rows of their table."""
        self._records += rows
        self.tx.require(*{row[0] for row in rows[:1]})
        for row in rows:
            self._begin_days(row[:4], [row[_SEQ]], [row[_AT]])

    def add_alike(self, alike: Alike) -> None:
        """As :meth:`add_records`, for rows that share most of their columns."""
        shared, own = alike.shared, alike.own
        line = tuple(str(shared[name]) for name in _OF_A_LINE)
        self.tx.require(line[0])
        self._alike.append(alike)
        self._begin_days(line, own["seq"], own["at"])

    def _begin_days(self, line: Row, seqs: Sequence[int], moments: Sequence[Millis]) -> None:
        """Note where days begin on a line."""
        home, node, epoch, branch = line
        before = None
        for seq, at in zip(seqs, moments, strict=True):
            day = at // DAY
            if day != before:
                before = day
                self._days.setdefault((home, node, day, epoch, branch), seq)

    def use_hold(self, node: NodeId, epoch: EpochId, n: int) -> None:
        """Write down, with others, that a record took what an attempt held."""
        home = home_of(node)
        self.tx.require(home)
        self._used.append((home, node, epoch, n))

    def write_holds(self) -> None:
        """Write down which holds were used, so that who looks for one finds how it stands."""
        for start in range(0, len(self._used), _AT_ONCE):
            told, values = asked("home, node, epoch, n", self._used[start : start + _AT_ONCE])
            self.tx.rows(
                f"{told} UPDATE hold SET state='used' FROM asked WHERE hold.municipality=asked.home"
                " AND hold.node=asked.node AND hold.epoch=asked.epoch AND hold.n=asked.n",
                values,
            )
        self._used.clear()

    def write_rows(self) -> None:
        """Write the judged records, so that what follows in this posting finds them."""
        self.write_holds()
        self.tx.insert_many(schema.record, self._records)
        self.tx.insert_alike(schema.record, self._alike)
        self.tx.put_many(
            schema.record_day,
            [(*key, first) for key, first in self._days.items()],
            where="WHERE excluded.first<record_day.first",
        )
        self._records.clear()
        self._alike.clear()
        self._days.clear()

    def touch(self, subject: str) -> None:
        """Mark something as changed for the feed (residents' accounts mark themselves)."""
        self._touched.add(subject)

    def borne_for(self, node: str) -> int:
        """What reserve and deficits gave for a node's own word in the open window."""
        if node not in self._borne:
            found = self.tx.scalar(
                "SELECT points FROM borne WHERE municipality=:town AND node=:node"
                ' AND "window"=:window',
                town=self.town,
                node=node,
                window=self.window,
            )
            self._borne[node] = found or 0
        return self._borne[node]

    # -- moving

    def move(
        self,
        debit: str,
        credit: str,
        points: int,
        *,
        source: Source,
        at: Millis,
        expires: int = 0,
        of: str = "",
    ) -> None:
        """Move points; nothing for zero. A balance that must not be negative raises Damaged."""
        if points == 0:
            return
        if points < 0 or debit == credit:
            raise Damaged(f"a transfer of {points} points from {debit} to {credit}")
        balances = self._balances
        if debit not in balances or credit not in balances:
            self.prefetch([debit, credit])
        left = balances[debit] - points
        if left < 0 and kind_of(debit) not in _MAY_BE_NEGATIVE:
            raise Damaged(f"{debit} in {self.town} has {left + points}, not {points}")
        now = balances[credit] + points
        if now > 0 and credit.startswith(_NEVER_ABOVE_ZERO):
            raise Damaged(f"{credit} in {self.town} would stand above zero")
        balances[debit] = left
        balances[credit] = now
        part = self._parts.get(source, 0)
        self._parts[source] = part + 1
        if expires and kind_of(credit) == "wallet":
            self._dated.add((expires, subject_of(credit)))
        name, epoch, seq = source
        self._legs.append((name, debit, credit, points, of))
        self._moves.append(
            (
                self.town,
                self._month(at),
                name,
                epoch,
                seq,
                part,
                debit,
                credit,
                points,
                self.number,
                self.window,
                self._steps,
                at,
                expires,
                of,
            )
        )
        self._steps += 1

    def pay(self, sales: Sales, to: str) -> None:
        """As :meth:`move` for each of them; none of their sources moves anything else.

        A wallet that has less than all that is taken from it raises Damaged.
        """
        balances = self._balances
        self.prefetch({to, *sales.wallets})
        for name, points in zip(sales.wallets, sales.points, strict=True):
            balances[name] -= points
        short = [name for name in set(sales.wallets) if balances[name] < 0]
        if short or min(sales.points) <= 0:
            raise Damaged(f"{', '.join(sorted(short))} in {self.town}: not enough to pay for all")
        total = sum(sales.points)
        balances[to] += total
        self._legs.append((sales.name, sales.wallets[0], to, total, ""))
        months = [self._month(at) for at in (min(sales.moments), max(sales.moments))]
        shared = {
            "municipality": self.town,
            "source": sales.name,
            "epoch": sales.epoch,
            "part": 0,
            "credit": to,
            "posting": self.number,
            "window": self.window,
            "expires": 0,
            "of": "",
        }
        own = {
            "seq": sales.seqs,
            "debit": sales.wallets,
            "points": sales.points,
            "step": range(self._steps, self._steps + len(sales.seqs)),
            "at": sales.moments,
        }
        if months[0] == months[1]:
            self._sales.append(Alike({**shared, "month": months[0]}, own))
        else:
            own["month"] = [*map(self._month, sales.moments)]
            self._sales.append(Alike(shared, own))
        self._steps += len(sales.seqs)

    def recover(self, account: AccountId, *, source: Source, at: Millis) -> None:
        """Whatever makes a wallet grow pays an open deficit first."""
        owed = -self.balance(deficit(account))
        if owed > 0:
            paid = min(owed, self.balance(wallet(account)))
            self.move(wallet(account), deficit(account), paid, source=source, at=at)

    def _month(self, at: Millis) -> int:
        hour = at // HOUR
        return self._months.get(hour) or self._months.setdefault(hour, _month_of(hour))

    def bear(self, node: str, points: int) -> None:
        """Count what reserve or deficits gave for a node's own word."""
        self._borne[node] = self.borne_for(node) + points

    def hub_source(self, record: HubRecord) -> Source:
        """Where the transfers of one of the hub's own records come from."""
        return Source("hub", str(record.incarnation), record.seq)

    # -- writing

    def flush(self, cause: tuple[object, ...]) -> None:
        """Write the posting, its transfers, the netted balances and what else they changed."""
        self.write_rows()
        self.tickets.write()
        self.write_moves()
        earned.net(self.tx, self.town, self.window, earned.earnings(self._legs))
        changed = self._write_balances()
        self._touched.update(subject_of(name) for name in changed if kind_of(name) in _PERSONAL)
        self._write_marks()
        self._write_posting(msgspec.msgpack.encode(cause))

    def write_moves(self) -> None:
        """Write the transfers, so that who looks for some finds those of this posting by key."""
        if not (self._moves or self._sales):
            return
        self.tx.insert_many(schema.transfer, self._moves)
        self.tx.insert_alike(schema.transfer, self._sales)
        self._moves.clear()
        self._sales.clear()
        self._latest_month = note_months(
            self.tx, self.town, self.number, {*self._months.values()}, self._latest_month
        )

    def _write_balances(self) -> list[str]:
        """Write what changed; gives the accounts."""
        changed = sorted(
            (account, points)
            for account, points in self._balances.items()
            if points != self._before[account]
        )
        self.tx.put_many(
            schema.balance, [(self.town, account, points) for account, points in changed]
        )
        return [account for account, _ in changed]

    def _write_marks(self) -> None:
        """What the feed, the nights and the limits of a window ask for."""
        tx, town = self.tx, self.town
        tx.put_many(
            schema.touched, [(town, account, self.number) for account in sorted(self._touched)]
        )
        tx.put_many(
            schema.lot_date, [(town, expires, account) for expires, account in sorted(self._dated)]
        )
        tx.put_many(
            schema.borne,
            [(town, node, self.window, points) for node, points in self._borne.items() if points],
        )

    def _write_posting(self, cause: bytes) -> None:
        """Its tick is later than any posting's that is committed, in whichever town.

        Microseconds, pushed on. What this one has read of other towns was committed by now. Two
        towns that are posted side by side may read the same; nothing that either did was there for
        the other.
        """
        self.tx.rows(
            'INSERT INTO posting (municipality, number, "at", tick, "window", cause)'
            " SELECT ?,?,?,max(each.tick),?,? FROM"
            " (SELECT ? AS tick UNION ALL SELECT max(tick)+1 FROM posting) AS each",
            [self.town, self.number, self.at, self.window, cause, self.at * 1000],
        )


_PERSONAL = {"wallet", "deficit"}


def wallet_history(tx: Tx, town: MunicipalityCode, account: AccountId) -> list[Transfer]:
    """Every stored transfer that touched a wallet, in posting order."""
    name = wallet(account)
    stored = tx.rows(
        f"SELECT {_COLUMNS} FROM transfer WHERE municipality=? AND debit=? AND {FROM_WALLET}"
        f" UNION ALL SELECT {_COLUMNS} FROM transfer"
        f" WHERE municipality=? AND credit=? AND {TO_WALLET}"
        " ORDER BY posting, step",
        [town, name, town, name],
    )
    return [Transfer._make(row) for row in stored]


def _month_of(hour: int) -> int:
    """The month in Asia/Tokyo, which begins on the hour, as 202611."""
    moment = tokyo(Millis(hour * HOUR))
    return moment.year * 100 + moment.month


@contextmanager
def posting(
    core: Core, tx: Tx, town: MunicipalityCode, at: Millis, cause: tuple[object, ...]
) -> Iterator[Books]:
    """Open a town's books for one posting, and write it at the end."""
    books = Books(core, tx, town, at)
    yield books
    books.flush(cause)


@contextmanager
def hub_posting(core: Core, tx: Tx, record: HubRecord) -> Iterator[Books]:
    """The posting of one of the hub's own records."""
    with posting(core, tx, record.chain, record.at, ("hub", record.seq)) as books:
        yield books
