"""A challenge is for one node, one request, two minutes."""

from collections.abc import Callable

import pytest

from hub.challenges import LIFE, MOST, VOUCHER_LIFE, Challenges
from sync.errors import RefusedByRule
from sync.values import NodeId
from tests.doubles.clocks import SeededRandomness, TurnedClock, at

SHOP, BOOTH = NodeId("141305-B2108-1111"), NodeId("141305-B2108-1112")


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(at("2026-11-02 10:00"))


@pytest.fixture
def challenges(clock: TurnedClock) -> Challenges:
    return Challenges(clock, SeededRandomness("challenges"))


def test_each_is_fresh(challenges: Challenges) -> None:
    assert len({challenges.give(SHOP) for _ in range(100)}) == 100


def test_another_node_cannot_use_it(challenges: Challenges) -> None:
    challenge = challenges.give(SHOP)
    assert refused(lambda: challenges.use(challenge, BOOTH, b"look")) == "challenge-gone"
    challenges.use(challenge, SHOP, b"look")


def test_the_same_request_may_come_twice_another_may_not(challenges: Challenges) -> None:
    challenge = challenges.give(SHOP)
    challenges.use(challenge, SHOP, b"look")
    challenges.use(challenge, SHOP, b"look")
    assert refused(lambda: challenges.use(challenge, SHOP, b"register")) == "challenge-used"


def test_it_lives_to_its_last_millisecond(challenges: Challenges, clock: TurnedClock) -> None:
    challenge = challenges.give(SHOP)
    clock.turn(ms=LIFE - 1)
    challenges.use(challenge, SHOP, b"look")
    clock.turn(ms=1)
    assert refused(lambda: challenges.use(challenge, SHOP, b"look")) == "challenge-gone"


def test_a_flood_pushes_out_only_that_nodes_oldest_and_fills_no_memory(
    challenges: Challenges,
) -> None:
    booths = challenges.give(BOOTH)
    first = challenges.give(SHOP)

    flood = [challenges.give(SHOP) for _ in range(MOST)]

    assert refused(lambda: challenges.use(first, SHOP, b"look")) == "challenge-gone"
    challenges.use(flood[0], SHOP, b"look")
    challenges.use(booths, BOOTH, b"look")


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(RefusedByRule) as caught:
        ask()
    return caught.value.reason


def test_a_prefecture_of_nodes_that_asked_once_fills_no_memory(
    challenges: Challenges, clock: TurnedClock
) -> None:
    for place in range(300):
        challenges.give(NodeId(f"141305-B2108-{1111 + place}"))
        clock.turn(ms=VOUCHER_LIFE // 10)

    assert len(challenges._given) <= 11
