"""A card that is reported lost: at a hub's desk, and at a counter that is on line or not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.forms import GrantForm, NewIdForm
from node.outcome import ChosenId, Refused
from sync.records import Tier
from sync.values import MyKeyId
from tests.faults.corner import GRANTED
from tests.faults.programs import PIN
from tests.hub.corner import KAWASAKI
from tests.hub.greengrocer import PRICE, Shop, greengrocer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with greengrocer(tmp_path) as opened:
        yield opened


def test_a_lost_card_is_refused_after_the_next_sync_until_it_is_found(shop: Shop) -> None:
    desk = shop.hub.residents
    assert shop.sold(offline=False) is Tier.T0

    shop.line.cut = True
    desk.suspend(shop.operator, shop.mykey_id, "asked-by-phone")
    assert shop.sold(offline=True) is Tier.T2, "the counter cannot know yet"
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE, "what happened is judged as any other"

    assert shop.refused(offline=True) == "not-active"
    assert shop.refused(offline=False) == "not-active"
    looked = shop.counter.balances(shop.card, bytearray(PIN))
    assert isinstance(looked, Refused)
    assert looked.reason == "not-active"

    desk.resume(shop.operator, shop.mykey_id, "card-found")
    shop.sync()
    assert shop.sold(offline=True) is Tier.T2
    assert shop.sold(offline=False) is Tier.T0
    shop.sync()
    assert shop.points() == GRANTED - 4 * PRICE


def test_a_counter_on_line_hears_of_it_with_the_next_question(shop: Shop) -> None:
    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "card-stolen")

    assert shop.refused(offline=False) == "not-active"
    assert shop.refused(offline=True) == "not-active", "the answer brought the news"


def test_a_changed_id_is_nothing_that_a_counter_notices(shop: Shop) -> None:
    form = NewIdForm(new_id="HANA2026", why="known-to-others")
    shop.mykey_id = MyKeyId(
        shop.hub.residents.change_id(shop.operator, shop.mykey_id, form).mykey_id
    )

    assert shop.sold(offline=False) is Tier.T0
    assert shop.sold(offline=True) is Tier.T2
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE


def test_who_left_spends_nothing_more_and_registers_as_somebody_new(shop: Shop) -> None:
    ended = shop.hub.residents.cancel(shop.operator, shop.mykey_id, "asked-here")
    assert [row.available for row in ended.left] == [GRANTED]
    assert shop.sold(offline=True) is Tier.T2, "the counter cannot know yet"
    shop.sync()
    assert shop.refused(offline=True) == "mykey-id-cancelled"
    assert shop.refused(offline=False) == "mykey-id-cancelled"

    shop.line.cut = False
    shop.counter.probe()
    chosen = shop.counter.choose_id(["HANA2026"])
    assert isinstance(chosen, ChosenId)
    made = shop.counter.register(shop.card, bytearray(PIN), chosen, consent=True)

    assert not isinstance(made, Refused)
    assert (made.mykey_id, made.known_before) == ("HANA2026", False)
    shop.sync()
    assert shop.points() == GRANTED - PRICE
    assert shop.refused(offline=False) == "no-accepted-town", "she begins with nothing"

    shop.hub.treasury.grant(
        shop.operator,
        GrantForm(mykey_id=made.mykey_id, municipality=KAWASAKI, points=PRICE, programme="101"),
    )
    assert shop.sold(offline=False) is Tier.T0
    shop.sync()
    assert shop.points() == GRANTED - PRICE, "what was left stays where it was"
