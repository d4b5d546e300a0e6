"""Lists are read page by page, each from where the one before ended.

A cursor is the key of a page's last row. It is opaque to who asks: it may be another key tomorrow.
What is entered between two pages stands where its key does, and nothing is told twice or left out
that was there all along.

What grows for as long as a town lives is read by the database, a page by its key
(:class:`Ordered`). What is short by its nature, or a sum of everything anyway, is made whole and
cut (:func:`part`).
"""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from hub.store.database import Row, Tx
from sync.errors import Malformed
from sync.values import Millis, MunicipalityCode

MOST = 1_000
"""The longest page, in rows."""
USUAL = 200
"""How long a page is where nobody says."""

Key = tuple[str | int, ...]
"""What a row is called in its list: the municipality first, where it has one."""
T = TypeVar("T")
U = TypeVar("U")
_keys = msgspec.msgpack.Decoder(Key)
LAST_TOWN = "999999"
"""No municipality's code is behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for."""

    after: Key | None = None
    limit: int = USUAL

    def behind(self, first: Key) -> Key:
        """The key that its rows come behind in a list that begins behind ``first``.

        Raises Malformed for a cursor of a list with other keys.
        """
        after = self.after_in(first)
        return first if after is None else max(after, first)

    def after_in(self, alike: Key) -> Key | None:
        """The key that is asked for in a list with such keys; raises Malformed."""
        if self.after is not None and [*map(type, self.after)] != [*map(type, alike)]:
            raise Malformed("after: it is another list's")
        return self.after


def oldest_first(at: Millis, name: str) -> Key:
    """The key of a row in a list by time."""
    return f"{at:016}", name


class Listed(list[T]):
    """A page's rows, and in ``next`` the cursor of the next one; empty: this is the last."""

    def __init__(self, rows: Iterable[T] = (), ahead: str = "") -> None:
        super().__init__(rows)
        self.next = ahead

    def each(self, shown: Callable[[T], U]) -> "Listed[U]":
        """The same page of something else."""
        return Listed(map(shown, self), self.next)


class Ordered:
    """A list of a table's rows in the order of a key or an index, which begins with the town.

    ``where``: a condition of all of them. The columns behind the town, each with the least value
    that it can have, and the index's own order: so the database reads a page and nothing else.
    """

    def __init__(self, table: str, *, where: str = "", **least: str | int) -> None:
        self._columns = ("municipality", *least)
        self._least = tuple(least.values())
        names = ",".join(f'"{name}"' for name in self._columns)
        behind = ",".join(f":behind_{name}" for name in self._columns)
        self._sql = (
            f"SELECT {{what}} FROM {table} WHERE ({names})>({behind}) AND municipality<=:last"
            f"{where and f' AND {where}'} ORDER BY {names} LIMIT :limit"
        )

    def page(
        self, tx: Tx, page: Page, only: MunicipalityCode | None = None, *, what: str = "*"
    ) -> Listed[Row]:
        """A page of it, in one town or in all; raises Malformed for another list's cursor."""
        behind = zip(self._columns, page.behind((only or "", *self._least)), strict=True)
        rows = tx.all(
            self._sql.format(what=what),
            **{f"behind_{name}": value for name, value in behind},
            last=only or LAST_TOWN,
            limit=page.limit + 1,
        )
        told = rows[: page.limit]
        return Listed(told, cursor(self._key(told[-1])) if len(rows) > len(told) else "")

    def _key(self, row: Row) -> Key:
        return tuple(row[name] for name in self._columns)


def asked(after: str, limit: int) -> Page:
    """What a query asks for; raises Malformed."""
    if not 1 <= limit <= MOST:
        raise Malformed(f"limit: it is from 1 to {MOST:,}")
    return Page(after=_read(after) if after else None, limit=limit)


def cursor(key: Key) -> str:
    """A key as strangers carry it."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).decode("ascii").rstrip("=")


def part(rows: Iterable[T], page: Page, key: Callable[[T], Key]) -> Listed[T]:
    """A page of a list that is made whole: its rows in the order of their keys.

    For what cannot grow long, as the towns or the tokens of one person, and for sums, whose parts
    are read in any case. Raises Malformed for a cursor of a list with other keys.
    """
    keyed = sorted(((key(row), row) for row in rows), key=_key)
    after = page.after_in(keyed[0][0]) if keyed else None
    begins = 0 if after is None else bisect_right(keyed, after, key=_key)
    told = keyed[begins : begins + page.limit]
    more = len(keyed) > begins + page.limit
    return Listed([row for _, row in told], cursor(told[-1][0]) if more else "")


def _key(keyed: tuple[Key, T]) -> Key:
    return keyed[0]


def _read(text: str) -> Key:
    try:
        packed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        key: Key = _keys.decode(packed)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Malformed("after: it is none of this hub's: begin with the first page") from None
    if not key or any(isinstance(one, int) and abs(one) >= 2**63 for one in key):
        raise Malformed("after: it is none of this hub's: begin with the first page")
    return key
