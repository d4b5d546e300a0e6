"""A day at the counter, with the keys counted that a person presses."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from node.card.errors import CardRemoved
from node.outcome import Sheet
from sync.errors import Unreachable
from sync.values import Points, TicketNumber
from tests.doubles.counter import KAWASAKI, NOW, TOSHIMA, FakeCounter, quiet_status, shop, slowly
from tests.tui.conftest import Staged
from tui.screens.history import History
from tui.screens.home import Home
from tui.screens.redeem import Redeem
from tui.screens.spend import Spend, Step
from tui.widgets.answer import Answer
from tui.widgets.figures import BigAmount
from tui.wording import Language


def _points(counter: FakeCounter, card: str) -> int:
    return counter.cards[card].points[KAWASAKI]


async def test_spending_is_the_amount_enter_the_card_and_the_pin(stage: Staged) -> None:
    async with stage() as at:
        await at.press("5", "0", "0", "enter")
        await at.card("soft:hanako")
        await at.press("1", "2", "3", "4")

        assert at.keys == 8
        assert at.light == "good"
        assert "500 points taken." in at.answer
        assert _points(at.counter, "soft:hanako") == 1_500


async def test_the_customer_sees_the_amount_large_before_the_pin(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"1500", "enter")
        await at.card("soft:hanako")

        assert isinstance(at.app.screen, Spend)
        assert at.app.screen.step is Step.PIN
        assert at.app.screen.query_one(BigAmount).points == 1_500
        assert "Customer, you pay 1,500 points" in at.text
        assert "take" not in at.counter.asked


async def test_full_width_digits_are_digits(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"１，５００", "enter")
        await at.card("soft:hanako")
        await at.press(*"１２３４")
        assert _points(at.counter, "soft:hanako") == 500


async def test_a_card_first_shows_its_towns_and_one_is_chosen(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f2")
        await at.card("soft:taro")
        assert "1  かわさきポイント  4,000 points" in at.text
        assert "2  としまポイント  5,000 points" in at.text

        await at.press("2", *"700", "enter", *"5678")
        assert at.counter.cards["soft:taro"].points == {KAWASAKI: 4_000, TOSHIMA: 4_300}


async def test_a_card_with_one_usable_town_is_not_asked_which(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f2")
        await at.card("soft:hanako")
        assert "かわさきポイント: 2,000 points" in at.answer
        await at.press(*"300", "enter", *"1234")
        assert _points(at.counter, "soft:hanako") == 1_700


async def test_an_amount_with_a_card_of_two_towns_asks_which(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"700", "enter")
        await at.card("soft:taro")
        await at.press("1", *"5678")
        assert _points(at.counter, "soft:taro") == 3_300


async def test_a_ticket_is_one_scan_and_no_key(stage: Staged) -> None:
    booth = replace(quiet_status(), kind="booth")
    async with stage(shop(look=booth)) as at:
        assert isinstance(at.app.screen, Redeem)
        await at.scan("QR-101")
        assert at.keys == 0
        assert at.light == "good"
        assert "1,000 points taken." in at.answer


async def test_a_ticket_scanned_on_the_first_screen_is_taken_too(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-102")
        assert at.light == "good"
        assert at.counter.taken() == 500


async def test_scans_that_come_while_the_hub_is_slow_are_all_asked_once(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f3")
        go_on = slowly(at.counter)
        await at.scan("QR-101")
        await at.scan("QR-102")
        assert at.counter.asked.count("redeem") == 1
        go_on()
        await at.settle()
        assert at.counter.asked.count("redeem") == 2
        assert at.counter.taken() == 1_500


async def test_a_scanner_that_fires_twice_gave_one_scan(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f3")
        await at.scan("QR-101")
        await at.scan("QR-101")
        assert at.counter.asked.count("redeem") == 1
        assert at.light == "good"


@pytest.mark.parametrize(
    ("scan", "light", "bells"), [("QR-101", "good", 1), ("nothing", "look", 2), ("QR-102", "no", 3)]
)
async def test_yes_rings_once_look_twice_and_no_three_times(
    stage: Staged, monkeypatch: pytest.MonkeyPatch, scan: str, light: str, bells: int
) -> None:
    def at_once(_: Answer, _delay: float, callback: Callable[[], None]) -> None:
        callback()

    counter = shop()
    counter.redeem("QR-102")
    rung: list[str] = []
    async with stage(counter) as at:
        monkeypatch.setattr(Answer, "set_timer", at_once)
        monkeypatch.setattr(at.app, "bell", lambda: rung.append("bell"))
        await at.scan(scan)
        assert at.light == light
        assert len(rung) == bells


async def test_a_wrong_amount_is_taken_back_with_three_keys(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.press(*"1234")
        before = at.keys

        await at.press("f7", "enter", "f12")

        assert at.keys - before == 3
        assert isinstance(at.app.screen, History)
        assert "500 points given back." in at.answer
        assert _points(at.counter, "soft:hanako") == 2_000


async def test_two_scans_over_the_history_take_nothing_back(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        await at.press("f7")
        await at.scan("QR-102")
        await at.scan("QR-102")
        assert "reverse" not in at.counter.asked
        assert "Nothing was done. Press F12 for yes" in at.text


async def test_a_scan_closes_no_shift(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f8", *"Sato", "enter", "f12")
        await at.scan("QR-101")
        assert at.counter.staff == "Sato"
        await at.press("escape")
        assert "Shift of Sato" in at.text


async def test_a_scan_does_not_end_the_program(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f2", "escape", "escape")
        await at.scan("QR-101")
        assert at.app.is_running
        assert "End the program?" in at.text


async def test_another_key_rings_once_at_a_question(
    stage: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    async with stage() as at:
        monkeypatch.setattr(at.app, "bell", lambda: rung.append("bell"))
        await at.press("escape")
        await at.scan("QR-101")
        assert rung == ["bell"]


async def test_escape_at_the_question_takes_nothing_back(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        await at.press("f7", "enter", "escape")
        assert "reverse" not in at.counter.asked


async def test_what_was_taken_back_is_not_taken_back_twice(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        await at.press("f7", "enter", "f12")
        await at.press("down", "enter")
        assert "taken back already" in at.answer
        assert at.counter.asked.count("reverse") == 1


async def test_escape_before_the_pin_gives_the_hold_up(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.press("escape")
        assert at.counter.open_holds == {}
        assert "No points were moved." in at.answer
        await at.press("escape")
        assert isinstance(at.app.screen, Home)


async def test_an_answer_that_comes_after_escape_is_given_up_too(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        go_on = slowly(at.counter)
        await at.card("soft:hanako")
        await at.press("escape", "escape")
        assert isinstance(at.app.screen, Home)
        go_on()
        await at.settle()
        assert at.counter.asked[-1] == "drop"
        assert at.counter.open_holds == {}


async def test_money_in_flight_cannot_be_cancelled_half_way(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        go_on = slowly(at.counter)
        await at.press(*"1234")
        await at.press("escape", "f7", "f1", "ctrl+q")
        assert isinstance(at.app.screen, Spend)
        assert "being finished safely" in at.answer
        go_on()
        await at.settle()
        assert at.light == "good"
        assert _points(at.counter, "soft:hanako") == 1_500


async def test_a_wrong_pin_says_the_tries_left_and_is_typed_again(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.press(*"9999")
        assert "2 tries are left." in at.answer
        assert _points(at.counter, "soft:hanako") == 2_000
        await at.press(*"1234")
        assert _points(at.counter, "soft:hanako") == 1_500


async def test_the_last_try_is_warned_of_before_it_is_spent(stage: Staged) -> None:
    counter = shop()
    counter.cards["soft:hanako"].tries = 1
    async with stage(counter) as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        assert "last try" in at.answer


async def test_a_ticket_scanned_into_the_pin_spends_no_try(stage: Staged) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.scan("2KCE5AQ")
        assert "Nothing was given to the card." in at.answer
        assert at.counter.cards["soft:hanako"].tries == 3


async def test_a_card_that_left_too_early_is_put_back_and_the_pin_typed_again(
    stage: Staged,
) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        at.counter.fails_with = CardRemoved()
        await at.press(*"1234")
        assert "taken away too early" in at.answer
        await at.press(*"1234")
        assert _points(at.counter, "soft:hanako") == 1_500


async def test_something_unexpected_does_not_end_the_app_nor_promise_anything(
    stage: Staged,
) -> None:
    async with stage() as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        at.counter.fails_with = ZeroDivisionError()
        await at.press(*"1234")
        assert "unexpected" in at.answer
        assert "No points were moved" not in at.answer
        assert "history (F7)" in at.answer


async def test_no_network_is_a_banner_and_no_action(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.press(*"1234")
        assert at.light == "good"
        assert "1 entry to send" in at.text
        assert "offline limit left 29,500" in at.text

        at.counter.silent = False
        at.app.poll()
        await at.settle()
        assert "Online, 0 entries to send" in at.text


async def test_issuing_is_card_amount_days_enter_and_pin(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"1000", "enter", "enter")
        assert "Customer, you pay 1,000 points" in at.text
        await at.press(*"1234")
        assert "2025-11-23" in at.answer
        assert at.light == "good"
        assert _points(at.counter, "soft:hanako") == 1_000


async def test_a_town_with_several_programmes_is_asked_which(stage: Staged) -> None:
    counter = shop(programmes={KAWASAKI: ("123", "124")})
    async with stage(counter) as at:
        await at.press("f4")
        await at.card("soft:hanako")
        assert "1  事業123" in at.text
        assert "2  事業124" in at.text
        await at.press("2", *"300", "enter", "enter")
        assert "事業124" in at.text
        await at.press(*"1234")
        assert at.light == "good"
        assert at.counter.issued == ["124"]


async def test_the_arrow_keys_reach_the_number_of_tickets(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        assert "arrow key down" in at.answer
        await at.press(*"100", "down", "down", "backspace", *"10", "enter", *"1234")
        assert "10 tickets issued, 1,000 points in all." in at.answer


async def test_a_town_without_a_running_programme_issues_nothing(stage: Staged) -> None:
    async with stage(shop(programmes={TOSHIMA: ("456",)})) as at:
        await at.press("f4")
        await at.card("soft:hanako")
        assert "no tickets of this kind" in at.answer


async def test_without_the_network_issuing_is_refused_before_anything_is_typed(
    stage: Staged,
) -> None:
    async with stage(shop(silent=True)) as at:
        await at.press("f4")
        assert "The centre does not answer." in at.answer
        await at.card("soft:hanako")
        assert "The centre does not answer." in at.answer
        assert "look_up" not in at.counter.asked
        at.counter.silent = False
        await at.card("soft:hanako")
        assert "Enter, then the PIN" in at.answer


async def test_without_the_network_nobody_is_asked_what_to_register(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await at.press("f5")
        await at.card("soft:hanako")
        assert "The centre does not answer." in at.answer


@pytest.mark.parametrize("keys", [("f4",), ("f5",), ("f6", "f12")])
async def test_a_locked_card_is_told_before_anything_is_typed(
    stage: Staged, keys: tuple[str, ...]
) -> None:
    counter = shop()
    counter.cards["soft:hanako"].tries = 0
    async with stage(counter) as at:
        await at.press(keys[0])
        await at.card("soft:hanako")
        await at.press(*keys[1:])
        assert "This card's PIN is locked." in at.answer


@pytest.mark.parametrize(
    ("job", "keys"),
    [
        ("f4", (*"300", "enter", "enter")),
        ("f5", ("1", "1", "f12", "enter")),
        ("f6", ("f12",)),
    ],
)
async def test_the_last_try_is_warned_of_on_every_screen(
    stage: Staged, job: str, keys: tuple[str, ...]
) -> None:
    counter = shop()
    counter.cards["soft:hanako"].tries = 1
    async with stage(counter) as at:
        await at.press(job)
        await at.card("soft:hanako")
        await at.press(*keys)
        assert "last try" in at.answer


async def test_a_limit_that_says_no_is_named(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await at.press(*"1500", "enter")
        await at.card("soft:hanako")
        assert "At most 1,000 points at once." in at.answer


@pytest.mark.parametrize("typed", ["500円", "５００円", "0"])
async def test_an_amount_with_its_unit_is_not_called_a_bad_ticket(
    stage: Staged, typed: str
) -> None:
    async with stage() as at:
        await at.press(*typed, "enter")
        assert "An amount is a whole number" in at.answer
        assert "redeem" not in at.counter.asked


async def test_an_amount_typed_where_tickets_are_scanned_asks_for_a_scan(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f3", *"500円", "enter")
        assert "A ticket has to be scanned." in at.answer
        assert "redeem" not in at.counter.asked


async def test_twice_the_paper_is_twice_the_points_on_the_customers_line(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"500", "enter", "tab", "backspace", "2", "enter")
        assert "Customer, you pay 1,000 points" in at.text


async def test_a_pin_typed_too_early_does_not_stay_on_the_screen(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"300", "enter", "backspace", *"1234", "enter")
        assert "Days: a number from 1 to 366." in at.answer
        assert "1234" not in at.text


async def test_every_sale_brings_its_slip_to_paper_by_itself(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        assert at.counter.asked == ["redeem", "open_shift", "print_waiting"]


async def test_escape_on_the_first_screen_asks_before_the_day_ends(stage: Staged) -> None:
    async with stage() as at:
        await at.press("escape", "escape", "escape")
        assert at.app.is_running
        assert "End the program?" in at.text


async def test_a_look_shows_all_towns_and_the_pin_makes_it_exact(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f6")
        await at.card("soft:taro")
        assert "としまポイント" in at.text
        await at.press("f12", *"5678")
        assert "Exact, from the centre." in at.answer


async def test_a_shift_is_opened_by_name_and_closed_with_its_sums(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f8", *"Sato", "enter")
        await at.scan("")
        await at.press("escape")
        await at.scan("QR-101")
        await at.press("f8")
        assert "Shift of Sato" in at.text
        await at.press("f12", "f12")
        assert "The shift is closed." in at.answer
        assert "1,000 points" in at.text
        assert at.counter.staff is None


async def test_everything_can_be_found_by_a_part_of_its_name(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f1", *"book", "enter")
        assert "Everything adds up." in at.answer


async def test_the_hub_that_does_not_answer_loses_nothing(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await at.press("f9")
        assert "Nothing is lost" in at.answer
        at.counter.fails_with = Unreachable("no")
        await at.press("f9")
        assert at.light == "look"


async def test_no_key_path_makes_or_loses_a_point(stage: Staged) -> None:
    async with stage() as at:
        before = at.counter.points_in_all()
        await at.press(*"500", "enter")
        await at.card("soft:hanako")
        await at.press(*"1234", "f7", "enter", "f12", "f4")
        await at.card("soft:hanako")
        await at.press(*"300", "enter", "enter", *"1234")
        await at.press("escape")
        await at.scan("QR-101")
        assert at.counter.points_in_all() == before


def _sheet(state: str, trouble: str = "") -> Sheet:
    return Sheet(job=7, what="spend", number="12", at=NOW, state=state, trouble=trouble)


@pytest.mark.parametrize(
    ("keys", "asked", "state", "said"),
    [
        (("down", "enter"), "came_out", "confirmed", "it came out"),
        (("down", "down", "enter"), "reprint", "queued", "being printed"),
    ],
)
async def test_a_sheet_in_doubt_is_looked_at_and_said_to_be_out_or_printed_again(
    stage: Staged, keys: tuple[str, ...], asked: str, state: str, said: str
) -> None:
    async with stage(shop(paper={7: _sheet("sent", "cut-off")})) as at:
        await at.press("f10")
        assert "came out?" in at.text
        await at.press("enter")
        assert "cut off half-way" in at.answer
        await at.press(*keys)
        assert at.counter.asked.count(asked) == 1
        assert at.counter.paper[7].state == state
        assert said in at.answer


async def test_a_scan_answers_nothing_about_a_sheet(stage: Staged) -> None:
    async with stage(shop(paper={7: _sheet("sent", "cut-off")})) as at:
        await at.press("f10", "enter")
        await at.scan("QR-101")
        assert at.counter.paper[7].state == "sent"


async def test_a_sheet_that_waits_says_why(stage: Staged) -> None:
    async with stage(shop(paper={7: _sheet("failed", "paper-out")})) as at:
        await at.press("f10", "enter")
        assert at.answer == "Put paper into the printer."


async def test_a_spoilt_sheet_can_be_printed_again(stage: Staged) -> None:
    async with stage(shop(paper={7: _sheet("confirmed")})) as at:
        await at.press("f7", "f10", "enter", "down", "enter")
        assert at.counter.paper[7].state == "queued"
        assert at.counter.asked[-1] == "print_waiting"


async def test_the_history_says_arrived_when_it_has(stage: Staged) -> None:
    async with stage(shop(silent=True)) as at:
        await at.scan("QR-101")
        await at.press("f7")
        assert "to send" in at.text
        at.counter.silent = False
        at.counter.sync_now()
        at.app.poll()
        await at.settle()
        assert " arrived" in at.text


async def test_the_mark_of_what_was_taken_back_is_shown_whole(stage: Staged) -> None:
    async with stage(language="ja") as at:
        await at.scan("QR-101")
        await at.press("f7", "enter", "f12")
        assert "券(取消済)" in at.text


@pytest.mark.parametrize(("tickets", "shown"), [("1", " "), ("2", " +1 "), ("3", " +2 ")])
async def test_the_history_names_the_tickets_that_were_issued(
    stage: Staged, tickets: str, shown: str
) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"500", "enter", "tab", "backspace", tickets, "enter", *"1234")
        number = at.answer.split("Ticket ")[1][:17]
        await at.press("f7")
        assert f"{number}{shown}" in at.text


@pytest.mark.parametrize(("language", "last"), [("ja", "センター"), ("en", "Centre")])
async def test_the_widest_history_fits_into_80_columns(
    stage: Staged, language: Language, last: str
) -> None:
    counter = shop()
    counter.open_pile("B2109")
    counter.clear("QR-101")
    counter.undo_clearing()
    row = counter.rows[0]
    counter.rows[0] = replace(row, reversed_by=2, reversible=False, points=Points(1_000))
    twenty = tuple(TicketNumber(f"99000000000{place}") for place in range(10, 30))
    counter.rows.append(
        replace(row, seq=3, kind="ticket.issued", points=Points(1_000), issued=twenty, number=None)
    )
    async with stage(counter, language=language) as at:
        await at.press("f7")
        assert any(line.endswith(f" {last}") for line in at.text.splitlines())


async def test_a_hub_that_refuses_is_not_called_a_missing_network(stage: Staged) -> None:
    async with stage(shop(says_no="node-revoked")) as at:
        await at.press("f9")
        assert "taken this PC out of use" in at.answer
