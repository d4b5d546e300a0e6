"""Listening in on what a database is asked: each question is a wait where that is a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.store.database import Database


class Listening:
    """A connection of the driver's own that counts what it is asked, and the rows it gives."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.asked: list[str] = []
        self.rows = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def execute(self, sql: str, *values: Any, **how: Any) -> "Listening | Any":
        self.asked.append(sql)
        return _Found(self, self._raw.execute(sql, *values, **how))

    def executemany(self, sql: str, rows: Any) -> Any:
        self.asked.append(sql)
        return self._raw.executemany(sql, rows)

    def cursor(self, *how: Any, **named: Any) -> "_Cursor":
        return _Cursor(self, self._raw.cursor(*how, **named))


class _Found:
    def __init__(self, here: Listening, found: Any) -> None:
        self._here = here
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)

    def fetchall(self) -> Any:
        rows = self._found.fetchall()
        self._here.rows += len(rows)
        return rows


class _Cursor:
    def __init__(self, here: Listening, cursor: Any) -> None:
        self._here = here
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def executemany(self, sql: str, rows: Any) -> Any:
        self._here.asked.append(sql)
        return self._cursor.executemany(sql, rows)


@contextmanager
def listening(ledger: Database) -> Iterator[Listening]:
    """What a database is asked meanwhile."""
    real = Database._raw
    here = Listening(ledger._raw())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "_raw", lambda one: here if one is ledger else real(one))
        yield here
