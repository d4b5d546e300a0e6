"""The counter of this PC: what lies in its folder decides what is shown first."""

import io
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from node import enrol, opening, schedule
from node.keys import WrongSecret
from sync.errors import Damaged, RefusedByRule
from sync.invitation import write_invitation
from sync.request import Request, Response, problem_response
from tests.doubles.hub import NODE, FakeHub
from tests.node.conftest import NOON
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


class Office:
    """What the office says of this PC, at a hub in memory."""

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        self.reason = "node-not-confirmed"

    def send(self, request: Request) -> Response:
        if self.reason and request.path_with_query.startswith("/v1/nodes/"):
            return problem_response(409, self.reason, "the office has not said yes")
        return self.hub.send(request)

    def close(self) -> None:
        """There is no connection to let go of."""


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Office:
    office = Office(FakeHub(NOON))
    for module in (opening, enrol):
        monkeypatch.setattr(module, "door_to", lambda *_: office)
    (tmp_path / "clock").write_text(str(NOON))
    monkeypatch.setenv("MACHIKADO_DEMO_CLOCK", str(tmp_path / "clock"))
    monkeypatch.delenv("MACHIKADO_NODE_SECRET", raising=False)
    return office


def test_a_set_up_that_was_interrupted_goes_on_until_the_office_confirms(
    office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "node"
    heard: list[str] = []
    first = Opening(folder)
    assert first.known() is None
    first.enrol(write_invitation(office.hub.invitation), "", heard.append)
    assert not first.confirmed()
    first.close()

    second = Opening(folder)
    known = second.known()
    assert known is not None
    assert known.invited is not None
    assert known.invited.node == NODE
    second.resume(heard.append)
    assert not second.confirmed()
    office.reason = ""
    assert second.confirmed()
    second.close()

    assert heard == [known.fingerprint] * 2
    assert second.known() is None
    assert len(office.hub.kept) == 1


def test_an_office_that_says_no_is_heard_and_another_invitation_can_be_given(
    office: Office, tmp_path: Path
) -> None:
    setting_up = Opening(tmp_path / "node")
    setting_up.enrol(write_invitation(office.hub.invitation), "", lambda _: None)
    office.reason = "node-revoked"
    with pytest.raises(RefusedByRule):
        setting_up.confirmed()

    office.reason = ""
    other = replace(office.hub.invitation, code="another")
    setting_up.enrol(write_invitation(other), "", lambda _: None)

    assert setting_up.confirmed()
    setting_up.close()


class NoRounds:
    """Nothing is done behind the counter's back."""

    def shutdown(self, *, wait: bool) -> None:
        """There is nothing to end."""
        assert wait


def test_sealed_keys_open_with_the_secret_that_is_typed_and_no_other(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "start", lambda _: NoRounds())
    office.reason = ""
    first = Opening(tmp_path / "node")
    first.unlock("a good secret")
    first.enrol(write_invitation(office.hub.invitation), "", lambda _: None)
    first.close()

    again = Opening(tmp_path / "node")
    with pytest.raises(RefusedByRule) as refused:
        again.counter()
    assert refused.value.reason == "secret-needed"
    again.unlock("another one")
    with pytest.raises(WrongSecret):
        again.counter()
    again.unlock("a good secret")
    again.counter()
    again.close()
