"""Points that are given back later than the shift: who gets what, out of what, never too much."""

import pytest

from hub.bodies import ProgrammeAdded
from hub.points.accounts import deficit, receivable
from hub.points.books import wallet_history
from hub.points.lots import what_is_left
from sync.clock import day_of, month_of
from sync.receipt import Bearer, Outcome
from sync.records import Ref, Refunded, ShiftClosed, ShiftOpened
from sync.sealing import seal_content_key
from sync.values import Digest, Millis, Points
from tests.doubles.pen import Pen
from tests.hub.corner import (
    BOOKSHOP,
    FISH_SHOP,
    GREENGROCER,
    KAWASAKI,
    TOSHIMA,
    Corner,
    Resident,
)


@pytest.fixture(autouse=True)
def _reserve(town: Corner) -> None:
    town.fund(5_000)


def sale(town: Corner, shop: Pen, who: Resident, points: int) -> int:
    """A sale that the hub has posted; its place."""
    town.feed(shop, available=town.wallet(who), receipted=shop.seq)
    seq = shop.spend(who.card, town.account(who), points, town=KAWASAKI)
    town.put(shop)
    return seq


def next_shift(town: Corner, shop: Pen) -> None:
    """The shop closes its shift and opens the next one."""
    shop.at = town.clock.now()
    shop.write(ShiftClosed(2, ()))
    month = month_of(town.clock.now())
    sealed = seal_content_key(shop.content_key, town.core.keys.begin_month(month))
    shop.write(ShiftOpened("Mori", month, sealed))


def refund(town: Corner, shop: Pen, seq: int, points: int) -> tuple[str, str]:
    """Ask the hub, write the refund if it says yes, and hand it in: (why not, verdict's reason)."""
    n, asked = town.hold_refund(shop, seq, points)
    if not asked.granted:
        return asked.reason, ""
    shop.at = town.clock.now()
    shop.refund(seq, points, town=KAWASAKI, hold=n)
    return "", town.verdict(shop).reason


def lots(town: Corner, who: Resident) -> list[tuple[str, int]]:
    """What a resident has, by programme's last day of use."""
    account = town.account(who)
    with town.core.database.read() as tx:
        found = what_is_left(f"wallet:{account}", wallet_history(tx, KAWASAKI, account)).in_order()
    return [(day_of(Millis(date - 1)) if date else "", points) for date, points in found]


def programme(town: Corner, name: str, use_until: str) -> None:
    """One more programme of Kawasaki."""
    days = ("2026-11-10", "2026-11-10", use_until, "2027-04-30")
    town.enact(ProgrammeAdded(KAWASAKI, name, "祭り", "商工課", 0, *days))


def test_a_part_and_then_the_rest_of_a_sale_are_given_back_and_no_more(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 500)
    next_shift(town, shop)
    town.clock.turn(days=3)

    assert refund(town, shop, seq, 200) == ("", "")
    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert refund(town, shop, seq, 400) == ("more-than-was-paid", "")
    assert refund(town, shop, seq, 300) == ("", "")
    assert (town.wallet(hana), town.owed(shop)) == (1_000, 0)
    assert refund(town, shop, seq, 1) == ("refunded-already", "")
    assert town.audit() == []


def test_what_was_paid_out_meanwhile_is_owed_by_the_shop_and_netted_from_its_next_payment(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 500)
    next_shift(town, shop)
    town.settle()

    assert refund(town, shop, seq, 200) == ("", "")
    assert refund(town, shop, seq, 300) == ("", "")

    assert (town.wallet(hana), town.owed(shop)) == (1_000, 0)
    assert town.balance(receivable(FISH_SHOP)) == -500
    sale(town, shop, hana, 800)
    town.settle()
    assert town.balance(receivable(FISH_SHOP)) == 0
    assert town.balance("treasury") == -5_000 + 800
    assert town.audit() == []


def test_two_counters_of_one_shop_give_back_at_once_and_the_shop_pays_each_once(
    town: Corner, hana: Resident
) -> None:
    here, there = town.node(FISH_SHOP), town.node(FISH_SHOP, "2222")
    sold = [(shop, sale(town, shop, hana, 400)) for shop in (here, there)]
    for shop, _ in sold:
        next_shift(town, shop)
    town.settle()

    asked = [town.hold_refund(shop, seq, 400) for shop, seq in sold]
    assert [answer.granted for _, answer in asked] == [True, True]
    for (shop, seq), (n, _) in zip(sold, asked, strict=True):
        shop.refund(seq, 400, town=KAWASAKI, hold=n)
        assert town.verdict(shop).outcome is Outcome.APPLIED

    assert town.wallet(hana) == 1_000
    assert town.balance(receivable(FISH_SHOP)) == -800
    of = Ref(here.epoch, sold[0][1], Digest(bytes(32)))
    assert town.hold_refund(there, 0, 400, of=of)[1].reason == "no-such-record"
    assert town.audit() == []


def test_what_is_asked_for_twice_at_once_is_given_back_once(town: Corner, hana: Resident) -> None:
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 500)
    first, yes = town.hold_refund(shop, seq, 500)

    _, no = town.hold_refund(shop, seq, 1)
    assert (yes.granted, no.reason) == (True, "refunded-already")
    town.put(shop, shop.batch(1, ended=(first,)))
    again, yes = town.hold_refund(shop, seq, 500)
    assert yes.granted
    shop.refund(seq, 500, town=KAWASAKI, hold=again)
    shop.refund(seq, 500, town=KAWASAKI)  # nobody was asked

    verdicts = town.verdicts(town.put(shop))

    assert verdicts[shop.seq - 1].outcome is Outcome.APPLIED
    assert (verdicts[shop.seq].reason, verdicts[shop.seq].bearer) == (
        "refunded-already",
        Bearer.NOBODY,
    )
    assert town.wallet(hana) == 1_000
    assert town.audit() == []


def test_a_sale_is_taken_back_or_refunded_never_both(town: Corner, hana: Resident) -> None:
    shop = town.node(FISH_SHOP)
    first, second = sale(town, shop, hana, 300), sale(town, shop, hana, 300)
    shop.reverse(first, 300, town=KAWASAKI)
    assert town.verdict(shop).outcome is Outcome.APPLIED
    assert refund(town, shop, first, 300) == ("already-reversed", "")
    assert refund(town, shop, second, 100) == ("", "")

    shop.reverse(second, 300, town=KAWASAKI)

    assert town.verdict(shop).reason == "refunded-already"
    assert (town.wallet(hana), town.owed(shop)) == (800, 200)
    assert town.audit() == []


def test_after_thirty_days_nothing_is_given_back_but_a_promise_is_kept(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 300)
    town.clock.turn(days=30, minutes=-1)
    n, asked = town.hold_refund(shop, seq, 100)
    assert asked.granted
    town.clock.turn(minutes=2)

    assert refund(town, shop, seq, 100) == ("refund-too-late", "")
    shop.at = town.clock.now()
    shop.refund(seq, 100, town=KAWASAKI)
    assert town.verdict(shop).reason == "refund-too-late"
    shop.refund(seq, 100, town=KAWASAKI, hold=n)
    assert town.verdict(shop).outcome is Outcome.APPLIED

    assert town.wallet(hana) == 800
    assert town.audit() == []


def test_only_what_brought_something_here_can_be_given_back(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop, other = town.node(FISH_SHOP), town.node(BOOKSHOP)
    town.feed(shop, available=1_000)
    shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI)
    town.put(shop)

    assert refund(town, shop, shop.seq, 300) == ("refund-waits", "")
    assert refund(town, shop, 2, 300) == ("not-refundable", "")  # the beginning of a shift
    counter = town.node(GREENGROCER, "2222")
    town.ticket(counter, hana, 200)
    assert refund(town, counter, counter.seq, 200) == ("not-refundable", "")
    seq = sale(town, shop, hana, 100)
    of = Ref(shop.epoch, seq, Digest(bytes(32)))
    assert town.hold_refund(shop, seq, 100, of=of)[1].reason == "no-such-record"
    assert town.hold_refund(shop, seq, 100, town=TOSHIMA)[1].reason == "no-such-record"
    of = Ref(shop.epoch, seq, town.verdict(shop, seq).digest)
    assert town.hold_refund(other, seq, 100, of=of)[1].reason == "no-such-record"
    assert town.audit() == []


def test_a_ticket_goes_back_to_the_wallet_that_it_came_from_with_its_dates(
    town: Corner, hana: Resident
) -> None:
    programme(town, "202", "2026-12-31")
    town.grant(hana, 600, programme="202")  # 600 to the end of the year, 1,000 to the end of March
    counter, shop = town.node(GREENGROCER, "2222"), town.node(FISH_SHOP)
    n, asked = town.hold_tickets(counter, hana, 500, count=2, days=3)
    counter.issue(
        hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
    )
    papers = town.verdict(counter).tickets
    before = lots(town, hana)
    assert before == [("2027-03-31", 600)]
    taken = [town.redeem(shop, paper) for paper in papers]
    town.put(shop)
    next_shift(town, shop)

    for seq in taken:
        assert refund(town, shop, seq, 500) == ("", "")

    assert lots(town, hana) == [("2026-12-31", 600), ("2027-03-31", 1_000)]
    assert town.balance("outstanding:101") == 0
    assert town.ticket_states() == {"redeemed": 2}  # the paper lives no more
    assert town.audit() == []


def test_a_void_and_a_refund_of_one_issue_bring_back_each_its_own_dates(
    town: Corner, hana: Resident
) -> None:
    programme(town, "202", "2026-12-31")
    town.grant(hana, 600, programme="202")
    counter, shop = town.node(GREENGROCER, "2222"), town.node(FISH_SHOP)
    n, asked = town.hold_tickets(counter, hana, 500, count=2, days=3)
    counter.issue(
        hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
    )
    handed_back, used = town.verdict(counter).tickets
    seq = town.redeem(shop, used)
    town.put(shop)

    assert refund(town, shop, seq, 500) == ("", "")
    town.void(counter, handed_back, 500)

    assert lots(town, hana) == [("2026-12-31", 600), ("2027-03-31", 1_000)]
    assert town.audit() == []


def test_parts_come_back_with_the_latest_dates_first_and_each_date_once(
    town: Corner, hana: Resident
) -> None:
    programme(town, "202", "2026-12-31")
    town.grant(hana, 300, programme="202")
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 500)  # the 300 of the year's end and 200 of March

    for points in (150, 150, 200):
        assert refund(town, shop, seq, points) == ("", "")

    assert lots(town, hana) == [("2026-12-31", 300), ("2027-03-31", 1_000)]
    assert town.audit() == []


def test_what_has_expired_meanwhile_comes_back_for_the_rest_of_the_day_only(
    town: Corner, hana: Resident
) -> None:
    programme(town, "202", "2026-11-20")
    town.grant(hana, 300, programme="202")
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 300)
    for _ in range(20):
        town.night()

    assert refund(town, shop, seq, 300) == ("", "")
    assert lots(town, hana) == [("2026-11-20", 300), ("2027-03-31", 1_000)]
    town.night()

    assert town.wallet(hana) == 1_000
    assert town.audit() == []


def test_what_the_reserve_gave_returns_to_it_before_the_wallet_gets_anything(
    town: Corner, hana: Resident
) -> None:
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)
    town.decide(town.incidents()[-1][0], "write-off")  # 400 of the greengrocer's
    assert town.balance("reserve") == 4_600

    assert refund(town, fruit, fruit.seq, 500) == ("", "")

    assert (town.balance("reserve"), town.wallet(hana)) == (5_000, 100)
    assert town.audit() == []


def test_an_open_deficit_is_settled_by_what_comes_back(town: Corner, hana: Resident) -> None:
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)
    assert town.balance(deficit(town.account(hana))) == -400

    assert refund(town, fish, fish.seq, 500) == ("", "")

    assert (town.balance(deficit(town.account(hana))), town.wallet(hana)) == (0, 100)
    assert town.audit() == []


def test_a_copy_that_was_given_back_pays_the_reserve_and_never_takes_the_firsts_place(
    town: Corner, hana: Resident
) -> None:
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, 500)
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.redeem(shop, paper)
        town.put(shop)
    assert town.balance("reserve") == 4_500

    assert refund(town, fruit, fruit.seq, 500) == ("", "")
    assert (town.balance("reserve"), town.owed(fruit)) == (5_000, 0)
    fish.reverse(fish.seq, 500, town=KAWASAKI)
    town.put(fish)

    assert (town.balance("outstanding:101"), town.owed(fish), town.owed(fruit)) == (500, 0, 0)
    assert town.ticket_states() == {"issued": 1}
    assert town.audit() == []


def test_of_a_copy_given_back_in_part_the_rest_is_the_holders_when_it_becomes_the_first(
    town: Corner, hana: Resident
) -> None:
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, 500)
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.redeem(shop, paper)
        town.put(shop)
    assert refund(town, fruit, fruit.seq, 200) == ("", "")
    taken = fruit.seq - 1

    fish.reverse(fish.seq, 500, town=KAWASAKI)
    town.put(fish)

    assert (town.balance("reserve"), town.balance("outstanding:101")) == (5_000, 0)
    assert (town.wallet(hana), town.owed(fish), town.owed(fruit)) == (700, 0, 300)
    assert refund(town, fruit, taken, 300) == ("", "")
    assert (town.wallet(hana), town.owed(fruit)) == (1_000, 0)
    assert town.audit() == []


def test_a_refund_of_a_life_that_has_ended_waits_for_people(town: Corner, hana: Resident) -> None:
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 300)
    before = shop.seq
    town.next_life(shop)
    shop.refund(seq, 300, town=KAWASAKI)

    answer = town.put(shop, shop.batch(before + 1), first=before + 1)
    assert town.verdicts(answer)[shop.seq].reason == "no-proof-of-its-own"
    assert town.wallet(hana) == 700
    number = next(n for n, _, reason, _ in town.incidents() if reason == "no-proof-of-its-own")
    town.decide(number, "apply")

    assert (town.wallet(hana), town.owed(shop)) == (1_000, 0)
    assert town.audit() == []


def test_a_new_life_gives_back_what_the_one_before_sold(town: Corner, hana: Resident) -> None:
    shop = town.node(FISH_SHOP)
    seq = sale(town, shop, hana, 300)
    of = Ref(shop.epoch, seq, town.verdict(shop, seq).digest)
    young = town.next_life(shop)
    town.put(young)

    n, asked = town.hold_refund(young, 0, 300, of=of)
    assert asked.granted
    young.write(Refunded(KAWASAKI, of, Points(300), n))

    assert town.verdict(young).outcome is Outcome.APPLIED
    assert (town.wallet(hana), town.owed(young)) == (1_000, 0)
    assert town.audit() == []
