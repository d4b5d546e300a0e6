"""The counter of this PC: what lies in its folder decides what is shown first."""

import io
import sys
from pathlib import Path

import pytest

from sync.errors import Damaged, RefusedByRule
from tui.here import Opening, run_counter, tray_of


def test_a_demos_tray_is_the_cards_beside_the_database(tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    for name in ("太郎.card", "花子.card", "notes.txt"):
        (cards / name).touch()
    assert [(card.name, card.address) for card in tray_of(tmp_path)] == [
        ("太郎", f"soft:{cards / '太郎.card'}"),
        ("花子", f"soft:{cards / '花子.card'}"),
    ]


def test_a_counter_without_a_demo_has_no_tray(tmp_path: Path) -> None:
    assert tray_of(tmp_path) == ()


def test_a_pipe_gets_words_instead_of_screens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(RefusedByRule, match="need a terminal") as refused:
        run_counter(tmp_path, {})
    assert refused.value.reason == "no-terminal"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_counter_is_told_when_it_is_opened(tmp_path: Path) -> None:
    opening = Opening(tmp_path)
    with pytest.raises(Damaged):
        opening.counter()
    opening.close()


def test_nobody_confirms_a_node_that_is_not_enrolled(tmp_path: Path) -> None:
    assert not Opening(tmp_path).confirmed()
