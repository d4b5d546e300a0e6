"""What a counter prints: noted with the sale, laid out and queued by whoever prints."""

from pathlib import Path

import pytest

from node.identity import Language, Width
from node.looking import set_printer
from node.outcome import Approved, Issued, Prepared
from node.sheets import SlipNote
from printer import documents
from printer.spool import drain
from sync.values import Points
from sync.wire import read
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin
from tests.node.test_tickets import issue, ticket
from tests.printer.doubles import PaperTray
from tests.printer.escpos_reader import read_sheets


def spend(shop: Shop, points: int) -> Approved:
    done = shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())
    assert isinstance(done, Approved)
    return done


def test_a_slip_says_what_was_taken_what_is_left_and_on_whose_word(shop: Shop) -> None:
    shop.cut()
    done = spend(shop, 300)
    tray = PaperTray()

    drain(shop.counter.parts.paper.jobs, tray)

    (slip,) = tray.paper
    assert isinstance(slip, documents.Slip)
    assert (slip.kind, slip.points, slip.seq) == ("spend", 300, done.seq)
    assert (slip.town, slip.point_name) == ("川崎市", "かわさきポイント")
    assert slip.settled == "offline"
    assert slip.balance is not None
    assert slip.balance.points == 4_700
    assert slip.digest == done.digest.hex()[:8]


def test_a_sale_notes_its_slip_and_waits_for_no_layout(shop: Shop) -> None:
    shop.cut()
    done = spend(shop, 300)
    store = shop.counter.parts.store

    row = store.row("SELECT slip FROM record WHERE seq = ?", (done.seq,))

    assert row is not None
    assert read(row[0], SlipNote).balance == 4_700
    assert store.number("SELECT count(*) FROM job") == 0
    assert shop.counter.status().printer.waiting == 1


def test_slips_are_queued_once_and_in_the_order_of_the_sales(shop: Shop) -> None:
    first, second = spend(shop, 300), spend(shop, 500)
    assert len(list(shop.counter.parts.paper.jobs.waiting())) == 2
    third = spend(shop, 700)

    names = [job.title for job in shop.counter.parts.paper.jobs.waiting()]

    assert names == [f"spend {done.seq}" for done in (first, second, third)]
    assert shop.counter.status().printer.waiting == 3


def test_the_slips_of_a_shift_come_out_before_its_sums(shop: Shop) -> None:
    spend(shop, 300)

    shop.counter.close_shift()

    assert [job.kind for job in shop.counter.parts.paper.jobs.waiting()] == ["slip", "z-report"]


def test_a_slip_that_was_noted_before_the_power_went_is_printed_after_it(shop: Shop) -> None:
    done = spend(shop, 300)
    tray = PaperTray()

    shop.restart()
    drain(shop.counter.parts.paper.jobs, tray)

    (slip,) = tray.paper
    assert isinstance(slip, documents.Slip)
    assert slip.seq == done.seq


def test_a_slip_can_be_looked_at_whether_it_was_printed_or_not(shop: Shop) -> None:
    done = spend(shop, 300)
    paper = shop.counter.parts.paper

    before = paper.slip_of(done.epoch, done.seq)
    drain(paper.jobs, PaperTray())

    assert before is not None
    assert before.points == 300
    assert paper.slip_of(done.epoch, done.seq) == before
    assert paper.slip_of(done.epoch, 1) is None


def test_a_spoilt_note_costs_the_balance_and_not_the_slips_behind_it(shop: Shop) -> None:
    spend(shop, 300)
    shop.counter.parts.store.execute("UPDATE record SET slip = x'00' WHERE kind = 'spend'")
    spend(shop, 500)
    tray = PaperTray()

    drain(shop.counter.parts.paper.jobs, tray)

    slips = [slip for slip in tray.paper if isinstance(slip, documents.Slip)]
    assert [slip.points for slip in slips] == [300, 500]
    assert [slip.balance is None for slip in slips] == [True, False]


def test_a_slip_says_the_exact_rest_where_the_hub_said_it(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 20_000  # a standing says no more than 6,000

    done = spend(shop, 300)

    assert (done.balance_after, done.at_cap) == (19_700, False)
    slip = shop.counter.parts.paper.slip_of(done.epoch, done.seq)
    assert slip is not None
    assert slip.balance is not None
    assert (slip.balance.points, slip.balance.at_least) == (19_700, False)


def test_a_slip_made_without_the_hub_says_that_it_is_this_or_more(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 20_000
    shop.counter.sync_now()
    shop.cut()

    done = spend(shop, 300)

    assert (done.balance_after, done.at_cap) == (5_700, True)
    slip = shop.counter.parts.paper.slip_of(done.epoch, done.seq)
    assert slip is not None
    assert slip.balance is not None
    assert (slip.balance.points, slip.balance.at_least) == (5_700, True)


def test_the_customer_sees_before_the_pin_what_the_hub_said(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 20_000

    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(300))

    assert isinstance(prepared, Prepared)
    assert (prepared.available, prepared.at_cap) == (20_000, False)


def test_tickets_leave_the_exact_rest_too(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 20_000

    made = issue(shop, each=500, count=2)

    assert isinstance(made, Issued)
    assert (made.record.balance_after, made.record.at_cap) == (19_000, False)


@pytest.mark.parametrize("silent", [True, False])
def test_the_slip_of_an_undoing_names_its_record_and_claims_no_word_of_the_hub(
    shop: Shop, *, silent: bool
) -> None:
    wrong = spend(shop, 300)
    if silent:
        shop.cut()

    undone = shop.counter.reverse(wrong.seq)

    assert isinstance(undone, Approved)
    slip = shop.counter.parts.paper.slip_of(undone.epoch, undone.seq)
    assert slip is not None
    assert (slip.kind, slip.undoes, slip.settled) == ("reversal", wrong.seq, None)


def test_the_slip_of_a_redemption_names_its_ticket(shop: Shop) -> None:
    done = shop.counter.redeem(ticket(shop))

    assert isinstance(done, Approved)
    slip = shop.counter.parts.paper.slip_of(done.epoch, done.seq)
    assert slip is not None
    assert slip.number == done.number


def test_a_shop_without_a_printer_is_not_given_old_slips_when_it_gets_one(shop: Shop) -> None:
    use_printer(shop, "none")
    spend(shop, 300)
    assert shop.counter.print_waiting().waiting == 0
    spend(shop, 500)
    shop.counter.close_shift()
    assert shop.counter.status().printer.waiting == 0

    use_printer(shop, "tcp:127.0.0.1:9100")

    assert list(shop.counter.parts.paper.jobs.waiting()) == []
    spend(shop, 700)
    assert len(list(shop.counter.parts.paper.jobs.waiting())) == 1


def test_tickets_wait_for_a_printer_because_their_points_are_paid(shop: Shop) -> None:
    use_printer(shop, "none")
    assert isinstance(issue(shop), Issued)
    assert shop.counter.print_waiting().waiting == 2

    use_printer(shop, "tcp:127.0.0.1:9100")

    assert [job.kind for job in shop.counter.parts.paper.jobs.waiting()] == ["ticket", "ticket"]


def test_paper_speaks_and_is_as_wide_as_the_counter_was_told(shop: Shop, tmp_path: Path) -> None:
    use_printer(shop, f"file:{tmp_path / 'roll'}", width=384, language="en")
    done = spend(shop, 300)

    slip = shop.counter.parts.paper.slip_of(done.epoch, done.seq)
    shop.counter.print_waiting()

    assert slip is not None
    assert slip.language == "en"
    (sheet,) = read_sheets((tmp_path / "roll").read_bytes())
    assert sheet.picture.width == 384


def use_printer(
    shop: Shop, destination: str, width: Width | None = None, language: Language | None = None
) -> None:
    shop.counter.close()
    set_printer(shop.folder, destination, width=width, language=language)
    shop.reopen()


def test_a_reprint_is_a_sheet_of_its_own_and_made_once(shop: Shop) -> None:
    spend(shop, 300)
    jobs, tray = shop.counter.parts.paper.jobs, PaperTray()
    (first,) = jobs.waiting()
    drain(jobs, tray)

    assert shop.counter.reprint(first.id) is None
    assert shop.counter.reprint(first.id) is None
    drain(jobs, tray)

    assert [slip.reprints for slip in tray.paper] == [0, 1]
