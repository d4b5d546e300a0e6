"""A CUPS of its own: the system's cupsd on a loopback port, with its files in one folder.

Its backend program for network printers runs for a raw queue; for a queue of pages the file is
taken by a backend of three lines, so that what a driver makes of it does not matter here.
"""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

_CONF = """\
Listen 127.0.0.1:{port}
Browsing Off
WebInterface No
ErrorPolicy stop-printer
DefaultAuthType None
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
_TO_NETWORK = Path("/usr/lib/cups/backend/socket")
"""The program that carries a raw queue's bytes to a printer, wherever the rest lies."""
_FILES = """\
ServerRoot {folder}/root
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/tmp
ErrorLog {folder}/error_log
AccessLog {folder}/access_log
PageLog {folder}/page_log
SystemGroup root
"""


def lack() -> str:
    """What keeps a CUPS from being started here; empty where nothing does."""
    programs = [
        name for name in ("cupsd", "lpadmin", "lp", "lpstat", "cupsdisable") if not which(name)
    ]
    if programs:
        return f"{', '.join(programs)}: not installed (cups)"
    if not _TO_NETWORK.exists():
        return f"{_TO_NETWORK}: not there (cups; cups-daemon alone has none)"
    return "" if os.getuid() == 0 else "cupsd needs root to start its backends"


def which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


class Cupsd:
    """Started for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        for name in ("root", "spool", "cache", "state", "tmp"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)  # its backends run as another user
        conf, files = self.folder / "root" / "cupsd.conf", self.folder / "root" / "cups-files.conf"
        conf.write_text(_CONF.format(port=self.port), "utf-8")
        files.write_text(_FILES.format(folder=self.folder), "utf-8")
        program = which("cupsd")
        assert program is not None
        self._process = subprocess.Popen(
            [program, "-f", "-c", conf, "-s", files],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"cupsd did not start: {(self.folder / 'error_log').read_text()}")

    def add_raw(self, queue: str, port: int) -> None:
        """A queue that hands bytes through to a network printer."""
        self.run("lpadmin", "-p", queue, "-E", "-v", f"socket://127.0.0.1:{port}", "-m", "raw")

    def run(self, program: str, *arguments: str) -> None:
        found = which(program)
        assert found is not None
        subprocess.run(
            [found, *arguments],
            check=True,
            capture_output=True,
            env={**os.environ, "CUPS_SERVER": self.address},
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
