"""The foot of a screen: its keys, pressed by hand or by the mouse."""

import pytest
from rich.cells import cell_len
from rich.text import Text

from tests.tui.conftest import Staged
from tui.screens.home import Home
from tui.screens.issue import Issue
from tui.widgets.foot import Foot
from tui.wording import Language, Words


@pytest.mark.parametrize("language", ["en", "ja"])
async def test_a_key_of_the_foot_is_pressed_by_the_mouse(stage: Staged, language: Language) -> None:
    async with stage(language=language) as at:
        shown = at.text.splitlines()[-1]
        f4, f5 = (cell_len(shown[: shown.index(key)]) for key in ("F4", "F5"))
        for column in (f4, f5 - 2):  # its name, and the end of what it does
            await at.pilot.click(Foot, offset=(column, 0))
            assert isinstance(at.app.screen, Issue)
            await at.press("escape")


async def test_beside_the_keys_the_mouse_does_nothing(stage: Staged) -> None:
    async with stage() as at:
        shown = at.text.splitlines()[-1]
        await at.pilot.click(Foot, offset=(len(shown) + 1, 0))
        assert isinstance(at.app.screen, Home)
        assert not at.answer


async def test_the_foot_is_drawn_anew_only_when_its_keys_are_others(
    stage: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    draw = Foot.render

    def drawing(foot: Foot) -> Text:
        drawn.append("once")
        return draw(foot)

    monkeypatch.setattr(Foot, "render", drawing)
    async with stage() as at:
        await at.press("f8")
        drawn.clear()
        at.app.refresh_bindings()
        await at.settle()
        assert not drawn

        await at.press(*"Sato", "enter")  # now there is something to close
        assert drawn == ["once"]
        assert Words("en")("Close the shift") in at.text.splitlines()[-1]
