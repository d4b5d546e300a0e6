"""Points given back for a sale of a closed shift: after the hub's word, once, and on paper."""

from typing import Any

import pytest

from node.counter import Counter
from node.outcome import Approved, HistoryRow, Outcome, Refused, ZReport
from node.projection import contents, rebuild
from printer.documents import Slip, decode
from sync.holds import Purpose
from sync.records import Refunded
from sync.refund import NoRefund
from sync.values import EpochId, Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin
from tests.node.test_tickets import ticket


def sold(shop: Shop, points: int, *, closed: bool = True) -> Approved:
    """A sale that the hub has posted, of a shift that is closed."""
    done = shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())
    assert isinstance(done, Approved), done
    shop.counter.sync_now()
    if closed:
        shop.counter.close_shift()
    return done


def given(outcome: Outcome) -> Approved:
    assert isinstance(outcome, Approved), outcome
    return outcome


def why(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


def row(counter: Counter, seq: int) -> HistoryRow:
    return next(one for one in counter.history() if one.seq == seq)


def test_a_sale_of_a_closed_shift_is_given_back_after_the_hubs_word(shop: Shop) -> None:
    sale = sold(shop, 700)
    assert row(shop.counter, sale.seq).refundable == 700

    done = given(shop.counter.refund(sale.epoch, sale.seq))
    shop.counter.sync_now()

    assert (done.kind, done.points) == ("refunded", 700)
    assert shop.hub.balance(shop.key) == 5_000
    body: Any = shop.hub.applied[done.epoch, done.seq].body
    assert isinstance(body, Refunded)
    assert body.hold > 0
    slip = next(
        paper
        for job in shop.counter.parts.paper.jobs.waiting()
        if isinstance(paper := decode(job.document), Slip) and paper.kind == "refund"
    )
    assert (slip.points, slip.undoes, slip.settled) == (700, sale.seq, "online")
    assert shop.counter.audit() == ()


def test_a_part_and_the_rest_and_no_more(shop: Shop) -> None:
    sale = sold(shop, 700)

    given(shop.counter.refund(sale.epoch, sale.seq, Points(200)))
    assert row(shop.counter, sale.seq).refundable == 500
    too_much = shop.counter.refund(sale.epoch, sale.seq, Points(501))
    assert why(too_much) == NoRefund.TOO_MUCH
    assert isinstance(too_much, Refused)
    assert too_much.limit == 500
    assert given(shop.counter.refund(sale.epoch, sale.seq)).points == 500
    assert why(shop.counter.refund(sale.epoch, sale.seq)) == NoRefund.NOTHING_LEFT


def test_the_z_report_counts_what_was_given_back(shop: Shop) -> None:
    sale = sold(shop, 700)
    sold(shop, 300, closed=False)
    given(shop.counter.refund(sale.epoch, sale.seq, Points(200)))

    report = shop.counter.close_shift()

    assert isinstance(report, ZReport)
    assert report.taken == 100
    assert ("refunded", 1, 200) in {(line.kind, line.count, line.points) for line in report.lines}
    paper = decode(list(shop.counter.parts.paper.jobs.waiting())[-1].document)
    assert paper.total == 100  # type: ignore[union-attr]


def test_a_ticket_of_a_closed_shift_is_given_back_and_stays_used(shop: Shop) -> None:
    qr = ticket(shop)
    taken = given(shop.counter.redeem(qr))
    shop.counter.close_shift()

    done = given(shop.counter.refund(taken.epoch, taken.seq))

    assert (done.points, done.number) == (500, taken.number)
    assert why(shop.counter.redeem(qr)) == "ticket-seen-here"


def test_a_sale_of_the_open_shift_is_taken_back_instead(shop: Shop) -> None:
    sale = sold(shop, 700, closed=False)

    assert why(shop.counter.refund(sale.epoch, sale.seq)) == "in-this-shift"
    assert row(shop.counter, sale.seq).refundable == 0


def test_without_the_hubs_word_nothing_is_given_back_and_nothing_is_written(shop: Shop) -> None:
    sale = sold(shop, 700)
    before = shop.counter.status().seq

    shop.cut()
    assert why(shop.counter.refund(sale.epoch, sale.seq)) == "hub-silent"
    shop.mend()
    shop.hub.no_refunds = str(NoRefund.TOO_LATE)
    assert why(shop.counter.refund(sale.epoch, sale.seq)) == NoRefund.TOO_LATE
    shop.hub.no_refunds = ""
    shop.hub.lose_answers = 1
    assert why(shop.counter.refund(sale.epoch, sale.seq)) == "hub-silent"

    assert shop.counter.status().seq == before
    shop.mend()
    shop.counter.sync_now()
    assert not shop.hub.holds, "what was asked in vain is told to the hub"
    given(shop.counter.refund(sale.epoch, sale.seq))


def test_the_hub_hears_of_the_sale_before_it_is_asked(shop: Shop) -> None:
    sale = given(shop.counter.spend(shop.card, KAWASAKI, Points(300), pin()))
    shop.counter.close_shift()
    assert row(shop.counter, sale.seq).verdict is None

    given(shop.counter.refund(sale.epoch, sale.seq))

    assert row(shop.counter, sale.seq).verdict == "applied"


@pytest.mark.parametrize(
    ("epoch", "seq", "reason"),
    [
        ("", 999, NoRefund.NO_SUCH_RECORD),
        ("7-0123456789abcdef", 3, NoRefund.NO_SUCH_RECORD),
        ("", 1, NoRefund.NO_SUCH_RECORD),
    ],
)
def test_what_is_not_here_is_not_given_back(shop: Shop, epoch: str, seq: int, reason: str) -> None:
    sale = sold(shop, 300)

    assert why(shop.counter.refund(EpochId(epoch or sale.epoch), seq)) == reason


def test_what_was_taken_back_waits_or_is_too_old_is_not_given_back(shop: Shop) -> None:
    undone = sold(shop, 100, closed=False)
    back = given(shop.counter.reverse(undone.seq))
    shop.hub.quarantine.add(back.seq + 1)
    waiting = sold(shop, 200)
    assert waiting.seq == back.seq + 1
    old = sold(shop, 300)

    assert why(shop.counter.refund(undone.epoch, undone.seq)) == NoRefund.ALREADY_REVERSED
    assert why(shop.counter.refund(back.epoch, back.seq)) == NoRefund.NOT_REFUNDABLE
    assert why(shop.counter.refund(waiting.epoch, waiting.seq)) == NoRefund.WAITS
    shop.pass_time(hours=30 * 24 + 1)
    shop.counter.sync_now()
    assert why(shop.counter.refund(old.epoch, old.seq)) == NoRefund.TOO_LATE
    assert row(shop.counter, old.seq).refundable == 0


def test_the_projection_can_be_rebuilt_with_refunds(shop: Shop) -> None:
    sale = sold(shop, 300)
    given(shop.counter.refund(sale.epoch, sale.seq, Points(100)))
    shop.counter.sync_now()
    store = shop.counter.parts.store
    before = contents(store)

    rebuild(store)

    assert contents(store) == before
    assert len(before["refund"]) == 1


def test_the_attempt_asks_for_a_refund_of_exactly_this_record(shop: Shop) -> None:
    sale = sold(shop, 300)
    asked = []
    take = shop.hub._take

    def noted(epoch: EpochId, n: int, request: Any) -> str:
        asked.append(request)
        return take(epoch, n, request)

    shop.hub._take = noted  # type: ignore[method-assign]
    given(shop.counter.refund(sale.epoch, sale.seq, Points(100)))

    (request,) = asked
    assert (request.purpose, request.points) == (Purpose.REFUND, 100)
    assert (request.of.epoch, request.of.seq, request.of.digest) == (
        sale.epoch,
        sale.seq,
        sale.digest,
    )
