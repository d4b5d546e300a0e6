"""Small calls that come at the same moment are worked on together, by few threads.

A thread for each call would cost a small one as much in hops, and in waiting for the interpreter's
lock, as its own work. So what comes while one group is worked on makes up the next one. Nobody
waits for company: who comes alone is a group of one.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NamedTuple

from hub.door import Asked, Rest
from sync.request import Request, Response

MOST = 32
"""Calls in one group: what is committed together."""
THREADS = 1
"""Two were slower: they took the lock from each other, and their groups were half as large."""

Work = Callable[[Sequence[Asked]], "list[Response | Rest]"]


class _Call(NamedTuple):
    asked: Asked
    answer: "asyncio.Future[Response | Rest]"


class Crowd:
    """Collects calls on the event loop, and has them answered in groups."""

    def __init__(self, work: Work) -> None:
        """``work`` answers some calls, in their order; what it raises is raised to all of them."""
        self._work = work
        self._waiting: deque[_Call] = deque()
        self._busy = 0
        """Threads at work."""
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "small-calls")

    async def send(self, request: Request) -> Response | Rest:
        """The answer to a call, or what is left to do for it."""
        loop = asyncio.get_running_loop()
        call = _Call(Asked(copy_context(), request), loop.create_future())
        with self._lock:
            self._waiting.append(call)
            idle = self._busy < THREADS
            self._busy += idle
        if idle:  # once all have spoken that the loop has read together
            loop.call_soon(self._threads.submit, self._go, loop)
        return await call.answer

    def _go(self, loop: asyncio.AbstractEventLoop) -> None:
        """Work on what waits until nothing does."""
        while group := self._taken():
            answers: Sequence[Response | Rest | Exception]
            try:
                answers = self._work([call.asked for call in group])
            except Exception as error:  # noqa: BLE001  nobody may be left waiting, nor who comes next
                answers = [error] * len(group)
            loop.call_soon_threadsafe(_deliver, group, answers)

    def _taken(self) -> list[_Call]:
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._busy -= not group
            return group


def _deliver(group: Sequence[_Call], answers: "Sequence[Response | Rest | Exception]") -> None:
    for call, answer in zip(group, answers, strict=True):
        if call.answer.done():
            continue  # whoever waited has gone
        if isinstance(answer, Exception):
            call.answer.set_exception(answer)
        else:
            call.answer.set_result(answer)
