"""A PC becomes a counter once, however often it is cut off on the way."""

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from node.audit import findings
from node.enrol import NewNode, enrol, look, resume
from node.keys import Keys
from node.opening import Ports, open_counter
from node.plan import plan_in, plan_of, unfinished
from node.reach import Straight
from node.secondpath import SecondPath
from node.store import FILE, Store
from sync.errors import Damaged, InUse, NotAuthentic, RefusedByRule, Unreachable
from sync.invitation import Invitation, write_invitation
from sync.request import Request, Response
from tests.doubles.hub import NODE, FakeHub
from tests.doubles.ports import CountedRandomness, HandClock
from tests.node.conftest import NOON
from tests.sync.test_http import hub_that


class PowerCut(BaseException):
    """Nothing after this moment happens."""


@dataclass
class Mains:
    """The power: it goes at one effect, counted from 1; 0: never. An effect may happen or not."""

    goes_at: int = 0
    done: bool = False
    effects: list[str] = field(default_factory=list)

    def wrap(self, name: str, effect: Callable[..., Any]) -> Callable[..., Any]:
        def happen(*args: Any, **kwargs: Any) -> Any:
            if name == "commit" and args[1] != "COMMIT":
                return effect(*args, **kwargs)
            self.effects.append(name)
            if len(self.effects) != self.goes_at:
                return effect(*args, **kwargs)
            if self.done:
                effect(*args, **kwargs)
            raise PowerCut

        return happen


@dataclass
class Pc:
    """A PC that is being set up, and the hub at the other end."""

    folder: Path
    stick: Path
    hub: FakeHub
    ports: Ports

    def enrol(self, invitation: Invitation | None = None) -> NewNode:
        wanted = invitation or self.hub.invitation
        return enrol(self.folder, wanted, self.ports, second_path=self.stick, door=self.hub)

    def resume(self) -> NewNode:
        return resume(self.folder, self.ports, door=self.hub)


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    hub = FakeHub(NOON)
    ports = Ports(
        clock=HandClock(NOON),
        randomness=CountedRandomness(),
        door=lambda _: hub,
        patience=Straight(),
    )
    return Pc(tmp_path / "node", tmp_path / "stick", hub, ports)


@pytest.fixture
def mains(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Mains], None]]:
    """Connects the PC's every effect to the power."""

    def connect(power: Mains) -> None:
        for name, owner, effect in (
            ("hub", FakeHub, "send"),
            ("commit", Store, "_execute"),
            ("keys", Keys, "_write"),
            ("second path", SecondPath, "begin_anew"),
            ("second path", SecondPath, "append"),
        ):
            monkeypatch.setattr(owner, effect, power.wrap(name, getattr(owner, effect)))

    yield connect
    monkeypatch.undo()


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("goes_at", range(1, 30))
def test_wherever_the_power_goes_the_next_start_finishes_the_same_node(
    pc: Pc,
    mains: Callable[[Mains], None],
    monkeypatch: pytest.MonkeyPatch,
    goes_at: int,
    *,
    done: bool,
) -> None:
    power = Mains(goes_at, done)
    mains(power)
    try:
        pc.enrol().counter.close()
    except PowerCut:
        pass
    else:
        assert goes_at > len(power.effects), "every effect was cut once"
    monkeypatch.undo()

    assert unfinished(pc.folder)
    plan = plan_in(pc.folder)
    new = pc.enrol() if plan is None else pc.resume()

    assert plan is None or plan.fingerprint in {"", new.fingerprint}
    assert len(pc.hub.kept) == 1, "one node from one invitation"
    with closing(new.counter) as counter:
        assert counter.status().stopped is None
        assert counter.sync_now().reached
        assert counter.status().seq == 1
        assert SecondPath(pc.stick, NODE).entries()[-1].seq == 1
        assert findings(counter.parts.store) == ()
    assert not unfinished(pc.folder)
    open_counter(pc.folder, pc.ports).close()


def test_the_cuts_above_leave_no_step_out(pc: Pc, mains: Callable[[Mains], None]) -> None:
    power = Mains()
    mains(power)

    pc.enrol().counter.close()

    assert {"hub", "commit", "keys", "second path"} <= set(power.effects)
    assert len(power.effects) < 30


def test_what_is_known_is_there_for_the_next_screen(pc: Pc) -> None:
    pc.enrol().counter.close()

    plan = plan_in(pc.folder)

    assert plan is not None
    assert plan.invited is not None
    assert plan.invited.node == NODE
    assert plan.begun
    assert plan.second_path == str(pc.stick)
    with closing(pc.resume().counter):
        assert plan_in(pc.folder) == plan


def test_a_hub_that_does_not_answer_is_asked_again_later(pc: Pc) -> None:
    pc.hub.silent = True
    with pytest.raises(Unreachable):
        pc.enrol()
    assert unfinished(pc.folder)
    with pytest.raises(RefusedByRule, match="was interrupted") as told:
        open_counter(pc.folder, pc.ports)
    assert told.value.reason == "set-up-unfinished"

    pc.hub.silent = False
    with closing(pc.resume().counter) as counter:
        assert counter.status().seq == 1


def test_another_invitation_begins_anew_and_keeps_the_first_key_beside_it(pc: Pc) -> None:
    pc.hub.lose_answers = 2
    with pytest.raises(Unreachable):
        pc.enrol()
    pc.hub.lose_answers = 0
    first = pc.resume()
    first.counter.close()

    again = replace(pc.hub.invitation, code="another")
    second = pc.enrol(again)

    assert second.fingerprint != first.fingerprint
    assert second.counter.sync_now().reached
    second.counter.close()
    assert {file.name for file in (pc.folder / "before-1").iterdir()} >= {FILE, "keys"}
    assert not unfinished(pc.folder)


def test_an_invitation_that_the_hub_does_not_know_is_replaced_by_the_right_one(pc: Pc) -> None:
    stranger = replace(pc.hub.invitation, key="00" * 32)
    with pytest.raises(NotAuthentic):
        pc.enrol(stranger)

    pc.enrol().counter.close()

    assert not (pc.folder / "before-1").exists()


def test_two_programs_do_not_set_one_folder_up_at_once(pc: Pc) -> None:
    with closing(Store.create(pc.folder, "machikado")), pytest.raises(InUse):
        pc.enrol()
    assert not (pc.folder / "keys").exists(), "the second one made no key"


def test_a_confirmed_node_keeps_no_code_and_is_not_set_up_again(pc: Pc) -> None:
    new = pc.enrol()
    assert new.counter.sync_now().reached
    new.counter.close()

    counter = open_counter(pc.folder, pc.ports)

    kept = counter.parts.store.rows("SELECT value FROM meta")
    assert not any(write_invitation(pc.hub.invitation).encode() in value for (value,) in kept)
    assert plan_of(counter.parts.store) is None
    counter.close()
    for again in (pc.enrol, pc.resume):
        with pytest.raises(Damaged):
            again()


def test_what_is_no_database_is_said_by_whoever_opens_it(pc: Pc) -> None:
    pc.folder.mkdir()
    (pc.folder / FILE).write_bytes(b"x" * 5_000)

    assert not unfinished(pc.folder)
    with pytest.raises(Damaged):
        open_counter(pc.folder, pc.ports)


class Answering:
    """A hub behind a real connection."""

    def __init__(self, hub: FakeHub) -> None:
        self._hub = hub

    def __call__(self, handler: Any, body: bytes) -> None:
        kind = handler.headers.get("Content-Type", "")
        said: Response = self._hub.send(Request(handler.command, handler.path, kind, body))
        handler.send_response(said.status)
        handler.send_header("Content-Type", said.content_type)
        handler.send_header("Content-Length", str(len(said.body)))
        handler.end_headers()
        handler.wfile.write(said.body)


def test_looking_and_enrolling_leave_no_connection_open(pc: Pc) -> None:
    with hub_that(Answering(pc.hub)) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        invitation = replace(pc.hub.invitation, hub=server.origin)
        assert look(invitation).node == NODE
        enrol(pc.folder, invitation, pc.ports).counter.close()
        gc.collect()
        left = [each for each in gc.get_objects() if type(each).__name__ == "HTTPConnection"]
        assert left == []
