"""The node's end of the line to the hub: typed calls for the present epoch, with patience.

Whatever the reason, an answer that does not come is one thing to people at the counter: silence.
So is somebody else who answers in the hub's place: a hotspot's own page must not end the day. A
wrong clock is set right by the hub's signed time, and the call is made once more.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable
from zlib import crc32

from node.identity import Identity
from node.reach import Patience, Reach
from node.timekeeping import Timekeeper
from node.writer import Writer
from sync.calls import Doorstep, HubCalls
from sync.errors import Busy, Unreachable
from sync.request import ClockSkew, Door, OtherServer
from sync.values import Millis

T = TypeVar("T")
A_MOMENT = 5
"""Seconds to wait for a busy hub that does not say how long."""
LONGEST_WAIT = 300
"""Seconds; what asks for more is not believed: nobody signs it."""
_MORE = 0.25
"""By how much the waits of a town's nodes differ, as a share of what the hub asked for."""


@runtime_checkable
class Closing(Protocol):
    """A door that keeps connections."""

    def close(self) -> None:
        """Let go of them."""
        ...


class NodeClock:
    """The node's own idea of the time, for the ``created`` of its requests."""

    def __init__(self, time: Timekeeper) -> None:
        self._time = time

    def now(self) -> Millis:
        """The present moment."""
        return self._time.now(Millis(0)).ms

    def running(self) -> Millis:
        """How long the machine has run."""
        return Millis(self._time.ran())

    def boot(self) -> str:
        """One name: nobody asks a node's line for more."""
        return "node"


class Line:
    """Calls to the hub that this node is enrolled at."""

    def __init__(
        self,
        *,
        door: Door,
        identity: Identity,
        writer: Writer,
        time: Timekeeper,
        reach: Reach,
        patience: Patience,
    ) -> None:
        self._door = door
        self._identity = identity
        self._writer = writer
        self._time = time
        self._patience = patience
        self._calls: HubCalls | None = None
        self._spread = crc32(identity.node.encode()) / 2**32
        """This node's own share of the waits, so that a town's nodes do not come back at once."""
        self.reach = reach

    @property
    def calls(self) -> HubCalls:
        """The calls, signed with the key of the present epoch."""
        if self._calls is None or self._calls.epoch != self._writer.epoch:
            self._calls = HubCalls(
                self._door,
                origin=self._identity.hub_origin,
                node=self._identity.node,
                epoch=self._writer.epoch,
                key=self._writer.key(),
                clock=NodeClock(self._time),
                trusted=(self._identity.hub_key,),
            )
        return self._calls

    def ask(
        self,
        call: Callable[[HubCalls], T],
        seconds: float,
        late: Callable[[T], None] = lambda _: None,
    ) -> T:
        """One question at the counter.

        Raises Unreachable at once while the hub counts as silent; else after ``seconds``.
        """
        if self.reach.silent:
            raise Unreachable("the hub is silent; nothing is lost")
        calls = self.calls
        try:
            answer = self._patience.ask(lambda: self._in_time(calls, call), seconds, late)
        except Unreachable as error:
            self.unanswered(error)
            self.reach.silence(self._time.now(Millis(0)).ms)
            raise
        self.reach.heard(self._time.now(Millis(0)).ms)
        return answer

    def probe(self) -> bool:
        """Ask the hub for its time, in the background; whether it answered."""
        try:
            self.tell_time()
        except Unreachable as error:
            self.unanswered(error)
            return False
        self.reach.heard(self._time.now(Millis(0)).ms)
        return True

    def tell_time(self) -> None:
        """Set the node's time by the hub's signed one. Raises Unreachable."""
        doorstep = Doorstep(self._door, (self._identity.hub_key,))
        self._time.told(_from_the_hub(doorstep.time))

    def patiently(self, call: Callable[[HubCalls], T]) -> T:
        """One question in the background. Raises Unreachable, and notes why there is no answer."""
        try:
            answer = self._in_time(self.calls, call)
        except Unreachable as error:
            self.unanswered(error)
            raise
        self.reach.heard(self._time.now(Millis(0)).ms)
        return answer

    def begin(self, call: Callable[[HubCalls], T], after: float) -> Callable[[], T] | None:
        """One more question in the background, in ``after`` seconds; gives what waits for it.

        None where only one is asked at a time. Why there is no answer is not noted.
        """
        calls = self.calls
        return self._patience.begin(lambda: self._in_time(calls, call), after)

    def unanswered(self, error: Unreachable) -> None:
        """Note why a question in the background has no answer: silence, or a hub that is busy.

        A busy one is there: who stands at the counter may still ask it.
        """
        if not isinstance(error, Busy):
            self.reach.silence(self._time.now(Millis(0)).ms)
            return
        told = A_MOMENT if error.retry_after is None else error.retry_after
        wait = min(told, LONGEST_WAIT) * (1 + _MORE * self._spread)
        self.reach.asked_to_wait(self._time.ran(), int(1000 * wait))

    def close(self) -> None:
        """Let go of connections."""
        if isinstance(self._door, Closing):
            self._door.close()

    def _in_time(self, calls: HubCalls, call: Callable[[HubCalls], T]) -> T:
        try:
            return _from_the_hub(lambda: call(calls))
        except ClockSkew:
            self.tell_time()
            return _from_the_hub(lambda: call(calls))


def _from_the_hub(call: Callable[[], T]) -> T:
    """The hub's answer; raises Unreachable where it was not the hub that answered."""
    try:
        return call()
    except OtherServer as error:
        raise Unreachable(str(error)) from None
