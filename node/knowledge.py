"""What the hub has told this node: the feed, applied whole or not at all, and lone standings.

Pages are staged until one says that it is complete; then everything staged becomes valid in one
transaction, together with its moment. A feed that begins anew (another incarnation) replaces what
was known. A standing that comes alone (with the answer to a hold, or for a card that was shown)
replaces only an older one: newer is what :attr:`sync.standing.Asof.order` says is larger.

Zone keys are wrapped under the node's own key before they are stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import msgspec

from node.keys import Keys
from node.store import Store
from node.timekeeping import Timekeeper
from sync.clock import day_of
from sync.errors import Damaged, Malformed, NotAuthentic
from sync.feed import (
    AnyItem,
    Item,
    LimitItem,
    Page,
    PaymentDayItem,
    PolicyItem,
    ProgrammeItem,
    RevocationItem,
    SealingKeyItem,
    StandingItem,
    TicketKeyItem,
    TownItem,
    UsedTicketItem,
    ZoneKeyItem,
    item_kind,
)
from sync.policy import Policy, read_policy
from sync.standing import Asof, LoneStanding, Standing, ZoneKey
from sync.values import KeyDigest, Millis, MunicipalityCode, NodeId
from sync.wire import laid_out, read, write

_I = TypeVar("_I", bound=Item)
_STATE = "feed"
_PUT = "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?)"
"""Asia/Tokyo has had no summer time since 1951; the name would need a database of zones."""


class FeedState(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where the feed stands: what is valid, and what is staged."""

    as_of: Asof | None = None
    """Moment of the last complete page; None before the first."""
    ran: int = 0
    """How long the machine had run when it came."""
    incarnation: str = ""
    number: int = 0
    """The feed number to ask after: the last page's, staged or valid."""
    anew: bool = False
    """What is staged replaces everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStanding:
    """A card's standing as this node has it, and how new it is."""

    standing: Standing
    as_of: Asof


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read since the last page came and each decision asks for again, by town."""

    policies: dict[MunicipalityCode, tuple[Policy, bytes]] = field(default_factory=dict)
    towns: dict[MunicipalityCode, TownItem | None] = field(default_factory=dict)
    limits: dict[str, LimitItem | None] = field(default_factory=dict)


class Knowledge:
    """Everything that came down."""

    def __init__(self, store: Store, keys: Keys, time: Timekeeper, node: NodeId) -> None:
        self._store = store
        self._keys = keys
        self._time = time
        self._node = node
        self._zone_keys: tuple[ZoneKey, ...] | None = None
        self._read = Read()
        self.state = store.kept(_STATE, FeedState) or FeedState()

    def apply(self, page: Page) -> None:
        """Take one page in. Raises NotAuthentic (another node's), Malformed (not the next one)."""
        state = self.state
        if page.node != self._node:
            raise NotAuthentic(f"a feed page for {page.node}, not for {self._node}")
        anew = page.after == 0
        if not anew and (page.incarnation, page.after) != (state.incarnation, state.number):
            raise Malformed(f"feed: page after {page.after}; the next one is after {state.number}")
        with self._store.transaction():
            if anew:
                self._store.execute("DELETE FROM staged")
            for item in page.items:
                self._stage(item, page.number)
            state = msgspec.structs.replace(
                state,
                incarnation=page.incarnation,
                number=page.number,
                anew=anew or state.anew,
            )
            if page.complete:
                if state.anew:
                    self._store.execute("DELETE FROM item")
                self._store.execute("INSERT OR REPLACE INTO item SELECT * FROM staged")
                self._store.execute("DELETE FROM staged")
                state = msgspec.structs.replace(
                    state, as_of=page.as_of, ran=self._time.ran(), anew=False
                )
            self._store.keep(_STATE, state)
        self.state = state
        self._zone_keys, self._read = None, Read()

    def _stage(self, item: AnyItem, number: int) -> None:
        payload = msgspec.msgpack.encode(item)
        if isinstance(item, ZoneKeyItem):
            payload = self._keys.wrap(payload)
        self._store.execute(_PUT, (item_kind(item), item.key, number, payload))

    def keep_lone(self, lone: LoneStanding) -> None:
        """Keep a standing that came alone, unless the one here is newer."""
        incarnation, number = lone.as_of.order
        self._store.execute(
            "INSERT INTO lone VALUES (?, ?, ?, ?) ON CONFLICT (row) DO UPDATE SET"
            " incarnation = excluded.incarnation, number = excluded.number, bytes = excluded.bytes"
            " WHERE (excluded.incarnation, excluded.number) >= (incarnation, number)",
            (lone.row, incarnation, number, write(lone)),
        )

    def standing(self, card: KeyDigest) -> KnownStanding | None:
        """The newest standing of a card; None when there is none or it says "no account"."""
        newest: tuple[tuple[int, int], Asof, ZoneKey, bytes] | None = None
        for zone in self.zone_keys():
            for as_of, sealed in self._rows(zone, card):
                if newest is None or as_of.order > newest[0]:
                    newest = (as_of.order, as_of, zone, sealed)
        if newest is None or not newest[3]:
            return None
        _, as_of, zone, sealed = newest
        return KnownStanding(standing=zone.open(card, sealed), as_of=as_of)

    def _rows(self, zone: ZoneKey, card: KeyDigest) -> Iterable[tuple[Asof, bytes]]:
        row = zone.row_of(card)
        lone = self._store.row("SELECT bytes FROM lone WHERE row = ?", (row,))
        if lone is not None:
            alone = read(lone[0], LoneStanding)
            yield alone.as_of, alone.sealed
        found = self._one(StandingItem, f"{zone.month}/{row.hex()}")
        if found is not None and self.state.as_of is not None:
            yield self.state.as_of, found.sealed

    def zone_keys(self) -> tuple[ZoneKey, ...]:
        """The zone's keys that are held, the latest month first."""
        if self._zone_keys is None:
            items = self._all(ZoneKeyItem)
            latest_first = sorted(items, key=lambda item: item.month, reverse=True)
            self._zone_keys = tuple(ZoneKey(item.month, item.zone_key) for item in latest_first)
        return self._zone_keys

    def policy(self, town: MunicipalityCode) -> tuple[Policy, bytes]:
        """A town's policy and its digest; the defaults and no digest before one came."""
        have = self._read.policies  # a page that comes meanwhile begins another one
        if town not in have:
            item = self._one(PolicyItem, town)
            policy = Policy() if item is None else read_policy(item.policy)
            have[town] = policy, b"" if item is None else policy.digest
        return have[town]

    def float_limit(self, policy: Policy) -> int:
        """The float of this node: its own where the hub set one, else the policy's."""
        have = self._read.limits
        if "" not in have:
            have[""] = self._one(LimitItem, "")
        own = have[""]
        return policy.float_points if own is None else own.float_points

    def town(self, town: MunicipalityCode) -> TownItem | None:
        """What is known of a town, if anything."""
        have = self._read.towns
        if town not in have:
            have[town] = self._one(TownItem, town)
        return have[town]

    def payment_day(self, town: MunicipalityCode) -> date | None:
        """When a town pays what its shops take now, as far as the hub has said."""
        item = self._one(PaymentDayItem, town)
        return None if item is None else date.fromisoformat(item.day)

    def good_until(self) -> Millis | None:
        """Until when the hub's revocation lists are in force; None: it asks for none."""
        item = self._one(RevocationItem, "")
        return None if item is None or item.good_until is None else Millis(item.good_until)

    def programmes(self) -> list[ProgrammeItem]:
        """The programmes whose tickets may be issued, of all towns."""
        return self._all(ProgrammeItem)

    def clears_until(self, town: MunicipalityCode, programme: str) -> str:
        """A programme's last day of clearing (Asia/Tokyo); empty: not known here."""
        item = self._one(ProgrammeItem, f"{town}/{programme}")
        return "" if item is None else item.clear_until

    def ticket_keys(self) -> dict[MunicipalityCode, tuple[bytes, ...]]:
        """Every town's public ticket keys."""
        keys: dict[MunicipalityCode, tuple[bytes, ...]] = {}
        for item in self._all(TicketKeyItem):
            keys[item.municipality] = (*keys.get(item.municipality, ()), item.public)
        return keys

    def is_used(self, name: bytes) -> bool:
        """Whether the hub's list says that a ticket was used or voided, and is so still."""
        item = self._one(UsedTicketItem, name.hex())
        return item is not None and item.used

    def sealing_key(self, now: Millis) -> SealingKeyItem | None:
        """The hub's sealing key of this month, else the latest one that is known."""
        items = {item.month: item for item in self._all(SealingKeyItem)}
        if not items:
            return None
        month = day_of(now)[:7]
        return items.get(month) or items[max(items)]

    def _one(self, kind: type[_I], key: str) -> _I | None:
        tag = str(kind.__struct_config__.tag)
        row = self._store.row("SELECT payload FROM item WHERE kind = ? AND key = ?", (tag, key))
        return None if row is None else self._decode(row[0], kind)

    def _all(self, kind: type[_I]) -> list[_I]:
        tag = str(kind.__struct_config__.tag)
        rows = self._store.rows("SELECT payload FROM item WHERE kind = ? ORDER BY key", (tag,))
        return [self._decode(payload, kind) for (payload,) in rows]

    def _decode(self, payload: bytes, kind: type[_I]) -> _I:
        if kind is ZoneKeyItem:
            payload = self._keys.unwrap(payload)
        try:
            return msgspec.msgpack.decode(payload, type=laid_out(kind))
        except msgspec.MsgspecError as error:
            raise Damaged(f"a stored feed item cannot be read: {error}") from None
