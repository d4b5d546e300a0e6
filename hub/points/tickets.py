"""The paper tickets of a town, as its books ask for them.

What a posting is about to judge is asked for at once and remembered, and what redemptions change of
it is written at once. Nobody else writes for the town meanwhile; whoever changes a ticket's row in
another way has it forgotten first.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import msgspec

from hub.points.asked import any_of, asked
from hub.store.database import Tx
from sync.holds import CLAIMS
from sync.values import MunicipalityCode

LIVE = frozenset({"issued", "voiding"})
"""States in which a ticket's own points lie among the town's outstanding tickets."""
_PURPOSES = ",".join(f"'{purpose}'" for purpose in sorted(CLAIMS))
_CLAIM = (
    "SELECT 1 FROM hold h WHERE h.town=t.municipality AND h.account=t.number AND h.state='open'"
    f" AND h.purpose IN ({_PURPOSES})"
)
_ROWS = (
    f"SELECT t.number, CASE WHEN EXISTS ({_CLAIM}) THEN 1 ELSE 0 END, p.zones, p.clear_until,"
    " t.programme, t.points, t.valid_from, t.valid_until, t.state, t.account, t.held_by,"
    " t.issued_by, t.redeemed_by, t.voided_by, t.lost FROM ticket t"
    " LEFT JOIN programme p ON p.municipality=t.municipality AND p.programme=t.programme"
    " WHERE t.municipality=? AND t.number IN"
)
_EVERYWHERE = b"\x90"
_zones = msgspec.msgpack.Decoder(tuple[str, ...]).decode


class TicketRow(NamedTuple):
    """A ticket as its town knows it."""

    zones: tuple[str, ...]
    """Its programme's; none: everywhere the town has accepted."""
    clear_until: str
    """Its programme's last day of clearing; empty: none."""
    programme: str
    points: int
    valid_from: str
    valid_until: str
    state: str
    account: str
    held_by: str
    issued_by: str
    redeemed_by: str
    voided_by: str
    lost: int

    @property
    def live(self) -> bool:
        """Whether its own points can still be paid out or given back."""
        return self.state in LIVE


class _Seen(NamedTuple):
    row: TicketRow | None
    claimed: bool | None
    """None: somebody has to look."""


class Tickets:
    """A town's tickets within one transaction."""

    def __init__(
        self, tx: Tx, town: MunicipalityCode, before: Callable[[], None] = lambda: None
    ) -> None:
        """``before``: is called ahead of each look, to write how claims have ended."""
        self._tx = tx
        self._before = before
        self._town = town
        self._seen: dict[str, _Seen] = {}
        """What will be asked for again."""
        self._changed: set[str] = set()
        """Of these what is not written yet."""

    def prefetch(self, numbers: Collection[str]) -> list[TicketRow]:
        """Ask at once for what will be asked of many; gives those that there are."""
        found = self._read(numbers)
        self._seen |= found
        return [seen.row for seen in found.values() if seen.row is not None]

    def row(self, number: str) -> TicketRow | None:
        """One ticket."""
        return self._of(number).row

    def is_claimed(self, number: str) -> bool:
        """Whether a counter holds it right now: the hub has said yes to it first."""
        claimed = self._of(number).claimed
        return bool(self._read([number])[number].claimed if claimed is None else claimed)

    def set_state(self, number: str, state: str, *, redeemed_by: str = "") -> None:
        """Change how a ticket stands and which redemption is the applied one.

        One that was asked for ahead is written with others (:meth:`write`).
        """
        seen = self._seen.get(number)
        if seen is None or seen.row is None:
            self._write([(number, state, redeemed_by)])
            return
        row = seen.row._replace(state=state, redeemed_by=redeemed_by)
        self._seen[number] = seen._replace(row=row)
        self._changed.add(number)

    def write(self) -> None:
        """Write what has changed, for those who ask the database itself."""
        rows = [(number, self._seen[number].row) for number in sorted(self._changed)]
        self._changed.clear()
        self._write([(number, row.state, row.redeemed_by) for number, row in rows if row])

    def claim_changed(self, number: str) -> None:
        """Look again whether it is claimed when that is asked."""
        seen = self._seen.get(number)
        if seen is not None:
            self._seen[number] = seen._replace(claimed=None)

    def forget(self, *numbers: str) -> None:
        """Ask anew when these are asked for again: somebody is about to change them."""
        if self._changed.intersection(numbers):
            self.write()
        for number in numbers:
            self._seen.pop(number, None)

    def _of(self, number: str) -> _Seen:
        return self._seen.get(number) or self._read([number])[number]

    def _read(self, numbers: Collection[str]) -> dict[str, _Seen]:
        found = dict.fromkeys(numbers, _Seen(None, claimed=False))
        if found:
            self._before()
            marks, values = any_of([*found])
            for number, claimed, zones, until, *fields in self._tx.rows(
                f"{_ROWS} {marks}", [self._town, *values]
            ):
                row = TicketRow(_zones(zones or _EVERYWHERE), until or "", *fields)
                found[number] = _Seen(row, bool(claimed))
        return found

    def _write(self, rows: Sequence[tuple[str, str, str]]) -> None:
        if len(rows) == 1:
            self._tx.rows(
                "UPDATE ticket SET state=?, redeemed_by=? WHERE number=? AND municipality=?",
                [*rows[0][1:], rows[0][0], self._town],
            )
        elif rows:
            told, values = asked("number, state, redeemed_by", rows)
            self._tx.rows(
                f"{told} UPDATE ticket SET state=asked.state, redeemed_by=asked.redeemed_by"
                " FROM asked WHERE ticket.municipality=? AND ticket.number=asked.number",
                [*values, self._town],
            )
