"""What a counter prints: facts stored with the sale, laid out by whoever prints them."""

from node.outcome import Approved
from node.paper import SlipFacts, slip_name
from printer import documents
from printer.spool import State, drain
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


def test_a_sale_stores_the_facts_of_its_slip_and_no_sheet(shop: Shop) -> None:
    done = spend(shop, 300)

    row = shop.counter.parts.store.row("SELECT document, facts FROM job ORDER BY id DESC LIMIT 1")

    assert row is not None
    assert row[0] is None
    assert read(row[1], SlipFacts).digest == done.digest


def test_the_last_slip_is_found_by_its_name(shop: Shop) -> None:
    spend(shop, 300)
    done = spend(shop, 500)

    sheet = shop.counter.parts.paper.jobs.document(slip_name(done))

    assert sheet is not None
    slip = documents.decode(sheet)
    assert isinstance(slip, documents.Slip)
    assert slip.points == 500


def test_facts_that_cannot_be_read_do_not_block_the_sheets_behind_them(shop: Shop) -> None:
    spend(shop, 300)
    shop.counter.parts.store.execute("UPDATE job SET facts = x'00'")
    spend(shop, 500)
    tray = PaperTray()

    drain(shop.counter.parts.paper.jobs, tray)

    assert [slip.points for slip in tray.paper if isinstance(slip, documents.Slip)] == [500]
    (spoilt,) = shop.counter.parts.paper.jobs.waiting()
    assert (spoilt.state, spoilt.reason) == (State.FAILED, "unreadable")


def test_a_reprint_is_a_sheet_of_its_own_and_made_once(shop: Shop) -> None:
    spend(shop, 300)
    jobs, tray = shop.counter.parts.paper.jobs, PaperTray()
    (first,) = jobs.waiting()
    drain(jobs, tray)

    assert shop.counter.reprint(first.id) is None
    assert shop.counter.reprint(first.id) is None
    drain(jobs, tray)

    assert [slip.reprints for slip in tray.paper] == [0, 1]
