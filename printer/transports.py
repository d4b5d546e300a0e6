"""Connections to a printer that takes bytes and may answer."""

import socket
from typing import Protocol

from printer.destinations import ToNetwork
from printer.errors import NotPrinted, Trouble


class Connection(Protocol):
    """An open way to one printer. Every method raises :class:`OSError` when it is gone."""

    name: str
    """How messages call it, e.g. ``192.0.2.7:9100``."""

    def send(self, data: bytes) -> None:
        """Hand over every byte."""

    def receive(self, wait: float) -> bytes:
        """What has come, after at most ``wait`` seconds; empty when nothing has."""

    def close(self) -> None:
        """Let go of it."""


class Network:
    """A printer's raw port."""

    def __init__(self, to: ToNetwork, timeout: float) -> None:
        """Connect. Raises :class:`NotPrinted`."""
        self.name = f"{to.host}:{to.port}"
        self._timeout = timeout
        try:
            self._socket = socket.create_connection((to.host, to.port), timeout)
        except OSError as error:
            raise NotPrinted(
                Trouble.UNREACHABLE,
                f"The printer {self.name} cannot be reached: {error}. Nothing was printed.",
            ) from error

    def send(self, data: bytes) -> None:
        """Hand over every byte."""
        self._socket.settimeout(self._timeout)
        self._socket.sendall(data)

    def receive(self, wait: float) -> bytes:
        """What has come, after at most ``wait`` seconds; empty when nothing has."""
        self._socket.settimeout(wait)
        try:
            answer = self._socket.recv(64)
        except TimeoutError:
            return b""
        if not answer:
            raise ConnectionResetError("the printer hung up")
        return answer

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
