"""What the nodes of a home municipality were told: residents' standings, and how cards stood.

All as of a feed number, which a record's basis names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sync.records import Expiring
from sync.values import CardState

if TYPE_CHECKING:
    from hub.store.database import Tx

_AT_ONCE = 500
"""Accounts in one question."""
_lots = msgspec.msgpack.Decoder(tuple[Expiring, ...]).decode
_COLUMNS = ("available", "deficit", "expiring")
_LATEST = ",".join(
    f"(SELECT {column} FROM told WHERE municipality=? AND town=? AND told.account=asked.account"
    " AND number<=? ORDER BY number DESC LIMIT 1)"
    for column in _COLUMNS
)
"""What was told of one of the accounts ``asked``, each column by its key: of a join a server may
think that reading all that was ever told comes cheaper."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a node's zone was told of an account, as of a feed number."""

    available: int
    deficit: bool
    expiring: tuple[Expiring, ...]


class Feed:
    """What was told, asked for by the records of one posting, each thing once."""

    def __init__(self, tx: "Tx") -> None:
        self._tx = tx
        self._told: dict[tuple[str, str, str, int], Told | None] = {}
        self._ever_closed: dict[str, frozenset[bytes]] = {}

    def told(self, home: str, town: str, account: str, feed: int) -> Told | None:
        """What was told of an account, or None."""
        key = (home, town, account, feed)
        if key not in self._told:
            rows = self._tx.rows(
                f"SELECT {','.join(_COLUMNS)} FROM told WHERE municipality=? AND town=?"
                " AND account=? AND number<=? ORDER BY number DESC LIMIT 1",
                key,
            )
            self._told[key] = _read(*rows[0]) if rows else None
        return self._told[key]

    def prefetch(self, home: str, town: str, accounts: Iterable[str], feed: int) -> None:
        """Ask at once for what will be asked of many accounts."""
        missing = [one for one in accounts if (home, town, one, feed) not in self._told]
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            rows = self._tx.rows(
                f"WITH asked(account) AS (VALUES {','.join(['(?)'] * len(some))})"
                f" SELECT account, {_LATEST} FROM asked",
                [*some, *[home, town, feed] * len(_COLUMNS)],
            )
            for account, available, deficit, expiring in rows:
                told = None if available is None else _read(available, deficit, expiring)
                self._told[home, town, account, feed] = told

    def listed(self, home: str, town: str, subject: str, feed: int) -> int | None:
        """What was told of something that is no account, as a ticket; None: nothing."""
        found: int | None = self._tx.scalar(
            "SELECT available FROM told WHERE municipality=:home AND town=:town"
            " AND account=:subject AND number<=:feed ORDER BY number DESC LIMIT 1",
            home=home,
            town=town,
            subject=subject,
            feed=feed,
        )
        return found

    def state_of(self, home: str, card: bytes, feed: int) -> CardState:
        """How a card stood by what the nodes of a home had been told, as of a feed number."""
        if home not in self._ever_closed:
            cards = self._tx.rows(
                "SELECT DISTINCT card FROM told_card WHERE municipality=?", [home]
            )
            self._ever_closed[home] = frozenset(bytes(each) for (each,) in cards)
        if card not in self._ever_closed[home]:  # mostly
            return CardState.ACTIVE
        state = self._tx.scalar(
            "SELECT state FROM told_card WHERE municipality=:home AND card=:card AND number<=:feed"
            " ORDER BY number DESC LIMIT 1",
            home=home,
            card=card,
            feed=feed,
        )
        return CardState(state or CardState.ACTIVE)


def _read(available: int, deficit: int, expiring: bytes) -> Told:
    return Told(available, bool(deficit), _lots(expiring))
