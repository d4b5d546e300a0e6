"""A terminal's line to the hub, as cheap as can be: one process has to play thousands.

HTTP/1.1 over a kept connection; requests are signed as any terminal signs them.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from sync.calls import MESSAGE, keyid_of
from sync.ports import SystemClock
from sync.request import Request, sign_request
from sync.signing import SigningKey
from sync.values import EpochId, NodeId
from tests.hub.corner import ORIGIN

_CLOCK = SystemClock()
PATIENCE = 60.0
"""Seconds for a whole answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the hub said."""

    status: int
    retry_after: int
    body: bytes


class Line:
    """One terminal's connection; calls go one after the other."""

    def __init__(self, address: tuple[str, int], node: NodeId, epoch: EpochId, key: bytes) -> None:
        self.node = node
        self.epoch = epoch
        self._address = address
        self._key = SigningKey(key)
        self._ways: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(
        self, method: str, path: str, body: bytes = b"", media_type: str = MESSAGE
    ) -> Said:
        """Make a call; where the kept connection was closed meanwhile, on another one."""
        signed = sign_request(
            Request(method, path, media_type, body),
            origin=ORIGIN,
            key=self._key,
            keyid=keyid_of(self.node, self.epoch),
            created=_CLOCK.now() // 1000,
        )
        head = "".join(
            f"{name}: {value}\r\n"
            for name, value in (
                ("Host", "hub.test"),
                ("Content-Type", media_type),
                ("Content-Length", str(len(body))),
                *signed.headers,
            )
        )
        message = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body
        async with asyncio.timeout(PATIENCE):
            if self._ways is not None:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    return await self._exchange(message)
                self.close()
            return await self._exchange(message)

    async def _exchange(self, message: bytes) -> Said:
        if self._ways is None:
            self._ways = await asyncio.open_connection(*self._address)
        reader, writer = self._ways
        writer.write(message)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return Said(int(lines[0].split()[1]), int(headers.get("retry-after", "0")), body)

    def close(self) -> None:
        """Hang up."""
        ways, self._ways = self._ways, None
        if ways is not None:
            ways[1].close()
