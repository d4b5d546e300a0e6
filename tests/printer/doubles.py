"""Stand-ins: a store of jobs in memory, a printer that keeps or refuses, one on a socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from printer.destinations import ToNetwork
from printer.documents import Document, encode, kind
from printer.spool import Job, State
from printer.words import title

READY = b"\x12"  # DLE EOT 2: nothing keeps it offline
COVER_OPEN = b"\x16"
PAPER_OUT = b"\x32"
JAMMED = b"\x52"
DONE = b"\x00"  # GS r 1: paper is there
ROLL_EMPTY = b"\x0c"

_ASK_READY = b"\x10\x04\x02"
_ASK_DONE = b"\x1dr\x01"


class PowerCut(BaseException):
    """The program dies here."""


class MemoryJobs:
    """Jobs in memory, which can lose the power before any mark."""

    def __init__(self, *documents: Document) -> None:
        self.rows = {
            number: Job(
                id=number, document=encode(document), kind=kind(document), title=title(document)
            )
            for number, document in enumerate(documents, 1)
        }
        self.marks_until_power_cut: int | None = None

    def waiting(self) -> list[Job]:
        return [job for job in self.rows.values() if job.state is not State.CONFIRMED]

    def mark(self, job: Job, state: State, reason: str) -> None:
        if self.marks_until_power_cut == 0:
            raise PowerCut
        if self.marks_until_power_cut is not None:
            self.marks_until_power_cut -= 1
        self.rows[job.id] = replace(self.rows[job.id], state=state, reason=reason)


class PaperTray:
    """A printer whose paper can be counted, and which fails as it is told to."""

    def __init__(self) -> None:
        self.paper: list[Document] = []
        self.failures: list[Exception | None] = []
        self.prints_before_failing = False

    def print(self, document: Document) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or self.prints_before_failing:
            self.paper.append(document)
        if failure is not None:
            raise failure


@dataclass(slots=True)
class SocketPrinter:
    """What a printer on port 9100 does: take bytes, answer when asked."""

    ready: bytes | None = READY
    done: bytes | None = DONE
    hang_up_after: int | None = None
    taken: bytearray = field(default_factory=bytearray)

    def serve(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while chunk := connection.recv(65536):
                if chunk == _ASK_READY:
                    if self.ready is not None:
                        connection.sendall(self.ready)
                    continue
                self.taken += chunk
                if self.hang_up_after is not None and len(self.taken) >= self.hang_up_after:
                    # Closing with a reset, as a printer whose cable is pulled.
                    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                if self.taken.endswith(_ASK_DONE) and self.done is not None:
                    del self.taken[-len(_ASK_DONE) :]
                    connection.sendall(self.done)


@contextmanager
def plugged_in(device: SocketPrinter, *, mute: bool = False) -> Iterator[ToNetwork]:
    """The printer on a loopback port, and where it is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=device.serve, args=(listener,))
        thread.start()
        try:
            yield ToNetwork("127.0.0.1", listener.getsockname()[1], mute=mute)
        finally:
            thread.join(10)
