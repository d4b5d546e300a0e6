"""Connections to a printer that takes bytes and may answer."""

import errno
import socket
from typing import Protocol, assert_never

from printer.destinations import ToNetwork, ToSerial, ToUsb, write_destination
from printer.errors import NotPrinted, Trouble


class Connection(Protocol):
    """An open way to one printer. ``send`` and ``receive`` raise OSError when it is gone."""

    name: str
    """How messages call it, e.g. ``192.0.2.7:9100``."""
    speed: int
    """Bytes a second that it takes even when it prints slowly: how long a job may last."""

    def send(self, data: bytes, wait: float) -> None:
        """Hand over every byte within ``wait`` seconds."""

    def receive(self, wait: float) -> bytes:
        """What has come, after at most ``wait`` seconds; empty when nothing has."""

    def close(self) -> None:
        """Let go of it."""


def connect(to: ToNetwork | ToUsb | ToSerial, timeout: float) -> Connection:
    """Open the way to a printer. Raises :class:`NotPrinted`."""
    try:
        match to:
            case ToNetwork():
                return Network(to, timeout)
            case ToSerial():
                from printer.serialport import SerialPort

                return SerialPort(to)
            case ToUsb():
                from printer.usbport import UsbPort

                return UsbPort(to)
            case _:
                assert_never(to)
    except OSError as error:  # it went while it was being looked at
        raise refused(write_destination(to), error) from error


def refused(name: str, error: OSError) -> NotPrinted:
    """Why a device that is there cannot be had, in words."""
    trouble = {
        errno.EBUSY: Trouble.BUSY,
        errno.EAGAIN: Trouble.BUSY,
        errno.EACCES: Trouble.NOT_ALLOWED,
        errno.EPERM: Trouble.NOT_ALLOWED,
    }.get(error.errno or 0, Trouble.UNREACHABLE)
    why = error.strerror or str(error)
    return NotPrinted(trouble, f"The printer {name} cannot be opened: {why}. Nothing was printed.")


class Network:
    """A printer's raw port."""

    speed = 10_000
    """17 mm of paper a second at 576 dots: portable printers are hardly slower."""

    def __init__(self, to: ToNetwork, timeout: float) -> None:
        """Connect. Raises :class:`NotPrinted`."""
        self.name = f"{to.host}:{to.port}"
        try:
            self._socket = socket.create_connection((to.host, to.port), timeout)
        except (OSError, UnicodeError) as error:  # the latter: a name that cannot be one, "a..b"
            raise NotPrinted(
                Trouble.UNREACHABLE,
                f"The printer {self.name} cannot be reached: {error}. Nothing was printed.",
            ) from error
        # A question behind a piece must not wait until the piece is acknowledged (Nagle).
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes, wait: float) -> None:
        """Hand over every byte within ``wait`` seconds."""
        self._socket.settimeout(wait)
        self._socket.sendall(data)

    def receive(self, wait: float) -> bytes:
        """What has come, after at most ``wait`` seconds; empty when nothing has."""
        self._socket.settimeout(wait)
        try:
            answer = self._socket.recv(64)
        except (TimeoutError, BlockingIOError):
            return b""
        if not answer:
            raise ConnectionResetError(errno.ECONNRESET, "the printer hung up")
        return answer

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
