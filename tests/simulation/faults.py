"""What can go wrong between and under the programs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random  # noqa: TID251  seeded: a simulation is replayed by its seed
from typing import Any, TypeVar

from hub.store.database import Database, Tx
from sync.errors import Unreachable
from sync.request import Door, Request, Response

T = TypeVar("T")


_ON_THE_WAY = 8
"""Requests that one line keeps on the way; what is older the hub would not take any more."""


class Crash(BaseException):
    """The machine lost power here."""


class HubCrash(Crash):
    """The hub's machine did."""


class Dice:
    """Whether a fault happens now: a chance each, all off while healing."""

    def __init__(self, generator: Random, chances: dict[str, float]) -> None:
        self._generator = generator
        self._chances = chances
        self.on = True

    def fall(self, fault: str) -> bool:
        """Roll for one fault."""
        return self.on and self._generator.random() < self._chances.get(fault, 0.0)

    def pick(self, count: int) -> int:
        """One of ``count``."""
        return self._generator.randrange(count)


class Road:
    """The line of one node: loses, repeats, delays; up or down as the world says."""

    def __init__(self, dice: Dice, hub: Callable[[], Door]) -> None:
        self._dice = dice
        self._hub = hub
        self.up = True
        self._late: list[Request] = []

    def send(self, request: Request) -> Response:
        """Carry a request and its answer, perhaps."""
        if not self.up:
            raise Unreachable("the line is down")
        del self._late[:-_ON_THE_WAY]
        self._arrive_late()
        held_up = "/holds/" in request.path_with_query and self._dice.fall("hold-up")
        if held_up or self._dice.fall("lose-request"):
            if held_up or self._dice.fall("delay"):
                self._late.append(request)
            raise Unreachable("no answer")
        if self._dice.fall("crash-before-send"):
            raise Crash("before a request")
        if self._dice.fall("repeat"):
            self._carry(request)
        response = self._carry(request)
        self._arrive_late()
        if self._dice.fall("echo"):
            self._late.append(request)  # a copy of it is still on the way
        if self._dice.fall("lose-answer"):
            raise Unreachable("no answer")
        if self._dice.fall("crash-after-answer"):
            raise Crash("after an answer")
        return response

    def _arrive_late(self) -> None:
        if self._late and self._dice.fall("late"):
            self._carry(self._late.pop(self._dice.pick(len(self._late))))

    def forget(self) -> None:
        """Whatever was still on the way is lost."""
        self._late.clear()

    def _carry(self, request: Request) -> Response:
        try:
            return self._hub().send(request)
        except HubCrash:
            raise Unreachable("the hub went down") from None


class Impatience:
    """People at a counter who cannot wait: an answer may come when policy has decided already."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._late: list[Callable[[], None]] = []

    def ask(self, call: Callable[[], T], seconds: float, late: Callable[[T], None]) -> T:
        """The answer of ``call``; now and then it is handed to ``late`` before the next one."""
        del seconds
        arriving, self._late = self._late, []
        for arrive in arriving:
            arrive()
        answer = call()
        if self._dice.fall("late-answer"):
            self._late.append(lambda: late(answer))
            raise Unreachable("no answer in time")
        return answer

    def begin(self, call: Callable[[], T], after: float) -> Callable[[], T] | None:
        """One question after the other."""
        del call, after
        return None


class CrashingDatabase(Database):
    """The hub's database on a machine that loses power before or after a commit."""

    def __init__(self, *arguments: Any, dice: Dice, down: Callable[[], None], **named: Any) -> None:
        self._dice = dice
        self._down = down
        self._depth = 0
        super().__init__(*arguments, **named)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """As always, but for the power."""
        if self._depth:
            with super().write() as tx:
                yield tx
            return
        self._depth += 1
        try:
            with super().write() as tx:
                yield tx
                self._lose_power("hub-crash-before-commit")
        except HubCrash:
            self._down()
            raise
        finally:
            self._depth -= 1
        try:
            self._lose_power("hub-crash-after-commit")
        except HubCrash:
            self._down()
            raise

    def _lose_power(self, fault: str) -> None:
        if self._dice.fall(fault):
            raise HubCrash(fault)
