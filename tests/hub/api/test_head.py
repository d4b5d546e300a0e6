"""HTTP is read in C, and still nobody fills the hub's memory with a head that never ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("httptools", reason="HTTP is read by h11 here")

import uvicorn
from uvicorn.server import ServerState

from hub.api.head import MOST, BoundedHead


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    """Say how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    said = str(size).encode()
    head = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": said})


class Line:
    """A connection of somebody who writes HTTP by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, *parts: bytes) -> None:
        """Write, as long as anybody listens."""
        try:
            for part in parts:
                self._writer.write(part)
                await self._writer.drain()
        except ConnectionError:
            return

    async def heard(self, until: bytes) -> bytes:
        """What was answered, up to something."""
        async with asyncio.timeout(10):
            return await self._reader.readuntil(until)

    async def is_over(self) -> bool:
        """Whether the other end has closed."""
        async with asyncio.timeout(10):
            try:
                await self._reader.read()
            except ConnectionError:
                return True
        return self._reader.at_eof()


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    config = uvicorn.Config(echo, log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHead(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        server.close()


async def test_long_bodies_come_one_after_the_other() -> None:
    async with line() as one:
        for size in (4 * MOST, 0, 3 * MOST):
            head = f"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
            await one.say(head.encode() + b"x" * size)
            assert (await one.heard(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await one.heard(str(size).encode()) == str(size).encode()


@pytest.mark.parametrize(
    "begins",
    [
        b"GET /x HTTP/1.1\r\nHost: x\r\nA: ",
        b"GET /",
        b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ",
    ],
    ids=["a field", "a target", "a field behind the body"],
)
async def test_what_never_ends_is_closed(begins: bytes) -> None:
    async with line() as one:
        await one.say(begins, *[b"x" * 4096] * (4 * MOST // 4096))
        assert await one.is_over()


async def test_what_is_no_http_is_answered_as_such() -> None:
    async with line() as one:
        await one.say(b"\x16\x03\x01 hello\r\n\r\n")
        assert (await one.heard(b"\r\n")) == b"HTTP/1.1 400 Bad Request\r\n"
        assert await one.is_over()
