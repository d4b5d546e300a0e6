"""A sale of a closed shift is given back from the history, after a yes that no scanner types."""

from tests.tui.conftest import Staged


async def test_a_sale_of_a_closed_shift_is_given_back(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        await at.press("f8", "f12", "f12", "escape")
        await at.press("f7", "enter")
        assert "No. 1 is of a closed shift. Give 1,000 points of it back" in at.text
        await at.press("f12")

        assert at.light == "good"
        assert "1,000 points given back." in at.answer
        assert "They keep the date they had." in at.answer
        assert "Given back" in at.text


async def test_what_was_given_back_is_not_given_back_again(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        await at.press("f8", "f12", "f12", "escape")
        await at.press("f7", "enter", "f12")
        await at.press("down", "enter")

        assert "All of this was given back already." in at.answer
        assert at.counter.asked.count("refund") == 1


async def test_without_the_hub_nothing_is_given_back(stage: Staged) -> None:
    async with stage() as at:
        await at.scan("QR-101")
        await at.press("f8", "f12", "f12", "escape", "f7")
        at.counter.silent = True
        await at.press("enter", "f12")

        assert at.light == "look"
        assert "The centre does not answer." in at.answer
        assert "No points were moved." in at.answer
