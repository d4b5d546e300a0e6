"""The feed: what nodes are told, page by page, with residents' standings sealed into it.

Every answer takes the next feed number of the node's home. What nodes were told of an account, by
number, is kept, so that a spend can be judged by what its node could know.

A page is of one moment. What changed before is published in portions, a transaction each, between
which whoever stands at a counter goes first: a zone that looks for the first time in a month has a
whole town to be told of.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple, TypeVar

import msgspec

from hub.core import Core
from hub.identities import Members
from hub.listsource import NONE as NO_SOURCE
from hub.listsource import source_of
from hub.points.asked import any_of, asked, each
from hub.points.askers import Asker, asker
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
from sync.policy import read_policy
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
_TAKEN = (
    " FROM municipality m WHERE (SELECT a.organisation FROM acceptance a"
    " WHERE a.municipality=m.municipality AND a.organisation>=? AND a.organisation<? LIMIT 1)"
    " IS NOT NULL ORDER BY 1"
)
"""Towns of which some organisation of a home takes points: each looked up by its key, not all shops
read."""
_SETTINGS = (
    "SELECT m.municipality, m.name, m.point_name, m.policy, m.calendar, (SELECT 1 FROM acceptance a"
    f" WHERE a.municipality=m.municipality AND a.organisation=?){_TAKEN}"
)
_NEWER = (
    "SELECT * FROM (SELECT number, kind, item, bytes FROM feed WHERE scope=? AND municipality=?"
    " AND number>? ORDER BY number, kind, item LIMIT {most}) AS of_scope"
)
_TOUCHED = (
    "SELECT * FROM (SELECT {place} AS place, posting, account FROM touched WHERE municipality=?"
    " AND (posting, account)>(?,?) ORDER BY posting, account LIMIT {most}) AS of_town"
)
_NONE = msgspec.msgpack.encode(())
"""No dates on which something of it falls away."""
_NO_LISTS = write(RevocationItem(None))
PORTION = 512
"""Accounts and tickets of a town that one transaction publishes: some 30 ms of it."""
_item = msgspec.msgpack.Decoder(AnyItem)
T = TypeVar("T")


def page(core: Core, identities: Members, node: NodeId, incarnation: str, after: int) -> Page:
    """The next page for a node; a cursor of another incarnation gets the whole feed."""

    def made(tx: Tx) -> Page | None:
        view = _View(core, identities, tx, asker(tx, node))
        good_until = identities.good_until() if source_of(tx) != NO_SOURCE else None
        if not view.publish(good_until):
            return None
        start = after if incarnation == str(core.incarnation) else 0
        applied = min(start, view.number)  # nobody has applied what is yet to come
        tx.put(schema.feed_position, {"municipality": home_of(node), "node": node}, number=applied)
        rows = view.items_after(start)
        complete = len(rows) <= MOST_ITEMS
        if not complete:
            rows = rows[:MOST_ITEMS]
            last = rows[-1][0]  # a number's items stay together: a cursor never points into them
            rows = [row for row in rows if row[0] < last] or rows
        number = view.number if complete else rows[-1][0]
        as_of = view.as_of(number)
        if complete:
            _told_node(tx, node, as_of, good_until=good_until, page=True)
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
        concerned(core, node), lambda tx: lone_within(core, identities, tx, asker(tx, node), card)
    )


def lone_within(
    core: Core, identities: Members, tx: Tx, who: Asker, card: KeyDigest
) -> LoneStanding:
    """The same within a transaction for the towns that it is about."""
    month = month_of(core.clock.now())
    view = _View(core, identities, tx, who)
    number = view.next_number()
    standing = view.standings.of([card], number)[card]
    as_of = view.as_of(number)
    _told_node(tx, who.node, as_of, good_until=None, page=False)
    key = ZoneKey(month, core.keys.begin_zone(who.zone, month))
    sealed = b""
    if standing.accounts:
        sealed = key.seal(card, standing, core.randomness.bytes(12))
    return LoneStanding(month, key.row_of(card), sealed, as_of)


def concerned(core: Core, node: NodeId) -> set[MunicipalityCode]:
    """The towns that what a node is told is about, its home among them."""
    home = home_of(node)
    rows = core.database.ask_all(f"SELECT m.municipality{_TAKEN}", _of_home(home))
    return {home, *(MunicipalityCode(town) for (town,) in rows)}


def _of_home(home: MunicipalityCode) -> list[object]:
    """Between which names those of a town's organisations lie."""
    return [f"{home}-", f"{home}."]


class _Settings(NamedTuple):
    """What a town has set, as far as counters are told of it."""

    town: MunicipalityCode
    name: str
    point_name: str
    policy: bytes
    calendar: bytes
    accepts: bool
    """The organisation of the node that asks."""


class _Mark(NamedTuple):
    """A place among what changed in a town."""

    posting: int
    account: str
    """The last one of that posting that was told of."""


_NOWHERE = _Mark(0, "")


class _View:
    """The feed as one node sees it, within one transaction."""

    def __init__(self, core: Core, identities: Members, tx: Tx, who: Asker) -> None:
        self._core = core
        self._identities = identities
        self._tx = tx
        self._who = who
        self._zone = who.zone
        self._home = home_of(who.node)
        self._organisation = organisation_of(who.node)
        self.number, self._room = who.feed, 0
        """The feed's number now, and how many more items the latest may take."""
        self._settings = [
            _Settings(town, name, point_name, bytes(policy), bytes(calendar), bool(accepts))
            for town, name, point_name, policy, calendar, accepts in tx.rows(
                _SETTINGS, [self._organisation, *_of_home(self._home)]
            )
        ]
        self._towns = [one.town for one in self._settings]
        tx.require(self._home, *self._towns)  # what a page says of them is of one moment
        caps = {one.town: read_policy(one.policy).standing_cap for one in self._settings}
        self.standings = Standings(core, identities, tx, self._home, caps)

    # -- numbers

    def next_number(self) -> int:
        """Take the next number of the home's feed."""
        self.number = int(
            self._tx.scalar(
                "UPDATE municipality SET feed=feed+1 WHERE municipality=:home RETURNING feed",
                home=self._home,
            )
        )
        return self.number

    def as_of(self, number: int) -> Asof:
        """Which moment a number is, and which of the node's records it counts."""
        return Asof(
            self._core.incarnation.number,
            number,
            self._core.clock.now(),
            self._who.included,
        )

    def items_after(self, number: int) -> list[tuple[int, bytes]]:
        """What is newer than a number, for this node's zone, organisation and itself."""
        scopes = {self._zone, self._organisation, self._who.node}
        newer = _NEWER.format(most=MOST_ITEMS + 1)
        told, values = each(newer, [(scope, self._home, number) for scope in sorted(scopes)])
        found = sorted(self._tx.rows(told, values))
        return [(at, bytes(data)) for at, _, _, data in found[: MOST_ITEMS + 1]]

    # -- publishing what changed

    def publish(self, good_until: Millis | None) -> bool:
        """Bring the feed up to date: settings, keys, tickets, standings.

        ``good_until``: until when revocation lists are in force; None: there is no source of them.
        Says whether it is now: of what changed in a town it takes a portion at a time.
        """
        lists = _Placed(self._zone, RevocationItem(good_until))
        self._put([*self._of_towns(), *self._keys(), lists])
        month = month_of(self._core.clock.now())
        seen = self._seen(month)
        marks: dict[str, _Mark] = {}
        cards, all_told = self._news(seen, marks, month), True
        for town, changed, complete in self._changed(seen, marks):
            all_told &= complete
            self._list(town, [name[7:] for name in changed if name.startswith("ticket/")])
            accounts = [AccountId(name) for name in changed if not name.startswith("ticket/")]
            if accounts:
                told = self._identities.cards_of(town, accounts)
                cards.update(chain.from_iterable(told.values()))
        self._tx.put_many(
            schema.feed_town,
            [(self._home, f"{self._zone}/{month}", town, *at) for town, at in marks.items()],
        )
        self._seal(sorted(cards), month)
        return all_told

    def _of_towns(self) -> Iterator["_Placed"]:
        tx, zone = self._tx, self._zone
        today = day_of(self._core.clock.now())
        for town, name, point_name, policy, calendar, accepts in self._settings:
            yield _Placed(self._organisation, TownItem(town, name, point_name, accepts))
            yield _Placed(zone, PolicyItem(town, policy))
            pays = _pay_day(calendar, today)
            if pays:
                yield _Placed(zone, PaymentDayItem(town, pays))
            yield _Placed(zone, TicketKeyItem(town, self._core.keys.tickets(town).public))
        marks, towns = any_of(self._towns)
        for programme in tx.rows(
            "SELECT municipality, programme, name, issue_until, use_until, clear_until"
            f" FROM programme WHERE municipality IN {marks} ORDER BY municipality, programme",
            towns,
        ):
            yield _Placed(zone, ProgrammeItem(*programme))
        for settled in tx.rows(
            'SELECT municipality, "window", closed_at FROM settlement_window'
            f" WHERE municipality IN {marks} AND state='settled'",
            towns,
        ):
            yield _Placed(zone, SettledItem(*settled))
        if self._who.float_points:
            yield _Placed(self._who.node, LimitItem(self._who.float_points))

    def _keys(self) -> Iterator["_Placed"]:
        now = tokyo(self._core.clock.now())
        first = now.replace(day=1)
        last, coming = first - timedelta(days=1), first + timedelta(days=32)
        keys = self._core.keys
        for moment in (last, now, coming):
            month = moment.date().isoformat()[:7]
            yield _Placed(self._zone, ZoneKeyItem(month, keys.begin_zone(self._zone, month)))
        for moment in (now, coming):
            month = moment.date().isoformat()[:7]
            yield _Placed(self._zone, SealingKeyItem(month, keys.begin_month(month)))

    def _changed(
        self, seen: Mapping[str, _Mark], marks: dict[str, _Mark]
    ) -> Iterator[tuple[MunicipalityCode, list[str], bool]]:
        """Accounts and tickets that changed since the zone last looked at a town; whether all.

        Else as many as one portion takes.
        """
        if not self._towns:
            return
        touched = _TOUCHED.format(place="{place}", most=PORTION + 1)
        told, values = each(touched, [(town, *seen.get(town, _NOWHERE)) for town in self._towns])
        found = groupby(sorted(self._tx.rows(told, values)), key=itemgetter(0))
        for place, some in found:
            town, rows = self._towns[place], [_Mark(*row[1:]) for row in some]
            portion = rows[:PORTION]
            marks[town] = portion[-1]
            yield town, sorted(one.account for one in portion), portion == rows

    def _news(
        self, seen: Mapping[str, _Mark], marks: dict[str, _Mark], month: str
    ) -> set[KeyDigest]:
        """Cards that stand otherwise: suspended, resumed, cancelled, replaced, joined.

        A zone that looks for the first time in a month is about to be told all there is to know,
        and later a card whose holder's standing it never had has nothing to be told.
        """
        before = seen.get(PLATFORM)
        last, cards = self._identities.changes(0 if before is None else before.posting)
        if before is not None and last == before.posting:
            return set()
        marks[PLATFORM] = _Mark(last, "")
        return set() if before is None else {card for card in cards if self._knows(card, month)}

    def _knows(self, card: KeyDigest, month: str) -> bool:
        """Whether the zone has the standing of a card, or of another one of its holder."""
        key = self._core.keys.zone(self._zone, month)
        rows = map(key.row_of, (card, *self._identities.beside(card)))
        return bool(
            self._stored([_Placed(self._zone, StandingItem(month, row, b"")) for row in rows])
        )

    def _seen(self, month: str) -> dict[str, _Mark]:
        """Where the zone is in towns' postings, and in the chain of identities as the platform."""
        rows = self._tx.rows(
            "SELECT town, posting, account FROM feed_town WHERE municipality=? AND zone=?",
            [self._home, f"{self._zone}/{month}"],
        )
        return {town: _Mark(posting, account) for town, posting, account in rows}

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
                _Placed(self._zone, UsedTicketItem(bytes(name), state in _USED))
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
        key, randomness = self._core.keys.zone(self._zone, month), self._core.randomness
        for number, some in self._numbered(cards):
            standings = self.standings.of(some, number)
            self._write(
                number,
                [
                    _Placed(
                        self._zone,
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
        new = [one for one in items if stored.get(one.place, one.unsaid) != write(one.item)]
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
                self.next_number()
                self._room = MOST_ITEMS
            part, some = some[: self._room], some[self._room :]
            self._room -= len(part)
            yield self.number, part


class _Placed(NamedTuple):
    """An item, and who is told of it: a zone, an organisation or a node."""

    scope: str
    item: AnyItem

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the feed keeps it: who is told, what kind it is and which of its kind."""
        return self.scope, item_kind(self.item), self.item.key

    @property
    def unsaid(self) -> bytes:
        """What it means that the feed says nothing there: of lists, that there are none."""
        return _NO_LISTS if isinstance(self.item, RevocationItem) else b""


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
