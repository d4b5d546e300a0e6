"""Paper tickets that are taken out of use at a counter: the paper handed in, or lost."""

import pytest

from node.outcome import Approved, Issued, Refused
from node.voided import LiveTicket, SeenTicket, Voided
from printer.documents import Slip, decode
from sync.records import Ticket as TicketFact
from sync.records import TicketVoided, Tier
from sync.records import decode as read_record
from sync.ticket import to_qr
from sync.values import Points, TicketNumber
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


def ticket(shop: Shop, points: int = 500, until: str = "2026-12-31") -> str:
    fact = TicketFact(shop.hub.number(), Points(points), "2026-11-20", until)
    shop.hub.tickets[fact.number] = "issued"
    shop.hub.issued[fact.number] = fact
    return to_qr(shop.hub.signed_ticket(fact))


def number_of(done: Voided) -> TicketNumber:
    assert done.record.number is not None
    return done.record.number


def voided(shop: Shop, qr: str) -> Voided:
    done = shop.counter.void_ticket(qr)
    assert isinstance(done, Voided), done
    return done


def lost(shop: Shop, which: int = 0) -> tuple[LiveTicket, Voided | Refused]:
    live = shop.counter.own_tickets(shop.card, pin())
    assert not isinstance(live, Refused), live
    return live[which], shop.counter.void_lost(shop.card, pin(), live[which])


# -- the paper is handed in


def test_a_scan_says_what_the_paper_is_before_anything_is_asked(shop: Shop) -> None:
    qr = ticket(shop)
    shop.cut()

    seen = shop.counter.seen_ticket(qr)

    assert isinstance(seen, SeenTicket)
    assert (seen.points, seen.valid_until) == (500, "2026-12-31")
    assert (seen.town, seen.point_name) == ("川崎市", "かわさきポイント")


def test_a_voided_ticket_is_claimed_recorded_and_told_in_one_go(shop: Shop) -> None:
    done = voided(shop, ticket(shop))

    assert (done.back, done.record.kind, done.record.points) == ("now", "ticket.voided", 500)
    assert shop.hub.tickets[number_of(done)] == "voided"
    assert shop.hub.holds == {}
    body = shop.hub.applied[done.record.epoch, done.record.seq].body
    assert isinstance(body, TicketVoided)
    assert not body.lost


def test_the_resident_takes_a_slip_home(shop: Shop) -> None:
    done = voided(shop, ticket(shop))

    slip = shop.counter.parts.paper.slip_of(done.record.epoch, done.record.seq)

    assert isinstance(slip, Slip)
    assert (slip.kind, slip.points, slip.settled) == ("void", 500, "online")
    assert slip.number == done.record.number


def test_without_the_hub_nothing_is_voided(shop: Shop) -> None:
    qr, before = ticket(shop), shop.counter.status().seq
    shop.cut()

    refused = shop.counter.void_ticket(qr)

    assert isinstance(refused, Refused)
    assert refused.reason == "hub-silent"
    assert shop.counter.status().seq == before


def test_a_hub_that_says_yes_and_is_not_heard_is_told_that_it_was_given_up(shop: Shop) -> None:
    qr = ticket(shop)
    shop.hub.lose_answers = 1

    refused = shop.counter.void_ticket(qr)
    assert isinstance(refused, Refused)
    assert refused.reason == "hub-silent"
    assert len(shop.hub.holds) == 1
    shop.counter.probe()
    shop.counter.sync_now()

    assert shop.hub.holds == {}
    assert isinstance(shop.counter.void_ticket(qr), Voided)


def test_where_the_line_breaks_behind_the_yes_the_points_come_with_the_next_sync(
    shop: Shop,
) -> None:
    shop.hub.keep_receipts = True

    done = voided(shop, ticket(shop))
    assert done.back == "soon"
    shop.hub.keep_receipts = False
    shop.counter.sync_now()

    assert shop.hub.tickets[number_of(done)] == "voided"


def test_points_that_are_not_back_are_not_said_to_be(shop: Shop) -> None:
    """The hub said yes, and keeps the record for people to look at."""
    qr = ticket(shop)
    shop.counter.open_shift("")
    shop.hub.quarantine.add(shop.counter.status().seq + 1)

    refused = shop.counter.void_ticket(qr)

    assert isinstance(refused, Refused)
    assert refused.reason == "bad-signature"


def test_what_was_taken_here_for_goods_is_not_voided_even_if_nobody_else_knows(
    shop: Shop,
) -> None:
    qr = ticket(shop)
    shop.cut()
    assert isinstance(shop.counter.redeem(qr), Approved)
    shop.hub.silent = False
    shop.counter.probe()

    refused = shop.counter.void_ticket(qr)

    assert isinstance(refused, Refused)
    assert refused.reason == "ticket-seen-here"


def test_what_was_voided_here_is_not_taken_for_goods_offline(shop: Shop) -> None:
    qr = ticket(shop)
    voided(shop, qr)
    shop.cut()

    refused = shop.counter.redeem(qr)

    assert isinstance(refused, Refused)
    assert refused.reason == "ticket-seen-here"


@pytest.mark.parametrize(
    ("text", "reason"), [("1234567890128", "scan-needed"), ("NONSENSE", "not-a-ticket")]
)
def test_what_is_no_scanned_ticket_is_called_so(shop: Shop, text: str, reason: str) -> None:
    for asked in (shop.counter.seen_ticket, shop.counter.void_ticket):
        refused = asked(text)
        assert isinstance(refused, Refused)
        assert refused.reason == reason


def test_a_void_counts_nothing_in_the_drawer(shop: Shop) -> None:
    voided(shop, ticket(shop))

    report = shop.counter.close_shift()

    assert not isinstance(report, Refused)
    assert report.taken == 0
    assert [(line.kind, line.count) for line in report.lines] == [("ticket.voided", 1)]


def test_a_rebuilt_counter_knows_its_voids(shop: Shop) -> None:
    voided(shop, ticket(shop))

    assert shop.counter.audit() == ()


# -- the paper is lost


def test_card_and_pin_show_the_own_live_tickets(shop: Shop) -> None:
    ticket(shop, 300)
    ticket(shop, 500)

    live = shop.counter.own_tickets(shop.card, pin())

    assert not isinstance(live, Refused)
    assert [each.points for each in live] == [300, 500]
    assert live[0].back_by == "2027-01-08"


def test_a_lost_ticket_is_signed_away_by_the_card_and_its_points_come_later(shop: Shop) -> None:
    ticket(shop)

    chosen, done = lost(shop)

    assert isinstance(done, Voided)
    assert (done.back, done.back_by) == ("later", chosen.back_by)
    body = shop.hub.applied[done.record.epoch, done.record.seq].body
    assert isinstance(body, TicketVoided)
    assert (body.lost, body.card, body.hold) == (True, shop.key, 0)
    assert shop.hub.tickets[chosen.number] == "voiding"


def test_its_slip_says_that_the_points_are_not_back_yet(shop: Shop) -> None:
    ticket(shop)
    _, done = lost(shop)
    assert isinstance(done, Voided)

    slip = shop.counter.parts.paper.slip_of(done.record.epoch, done.record.seq)

    assert slip is not None
    assert (slip.kind, slip.settled) == ("void", None)


def issued(shop: Shop) -> None:
    made = shop.counter.issue_tickets(
        shop.card, KAWASAKI, Points(500), days=3, count=1, programme=None, pin=pin()
    )
    assert isinstance(made, Issued)


def test_paper_that_has_not_come_out_yet_never_does(shop: Shop) -> None:
    issued(shop)
    assert [each.what for each in shop.counter.sheets()] == ["ticket"]

    lost(shop)
    shop.counter.sync_now()

    assert "ticket" not in {each.what for each in shop.counter.sheets()}


def test_paper_of_which_nobody_knows_whether_it_came_out_is_still_looked_at(shop: Shop) -> None:
    issued(shop)
    shop.counter.parts.store.execute("UPDATE job SET state = 'sent'")

    lost(shop)

    assert ("ticket", "sent") in {(each.what, each.state) for each in shop.counter.sheets()}


def test_a_wrong_pin_voids_nothing(shop: Shop) -> None:
    ticket(shop)
    live = shop.counter.own_tickets(shop.card, pin())
    assert not isinstance(live, Refused)
    before = shop.counter.status().seq

    refused = shop.counter.void_lost(shop.card, bytearray(b"9999"), live[0])

    assert isinstance(refused, Refused)
    assert refused.reason == "wrong-pin"
    assert shop.counter.status().seq == before


def test_without_the_hub_no_pin_is_asked_for_a_lost_ticket(shop: Shop) -> None:
    ticket(shop)
    live = shop.counter.own_tickets(shop.card, pin())
    assert not isinstance(live, Refused)
    shop.cut()

    for refused in (
        shop.counter.own_tickets(shop.card, pin()),
        shop.counter.void_lost(shop.card, pin(), live[0]),
    ):
        assert isinstance(refused, Refused)
        assert refused.reason == "hub-silent"


def test_what_somebody_redeemed_meanwhile_is_said_at_once(shop: Shop) -> None:
    ticket(shop)
    live = shop.counter.own_tickets(shop.card, pin())
    assert not isinstance(live, Refused)
    shop.hub.tickets[live[0].number] = "redeemed"

    refused = shop.counter.void_lost(shop.card, pin(), live[0])

    assert isinstance(refused, Refused)
    assert refused.reason == "ticket-not-live"


def test_a_voided_record_reads_as_what_was_done(shop: Shop) -> None:
    done = voided(shop, ticket(shop))
    row = shop.counter.parts.store.row(
        "SELECT bytes FROM record WHERE epoch = ? AND seq = ?",
        (done.record.epoch, done.record.seq),
    )
    assert row is not None
    assert isinstance(read_record(row[0]).body, TicketVoided)
    assert done.record.tier is Tier.T0


def test_an_issued_ticket_can_be_handed_back_at_once(shop: Shop) -> None:
    made = shop.counter.issue_tickets(
        shop.card, KAWASAKI, Points(500), days=3, count=1, programme=None, pin=pin()
    )
    assert isinstance(made, Issued)

    done = voided(shop, made.papers[0].qr)

    assert done.record.number == made.numbers[0]
    jobs = [decode(job.document) for job in shop.counter.parts.paper.jobs.waiting()]
    assert [getattr(paper, "kind", "ticket") for paper in jobs] == ["void"]
