"""A PC whose clock is wrong signs requests that are out of time: the hub tells it the time, signed.

The node believes the hub's key and nobody else, and goes on at once; nobody at the counter waits.
"""

from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from hub.hub import open_hub
from node.opening import Ports, open_counter
from node.reach import Straight
from sync.calls import HubTime
from sync.request import Request, Response
from sync.signing import SigningKey, seal_with
from sync.values import Millis
from sync.wire import write
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import NOW, Wire, open_shop

HOUR = 3_600_000


class Liar:
    """Somebody between counter and hub who answers for the time."""

    def __init__(self, line: Wire) -> None:
        self._line = line
        self.asked = 0
        self.lies = False

    def send(self, request: Request) -> Response:
        """The hub's answers, but for the time."""
        answer = self._line.send(request)
        if request.path_with_query == "/v1/time":
            self.asked += 1
            if self.lies:
                false = seal_with(SigningKey(b"x" * 32), "time", write(HubTime(NOW)))
                return Response(200, answer.content_type, write(false))
        return answer

    def close(self) -> None:
        """Nothing is held open."""


@pytest.mark.parametrize("off", [-HOUR, HOUR, 365 * 24 * HOUR])
def test_a_counter_whose_clock_is_off_asks_the_hub_for_the_time_and_goes_on(
    tmp_path: Path, off: int
) -> None:
    made = open_shop(tmp_path)
    pc = TurnedClock(NOW)
    with ExitStack() as opened:
        hub = opened.enter_context(closing(open_hub(made.hub, TurnedClock(NOW))))
        line = Liar(Wire(hub))
        ports = Ports(clock=pc, door=lambda _: line, patience=Straight())
        counter = opened.enter_context(closing(open_counter(made.node, ports)))
        assert counter.sync_now().reached
        asked = line.asked

        pc.set(Millis(NOW + off))

        assert counter.sync_now().reached
        assert line.asked > asked


def test_a_time_that_the_hub_did_not_sign_is_not_believed(tmp_path: Path) -> None:
    made = open_shop(tmp_path)
    pc = TurnedClock(NOW)
    with ExitStack() as opened:
        hub = opened.enter_context(closing(open_hub(made.hub, TurnedClock(NOW))))
        line = Liar(Wire(hub))
        ports = Ports(clock=pc, door=lambda _: line, patience=Straight())
        counter = opened.enter_context(closing(open_counter(made.node, ports)))
        line.lies = True
        pc.turn(ms=HOUR)
        assert not counter.sync_now().reached
