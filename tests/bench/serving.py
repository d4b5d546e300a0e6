"""A bench's hub, served in a process of its own as ``machikado hub serve`` does, and its callers.

``python -m tests.bench.serving FOLDER NOW VERIFIERS`` opens the hub of a folder at a moment (ms
since 1970), from which on its clock runs, and prints where it listens.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.hub import open_hub
from hub.serve import serve
from sync.batch import coding_of
from sync.calls import keyid_of
from sync.http import HttpDoor, patiently
from sync.receipt import Answer
from sync.request import Door, Request, Response, raise_for_problem, sign_request
from sync.values import Millis
from sync.wire import read
from tests.doubles.pen import Pen
from tests.hub.corner import ORIGIN

ROOT = Path(__file__).parents[2]
LONGEST = 60.0
"""Seconds that an answer may take."""


class Running:
    """A clock that begins at a moment of the story and then runs as time does."""

    def __init__(self, start: Millis) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> Millis:
        return Millis(self._start + self.running())

    def running(self) -> Millis:
        return Millis(int(1000 * (time.monotonic() - self._began)))

    def boot(self) -> str:
        return "bench"


@contextmanager
def served(folder: Path, now: Millis, verifiers: int) -> Iterator[int]:
    """Serve the hub of a folder, which nobody else has open, and end it in order; its port."""
    what = (str(folder), str(now), str(verifiers))
    command = (sys.executable, "-m", "tests.bench.serving", *what)
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                raise RuntimeError("the hub did not start: see above")
            yield int(address.rpartition(":")[2])
        finally:
            process.terminate()


def door_at(port: int) -> HttpDoor:
    """The door of what listens on this machine."""
    return HttpDoor(f"http://127.0.0.1:{port}", pin=None, timeout=LONGEST)


class BareDoor:
    """A door that does no more than HTTP/1.1 asks for: a figure is the hub's, not its callers'.

    Each thread has a connection of its own, which stays open.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._here = threading.local()
        self._lines: list[socket.socket] = []

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._lines:
            line.close()

    def send(self, request: Request) -> Response:
        """Send and wait for the whole answer."""
        fields = (*request.headers, ("Content-Type", request.content_type))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        asked = (
            f"{request.method} {request.path_with_query} HTTP/1.1\r\nHost: hub\r\n"
            f"Content-Length: {len(request.body)}\r\n{head}\r\n"
        ).encode("ascii") + request.body
        try:
            line, said = self._asked(asked)
        except ConnectionError:  # it was idle for so long that the hub has closed it
            del self._here.line
            line, said = self._asked(asked)
        while b"\r\n\r\n" not in said:
            said += _some(line)
        begins, _, body = said.partition(b"\r\n\r\n")
        status, *rest = begins.decode("latin-1").split("\r\n")
        told = dict(field.split(": ", 1) for field in rest)
        size = int(told.pop("content-length"))
        parts = [body]
        size -= len(body)
        while size:
            parts.append(_some(line))
            size -= len(parts[-1])
        kind = told.pop("content-type")
        return Response(int(status.split()[1]), kind, b"".join(parts), tuple(told.items()))

    def _asked(self, asked: bytes) -> tuple[socket.socket, bytes]:
        """The line, and how its answer begins."""
        if not hasattr(self._here, "line"):
            self._here.line = socket.create_connection(("127.0.0.1", self._port), LONGEST)
            self._lines.append(self._here.line)
        line: socket.socket = self._here.line
        line.sendall(asked)
        return line, _some(line)


def _some(line: socket.socket) -> bytes:
    part = line.recv(256 * 1024)
    if not part:
        raise ConnectionError("the hub hung up")
    return part


def signed(pen: Pen, first: int, body: bytes) -> Request:
    """The PUT of a batch, as its node signs it."""
    path = f"/v1/nodes/{pen.node}/epochs/{pen.epoch}/records/{first}"
    return sign_request(
        Request("PUT", path, coding_of(body), body),
        origin=ORIGIN,
        key=pen.key,
        keyid=keyid_of(pen.node, pen.epoch),
        created=pen.at // 1000,
    )


def answered(door: Door, request: Request) -> Answer:
    """The hub's answer; a hub that is busy is asked again when it says."""

    def once() -> Answer:
        response = door.send(request)
        raise_for_problem(response)
        return read(response.body, Answer)

    return patiently(once, attempts=100, longest=LONGEST)


def main(folder: str, now: str, verifiers: str) -> None:
    """Serve until told to stop."""
    hub = open_hub(Path(folder), Running(Millis(int(now))), verifiers=int(verifiers))
    try:
        serve(hub, "127.0.0.1:0", listening=lambda address: print(address, flush=True))  # noqa: T201  whoever started this reads it
    finally:
        hub.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
