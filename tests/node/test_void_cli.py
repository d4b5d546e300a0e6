"""Tickets taken back from the shell: with the paper's QR, or lost, with card and PIN."""

import json
from pathlib import Path

import pytest

from tests.doubles.hub import FakeHub
from tests.node.test_cli import Run, hub, run, said

__all__ = ["hub", "run"]  # fixtures
SPEND = ("--municipality", "141305", "--points")


@pytest.fixture
def issued(run: Run, tmp_path: Path, blank_card: Path) -> dict[str, str]:
    """A ticket of 500, as its issue said it."""
    made = run("ticket", "issue", str(tmp_path / "node"), *SPEND, "500", "--days", "3",
               "--card", f"soft:{blank_card}", "--json")  # fmt: skip
    return said(made)


def test_the_paper_is_enough_to_void_a_ticket(
    run: Run,
    tmp_path: Path,
    issued: dict[str, str],
) -> None:
    png = tmp_path / "slip.png"

    done = run("ticket", "void", str(tmp_path / "node"), issued["qr"], "--json", "--png", png)

    assert (done.exit_code, said(done)["number"]) == (0, issued["number"])
    assert (said(done)["points"], said(done)["back"], said(done)["back_by"]) == (500, "now", None)
    assert png.exists()
    again = run("ticket", "void", str(tmp_path / "node"), issued["qr"], "--json")
    assert (again.exit_code, said(again)["reason"]) == (3, "ticket-used")


def test_a_lost_ticket_is_listed_and_then_voided_by_its_number(
    run: Run,
    tmp_path: Path,
    blank_card: Path,
    issued: dict[str, str],
) -> None:
    lost = ("ticket", "void", str(tmp_path / "node"), "--lost", "--card", f"soft:{blank_card}")

    listed = run(*lost, "--json")
    done = run(*lost, issued["number"], "--json")

    assert said(listed)["number"] == issued["number"]
    assert (said(listed)["points"], said(listed)["voiding"]) == (500, False)
    assert (done.exit_code, said(done)["back"]) == (0, "later")
    assert said(done)["back_by"] > said(listed)["valid_until"]
    assert json.loads(run(*lost, "--json").stdout)["voiding"] is True


def test_lost_needs_a_card_and_a_scan_needs_none(
    run: Run,
    tmp_path: Path,
    blank_card: Path,
) -> None:
    where = str(tmp_path / "node")

    for words in (("--lost",), ("--card", f"soft:{blank_card}", "QR")):
        assert run("ticket", "void", where, *words).exit_code == 2


def test_a_number_that_is_not_the_holders_is_wrong_usage(
    run: Run,
    tmp_path: Path,
    blank_card: Path,
    issued: dict[str, str],
) -> None:
    del issued
    lost = ("ticket", "void", str(tmp_path / "node"), "--lost", "--card", f"soft:{blank_card}")

    assert run(*lost, "1234567890128").exit_code == 2


def test_without_the_hub_it_ends_with_4(
    run: Run,
    tmp_path: Path,
    blank_card: Path,
    issued: dict[str, str],
    hub: FakeHub,
) -> None:
    where = str(tmp_path / "node")
    hub.silent = True

    assert run("ticket", "void", where, issued["qr"]).exit_code == 4
    lost = ("ticket", "void", where, "--lost", "--card", f"soft:{blank_card}")
    assert run(*lost).exit_code == 4
