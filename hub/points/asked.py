"""One question about many: what is asked for stands in it as a table of its own.

A database keeps the statements that it has met ready, by their text. So that there are few texts
whatever the number of rows, that is made up to a power of two, by rows that nothing is equal to.
"""

from collections.abc import Sequence


def asked(
    names: str, rows: Sequence[Sequence[object]], *, recursive: bool = False
) -> tuple[str, list[object]]:
    """How a statement begins that asks for these rows (``WITH asked AS``), and its values.

    The first column is a text that is compared with another one. ``recursive``: a table that is
    made of itself follows.
    """
    nothing = [None, *rows[-1][1:]]
    row = f"({','.join('?' * len(nothing))})"
    values = [value for one in [*rows, *[nothing] * _lacking(len(rows))] for value in one]
    begin = "WITH RECURSIVE" if recursive else "WITH"
    return f"{begin} asked({names}) AS (VALUES {_joined(row, len(rows))})", values


def each(sql: str, rows: Sequence[Sequence[object]]) -> tuple[str, list[object]]:
    """A question about each of these rows, ``{place}`` in it for the row's place, and the values.

    For what has several answers: a server finds each by its key. The first value is a text that is
    compared with another one.
    """
    nothing = [None, *rows[-1][1:]]
    all_rows = [*rows, *[nothing] * _lacking(len(rows))]
    told = " UNION ALL ".join(sql.format(place=place) for place in range(len(all_rows)))
    return told, [value for row in all_rows for value in row]


def any_of(some: Sequence[object]) -> tuple[str, list[object]]:
    """``(?,?,...)`` for IN, and its values; nothing is among none."""
    if not some:
        return "(NULL)", []
    return f"({_joined('?', len(some))})", [*some, *[some[-1]] * _lacking(len(some))]


def _joined(mark: str, count: int) -> str:
    return ",".join([mark] * (count + _lacking(count)))


def _lacking(count: int) -> int:
    """How many are missing for a power of two."""
    return (1 << (count - 1).bit_length()) - count
