"""Terminals' calls over HTTP: byte for byte to the node's door, and its answer back.

There is nothing to route or to convert here, so these calls do not go through the framework: the
door knows its own, and half of what a small call costs would be the framework's. Everything else
is passed on to it. The work runs in the threads of the call's lane; small batches, whose senders
wait at a counter, in groups (:mod:`hub.api.crowd`).
"""

from functools import partial
from typing import Any

import anyio
from litestar.types import ASGIApp, Receive, Send

from hub.api.admission import MOST, threads_of
from hub.api.crowd import Crowd
from hub.api.plain import plain, say
from hub.door import HubDoor
from hub.lanes import Lane, lane_of
from sync.request import Response

SMALL = 4 * 1024
"""Bytes of a batch that is worked on together with others: a dozen sales, or some more tickets."""


class Terminals:
    """An application in front of the framework's; it stands behind the hub's admission."""

    def __init__(self, door: HubDoor, others: ASGIApp) -> None:
        self._door = door
        self._small = Crowd(door.send_all)
        self._others = others

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a call that admission has let in; pass on what is no terminal's."""
        threads = threads_of(scope)
        if threads is None:
            await self._others(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        request = plain(scope, body)
        small = len(body) <= SMALL and lane_of(scope["method"], scope["path"]) is Lane.HANDING_IN
        answer = await self._small.send(request) if small else partial(self._door.send, request)
        if not isinstance(answer, Response):
            answer = await anyio.to_thread.run_sync(answer, limiter=threads)
        await say(answer, send)


async def _body(receive: Receive) -> bytes | None:
    """The body as admission has read it; None: the caller has gone.

    Admission reads no more than any call's body may have: what is cut off there is too long.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST or not message.get("more_body", False):
            return b"".join(parts)
