"""How a statement names its values: SQLite's drivers and PostgreSQL's differ, the SQL does not.

The hub writes ``?`` for values in order and ``:name`` for named ones, and never both in one
statement.
"""

import re
from collections.abc import Callable
from functools import lru_cache

Marks = Callable[[str], str]
_PARTS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\?|(?<!:):([a-z_]+)|%")


@lru_cache(2_000)
def with_percents(sql: str) -> str:
    """``%s`` and ``%(name)s``, as PEP 249 calls format and pyformat; texts stay what they say."""
    return _PARTS.sub(_marked, sql)


def _marked(found: re.Match[str]) -> str:
    part = found[0]
    if part == "?":
        return "%s"
    if found[1]:
        return f"%({found[1]})s"
    return part.replace("%", "%%")
