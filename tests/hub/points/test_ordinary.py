"""Ordinary spends are judged as a set, and come to what they would have come to one by one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.bodies import PolicySet, ProgrammeAdded
from hub.intake.receive import receive
from hub.points.case import Case, Judgement
from hub.points.judge import Judge
from hub.points.ordinary import Ordinary
from sync.policy import Policy
from sync.records import Tier
from sync.values import Millis, MunicipalityCode, Points
from tests.doubles.clocks import at
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident, corner


@contextmanager
def one_by_one() -> Iterator[None]:
    """Nothing is ordinary."""

    def all_of_them(self: Ordinary) -> Iterator[Sequence[int]]:
        yield range(len(self._some.records))

    with patch.object(Ordinary, "others", all_of_them):
        yield


@contextmanager
def listening() -> Iterator[list[Case]]:
    """What is judged one by one."""
    heard: list[Case] = []
    judge = Judge.judge

    def hear(self: Judge, case: Case) -> Judgement:
        heard.append(case)
        return judge(self, case)

    with patch.object(Judge, "judge", hear):
        yield heard


def hand_in(town: Corner, *pens: Pen) -> None:
    """All of it comes before any of it is judged."""
    for pen in pens:
        receive(town.core, pen.node, pen.epoch, 1, pen.batch())
    town.round()


def spends(heard: Sequence[Case]) -> list[int]:
    """Where the spends stand that were judged one by one."""
    return [case.seq for case in heard if case.record is not None and case.record.kind == "spend"]


@pytest.fixture
def shop(town: Corner, hana: Resident) -> Pen:
    """A greengrocer that knows of Hana's 1,000 points."""
    pen = town.node(GREENGROCER)
    town.feed(pen, available=town.wallet(hana))
    return pen


def buy(town: Corner, pen: Pen, who: Resident, *prices: int) -> None:
    for price in prices:
        pen.spend(who.card, town.account(who), price, town=KAWASAKI)


def test_what_the_wallet_simply_pays_is_judged_as_a_set(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    buy(town, shop, hana, 100, 200, 300)

    with listening() as heard:
        hand_in(town, shop)

    assert not spends(heard)
    assert town.wallet(hana) == 400
    assert town.owed(shop) == 600
    assert not town.incidents()


def test_who_asks_too_much_is_judged_alone_and_nobody_else(
    town: Corner, shop: Pen, hana: Resident, jiro: Resident
) -> None:
    town.grant(jiro, 100)
    town.feed(shop, available=1_000)  # of Jiro that is not what the hub said
    buy(town, shop, hana, 100)
    buy(town, shop, jiro, 100)
    buy(town, shop, hana, 200)

    with listening() as heard:
        hand_in(town, shop)

    assert spends(heard) == [4]
    assert [reason for _, _, reason, _ in town.incidents()] == ["basis-says-more"]
    assert town.wallet(hana) == 700


def test_of_too_many_spends_those_before_the_last_are_paid_in_order(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    buy(town, shop, hana, 10, 20, 30, 40)

    with listening() as heard:
        hand_in(town, shop)

    assert len(spends(heard)) == 4
    assert [reason for _, _, reason, _ in town.incidents()] == ["too-many-spends"]


def test_what_another_shop_took_before_leaves_too_little(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    other = town.node(FISH_SHOP)
    town.feed(other, available=town.wallet(hana))
    for pen in (shop, other):
        buy(town, pen, hana, 600)

    with listening() as heard:
        hand_in(town, shop, other)

    assert len(spends(heard)) == 1
    assert town.wallet(hana) == 0
    assert [reason for _, _, reason, _ in town.incidents()] == ["overspend"]


def test_a_float_that_is_used_up_is_found_spend_by_spend(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    under(town, shop, Policy(float_points=250))
    buy(town, shop, hana, 100, 100, 100)

    with listening() as heard:
        hand_in(town, shop)

    assert len(spends(heard)) == 3
    assert [reason for _, _, reason, _ in town.incidents()] == ["float-used-up"]


def test_a_float_that_others_used_up_before_is_used_up_for_everybody(
    town: Corner, shop: Pen, hana: Resident, jiro: Resident
) -> None:
    town.grant(jiro, 200)
    town.feed(shop, available=200)
    under(town, shop, Policy(float_points=250))
    buy(town, shop, jiro, 150)
    hand_in(town, shop)
    assert not town.incidents()

    buy(town, shop, hana, 150)
    hand_in(town, shop)

    assert [reason for _, _, reason, _ in town.incidents()] == ["float-used-up"]


def test_a_card_that_was_closed_to_the_node_is_judged_alone(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    town.listed(1, hana)
    town.feed(shop, available=town.wallet(hana))
    buy(town, shop, hana, 100)

    with listening() as heard:
        hand_in(town, shop)

    assert len(spends(heard)) == 1
    assert [reason for _, _, reason, _ in town.incidents()] == ["card-revoked"]


def test_a_reversal_finds_the_sale_that_stood_before_it(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    buy(town, shop, hana, 100, 200)
    shop.reverse(shop.seq, 200, town=KAWASAKI)
    buy(town, shop, hana, 300)

    with listening() as heard:
        hand_in(town, shop)

    assert not spends(heard)
    assert town.wallet(hana) == 600
    with one_by_one():
        assert not town.audit()


def test_a_late_spend_takes_what_lapsed_since(town: Corner, hana: Resident) -> None:
    town.clock.turn(ms=at("2027-03-31 18:00") - town.clock.now())
    pen = town.node(GREENGROCER)
    town.feed(pen, available=1_000)
    buy(town, pen, hana, 400)
    town.night()
    assert town.wallet(hana) == 0
    days = ("2027-12-28", "2027-12-29", "2027-12-30", "2027-12-31")
    town.enact(ProgrammeAdded(KAWASAKI, "102", "祭", "観光課", 0, *days))
    town.grant(hana, 1_000, programme="102")

    with listening() as heard:
        hand_in(town, pen)

    assert len(spends(heard)) == 1
    assert (town.owed(pen), town.wallet(hana)) == (400, 1_000)
    assert not town.incidents()
    with one_by_one():
        assert not town.audit()


def rest(town: Corner, pen: Pen, first: int) -> None:
    """Hand in from a place on, which is judged with what came before."""
    receive(town.core, pen.node, pen.epoch, first, pen.batch(first))


def reasons(town: Corner) -> list[str]:
    return [reason for _, _, reason, _ in town.incidents()]


def under(town: Corner, shop: Pen, policy: Policy) -> None:
    """The town allows something else, and the shop has heard of it."""
    town.enact(PolicySet(KAWASAKI, policy.encode()))
    assert shop.basis is not None
    shop.basis = structs.replace(shop.basis, policy=policy.digest)


def test_what_the_node_took_before_counts_against_what_it_knew(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    buy(town, shop, hana, 600)
    hand_in(town, shop)
    town.grant(hana, 1_000)  # which the shop has not heard of

    first = shop.seq + 1
    buy(town, shop, hana, 600)
    rest(town, shop, first)
    town.round()

    assert reasons(town) == ["too-few-points"]


def test_what_was_bought_before_counts_in_number(town: Corner, shop: Pen, hana: Resident) -> None:
    buy(town, shop, hana, 10, 10, 10)
    hand_in(town, shop)

    first = shop.seq + 1
    buy(town, shop, hana, 10)
    rest(town, shop, first)
    town.round()

    assert reasons(town) == ["too-many-spends"]


def test_what_was_bought_before_counts_in_points(town: Corner, shop: Pen, hana: Resident) -> None:
    under(town, shop, Policy(most_in_window=500))
    buy(town, shop, hana, 300)
    hand_in(town, shop)

    first = shop.seq + 1
    buy(town, shop, hana, 300)
    rest(town, shop, first)
    town.round()

    assert reasons(town) == ["over-day-limit"]


def test_two_batches_of_one_posting_count_together(town: Corner, shop: Pen, hana: Resident) -> None:
    buy(town, shop, hana, 10, 10)
    rest(town, shop, 1)
    first = shop.seq + 1
    buy(town, shop, hana, 10, 10)
    rest(town, shop, first)

    with listening() as heard:
        town.round()

    assert spends(heard) == [5, 6]
    assert reasons(town) == ["too-many-spends"]


def test_a_spend_by_the_node_s_own_word_still_uses_the_hold_that_it_names(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    n, asked = town.hold(shop, hana, 300)
    assert asked.granted
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, hold=n)

    hand_in(town, shop)

    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert not [name for name in town.balances() if name.startswith("hold:")]


def test_who_only_says_that_the_hub_was_asked_is_judged_alone(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0)

    with listening() as heard:
        hand_in(town, shop)

    assert spends(heard) == [3]


def test_points_of_no_town_and_the_card_of_another_are_no_ordinary_spends(
    town: Corner, shop: Pen, hana: Resident, jiro: Resident
) -> None:
    account = town.account(hana)
    shop.spend(hana.card, account, 100, town=MunicipalityCode("011002"))
    shop.spend(jiro.card, account, 100, town=KAWASAKI)

    with listening() as heard:
        hand_in(town, shop)

    assert len(spends(heard)) == 2
    assert reasons(town) == ["other-account", "other-account"]


def test_a_shop_that_the_town_has_not_accepted_sells_nothing_ordinary(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    with town.core.database.write() as tx:
        tx.run("DELETE FROM acceptance")
    buy(town, shop, hana, 100)

    hand_in(town, shop)

    assert reasons(town) == ["not-accepted"]
    assert town.wallet(hana) == 1_000


def test_points_that_fell_away_for_the_node_are_not_spent_as_a_set(
    town: Corner, hana: Resident
) -> None:
    town.clock.turn(ms=at("2027-03-31 20:00") - town.clock.now())
    pen = town.node(GREENGROCER)
    town.feed(pen, available=1_000)
    town.clock.turn(hours=8)  # past midnight, and the night's work is still to come
    pen.at = town.clock.now()
    buy(town, pen, hana, 400)

    hand_in(town, pen)

    assert reasons(town) == ["too-few-points"]


def test_a_clock_that_runs_ahead_sells_when_it_is_handed_in(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    shop.at = Millis(town.clock.now() + 60_000)
    buy(town, shop, hana, 100)

    hand_in(town, shop)

    with town.core.database.read() as tx:
        moments = tx.rows("SELECT at FROM transfer WHERE source=?", [shop.node])
    assert moments == [(town.clock.now(),)]


WHO, SHOP, SUMS = st.integers(0, 1), st.integers(0, 1), st.integers(1, 700)
DEEDS = st.one_of(
    st.tuples(st.just("buys"), SHOP, WHO, SUMS),
    st.tuples(st.just("buys"), SHOP, WHO, SUMS),
    st.tuples(st.just("buys"), SHOP, WHO, SUMS),
    st.tuples(st.just("buys with the other town's points"), SHOP, WHO, SUMS),
    st.tuples(st.just("buys with the card of the other"), SHOP, WHO, SUMS),
    st.tuples(st.just("asks first"), SHOP, WHO, SUMS),
    st.tuples(st.just("says that it asked first"), SHOP, WHO, SUMS),
    st.tuples(st.just("takes back"), SHOP, WHO, st.integers(1, 3)),
    st.tuples(st.just("hears the news"), SHOP, WHO, st.sampled_from([0, 300, 6_000])),
    st.tuples(st.just("waits"), SHOP, WHO, st.integers(1, 30)),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deeds=st.lists(DEEDS, min_size=1, max_size=14),
    more=st.lists(DEEDS, max_size=6),
    granted=st.tuples(st.integers(1, 3_000), st.integers(1, 3_000)),
    expires=st.booleans(),
)
def test_any_mixture_comes_to_the_same_as_one_by_one(
    card_keys: list[RSAPrivateKey],
    deeds: Sequence[tuple[str, int, int, int]],
    more: Sequence[tuple[str, int, int, int]],
    granted: tuple[int, int],
    *,
    expires: bool,
) -> None:
    town = corner()
    people = [town.resident(key) for key in card_keys]
    for who, points in zip(people, granted, strict=True):
        town.grant(who, points)
        town.grant(who, 500, town=TOSHIMA)
    if expires:
        town.clock.turn(ms=at("2027-03-31 08:00") - town.clock.now())
    pens = [town.node(GREENGROCER), town.node(FISH_SHOP)]
    for pen in pens:
        town.feed(pen, available=min(town.wallet(who) for who in people))
    for some in (deeds, more):
        for deed in some:
            do(town, pens, people, *deed)
        if expires:
            town.night()
        hand_in(town, *pens)

    with one_by_one():
        assert not town.audit()


def do(town: Corner, pens: Sequence[Pen], people: Sequence[Resident], *deed: str | int) -> None:
    """One thing that happens at a shop while the hub is silent."""
    what, shop, person, number = deed
    pen, who = pens[int(shop)], people[int(person)]
    where: MunicipalityCode = TOSHIMA if "other town" in str(what) else KAWASAKI
    card = people[1 - int(person)].card if "of the other" in str(what) else who.card
    points = Points(int(number))
    if what == "takes back":
        if pen.seq > 2 + points:
            pen.reverse(pen.seq - points + 1, 1, town=KAWASAKI)
    elif what == "hears the news":
        receipted = min(pen.seq, points)
        town.feed(pen, available=min(6_000, town.wallet(who) + points), receipted=receipted)
    elif what == "waits":
        town.clock.turn(hours=points)
        pen.at = town.clock.now()
    elif what == "asks first":
        n, asked = town.hold(pen, who, points)
        if asked.granted:
            pen.spend(card, town.account(who), points, town=where, tier=Tier.T0, hold=n)
    else:
        tier = Tier.T0 if what == "says that it asked first" else Tier.T2
        pen.spend(card, town.account(who, where), points, town=where, tier=tier)
