"""People sign in at their shells: what they type is never shown, and nothing needs a token file."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from litestar.testing import TestClient
from PIL import Image

from hub import sessions
from hub.api.app import make_app
from hub.cli import hub as program
from hub.forms import OperatorForm
from hub.signin import address_for, fresh_codes
from hub.signin_forms import RECOVERY_CODES
from hub.terminal import drawn
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from tests.doubles.clocks import SeededRandomness
from tests.hub.authenticator import PASSWORD, Authenticator
from tests.hub.shells import ClientDoor
from tests.hub.townhall import Townhall, townhall

HUB = "http://hub.test"
OTHER = "seven cranes over the Tama river"
DRAWN = SeededRandomness("this PC")
SECRET = DRAWN.bytes(20)
CODES = fresh_codes(DRAWN)
"""What this PC draws, in this order."""


class Desk:
    """A PC at which people sign in; hidden answers are typed line by line."""

    def __init__(self, hall: Townhall, home: Path) -> None:
        self.hall = hall
        self.home = home
        self.phone = Authenticator(hall.clock, SECRET)

    def type(self, words: str, *typed: str, token: str = "") -> Result:
        """Run a command; what it raises stands in the result."""
        environment = {
            "MACHIKADO_HUB": HUB,
            "MACHIKADO_TOKEN": token,
            "XDG_STATE_HOME": str(self.home),
        }
        lines = "".join(f"{line}\n" for line in typed)
        return CliRunner().invoke(program, words.split(), input=lines, env=environment)

    def done(self, words: str, *typed: str, token: str = "") -> Result:
        """A command that succeeds; nothing of what was typed is shown."""
        result = self.type(words, *typed, token=token)
        if result.exception is not None:
            raise result.exception
        assert not [line for line in typed if line in result.output]
        return result

    def chooses(self) -> Result:
        """Sato chooses password and authenticator with the token of joining."""
        typed = (PASSWORD, PASSWORD, self.phone.code())
        return self.done("operator password", *typed, token=self.hall.tokens["Sato"])

    def signs_in(self, password: str = PASSWORD) -> Result:
        """Sato signs in."""
        return self.done("sign-in Sato", password, self.phone.next_code())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    hall = townhall(tmp_path)
    with TestClient(make_app(hall.hub)) as client:
        monkeypatch.setattr("sync.http.HttpDoor", lambda *_, **__: ClientDoor(client))
        monkeypatch.setattr("sync.ports.SystemRandomness", lambda: SeededRandomness("this PC"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
        yield Desk(hall, tmp_path / "home")


def test_who_signed_in_needs_no_token_file(desk: Desk) -> None:
    desk.chooses()
    told = desk.signs_in()
    assert told.stdout == "you are Sato (platform) until 18:00 at the latest\n"

    listed = [json.loads(line) for line in desk.done("operator list --json").stdout.splitlines()]
    assert [row["name"] for row in listed] == ["Sato", "Suzuki"]

    assert desk.done("sign-out").stdout == "Sato is signed out\n"
    assert isinstance(desk.type("operator list").exception, Malformed)
    assert isinstance(desk.type("sign-out").exception, RefusedByRule)
    assert not [path for path in desk.home.rglob("*") if path.is_file()]


def test_the_session_is_a_file_for_its_person_only(desk: Desk) -> None:
    desk.chooses()
    desk.signs_in()
    [file] = [path for path in desk.home.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    there = sessions.kept(HUB)
    assert there is not None
    assert sessions.kept("http://other.test") is None
    file.write_bytes(b"{")
    assert sessions.kept(HUB) is None


def test_a_session_that_was_ended_elsewhere_is_forgotten(desk: Desk) -> None:
    desk.chooses()
    desk.signs_in()
    desk.hall.clock.turn(hours=9)
    assert isinstance(desk.type("operator list").exception, NotAuthentic)
    assert isinstance(desk.type("sign-out").exception, RefusedByRule)
    assert sessions.kept(HUB) is None


def test_secrets_are_shown_on_the_terminal_once_and_to_no_script(desk: Desk) -> None:
    told = desk.chooses()
    for code in CODES:
        assert code in told.stderr
        assert code not in told.stdout
    assert desk.phone.written in told.stderr.replace(" ", "")
    assert desk.phone.written not in told.stdout.replace(" ", "")

    signed = desk.done("sign-in Sato --json", PASSWORD, desk.phone.next_code())
    there = sessions.kept(HUB)
    assert there is not None
    assert there.token not in signed.output
    assert json.loads(signed.stdout)["codes_left"] == RECOVERY_CODES


def test_a_mistyped_code_is_asked_for_again(desk: Desk) -> None:
    typed = (PASSWORD, PASSWORD, "000000", desk.phone.code())
    told = desk.done("operator password", *typed, token=desk.hall.tokens["Sato"])
    assert "shows another code" in told.stderr
    desk.signs_in()

    wrong = (PASSWORD, PASSWORD, *["000000"] * 3)
    refused = desk.type("operator password", *wrong, token=desk.hall.tokens["Suzuki"])
    assert isinstance(refused.exception, RefusedByRule)
    assert CODES[0] not in refused.output


def test_a_password_is_changed_and_the_token_of_joining_given_up(desk: Desk) -> None:
    desk.chooses()
    desk.signs_in()
    now = (PASSWORD, desk.phone.next_code())
    desk.done("operator password --give-up-token", *now, OTHER, OTHER)
    old = desk.type("operator list", token=desk.hall.tokens["Sato"])
    assert isinstance(old.exception, NotAuthentic)
    desk.signs_in(OTHER)


def test_another_telephone_brings_another_picture_and_other_recovery_codes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.chooses()
    desk.signs_in()
    monkeypatch.setattr("sync.ports.SystemRandomness", lambda: SeededRandomness("a year later"))
    later = SeededRandomness("a year later")
    new = Authenticator(desk.hall.clock, later.bytes(20))
    code = desk.phone.next_code()

    told = desk.done(
        "operator password --new-authenticator", PASSWORD, code, PASSWORD, PASSWORD, new.code()
    )

    assert fresh_codes(later)[0] in told.stderr
    assert isinstance(
        desk.type("sign-in Sato", PASSWORD, desk.phone.next_code()).exception, NotAuthentic
    )
    desk.done("sign-in Sato", PASSWORD, new.next_code())


def test_a_new_person_joins_with_a_password(desk: Desk, tmp_path: Path) -> None:
    office = desk.hall.hub.office
    asked = office.add_operator(desk.hall.sato, OperatorForm(name="Tanaka", role="clerk"))
    office.approve(desk.hall.suzuki, asked.pending)
    (tmp_path / "invitation").write_text(asked.invitation)
    command = f"operator join --invitation {tmp_path / 'invitation'}"

    weak = desk.type(command, "short", "short", desk.phone.code())
    assert isinstance(weak.exception, RefusedByRule)
    told = desk.done(command, PASSWORD, PASSWORD, desk.phone.code())
    assert told.stdout.startswith("you are Tanaka (clerk)")
    desk.done("sign-in Tanaka", PASSWORD, desk.phone.next_code())
    assert "Tanaka" in desk.done("operator list").stdout


def test_a_script_gets_a_token_of_its_own(desk: Desk, tmp_path: Path) -> None:
    desk.chooses()
    desk.signs_in()
    file = tmp_path / "prometheus.token"
    command = f"token add prometheus --role monitor --days 30 --token-out {file}"
    told = desk.done(command)
    assert told.stdout == "prometheus (monitor) is good until 2026-12-02 10:00\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in told.output
    assert desk.done(command).stdout == told.stdout, "the same again"

    token = file.read_text().strip()
    refused = desk.type("operator list", token=token)
    assert isinstance(refused.exception, RefusedByRule)
    rows = [json.loads(line) for line in desk.done("token list --json").stdout.splitlines()]
    assert [(row["label"], row["kind"]) for row in rows] == [
        ("", "joined"),
        ("", "session"),
        ("prometheus", "script"),
    ]
    desk.done("token end prometheus")
    assert isinstance(desk.type("operator list", token=token).exception, NotAuthentic)


def test_the_picture_is_read_by_an_authenticator() -> None:
    address = address_for("佐藤", "hub.test:8443", SECRET)
    lines = drawn(address).split("\n")
    rows = [row for line in lines for row in (line.translate(ABOVE), line.translate(BELOW))]
    picture = Image.new("L", (len(rows[0]), len(rows)))
    picture.putdata([255 if letter == "#" else 0 for row in rows for letter in row])
    larger = picture.resize((picture.width * 4, picture.height * 4))

    [found] = zxingcpp.read_barcodes(larger)
    assert found.text == address


ABOVE = str.maketrans({"█": "#", "▀": "#", "▄": " "})
BELOW = str.maketrans({"█": "#", "▄": "#", "▀": " "})
