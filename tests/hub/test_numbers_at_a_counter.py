"""S1 and S2 through everything: the card in the shop, the node, its line, the hub and the desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.forms import NumbersForm
from node.outcome import ChosenId, NumberLook, Refused, RegisteredCard
from tests.faults.programs import PIN
from tests.hub.greengrocer import Shop, greengrocer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with greengrocer(tmp_path) as found:
        yield found


def looked(shop: Shop) -> NumberLook:
    """What one touch of Hanako's card says."""
    found = shop.counter.number_of(shop.card)
    assert isinstance(found, NumberLook), found
    return found


def test_a_file_from_the_office_makes_the_card_a_member_card(shop: Shop) -> None:
    assert (looked(shop).registered, looked(shop).number) == (True, "")
    organisation = shop.counter.parts.identity.organisation
    form = NumbersForm(file=f"{shop.mykey_id},789145\n".encode("cp932"), apply=True)

    assert shop.hub.numbers.load(shop.operator, organisation, form).applied

    assert looked(shop).number == "789145"
    changed = shop.counter.set_number(shop.card, bytearray(PIN), "234209")
    assert isinstance(changed, NumberLook)
    assert looked(shop).number == "234209"
    back = shop.counter.set_number(shop.card, bytearray(PIN), "")
    assert isinstance(back, NumberLook)
    assert shop.hub.numbers.show(shop.operator, organisation).numbers == 0


def test_a_lost_card_tells_no_number(shop: Shop) -> None:
    shop.counter.set_number(shop.card, bytearray(PIN), "789145")
    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "asked-by-phone")

    told = shop.counter.number_of(shop.card)

    assert isinstance(told, Refused)
    assert told.reason == "not-active"


def test_who_left_chooses_a_new_id_and_the_earlier_one_is_taken(shop: Shop) -> None:
    shop.hub.residents.cancel(shop.operator, shop.mykey_id, "asked-here")
    assert not looked(shop).registered

    first = shop.counter.choose_id([shop.mykey_id])
    assert first == ChosenId(mykey_id="", generated=False, taken=(shop.mykey_id,))
    third = shop.counter.choose_id([shop.mykey_id] * 3)
    assert isinstance(third, ChosenId)
    assert third.generated
    made = shop.counter.register(shop.card, bytearray(PIN), third, consent=True)

    assert isinstance(made, RegisteredCard)
    assert (made.mykey_id, made.generated, made.known_before) == (third.mykey_id, True, False)
    now = looked(shop)
    assert (now.registered, now.number, now.tries_left) == (True, "", 3)


def test_without_the_line_nobody_is_called_anything(shop: Shop) -> None:
    shop.line.cut = True
    shop.counter.probe()

    answers = (shop.counter.number_of(shop.card), shop.counter.choose_id(()))

    assert [found.reason for found in answers if isinstance(found, Refused)] == ["hub-silent"] * 2
