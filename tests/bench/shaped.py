"""A link of a certain rate and delay between a TCP port of its own and one that somebody serves.

Each way carries its bytes one after the other at the rate, as a wire does, and each arrives the
delay later; a connection needs one round trip before its first byte leaves. Little more is taken
from a sender than has left, so that the sender's own buffers fill as they would. The order of
events is the bytes' own: nothing is random.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

PIECE = 1_460
"""Bytes that travel together: a segment of TCP over Ethernet."""
_QUEUE = 4
"""Pieces that wait at the link, so that it is busy though this program wakes a little late."""


@dataclass
class Way:
    """One direction of a link."""

    rate: float
    """Bytes a second."""
    delay: float
    """Seconds."""
    carried: int = 0
    """Bytes so far."""
    free: float = 0.0
    """When the last byte that was taken has left, by the loop's clock."""

    async def carry(self, source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
        """Bring everything across, and that nothing more comes."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(under_way, into))
        with suppress(ConnectionError):
            while piece := await source.read(PIECE):
                self.free = max(self.free, loop.time()) + len(piece) / self.rate
                self.carried += len(piece)
                under_way.put_nowait((self.free + self.delay, piece))
                await asyncio.sleep(self.free - loop.time() - _QUEUE * PIECE / self.rate)
        under_way.put_nowait((loop.time() + self.delay, b""))
        await arriving

    @staticmethod
    async def _arrive(
        under_way: "asyncio.Queue[tuple[float, bytes]]", into: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while True:
                moment, piece = await under_way.get()
                await asyncio.sleep(moment - loop.time())
                if not piece:
                    break
                into.write(piece)
                await into.drain()
            into.write_eof()


class Link:
    """Both ways, and the port where one enters."""

    def __init__(self, beyond: int, rate: float, delay: float) -> None:
        """``beyond``: the port at the other end; bits a second and seconds, each way."""
        self._beyond = beyond
        self._up = Way(rate / 8, delay)
        self._down = Way(rate / 8, delay)
        self.port = 0

    @property
    def up(self) -> int:
        """Bytes that went towards the other end."""
        return self._up.carried

    @property
    def down(self) -> int:
        """Bytes that came back."""
        return self._down.carried

    async def open(self) -> asyncio.Server:
        """Listen on loopback."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        return server

    async def _connected(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        # The link is taken away at the end: that closes it in order.
        with suppress(asyncio.CancelledError), closing(back):
            await asyncio.sleep(self._up.delay + self._down.delay)
            far, into = await asyncio.open_connection("127.0.0.1", self._beyond)
            with closing(into):
                await asyncio.gather(self._up.carry(near, into), self._down.carry(far, back))


@contextmanager
def shaped(beyond: int, rate: float, delay: float) -> Iterator[Link]:
    """A link to a port of this machine, driven by a thread of its own."""
    link = Link(beyond, rate, delay)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="link", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(link.open(), loop).result()
    try:
        yield link
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    """Take no more, and let nothing go on."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
