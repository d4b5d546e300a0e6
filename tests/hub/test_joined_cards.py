"""A renewed card takes the place of the earlier one: at its counter at once, elsewhere by news."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.forms import JoinCardForm, RefuseJoinForm
from node.card.cardfile import CardFile
from node.card.tap import Tap
from node.outcome import (
    Approved,
    ChosenId,
    JoinedCard,
    NumberLook,
    Prepared,
    Refused,
    SeenMember,
    Voucher,
)
from sync.cardkey import Algorithm
from sync.members import MemberStep
from sync.records import Tier
from tests.hub.twoshops import (
    GRANTED,
    MEI,
    PRICE,
    TOWN,
    Street,
    digest_of,
    joined,
    pin,
    two_shops,
    why,
)


@pytest.fixture
def street(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> Iterator[Street]:
    with two_shops(tmp_path, card_keys[0]) as found:
        yield found


# -- with the earlier card there


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_renewed_card_of_any_kind_spends_what_the_earlier_one_had(
    street: Street, algorithm: Algorithm
) -> None:
    earlier, renewed = street.registered(), street.card(algorithm)

    answer = street.here.renew(renewed, earlier)

    assert isinstance(answer, JoinedCard)
    assert (answer.mykey_id, answer.state) == (MEI, "joined")
    assert street.here.exactly(renewed) == GRANTED
    assert street.here.spend(renewed) is Tier.T0
    street.here.sync()
    assert street.points() == GRANTED - PRICE
    street.elsewhere.sync()
    assert street.elsewhere.spend(renewed, offline=True) is Tier.T2, "the news brought it"


def test_the_earlier_card_ends_at_once_here_and_by_the_next_page_elsewhere(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    assert street.elsewhere.spend(earlier) is Tier.T0
    street.elsewhere.sync()

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    assert street.here.spend(earlier) == "card-replaced"
    assert street.here.exactly(earlier) == "card-replaced"
    assert why(street.here.counter.balances(earlier)) == "card-replaced", "nor without a PIN"
    assert street.here.spend(earlier, offline=True) == "card-replaced", (
        "the answer brought the news"
    )
    assert street.elsewhere.spend(earlier, offline=True) is Tier.T2, "it cannot know yet"
    street.elsewhere.sync()
    assert street.elsewhere.spend(earlier, offline=True) == "card-replaced"
    assert street.points() == GRANTED - 2 * PRICE, "what happened is judged as any other"
    assert {row.verdict for row in street.elsewhere.counter.history()} == {"applied"}


def test_the_counter_where_it_is_done_needs_no_news(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    assert street.here.spend(renewed, offline=True) is Tier.T2
    assert street.here.spend(earlier, offline=True) == "card-replaced"


def test_the_news_brings_a_counter_the_card_that_it_never_saw(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    street.elsewhere.sync()

    assert joined(street.here.renew(renewed, earlier)) == "joined"
    street.elsewhere.sync()

    assert street.elsewhere.spend(renewed, offline=True) is Tier.T2


def test_a_person_may_have_many_cards(street: Street) -> None:
    card, phone, other = street.registered(), street.card(), street.card(Algorithm.ES384)

    assert joined(street.here.renew(phone, card, keep=True)) == "joined"
    assert joined(street.here.renew(other, phone, keep=True)) == "joined"

    assert [street.here.spend(each) for each in (card, phone, other)] == [Tier.T0] * 3
    street.here.sync()
    assert {street.here.exactly(each) for each in (card, phone, other)} == {GRANTED - 3 * PRICE}
    assert street.hall.hub.residents.show(street.hall.sato, MEI).cards == 3


def test_of_three_cards_only_the_one_that_vouched_is_replaced(street: Street) -> None:
    card, phone, renewed = street.registered(), street.card(), street.card()
    street.here.renew(phone, card, keep=True)

    assert joined(street.here.renew(renewed, card)) == "joined"

    assert street.here.spend(card) == "card-replaced"
    assert street.here.spend(phone) is Tier.T0
    assert street.here.spend(renewed) is Tier.T0


def test_an_earlier_card_that_was_kept_may_be_replaced_later(street: Street) -> None:
    card, phone = street.registered(), street.card()
    street.here.renew(phone, card, keep=True)

    assert joined(street.here.renew(phone, card)) == "joined"

    assert street.here.spend(card) == "card-replaced"
    assert street.here.spend(phone) is Tier.T0


def test_an_expired_card_still_vouches_for_the_one_that_renews_it(street: Street) -> None:
    earlier = street.registered()
    for clock in (street.hall.clock, street.here.clock, street.elsewhere.clock):
        clock.turn(days=6 * 365)
    renewed = street.card()
    assert street.here.spend(earlier) == "card-expired"

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    assert street.here.exactly(renewed) == GRANTED


def test_a_number_at_the_shop_goes_with_the_person_and_not_with_the_card(street: Street) -> None:
    counter = street.here.counter
    earlier, renewed = street.registered(), street.card(Algorithm.ES256)
    linked = counter.set_number(earlier, pin(), "789145")
    assert isinstance(linked, NumberLook)

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    found = counter.number_of(renewed)
    assert isinstance(found, NumberLook)
    assert found.number == "789145"
    assert why(counter.number_of(earlier)) == "card-replaced"


def test_who_forgot_the_id_sees_it_with_the_renewed_card(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    street.here.renew(renewed, earlier)

    seen = street.here.counter.member(renewed, pin(), MemberStep.SEE)

    assert isinstance(seen, SeenMember)
    assert (seen.mykey_id, seen.cards) == (MEI, 1)
    assert why(street.here.counter.member(earlier, pin(), MemberStep.RESUME)) == "card-replaced"


def test_a_card_that_is_replaced_while_its_spend_is_in_flight(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    prepared = street.here.counter.prepare(earlier, TOWN, PRICE)
    assert isinstance(prepared, Prepared)
    other = street.here.counter.prepare(earlier, TOWN, PRICE)
    assert isinstance(other, Prepared), "the last one counts"

    assert joined(street.elsewhere.renew(renewed, earlier)) == "joined"

    assert why(street.here.counter.take(other, renewed, pin())) == "other-card"
    assert isinstance(street.here.counter.take(other, earlier, pin()), Approved)
    street.here.sync()
    assert {row.verdict for row in street.here.counter.history()} == {"applied"}
    assert street.points() == GRANTED - PRICE, "its points were kept before it was replaced"
    assert street.here.spend(earlier) == "card-replaced"


# -- without the earlier card


def test_the_heir_of_a_lost_card_waits_for_the_desk_and_then_has_everything(
    street: Street,
) -> None:
    lost, new = street.registered(), street.card(Algorithm.ES384)
    desk, sato = street.hall.hub.residents, street.hall.sato
    street.elsewhere.sync()

    asked = street.here.counter.join(new, pin(), MEI)
    assert joined(asked) == "waiting"
    assert street.here.spend(new) == "no-accepted-town", "an ID is no key"
    assert street.here.spend(lost) is Tier.T0, "nor does asking end anything"

    assert isinstance(asked, JoinedCard)
    [row] = desk.joins(sato)
    assert row.card == asked.fingerprint
    form = JoinCardForm(card=row.card, evidence="identity-document-seen")
    desk.join(sato, row.mykey_id, form)

    assert joined(street.here.counter.join(new, pin(), MEI)) == "joined"
    assert street.here.spend(new, offline=True) is Tier.T2
    assert street.here.spend(lost) == "card-replaced"
    street.elsewhere.sync()
    assert street.elsewhere.spend(lost, offline=True) == "card-replaced"
    assert street.elsewhere.spend(new, offline=True) is Tier.T2
    street.here.sync()
    street.elsewhere.sync()
    assert street.points() == GRANTED - 3 * PRICE


def test_the_desk_says_no_and_the_counter_tells_it(street: Street) -> None:
    card, new = street.registered(), street.card()
    desk, sato = street.hall.hub.residents, street.hall.sato
    asked = street.here.counter.join(new, pin(), MEI)
    assert isinstance(asked, JoinedCard)

    desk.refuse_join(sato, MEI, RefuseJoinForm(card=asked.fingerprint, why="another-person"))

    assert joined(street.here.counter.join(new, pin(), MEI)) == "refused"
    assert street.here.spend(card) is Tier.T0


# -- what does not go through


def test_a_replaced_card_opens_nothing_more(street: Street) -> None:
    earlier, renewed, another = street.registered(), street.card(), street.card()
    street.here.renew(renewed, earlier)

    assert joined(street.here.renew(another, earlier)) == "card-replaced"
    chosen = street.here.counter.choose_id(["MEI00002"])
    assert isinstance(chosen, ChosenId)
    again = street.here.counter.register(earlier, pin(), chosen, consent=True)
    assert why(again) == "card-replaced"
    assert joined(street.here.renew(earlier, renewed)) == "card-replaced", "only the desk may"


def test_a_strangers_card_is_joined_to_nobody(street: Street) -> None:
    mei, stranger = street.registered(), street.card()
    chosen = street.here.counter.choose_id(["JIRO0001"])
    assert isinstance(chosen, ChosenId)
    street.here.counter.register(stranger, pin(), chosen, consent=True)

    assert joined(street.here.renew(stranger, mei)) == "card-has-an-id"
    assert joined(street.here.counter.join(stranger, pin(), MEI)) == "card-has-an-id"
    assert street.here.spend(mei) is Tier.T0


def test_two_cards_that_were_mixed_up_change_nothing(street: Street) -> None:
    mei, renewed = street.registered(), street.card()

    assert joined(street.here.renew(mei, renewed)) == "earlier-card-unknown"
    assert joined(street.here.renew(mei, mei)) == "same-card"
    assert joined(street.here.renew(renewed, mei)) == "joined"


@pytest.mark.parametrize(
    ("what", "why", "said"),
    [("suspend", "card-stolen", "not-active"), ("cancel", "asked-here", "mykey-id-cancelled")],
)
def test_a_card_that_is_closed_vouches_for_nobody(
    street: Street, what: str, why: str, said: str
) -> None:
    mei, renewed = street.registered(), street.card()
    getattr(street.hall.hub.residents, what)(street.hall.sato, MEI, why)

    assert joined(street.here.renew(renewed, mei)) == said
    assert street.here.spend(renewed) == "no-accepted-town"


def test_a_silent_hub_joins_nothing_and_loses_nothing(street: Street) -> None:
    mei, renewed = street.registered(), street.card()
    voucher = street.here.counter.vouch(mei, pin(), digest_of(renewed), keep=False)
    assert isinstance(voucher, Voucher)
    street.here.line.up = False

    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "hub-silent"
    asked = street.here.counter.vouch(mei, pin(), digest_of(renewed), keep=False)
    assert why(asked) == "hub-silent"

    street.here.line.up = True
    street.here.counter.probe()
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "joined"


def test_a_voucher_is_good_for_ten_minutes_and_for_one_card(street: Street) -> None:
    mei, renewed, other = street.registered(), street.card(), street.card()
    voucher = street.here.counter.vouch(mei, pin(), digest_of(renewed), keep=False)
    assert isinstance(voucher, Voucher)
    assert joined(street.here.counter.join(other, pin(), voucher)) == "other-card"

    street.hall.clock.turn(minutes=9)
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "joined"
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "joined", "the same answer"
    street.hall.clock.turn(minutes=1)
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "challenge-gone"


def test_an_earlier_card_that_is_locked_says_so_before_anything_is_asked(street: Street) -> None:
    mei, renewed = street.registered(), street.card()
    with closing(CardFile(Path(mei.removeprefix("soft:")))) as held:
        held.tries = 0
    street.here.line.up = False

    assert joined(street.here.renew(renewed, mei)) == "pin-locked"


def test_a_wrong_pin_costs_a_try_of_that_card_only(street: Street) -> None:
    mei, renewed = street.registered(), street.card()

    wrong = street.here.counter.vouch(mei, bytearray(b"0000"), digest_of(renewed), keep=False)

    assert isinstance(wrong, Refused)
    assert (wrong.reason, wrong.tries_left) == ("wrong-pin", 2)
    with Tap(renewed) as tap:
        assert tap.tries_left == 3
    assert joined(street.here.renew(renewed, mei)) == "joined"
