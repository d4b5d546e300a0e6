"""The figures of tickets come from books that add up, and from a list that is exact."""

from pathlib import Path

import pytest

from tests.bench import tickets


def test_a_small_fair_adds_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "GUESSES", 5_000)

    told = {one.figure: one for one in tickets.measure(tmp_path, tickets=150)}

    assert told["tickets, blind guesses at 311 numbers"].met
    assert told["tickets, an update of 100, on the wire"].value < 100
    assert {"tickets, one redeemed online", "tickets, one redeemed offline"} <= set(told)
