"""A counter asks when a card is put down; who asks all the time is made to wait."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import throttle
from hub.store.database import Database
from hub.throttle import AT_ONCE, EACH, Throttle
from sync.calls import HubCalls
from sync.errors import Unreachable
from sync.values import KeyDigest, Millis, NodeId
from tests.doubles.clocks import TurnedClock, at
from tests.hub.townhall import townhall

SHOP, BOOTH = NodeId("141305-B2108-1111"), NodeId("141305-B2108-1112")
CARD = KeyDigest(b"c" * 32)


def test_a_terminal_that_watches_cards_is_made_to_wait(tmp_path: Path) -> None:
    hall = townhall(tmp_path)
    shop = hall.terminal()
    for _ in range(AT_ONCE):
        shop.standing(CARD)

    with pytest.raises(Unreachable):
        shop.standing(CARD)

    assert told(hall.hub.core.database, shop) == AT_ONCE  # what was told is kept
    hall.clock.turn(ms=EACH)
    shop.standing(CARD)


def test_others_are_not_made_to_wait() -> None:
    throttle = Throttle(TurnedClock(at("2026-11-02 10:00")), at_once=1)
    throttle.take(SHOP)
    with pytest.raises(Unreachable) as caught:
        throttle.take(SHOP)
    assert caught.value.retry_after == EACH / 1000
    throttle.take(BOOTH)


@given(st.lists(st.integers(0, 10_000), max_size=60), st.integers(1, 5))
def test_nobody_gets_more_than_so_many_and_one_each_so_often(
    pauses: list[int], at_once: int
) -> None:
    clock = TurnedClock(at("2026-11-02 10:00"))
    throttle = Throttle(clock, at_once=at_once, each=Millis(1_000))
    begun, taken = clock.running(), 0
    for pause in pauses:
        clock.turn(ms=pause)
        with suppress(Unreachable):
            throttle.take(SHOP)
            taken += 1
    assert taken <= at_once + (clock.running() - begun) // 1_000


def told(database: Database, shop: HubCalls) -> int:
    with database.read() as tx:
        return int(tx.scalar("SELECT count(*) FROM told_node WHERE node=:node", node=shop.node))


def test_names_that_somebody_makes_up_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MANY", 100)
    clock = TurnedClock(at("2026-11-02 10:00"))
    tries = Throttle(clock, at_once=1, each=Millis(1_000))
    for n in range(1_000):
        assert tries.wait(f"name {n}") == 0
        clock.turn(ms=100)
    assert len(tries._full_at) <= 100
    assert tries.wait("name 999"), "who asked just now is not"
