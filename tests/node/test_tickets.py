"""Point tickets: made of a resident's points, taken for goods."""

from typing import Any

import pytest

from node.outcome import Approved, Issued, Refused
from printer.documents import Ticket, decode
from sync.records import Ticket as TicketFact
from sync.records import Tier
from sync.ticket import to_qr
from sync.values import Millis, Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


def issue(
    shop: Shop, each: int = 500, count: int = 2, programme: str | None = None
) -> Issued | Refused:
    return shop.counter.issue_tickets(
        shop.card, KAWASAKI, Points(each), days=30, count=count, programme=programme, pin=pin()
    )


def ticket(shop: Shop, points: int = 500, until: str = "2026-12-31") -> str:
    fact = TicketFact(shop.hub.number(), Points(points), "2026-11-20", until)
    shop.hub.tickets[fact.number] = "issued"
    return to_qr(shop.hub.signed_ticket(fact))


def test_the_points_leave_the_wallet_and_the_signed_tickets_come_with_the_receipt(
    shop: Shop,
) -> None:
    made = issue(shop)

    assert isinstance(made, Issued)
    assert len(made.papers) == len(made.numbers) == 2
    assert shop.hub.balance(shop.key) == 4_000
    jobs = list(shop.counter.parts.paper.jobs.waiting())
    assert [job.kind for job in jobs] == ["ticket", "ticket"]
    paper = decode(jobs[0].document)
    assert isinstance(paper, Ticket)
    assert paper.qr == made.papers[0].qr
    assert paper.point_name == "かわさきポイント"


def test_of_several_running_programmes_one_has_to_be_named(shop: Shop) -> None:
    shop.hub.programmes = {"123": "2026-12-31", "124": "2026-12-31", "120": "2026-11-19"}
    shop.counter.sync_now()

    running = shop.counter.running()
    assert not isinstance(running, Refused)
    assert [(each.municipality, each.programme) for each in running] == [
        (KAWASAKI, "123"),
        (KAWASAKI, "124"),
    ]
    refused = issue(shop)
    assert isinstance(refused, Refused)
    assert refused.reason == "name-a-programme"
    assert isinstance(issue(shop, programme="124"), Issued)


def test_where_no_programme_is_running_no_ticket_is_issued(shop: Shop) -> None:
    shop.hub.programmes = {"123": "2026-11-19"}
    shop.counter.sync_now()
    assert shop.counter.running() == ()
    refused = issue(shop)
    assert isinstance(refused, Refused)
    assert refused.reason == "unknown-programme"


def test_which_programmes_run_is_not_said_where_none_can_issue(shop: Shop) -> None:
    shop.cut()
    refused = shop.counter.running()
    assert isinstance(refused, Refused)
    assert refused.reason == "hub-silent"


def test_without_the_hub_no_ticket_is_issued_and_no_pin_is_asked(shop: Shop) -> None:
    shop.cut()

    refused = issue(shop)

    assert isinstance(refused, Refused)
    assert refused.reason == "hub-silent"
    assert not shop.counter.status().shift_open


def test_a_hub_that_falls_silent_when_it_is_asked_leaves_no_record(shop: Shop) -> None:
    before = shop.counter.status().seq
    shop.hub.silent = True  # nobody has noticed yet

    refused = issue(shop)

    assert isinstance(refused, Refused)
    assert refused.reason == "hub-silent"
    assert (shop.counter.status().shift_open, shop.counter.status().seq) == (False, before)


def test_tickets_for_more_than_there_is_open_no_shift(shop: Shop) -> None:
    refused = issue(shop, each=1_000, count=6)

    assert isinstance(refused, Refused)
    assert refused.reason == "too-few-points"
    assert not shop.counter.status().shift_open


def test_a_node_that_is_cut_off_before_the_receipt_prints_when_the_line_is_back(
    shop: Shop,
) -> None:
    shop.hub.keep_receipts = True  # custody, but nothing is judged yet

    made = issue(shop)
    assert isinstance(made, Issued)
    assert made.papers == ()
    assert shop.counter.status().paper_waiting == 2
    shop.restart()
    shop.hub.keep_receipts = False
    shop.counter.sync_now()

    assert shop.counter.status().paper_waiting == 0
    assert len(list(shop.counter.parts.paper.jobs.waiting())) == 2


def test_a_wrong_pin_issues_nothing_and_frees_the_hold(shop: Shop) -> None:
    refused = shop.counter.issue_tickets(
        shop.card,
        KAWASAKI,
        Points(500),
        days=3,
        count=1,
        programme="123",
        pin=bytearray(b"0000"),
    )
    shop.counter.sync_now()

    assert isinstance(refused, Refused)
    assert refused.reason == "wrong-pin"
    assert not shop.counter.status().shift_open
    assert shop.hub.balance(shop.key) == 5_000


def test_a_scanned_ticket_is_claimed_at_the_hub(shop: Shop) -> None:
    done = shop.counter.redeem(ticket(shop))

    assert isinstance(done, Approved)
    assert (done.tier, done.points) == (Tier.T0, 500)


def test_the_same_ticket_is_never_taken_twice_here(shop: Shop) -> None:
    qr = ticket(shop)
    first = shop.counter.redeem(qr)
    shop.cut()

    again = shop.counter.redeem(qr)

    assert isinstance(first, Approved)
    assert isinstance(again, Refused)
    assert (again.reason, again.seq) == ("ticket-seen-here", first.seq)


def test_what_another_shop_took_is_refused_by_the_hub_and_later_by_the_list(shop: Shop) -> None:
    qr = ticket(shop)
    number = next(iter(shop.hub.tickets))
    shop.hub.tickets[number] = "redeemed"
    assert isinstance(online := shop.counter.redeem(qr), Refused)
    assert online.reason == "ticket-used"

    from sync.ticket import from_qr, name_of

    shop.hub.used[name_of(from_qr(qr))] = True
    shop.counter.sync_now()
    shop.cut()
    assert isinstance(offline := shop.counter.redeem(qr), Refused)
    assert offline.reason == "ticket-used"


def test_offline_the_signature_the_dates_and_the_amount_decide(shop: Shop) -> None:
    shop.cut()

    good = shop.counter.redeem(ticket(shop))
    past = shop.counter.redeem(ticket(shop, until="2026-11-20").lower())
    dear = shop.counter.redeem(ticket(shop, points=1_001))

    assert isinstance(good, Approved)
    assert good.tier is Tier.T2
    assert isinstance(past, Approved), "its last day is today"
    assert isinstance(dear, Refused)
    assert dear.reason == "ticket-online-only"
    shop.clock.advance(hours=13)
    late = shop.counter.redeem(ticket(shop, until="2026-11-20"))
    assert isinstance(late, Refused)
    assert late.reason == "ticket-past"


def test_what_is_no_ticket_of_ours_is_told_apart(shop: Shop) -> None:
    forged = ticket(shop)
    forged = forged[:-8] + ("AAAAAAAA" if forged[-8:] != "AAAAAAAA" else "BBBBBBBB")

    refusals = [shop.counter.redeem(text) for text in ("HELLO", "1234567890124", forged)]

    assert [r.reason for r in refusals if isinstance(r, Refused)] == [
        "not-a-ticket",
        "number-mistyped",
        "ticket-not-authentic",
    ]


def test_a_redemption_that_was_taken_back_lets_the_ticket_be_used_again(shop: Shop) -> None:
    qr = ticket(shop)
    done = shop.counter.redeem(qr)
    assert isinstance(done, Approved)

    undone = shop.counter.reverse(done.seq)
    shop.counter.sync_now()

    assert isinstance(undone, Approved)
    assert undone.number == done.number
    assert isinstance(shop.counter.redeem(qr), Approved)


def test_a_ticket_that_the_list_called_used_lives_again_when_the_list_says_so(shop: Shop) -> None:
    qr = ticket(shop)
    done = shop.counter.redeem(qr)
    assert isinstance(done, Approved)
    shop.counter.sync_now()
    shop.counter.reverse(done.seq)
    shop.counter.sync_now()

    assert isinstance(shop.counter.redeem(qr), Approved)


def blink(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's next answer is lost, and it is heard again before anybody could look up."""
    reach = shop.counter.parts.reach
    silence = reach.silence

    def only_just(now: Millis) -> None:
        silence(now)
        reach.heard(now)

    monkeypatch.setattr(reach, "silence", only_just)
    shop.hub.lose_answers = 1


def test_a_line_that_blinks_while_the_hub_is_asked_opens_no_way_around_the_limits(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    qr = ticket(shop)
    shop.pass_time(hours=80)  # lists too old to take a ticket without the hub's word
    blink(shop, monkeypatch)

    refused = shop.counter.redeem(qr)

    assert isinstance(refused, Refused)
    assert refused.reason == "lists-too-old"
    shop.counter.sync_now()
    assert shop.hub.holds == {}  # the claim that nobody heard of was given up


def test_a_claim_of_a_life_that_is_over_carries_no_record(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new epoch is granted in the background while the hub is asked about a ticket."""
    qr = ticket(shop)
    asked = shop.counter.parts.line.ask

    def meanwhile(*args: Any) -> Any:
        answer = asked(*args)
        shop.counter.parts.writer.stop("told")
        shop.counter.sync_now()
        return answer

    before = shop.counter.parts.writer.epoch
    monkeypatch.setattr(shop.counter.parts.line, "ask", meanwhile)

    refused = shop.counter.redeem(qr)

    assert shop.counter.parts.writer.epoch != before
    assert isinstance(refused, Refused)
    assert refused.reason == "attempt-over"
