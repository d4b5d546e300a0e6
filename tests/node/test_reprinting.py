"""A point ticket that is printed once more: marked on the paper, counted at the hub."""

import pytest

from node.outcome import Approved, Issued, Refused
from node.voided import Voided
from printer.documents import decode
from sync.records import NodeNotice
from sync.reprints import read_reprint
from sync.ticket import name_of
from sync.values import Points, TicketNumber
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


def printed(shop: Shop, *, days: int = 3) -> tuple[TicketNumber, str]:
    """A ticket that has come out of the printer; its number and what its QR says."""
    made = shop.counter.issue_tickets(
        shop.card, KAWASAKI, Points(500), days=days, count=1, programme=None, pin=pin()
    )
    assert isinstance(made, Issued)
    came_out(shop)
    return made.numbers[0], made.papers[0].qr


def came_out(shop: Shop) -> None:
    shop.counter.parts.store.execute("UPDATE job SET state = 'confirmed'")


def told(shop: Shop) -> list[tuple[str, str]]:
    """Which tickets the hub has heard of as printed once more."""
    shop.counter.sync_now()
    bodies = (record.body for record in shop.hub.applied.values())
    found = (read_reprint(body) for body in bodies if isinstance(body, NodeNotice))
    return [each for each in found if each is not None]


def waiting(shop: Shop) -> list[int]:
    """How often the sheets that wait were printed before."""
    return [decode(job.document).reprints for job in shop.counter.parts.paper.jobs.waiting()]


def test_a_reprint_is_marked_and_the_hub_hears_of_each(shop: Shop) -> None:
    number, _ = printed(shop)

    for times in (1, 2, 3):
        assert shop.counter.reprint_ticket(number) is None
        assert waiting(shop) == [times]
        came_out(shop)

    assert told(shop) == [(KAWASAKI, number)] * 3


def test_the_first_sheet_printed_once_more_from_the_list_is_counted_each_time(
    shop: Shop,
) -> None:
    number, _ = printed(shop)
    first = next(each.job for each in shop.counter.sheets() if each.number == number)

    for times in (1, 2):
        assert shop.counter.reprint(first) is None
        assert waiting(shop) == [times]
        came_out(shop)

    assert len(told(shop)) == 2


def test_one_that_waits_already_is_not_printed_twice(shop: Shop) -> None:
    number, _ = printed(shop)

    assert shop.counter.reprint_ticket(number) is None
    assert shop.counter.reprint_ticket(number) is None

    assert waiting(shop) == [1]
    assert len(told(shop)) == 1


def test_notice_and_job_come_together_or_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, _ = printed(shop)
    before = shop.counter.status().seq

    def full(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(shop.counter.parts.paper), "again", full)
    with pytest.raises(MemoryError):
        shop.counter.reprint_ticket(number)

    assert (shop.counter.status().seq, waiting(shop)) == (before, [])


def test_a_ticket_that_was_taken_or_voided_here_is_not_printed_again(shop: Shop) -> None:
    taken, qr = printed(shop)
    assert isinstance(shop.counter.redeem(qr), Approved)
    back, other = printed(shop)
    assert isinstance(shop.counter.void_ticket(other), Voided)

    for number, reason in ((taken, "ticket-seen-here"), (back, "ticket-voided")):
        refused = shop.counter.reprint_ticket(number)
        assert isinstance(refused, Refused)
        assert refused.reason == reason
    assert told(shop) == []


def test_a_ticket_that_the_list_calls_used_is_not_printed_again(shop: Shop) -> None:
    number, _ = printed(shop)
    shop.hub.tickets[number] = "redeemed"
    signed = shop.counter.parts.store.row("SELECT signed FROM paper WHERE number = ?", (number,))
    assert signed is not None
    shop.hub.used[name_of(signed[0])] = True
    shop.counter.sync_now()

    refused = shop.counter.reprint_ticket(number)

    assert isinstance(refused, Refused)
    assert refused.reason == "ticket-used"


def test_a_number_that_was_never_issued_here_has_no_sheet(shop: Shop) -> None:
    refused = shop.counter.reprint_ticket("1234567890128")

    assert isinstance(refused, Refused)
    assert refused.reason == "no-such-job"
