"""A pile from the shell: a scan a line, left open, taken up again, closed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from node import opening
from node.cli import node
from tests.faults.corner import NOW
from tests.node.office import FISH_PAYABLE, Office, office


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """The office, whose folder is free for a command."""
    clock = tmp_path / "clock"
    clock.write_text(str(NOW))
    monkeypatch.setenv("MACHIKADO_DEMO_CLOCK", str(clock))
    with office(tmp_path) as made:
        monkeypatch.setattr(opening, "door_to", lambda *_: made.wires[0])
        yield made


def clear(desk: Office, *scans: str, options: tuple[str, ...] = ()) -> Result:
    desk.close()
    try:
        words = ["ticket", "clear", str(desk.folder), "B2109", "--json", *options]
        return CliRunner().invoke(node, words, input="\n".join(scans))
    finally:
        desk.reopen()


def said(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_pile_is_cleared_from_standard_input_a_line_each(desk: Office) -> None:
    good, torn, used = desk.tickets(3)
    desk.shop.redeem(used)

    first = said(clear(desk, good, used).stdout)
    second = said(clear(desk, desk.number(torn), options=("--close",)).stdout)

    assert [(one["outcome"], one.get("reason"), one.get("number")) for one in first[:2]] == [
        ("approved", "", desk.number(good)),
        ("refused", "ticket-used", desk.number(used)),
    ]
    assert (first[2]["count"], first[2]["seq"]) == (1, None)
    assert (second[1]["count"], second[1]["points"]) == (2, 1_000)
    assert second[1]["returned"] == [{"number": desk.number(used), "reason": "ticket-used"}]
    assert second[1]["seq"] > 0
    desk.sync()
    assert desk.balance(FISH_PAYABLE) == 1_000


def test_the_last_one_is_taken_back_from_the_shell(desk: Office) -> None:
    wrong = desk.ticket()
    clear(desk, wrong)

    lines = said(clear(desk, options=("--undo",)).stdout)

    assert (lines[0]["outcome"], lines[0]["number"]) == ("approved", desk.number(wrong))
    assert lines[-1]["count"] == 0


def test_nobody_s_pile_is_refused(desk: Office) -> None:
    desk.close()
    result = CliRunner().invoke(node, ["ticket", "clear", str(desk.folder), "B0000", "--json"])
    desk.reopen()

    assert result.exit_code == 3
    assert said(result.stdout)[0]["reason"] == "payee-unknown"
