"""Public keys of cards: asked for by every batch, so kept at hand, and never wrong for it."""

import pytest

from hub.mykey import registry as registry_room
from hub.mykey.registry import MyKey
from sync.certificate import Roots
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import SECRET, card


@pytest.fixture
def registry() -> MyKey:
    return MyKey(
        databases.identities(),
        Roots({}),
        secret=SECRET,
        clock=TurnedClock(at("2026-11-02 10:00")),
        randomness=SeededRandomness("registry"),
    )


def test_a_card_that_was_unknown_when_it_was_asked_for_is_known_once_it_is_registered(
    registry: MyKey,
) -> None:
    hana, jiro = card("hana"), card("jiro")
    registry.register(hana, "", consent_points=True)

    before = registry.public_keys([hana.digest, jiro.digest])
    registry.register(jiro, "", consent_points=True)

    assert before == {hana.digest: b"hana"}
    assert registry.public_keys([jiro.digest, hana.digest]) == {
        hana.digest: b"hana",
        jiro.digest: b"jiro",
    }


def test_more_cards_than_are_kept_at_hand_are_still_all_found(
    registry: MyKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_room, "_REMEMBERED", 2)
    cards = [card(f"card {number}") for number in range(5)]
    for one in cards:
        registry.register(one, "", consent_points=True)

    for one in cards:
        assert registry.public_keys([one.digest]) == {one.digest: one.public_key}
    everybody = registry.public_keys([one.digest for one in cards])

    assert everybody == {one.digest: one.public_key for one in cards}
