"""May this counter take the points while the hub is silent? One pure question, asked at both ends.

1. Where the hub answers, it is asked: a hold first, then the record. Nothing here refuses that.
2. Where it is silent, the age of the last complete feed sets how much is allowed: full limits for
   a day, half limits until the third day ends, then nothing. For a card that age is also counted
   from when the revocation lists behind the hub's word lapsed: a ticket needs no card.
3. A person without a standing here, a closed card and one with an open deficit wait for the hub.
4. A spend is bounded four times: by itself, by count and sum for this account and node in a day,
   by the standing's balance, and by the node's float of spends without a stored receipt.
5. Points that expire fall away on time: what this node's spends from before that hour had not used.

Nothing here reads a clock or opens a file, so the hub can ask the same question again later with
what the node knew, and must get the same answer.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from sync.clock import TOKYO_AHEAD, At, ClockState
from sync.errors import Malformed
from sync.records import Expiring, Tier
from sync.values import DAY, CardState, Millis, Points
from sync.wire import laid_out

Limit = Annotated[int, Meta(ge=0, le=10**9)]


class Policy(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a municipality allows offline. Data: versioned, signed in the feed, named by digest."""

    version: Annotated[int, Meta(ge=1)] = 1
    most_per_spend: Limit = 1_000
    most_spends: Limit = 3
    """Spends an account may make at one node within ``window``."""
    most_in_window: Limit = 3_000
    window: Annotated[int, Meta(ge=0, le=10**10)] = DAY
    float_points: Limit = 30_000
    ticket_float: Limit = 30_000
    most_per_ticket: Limit = 1_000
    warn_at_percent: Annotated[int, Meta(ge=1, le=100)] = 70
    full_for: Annotated[int, Meta(ge=0, le=10**10)] = DAY
    half_for: Annotated[int, Meta(ge=0, le=10**10)] = 3 * DAY
    standing_cap: Limit = 6_000
    """The most a standing says about one account's balance."""
    hand_in_for: Annotated[int, Meta(ge=0, le=10**11)] = 30 * DAY

    def encode(self) -> bytes:
        """The policy's bytes."""
        return msgspec.msgpack.encode(self)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the policy's bytes: its name in records."""
        return hashlib.sha256(self.encode()).digest()


def read_policy(data: bytes) -> Policy:
    """Read a policy's bytes; raises Malformed."""
    try:
        return msgspec.msgpack.decode(data, type=laid_out(Policy))
    except msgspec.MsgspecError as error:
        raise Malformed(f"not a policy: {error}") from None


class Reason(StrEnum):
    """Why a counter may not take points now. The values are read by scripts."""

    CLOCK_UNTRUSTED = "clock-untrusted"
    NO_LISTS = "no-lists"
    LISTS_TOO_OLD = "lists-too-old"
    REVOCATION_TOO_OLD = "revocation-too-old"
    NO_STANDING = "no-standing"
    NOT_ACTIVE = "not-active"
    ID_CANCELLED = "mykey-id-cancelled"
    CARD_REVOKED = "card-revoked"
    CARD_REPLACED = "card-replaced"
    OPEN_DEFICIT = "open-deficit"
    OVER_SPEND_LIMIT = "over-spend-limit"
    TOO_MANY_SPENDS = "too-many-spends"
    OVER_DAY_LIMIT = "over-day-limit"
    TOO_FEW_POINTS = "too-few-points"
    FLOAT_USED_UP = "float-used-up"
    TICKET_ONLINE_ONLY = "ticket-online-only"
    TICKET_NOT_YET = "ticket-not-yet"
    TICKET_PAST = "ticket-past"
    TICKET_DATE_EDGE = "ticket-date-edge"
    TICKET_USED = "ticket-used"
    TICKET_VOIDED = "ticket-voided"
    TICKET_SEEN_HERE = "ticket-seen-here"
    TICKET_OTHER_TOWN = "ticket-other-town"
    TICKET_OTHER_ZONE = "ticket-other-zone"
    CLEARING_OVER = "clearing-over"


_CLOSED: Final = MappingProxyType(
    {
        CardState.SUSPENDED: Reason.NOT_ACTIVE,
        CardState.CANCELLED: Reason.ID_CANCELLED,
        CardState.REVOKED: Reason.CARD_REVOKED,
        CardState.REPLACED: Reason.CARD_REPLACED,
    }
)


def closed(state: CardState) -> Reason | None:
    """Why a card in this state opens nothing; None where it opens everything that is its own."""
    return _CLOSED.get(state)


@dataclass(frozen=True, slots=True)
class Approved:
    """The points may be taken now."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class AskHub:
    """The hub answers: ask it for a hold."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The points may not be taken now."""

    reason: Reason
    limit: int | None = field(default=None, compare=False)
    """What would have been allowed, in points or times, to be told; None where it is no number."""


Decision = Approved | AskHub | Refused
_APPROVED: Final = Approved(Tier.T2)


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """How fresh what this node knows is."""

    as_of: Millis | None
    """When the hub made the last complete feed page that is stored here; None before the first."""
    age: int
    """Its age in ms by the node's clock (after a restart the larger of two measures)."""
    good_until: Millis | None = None
    """Until when the hub's revocation lists are in force, as that page says; None: it has none."""


class AccountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the standing says of one account, and what this node did since."""

    state: CardState
    """The card's: closed to one, the account may be open to its holder's other cards."""
    deficit: bool
    available: int
    expiring: tuple[Expiring, ...]
    later: tuple[tuple[Millis, int], ...]
    """This node's records that the standing does not count yet: (moment, points)."""
    recent: tuple[int, ...]
    """Points of this account's T2 spends at this node within the policy's window (reversed ones
    count in number, not in points)."""
    recent_count: int


class SpendFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides about one spend."""

    at: At
    hub_silent: bool
    lists: Lists
    points: Points
    account: AccountFacts | None
    float_used: int
    """Points of T2 spends of this node whose final receipt is not stored."""
    float_limit: int


class RedemptionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides about one scanned ticket whose signature is good."""

    at: At
    today: str
    """The node's date in Asia/Tokyo, ``YYYY-MM-DD``."""
    near_midnight: bool
    hub_silent: bool
    lists: Lists
    points: Points
    valid_from: str
    valid_until: str
    online_only: bool
    accepted: bool
    in_zone: bool
    listed_as_used: bool
    seen_here: bool
    float_used: int
    float_limit: int


class ClearingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides about one stamped ticket of a pile whose signature is good."""

    at: At
    today: str
    """The node's date in Asia/Tokyo, ``YYYY-MM-DD``."""
    near_midnight: bool
    hub_silent: bool
    lists: Lists
    valid_from: str
    clear_until: str
    """The last day on which it is paid: the programme's, and never before the ticket's own."""
    accepted: bool
    listed_as_used: bool
    seen_here: bool


EDGE_OF_DAY = Millis(10 * 60 * 1000)
"""How near to midnight a clock that was restarted may be wrong about the date."""


def near_midnight(now: Millis) -> bool:
    """Whether midnight in Asia/Tokyo is so near that a doubtful clock may have the wrong date."""
    since = (now + TOKYO_AHEAD) % DAY
    return min(since, DAY - since) < EDGE_OF_DAY


def divisor(policy: Policy, at: At, lists: Lists) -> int | Refused:
    """1 for full limits, 2 for half limits, or why nothing is allowed."""
    if at.clock is ClockState.UNTRUSTED:
        return Refused(Reason.CLOCK_UNTRUSTED)
    if lists.as_of is None:
        return Refused(Reason.NO_LISTS)
    if not 0 <= lists.age <= policy.half_for:  # a clock set back is stale too
        return Refused(Reason.LISTS_TOO_OLD)
    return 1 if lists.age <= policy.full_for and at.clock is not ClockState.RESTARTED else 2


def card_divisor(policy: Policy, at: At, lists: Lists) -> int | Refused:
    """The same for what a card opens: its state is as old as the older of feed and lists."""
    half = divisor(policy, at, lists)
    if isinstance(half, Refused) or lists.good_until is None:
        return half
    behind = at.ms - lists.good_until
    if behind > policy.half_for:
        return Refused(Reason.REVOCATION_TOO_OLD)
    return half if behind <= policy.full_for else 2


def left_of(account: AccountFacts, now: Millis) -> int:
    """Points that may still be spent from what the standing says."""
    if not account.later and not account.expiring:  # mostly
        return account.available
    spent = sum(points for _, points in account.later)
    fallen = covered = 0
    for lot in sorted(account.expiring, key=lambda lot: lot.at):
        if lot.at > now:
            break
        before = sum(points for moment, points in account.later if moment < lot.at)
        used = max(0, min(lot.points, before - covered))
        covered += used
        fallen += lot.points - used
    return account.available - spent - fallen


def decide(policy: Policy, facts: SpendFacts) -> Decision:
    """Say whether this node may take a spend."""
    if not facts.hub_silent:
        return AskHub()
    half = card_divisor(policy, facts.at, facts.lists)
    if isinstance(half, Refused):
        return half
    account = facts.account
    if account is None:
        return Refused(Reason.NO_STANDING)
    why = closed(account.state)
    if why is not None:
        return Refused(why)
    if account.deficit:
        return Refused(Reason.OPEN_DEFICIT)
    if facts.points > policy.most_per_spend // half:
        return Refused(Reason.OVER_SPEND_LIMIT, policy.most_per_spend // half)
    most_spends = -(-policy.most_spends // half)  # counts are rounded up
    if account.recent_count + 1 > most_spends:
        return Refused(Reason.TOO_MANY_SPENDS, most_spends)
    if sum(account.recent) + facts.points > policy.most_in_window // half:
        return Refused(Reason.OVER_DAY_LIMIT, policy.most_in_window // half)
    if facts.points > left_of(account, facts.at.ms):
        return Refused(Reason.TOO_FEW_POINTS)
    if facts.float_used + facts.points > facts.float_limit // half:
        return Refused(Reason.FLOAT_USED_UP, facts.float_limit // half)
    return _APPROVED


def decide_redemption(policy: Policy, facts: RedemptionFacts) -> Decision:
    """Say whether this node may take a ticket whose signature it has checked.

    What is wrong with the ticket itself is refused whether or not the hub answers.
    """
    if not facts.accepted:
        return Refused(Reason.TICKET_OTHER_TOWN)
    if not facts.in_zone:
        return Refused(Reason.TICKET_OTHER_ZONE)
    if facts.seen_here:
        return Refused(Reason.TICKET_SEEN_HERE)
    if facts.listed_as_used:
        return Refused(Reason.TICKET_USED)
    if not facts.hub_silent:
        return AskHub()
    half = divisor(policy, facts.at, facts.lists)
    if isinstance(half, Refused):
        return half
    outside = _outside(facts, facts.valid_until, Reason.TICKET_PAST)
    if outside is not None:
        return outside
    if facts.online_only:
        return Refused(Reason.TICKET_ONLINE_ONLY)
    if facts.points > policy.most_per_ticket:
        return Refused(Reason.TICKET_ONLINE_ONLY, policy.most_per_ticket)
    if facts.float_used + facts.points > facts.float_limit // half:
        return Refused(Reason.FLOAT_USED_UP, facts.float_limit // half)
    return _APPROVED


def decide_clearing(policy: Policy, facts: ClearingFacts) -> Decision:
    """Say whether this node may clear a stamped ticket whose signature it has checked.

    The shop took it before and hands nothing out now. So neither zones nor the limit of a ticket
    nor a float bound it, and its own last day may be over: the shop's stamp says when it was taken.
    """
    if not facts.accepted:
        return Refused(Reason.TICKET_OTHER_TOWN)
    if facts.seen_here:
        return Refused(Reason.TICKET_SEEN_HERE)
    if facts.listed_as_used:
        return Refused(Reason.TICKET_USED)
    if not facts.hub_silent:
        return AskHub()
    half = divisor(policy, facts.at, facts.lists)
    if isinstance(half, Refused):
        return half
    outside = _outside(facts, facts.clear_until, Reason.CLEARING_OVER)
    if outside is not None:
        return outside
    return _APPROVED


def _outside(facts: RedemptionFacts | ClearingFacts, last: str, over: Reason) -> Refused | None:
    """Why today is not from a ticket's first day to its ``last``, both included; None: it is.

    At either end a clock that was restarted is not believed near midnight.
    """
    if facts.today < facts.valid_from:
        return Refused(Reason.TICKET_NOT_YET)
    if facts.today > last:
        return Refused(over)
    edge = facts.today in (facts.valid_from, last)
    if edge and facts.near_midnight and facts.at.clock is ClockState.RESTARTED:
        return Refused(Reason.TICKET_DATE_EDGE)
    return None
