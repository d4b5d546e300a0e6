"""What comes down: numbered items, signed a page at a time, applied whole or not at all.

Each item has a kind and a key; a later item of the same kind and key replaces the earlier one. So
a node that has applied every page knows what the hub knew "as of" the last page's moment.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from sync.clock import Moment
from sync.records.bodies import Counter
from sync.standing import Asof
from sync.values import MunicipalityCode, NodeId

MOST_ITEMS = 2_000
"""Items in one page."""


class Item(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all items. ``key`` is what it is filed under within its kind."""

    @property
    def key(self) -> str:
        """What the item is filed under."""
        return ""


class PolicyItem(Item, frozen=True, tag="policy"):
    """The policy of a municipality."""

    municipality: MunicipalityCode
    policy: bytes

    @property
    def key(self) -> str:
        """One a municipality."""
        return self.municipality


class LimitItem(Item, frozen=True, tag="limit"):
    """A node's own float, where it differs from the policy's."""

    float_points: Counter


class TownItem(Item, frozen=True, tag="town"):
    """A municipality whose points this organisation may take."""

    municipality: MunicipalityCode
    name: str
    point_name: str
    accepted: bool

    @property
    def key(self) -> str:
        """One a municipality."""
        return self.municipality


class PaymentDayItem(Item, frozen=True, tag="payment-day"):
    """When a municipality pays what its shops take today, for the end of a day at the counter."""

    municipality: MunicipalityCode
    day: Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    """In Asia/Tokyo."""

    @property
    def key(self) -> str:
        """One a municipality."""
        return self.municipality


class ProgrammeItem(Item, frozen=True, tag="programme"):
    """A programme whose tickets may be issued: its three digits, name and last days."""

    municipality: MunicipalityCode
    programme: str
    name: str
    issue_until: str
    use_until: str
    clear_until: str = ""
    """Until when a ticket counter clears what a shop stamped in time; empty: not told."""

    @property
    def key(self) -> str:
        """One a programme."""
        return f"{self.municipality}/{self.programme}"


class TicketKeyItem(Item, frozen=True, tag="ticket-key"):
    """A municipality's public ticket key (Ed25519, 32 bytes)."""

    municipality: MunicipalityCode
    public: Annotated[bytes, Meta(min_length=32, max_length=32)]

    @property
    def key(self) -> str:
        """Any number a municipality: old keys stay while their tickets live."""
        return f"{self.municipality}/{self.public.hex()}"


class RevocationItem(Item, frozen=True, tag="revocation"):
    """How long what standings say of cards may be believed: the issuers' lists behind it.

    A hub that never had a source of lists sends no such item.
    """

    good_until: Counter | None
    """When the first of the lists that count lapses; 0: none was ever taken, or one is lacking.
    None: the hub asks for lists no more."""


class UsedTicketItem(Item, frozen=True, tag="used"):
    """A ticket that was redeemed, by truncated hash of its signature."""

    name: Annotated[bytes, Meta(min_length=16, max_length=16)]
    used: bool = True
    """False: the redemption was taken back, the ticket lives again."""

    @property
    def key(self) -> str:
        """One a ticket."""
        return self.name.hex()


class ZoneKeyItem(Item, frozen=True, tag="zone-key"):
    """The zone's key of a month, with which standings open."""

    month: str
    zone_key: Annotated[bytes, Meta(min_length=32, max_length=32)]

    @property
    def key(self) -> str:
        """One a month."""
        return self.month


class SealingKeyItem(Item, frozen=True, tag="sealing-key"):
    """The hub's public sealing key of a month (X25519, 32 bytes)."""

    month: str
    public: Annotated[bytes, Meta(min_length=32, max_length=32)]

    @property
    def key(self) -> str:
        """One a month."""
        return self.month


class StandingItem(Item, frozen=True, tag="standing"):
    """A resident's sealed row."""

    month: str
    row: Annotated[bytes, Meta(min_length=16, max_length=16)]
    sealed: bytes

    @property
    def key(self) -> str:
        """One a card and month."""
        return f"{self.month}/{self.row.hex()}"


class SettledItem(Item, frozen=True, tag="settled"):
    """A settlement window of a municipality is settled: its records may be let go in time."""

    municipality: MunicipalityCode
    window: Counter
    at: Moment

    @property
    def key(self) -> str:
        """One a window."""
        return f"{self.municipality}/{self.window}"


AnyItem = (
    PolicyItem
    | LimitItem
    | TownItem
    | PaymentDayItem
    | ProgrammeItem
    | TicketKeyItem
    | RevocationItem
    | UsedTicketItem
    | ZoneKeyItem
    | SealingKeyItem
    | StandingItem
    | SettledItem
)


class Page(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One page of the feed."""

    incarnation: str
    node: NodeId
    after: Counter
    """The feed number this page continues; 0 begins anew: what was known before is dropped."""
    number: Counter
    complete: bool
    """Whether the node now knows everything as of ``as_of``."""
    as_of: Asof
    items: tuple[AnyItem, ...]


def item_kind(item: Item) -> str:
    """The item's kind as it stands in the bytes."""
    return str(item.__struct_config__.tag)
