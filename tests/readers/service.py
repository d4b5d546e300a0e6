"""A pcscd of our own with one virtual reader, and cards that are laid on it.

pcscd has one socket on a PC, so only one test program at a time runs one: the others wait at a
lock. The virtual reader listens on a port of its own, where nobody's other cards come.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from node.card.vpcd import PowerOn, reach, serve

NAME: Final = "Machikado Corner"
"""What the reader is called; PC/SC appends its number and slot."""
SOCKET: Final = Path("/run/pcscd/pcscd.comm")
DRIVER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_LOCK: Final = Path(tempfile.gettempdir()) / "machikado-pcscd.lock"
_PATIENCE: Final = 20.0
_TICK: Final = 0.05
_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def lacking() -> str:
    """What this PC lacks for these tests, in words; empty when nothing."""
    programs = ("pcscd", "opensc-tool", "pkcs15-tool", "pkcs11-tool")
    absent = [each for each in programs if shutil.which(each, path=_PATH) is None]
    if not DRIVER.exists():
        absent.append("vsmartcard-vpcd")
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "only root starts a pcscd"
    return ""


def until(holds: Callable[[], bool], what: str) -> None:
    """Ask again and again until it holds. Raises AssertionError, which names ``what``."""
    pause = threading.Event()
    for _ in range(int(_PATIENCE / _TICK)):
        if holds():
            return
        pause.wait(_TICK)
    raise AssertionError(f"waited {_PATIENCE:.0f} s for {what}")


class Service:
    """The PC's card service, which can be started, ended, and killed."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_pair()
        self.output = folder / "pcscd.txt"
        self._readers = folder / "readers"
        self._readers.mkdir()
        (self._readers / "vpcd").write_text(
            f'FRIENDLYNAME "{NAME}"\nDEVICENAME /dev/null:{self.port:#06x}\n'
            f"LIBPATH {DRIVER}\nCHANNELID {self.port:#06x}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.output.open("ab") as output:
            process = self._process = subprocess.Popen(
                # it ends by itself if nobody is left to end it: a killed test run blocks no other
                ["pcscd", "--foreground", "--auto-exit", "--config", self._readers],
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": _PATH},
            )
        until(lambda: answers() or process.poll() is not None, "pcscd's socket")
        assert process.poll() is None, self.output.read_text()

    def stop(self) -> None:
        """End it in order."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(subprocess.Popen.kill)

    def _end(self, how: "Callable[[subprocess.Popen[bytes]], None]") -> None:
        if self._process is not None:
            how(self._process)
            self._process.wait(_PATIENCE)
        self._process = None


def answers() -> bool:
    """Whether a pcscd answers on this PC, ours or another."""
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(SOCKET)) == 0


@contextmanager
def alone() -> Generator[None]:
    """Keep other test programs from starting a pcscd."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # closing the file lets go of it
        yield


@contextmanager
def laid(power_on: PowerOn, port: int) -> Generator[None]:
    """Lay a card on the reader; at the end it is off, and has let go of its file.

    What the card itself ends with is raised at the end.
    """
    with ThreadPoolExecutor(max_workers=1) as threads, reach(port=port) as line:
        served = threads.submit(serve, line, power_on)
        try:
            yield
        finally:
            with suppress(OSError):  # the card, or the service, was quicker
                line.shutdown(socket.SHUT_RDWR)
        served.result(_PATIENCE)


def _free_pair() -> int:
    """A port that nobody listens at, and none at the next one: vpcd has two slots."""
    for port in range(36_000, 37_000, 2):
        if _is_free(port) and _is_free(port + 1):
            return port
    raise AssertionError("no two ports are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as vpcd does
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
