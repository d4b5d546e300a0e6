"""``machikado node join`` against a real hub: what scripts read, what people read, how it ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.mykey.reasons import Evidence, NotJoined
from node import enrol, opening
from node.card.cardfile import create
from node.card.tap import Tap
from node.cli import node
from sync.democa import DemoCa
from sync.errors import Malformed
from sync.request import Request, Response
from sync.values import Millis, MyKeyId
from tests.hub.townhall import Townhall, townhall

Run = Callable[..., Result]


@dataclass
class Line:
    """The line to the hub."""

    hall: Townhall

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door."""
        return self.hall.hub.door.send(request)

    def close(self) -> None:
        """Nothing to let go of."""


MEI = "MEI00001"


@pytest.fixture
def hall(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> Townhall:
    """Mei's card, her new one, and a hub that believes them."""
    ca = DemoCa.create(tmp_path / "ca", at=Millis(1_790_000_000_000), key=card_keys[0])
    hall = townhall(tmp_path / "hub", ca.roots)
    for name, pin in (("old", b"4649"), ("new", b"1234")):
        create(tmp_path / f"{name}.card", ca, bytearray(pin), at=hall.clock.now())
    return hall


@pytest.fixture
def run(hall: Townhall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for module in (opening, enrol):
        monkeypatch.setattr(module, "door_to", lambda *_: Line(hall))
    clock = tmp_path / "clock"
    clock.write_text(str(hall.clock.now()))
    monkeypatch.setenv("MACHIKADO_DEMO_CLOCK", str(clock))
    monkeypatch.setenv("MACHIKADO_EARLIER_PIN", "4649")
    monkeypatch.setattr(enrol, "clock_for", opening.clock_for)
    where, invitation = str(tmp_path / "node"), tmp_path / "invitation"

    def call(command: str, *words: str, pin: str = "1234") -> Result:
        line = [*command.split(), where, *words]
        return CliRunner().invoke(node, line, env={"MACHIKADO_PIN": pin})

    invitation.write_text(hall.invitation())
    stick = str(tmp_path / "stick")
    enrolled = call("enrol", "--invitation", str(invitation), "--second-path", stick, "--json")
    made = json.loads(enrolled.stdout)
    hall.hub.office.confirm(hall.sato, made["node"], made["fingerprint"])
    assert call("sync").exit_code == 0
    old = ("--card", f"soft:{tmp_path / 'old.card'}")
    assert call("register", *old, "--mykey-id", MEI, "--consent", "points", pin="4649").stdout
    return call


@pytest.fixture
def new(tmp_path: Path) -> tuple[str, str]:
    return "--card", f"soft:{tmp_path / 'new.card'}"


@pytest.fixture
def old(tmp_path: Path) -> tuple[str, str]:
    return "--earlier", f"soft:{tmp_path / 'old.card'}"


def said(result: Result) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    answer = json.loads(line)
    assert isinstance(answer, dict)
    return answer


def test_both_cards_join_in_one_command(
    run: Run, hall: Townhall, new: tuple[str, str], old: tuple[str, str]
) -> None:
    done = run("join", *new, *old, "--json")

    assert done.exit_code == 0
    assert said(done)["state"] == "joined"
    assert said(done)["mykey_id"] == MEI
    assert hall.hub.residents.show(hall.sato, MEI).cards == 1
    again = run("join", *new, *old)
    assert again.stdout == f"the card opens what {MEI} has\n"


def test_the_earlier_card_may_stay(
    run: Run, hall: Townhall, new: tuple[str, str], old: tuple[str, str]
) -> None:
    run("join", *new, *old, "--keep-earlier")

    assert hall.hub.residents.show(hall.sato, MEI).cards == 2


def test_without_the_earlier_card_it_waits_for_the_desk(
    run: Run, hall: Townhall, new: tuple[str, str]
) -> None:
    asked = run("join", *new, "--mykey-id", MEI, "--json")

    assert (asked.exit_code, said(asked)["state"]) == (0, "waiting")
    fingerprint = said(asked)["fingerprint"]
    hall.hub.mykey.joins.refuse(MyKeyId(MEI), fingerprint, NotJoined.UNPROVED, person="Kato")
    no = run("join", *new, "--mykey-id", MEI)
    assert (no.exit_code, fingerprint in no.stdout) == (3, True)
    hall.hub.mykey.joins.accept(
        MyKeyId(MEI), fingerprint, Evidence.RETURNED, keep=False, person="Kato"
    )
    assert said(run("join", *new, "--mykey-id", MEI, "--json"))["state"] == "joined"


def test_a_refusal_has_its_reason_and_its_exit_code(
    run: Run, new: tuple[str, str], old: tuple[str, str]
) -> None:
    unknown = run("join", *new, "--mykey-id", "NOBODY00", "--json")
    assert (unknown.exit_code, said(unknown)["reason"]) == (3, "no-such-mykey-id")
    same = run("join", "--card", old[1], *old, "--json", pin="4649")
    assert (same.exit_code, said(same)["reason"]) == (3, "same-card")


def test_a_card_is_never_given_the_pin_of_the_other_one(
    run: Run, new: tuple[str, str], old: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MACHIKADO_EARLIER_PIN", "")

    missing = run("join", *new, *old)

    assert isinstance(missing.exception, Malformed)
    assert "earlier card's PIN" in str(missing.exception)
    for address in (new[1], old[1]):
        with Tap(address) as tap:
            assert tap.tries_left == 3


def test_the_earlier_cards_pin_may_come_from_a_file(
    run: Run,
    tmp_path: Path,
    new: tuple[str, str],
    old: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MACHIKADO_EARLIER_PIN")
    file = tmp_path / "pin"
    file.write_text("4649\n")

    assert run("join", *new, *old, "--earlier-pin-file", str(file)).exit_code == 0


@pytest.mark.parametrize(
    "words", [(), ("--earlier", "soft:x", "--mykey-id", MEI), ("--mykey-id", MEI, "--keep-earlier")]
)
def test_it_is_one_way_or_the_other(run: Run, new: tuple[str, str], words: tuple[str, ...]) -> None:
    assert run("join", *new, *words).exit_code == 2
