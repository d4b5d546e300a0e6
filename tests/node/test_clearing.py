"""The ticket counter clears the stamped tickets that a shop brings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from node.identity import keep_settings, settings_of
from node.outcome import Approved, Refused
from node.pile import Pile
from node.voided import Voided
from printer.documents import Cleared, ClearingReceipt, Returned, decode
from sync.records import Tier
from sync.values import TicketNumber
from tests.hub.corner import FISH_SHOP
from tests.node.office import FISH_PAYABLE, OFFICE_PAYABLE, Office, office


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def test_a_pile_of_the_fish_shop_pays_the_fish_shop(desk: Office) -> None:
    papers = desk.tickets(3)
    opened = desk.open()

    done = [desk.cleared(qr) for qr in papers]
    pile = desk.pile()
    closed = desk.counter.close_pile()

    assert (opened.organisation, opened.count) == (FISH_SHOP, 0)
    assert {each.tier for each in done} == {Tier.T0}
    assert (pile.count, pile.points) == (3, 1_500)
    assert [each.number for each in pile.last] == [desk.number(qr) for qr in reversed(papers)]
    assert isinstance(closed, Pile)
    assert (closed.lines, closed.count, closed.points) == (((500, 3),), 3, 1_500)
    assert desk.counter.pile() is None
    desk.sync()
    assert (desk.balance(FISH_PAYABLE), desk.balance(OFFICE_PAYABLE)) == (1_500, 0)
    assert desk.audited()


@pytest.mark.parametrize(
    "written", ["B2109", "b2109", "Ｂ２１０９", "141305-b2109", " 141305-B2109 "]
)
def test_the_organisation_is_typed_as_people_type_it(desk: Office, written: str) -> None:
    pile = desk.counter.open_pile(written)

    assert isinstance(pile, Pile)
    assert pile.organisation == FISH_SHOP


@pytest.mark.parametrize("written", ["", "B9999", "131164-C1001X", "鮮魚", "500"])
def test_a_pile_of_nobody_whom_the_town_knows_is_not_begun(desk: Office, written: str) -> None:
    refused = desk.counter.open_pile(written)

    assert isinstance(refused, Refused)
    assert refused.reason == "payee-unknown"


def test_the_names_of_the_shops_are_there_without_the_network_too(desk: Office) -> None:
    online = desk.counter.payees()
    desk.line(up=False)

    assert not isinstance(online, Refused)
    assert FISH_SHOP in {each.organisation for each in online}
    assert desk.counter.payees() == online
    assert isinstance(desk.counter.open_pile("B2109"), Pile)


def test_no_shop_s_own_terminal_clears(desk: Office) -> None:
    for refused in (desk.shop.open_pile("B2109"), desk.shop.payees()):
        assert isinstance(refused, Refused)
        assert refused.reason == "not-a-counter"


def test_what_is_not_cleared_goes_back_named_with_its_reason(desk: Office) -> None:
    good, used = desk.tickets(2)
    assert isinstance(desk.shop.redeem(used), Approved)
    foreign, forged = desk.foreign("1015551445076"), desk.forged("1015551445076")
    desk.open()

    desk.cleared(good)
    assert desk.why_not(used) == "ticket-used"
    assert desk.why_not(good) == "ticket-seen-here"
    assert desk.why_not(foreign) == "ticket-other-town"
    assert desk.why_not("A" * 300) == "not-a-ticket"  # a bad scan: it may be scanned again
    pile = desk.pile()

    assert [(each.number, each.reason) for each in pile.returned] == [
        (desk.number(used), "ticket-used"),
        (desk.number(good), "ticket-seen-here"),
        ("1015551445076", "ticket-other-town"),
    ]
    assert desk.why_not(forged) == "ticket-not-authentic"
    assert (pile.count, pile.points) == (1, 500)


def test_offline_the_lists_decide_and_the_hub_commits_the_first(desk: Office) -> None:
    good, known, unknown = desk.tickets(3)
    assert isinstance(desk.shop.redeem(known), Approved)
    desk.sync()
    desk.open()
    desk.line(up=False)
    assert isinstance(desk.shop.redeem(unknown), Approved)

    assert desk.cleared(good).tier is Tier.T2
    assert desk.why_not(known) == "ticket-used"
    desk.cleared(unknown)
    desk.line(up=True)
    desk.sync()

    rows = {row.number: (row.verdict, row.reason) for row in desk.counter.history()}
    assert rows[desk.number(good)] == ("applied", "")
    assert rows[desk.number(unknown)] == ("exception", "second-clearing")
    assert desk.balance(FISH_PAYABLE) == 500
    assert desk.audited()


def test_a_copy_of_paper_that_lies_in_the_own_drawer_goes_back_offline_too(desk: Office) -> None:
    qr = desk.ticket()
    assert isinstance(desk.counter.void_ticket(qr), Voided)
    desk.open()
    desk.line(up=False)
    desk.counter.parts.store.execute("DELETE FROM item WHERE kind = 'used'")  # not told of it yet

    assert desk.why_not(qr) == "ticket-seen-here"
    assert desk.pile().count == 0


def test_offline_no_float_ends_a_pile(desk: Office) -> None:
    papers = desk.tickets(40, points=1_000)
    desk.open()
    desk.line(up=False)

    for qr in papers:
        desk.cleared(qr)

    assert desk.pile().points == 40_000


def test_a_pile_is_found_again_after_a_restart_with_its_sums_and_what_goes_back(
    desk: Office,
) -> None:
    first, second, third = desk.tickets(3)
    desk.open()
    desk.cleared(first)
    assert desk.why_not(first) == "ticket-seen-here"
    before = desk.pile()

    desk.restart()

    assert desk.pile() == before
    assert desk.open() == before  # the same shop goes on
    desk.cleared(second)
    desk.cleared(third)
    assert desk.pile().count == 3


def test_another_shop_waits_until_the_pile_is_closed(desk: Office) -> None:
    desk.open()

    refused = desk.counter.open_pile("B2108")

    assert isinstance(refused, Refused)
    assert refused.reason == "pile-open"


def test_a_pile_goes_on_over_the_end_of_a_shift_but_what_was_closed_stays(desk: Office) -> None:
    first, second = desk.tickets(2)
    desk.open()
    desk.cleared(first)
    desk.counter.close_shift()

    refused = desk.counter.undo_clearing()
    desk.cleared(second)
    undone = desk.counter.undo_clearing()

    assert isinstance(refused, Refused)
    assert refused.reason == "not-in-this-shift"
    assert isinstance(undone, Approved)
    assert desk.pile().count == 1
    desk.sync()
    assert desk.balance(FISH_PAYABLE) == 500
    assert desk.audited()


def test_the_last_one_is_taken_back_and_may_be_cleared_again(desk: Office) -> None:
    qr = desk.ticket()
    desk.open()
    desk.cleared(qr)

    assert isinstance(desk.counter.undo_clearing(), Approved)
    assert desk.pile().count == 0
    empty = desk.counter.undo_clearing()
    desk.cleared(qr)

    assert isinstance(empty, Refused)
    assert empty.reason == "pile-empty"
    desk.sync()
    assert desk.balance(FISH_PAYABLE) == 500
    assert desk.audited()


def test_a_day_s_sums_are_not_the_office_s_takings(desk: Office) -> None:
    papers = desk.tickets(2)
    desk.open()
    for qr in papers:
        desk.cleared(qr)
    desk.counter.undo_clearing()

    report = desk.counter.close_shift()

    assert not isinstance(report, Refused)
    assert [(line.kind, line.count, line.points) for line in report.lines] == [
        ("ticket.cleared", 1, 500)
    ]
    assert report.taken == 0


@pytest.mark.parametrize("up", [True, False])
def test_paper_stamped_in_time_is_cleared_and_the_stamp_is_to_be_looked_at(
    desk: Office, *, up: bool
) -> None:
    late = desk.ticket(days=1)
    fresh = desk.ticket(days=30)
    desk.sleep(2)
    desk.open()
    desk.line(up=up)

    assert desk.cleared(late).ended_on == "2026-11-02"
    assert desk.cleared(fresh).ended_on is None
    desk.line(up=True)
    desk.sync()
    assert desk.balance(FISH_PAYABLE) == 1_000
    assert desk.audited()


@pytest.mark.parametrize("up", [True, False])
def test_after_the_programme_s_deadline_paper_goes_back(desk: Office, *, up: bool) -> None:
    late = desk.ticket(days=1)
    desk.sleep(200)
    desk.open()
    desk.line(up=up)

    assert desk.why_not(late) == "clearing-over"
    assert desk.pile().returned[0].reason == "clearing-over"


def test_a_torn_code_is_cleared_by_its_typed_number(desk: Office) -> None:
    qr = desk.ticket()
    number = desk.number(qr)
    desk.open()

    found = desk.counter.find_for_pile(number)
    done = desk.cleared(f"{number[:3]} {number[3:8]}-{number[8:]}")

    assert not isinstance(found, Refused)
    assert (found.points, found.valid_until, found.number) == (500, "2026-12-01", number)
    assert (done.number, done.points, done.tier) == (number, 500, Tier.T0)
    desk.sync()
    assert desk.balance(FISH_PAYABLE) == 500
    assert desk.audited()


def test_a_typed_number_is_taken_at_a_shop_too(desk: Office) -> None:
    number = desk.number(desk.ticket())

    found = desk.shop.find_ticket(number)
    done = desk.shop.redeem(number)
    again = desk.shop.redeem(number)

    assert not isinstance(found, Refused)
    assert isinstance(done, Approved)
    assert isinstance(again, Refused)
    assert again.reason == "ticket-used"
    desk.sync()
    assert desk.balance(OFFICE_PAYABLE) == 500
    assert desk.audited()


def test_a_wrong_digit_is_told_at_once_and_costs_no_try(desk: Office) -> None:
    number = desk.number(desk.ticket())
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    desk.line(up=False)  # nobody is asked

    for text in (wrong, number[:-1], number + "0"):
        outcome = desk.shop.redeem(text)
        assert isinstance(outcome, Refused)
        assert outcome.reason == "number-mistyped"


def test_without_the_network_no_typed_number_is_taken(desk: Office) -> None:
    number = desk.number(desk.ticket())
    desk.open()
    desk.line(up=False)

    assert desk.why_not(number) == "hub-silent"
    assert desk.pile().returned == ()


def test_who_guesses_numbers_is_stopped_and_reported(desk: Office) -> None:
    guesses = [_number(n) for n in range(30)]

    answers = [desk.shop.redeem(guess) for guess in guesses]
    reasons = [answer.reason for answer in answers if isinstance(answer, Refused)]

    assert reasons == ["ticket-unknown"] * 20 + ["too-many-numbers"] * 10
    with desk.hub.core.database.read() as tx:
        rows = tx.rows("SELECT kind, reason, node FROM incident")
    assert rows == [("typed-numbers", "too-many-numbers", desk.shop.parts.identity.node)]
    desk.clock.turn(days=1)
    assert isinstance(desk.shop.redeem(desk.number(desk.ticket())), Approved)
    desk.sync()
    assert desk.audited()


def test_the_shop_takes_its_receipt_home(desk: Office) -> None:
    store = desk.counter.parts.store
    keep_settings(store, replace(settings_of(store), printer="file:paper.bin"))
    good, other, used = *desk.tickets(2), desk.ticket(points=300)
    desk.open()
    for qr in (good, other, used):
        desk.cleared(qr)
    assert desk.why_not(good) == "ticket-seen-here"

    desk.counter.close_pile()

    (job,) = desk.counter.parts.paper.jobs.waiting()
    receipt = decode(job.document)
    assert isinstance(receipt, ClearingReceipt)
    assert receipt.lines == (Cleared(points=500, count=2), Cleared(points=300, count=1))
    assert receipt.returned == (Returned(number=desk.number(good), reason="重複 (消込済み)"),)
    assert (receipt.count, receipt.points) == (3, 1_300)


def _number(n: int) -> TicketNumber:
    from sync.ticket import check_digit

    digits = f"101{n:09d}"
    return TicketNumber(digits + check_digit(digits))


def test_a_ticket_is_not_cleared_into_a_pile_of_a_life_that_is_over(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line comes back while a ticket is judged without it, and brings a new epoch."""
    qr = desk.ticket()
    desk.sync()
    desk.open()
    parts = desk.counter.parts
    ensure = parts.shifts.ensure

    def meanwhile() -> object:
        desk.line(up=True)
        parts.writer.stop("second-path-missing")
        desk.counter.sync_now()
        return ensure()

    desk.line(up=False)
    before = parts.writer.epoch
    monkeypatch.setattr(parts.shifts, "ensure", meanwhile)

    refused = desk.counter.clear(qr)

    assert parts.writer.epoch != before
    assert isinstance(refused, Refused)
    assert refused.reason == "no-pile"
