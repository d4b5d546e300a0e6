"""The feed: what nodes are told, page by page, with residents' standings sealed into it.

Every answer takes the next feed number of the node's home. What nodes were told of an account, by
number, is kept, so that a spend can be judged by what its node could know.

A page is of one moment. What changed before is published in portions, a transaction each, between
which whoever stands at a counter goes first: a zone that looks for the first time in a month has a
whole town to be told of.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, TypeVar

import msgspec

from hub.core import Core
from hub.identities import Members
from hub.listsource import NONE as NO_SOURCE
from hub.listsource import source_of
from hub.points.asked import any_of, asked
from hub.points.positions import includes
from hub.rightofway import PUBLISHING
from hub.settlement.terms import pay_day_of, read_terms
from hub.standing import Standings
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
from sync.standing import Asof, LoneStanding, ZoneKey
from sync.values import (
    PLATFORM,
    AccountId,
    KeyDigest,
    Millis,
    MunicipalityCode,
    NodeId,
    home_of,
    organisation_of,
)
from sync.wire import write

_USED = frozenset({"redeemed", "voiding", "voided"})
"""States in which a ticket stands on the list of used ones: no counter takes it any more."""
_TOWNS = (
    "SELECT m.municipality FROM municipality m WHERE (SELECT a.organisation FROM acceptance a"
    " WHERE a.municipality=m.municipality AND a.organisation>=? AND a.organisation<? LIMIT 1)"
    " IS NOT NULL ORDER BY 1"
)
"""Whose points some organisation of a town takes: each looked up by its key, not all shops read."""
_NONE = msgspec.msgpack.encode(())
"""No dates on which something of it falls away."""
PORTION = 512
"""Accounts and tickets of a town that one transaction publishes: some 30 ms of it."""
_item = msgspec.msgpack.Decoder(AnyItem)
T = TypeVar("T")


def page(core: Core, identities: Members, node: NodeId, incarnation: str, after: int) -> Page:
    """The next page for a node; a cursor of another incarnation gets the whole feed."""

    def made(tx: Tx) -> Page | None:
        view = _View(core, identities, tx, node)
        if not view.publish():
            return None
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

    found = None
    while found is None:
        core.way.give(PUBLISHING)
        found = core.database.settle(concerned(core, node), made)
    return found


def lone(core: Core, identities: Members, node: NodeId, card: KeyDigest) -> LoneStanding:
    """A card's fresh standing outside a page; takes a number of its own."""
    return core.database.settle(
        concerned(core, node), lambda tx: lone_within(core, identities, tx, node, card)
    )


def lone_within(
    core: Core, identities: Members, tx: Tx, node: NodeId, card: KeyDigest
) -> LoneStanding:
    """The same within a transaction for the towns that it is about."""
    month = month_of(core.clock.now())
    view = _View(core, identities, tx, node)
    number = view.next_number()
    standing = view.standings.of([card], number)[card]
    as_of = view.as_of(number)
    _told_node(tx, node, as_of, good_until=None, page=False)
    key = ZoneKey(month, core.keys.begin_zone(view.zone, month))
    sealed = b""
    if standing.accounts:
        sealed = key.seal(card, standing, core.randomness.bytes(12))
    return LoneStanding(month, key.row_of(card), sealed, as_of)


def concerned(core: Core, node: NodeId) -> set[MunicipalityCode]:
    """The towns that what a node is told is about, its home among them."""
    home = home_of(node)
    return {home, *map(_town, core.database.ask_all(_TOWNS, _of_home(home)))}


def _of_home(home: MunicipalityCode) -> list[object]:
    """Between which names those of a town's organisations lie."""
    return [f"{home}-", f"{home}."]


def _town(row: Sequence[str]) -> MunicipalityCode:
    return MunicipalityCode(row[0])


class _View:
    """The feed as one node sees it, within one transaction."""

    def __init__(self, core: Core, identities: Members, tx: Tx, node: NodeId) -> None:
        self._core = core
        self._identities = identities
        self._tx = tx
        self._node = node
        self._home = home_of(node)
        self._organisation = organisation_of(node)
        self._number, self._room = 0, 0
        """A publication's latest number, and how many more items it may take."""
        self.good_until = identities.good_until() if source_of(tx) != NO_SOURCE else None
        self.zone: str = tx.scalar(
            "SELECT zone FROM node WHERE municipality=:home AND node=:node",
            home=self._home,
            node=node,
        )
        self._towns = [*map(_town, tx.rows(_TOWNS, _of_home(self._home)))]
        tx.require(self._home, *self._towns)  # what a page says of them is of one moment
        self.standings = Standings(core, identities, tx, self._home, self._towns)

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

    def publish(self) -> bool:
        """Bring the feed up to date: settings, keys, tickets, standings.

        Says whether it is now: of what changed in a town it takes a portion at a time.
        """
        self._put([*self._settings(), *self._keys()])
        month = month_of(self._core.clock.now())
        cards, all_told = self._news(month), True
        for town in self._towns:
            changed, complete = self._changed(town, month)
            all_told &= complete
            self._list(town, [name[7:] for name in changed if name.startswith("ticket/")])
            accounts = [AccountId(name) for name in changed if not name.startswith("ticket/")]
            cards.update(chain.from_iterable(self._identities.cards_of(town, accounts).values()))
        self._seal(sorted(cards), month)
        return all_told

    def _settings(self) -> Iterator["_Placed"]:
        tx, zone = self._tx, self.zone
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
            item = TownItem(town, row["name"], row["point_name"], accepted)
            yield _Placed(self._organisation, item)
            yield _Placed(zone, PolicyItem(town, bytes(row["policy"])))
            pays = _pay_day(bytes(row["calendar"]), day_of(self._core.clock.now()))
            if pays:
                yield _Placed(zone, PaymentDayItem(town, pays))
            yield _Placed(zone, TicketKeyItem(town, self._core.keys.tickets(town).public))
            for programme in tx.rows(
                "SELECT programme, name, issue_until, use_until, clear_until FROM programme"
                " WHERE municipality=? ORDER BY programme",
                [town],
            ):
                yield _Placed(zone, ProgrammeItem(town, *programme))
            for window, at in tx.rows(
                'SELECT "window", closed_at FROM settlement_window'
                " WHERE municipality=? AND state='settled'",
                [town],
            ):
                yield _Placed(zone, SettledItem(town, window, at))
        if self.good_until is not None or self._stored([_Placed(zone, RevocationItem(None))]):
            yield _Placed(zone, RevocationItem(self.good_until))
        own = tx.scalar(
            "SELECT float_points FROM node WHERE municipality=:home AND node=:node",
            home=self._home,
            node=self._node,
        )
        if own:
            yield _Placed(self._node, LimitItem(own))

    def _keys(self) -> Iterator["_Placed"]:
        now = tokyo(self._core.clock.now())
        first = now.replace(day=1)
        last, coming = first - timedelta(days=1), first + timedelta(days=32)
        keys = self._core.keys
        for moment in (last, now, coming):
            month = moment.date().isoformat()[:7]
            yield _Placed(self.zone, ZoneKeyItem(month, keys.begin_zone(self.zone, month)))
        for moment in (now, coming):
            month = moment.date().isoformat()[:7]
            yield _Placed(self.zone, SealingKeyItem(month, keys.begin_month(month)))

    def _changed(self, town: MunicipalityCode, month: str) -> tuple[list[str], bool]:
        """Accounts and tickets that changed since the zone last looked at a town; whether all.

        Else as many as one portion takes; those of one posting stay together.
        """
        tx = self._tx
        mark, seen = self._seen(town, month)
        rows = tx.rows(
            "SELECT account, posting FROM touched WHERE municipality=? AND posting>?"
            f" ORDER BY posting LIMIT {PORTION + 1}",
            [town, seen or 0],
        )
        complete = len(rows) <= PORTION
        if not complete:
            first, last = rows[0][1], rows[-1][1]
            rows = [row for row in rows if row[1] < last] or tx.rows(
                "SELECT account, posting FROM touched WHERE municipality=? AND posting=?",
                [town, first],
            )
        if rows:
            tx.put(schema.feed_town, mark, posting=rows[-1][1])
        return sorted(account for account, _ in rows), complete

    def _news(self, month: str) -> set[KeyDigest]:
        """Cards that stand otherwise: suspended, resumed, cancelled, replaced, joined.

        A zone that looks for the first time in a month is about to be told all there is to know,
        and later a card whose holder's standing it never had has nothing to be told.
        """
        mark, seen = self._seen(PLATFORM, month)
        last, cards = self._identities.changes(seen or 0)
        if last == seen:
            return set()
        self._tx.put(schema.feed_town, mark, posting=last)
        return set() if seen is None else {card for card in cards if self._knows(card, month)}

    def _knows(self, card: KeyDigest, month: str) -> bool:
        """Whether the zone has the standing of a card, or of another one of its holder."""
        key = self._core.keys.zone(self.zone, month)
        rows = map(key.row_of, (card, *self._identities.beside(card)))
        return bool(
            self._stored([_Placed(self.zone, StandingItem(month, row, b"")) for row in rows])
        )

    def _seen(self, town: MunicipalityCode, month: str) -> tuple[dict[str, str], int | None]:
        """The zone's mark in a town's postings or in the chain of identities, and its place."""
        mark = {"municipality": self._home, "zone": f"{self.zone}/{month}", "town": town}
        seen = self._tx.scalar(
            "SELECT posting FROM feed_town WHERE municipality=:municipality AND zone=:zone"
            " AND town=:town",
            **mark,
        )
        return mark, seen

    def _list(self, town: MunicipalityCode, tickets: Sequence[str]) -> None:
        """Put tickets on the list of used ones or take them off, and keep that this was told."""
        for start in range(0, len(tickets), PORTION):
            marks, values = any_of(tickets[start : start + PORTION])
            rows = sorted(
                self._tx.rows(
                    "SELECT number, name, state FROM ticket"
                    f" WHERE municipality=? AND number IN {marks}",
                    [town, *values],
                )
            )
            items = [
                _Placed(self.zone, UsedTicketItem(bytes(name), state in _USED))
                for _, name, state in rows
            ]
            told = self._put(items)
            self._tx.put_many(
                schema.told,
                [
                    (
                        self._home,
                        town,
                        f"ticket/{ticket}",
                        told[one],
                        int(state not in _USED),
                        0,
                        _NONE,
                    )
                    for (ticket, _, state), one in zip(rows, items, strict=True)
                    if one in told
                ],
            )

    def _seal(self, cards: Sequence[KeyDigest], month: str) -> None:
        key, randomness = self._core.keys.zone(self.zone, month), self._core.randomness
        for number, some in self._numbered(cards):
            standings = self.standings.of(some, number)
            self._write(
                number,
                [
                    _Placed(
                        self.zone,
                        StandingItem(
                            month, key.row_of(card), key.seal(card, standing, randomness.bytes(12))
                        ),
                    )
                    for card, standing in standings.items()
                ],
            )

    def _put(self, items: Sequence["_Placed"]) -> dict["_Placed", int]:
        """Put items into the feed; those that say something new, with their numbers there."""
        stored = self._stored(items)
        new = [one for one in items if stored.get(one.place) != write(one.item)]
        told = {}
        for number, some in self._numbered(new):
            self._write(number, some)
            told.update(dict.fromkeys(some, number))
        return told

    def _write(self, number: int, items: Sequence["_Placed"]) -> None:
        self._tx.put_many(
            schema.feed,
            [(self._home, *one.place, number, write(one.item)) for one in items],
        )

    def _stored(self, items: Sequence["_Placed"]) -> dict[tuple[str, str, str], bytes]:
        """What the feed says at the places of items, of those where it says something."""
        if not items:
            return {}
        told, values = asked("scope, kind, item", [one.place for one in items])
        rows = self._tx.rows(
            f"{told} SELECT scope, kind, item, (SELECT f.bytes FROM feed f WHERE f.municipality=?"
            " AND f.scope=asked.scope AND f.kind=asked.kind AND f.item=asked.item) FROM asked",
            [*values, self._home],
        )
        return {
            (scope, kind, item): bytes(data) for scope, kind, item, data in rows if data is not None
        }

    def _numbered(self, some: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
        """With one number for what this publication changes, as far as one page can take it."""
        while some:
            if self._room == 0:
                self._number, self._room = self.next_number(), MOST_ITEMS
            part, some = some[: self._room], some[self._room :]
            self._room -= len(part)
            yield self._number, part


class _Placed(NamedTuple):
    """An item, and who is told of it: a zone, an organisation or a node."""

    scope: str
    item: AnyItem

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the feed keeps it: who is told, what kind it is and which of its kind."""
        return self.scope, item_kind(self.item), self.item.key


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
