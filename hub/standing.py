"""What nodes may know of residents: how each card stands, and what it may take without the hub.

Who (hub.mykey) and how much (hub.points) meet here in memory; what is stored of both is sealed.
Whatever changed since nodes asked last is worked out at once: a festival changes hundreds of
wallets between two pages.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from hub.core import Core
from hub.identities import Members
from hub.points.accounts import deficit, wallet
from hub.points.asked import any_of, asked
from hub.points.books import wallet_history
from hub.points.lots import NEVER, SOON, work_out
from hub.store import schema
from hub.store.database import Tx
from sync.policy import read_policy
from sync.records import Expiring
from sync.standing import AccountStanding, Standing
from sync.values import AccountId, CardState, KeyDigest, Millis, MunicipalityCode, Points


class Standings:
    """Works out what the nodes of a home may know of cards, and keeps what they are told."""

    def __init__(
        self,
        core: Core,
        identities: Members,
        tx: Tx,
        home: MunicipalityCode,
        towns: Sequence[MunicipalityCode],
    ) -> None:
        """``towns``: whose points the home's nodes may take."""
        self._identities = identities
        self._tx = tx
        self._home = home
        self._towns = towns
        self._soon = core.clock.now() + SOON
        """The end of the time of which nodes are told what falls away in it."""

    def of(self, cards: Collection[KeyDigest], number: int) -> dict[KeyDigest, Standing]:
        """The standings of some cards; kept as told under a feed number."""
        states = self._identities.states_of(cards)
        self._tell_states(states, number)
        accounts = self._identities.accounts_of_cards(cards)
        known = {
            town: self._in_town(town, sorted({of[town] for of in accounts.values() if town in of}))
            for town in self._towns
        }
        self._tell([one for of in known.values() for one in of.values()], number)
        return {
            card: Standing(
                states[card],
                tuple(known[town][of[town]] for town in self._towns if town in of),
            )
            for card, of in accounts.items()
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

    def _in_town(
        self, town: MunicipalityCode, accounts: Sequence[AccountId]
    ) -> dict[AccountId, AccountStanding]:
        """What may be known of accounts in a town."""
        if not accounts:
            return {}
        tx = self._tx
        marks, names = any_of([name(one) for one in accounts for name in (wallet, deficit)])
        points = dict(
            tx.rows(
                f"SELECT account, points FROM balance WHERE municipality=? AND account IN {marks}",
                [town, *names],
            )
        )
        data = tx.scalar("SELECT policy FROM municipality WHERE municipality=:town", town=town)
        cap = read_policy(bytes(data)).standing_cap
        standings = {}
        dated = self._near_an_end(town, accounts)
        for account in accounts:
            balance = points.get(wallet(account), 0)
            standings[account] = AccountStanding(
                town,
                account,
                points.get(deficit(account), 0) < 0,
                min(balance, cap),
                self._expiring(town, account, balance, cap) if account in dated else (),
            )
        return standings

    def _near_an_end(
        self, town: MunicipalityCode, accounts: Sequence[AccountId]
    ) -> Collection[AccountId]:
        """Those of some accounts that have points of which some may fall away soon.

        Dates are the ends of days: so few that each account is looked up by its key for each.
        """
        dates = self._dates(town)
        if not dates:
            return ()  # mostly
        told, values = asked("account, expires", [(one, at) for one in accounts for at in dates])
        rows = self._tx.rows(
            f"{told} SELECT account FROM asked WHERE EXISTS (SELECT 1 FROM lot_date l"
            " WHERE l.municipality=? AND l.expires=asked.expires AND l.account=asked.account)",
            [*values, town],
        )
        return {AccountId(account) for (account,) in rows}

    def _dates(self, town: MunicipalityCode) -> Sequence[int]:
        """When points of a town fall away soon, each date once."""
        dates: list[int] = []
        while True:
            later = self._tx.scalar(
                "SELECT min(expires) FROM lot_date"
                " WHERE municipality=:town AND expires>:last AND expires<=:until",
                town=town,
                last=dates[-1] if dates else NEVER,
                until=self._soon,
            )
            if later is None:
                return dates
            dates.append(later)

    def _expiring(
        self, town: MunicipalityCode, account: AccountId, balance: int, cap: int
    ) -> tuple[Expiring, ...]:
        """What of a balance, of which nodes know no more than the cap, falls away soon."""
        left = min(balance, cap)
        expiring = []
        lots = work_out(wallet(account), wallet_history(self._tx, town, account))
        for date, points in lots.in_order():
            if date == NEVER or date > self._soon:
                continue
            balance -= points
            falls = left - min(balance, cap)
            if falls > 0:
                expiring.append(Expiring(Millis(date), Points(falls)))
                left -= falls
        return tuple(expiring)
