"""What each terminal earned its organisation in each settlement window, netted as it is posted.

The window's stamp stands in every transfer; but to add up the transfers of a month when it closes
would take the longer the more was sold, while the ledger is held. So each posting nets what it
credits to organisations into one narrow row a terminal, and closing reads these rows only. The
transfers stay the truth: the audit adds them up and compares.

What settlement itself takes out of a payable (netting, bank files) is no part of what was earned;
what a bank returned is, and comes from no terminal.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from hub.findings import Finding
from hub.store.database import Tx
from sync.values import MunicipalityCode, OrganisationId

_PAYABLE = "payable:"
_OWN = ("transit:", "receivable:")
"""Where settlement moves what a payable holds."""
_HUB = "hub"


class Earner(NamedTuple):
    """Whom points are owed for whose records; ``node`` is empty for what comes from none."""

    organisation: OrganisationId
    node: str


Move: TypeAlias = tuple[str, str, str, int, str]
"""What of a transfer says who earned it: its source's name, debit, credit, points, whose it is
for."""


def earnings(moves: Iterable[Move]) -> dict[Earner, int]:
    """What transfers earned each terminal, less what they took back; without what comes to 0."""
    found: dict[tuple[str, str], int] = {}
    for source, debit, credit, points, of in moves:
        if credit.startswith(_PAYABLE):
            earner = (credit, _terminal(source, of))
            found[earner] = found.get(earner, 0) + points
        if debit.startswith(_PAYABLE) and not credit.startswith(_OWN):
            earner = (debit, _terminal(source, of))
            found[earner] = found.get(earner, 0) - points
    return {
        Earner(OrganisationId(account.removeprefix(_PAYABLE)), node): points
        for (account, node), points in found.items()
        if points
    }


def _terminal(source: str, of: str) -> str:
    """Whose record a transfer is for: its source, or where people decided the record they name."""
    return source if source != _HUB else of.partition(":")[0]


def net(tx: Tx, town: MunicipalityCode, window: int, earned: Mapping[Earner, int]) -> None:
    """Add what a posting earned to its window's rows."""
    tx.many(
        'INSERT INTO earned (municipality, "window", organisation, node, points)'
        ' VALUES (?,?,?,?,?) ON CONFLICT (municipality, "window", organisation, node)'
        " DO UPDATE SET points=earned.points+excluded.points",
        [(town, window, *earner, points) for earner, points in sorted(earned.items())],
    )


_TOWN = "municipality || '' AS town"
"""All of a table is read where it lies: an index, which no expression has, would find the rows one
by one."""
_CREDITS = (
    f'SELECT {_TOWN}, "window", credit AS account, source, "of", sum(points) AS points'
    " FROM transfer WHERE credit>='payable:' AND credit<'payable;'"
    ' GROUP BY town, "window", credit, source, "of"'
)
_DEBITS = (
    f'SELECT {_TOWN}, "window", debit, source, "of", -sum(points) FROM transfer'
    " WHERE debit>='payable:' AND debit<'payable;'"
    " AND NOT (credit>='transit:' AND credit<'transit;')"
    " AND NOT (credit>='receivable:' AND credit<'receivable;')"
    ' GROUP BY town, "window", debit, source, "of"'
)
_MOVED = (
    f'SELECT town, "window", substr(account, {len(_PAYABLE) + 1}) AS organisation,'
    f" CASE WHEN source<>'{_HUB}' THEN source WHEN \"of\"='' THEN ''"
    ' ELSE substr("of", 1, instr("of", \':\')-1) END AS node, 0 AS stored, points AS moved'
    f" FROM ({_CREDITS} UNION ALL {_DEBITS}) AS part"
)
"""What the transfers come to. Summed first: there are millions."""
_UNLIKE = (
    'SELECT town, "window", organisation, node, sum(stored), sum(moved) FROM ('
    'SELECT municipality AS town, "window", organisation, node, points AS stored, 0 AS moved'
    f" FROM earned UNION ALL {_MOVED}"
    ') AS beside GROUP BY town, "window", organisation, node'
    ' HAVING sum(stored)<>sum(moved) ORDER BY town, "window", organisation, node'
)


def unlike_transfers(tx: Tx) -> Iterator[Finding]:
    """Rows that are not the sum of their transfers, in all towns: these are read through once."""
    for town, window, organisation, node, stored, moved in tx.rows(_UNLIKE):
        where = " ".join(filter(None, (town, str(window), node, f"{_PAYABLE}{organisation}")))
        yield Finding("earned", where, str(moved), str(stored))
