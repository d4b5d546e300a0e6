"""How soon a scanned ticket has its answer while the hub is silent.

Beside a node's part stands what it cannot do without, measured by turns on the same disk: to check
one Ed25519 signature and to append a record durably. The way from the scanner's last key to the
word on the screen goes through the real app, in a terminal that draws nothing.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports
from node.outcome import Approved
from node.reach import Straight
from sync.records import Ticket
from sync.ticket import to_qr
from sync.values import Points
from tests.bench.figures import Better, Figure, against, median, must, seconds, slowest_of_hundred
from tests.bench.walls import append_and_sync
from tests.doubles.clocks import at
from tests.doubles.hub import FakeHub
from tests.doubles.ports import CountedRandomness, HandClock
from tests.tui.conftest import SIZE, type_at_once
from tui.app import CounterApp
from tui.screens.redeem import Redeem
from tui.widgets.answer import Answer
from tui.widgets.line import Line
from tui.wording import Words

_NOON = at("2026-11-20 12:00")
_TURN = 50
_SOON = 1_000.0
"""Milliseconds: what a queue before a booth bears."""
_FIRST = """
import sys, time
from pathlib import Path
from node.opening import Ports, open_counter
from node.outcome import Approved
from sync.errors import Unreachable
from sync.ticket import load
from tests.doubles.ports import HandClock
from tests.doubles.clocks import at
class Nobody:
    def send(self, request):
        raise Unreachable("nobody")
clock = HandClock(at("2026-11-20 12:00"))
counter = open_counter(Path(sys.argv[1]), Ports(clock=clock, door=lambda _: Nobody()))
counter.probe()
if sys.argv[3] == "loaded":
    load()
began = time.perf_counter()
done = counter.redeem(sys.argv[2])
print(time.perf_counter() - began)
assert isinstance(done, Approved), done
counter.close()
"""


def measure(folder: Path, *, scans: int) -> list[Figure]:
    """The node's part, the first one after a start, and the word on the screen."""
    hub = FakeHub(_NOON)
    hub.policy = replace(hub.policy, ticket_float=10**9)
    counter = _counter(folder, hub)
    samples: list[float] = []
    walls: list[float] = []
    try:
        for _ in range(max(1, scans // _TURN)):
            codes = [_code(hub) for _ in range(_TURN)]
            counter.rest()
            commits = append_and_sync(folder, _TURN, before=_nothing)
            verifies = _verifies()
            walls.extend(commit + verify for commit, verify in zip(commits, verifies, strict=True))
            samples.extend(seconds(partial(_take, counter, code)) for code in codes)
        shown = asyncio.run(_on_the_screen(counter, [_code(hub) for _ in range(20)]))
        must(not counter.audit(), "the node's records add up")
    finally:
        counter.close()
    first = [_first(folder, _code(hub), how) for how in ("loaded", "cold")]
    return [
        _milliseconds("scan: node, offline, p50", median(samples), median(walls)),
        _milliseconds(
            "scan: node, offline, p99", slowest_of_hundred(samples), slowest_of_hundred(walls)
        ),
        _within("scan: first one after a start", first[0]),
        _within("scan: the same, nothing loaded", first[1]),
        _within("scan: last key to the word, p50", median(shown)),
        _within("scan: last key to the word, slowest", max(shown)),
    ]


def _milliseconds(figure: str, value: float, wall: float) -> Figure:
    return against(figure, 1e3 * value, "ms", limit=1e3 * wall, target=None, better=Better.LOWER)


def _within(figure: str, value: float) -> Figure:
    return against(figure, 1e3 * value, "ms", limit=_SOON, target=1.0, better=Better.LOWER)


def _counter(folder: Path, hub: FakeHub) -> Counter:
    ports = Ports(
        clock=HandClock(_NOON),
        randomness=CountedRandomness(),
        door=lambda _: hub,
        patience=Straight(),
    )
    place = folder / "booth"
    new = enrol(place, hub.invitation, ports, second_path=folder / "booth-second", door=hub)
    new.counter.sync_now()
    new.counter.parts.store.make_room()
    hub.silent = True
    new.counter.probe()
    new.counter.open_shift("bench")
    return new.counter


def _code(hub: FakeHub) -> str:
    fact = Ticket(hub.number(), Points(1), "2026-11-20", "2026-12-31")
    return to_qr(hub.signed_ticket(fact))


def _take(counter: Counter, code: str) -> None:
    done = counter.redeem(code)
    must(isinstance(done, Approved), f"a good ticket is taken: {done}")


def _verifies() -> list[float]:
    """What one signature costs to check, each time anew."""
    key, message = Ed25519PrivateKey.generate(), b"a ticket" * 20
    signature, public = key.sign(message), key.public_key()
    return [seconds(lambda: public.verify(signature, message)) for _ in range(_TURN)]


def _first(folder: Path, code: str, how: str) -> float:
    """The first scan of a program that has just opened its node."""
    program = [sys.executable, "-c", _FIRST, str(folder / "booth"), code, how]
    told = subprocess.run(program, capture_output=True, text=True, check=True)
    return float(told.stdout)


async def _on_the_screen(counter: Counter, codes: list[str]) -> list[float]:
    """From a scanner's last key until the answer is drawn."""
    app = CounterApp(lambda: counter, Words("ja"))
    async with app.run_test(size=SIZE) as pilot:
        while not app.is_open:
            await pilot.pause(0.01)
        app.action_go("redeem")
        while not isinstance(app.screen, Redeem) or app.focused is None:
            await pilot.pause(0.01)
        return [await _shown(app, code) for code in codes]


async def _shown(app: CounterApp, code: str) -> float:
    answer, field = app.screen.query_one(Answer), app.screen.query_one("#scan", Line)
    answer.blank()
    type_at_once(app, code)
    await _until(lambda: field.value == code)
    began = time.perf_counter()
    type_at_once(app, "\r")
    await _until(lambda: answer.light is not None)
    must(answer.light == "good", "the screen says yes")
    return time.perf_counter() - began


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  nothing tells when a screen was drawn
        await asyncio.sleep(0.001)


def _nothing() -> None:
    """No card signs a ticket's redemption."""
