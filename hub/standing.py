"""What nodes may know: the feed, and residents' standings sealed into it.

Who (hub.mykey) and how much (hub.points) meet here in memory; what is stored of both is sealed.

Every answer takes the next feed number of the node's home. What nodes were told of an account, by
number, is kept, so that a spend can be judged by what its node could know.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from hub.core import Core
from hub.identities import Members
from hub.listsource import NONE as NO_SOURCE
from hub.listsource import source_of
from hub.points.accounts import deficit, wallet
from hub.points.books import wallet_history
from hub.points.lots import NEVER, SOON, work_out
from hub.points.positions import includes
from hub.settlement.terms import pay_day_of, read_terms
from hub.store import schema
from hub.store.database import Tx
from sync.clock import day_of, month_of, tokyo
from sync.feed import (
    MOST_ITEMS,
    AnyItem,
    LimitItem,
    Page,
    PaymentDayItem,
    PolicyItem,
    ProgrammeItem,
    RevocationItem,
    SealingKeyItem,
    SettledItem,
    StandingItem,
    TicketKeyItem,
    TownItem,
    UsedTicketItem,
    ZoneKeyItem,
    item_kind,
)
from sync.policy import read_policy
from sync.records import Expiring
from sync.standing import AccountStanding, Asof, LoneStanding, Standing, ZoneKey
from sync.values import (
    PLATFORM,
    AccountId,
    CardState,
    KeyDigest,
    Millis,
    MunicipalityCode,
    NodeId,
    Points,
    home_of,
    organisation_of,
)
from sync.wire import write

_USED = frozenset({"redeemed", "voiding", "voided"})
"""States in which a ticket stands on the list of used ones: no counter takes it any more."""
_item = msgspec.msgpack.Decoder(AnyItem)


def page(core: Core, identities: Members, node: NodeId, incarnation: str, after: int) -> Page:
    """The next page for a node; a cursor of another incarnation gets the whole feed."""

    def made(tx: Tx) -> Page:
        view = _View(core, identities, tx, node)
        view.publish()
        start = after if incarnation == str(core.incarnation) else 0
        applied = min(start, view.number())  # nobody has applied what is yet to come
        tx.put(schema.feed_position, {"municipality": home_of(node), "node": node}, number=applied)
        rows = view.items_after(start)
        complete = len(rows) <= MOST_ITEMS
        if not complete:
            rows = rows[:MOST_ITEMS]
            last = rows[-1][0]  # a number's items stay together: a cursor never points into them
            rows = [row for row in rows if row[0] < last] or rows
        number = view.number() if complete else rows[-1][0]
        as_of = view.as_of(number)
        if complete:
            _told_node(tx, node, as_of, good_until=view.good_until, page=True)
        items = tuple(_item.decode(data) for _, data in rows)
        return Page(str(core.incarnation), node, start, number, complete, as_of, items)

    return core.database.settle({home_of(node)}, made)


def lone(core: Core, identities: Members, node: NodeId, card: KeyDigest) -> LoneStanding:
    """A card's fresh standing outside a page; takes a number of its own."""
    month = month_of(core.clock.now())

    def made(tx: Tx) -> LoneStanding:
        view = _View(core, identities, tx, node)
        number = view.next_number()
        standing = view.standing(card, number)
        as_of = view.as_of(number)
        _told_node(tx, node, as_of, good_until=None, page=False)
        key = ZoneKey(month, core.keys.begin_zone(view.zone, month))
        sealed = b""
        if standing.accounts:
            sealed = key.seal(card, standing, core.randomness.bytes(12))
        return LoneStanding(month, key.row_of(card), sealed, as_of)

    return core.database.settle({home_of(node)}, made)


class _View:
    """The feed as one node sees it, within one transaction."""

    def __init__(self, core: Core, identities: Members, tx: Tx, node: NodeId) -> None:
        self._core = core
        self._identities = identities
        self._tx = tx
        self._node = node
        self._home = home_of(node)
        self._organisation = organisation_of(node)
        self._fresh: int | None = None
        self.good_until = identities.good_until() if source_of(tx) != NO_SOURCE else None
        self._under = 0
        self.zone: str = tx.scalar(
            "SELECT zone FROM node WHERE municipality=:home AND node=:node",
            home=self._home,
            node=node,
        )
        self._towns = [
            MunicipalityCode(town)
            for (town,) in tx.rows(
                "SELECT DISTINCT a.municipality FROM acceptance a JOIN organisation o"
                " ON o.organisation=a.organisation WHERE o.municipality=? ORDER BY 1",
                [self._home],
            )
        ]
        tx.require(self._home, *self._towns)  # what a page says of them is of one moment

    # -- numbers

    def number(self) -> int:
        """The feed's number now."""
        found = self._tx.scalar(
            "SELECT feed FROM municipality WHERE municipality=:home", home=self._home
        )
        return int(found)

    def next_number(self) -> int:
        """Take the next number of the home's feed."""
        found = self._tx.scalar(
            "UPDATE municipality SET feed=feed+1 WHERE municipality=:home RETURNING feed",
            home=self._home,
        )
        return int(found)

    def as_of(self, number: int) -> Asof:
        """Which moment a number is, and which of the node's records it counts."""
        return Asof(
            self._core.incarnation.number,
            number,
            self._core.clock.now(),
            includes(self._tx, self._node),
        )

    def items_after(self, number: int) -> list[tuple[int, bytes]]:
        """What is newer than a number, for this node's zone, organisation and itself."""
        found: list[tuple[int, str, str, bytes]] = []
        for scope in {self.zone, self._organisation, self._node}:
            found += self._tx.rows(
                "SELECT number, kind, item, bytes FROM feed WHERE municipality=? AND scope=?"
                f" AND number>? ORDER BY number, kind, item LIMIT {MOST_ITEMS + 1}",
                [self._home, scope, number],
            )
        return [(at, data) for at, _, _, data in sorted(found)[: MOST_ITEMS + 1]]

    # -- publishing what changed

    def publish(self) -> None:
        """Bring the feed up to date: settings, keys, tickets, standings."""
        self._settings()
        self._keys()
        month = month_of(self._core.clock.now())
        self._news(month)
        for town in self._towns:
            self._changes(town, month)

    def _settings(self) -> None:
        tx = self._tx
        for town in self._towns:
            row = tx.one("SELECT * FROM municipality WHERE municipality=:town", town=town)
            if row is None:
                continue
            accepted = bool(
                tx.rows(
                    "SELECT 1 FROM acceptance WHERE municipality=? AND organisation=?",
                    [town, self._organisation],
                )
            )
            self._put(self._organisation, TownItem(town, row["name"], row["point_name"], accepted))
            self._put(self.zone, PolicyItem(town, bytes(row["policy"])))
            pays = _pay_day(bytes(row["calendar"]), day_of(self._core.clock.now()))
            if pays:
                self._put(self.zone, PaymentDayItem(town, pays))
            self._put(self.zone, TicketKeyItem(town, self._core.keys.tickets(town).public))
            for programme in tx.all(
                "SELECT * FROM programme WHERE municipality=:town ORDER BY programme", town=town
            ):
                self._put(
                    self.zone,
                    ProgrammeItem(
                        town,
                        programme["programme"],
                        programme["name"],
                        programme["issue_until"],
                        programme["use_until"],
                        programme["clear_until"],
                    ),
                )
            for window, at in tx.rows(
                'SELECT "window", closed_at FROM settlement_window'
                " WHERE municipality=? AND state='settled'",
                [town],
            ):
                self._put(self.zone, SettledItem(town, window, at))
        if self.good_until is not None or self._stored(self.zone, RevocationItem(None)) is not None:
            self._put(self.zone, RevocationItem(self.good_until))
        own = tx.scalar(
            "SELECT float_points FROM node WHERE municipality=:home AND node=:node",
            home=self._home,
            node=self._node,
        )
        if own:
            self._put(self._node, LimitItem(own))

    def _keys(self) -> None:
        now = tokyo(self._core.clock.now())
        first = now.replace(day=1)
        last, coming = first - timedelta(days=1), first + timedelta(days=32)
        keys = self._core.keys
        for moment in (last, now, coming):
            month = moment.date().isoformat()[:7]
            self._put(self.zone, ZoneKeyItem(month, keys.begin_zone(self.zone, month)))
        for moment in (now, coming):
            month = moment.date().isoformat()[:7]
            self._put(self.zone, SealingKeyItem(month, keys.begin_month(month)))

    def _changes(self, town: MunicipalityCode, month: str) -> None:
        """Tickets and standings that changed since the zone last looked at this town."""
        tx = self._tx
        mark, seen = self._seen(town, month)
        changed = sorted(  # not by the database, which would go through all accounts for it
            tx.rows(
                "SELECT account, posting FROM touched WHERE municipality=? AND posting>?",
                [town, seen or 0],
            )
        )
        if not changed:
            return
        tickets = [name[7:] for name, _ in changed if name.startswith("ticket/")]
        accounts = [AccountId(name) for name, _ in changed if not name.startswith("ticket/")]
        for number in tickets:
            row = tx.one(
                "SELECT state, name FROM ticket WHERE municipality=:town AND number=:number",
                town=town,
                number=number,
            )
            if row is not None:
                self._list(town, number, bytes(row["name"]), used=row["state"] in _USED)
        for cards in self._identities.cards_of(town, accounts).values():
            for card in cards:
                self._seal(card, month)
        tx.put(schema.feed_town, mark, posting=max(posting for _, posting in changed))

    def _news(self, month: str) -> None:
        """Standings of cards that stand otherwise: suspended, resumed, cancelled, replaced, joined.

        A zone that looks for the first time in a month is about to be told all there is to know,
        and later a card whose holder's standing it never had has nothing to be told.
        """
        mark, seen = self._seen(PLATFORM, month)
        last, cards = self._identities.changes(seen or 0)
        if last == seen:
            return
        key = self._core.keys.zone(self.zone, month)
        for card in cards if seen is not None else ():
            rows = map(key.row_of, (card, *self._identities.beside(card)))
            if any(self._stored(self.zone, StandingItem(month, row, b"")) for row in rows):
                self._seal(card, month)
        self._tx.put(schema.feed_town, mark, posting=last)

    def _seen(self, town: MunicipalityCode, month: str) -> tuple[dict[str, str], int | None]:
        """The zone's mark in a town's postings or in the chain of identities, and its place."""
        mark = {"municipality": self._home, "zone": f"{self.zone}/{month}", "town": town}
        seen = self._tx.scalar(
            "SELECT posting FROM feed_town WHERE municipality=:municipality AND zone=:zone"
            " AND town=:town",
            **mark,
        )
        return mark, seen

    def _list(self, town: MunicipalityCode, ticket: str, name: bytes, *, used: bool) -> None:
        """Put a ticket on the list of used ones or take it off, and keep that this was told."""
        number = self._put(self.zone, UsedTicketItem(name, used))
        if number is not None:
            key = {
                "municipality": self._home,
                "town": town,
                "account": f"ticket/{ticket}",
                "number": number,
            }
            self._tx.put(
                schema.told,
                key,
                available=int(not used),
                deficit=0,
                expiring=msgspec.msgpack.encode(()),
            )

    def _seal(self, card: KeyDigest, month: str) -> None:
        key = self._core.keys.zone(self.zone, month)
        standing = self.standing(card, self._number())
        sealed = key.seal(card, standing, self._core.randomness.bytes(12))
        self._put(self.zone, StandingItem(month, key.row_of(card), sealed))

    def _put(self, scope: str, item: AnyItem) -> int | None:
        """Put an item into the feed; its number there, or None where it says nothing new."""
        data = write(item)
        if self._stored(scope, item) == data:
            return None
        number = self._number()
        self._tx.put(schema.feed, self._place(scope, item), number=number, bytes=data)
        self._under += 1
        if self._under == MOST_ITEMS:
            self._fresh = None
        return number

    def _stored(self, scope: str, item: AnyItem) -> bytes | None:
        """What the feed says at an item's place; None: nothing."""
        stored = self._tx.scalar(
            "SELECT bytes FROM feed WHERE municipality=:municipality AND scope=:scope"
            " AND kind=:kind AND item=:item",
            **self._place(scope, item),
        )
        return None if stored is None else bytes(stored)

    def _place(self, scope: str, item: AnyItem) -> dict[str, str]:
        return {
            "municipality": self._home,
            "scope": scope,
            "kind": item_kind(item),
            "item": item.key,
        }

    def _number(self) -> int:
        """One number for what this publication changes, as far as one page can take it."""
        if self._fresh is None:
            self._fresh, self._under = self.next_number(), 0
        return self._fresh

    # -- standings

    def standing(self, card: KeyDigest, number: int) -> Standing:
        """What nodes of this zone may know of a card; kept as told under ``number``."""
        accounts = self._identities.accounts_of_card(card)
        state = self._identities.state_of(card)
        self._tell(card, state, number)
        return Standing(
            state,
            tuple(
                self._account(town, accounts[town], number)
                for town in self._towns
                if town in accounts
            ),
        )

    def _tell(self, card: KeyDigest, state: CardState, number: int) -> None:
        """Keep that nodes were told of a card's state, where it is another than before."""
        last = self._tx.scalar(
            "SELECT state FROM told_card WHERE municipality=:home AND card=:card AND number<:number"
            " ORDER BY number DESC LIMIT 1",
            home=self._home,
            card=card,
            number=number,
        )
        if state != (last or CardState.ACTIVE):
            key = {"municipality": self._home, "card": card, "number": number}
            self._tx.put(schema.told_card, key, state=state)

    def _account(self, town: MunicipalityCode, account: AccountId, number: int) -> AccountStanding:
        tx = self._tx
        found = dict(
            tx.rows(
                "SELECT account, points FROM balance WHERE municipality=? AND account IN (?,?)",
                [town, wallet(account), deficit(account)],
            )
        )
        data = tx.scalar("SELECT policy FROM municipality WHERE municipality=:town", town=town)
        cap = read_policy(bytes(data)).standing_cap
        available, expiring = self._capped(town, account, found.get(wallet(account), 0), cap)
        owes = found.get(deficit(account), 0) < 0
        tx.put(
            schema.told,
            {
                "municipality": self._home,
                "town": town,
                "account": account,
                "number": number,
            },
            available=available,
            deficit=int(owes),
            expiring=msgspec.msgpack.encode(expiring),
        )
        return AccountStanding(town, account, owes, available, expiring)

    def _capped(
        self, town: MunicipalityCode, account: AccountId, balance: int, cap: int
    ) -> tuple[int, tuple[Expiring, ...]]:
        """The balance up to the cap, and what of *that* falls away soon."""
        dated = self._tx.rows(
            "SELECT 1 FROM lot_date WHERE municipality=? AND account=? LIMIT 1", [town, account]
        )
        available = left = min(balance, cap)
        expiring = []
        if dated:
            lots = work_out(wallet(account), wallet_history(self._tx, town, account))
            for date, points in self._soon(lots.in_order()):
                balance -= points
                falls = left - min(balance, cap)
                if falls > 0:
                    expiring.append(Expiring(date, Points(falls)))
                    left -= falls
        return available, tuple(expiring)

    def _soon(self, lots: Iterable[tuple[int, int]]) -> Iterable[tuple[Millis, int]]:
        until = self._core.clock.now() + SOON
        return [(Millis(date), left) for date, left in lots if date != NEVER and date <= until]


@lru_cache(maxsize=256)
def _pay_day(calendar: bytes, today: str) -> str:
    """When a town with these settings pays what is taken today; empty beyond the known days."""
    day = pay_day_of(read_terms(calendar), date.fromisoformat(today))
    return "" if day is None else day.isoformat()


def _told_node(tx: Tx, node: NodeId, as_of: Asof, *, good_until: Millis | None, page: bool) -> None:
    place = {"municipality": home_of(node), "node": node}
    tx.put(
        schema.told_node,
        {**place, "number": as_of.number, "at": as_of.at},
        page=int(page),
        good_until=good_until,
        includes=msgspec.msgpack.encode(as_of.includes),
    )
