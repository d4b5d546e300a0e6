"""What records took of holds is written together, and seen at once by whoever looks for it."""

from hub.points.books import Books
from hub.points.case import Line
from hub.points.holds import HoldShelf
from sync.ticket import read_ticket
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


def test_a_claim_that_a_record_used_holds_its_ticket_no_more(town: Corner, hana: Resident) -> None:
    paper = town.ticket(town.node(GREENGROCER), hana, 100)
    number = read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)}).number
    pen = town.node(FISH_SHOP)
    n, asked = town.hold_ticket(pen, paper, 100)
    line = Line(home=KAWASAKI, node=pen.node, epoch=pen.epoch, branch="")

    with town.core.database.write() as tx:
        books = Books(town.core, tx, KAWASAKI, town.clock.now())
        shelf = HoldShelf(books)
        hold = shelf.named(line, n)
        claimed = books.tickets.is_claimed(number)
        assert hold is not None
        shelf.use(hold)

        assert (asked.granted, claimed) == (True, True)
        assert not books.tickets.is_claimed(number)


def test_another_shelf_finds_that_a_hold_was_used(town: Corner, hana: Resident) -> None:
    pen = town.node(FISH_SHOP)
    n, _ = town.hold(pen, hana, 300)
    line = Line(home=KAWASAKI, node=pen.node, epoch=pen.epoch, branch="")

    with town.core.database.write() as tx:
        books = Books(town.core, tx, KAWASAKI, town.clock.now())
        shelf = HoldShelf(books)
        hold = shelf.named(line, n)
        assert hold is not None
        shelf.use(hold)
        again = HoldShelf(books).named(line, n)

    assert again is not None
    assert again.state == "used"
