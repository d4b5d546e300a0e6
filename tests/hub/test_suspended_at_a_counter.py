"""A card that is closed, by its holder's word or its issuer's: at a hub, and at a counter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.forms import GrantForm, NewIdForm
from node.card.demo import take_back
from node.outcome import ChosenId, Refused
from sync import demolist
from sync.records import Tier
from sync.revocation import Kind
from sync.values import MyKeyId
from tests.faults.corner import GRANTED
from tests.faults.programs import PIN
from tests.hub.corner import KAWASAKI
from tests.hub.greengrocer import PRICE, Shop, greengrocer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with greengrocer(tmp_path) as opened:
        yield opened


def issuer_says(shop: Shop, kind: Kind | None) -> None:
    """Hanako's issuer takes her card back, or ends that; its list lands where the hub looks."""
    ca, lists = shop.folder / "ca", shop.folder / "all.crl"
    now = shop.hub.core.clock.now()
    take_back(Path(shop.card.removeprefix("soft:")), ca, kind, at=now)
    lists.write_bytes(demolist.make_list(ca, at=now))
    shop.hub.revoking.set_source(shop.operator, f"file:{lists}")
    [last] = shop.hub.revoking.load(shop.operator).last
    assert [row.outcome for row in last.offered] == ["taken"]


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


def test_a_card_that_its_issuer_takes_back_is_refused_until_the_hold_ends_or_for_good(
    shop: Shop,
) -> None:
    assert shop.sold(offline=True) is Tier.T2
    issuer_says(shop, Kind.HELD)
    assert shop.sold(offline=True) is Tier.T2, "the counter cannot know yet"
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE, "what happened is judged as any other"
    assert shop.refused(offline=True) == "card-revoked"
    assert shop.refused(offline=False) == "card-revoked"
    looked = shop.counter.balances(shop.card, bytearray(PIN))
    assert isinstance(looked, Refused)
    assert looked.reason == "card-revoked"

    issuer_says(shop, None)
    shop.sync()
    assert shop.sold(offline=True) is Tier.T2

    issuer_says(shop, Kind.REVOKED)
    shop.sync()
    assert shop.refused(offline=True) == "card-revoked"
    shop.sync()
    chosen = shop.counter.choose_id(["HANA2026"])
    assert isinstance(chosen, ChosenId)
    made = shop.counter.register(shop.card, bytearray(PIN), chosen, consent=True)
    assert isinstance(made, Refused)
    assert made.reason == "card-revoked"


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
