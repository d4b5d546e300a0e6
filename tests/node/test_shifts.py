"""A counter's day: shifts, reversals, history, Z-reports, residents' looks, paper."""

from datetime import date
from pathlib import Path

import pytest

from node.looking import audit_of, set_printer, status_of
from node.outcome import Approved, Refused, RegisteredCard, ZReport
from printer.documents import ZReport as ZPaper
from printer.documents import decode
from sync.values import KeyDigest, Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


def spend(shop: Shop, points: int) -> Approved:
    done = shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())
    assert isinstance(done, Approved)
    return done


def test_the_first_sale_opens_a_shift_by_itself(shop: Shop) -> None:
    assert not shop.counter.status().shift_open

    spend(shop, 100)

    assert shop.counter.status().shift_open


def test_a_second_shift_is_refused_while_one_is_open(shop: Shop) -> None:
    assert shop.counter.open_shift("花子") is None

    refused = shop.counter.open_shift("太郎")

    assert refused is not None
    assert refused.reason == "shift-open"
    assert shop.counter.status().shift_staff == "花子"


def test_the_z_report_adds_up_and_names_what_waits_for_the_hub(shop: Shop) -> None:
    shop.counter.open_shift("花子")
    spend(shop, 300)
    shop.counter.sync_now()
    shop.cut()
    wrong = spend(shop, 200)
    shop.counter.reverse(wrong.seq)
    spend(shop, 150)

    report = shop.counter.close_shift()

    assert isinstance(report, ZReport)
    assert report.taken == 300 + 150
    assert {(line.kind, line.count, line.points) for line in report.lines} == {
        ("spend", 3, 650),
        ("reversed", 1, 200),
    }
    assert len(report.claims) == 3
    assert report.offline_used == 350, "a reversed spend uses the float until its receipt"
    z = decode(list(shop.counter.parts.paper.jobs.waiting())[-1].document)
    assert isinstance(z, ZPaper)
    assert z.total == 450
    assert isinstance(again := shop.counter.close_shift(), Refused)
    assert again.reason == "no-shift"


@pytest.mark.parametrize(("hours", "left"), [(1, 29_900), (25, 14_900), (80, 0)])
def test_the_z_report_says_the_limit_that_the_age_of_the_lists_leaves(
    shop: Shop, hours: int, left: int
) -> None:
    shop.cut()
    spend(shop, 100)
    shop.clock.advance(hours=hours)

    report = shop.counter.close_shift()

    assert isinstance(report, ZReport)
    assert report.offline_left == shop.counter.status().offline_left == left


@pytest.mark.parametrize(
    ("told", "printed"),
    [("2026-11-25", date(2026, 11, 25)), ("2026-11-19", None), ("", None)],
)
def test_the_z_report_says_when_its_points_are_paid_as_far_as_that_is_known(
    shop: Shop, told: str, printed: date | None
) -> None:
    shop.hub.pays = told
    shop.counter.sync_now()
    spend(shop, 100)

    report = shop.counter.close_shift()

    assert isinstance(report, ZReport)
    z = decode(list(shop.counter.parts.paper.jobs.waiting())[-1].document)
    assert isinstance(z, ZPaper)
    assert z.next_payment == printed


def test_a_sale_is_taken_back_once_and_only_in_its_shift(shop: Shop) -> None:
    done = spend(shop, 700)

    undone = shop.counter.reverse(done.seq, "wrong amount")
    again = shop.counter.reverse(done.seq)
    shop.counter.sync_now()

    assert isinstance(undone, Approved)
    assert isinstance(again, Refused)
    assert again.reason == "reversed-already"
    assert shop.hub.balance(shop.key) == 5_000
    later = spend(shop, 100)
    shop.counter.close_shift()
    late = shop.counter.reverse(later.seq)
    assert isinstance(late, Refused)
    assert late.reason == "not-in-this-shift"


def test_what_cannot_be_taken_back_says_why(shop: Shop) -> None:
    genesis = shop.counter.reverse(1)
    nothing = shop.counter.reverse(999)
    undone = shop.counter.reverse(spend(shop, 10).seq)
    assert isinstance(undone, Approved)
    reversal = shop.counter.reverse(undone.seq)

    assert [r.reason for r in (genesis, nothing, reversal) if isinstance(r, Refused)] == [
        "no-such-record",
        "no-such-record",
        "not-reversible",
    ]


def test_a_restart_in_mid_shift_goes_on_with_the_same_shift_and_seals_on(shop: Shop) -> None:
    shop.counter.open_shift("花子")
    spend(shop, 100)

    shop.restart()
    done = spend(shop, 100)

    assert shop.counter.status().shift_staff == "花子"
    assert shop.counter.history()[0].seq == done.seq
    assert shop.counter.history()[0].reversible


def test_offline_spends_without_a_receipt_use_up_the_float(shop: Shop) -> None:
    shop.cut()
    spend(shop, 1_000)
    assert shop.counter.status().offline_left == 29_000
    shop.hub.keep_receipts = True
    shop.mend()
    shop.counter.sync_now()
    assert shop.counter.status().offline_left == 29_000, "custody frees no float"

    shop.hub.keep_receipts = False
    shop.counter.sync_now()

    assert shop.counter.status().offline_left == 30_000


def test_a_resident_makes_a_mykey_id_and_looks_at_the_exact_balance(shop: Shop) -> None:
    shop.hub.mykeys[KeyDigest(b"x" * 32)] = "HANAKO01"

    made = shop.register("HANAKO01", "HANAKO02")
    exact = shop.counter.balances(shop.card, pin())
    known = shop.counter.balances(shop.card)

    assert made == RegisteredCard(mykey_id="HANAKO02", generated=False, known_before=False)
    assert not isinstance(exact, Refused)
    assert [(row.available, row.exact) for row in exact] == [(5_000, True)]
    assert not isinstance(known, Refused)
    assert [(row.available, row.exact) for row in known] == [(5_000, False)]


def test_a_taken_wish_is_told_and_nothing_is_made_that_nobody_chose(shop: Shop) -> None:
    shop.hub.mykeys[KeyDigest(b"x" * 32)] = "HANAKO01"

    told = shop.register("HANAKO01")

    assert isinstance(told, Refused)
    assert told.reason == "mykey-id-taken"
    assert len(shop.hub.mykeys) == 1
    assert not any("registrations" in request for request in shop.hub.requests)


@pytest.mark.parametrize("wishes", [[], ["HANAKO01", "HANAKO02", "HANAKO03"]])
def test_with_no_wish_or_three_that_are_taken_the_hub_makes_one(
    shop: Shop, wishes: list[str]
) -> None:
    for number, wish in enumerate(wishes):
        shop.hub.mykeys[KeyDigest(bytes([number]) * 32)] = wish

    made = shop.register(*wishes)

    assert isinstance(made, RegisteredCard)
    assert made.generated


def test_offline_a_balance_is_what_the_standing_says(shop: Shop) -> None:
    shop.cut()
    spend(shop, 100)

    rows = shop.counter.balances(shop.card, pin())

    assert not isinstance(rows, Refused)
    assert [(row.available, row.exact) for row in rows] == [(4_900, False)]


def test_slips_come_out_of_the_printer_that_was_set(shop: Shop, tmp_path: Path) -> None:
    spend(shop, 100)
    assert shop.counter.status().printer.waiting == 1
    shop.counter.close()
    set_printer(shop.folder, f"file:{tmp_path / 'paper.bin'}")
    shop.reopen()

    state = shop.counter.print_waiting()

    assert (state.waiting, state.unsure) == (0, 0)
    assert (tmp_path / "paper.bin").stat().st_size > 1_000
    assert shop.counter.reprint(1) is None
    assert shop.counter.print_waiting().waiting == 0


def test_status_and_audit_work_beside_the_program_that_has_the_folder(shop: Shop) -> None:
    spend(shop, 100)

    seen = status_of(shop.folder)

    assert seen.seq == shop.counter.status().seq
    assert seen.head == shop.counter.status().head
    assert seen.unsealed_keys
    assert audit_of(shop.folder) == ()


def test_status_and_audit_work_when_nobody_has_the_folder(shop: Shop) -> None:
    spend(shop, 100)
    shop.counter.close()

    assert status_of(shop.folder).seq > 1
    assert audit_of(shop.folder) == ()
    shop.reopen()
