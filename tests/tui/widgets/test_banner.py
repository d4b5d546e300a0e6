"""The banner on top: read every second, painted when it has something else to say."""

import pytest
from textual.screen import Screen

from tests.tui.conftest import Staged


async def test_facts_that_stay_as_they_were_have_nothing_laid_out_anew(
    stage: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out: list[str] = []
    lay_out = Screen._refresh_layout

    def laying_out(screen: Screen[object], *, scroll: bool) -> None:
        laid_out.append(type(screen).__name__)
        lay_out(screen, scroll=scroll)

    async with stage() as at:
        monkeypatch.setattr(Screen, "_refresh_layout", laying_out)
        at.app.poll()
        await at.settle()
        assert not laid_out

        at.counter.silent = True
        at.app.poll()
        await at.settle()
        assert laid_out
        assert "Network down" in at.text.splitlines()[1]
