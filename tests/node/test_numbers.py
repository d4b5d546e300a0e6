"""Service numbers at a counter: one touch to look, the PIN to link; nothing of it is kept here."""

import pytest

from node.outcome import NumberLook, Refused
from sync.errors import Malformed
from sync.values import KeyDigest
from tests.node.conftest import Shop, pin


def test_one_touch_says_the_number_or_that_there_is_none(shop: Shop) -> None:
    assert shop.counter.number_of(shop.card) == NumberLook(
        card=shop.key, registered=False, number="", tries_left=3
    )

    shop.register("HANAKO01")
    shop.hub.services[shop.key] = "789145"

    assert shop.counter.number_of(shop.card) == NumberLook(
        card=shop.key, registered=True, number="789145", tries_left=3
    )


def test_a_number_is_linked_and_taken_back_under_the_pin(shop: Shop) -> None:
    shop.register("HANAKO01")

    linked = shop.counter.set_number(shop.card, pin(), "７８９１４５ ")
    assert isinstance(linked, NumberLook)
    assert (linked.number, shop.hub.services[shop.key]) == ("789145", "789145")

    back = shop.counter.set_number(shop.card, pin(), "")
    assert isinstance(back, NumberLook)
    assert back.number == ""


def test_a_number_that_can_be_none_asks_the_card_nothing_and_forgets_the_pin(shop: Shop) -> None:
    typed = pin()

    with pytest.raises(Malformed, match="no spaces"):
        shop.counter.set_number(shop.card, typed, "78 91")

    assert not any(typed)
    assert not any("challenges" in request for request in shop.hub.requests)


def test_a_wrong_pin_links_nothing_and_is_told_with_its_tries(shop: Shop) -> None:
    shop.register("HANAKO01")

    told = shop.counter.set_number(shop.card, bytearray(b"0000"), "789145")

    assert isinstance(told, Refused)
    assert (told.reason, told.tries_left) == ("wrong-pin", 2)
    assert shop.hub.services == {}


def test_somebody_elses_number_is_refused(shop: Shop) -> None:
    shop.register("HANAKO01")
    shop.hub.services[KeyDigest(b"x" * 32)] = "789145"

    told = shop.counter.set_number(shop.card, pin(), "789145")

    assert isinstance(told, Refused)
    assert told.reason == "number-taken"


def test_without_the_hub_no_number_is_known(shop: Shop) -> None:
    shop.register("HANAKO01")
    shop.cut()

    looked = shop.counter.number_of(shop.card)
    linked = shop.counter.set_number(shop.card, pin(), "789145")

    assert isinstance(looked, Refused)
    assert isinstance(linked, Refused)
    assert {looked.reason, linked.reason} == {"hub-silent"}
