"""Who is let in when more is asked than can be done: before a body is read, so that memory holds.

1. A terminal's call whose lane is full (:mod:`hub.lanes`) is answered 503, one more of a terminal
   that has its share under way 429; both as a problem, with Retry-After. Nothing of it is read.
2. The body of a call that was let in is read whole, and in time: a line that says nothing more
   does not keep its room.
3. It is worked on by the threads of its lane, and answered.

Calls of people at desks, health and figures are not counted: who runs the hub gets through.
"""

from typing import Any

import anyio
from anyio import CapacityLimiter
from litestar.types import ASGIApp, Receive, Send

from hub.api.plain import say
from hub.lanes import Lane, Room, lane_of, terminal_of
from hub.problems import problem_of
from sync.batch import MOST_WIRE
from sync.errors import Busy
from sync.request import problem_response

IN_TIME = 60.0
"""Seconds for a whole body: 128 kB over a line of 17 kbit/s."""
MOST = 2 * MOST_WIRE
"""What is longer than this is not read to its end; the application says so."""
_THREADS = "machikado.threads"
_TOO_SLOW = problem_response(408, "too-slow", "the rest of the body did not come: send it again")


class Admission:
    """An application around the API that lets in what there is room for."""

    def __init__(self, app: ASGIApp, *, in_time: float = IN_TIME) -> None:
        """``in_time`` is how many seconds a whole body may take."""
        self._app = app
        self._in_time = in_time
        self._rooms = {lane: Room(lane.value) for lane in Lane}
        self._threads = {lane: CapacityLimiter(lane.value.threads) for lane in Lane}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one call, or say when to come back."""
        lane = lane_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if lane is None:
            await self._app(scope, receive, send)
            return
        host, _ = scope["client"] or ("", 0)
        room, caller = self._rooms[lane], (host, terminal_of(scope["path"]))
        try:
            room.enter(caller, anyio.current_time())
        except Busy as busy:
            await say(problem_of(busy), send)
            return
        try:
            body = await _whole(receive, self._in_time)
            if body is None:
                await say(_TOO_SLOW, send)
                return
            scope.setdefault("state", {})[_THREADS] = self._threads[lane]
            await self._app(scope, _Read(body, receive), send)
        finally:
            room.leave(caller, anyio.current_time())


def threads_of(scope: Any) -> CapacityLimiter | None:
    """The threads that work on a call; None: those of everybody."""
    found: CapacityLimiter | None = scope.get("state", {}).get(_THREADS)
    return found


class _Read:
    """Gives a body that was read as one message, and then whatever else comes."""

    def __init__(self, body: list[Any], receive: Receive) -> None:
        self._body = body
        self._receive = receive

    async def __call__(self) -> Any:
        """The next message."""
        return self._body.pop(0) if self._body else await self._receive()


async def _whole(receive: Receive, in_time: float) -> list[Any] | None:
    """The messages of a body, to its end or as many as may be; None: they did not come in time."""
    read: list[Any] = []
    size = 0
    with anyio.move_on_after(in_time):
        while True:
            message: Any = await receive()
            read.append(message)
            size += len(message.get("body", b""))
            if size > MOST or not message.get("more_body", False):
                return read
    return None
