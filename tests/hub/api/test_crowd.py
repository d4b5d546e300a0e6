"""Small calls that come together are worked on together; each has its own answer."""

import asyncio
import threading
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from hub.api.crowd import MOST, THREADS, Crowd
from hub.door import Asked, Rest
from sync.request import Request, Response

NAME: ContextVar[str] = ContextVar("name", default="")


def request(number: int) -> Request:
    return Request("PUT", f"/{number}", "application/x", b"")


def answer(asked: Asked) -> Response:
    return Response(200, "text/plain", asked.request.path_with_query.encode())


class Counter:
    """Somebody who works on groups, once a test lets them."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)

    def work(self, asked: Sequence[Asked]) -> list[Response | Rest]:
        self.groups.append(len(asked))
        self.begun.release()
        assert self.go.wait(10)
        return [answer(one) for one in asked]


async def test_what_comes_meanwhile_makes_up_the_next_group() -> None:
    counter = Counter()
    crowd = Crowd(counter.work)
    first = []
    for n in range(THREADS):
        first.append(asyncio.ensure_future(crowd.send(request(n))))
        await asyncio.sleep(0)
        assert await asyncio.to_thread(counter.begun.acquire, timeout=10)
    later = [asyncio.ensure_future(crowd.send(request(n))) for n in range(THREADS, MOST)]
    await asyncio.sleep(0)
    counter.go.set()

    said = [await one for one in (*first, *later)]

    assert [one.body for one in said if isinstance(one, Response)] == [
        f"/{n}".encode() for n in range(MOST)
    ]
    assert sorted(counter.groups) == sorted([1] * THREADS + [MOST - THREADS])


async def test_what_is_read_in_one_turn_makes_up_the_first_group() -> None:
    counter = Counter()
    counter.go.set()
    crowd = Crowd(counter.work)

    await asyncio.gather(*(crowd.send(request(n)) for n in range(3)))

    assert counter.groups == [3]


async def test_a_group_has_an_end_and_nobody_is_forgotten() -> None:
    counter = Counter()
    counter.go.set()
    crowd = Crowd(counter.work)

    said = await asyncio.gather(*(crowd.send(request(n)) for n in range(5 * MOST)))

    assert len({one.body for one in said if isinstance(one, Response)}) == 5 * MOST
    assert max(counter.groups) <= MOST


async def test_whoever_hangs_up_spoils_nobodys_answer() -> None:
    counter = Counter()
    crowd = Crowd(counter.work)
    gone = asyncio.ensure_future(crowd.send(request(1)))
    await asyncio.sleep(0)
    assert await asyncio.to_thread(counter.begun.acquire, timeout=10)
    stays = asyncio.ensure_future(crowd.send(request(2)))
    await asyncio.sleep(0)
    gone.cancel()
    counter.go.set()

    said = await stays

    assert isinstance(said, Response)
    assert said.body == b"/2"


async def test_a_mistake_is_told_to_those_it_meets_and_the_next_are_answered() -> None:
    def work(asked: Sequence[Asked]) -> list[Response | Rest]:
        if any(one.request.path_with_query == "/1" for one in asked):
            raise ZeroDivisionError
        return [answer(one) for one in asked]

    crowd = Crowd(work)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(crowd.send(request(1)), 10)

    said = await asyncio.wait_for(crowd.send(request(2)), 10)

    assert isinstance(said, Response)
    assert said.body == b"/2"


async def test_each_is_worked_on_under_its_own_name() -> None:
    seen: list[str] = []

    def work(asked: Sequence[Asked]) -> list[Response | Rest]:
        seen.extend(one.context.run(NAME.get) for one in asked)
        return [answer(one) for one in asked]

    crowd = Crowd(work)

    async def call(number: int) -> None:
        NAME.set(f"call-{number}")
        await crowd.send(request(number))

    await asyncio.gather(*(call(n) for n in range(6)))
    assert sorted(seen) == [f"call-{n}" for n in range(6)]
