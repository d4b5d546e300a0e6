"""What a counter prints: noted with the sale, laid out and queued by whoever prints."""

from node.outcome import Approved
from node.paper import SlipNote, slip_name
from printer import documents
from printer.spool import drain
from sync.values import Points
from sync.wire import read
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin
from tests.printer.doubles import PaperTray


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
    shop.counter.print_waiting()
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


def test_the_last_slip_is_found_by_its_name(shop: Shop) -> None:
    spend(shop, 300)
    done = spend(shop, 500)

    sheet = shop.counter.parts.paper.jobs.document(slip_name(done))

    assert sheet is not None
    slip = documents.decode(sheet)
    assert isinstance(slip, documents.Slip)
    assert slip.points == 500


def test_a_spoilt_note_costs_the_balance_and_not_the_slips_behind_it(shop: Shop) -> None:
    spend(shop, 300)
    shop.counter.parts.store.execute("UPDATE record SET slip = x'00' WHERE kind = 'spend'")
    spend(shop, 500)
    tray = PaperTray()

    drain(shop.counter.parts.paper.jobs, tray)

    slips = [slip for slip in tray.paper if isinstance(slip, documents.Slip)]
    assert [slip.points for slip in slips] == [300, 500]
    assert [slip.balance is None for slip in slips] == [True, False]


def test_a_reprint_is_a_sheet_of_its_own_and_made_once(shop: Shop) -> None:
    spend(shop, 300)
    jobs, tray = shop.counter.parts.paper.jobs, PaperTray()
    (first,) = jobs.waiting()
    drain(jobs, tray)

    assert shop.counter.reprint(first.id) is None
    assert shop.counter.reprint(first.id) is None
    drain(jobs, tray)

    assert [slip.reprints for slip in tray.paper] == [0, 1]
