"""The real programs on loopback: make a hub, serve it, ask it, look into it, stop it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.hub import Made, copy_of, init_hub, open_hub
from hub.metrics import TEXT
from sync.errors import Damaged, InUse, Malformed, RefusedByRule
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tui.cli import main

MACHIKADO = [sys.executable, "-c", "from tui.cli import main; main()"]
BANK = [
    "--bank",
    "0001",
    "--branch",
    "001",
    "--account-type",
    "1",
    "--account",
    "1234567",
    "--holder",
    "ヤオヤ",
]
CLOCK = TurnedClock(at("2026-11-02 10:00"))


class Shell:
    """People at their shells, with a hub that listens on a free port."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.url = f"http://{address}"

    def ask(self, words: str, *more: str, person: int = 1) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and JSON lines of a command, with nothing left out but the start of a program.

        That takes ten times as long as what is asked: each story has some by `start`.
        """
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(StringIO()) as said,
            redirect_stderr(StringIO()) as complained,
        ):
            patch.setattr(sys, "argv", self._words(words, *more, person=person))
            with pytest.raises(SystemExit) as left:
                main()
        return _told(int(left.value.code or 0), said.getvalue(), complained.getvalue())

    def start(self, words: str, *more: str, person: int = 1) -> tuple[int, list[dict[str, Any]]]:
        """The same from a program of its own."""
        done = run(*self._words(words, *more, person=person)[1:])
        return _told(done.returncode, done.stdout, done.stderr)

    def _words(self, words: str, *more: str, person: int) -> list[str]:
        token = str(self.folder / f"operator-{person}.token")
        hub = ("--hub", self.url, "--token-file", token, "--json")
        return ["machikado", *words.split(), *more, *hub]


def _told(code: int, said: str, complained: str) -> tuple[int, list[dict[str, Any]]]:
    assert "Traceback" not in complained
    return code, [json.loads(line) for line in said.splitlines()]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("serving") / "hub"
    made = run("hub", "init", str(folder), "--demo", "--json")
    assert json.loads(made.stdout)["demo_ca"] == str(folder / "ca")
    log = folder.with_name("log")
    with (
        log.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            [*MACHIKADO, "hub", "serve", str(folder), "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment(),
        ) as server,
    ):
        assert server.stdout is not None
        line = server.stdout.readline()
        assert "listens on" in line
        yield Shell(folder, line.split()[-1])
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
        assert server.stdout.read() == ""
    said = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    answered = [line for line in said if line["logger"] == "machikado.access"]
    assert {line["person"] for line in answered if "person" in line} <= {
        "operator-1",
        "operator-2",
        "Tanaka",
    }
    token = (folder / "operator-1.token").read_text().strip()
    assert token not in log.read_text("utf-8")


@pytest.mark.processes
def test_two_people_set_a_town_up_at_their_shells(shell: Shell) -> None:
    town = ("--name", "川崎市", "--requester", "1234567890", *BANK)
    assert shell.start("hub municipality add 141305", *town) == (0, [{"outcome": "done"}])

    code, [asked] = shell.ask("hub organisation add 141305-B2108", "--name", "八百屋", *BANK)
    assert (code, asked) == (0, {"outcome": "waiting", "pending": "141305-1"})
    assert shell.start("hub pending approve 141305-1") == (
        3,
        [{"outcome": "refused", "reason": "second-person"}],
    )
    assert shell.ask("hub pending approve 141305-1", person=2)[0] == 0

    code, [invited] = shell.ask("hub node invite 141305-B2108")
    assert (code, invited["node"]) == (0, "141305-B2108-1111")
    assert str(invited["invitation"]).startswith("MACHIKADO1-")
    code, [closed] = shell.ask("hub settlement close 141305")
    assert closed == {
        "window": "141305-shops-1",
        "municipality": "141305",
        "lines": 0,
        "total": 0,
    }
    sheet = shell.folder / "sheet.csv"
    assert shell.ask("hub settlement show 141305-shops-1", "--out", str(sheet)) == (0, [])
    assert sheet.read_text("utf-8-sig").startswith("精算一覧")
    notice = ("hub settlement notice 141305-shops-1 141305-B2108", "--out", str(sheet))
    assert shell.ask(*notice) == (3, [{"outcome": "refused", "reason": "no-line"}])
    assert shell.ask("hub settlement show 141305-shops-2")[0] == 3
    assert shell.ask("hub exception list") == (0, [])
    assert shell.ask("hub balance show --mykey-id MY123456")[0] == 3


@pytest.mark.processes
def test_a_new_operator_joins_with_a_token_made_at_home(shell: Shell, tmp_path: Path) -> None:
    code, [asked] = shell.ask("hub operator add Tanaka --role clerk")
    assert code == 0
    assert shell.ask(f"hub pending approve {asked['pending']}", person=2)[0] == 0
    (tmp_path / "invitation").write_text(str(asked["invitation"]))
    token = tmp_path / "token"
    code, [joined] = shell.start(
        "hub operator join", "--invitation", str(tmp_path / "invitation"), "--token-out", str(token)
    )
    assert (code, joined["name"], joined["state"]) == (0, "Tanaka", "active")
    assert token.stat().st_mode & 0o077 == 0


@pytest.mark.processes
def test_a_demos_card_is_taken_back_from_shell_to_shell(shell: Shell, tmp_path: Path) -> None:
    ca, card, lists = str(shell.folder / "ca"), str(tmp_path / "hanako.card"), tmp_path / "lists"
    lists.mkdir()
    (tmp_path / "pin").write_text("1234")
    made = run("card", "new", card, "--ca", ca, "--pin-file", str(tmp_path / "pin"))
    assert made.returncode == 0, made.stderr
    assert run("card", "revoke", card, "--ca", ca, "--hold").returncode == 0
    written = run("card", "revocation-list", str(lists / "all.crl"), "--ca", ca, "--days", "1")
    assert written.returncode == 0, written.stderr

    assert shell.ask("hub revocation load")[0] == 3, "no source yet"
    code, [asked] = shell.start(f"hub revocation source dir:{lists}")
    assert (code, asked["outcome"]) == (0, "done")
    code, [loaded] = shell.ask("hub revocation load")
    assert code == 0
    [shown] = loaded["lists"]
    assert (shown["number"], shown["entries"], shown["lapsed"]) == (1, 1, False)

    (lists / "all.crl").write_bytes(b"not a list")
    code, [failed] = shell.ask("hub revocation load")
    assert (code, failed["lists"]) == (5, loaded["lists"])
    code, [off] = shell.ask("hub revocation source none")
    assert (code, off["outcome"]) == (0, "waiting")
    assert shell.ask(f"hub pending approve {off['pending']}", person=2)[0] == 0
    assert shell.ask("hub revocation show")[1][0]["source"] == "none"


@pytest.mark.processes
def test_a_served_hub_is_watched(shell: Shell) -> None:
    token = (shell.folder / "operator-1.token").read_text().strip()
    with httpx.Client(base_url=shell.url, trust_env=False) as http:
        assert http.get("/v1/health").json() == {"status": "alive"}
        assert http.get("/v1/ready").json() == {"status": "ready", "stopped": []}
        assert http.get("/v1/metrics").status_code == 401
        told = http.get("/v1/metrics", headers={"Authorization": f"Bearer {token}"})
    assert told.headers["content-type"] == f"{TEXT}; charset=utf-8"
    assert "machikado_request_seconds_bucket" in told.text


@pytest.mark.processes
def test_the_folder_is_told_in_use_while_the_hub_runs(shell: Shell) -> None:
    second = run("hub", "serve", str(shell.folder))
    assert (second.returncode, "is in use by machikado hub (process" in second.stderr) == (6, True)


@pytest.mark.processes
@pytest.mark.parametrize("much", [[], ["--sums"]])
def test_a_running_hub_is_audited_beside_it(shell: Shell, much: list[str]) -> None:
    assert run("hub", "audit", str(shell.folder), *much, "--json").returncode == 0


@pytest.mark.processes
def test_a_hub_that_is_not_there_is_said_in_words() -> None:
    away = run(
        "hub", "node", "list", "--hub", "http://127.0.0.1:1", env={"MACHIKADO_TOKEN": "A" * 52}
    )
    assert (away.returncode, "refused the connection" in away.stderr) == (4, True)
    nobody = run("hub", "node", "list", "--hub", "http://127.0.0.1:1")
    assert (nobody.returncode, "--token-file" in nobody.stderr) == (2, True)


# -- the folder


def test_a_hub_is_made_once(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert made.demo_ca is None
    with pytest.raises(RefusedByRule, match="already holds"):
        make(tmp_path)


def test_without_a_demo_the_second_person_joins_by_invitation(tmp_path: Path) -> None:
    made = make(tmp_path)
    first, second = made.token_files
    assert first is not None
    assert second is None
    assert made.invitation_file is not None
    hub = open_hub(tmp_path / "hub", CLOCK)
    try:
        assert hub.office.sign_in(first.read_text()).name == "operator-1"
        states = {
            each.name: each.state
            for each in hub.office.operators(hub.office.sign_in(first.read_text()))
        }
    finally:
        hub.close()
    assert states == {"operator-1": "active", "operator-2": "invited"}
    for path in (first, made.invitation_file):
        assert path.stat().st_mode & 0o077 == 0


def test_one_program_at_a_time_has_the_folder(tmp_path: Path) -> None:
    make(tmp_path)
    hub = open_hub(tmp_path / "hub", CLOCK)
    with pytest.raises(InUse, match=str(os.getpid())):
        open_hub(tmp_path / "hub", CLOCK)
    with copy_of(tmp_path / "hub") as copy:
        assert copy.core.origin == hub.core.origin
    hub.close()
    open_hub(tmp_path / "hub", CLOCK).close()


def test_identities_are_a_file_of_their_own(tmp_path: Path) -> None:
    make(tmp_path)
    names = {path.name for path in (tmp_path / "hub").iterdir()}
    assert {"hub.db", "mykey.db", "keys", "roots", "hub.json"} <= names


def test_a_real_hub_does_not_pin_a_demo_root(tmp_path: Path) -> None:
    from sync.certificate import UnfitRoot
    from sync.democa import DemoCa

    make(tmp_path)
    ca = DemoCa.create(tmp_path / "ca", at=CLOCK.now())
    (tmp_path / "hub" / "roots" / "demo.der").write_bytes(ca.root)
    with pytest.raises(UnfitRoot):
        open_hub(tmp_path / "hub", CLOCK)


def test_an_empty_folder_is_no_hub(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="holds no hub"):
        open_hub(tmp_path, CLOCK)
    with pytest.raises(Malformed, match="https://"):
        init_hub(tmp_path / "x", origin="hub.example", demo=False)


@pytest.mark.parametrize(
    ("origin", "database", "words"),
    [
        ("http://exa mple:99999", "", "hub address"),
        ("https://exa mple:8443", "", "it looks like https://hub.example:8443"),
        ("https://日本.example", "", "it looks like"),
        ("https://a..b", "", "it looks like"),
        ("https://hub.test", "foo", "sqlite:////srv/machikado/hub.db"),
        ("https://hub.test", "sqlite:///hub.db", "it looks like"),
        ("https://hub.test", "postgresql://db", "looks like postgresql://machikado"),
        ("https://hub.test", "sqlite:////no/such/folder/hub.db", "there is no folder"),
        ("https://hub.test", f"sqlite:///{__file__}", "is there already"),
    ],
)
def test_a_hub_that_cannot_be_leaves_nothing_behind(
    tmp_path: Path, origin: str, database: str, words: str
) -> None:
    folder = tmp_path / "hub"
    with pytest.raises(Malformed, match=words):
        init_hub(folder, origin=origin, demo=True, database=database, clock=CLOCK)
    assert not folder.exists()


def test_the_ledger_may_lie_on_another_disk(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    url = f"sqlite:///{tmp_path / 'disk' / 'ledger.db'}"
    init_hub(tmp_path / "hub", origin="https://[::1]:8443", demo=False, database=url, clock=CLOCK)
    assert not (tmp_path / "hub" / "hub.db").exists()
    open_hub(tmp_path / "hub", CLOCK).close()


def make(tmp_path: Path) -> Made:
    return init_hub(
        tmp_path / "hub",
        origin="https://hub.test",
        demo=False,
        clock=CLOCK,
        randomness=SeededRandomness("made"),
    )


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MACHIKADO_")}
    return kept | (extra or {})


def run(*words: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*MACHIKADO, *words],
        capture_output=True,
        text=True,
        env=environment(env),
        timeout=60,
        check=False,
    )
