"""A receipt printer, played whole: it takes bytes, answers, and lays sheets on a table.

Sans-I/O: :class:`Mechanism` is fed bytes and gives answers; :func:`on_network` puts one behind a
TCP port. It understands what :mod:`tests.printer.escpos_reader` does and prints anything else as
rubbish. Its faults are switched by the tests.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from printer.destinations import ToNetwork
from tests.printer.escpos_reader import NotUnderstood, Unfinished, next_command

_REAL_TIME = b"\x10\x04"
_CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_FIXED_BITS = 0x12
ENDLESS = 10**9


@dataclass(slots=True, kw_only=True)
class Mechanism:
    """The state of one printer. Commands that print take paper; without paper it stands still."""

    cover_open: bool = False
    near_end: bool = False
    cutter_stuck: bool = False
    too_hot: bool = False
    broken: bool = False
    offline: bool = False
    paper: int = ENDLESS
    """How many printing commands the roll lasts for."""
    knows_jobs: bool = True
    """GS ( H is answered."""
    clears: bool = True
    """DLE DC4 8 is obeyed and answered; some do not hear it in the middle of a picture."""
    answers: bool = True
    only_ready: bool = False
    """It knows DLE EOT 2 alone of the status commands."""
    lies: bool = False
    """It says that it is done when it is not."""
    mixes_up: bool = False
    """It confirms another job than the one it was asked about."""
    loses: int = 0
    """So many bytes are lost of the next long piece."""
    reports: bytes = b""
    """Sent unasked before the next answer."""
    sheets: list[bytes] = field(default_factory=list)
    """The bytes of every sheet that came out whole."""
    torn: list[bytes] = field(default_factory=list)
    """Sheets that begin and do not end, and rubbish."""
    kicks: int = 0
    _waiting: bytes = b""
    _sheet: bytes = b""
    _said: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Take bytes and return what it answers."""
        if self.loses and len(data) > 2_000:
            data = data[:1_000] + data[1_000 + self.loses :]
            self.loses = 0
        self._waiting += data
        self._work()
        if self._waiting:
            self._hear_within()
        said, self._said = self._said, b""
        return said

    def put_paper_in(self) -> None:
        """A person does, closes the cover and switches every error off; it goes on by itself."""
        self.paper = ENDLESS
        self.cover_open = self.cutter_stuck = self.too_hot = self.broken = self.offline = False
        self._work()

    @property
    def stopped(self) -> bool:
        """Whether it stands still."""
        return bool(
            self.cover_open or self.paper <= 0 or self.cutter_stuck or self.too_hot or self.broken
        )

    def _work(self) -> None:
        while self._waiting:
            if self.stopped:
                return
            try:
                command = next_command(self._waiting, 0)
            except Unfinished:
                return
            except NotUnderstood:
                self._sheet += b"rubbish"
                self._waiting = self._waiting[1:]
                continue
            self._waiting = self._waiting[len(command.raw) :]
            self._do(command.name, command.data, command.raw)

    def switch_off_and_on(self) -> None:
        """It forgets what it has not printed."""
        if self._sheet:
            self.torn.append(self._sheet)
        self._waiting = self._sheet = b""

    def _hear_within(self) -> None:
        """Real-time commands are heard while it stands still, and in the middle of a picture."""
        if self._waiting.endswith(_CLEAR) and self.clears:
            self.switch_off_and_on()
            self._say(b"\x37\x25\x00")
        elif self._waiting[-3:-1] == _REAL_TIME:
            self._status(self._waiting[-1])
            if self.stopped:
                self._waiting = self._waiting[:-3]  # in a picture they count as dots as well
        elif self.lies and self._waiting.endswith(b"\x1dr\x01"):
            self._say(b"\x00")

    def _do(self, name: str, data: bytes, raw: bytes) -> None:  # noqa: PLR0912  one a command
        match name:
            case "DLE EOT":
                self._status(data[0])
            case "DLE DC4":
                if self.clears:
                    if self._sheet:
                        self.torn.append(self._sheet)
                        self._sheet = b""
                    self._say(b"\x37\x25\x00")
            case "GS r":
                self._say(b"\x0c" if self.paper <= 0 else b"\x00")
            case "GS ( H":
                if self.knows_jobs:
                    name_ = b"zzzz" if self.mixes_up else data[2:]
                    self._say(b"\x37\x22" + name_ + b"\x00")
            case "ESC @":
                if self._sheet:
                    self.torn.append(self._sheet)
                self._sheet = raw
            case _:
                if name == "ESC p":
                    self.kicks += 1
                self._sheet += raw
                self.paper -= name in {"GS v 0", "LINE", "GS V"}
                if name == "GS V" and b"rubbish" not in self._sheet:
                    self.sheets.append(self._sheet)
                    self._sheet = b""
                elif name == "GS V":
                    self.torn.append(self._sheet)
                    self._sheet = b""

    def _status(self, question: int) -> None:
        if self.only_ready and question != 2:
            return
        error = self.cutter_stuck or self.too_hot or self.broken
        bits = {
            1: 0x08 * (self.stopped or self.offline),
            2: 0x04 * self.cover_open | 0x20 * (self.paper <= 0) | 0x40 * error,
            3: 0x08 * self.cutter_stuck | 0x20 * self.broken | 0x40 * self.too_hot,
            4: 0x0C * self.near_end | 0x60 * (self.paper <= 0),
        }[question]
        self._say(bytes([_FIXED_BITS | bits]))

    def _say(self, answer: bytes) -> None:
        if self.answers:
            self._said += self.reports + answer
            self.reports = b""


@dataclass(slots=True)
class Port:
    """TCP 9100 of a mechanism: one connection after the other, and what can happen to it."""

    mechanism: Mechanism
    gone: bool = False
    """Connections are cut before a word."""
    slow: float = 0.0
    """Seconds for each piece."""
    hang_up_after: int | None = None
    """Bytes of the next connection after which the cable is pulled."""
    deaf: bool = False
    """It accepts and takes nothing off the line."""
    before: Callable[[], None] = lambda: None
    """Called at each connection."""
    ended: bool = False

    def serve(self, listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while True:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                if self.ended:
                    return
                continue
            with connection, suppress(ConnectionError, TimeoutError):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        self.before()
        if self.gone:
            _reset(connection)
            return
        connection.settimeout(0.05)
        taken = 0
        while True:
            if self.deaf:
                time.sleep(0.01)
                if self.ended or not self._still_there(connection):
                    return
                continue
            try:
                data = connection.recv(4096)
            except TimeoutError:
                if self.ended:
                    return
                continue
            if not data:
                return
            taken += len(data)
            time.sleep(self.slow)
            answer = self.mechanism.feed(data)
            if self.hang_up_after is not None and taken >= self.hang_up_after:
                self.hang_up_after = None
                _reset(connection)
                return
            if answer:
                connection.sendall(answer)

    @staticmethod
    def _still_there(connection: socket.socket) -> bool:
        try:
            return bool(connection.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            return True


def _reset(connection: socket.socket) -> None:
    """Close as a printer whose cable is pulled."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextmanager
def on_network(port: Port, *, mute: bool = False) -> Iterator[ToNetwork]:
    """The printer on a loopback port, and where it is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=port.serve, args=(listener,))
        thread.start()
        try:
            yield ToNetwork("127.0.0.1", listener.getsockname()[1], mute=mute)
        finally:
            port.ended = True
            thread.join(10)
