"""What the nodes of a home municipality were told: residents' standings, and how cards stood.

All as of a feed number, which a record's basis names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from hub.points.asked import any_of, asked
from sync.records import Expiring
from sync.values import CardState

if TYPE_CHECKING:
    from hub.store.database import Tx

_AT_ONCE = 512
"""Accounts in one question."""
_lots = msgspec.msgpack.Decoder(tuple[Expiring, ...]).decode
_COLUMNS = ("available", "deficit", "expiring")
_LATEST = ",".join(
    f"(SELECT {column} FROM told WHERE municipality=? AND town=? AND told.account=asked.account"
    " AND told.number<=asked.feed ORDER BY told.number DESC LIMIT 1)"
    for column in _COLUMNS
)
"""What was told of one of the accounts ``asked``, each column by its key: of a join a server may
think that reading all that was ever told comes cheaper."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a node's zone was told of an account, as of a feed number; of a ticket: 0 if used."""

    available: int
    deficit: bool
    expiring: tuple[Expiring, ...]


class Feed:
    """What was told, asked for by the records of one posting, each thing once."""

    def __init__(self, tx: "Tx") -> None:
        self._tx = tx
        self._told: dict[tuple[str, str, str, int], Told | None] = {}
        self._ever_closed: dict[tuple[str, bytes], bool] = {}

    def told(self, home: str, town: str, account: str, feed: int) -> Told | None:
        """What was told of an account, or of a ticket (``ticket/<number>``); None: nothing."""
        key = (home, town, account, feed)
        if key not in self._told:
            self._ask(home, town, [(account, feed)])
        return self._told[key]

    def prefetch(self, home: str, town: str, accounts: Iterable[str], feed: int) -> None:
        """Ask at once for what will be asked of many accounts."""
        self.prefetch_each(home, town, ((account, feed) for account in accounts))

    def prefetch_each(self, home: str, town: str, subjects: Iterable[tuple[str, int]]) -> None:
        """As :meth:`prefetch`, for each as of a feed number of its own."""
        missing = [one for one in subjects if (home, town, *one) not in self._told]
        for start in range(0, len(missing), _AT_ONCE):
            self._ask(home, town, missing[start : start + _AT_ONCE])

    def _ask(self, home: str, town: str, subjects: Sequence[tuple[str, int]]) -> None:
        told, values = asked("account, feed", subjects)
        rows = self._tx.rows(
            f"{told} SELECT account, feed, {_LATEST} FROM asked",
            [*values, *[home, town] * len(_COLUMNS)],
        )
        for account, feed, available, deficit, expiring in rows:
            standing = None if available is None else _read(available, deficit, expiring)
            self._told[home, town, account, feed] = standing

    def prefetch_cards(self, home: str, cards: Iterable[bytes]) -> None:
        """Ask at once which of some cards the nodes of a home were ever told to be closed."""
        missing = [card for card in cards if (home, card) not in self._ever_closed]
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            marks, values = any_of(some)
            rows = self._tx.rows(
                f"SELECT DISTINCT card FROM told_card WHERE municipality=? AND card IN {marks}",
                [home, *values],
            )
            closed = {bytes(card) for (card,) in rows}
            self._ever_closed.update({(home, card): card in closed for card in some})

    def state_of(self, home: str, card: bytes, feed: int) -> CardState:
        """How a card stood by what the nodes of a home had been told, as of a feed number."""
        self.prefetch_cards(home, [card])
        if not self._ever_closed[home, card]:  # mostly
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
