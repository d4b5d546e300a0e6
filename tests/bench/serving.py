"""A bench's hub, served in a process of its own as ``machikado hub serve`` does, and its callers.

``python -m tests.bench.serving FOLDER NOW VERIFIERS`` opens the hub of a folder at a moment (ms
since 1970), from which on its clock runs, and prints where it listens.
"""

import subprocess
import sys
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
from sync.request import Request, raise_for_problem, sign_request
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


def answered(door: HttpDoor, request: Request) -> Answer:
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
