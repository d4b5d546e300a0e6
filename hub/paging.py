"""Lists are read page by page, each from where the one before ended.

A cursor is the key of a page's last row. It is opaque to who asks: it may be another key tomorrow.
What is entered between two pages stands where its key does, and nothing is told twice or left out
that was there all along.
"""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from hub.store.database import Row
from sync.errors import Malformed
from sync.values import Millis

MOST = 1_000
"""The longest page, in rows."""
USUAL = 200
"""How long a page is where nobody says."""

Key = tuple[str, str | int]
"""The municipality, and what the row is called in it."""
T = TypeVar("T")
_keys = msgspec.msgpack.Decoder(tuple[str, str | int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for."""

    after: Key | None = None
    limit: int = USUAL

    @property
    def name(self) -> tuple[str, str]:
        """The key that the rows of a list by names come behind; raises Malformed."""
        town, name = self.after or ("", "")
        if not isinstance(name, str):
            raise Malformed("after: it is another list's")
        return town, name

    @property
    def number(self) -> tuple[str, int]:
        """The key that the rows of a list by numbers come behind; raises Malformed."""
        town, number = self.after or ("", 0)
        if not isinstance(number, int):
            raise Malformed("after: it is another list's")
        return town, number


def oldest_first(at: Millis, name: str) -> Key:
    """The key of a row in a list by time."""
    return f"{at:016}", name


class Listed(list[T]):
    """A page's rows, and in ``next`` the cursor of the next one; empty: this is the last."""

    def __init__(self, rows: Iterable[T] = (), ahead: str = "") -> None:
        super().__init__(rows)
        self.next = ahead


def asked(after: str, limit: int) -> Page:
    """What a query asks for; raises Malformed."""
    if not 1 <= limit <= MOST:
        raise Malformed(f"limit: it is from 1 to {MOST:,}")
    return Page(after=_read(after) if after else None, limit=limit)


def cursor(key: Key) -> str:
    """A key as strangers carry it."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).decode("ascii").rstrip("=")


def cut(
    rows: Sequence[Row], page: Page, shown: Callable[[Row], T], key: Callable[[Row], Key]
) -> Listed[T]:
    """A page of rows of which one more was read than it may have."""
    told = rows[: page.limit]
    more = len(rows) > page.limit
    return Listed([shown(row) for row in told], cursor(key(told[-1])) if more else "")


def part(rows: Iterable[T], page: Page, key: Callable[[T], Key]) -> Listed[T]:
    """A page of a list that is made whole: its rows in the order of their keys.

    Raises Malformed for a cursor of a list with other keys.
    """
    keyed = sorted(((key(row), row) for row in rows), key=_key)
    begins = 0
    if keyed and page.after is not None:
        if type(keyed[0][0][1]) is not type(page.after[1]):
            raise Malformed("after: it is another list's")
        begins = bisect_right(keyed, page.after, key=_key)
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
    if isinstance(key[1], int) and abs(key[1]) >= 2**63:
        raise Malformed("after: it is none of this hub's: begin with the first page")
    return key
