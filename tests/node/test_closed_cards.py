"""Cards that open nothing: each with its own word, with and without the hub; and stale lists."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.cardfile import create
from node.outcome import Approved, Refused
from sync.democa import DemoCa
from sync.feed import RevocationItem
from sync.policy import Reason, closed
from sync.values import DAY, HOUR, CardState, Millis, Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import NOON, Shop, pin

CLOSED = [state for state in CardState if state is not CardState.ACTIVE]


def spend(shop: Shop, points: int) -> Approved | Refused:
    return shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())


def refused(shop: Shop, points: int = 300) -> str:
    outcome = spend(shop, points)
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


@pytest.mark.parametrize("state", CLOSED)
def test_a_closed_card_is_refused_offline_by_its_own_word_before_any_pin(
    shop: Shop, state: CardState
) -> None:
    shop.hub.wallets[shop.key].state = state
    shop.counter.sync_now()
    shop.cut()

    for town in (KAWASAKI, None):
        said = shop.counter.prepare(shop.card, town, Points(100))
        assert isinstance(said, Refused)
        assert said.reason == closed(state)
        assert said.detail
    assert shop.counter.look_up(shop.card).closed == closed(state)
    assert shop.counter.look_up(shop.card).tries_left == 3


@pytest.mark.parametrize("state", CLOSED)
def test_a_closed_card_says_its_own_word_where_the_hub_answers(
    shop: Shop, state: CardState
) -> None:
    shop.hub.wallets[shop.key].state = state

    said = shop.counter.prepare(shop.card, None, Points(100))

    assert isinstance(said, Refused)
    assert said.reason == closed(state)


def test_a_card_that_opens_again_is_taken_again(shop: Shop) -> None:
    shop.hub.wallets[shop.key].state = CardState.REVOKED
    shop.counter.sync_now()
    shop.hub.wallets[shop.key].state = CardState.ACTIVE
    shop.counter.sync_now()
    shop.cut()

    assert isinstance(spend(shop, 300), Approved)
    assert shop.counter.look_up(shop.card).closed is None


def test_an_expired_card_says_that_it_expired(
    shop: Shop, tmp_path: Path, card_keys: list[RSAPrivateKey]
) -> None:
    old = tmp_path / "old.card"
    ca = DemoCa.create(tmp_path / "ca", at=Millis(NOON - 3_000 * DAY), key=card_keys[0])
    create(old, ca, pin(), at=Millis(NOON - 2_000 * DAY), key=card_keys[1])

    said = shop.counter.prepare(f"soft:{old}", None, Points(100))

    assert isinstance(said, Refused)
    assert said.reason == "card-expired"


def test_a_hubs_stale_list_halves_then_ends_what_cards_may_without_it(shop: Shop) -> None:
    shop.hub.good_until = Millis(NOON - DAY + HOUR)
    shop.counter.sync_now()
    assert shop.counter.status().revocation_since == NOON - DAY + HOUR
    assert shop.counter.status().offline_limit == 30_000
    shop.cut()
    assert isinstance(spend(shop, 1_000), Approved), "less than a day late"

    shop.mend()
    shop.hub.good_until = Millis(NOON - 2 * DAY)
    shop.counter.sync_now()
    shop.cut()
    assert refused(shop, 501) == Reason.OVER_SPEND_LIMIT
    assert shop.counter.status().offline_limit == 15_000

    shop.mend()
    shop.hub.good_until = Millis(0)
    shop.counter.sync_now()
    shop.cut()
    assert refused(shop, 1) == Reason.REVOCATION_TOO_OLD
    assert shop.counter.status().offline_limit == 0
    assert shop.counter.status().ticket_float_left == 30_000, "a ticket needs no card"


def test_a_list_in_force_or_none_wanted_narrows_nothing(shop: Shop) -> None:
    for good_until in (Millis(NOON + DAY), None):
        shop.hub.good_until = good_until
        shop.counter.sync_now()
        shop.cut()
        assert isinstance(spend(shop, 500), Approved)
        assert shop.counter.status().revocation_since is None
        shop.mend()


def test_where_the_hub_answers_it_decides_whatever_its_list(shop: Shop) -> None:
    shop.hub.good_until = Millis(0)
    shop.counter.sync_now()

    assert isinstance(spend(shop, 1_500), Approved)


def test_who_only_looks_at_a_node_sees_the_same(shop: Shop) -> None:
    from node.looking import status_of

    shop.hub.good_until = Millis(NOON - DAY)
    shop.counter.sync_now()

    assert RevocationItem(shop.hub.good_until).key == ""
    assert status_of(shop.folder).revocation_since == NOON - DAY
