"""``machikado node member``: a resident's own MyKey ID from the shell, as scripts rely on it."""

from pathlib import Path
from typing import Any

import pytest

from sync.values import CardState
from tests.doubles.hub import FakeHub
from tests.node.test_cli import Run, hub, run, said

__all__ = ["hub", "run"]  # fixtures of the other commands


def test_a_resident_sees_pauses_changes_and_ends_the_own_id(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    [card] = hub.wallets
    hub.mykeys[card] = "HANAKO01"

    def member(step: str, *words: str) -> dict[str, Any]:
        return said(run("member", step, where, "--card", soft, *words, "--json"))

    assert member("see") == {
        "mykey_id": "HANAKO01",
        "state": "active",
        "at_desk": False,
        "generated": False,
        "cards": 1,
        "has_points": True,
        "left": [{"municipality": "141305", "available": 5_000, "held": 0}],
    }
    assert member("suspend")["state"] == "suspended"
    assert member("resume")["state"] == "active"
    assert member("agree")["has_points"]
    assert member("change-id", "--to", "HANA2026")["mykey_id"] == "HANA2026"
    assert member("change-id")["generated"]
    assert member("cancel", "--mykey-id", "GENERATE")["state"] == "cancelled"
    words = run("member", "see", where, "--card", soft)
    assert words.stdout == (
        "the MyKey ID is GENERATE: cancelled\n川崎市: 5,000 かわさきポイント, 0 on hold\n"
    )


def test_a_closed_cards_balance_is_refused_with_the_reason_also_without_a_pin_or_the_hub(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    [wallet] = hub.wallets.values()
    wallet.state = CardState.REPLACED
    monkeypatch.delenv("MACHIKADO_PIN")

    for silent in (False, True):
        hub.silent = silent
        told = run("balance", where, "--card", soft, "--json")
        assert (told.exit_code, said(told)["reason"]) == (3, "card-replaced")


def test_to_end_an_id_it_has_to_be_named(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    [card] = hub.wallets
    hub.mykeys[card] = "HANAKO01"

    assert run("member", "cancel", where, "--card", soft).exit_code == 2
    other = run("member", "cancel", where, "--card", soft, "--mykey-id", "TARO0001", "--json")

    assert (other.exit_code, said(other)["reason"]) == (3, "other-card")
    assert hub.states == {}


def test_a_lost_answer_about_an_id_is_a_rules_no_and_a_silent_hub_is_not(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    [card] = hub.wallets
    hub.mykeys[card] = "HANAKO01"
    hub.lose_answers_to = "/members"

    lost = run("member", "suspend", where, "--card", soft, "--json")
    hub.silent = True
    silent = run("member", "suspend", where, "--card", soft, "--json")

    assert (lost.exit_code, said(lost)["reason"]) == (4, "answer-lost")
    assert (silent.exit_code, said(silent)["reason"]) == (4, "hub-silent")
