"""A person looks at the paper first."""

from node.outcome import Sheet
from node.sheets import KINDS as SLIPS
from tests.doubles.counter import NOW, shop
from tests.tui.conftest import Staged
from tui.screens.look import Look
from tui.screens.printer import KINDS


async def test_a_ticket_is_seen_before_the_pin_and_nothing_is_lost_by_looking(
    stage: Staged,
) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"1000", "enter", "enter", "f6")

        assert isinstance(at.app.screen, Look)
        assert "見本（使えません）" in at.text
        assert "１，０００ ポイント" in at.text

        await at.press("escape", *"1234")

        assert "1 ticket issued, 1,000 points." in at.answer


async def test_there_is_no_ticket_to_see_before_a_card(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4", "f6")

        assert not isinstance(at.app.screen, Look)


async def test_a_form_that_cannot_be_issued_says_why_instead(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"abc", "f6")

        assert not isinstance(at.app.screen, Look)
        assert "An amount is a whole number" in at.answer


async def test_long_paper_is_moved_by_the_arrow_keys(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"1000", "enter", "enter", "f6")
        assert "利用店舗印" not in at.text

        await at.press("end")
        assert "利用店舗印" in at.text
        await at.press("home")
        assert "見本" in at.text


async def test_the_sheet_under_the_cursor_is_shown(stage: Staged) -> None:
    sheet = Sheet(job=0, what="ticket", number="1", at=NOW, state="failed", trouble="paper-out")
    async with stage(shop(paper={0: sheet})) as at:
        await at.press("f10", "f6")

        assert "ポイント券" in at.text


async def test_where_nothing_was_printed_there_is_nothing_to_see(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f10", "f6")

        assert not isinstance(at.app.screen, Look)


async def test_a_shift_is_closed_by_who_has_seen_its_sums_and_by_no_scan(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f8", *"Sato", "enter", "f12")
        assert "日計" in at.text

        await at.scan("QR-101")
        assert isinstance(at.app.screen, Look)
        assert "Nothing was done." in at.text
        assert "close_shift" not in at.counter.asked

        await at.press("f12")
        assert "The shift is closed." in at.answer


def test_every_sheet_has_a_name_in_the_printers_list() -> None:
    assert SLIPS.keys() | {"ticket", "Z", "clearing"} == KINDS.keys()
