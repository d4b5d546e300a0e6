"""The front door: rooms by name, errors as words and exit codes, nothing loaded unasked."""

import errno
import json
import logging
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from node.card.errors import (
    BadAnswer,
    CardInUse,
    CardRemoved,
    CardUnreadable,
    SignatureMismatch,
    WrongPin,
)
from sync.errors import (
    Busy,
    Damaged,
    DatabaseAway,
    DatabaseBusy,
    DiskFull,
    Garbled,
    InUse,
    MachikadoError,
    Malformed,
    NoAccess,
    NotAuthentic,
    RefusedByRule,
    Unreachable,
)
from tui import cli, exits


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "machikado.log"


def _raises(problem: BaseException) -> None:
    raise problem


@pytest.mark.parametrize(
    ("problem", "code", "reason"),
    [
        (RefusedByRule("too-few-points", "not enough"), 3, "too-few-points"),
        (WrongPin(2), 3, "wrong-pin"),
        (Unreachable("no answer"), 4, "unreachable"),
        (DatabaseAway("no answer"), 4, "database-away"),
        (Garbled("no feed"), 5, "malformed"),
        (Busy("come back later"), 4, "busy"),
        (DatabaseBusy("another program is at work in it"), 4, "busy"),
        (Damaged("does not add up"), 5, "damaged"),
        (DiskFull("the disk is full"), 4, "disk-full"),
        (NotAuthentic("another hub"), 5, "not-authentic"),
        (InUse("machikado node run (4711)"), 6, "in-use"),
        (CardInUse("another program has the card"), 6, "in-use"),
        (CardUnreadable("no card there"), 4, "card-unreadable"),
        (CardRemoved(), 4, "card-unreadable"),
        (BadAnswer("no such answer"), 5, "card-bad-answer"),
        (SignatureMismatch("another key"), 5, "card-not-authentic"),
        (NoAccess("the folder may not be written"), 4, "no-access"),
        (Malformed("no invitation"), 2, "malformed"),
        (MachikadoError("something"), 1, "unexpected"),
    ],
)
def test_each_error_has_its_words_its_code_and_its_key(
    capsys: pytest.CaptureFixture[str],
    log_file: Path,
    problem: MachikadoError,
    code: int,
    reason: str,
) -> None:
    assert exits.run(lambda: _raises(problem), ["--json"], log_file) == code
    said = capsys.readouterr()
    assert json.loads(said.out)["reason"] == reason
    assert said.err.endswith(f"{problem}\n")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "not enough (too-few-points)\n"),
        (
            "ja",
            (
                "ポイントが足りません。金額を減らすか、残りを現金でいただいてください。\n"
                "not enough (too-few-points)\n"
            ),
        ),
    ],
)
def test_errors_and_refusals_are_told_in_the_persons_language(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    log_file: Path,
    language: str,
    told: str,
) -> None:
    monkeypatch.setenv("MACHIKADO_LANG", language)

    @click.command()
    @click.pass_context
    def ask(ctx: click.Context) -> None:
        assert callable(ctx.obj)
        click.echo(ctx.obj("too-few-points", "not enough"), err=True)

    monkeypatch.setattr(cli, "machikado", ask)
    assert exits.run(lambda: cli._run([]), [], log_file) == 0
    assert capsys.readouterr().err == told
    problem = RefusedByRule("too-few-points", "not enough (too-few-points)")
    assert exits.run(lambda: _raises(problem), [], log_file) == 3
    assert capsys.readouterr().err == told


def test_without_json_standard_output_stays_empty(
    capsys: pytest.CaptureFixture[str], log_file: Path
) -> None:
    assert exits.run(lambda: _raises(Unreachable("no answer")), [], log_file) == 4
    assert capsys.readouterr().out == ""


def test_a_bug_is_one_sentence_and_its_traceback_is_in_the_log(
    capsys: pytest.CaptureFixture[str], log_file: Path
) -> None:
    assert exits.run(lambda: _raises(ZeroDivisionError()), [], log_file) == 1
    said = capsys.readouterr().err
    assert str(log_file) in said
    assert "Traceback" not in said
    assert said.count("\n") == 1


def test_a_folder_that_may_not_be_written_is_named_and_is_no_success(
    capsys: pytest.CaptureFixture[str], log_file: Path
) -> None:
    problem = PermissionError(errno.EACCES, "Permission denied", "/mnt/stick")
    assert exits.run(lambda: _raises(problem), ["--json"], log_file) == 4
    said = capsys.readouterr()
    assert json.loads(said.out)["reason"] == "no-access"
    assert said.err == "/mnt/stick: Permission denied; nothing was lost\n"


def _log_into(file: str, monkeypatch: pytest.MonkeyPatch) -> logging.Handler:
    log = logging.getLogger("machikado")
    monkeypatch.setattr(log, "handlers", [])
    exits.log_into(Path(file))
    log.error("the day goes on")
    return log.handlers[0]


def test_a_log_that_cannot_be_made_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = _log_into("/proc/self/machikado.log", monkeypatch)
    assert isinstance(handler, logging.NullHandler)


def test_a_log_on_a_full_disk_draws_nothing_over_the_screens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = _log_into("/dev/full", monkeypatch)
    assert capsys.readouterr().err == ""
    with pytest.raises(OSError, match="No space"):  # what it could not write goes with it
        handler.close()


def test_success_is_zero_and_a_command_may_name_its_own_code(log_file: Path) -> None:
    assert exits.run(lambda: None, [], log_file) == 0
    assert exits.run(lambda: _raises(SystemExit(5)), [], log_file) == 5


def test_a_room_that_is_not_here_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "ROOMS", {"attic": ("attic.cli", "attic", "Dust.")})
    assert "attic" not in CliRunner().invoke(cli.machikado, ["--help"]).output
    assert CliRunner().invoke(cli.machikado, ["attic"]).exit_code == 2


def test_a_room_is_imported_when_it_is_asked_for_and_not_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cellar_of_test.py").write_text(
        "import click\n@click.command()\ndef cellar():\n    click.echo('wine')\n", "utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cli, "ROOMS", {"cellar": ("cellar_of_test", "cellar", "Below.")})

    assert "Below." in CliRunner().invoke(cli.machikado, ["--help"]).output
    assert "cellar_of_test" not in sys.modules
    assert CliRunner().invoke(cli.machikado, ["cellar"]).output == "wine\n"


def test_every_room_that_is_here_gives_a_command() -> None:
    with click.Context(cli.machikado) as context:
        for name in cli.machikado.list_commands(context):
            assert isinstance(cli.machikado.get_command(context, name), click.Command)


def _program(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from tui.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={"MACHIKADO_DIR": str(folder), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )


def test_the_counters_screens_are_not_shown_to_a_pipe(tmp_path: Path) -> None:
    done = _program("--json", folder=tmp_path)
    assert done.returncode == 2  # --json belongs to commands
    done = _program(folder=tmp_path)
    assert done.returncode == 3
    assert "need a terminal" in done.stderr


def test_a_command_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    done = _program("nonsense", folder=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_front_door_loads_neither_screens_nor_hub() -> None:
    code = (
        "import sys; import tui.cli; from click.testing import CliRunner;"
        "CliRunner().invoke(tui.cli.machikado, ['node', '--help']);"
        "print([m for m in ('textual', 'litestar', 'sqlalchemy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


def test_the_screens_load_no_hub_no_database_and_no_paper() -> None:
    code = (
        "import sys; import tui.app;"
        "heavy = ('litestar', 'sqlalchemy', 'sqlite_utils', 'escpos', 'PIL', 'httpx', 'hub');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"
