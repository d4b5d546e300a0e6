"""How answers are said at a shell: columns, local time for people, files that can be written."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from hub.cli import hub as program
from hub.forms import ReserveForm
from hub.shell import details, read_bytes, read_file, table, write_new
from sync.errors import Malformed, RefusedByRule
from sync.values import Millis
from tests.doubles.clocks import at
from tests.hub.shells import Shells
from tests.hub.townhall import KAWASAKI, Townhall, townhall


class Event(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    at: Millis
    points: int


class Day(msgspec.Struct, frozen=True, kw_only=True):
    of: str
    events: list[Event]


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


def test_people_read_local_time_in_columns_and_a_wide_letter_counts_two() -> None:
    rows = [
        Event(name="祭り", at=Millis(0), points=5),
        Event(name="x", at=at("2026-11-02 10:00"), points=1_000),
    ]
    assert table(rows) == (
        "name  at                   points\n"
        "祭り  -                    5\n"
        "x     2026-11-02 10:00:00  1000"
    )


def test_what_a_thing_is_made_of_stands_below_it() -> None:
    day = Day(of="11-02", events=[Event(name="x", at=at("2026-11-02 23:30"), points=1)])
    assert details(day) == (
        "of: 11-02\nevents:\n    name: x\n    at: 2026-11-02 23:30:00\n    points: 1"
    )


def test_scripts_read_milliseconds_and_people_the_time_of_the_clock_on_the_wall(
    hall: Townhall, shell: Shells
) -> None:
    form = ReserveForm(points=500, why="festival")
    hall.hub.office.fund_reserve(hall.suzuki, KAWASAKI, form)
    assert shell.rows("pending list")[0]["at"] == at("2026-11-02 10:00")
    assert "2026-11-02 10:00:00" in shell.say("pending list")


@pytest.mark.parametrize(
    "words", ["settlement file 141305-shops-1", "operator join --invitation x"]
)
def test_a_file_into_no_folder_is_refused_before_anything_is_asked(
    words: str, tmp_path: Path
) -> None:
    option = "--token-out" if "join" in words else "--out"
    done = CliRunner().invoke(program, [*words.split(), option, str(tmp_path / "no" / "file")])
    assert (done.exit_code, "there is no folder" in done.stderr) == (2, True)
    done = CliRunner().invoke(program, [*words.split(), option, str(tmp_path)])
    assert (done.exit_code, "is a folder" in done.stderr) == (2, True)


def test_a_file_of_notepad_or_of_another_encoding(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_bytes(b"\xef\xbb\xbf{}")
    assert read_file(str(policy)) == "{}"
    policy.write_bytes("かわさき".encode("cp932"))
    with pytest.raises(Malformed, match="no text in UTF-8: byte 0"):
        read_file(str(policy))
    assert read_bytes(str(policy)).decode("cp932") == "かわさき"
    with pytest.raises(Malformed, match="No such file"):
        read_file(str(tmp_path / "gone"))


def test_a_file_that_holds_something_else_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_new(file, b"one", private=True)
    write_new(file, b"one")
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(RefusedByRule, match="something else"):
        write_new(file, b"two")
    assert file.read_bytes() == b"one"


def test_json_is_one_object_a_line(shell: Shells) -> None:
    lines = (
        shell.say("node list", "--json").splitlines()
        + shell.say("operator list", "--json").splitlines()
    )
    assert [json.loads(line)["name"] for line in lines] == ["Sato", "Suzuki"]
