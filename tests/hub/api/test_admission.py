"""Who is let in under load, and what the others are told, before a body is read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import msgspec
import pytest

from hub.api.admission import Admission, threads_of
from hub.lanes import Lane
from sync.request import Problem

NODE = "/v1/nodes/141305-B2108-{}"
BATCH = NODE + "/epochs/1-x/records/1"
HOLD = NODE + "/epochs/1-x/holds/1"


class Slow:
    """An application that answers when the test says so."""

    def __init__(self) -> None:
        self.go = anyio.Event()
        self.begun = 0
        self.bodies: list[bytes] = []
        self.threads: list[object] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun += 1
        self.threads.append(threads_of(scope))
        await self.go.wait()
        self.bodies.append((await receive()).get("body", b""))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done", "more_body": False})


class Call:
    """One call, and what was answered."""

    def __init__(self, method: str, path: str, *, parts: tuple[bytes, ...] = (b"body",)) -> None:
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "client": ("192.0.2.1", 1),
            "headers": [],
        }
        self._parts = list(parts)
        self.read = 0
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""

    async def receive(self) -> Any:
        if not self._parts:
            await anyio.sleep_forever()
        self.read += 1
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": not part.endswith(b"body")}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message["body"]

    @property
    def problem(self) -> Problem:
        return msgspec.json.decode(self.body, type=Problem)


@asynccontextmanager
async def under_way(admission: Admission, slow: Slow, *calls: Call) -> AsyncIterator[None]:
    """These calls are being worked on."""
    async with anyio.create_task_group() as tasks:
        before = slow.begun
        for call in calls:
            tasks.start_soon(admission, call.scope, call.receive, call.send)
        await anyio.wait_all_tasks_blocked()
        assert slow.begun == before + len(calls)
        yield
        slow.go.set()


async def make(admission: Admission, call: Call) -> Call:
    await admission(call.scope, call.receive, call.send)
    return call


async def test_one_terminal_has_its_share_of_batches_under_way_and_others_theirs() -> None:
    slow = Slow()
    admission = Admission(slow)
    first = [Call("PUT", BATCH.format(1)) for _ in range(Lane.HANDING_IN.value.each)]
    other = Call("PUT", BATCH.format(2))
    async with under_way(admission, slow, *first, other):
        third = await make(admission, Call("PUT", BATCH.format(1)))

    assert (third.status, third.problem.reason) == (429, "too-many-requests")
    assert third.headers[b"retry-after"] == b"1"
    assert third.read == 0, "nothing of it was read"
    assert [call.status for call in (*first, other)] == [200, 200, 200]
    assert slow.bodies == [b"body"] * 3


async def test_a_full_lane_turns_batches_away_and_lets_holds_through() -> None:
    slow = Slow()
    admission = Admission(slow)
    batches = [Call("PUT", BATCH.format(n)) for n in range(Lane.HANDING_IN.value.most)]
    async with under_way(admission, slow, *batches):
        one_more = await make(admission, Call("PUT", BATCH.format("X")))
        hold = Call("PUT", HOLD.format("X"))
        async with under_way(admission, slow, hold):
            pass

    assert (one_more.status, one_more.problem.reason, one_more.read) == (503, "busy", 0)
    assert int(one_more.headers[b"retry-after"]) >= 1
    assert hold.status == 200
    assert slow.threads[-1] is not slow.threads[0], "holds have threads of their own"
    assert (await make(admission, Call("PUT", BATCH.format("X")))).status == 200


async def test_a_body_that_does_not_come_gives_its_room_back() -> None:
    slow = Slow()
    slow.go.set()
    admission = Admission(slow, in_time=0.05)

    stuck = await make(admission, Call("PUT", BATCH.format(1), parts=(b"half",)))

    assert (stuck.status, stuck.problem.reason) == (408, "too-slow")
    assert slow.begun == 0
    assert (await make(admission, Call("PUT", BATCH.format(1)))).status == 200


async def test_a_body_in_pieces_comes_whole() -> None:
    slow = Slow()
    slow.go.set()

    call = await make(Admission(slow), Call("PUT", BATCH.format(1), parts=(b"half a ", b"body")))

    assert call.status == 200
    assert call.read == 2


async def test_who_runs_the_hub_gets_through() -> None:
    slow = Slow()
    admission = Admission(slow)
    async with under_way(
        admission, slow, *(Call("GET", "/metrics") for _ in range(Lane.COUNTER.value.most + 1))
    ):
        pass
    assert set(slow.threads) == {None}


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_what_is_no_call_passes(kind: str) -> None:
    seen = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    call = Call("PUT", BATCH)
    await Admission(app)({**call.scope, "type": kind}, call.receive, call.send)
    assert seen == [kind]
