"""Spending at the counter, with the hub and without it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.cardfile import create
from node.outcome import Approved, Prepared, Refused
from sync.democa import DemoCa
from sync.records import Spend, Tier, decode
from sync.values import MunicipalityCode, Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import NOON, Shop, pin


def spend(shop: Shop, points: int) -> Approved | Refused:
    return shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())


def test_with_the_hub_the_points_are_held_first_and_nobody_bears_a_loss(shop: Shop) -> None:
    done = spend(shop, 1_500)

    assert isinstance(done, Approved)
    assert done.tier is Tier.T0
    assert done.balance_after == 3_500
    shop.counter.sync_now()
    assert shop.hub.balance(shop.key) == 3_500
    assert shop.counter.status().waiting == 0


def test_without_the_hub_policy_decides_and_the_record_says_from_what(shop: Shop) -> None:
    shop.cut()

    done = spend(shop, 800)

    assert isinstance(done, Approved)
    assert done.tier is Tier.T2
    assert done.balance_after == 4_200
    row = shop.counter.parts.store.row("SELECT bytes FROM record ORDER BY seq DESC LIMIT 1")
    assert row is not None
    body = decode(row[0]).body
    assert isinstance(body, Spend)
    assert body.basis.available == 5_000
    assert body.basis.silent_since > 0
    assert shop.counter.status().offline_left == 30_000 - 800


def test_the_limits_hold_without_the_hub(shop: Shop) -> None:
    shop.cut()

    assert isinstance(too_much := spend(shop, 1_001), Refused)
    for _ in range(3):
        assert isinstance(spend(shop, 1_000), Approved)
    assert isinstance(too_many := spend(shop, 1), Refused)

    assert too_much.reason == "over-spend-limit"
    assert too_many.reason == "too-many-spends"


def test_the_first_silence_is_waited_for_once_and_the_attempt_is_named(shop: Shop) -> None:
    shop.hub.silent = True

    done = spend(shop, 300)

    assert isinstance(done, Approved)
    assert done.tier is Tier.T2
    row = shop.counter.parts.store.row("SELECT bytes FROM record WHERE seq = ?", (done.seq,))
    assert row is not None
    body = decode(row[0]).body
    assert isinstance(body, Spend)
    assert body.hold == 1


def test_an_answer_that_was_lost_is_used_and_not_doubled(shop: Shop) -> None:
    shop.hub.lose_answers = 1  # the hub holds 300, but nobody here heard it

    done = spend(shop, 300)
    shop.mend()
    shop.counter.sync_now()

    assert isinstance(done, Approved)
    assert done.tier is Tier.T2
    assert shop.hub.balance(shop.key) == 4_700
    assert not shop.hub.holds


def test_a_refusal_by_the_hub_replaces_what_was_known_so_pulling_the_cable_does_not_help(
    shop: Shop,
) -> None:
    shop.hub.wallets[shop.key].points = 100

    refused = spend(shop, 500)
    shop.cut()
    again = spend(shop, 500)

    assert isinstance(refused, Refused)
    assert refused.reason == "too-few-points"
    assert isinstance(again, Refused)
    assert again.reason == "too-few-points"


def test_a_wrong_pin_moves_nothing_and_may_be_tried_again(shop: Shop) -> None:
    prepared = shop.counter.prepare(shop.card, None, Points(400))
    assert isinstance(prepared, Prepared)
    assert prepared.available == 5_000

    wrong = shop.counter.take(prepared, shop.card, bytearray(b"9999"))
    right = shop.counter.take(prepared, shop.card, pin())

    assert isinstance(wrong, Refused)
    assert (wrong.reason, wrong.tries_left) == ("wrong-pin", 2)
    assert isinstance(right, Approved)
    assert right.tier is Tier.T0


def test_what_was_prepared_and_dropped_frees_its_hold(shop: Shop) -> None:
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(400))
    assert isinstance(prepared, Prepared)
    assert shop.hub.balance(shop.key) == 4_600

    shop.counter.drop(prepared)
    shop.counter.sync_now()

    assert shop.hub.balance(shop.key) == 5_000
    taken = shop.counter.take(prepared, shop.card, pin())
    assert isinstance(taken, Refused)
    assert taken.reason == "attempt-over"


def test_after_a_wrong_pin_the_whole_wallet_can_still_be_spent(shop: Shop) -> None:
    wrong = shop.counter.spend(shop.card, KAWASAKI, Points(5_000), bytearray(b"9999"))
    assert isinstance(wrong, Refused)
    assert wrong.reason == "wrong-pin"

    assert isinstance(spend(shop, 5_000), Approved)
    assert shop.hub.balance(shop.key) == 0


def test_points_of_a_sale_given_up_are_on_the_card_when_it_is_put_down_again(shop: Shop) -> None:
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(5_000))
    assert isinstance(prepared, Prepared)
    shop.counter.drop(prepared)

    (town,) = shop.counter.look_up(shop.card).towns

    assert town.available == 5_000


def test_nothing_more_is_asked_of_the_hub_where_nothing_was_given_up(shop: Shop) -> None:
    shop.hub.requests.clear()

    shop.counter.prepare(shop.card, KAWASAKI, Points(400))

    assert [line for line in shop.hub.requests if "/records/" in line] == []


def test_preparing_another_spend_gives_up_the_one_before(shop: Shop) -> None:
    first = shop.counter.prepare(shop.card, KAWASAKI, Points(400))
    second = shop.counter.prepare(shop.card, KAWASAKI, Points(500))
    assert isinstance(first, Prepared)
    assert isinstance(second, Prepared)

    assert isinstance(shop.counter.take(second, shop.card, pin()), Approved)
    shop.counter.sync_now()

    assert shop.hub.balance(shop.key) == 4_500
    assert not shop.hub.holds


def test_a_restart_in_between_ends_the_attempt(shop: Shop) -> None:
    shop.counter.prepare(shop.card, KAWASAKI, Points(400))

    shop.restart()
    shop.counter.sync_now()

    assert shop.hub.balance(shop.key) == 5_000


def test_offline_spends_are_subtracted_until_they_are_counted(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 1_500
    shop.counter.sync_now()
    shop.cut()

    assert isinstance(spend(shop, 1_000), Approved)
    assert isinstance(refused := spend(shop, 600), Refused)
    assert refused.reason == "too-few-points"
    shop.mend()
    shop.counter.sync_now()
    shop.cut()
    assert isinstance(spend(shop, 500), Approved)


def test_after_the_line_is_back_waiting_records_go_up_before_the_next_hold(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 1_000
    shop.counter.sync_now()
    shop.cut()
    assert isinstance(spend(shop, 1_000), Approved)
    shop.mend()

    refused = spend(shop, 500)

    assert isinstance(refused, Refused)
    assert refused.reason == "too-few-points"
    assert shop.hub.balance(shop.key) == 0


def test_without_lists_for_three_days_nothing_is_taken(shop: Shop) -> None:
    shop.cut()
    shop.clock.advance(hours=25)
    assert isinstance(half := spend(shop, 501), Refused)
    assert half.reason == "over-spend-limit"
    assert isinstance(spend(shop, 500), Approved)

    shop.clock.advance(hours=48)

    assert isinstance(old := spend(shop, 100), Refused)
    assert old.reason == "lists-too-old"


def test_a_sale_taken_back_before_anybody_counted_it_gives_its_points_back_at_once(
    shop: Shop,
) -> None:
    shop.hub.wallets[shop.key].points = 1_000
    shop.counter.sync_now()
    shop.cut()
    wrong = spend(shop, 1_000)
    assert isinstance(wrong, Approved)
    assert isinstance(shop.counter.reverse(wrong.seq), Approved)

    assert isinstance(spend(shop, 1_000), Approved)


def test_what_policy_refuses_by_now_costs_no_pin_try(shop: Shop) -> None:
    shop.cut()
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(900))
    assert isinstance(prepared, Prepared)
    shop.clock.advance(hours=73)

    shop.counter.take(prepared, shop.card, bytearray(b"9999"))

    assert shop.counter.look_up(shop.card).tries_left == 3


def test_an_attempt_that_ended_is_told_once(shop: Shop) -> None:
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(400))
    assert isinstance(prepared, Prepared)
    shop.counter.drop(prepared)

    shop.counter.sync_now()
    shop.counter.sync_now()

    assert len(shop.hub.ended) == 1


def test_the_pin_is_overwritten_whatever_happens(shop: Shop) -> None:
    pins = [bytearray(b"1234"), bytearray(b"9999"), bytearray(b"1234")]

    shop.counter.spend(shop.card, KAWASAKI, Points(100), pins[0])
    shop.counter.spend(shop.card, KAWASAKI, Points(100), pins[1])
    shop.counter.spend(shop.card, KAWASAKI, Points(9_999), pins[2])

    assert pins == [bytearray(4)] * 3


def test_another_card_than_the_one_that_was_shown_is_not_charged(
    shop: Shop, tmp_path: Path, card_keys: list[RSAPrivateKey]
) -> None:
    ca = DemoCa.create(tmp_path / "ca", at=NOON, key=card_keys[0])
    create(tmp_path / "taro.card", ca, pin(), at=NOON, key=card_keys[1])
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(100))
    assert isinstance(prepared, Prepared)

    refused = shop.counter.take(prepared, f"soft:{tmp_path / 'taro.card'}", pin())

    assert isinstance(refused, Refused)
    assert refused.reason == "other-card"


@pytest.mark.parametrize(("silent", "reason"), [(False, "no-accepted-town"), (True, "no-standing")])
@pytest.mark.parametrize("town", [None, KAWASAKI])
def test_a_card_without_points_is_told_apart_from_one_that_nobody_can_be_asked_about(
    shop: Shop,
    tmp_path: Path,
    card_keys: list[RSAPrivateKey],
    town: MunicipalityCode | None,
    reason: str,
    *,
    silent: bool,
) -> None:
    stranger = tmp_path / "stranger.card"
    ca = DemoCa.create(tmp_path / "ca", at=NOON, key=card_keys[0])
    create(stranger, ca, pin(), at=NOON, key=card_keys[1])
    if silent:
        shop.cut()
    said = shop.counter.prepare(f"soft:{stranger}", town, Points(100))
    assert isinstance(said, Refused)
    assert said.reason == reason


def test_a_limit_that_says_no_is_named(shop: Shop) -> None:
    shop.cut()
    said = shop.counter.prepare(shop.card, KAWASAKI, Points(1_001))
    assert isinstance(said, Refused)
    assert said.limit == 1_000
    assert "1,000" in said.detail
