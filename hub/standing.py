"""What nodes may know of residents: how each card stands, and what it may take without the hub.

Who (hub.mykey) and how much (hub.points) meet here in memory; what is stored of both is sealed.
Whatever changed since nodes asked last is worked out at once: a festival changes hundreds of
wallets between two pages.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from hub.core import Core
from hub.identities import Members
from hub.points.accounts import deficit, wallet
from hub.points.asked import any_of, asked
from hub.points.left import left_in
from hub.points.lots import NEVER, SOON, Left
from hub.store import schema
from hub.store.database import Tx
from sync.records import Expiring
from sync.standing import AccountStanding, Standing
from sync.values import AccountId, CardState, KeyDigest, Millis, MunicipalityCode, Points

_Place: TypeAlias = tuple[MunicipalityCode, AccountId]
_NEAR_AN_END = (
    "max((SELECT 1 FROM lot_date l WHERE l.municipality=ending.town AND l.expires=ending.at"
    " AND l.account=asked.account))"
)
_KNOWN = (
    ", ending(town, at) AS MATERIALIZED (SELECT town, (SELECT min(l.expires) FROM lot_date l"
    " WHERE l.municipality=town AND l.expires>? AND l.expires<=?)"
    " FROM (SELECT DISTINCT town FROM asked) AS each"
    " UNION ALL SELECT town, (SELECT min(l.expires) FROM lot_date l"
    " WHERE l.municipality=town AND l.expires>ending.at AND l.expires<=?)"
    " FROM ending WHERE ending.at IS NOT NULL)"
    " SELECT town, account,"
    " (SELECT points FROM balance b WHERE b.municipality=town AND b.account=wallet),"
    " (SELECT points FROM balance b WHERE b.municipality=town AND b.account=deficit),"
    f" (SELECT {_NEAR_AN_END} FROM ending WHERE ending.town=asked.town) FROM asked"
)
"""What accounts have and owe, and whether some of it falls away soon.

Dates are the ends of days: so few that they are found one behind the other, and each account is
looked up by its key for each.
"""


class Standings:
    """Works out what the nodes of a home may know of cards, and keeps what they are told."""

    def __init__(
        self,
        core: Core,
        identities: Members,
        tx: Tx,
        home: MunicipalityCode,
        caps: Mapping[MunicipalityCode, int],
    ) -> None:
        """``caps``: whose points the home's nodes may take, and up to which balance they know."""
        self._identities = identities
        self._tx = tx
        self._home = home
        self._caps = caps
        self._soon = core.clock.now() + SOON
        """The end of the time of which nodes are told what falls away in it."""

    def of(self, cards: Collection[KeyDigest], number: int) -> dict[KeyDigest, Standing]:
        """The standings of some cards; kept as told under a feed number."""
        holders = self._identities.holders(cards)
        self._tell_states({card: holder.state for card, holder in holders.items()}, number)
        accounts = {
            card: [(town, of[town]) for town in self._caps if town in of]
            for card, (_, of) in holders.items()
        }
        known = self._known(sorted({one for some in accounts.values() for one in some}))
        self._tell(known.values(), number)
        return {
            card: Standing(holder.state, tuple(known[one] for one in accounts[card]))
            for card, holder in holders.items()
        }

    def _tell_states(self, states: Mapping[KeyDigest, CardState], number: int) -> None:
        """Keep that nodes were told of cards' states, of those that are others than before."""
        marks, values = any_of([*states])
        last = {
            KeyDigest(card): state
            for card, state in self._tx.rows(
                "SELECT card, state FROM told_card"
                f" WHERE municipality=? AND card IN {marks} AND number<? ORDER BY card, number",
                [self._home, *values, number],
            )
        }
        self._tx.put_many(
            schema.told_card,
            [
                (self._home, card, number, state)
                for card, state in states.items()
                if state != last.get(card, CardState.ACTIVE)
            ],
        )

    def _tell(self, standings: Iterable[AccountStanding], number: int) -> None:
        """Keep what nodes were told of accounts."""
        self._tx.put_many(
            schema.told,
            [
                (
                    self._home,
                    one.municipality,
                    one.account,
                    number,
                    one.available,
                    int(one.deficit),
                    msgspec.msgpack.encode(one.expiring),
                )
                for one in standings
            ],
        )

    def _known(self, accounts: Sequence[_Place]) -> dict[_Place, AccountStanding]:
        """What may be known of accounts."""
        if not accounts:
            return {}
        names = [(town, account, wallet(account), deficit(account)) for town, account in accounts]
        told, values = asked("town, account, wallet, deficit", names, recursive=True)
        rows = self._tx.rows(f"{told}{_KNOWN}", [*values, NEVER, self._soon, self._soon])
        lots = self._lots([(town, account) for town, account, _, _, near in rows if near])
        known = {}
        for town, account, points, owed, is_near in rows:
            if town is not None:  # what made the question as long as others
                balance, cap = points or 0, self._caps[town]
                known[town, account] = AccountStanding(
                    town,
                    account,
                    (owed or 0) < 0,
                    min(balance, cap),
                    self._expiring(lots[town, account], balance, cap) if is_near else (),
                )
        return known

    def _lots(self, near: Collection[_Place]) -> dict[_Place, Left]:
        """What is left of the dates in wallets of which one is near."""
        return {
            (town, account): left
            for town in self._caps
            for account, left in left_in(
                self._tx, town, [account for of, account in near if of == town], noting=True
            )
        }

    def _expiring(self, lots: Left, balance: int, cap: int) -> tuple[Expiring, ...]:
        """What of a balance, of which nodes know no more than the cap, falls away soon."""
        left = min(balance, cap)
        expiring = []
        for date, points in lots.in_order():
            if date == NEVER or date > self._soon:
                continue
            balance -= points
            falls = left - min(balance, cap)
            if falls > 0:
                expiring.append(Expiring(Millis(date), Points(falls)))
                left -= falls
        return tuple(expiring)
