"""Ordinary spends are judged as a set, and come to what they would have come to one by one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.bodies import PolicySet
from hub.intake.receive import receive
from hub.points.case import Case, Judgement
from hub.points.judge import Judge
from hub.points.ordinary import Ordinary
from sync.policy import Policy
from sync.records import Tier
from sync.values import MunicipalityCode, Points
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
    small = Policy(float_points=250)
    town.enact(PolicySet(KAWASAKI, small.encode()))
    assert shop.basis is not None
    shop.basis = structs.replace(shop.basis, policy=small.digest)
    buy(town, shop, hana, 100, 100, 100)

    with listening() as heard:
        hand_in(town, shop)

    assert len(spends(heard)) == 3
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

    with listening() as heard:
        hand_in(town, pen)

    assert len(spends(heard)) == 1
    assert (town.owed(pen), town.incidents()) == (400, [])
    with one_by_one():
        assert not town.audit()


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
