"""What people read at a shell about money."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.client import HubClient
from hub.forms import NoticeView, PlaceRow
from tests.hub.shells import Shells, shells
from tests.hub.townhall import GREENGROCER, townhall

WINDOW = "141305-shops-1"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shells]:
    with shells(townhall(tmp_path), monkeypatch) as found:
        yield found


def told(shell: Shells, monkeypatch: pytest.MonkeyPatch, out: Path, notice: NoticeView) -> str:
    """What is said of an organisation's notice when it was written."""
    monkeypatch.setattr(HubClient, "notice", lambda *_: notice)
    said = shell.say(f"settlement notice {WINDOW} {GREENGROCER}", "--out", str(out))
    assert out.read_bytes() == notice.file
    return said.removeprefix(f"{out}: ")


def notice(*, paid: int, returned: int) -> NoticeView:
    place = PlaceRow(node=f"{GREENGROCER}-1111", place="八百屋", points=1_005)
    return NoticeView(
        window=WINDOW,
        organisation=GREENGROCER,
        paid=paid,
        returned=returned,
        places=[place],
        file=b"sheet",
    )


def test_a_payment_that_came_back_is_not_called_got(
    shell: Shells, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good = told(shell, monkeypatch, tmp_path / "good.csv", notice(paid=1_005, returned=0))
    back = told(shell, monkeypatch, tmp_path / "back.csv", notice(paid=0, returned=1_005))

    assert good.splitlines()[0] == f"{GREENGROCER} gets 1,005 yen of {WINDOW}"
    assert back.splitlines()[0] == (
        f"{GREENGROCER} gets 0 yen of {WINDOW};"
        " the bank returned 1,005 yen, which a later window pays"
    )
    assert all("八百屋" in each for each in (good, back))
