"""May this counter take the points while the hub is silent? Every reason, and what never helps."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.clock import At, ClockState
from sync.errors import Malformed
from sync.policy import (
    AccountFacts,
    Approved,
    AskHub,
    ClearingFacts,
    Decision,
    Lists,
    Policy,
    Reason,
    RedemptionFacts,
    Refused,
    SpendFacts,
    decide,
    decide_clearing,
    decide_redemption,
    left_of,
    near_midnight,
    read_policy,
)
from sync.records import Expiring, Tier
from sync.values import DAY, HOUR, CardState, Millis, Points

POLICY = Policy()
NOW = Millis(1_774_753_200_000)
YES = Approved(Tier.T2)
RUNNING = At(NOW, ClockState.RUNNING, Millis(NOW - HOUR))
RESTARTED = At(NOW, ClockState.RESTARTED, Millis(NOW - HOUR))
UNTRUSTED = At(NOW, ClockState.UNTRUSTED, Millis(NOW - HOUR))
FRESH = Lists(as_of=Millis(NOW - HOUR), age=HOUR)
SECOND_DAY = Lists(as_of=Millis(NOW - DAY - 1), age=DAY + 1)
ACCOUNT = AccountFacts(
    state=CardState.ACTIVE,
    deficit=False,
    available=5_000,
    expiring=(),
    later=(),
    recent=(),
    recent_count=0,
)
SPEND = SpendFacts(
    at=RUNNING,
    hub_silent=True,
    lists=FRESH,
    points=Points(300),
    account=ACCOUNT,
    float_used=0,
    float_limit=30_000,
)
TICKET = RedemptionFacts(
    at=RUNNING,
    today="2026-03-29",
    near_midnight=False,
    hub_silent=True,
    lists=FRESH,
    points=Points(500),
    valid_from="2026-03-01",
    valid_until="2026-04-30",
    online_only=False,
    accepted=True,
    in_zone=True,
    listed_as_used=False,
    seen_here=False,
    float_used=0,
    float_limit=30_000,
)


def spend(account: Mapping[str, Any] | None = None, **facts: Any) -> Decision:
    given_facts = replace(SPEND, **facts)
    if account is not None:
        given_facts = replace(given_facts, account=replace(ACCOUNT, **account))
    return decide(POLICY, given_facts)


def redeem(**facts: Any) -> Decision:
    return decide_redemption(POLICY, replace(TICKET, **facts))


def aged(age: int) -> Lists:
    return Lists(as_of=Millis(NOW - age), age=age)


def test_a_small_spend_in_a_silent_hour_is_taken() -> None:
    assert spend() == YES


def test_where_the_hub_answers_it_is_asked_whatever_is_known_here() -> None:
    assert spend(hub_silent=False) == AskHub()
    assert spend(hub_silent=False, account={"deficit": True}, points=Points(9_999_999)) == AskHub()
    assert decide(POLICY, replace(SPEND, hub_silent=False, account=None)) == AskHub()


def test_a_clock_that_nobody_trusts_takes_nothing() -> None:
    assert spend(at=UNTRUSTED) == Refused(Reason.CLOCK_UNTRUSTED)


def test_a_node_that_never_heard_the_hub_takes_nothing() -> None:
    assert spend(lists=Lists(as_of=None, age=0)) == Refused(Reason.NO_LISTS)


def test_a_day_of_full_limits_two_of_half_ones_then_nothing() -> None:
    thousand = Points(1_000)
    assert spend(lists=aged(DAY), points=thousand) == YES
    assert spend(lists=aged(DAY + 1), points=thousand) == Refused(Reason.OVER_SPEND_LIMIT)
    assert spend(lists=aged(3 * DAY), points=Points(500)) == YES
    assert spend(lists=aged(3 * DAY + 1), points=Points(1)) == Refused(Reason.LISTS_TOO_OLD)


def test_lists_of_revoked_cards_that_lapsed_narrow_what_a_card_may_and_no_ticket() -> None:
    thousand = Points(1_000)

    def lapsed(span: int) -> Lists:
        return Lists(as_of=FRESH.as_of, age=FRESH.age, good_until=Millis(NOW - span))

    assert spend(lists=lapsed(-HOUR), points=thousand) == YES
    assert spend(lists=lapsed(DAY), points=thousand) == YES
    assert spend(lists=lapsed(DAY + 1), points=thousand) == Refused(Reason.OVER_SPEND_LIMIT)
    assert spend(lists=lapsed(3 * DAY), points=Points(500)) == YES
    too_old = Refused(Reason.REVOCATION_TOO_OLD)
    assert spend(lists=lapsed(3 * DAY + 1), points=Points(1)) == too_old
    assert spend(lists=lapsed(NOW), points=Points(1)) == too_old, "never had one"
    assert redeem(lists=lapsed(NOW)) == YES


def test_whichever_is_older_counts_the_feed_or_the_lists_of_revoked_cards() -> None:
    half = Refused(Reason.OVER_SPEND_LIMIT)
    thousand = Points(1_000)

    old_feed = Lists(as_of=Millis(NOW - DAY - 1), age=DAY + 1, good_until=Millis(NOW + HOUR))
    assert spend(lists=old_feed, points=thousand) == half
    both = Lists(as_of=Millis(NOW - 4 * DAY), age=4 * DAY, good_until=Millis(NOW - 2 * DAY))
    assert spend(lists=both, points=thousand) == Refused(Reason.LISTS_TOO_OLD)
    assert spend(at=RESTARTED, points=thousand) == half
    good = Lists(as_of=FRESH.as_of, age=FRESH.age, good_until=Millis(NOW + HOUR))
    assert spend(at=RESTARTED, lists=good, points=thousand) == half


def test_a_clock_that_was_set_back_makes_lists_too_old() -> None:
    assert spend(lists=aged(-1)) == Refused(Reason.LISTS_TOO_OLD)


def test_a_stranger_waits_for_the_hub() -> None:
    assert decide(POLICY, replace(SPEND, account=None)) == Refused(Reason.NO_STANDING)


def test_a_closed_card_is_refused_each_kind_with_its_own_word() -> None:
    refused = {state: spend({"state": state}) for state in CardState}

    assert refused == {
        CardState.ACTIVE: YES,
        CardState.SUSPENDED: Refused(Reason.NOT_ACTIVE),
        CardState.CANCELLED: Refused(Reason.ID_CANCELLED),
        CardState.REVOKED: Refused(Reason.CARD_REVOKED),
        CardState.REPLACED: Refused(Reason.CARD_REPLACED),
    }


def test_a_resident_with_an_open_deficit_waits_for_the_hub() -> None:
    assert spend({"deficit": True}) == Refused(Reason.OPEN_DEFICIT)


def test_a_large_spend_waits_for_the_hub() -> None:
    assert spend(points=Points(1_000)) == YES
    assert spend(points=Points(1_001)) == Refused(Reason.OVER_SPEND_LIMIT)


def test_a_limit_says_how_much_would_have_been_taken() -> None:
    over = decide(POLICY, replace(SPEND, points=Points(1_001)))
    assert isinstance(over, Refused)
    assert over.limit == POLICY.most_per_spend
    half = decide(POLICY, replace(SPEND, points=Points(501), at=RESTARTED))
    assert isinstance(half, Refused)
    assert half.limit == POLICY.most_per_spend // 2


def test_the_fourth_spend_of_a_day_waits_for_the_hub() -> None:
    assert spend({"recent": (1, 1), "recent_count": 2}) == YES
    assert spend({"recent": (1, 1, 1), "recent_count": 3}) == Refused(Reason.TOO_MANY_SPENDS)


def test_a_reversed_spend_counts_in_number_and_not_in_points() -> None:
    assert spend({"recent": (), "recent_count": 3}) == Refused(Reason.TOO_MANY_SPENDS)
    assert spend({"recent": (), "recent_count": 2}, points=Points(1_000)) == YES


def test_a_day_s_sum_is_bounded_too() -> None:
    policy = Policy(most_in_window=1_500)
    account = replace(ACCOUNT, recent=(1_000,), recent_count=1)
    for points, said in ((500, YES), (501, Refused(Reason.OVER_DAY_LIMIT))):
        facts = replace(SPEND, account=account, points=Points(points))
        assert decide(policy, facts) == said


def test_nobody_spends_more_than_is_there() -> None:
    assert spend({"available": 300}) == YES
    assert spend({"available": 299}) == Refused(Reason.TOO_FEW_POINTS)
    assert spend({"available": 500, "later": ((NOW, 200),)}) == YES
    assert spend({"available": 500, "later": ((NOW, 201),)}) == Refused(Reason.TOO_FEW_POINTS)


def test_a_node_takes_no_more_than_its_float_until_the_hub_has_said_so() -> None:
    assert spend(float_used=29_700) == YES
    assert spend(float_used=29_701) == Refused(Reason.FLOAT_USED_UP)
    assert spend(float_limit=299) == Refused(Reason.FLOAT_USED_UP)


def test_half_limits_round_amounts_down_and_counts_up() -> None:
    odd = Policy(most_per_spend=999, most_spends=3, most_in_window=1_001)
    facts = replace(SPEND, lists=SECOND_DAY, float_limit=1_001)

    def says(points: int, **account: Any) -> Decision:
        who = replace(ACCOUNT, **account)
        return decide(odd, replace(facts, points=Points(points), account=who))

    assert says(499) == YES
    assert says(500) == Refused(Reason.OVER_SPEND_LIMIT)
    assert says(1, recent_count=1) == YES
    assert says(1, recent_count=2) == Refused(Reason.TOO_MANY_SPENDS)
    assert says(100, recent=(400,), recent_count=1) == YES
    assert says(101, recent=(400,), recent_count=1) == Refused(Reason.OVER_DAY_LIMIT)
    full = replace(facts, account=ACCOUNT, points=Points(100))
    assert decide(odd, replace(full, float_used=400)) == YES
    assert decide(odd, replace(full, float_used=401)) == Refused(Reason.FLOAT_USED_UP)


def test_a_restarted_pc_has_half_limits_even_with_fresh_lists() -> None:
    assert spend(at=RESTARTED, points=Points(500)) == YES
    assert spend(at=RESTARTED, points=Points(501)) == Refused(Reason.OVER_SPEND_LIMIT)


def lot(hours: int, points: int) -> Expiring:
    """Points that fall away so many hours from now (before now, when negative)."""
    return Expiring(Millis(NOW + hours * HOUR), Points(points))


def left(*lots: Expiring, later: tuple[tuple[int, int], ...] = (), available: int = 1_000) -> int:
    moved = tuple((Millis(NOW + hours * HOUR), points) for hours, points in later)
    account = replace(ACCOUNT, available=available, expiring=lots, later=moved)
    return left_of(account, NOW)


def test_points_fall_away_on_time() -> None:
    assert left(lot(1, 400)) == 1_000
    assert left(lot(0, 400)) == 600
    assert left(lot(-1, 400)) == 600


def test_what_was_spent_before_the_hour_had_used_the_points_that_fell_away() -> None:
    assert left(lot(-1, 400), later=((-2, 300),)) == 600  # 300 of the 400 were used in time
    assert left(lot(-1, 400), later=((-2, 500),)) == 500  # all of them were
    assert left(lot(-1, 400), later=((0, 300),)) == 300  # none: the spend came after
    assert left(lot(-1, 400), later=((-1, 300),)) == 300  # nor at the hour itself


def test_points_that_expire_first_are_used_first() -> None:
    two = (lot(-1, 200), lot(-2, 100))
    assert left(*two, later=((-3, 150),)) == 700  # 100 of the first, 50 of the second
    assert left(*two, later=((-3, 50), (-1, 10))) == 690


def a_wallet_s_way(account: AccountFacts, now: Millis) -> int:
    """The same, by moving points between lots one event after the other."""
    lots = sorted([item.at, item.points] for item in account.expiring)
    free = account.available - sum(points for _, points in lots)
    for moment, spent in sorted(account.later):
        rest = spent
        for each in lots:
            used = min(rest, each[1]) if moment < each[0] else 0
            each[1] -= used
            rest -= used
        free -= rest
    return free + sum(points for expires, points in lots if expires > now)


moments = st.integers(NOW - 10, NOW + 5).map(Millis)
past = st.integers(NOW - 10, NOW).map(Millis)
expiries = st.lists(st.builds(Expiring, moments, st.integers(1, 500)), max_size=4).map(tuple)
spends = st.lists(st.tuples(past, st.integers(1, 600)), max_size=4).map(tuple)


@given(st.integers(0, 3_000), expiries, spends)
def test_what_is_left_is_what_a_wallet_of_lots_would_have(
    available: int, expiring: tuple[Expiring, ...], later: tuple[tuple[Millis, int], ...]
) -> None:
    account = replace(ACCOUNT, available=available, expiring=expiring, later=later)
    assert left_of(account, NOW) == a_wallet_s_way(account, NOW)


@given(st.integers(0, 3_000), expiries, spends, st.integers(0, 20))
def test_waiting_never_leaves_more(
    available: int,
    expiring: tuple[Expiring, ...],
    later: tuple[tuple[Millis, int], ...],
    wait: int,
) -> None:
    account = replace(ACCOUNT, available=available, expiring=expiring, later=later)
    assert left_of(account, Millis(NOW + wait)) <= left_of(account, NOW)


policies = st.builds(
    Policy,
    most_per_spend=st.integers(0, 2_000),
    most_spends=st.integers(0, 5),
    most_in_window=st.integers(0, 4_000),
    full_for=st.integers(0, 60),
    half_for=st.integers(0, 90),
    most_per_ticket=st.integers(0, 2_000),
)
ages = st.integers(-2, 100)
states = st.sampled_from(ClockState)
spend_facts = st.builds(
    SpendFacts,
    at=st.builds(At, st.just(NOW), states, st.just(Millis(0))),
    hub_silent=st.just(True),
    lists=st.builds(Lists, as_of=st.just(NOW) | st.none(), age=ages),
    points=st.integers(1, 1_200).map(Points),
    account=st.builds(
        AccountFacts,
        state=st.sampled_from([CardState.ACTIVE, *CardState]),
        deficit=st.sampled_from([False, False, True]),
        available=st.integers(0, 6_000),
        expiring=expiries,
        later=spends,
        recent=st.lists(st.integers(1, 1_000), max_size=3).map(tuple),
        recent_count=st.integers(0, 3),
    ),
    float_used=st.integers(0, 3_000),
    float_limit=st.integers(0, 4_000),
)
more = st.integers(0, 3_000)


def older(lists: Lists, by: int) -> Lists:
    """Lists that are further from fresh; below zero, where the clock was set back further."""
    return replace(lists, age=lists.age + by if lists.age >= 0 else lists.age - by)


def worse(facts: SpendFacts, by: int) -> list[SpendFacts]:
    """The same question with one thing less favourable in each."""
    account = facts.account
    assert account is not None
    others = [
        replace(account, available=max(0, account.available - by)),
        replace(account, later=(*account.later, (NOW, by))),
        replace(account, recent=(*account.recent, by)),
        replace(account, recent_count=account.recent_count + by),
        replace(account, state=CardState.REVOKED),
        replace(account, deficit=True),
    ]
    return [
        *(replace(facts, account=other) for other in others),
        replace(facts, account=None),
        replace(facts, points=Points(facts.points + by)),
        replace(facts, lists=older(facts.lists, by)),
        replace(facts, lists=replace(facts.lists, age=-1 - by)),
        replace(facts, float_used=facts.float_used + by),
        replace(facts, float_limit=max(0, facts.float_limit - by)),
        replace(facts, at=msgspec.structs.replace(facts.at, clock=ClockState.UNTRUSTED)),
        *(
            [replace(facts, at=msgspec.structs.replace(facts.at, clock=ClockState.RESTARTED))]
            if facts.at.clock is not ClockState.UNTRUSTED
            else []
        ),
    ]


@given(policies, spend_facts, more)
def test_nothing_less_favourable_ever_approves_more(
    policy: Policy, facts: SpendFacts, by: int
) -> None:
    before = decide(policy, facts)
    for other in worse(facts, by):
        if isinstance(decide(policy, other), Approved):
            assert before == YES


@given(policies, spend_facts)
def test_what_is_approved_stays_inside_every_bound(policy: Policy, facts: SpendFacts) -> None:
    if decide(policy, facts) != YES:
        return
    account = facts.account
    assert account is not None
    assert facts.points <= policy.most_per_spend
    assert facts.points <= left_of(account, NOW) <= account.available
    assert sum(account.recent) + facts.points <= policy.most_in_window
    assert account.recent_count < policy.most_spends
    assert facts.float_used + facts.points <= facts.float_limit
    assert facts.lists.age <= policy.half_for


@given(policies, spend_facts)
def test_the_hub_asks_the_same_question_and_hears_the_same(
    policy: Policy, facts: SpendFacts
) -> None:
    assert decide(read_policy(policy.encode()), replace(facts)) == decide(policy, facts)


def test_a_good_ticket_is_taken_offline() -> None:
    assert redeem() == YES


def test_a_ticket_is_asked_about_where_the_hub_answers() -> None:
    assert redeem(hub_silent=False) == AskHub()
    assert redeem(hub_silent=False, points=Points(9_999), online_only=True) == AskHub()


@pytest.mark.parametrize("hub_silent", [True, False])
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"accepted": False}, Reason.TICKET_OTHER_TOWN),
        ({"in_zone": False}, Reason.TICKET_OTHER_ZONE),
        ({"seen_here": True}, Reason.TICKET_SEEN_HERE),
        ({"listed_as_used": True}, Reason.TICKET_USED),
    ],
)
def test_what_is_wrong_with_the_ticket_itself_needs_no_hub(
    facts: dict[str, bool], reason: Reason, hub_silent: bool
) -> None:
    assert redeem(hub_silent=hub_silent, **facts) == Refused(reason)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"at": UNTRUSTED}, Reason.CLOCK_UNTRUSTED),
        ({"lists": Lists(as_of=None, age=0)}, Reason.NO_LISTS),
        ({"lists": aged(3 * DAY + 1)}, Reason.LISTS_TOO_OLD),
        ({"today": "2026-02-28"}, Reason.TICKET_NOT_YET),
        ({"today": "2026-05-01"}, Reason.TICKET_PAST),
        ({"online_only": True}, Reason.TICKET_ONLINE_ONLY),
        ({"points": Points(1_001)}, Reason.TICKET_ONLINE_ONLY),
        ({"float_used": 29_501}, Reason.FLOAT_USED_UP),
        ({"float_used": 14_501, "lists": SECOND_DAY}, Reason.FLOAT_USED_UP),
    ],
)
def test_offline_a_ticket_is_refused_with_its_reason(facts: dict[str, Any], reason: Reason) -> None:
    assert redeem(**facts) == Refused(reason)


def test_both_ends_of_a_ticket_s_days_are_good() -> None:
    for today in ("2026-03-01", "2026-04-30"):
        assert redeem(today=today, near_midnight=True) == YES


def test_a_restarted_clock_does_not_decide_about_midnight() -> None:
    edge = {"at": RESTARTED, "today": "2026-04-30"}
    assert redeem(**edge, near_midnight=True) == Refused(Reason.TICKET_DATE_EDGE)
    assert redeem(**edge, near_midnight=False) == YES
    assert redeem(at=RESTARTED, near_midnight=True) == YES


redemptions = st.builds(
    lambda age, used, points, clock: replace(
        TICKET,
        at=At(NOW, clock, NOW),
        lists=Lists(as_of=NOW, age=age),
        float_used=used,
        float_limit=3_000,
        points=Points(points),
    ),
    ages,
    st.integers(0, 3_000),
    st.integers(1, 1_200),
    states,
)


@given(policies, redemptions, more)
def test_nothing_less_favourable_ever_redeems_more(
    policy: Policy, facts: RedemptionFacts, by: int
) -> None:
    before = decide_redemption(policy, facts)
    for other in (
        replace(facts, lists=older(facts.lists, by)),
        replace(facts, float_used=facts.float_used + by),
        replace(facts, points=Points(facts.points + by)),
        replace(facts, at=UNTRUSTED),
        replace(facts, seen_here=True),
        replace(facts, online_only=True),
    ):
        if isinstance(decide_redemption(policy, other), Approved):
            assert before == YES


STAMPED = ClearingFacts(
    at=RUNNING,
    today="2026-05-10",
    near_midnight=False,
    hub_silent=True,
    lists=FRESH,
    valid_from="2026-03-01",
    clear_until="2026-05-31",
    accepted=True,
    listed_as_used=False,
    seen_here=False,
)


def clear(**facts: Any) -> Decision:
    return decide_clearing(POLICY, replace(STAMPED, **facts))


def test_paper_that_a_shop_stamped_is_cleared_offline_after_the_ticket_s_own_last_day() -> None:
    assert clear() == YES
    assert clear(today="2026-05-31", near_midnight=True) == YES
    assert clear(lists=SECOND_DAY) == YES


def test_stamped_paper_is_asked_about_where_the_hub_answers() -> None:
    assert clear(hub_silent=False) == AskHub()
    assert clear(hub_silent=False, today="2026-06-01") == AskHub()


@pytest.mark.parametrize("hub_silent", [True, False])
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"accepted": False}, Reason.TICKET_OTHER_TOWN),
        ({"seen_here": True}, Reason.TICKET_SEEN_HERE),
        ({"listed_as_used": True}, Reason.TICKET_USED),
    ],
)
def test_what_is_wrong_with_stamped_paper_itself_needs_no_hub(
    facts: dict[str, bool], reason: Reason, hub_silent: bool
) -> None:
    assert clear(hub_silent=hub_silent, **facts) == Refused(reason)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"at": UNTRUSTED}, Reason.CLOCK_UNTRUSTED),
        ({"lists": Lists(as_of=None, age=0)}, Reason.NO_LISTS),
        ({"lists": aged(3 * DAY + 1)}, Reason.LISTS_TOO_OLD),
        ({"today": "2026-02-28"}, Reason.TICKET_NOT_YET),
        ({"today": "2026-06-01"}, Reason.CLEARING_OVER),
        (
            {"at": RESTARTED, "today": "2026-05-31", "near_midnight": True},
            Reason.TICKET_DATE_EDGE,
        ),
    ],
)
def test_offline_stamped_paper_is_refused_with_its_reason(
    facts: dict[str, Any], reason: Reason
) -> None:
    assert clear(**facts) == Refused(reason)


@given(policies)
def test_a_policy_reads_back_and_is_named_by_its_bytes(policy: Policy) -> None:
    assert read_policy(policy.encode()) == policy
    assert (policy.digest == POLICY.digest) == (policy == POLICY)


@pytest.mark.parametrize(
    "data", [b"", b"\xc0", b"\x91\x00", b"\x92\x01\xff", POLICY.encode() + b"0"]
)
def test_what_is_no_policy_is_told(data: bytes) -> None:
    with pytest.raises(Malformed, match="not a policy"):
        read_policy(data)


def test_ten_minutes_around_midnight_in_tokyo_the_date_is_in_doubt() -> None:
    def tokyo(hour: int, minute: int) -> Millis:
        moment = datetime(2026, 11, 2, hour, minute, tzinfo=ZoneInfo("Asia/Tokyo"))
        return Millis(int(moment.timestamp() * 1000))

    assert near_midnight(tokyo(23, 51))
    assert near_midnight(tokyo(0, 9))
    assert not near_midnight(tokyo(23, 49))
    assert not near_midnight(tokyo(0, 11))
