"""What can go wrong between and under the programs."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random  # noqa: TID251  seeded: a simulation is replayed by its seed
from typing import Any, Generic, NoReturn, TypeVar

from hub.store.database import Database, Tx
from sync.errors import MachikadoError, Unreachable
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

    def __init__(self, dice: Dice, hub: Callable[[], Door], *, long: bool = False) -> None:
        self._dice = dice
        self._hub = hub
        self.up = True
        self.long = long
        """Its answers take so long that a batch goes ahead of the answer to the one before."""
        self.beside: Callable[[], None] | None = None
        """What the node sends while its next request is answered."""
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
        beside, self.beside = self.beside, None
        if beside is not None:
            beside()
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

    def __init__(self, dice: Dice, road: Road) -> None:
        self._dice = dice
        self._road = road
        road.beside = None  # whoever sent it has been switched off
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
        """Ask ahead of the question before, which it may overtake, or while that is answered."""
        del after
        if not self._road.long:
            return None
        ahead = Early(call)
        if self._dice.fall("overtake"):
            ahead.go()
        elif not self._dice.fall("too-late"):
            self._road.beside = ahead.go
        return ahead.answer


class Early(Generic[T]):
    """A question beside another one, and what came of it."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._told: list[Callable[[], T]] = []

    def go(self) -> None:
        """Ask; a power cut in the middle of it is one."""
        try:
            value = self._call()
        except MachikadoError as error:
            self._told.append(partial(_again, error))
        else:
            self._told.append(lambda: value)

    def answer(self) -> T:
        """What was answered, or why it was not."""
        return self._told[0]()


def _again(error: MachikadoError) -> NoReturn:
    raise error


class CrashingDatabase(Database):
    """The hub's database on a machine that loses power before or after a commit."""

    def __init__(self, *arguments: Any, dice: Dice, down: Callable[[], None], **named: Any) -> None:
        self._dice = dice
        self._down = down
        self._depth = 0
        super().__init__(*arguments, **named)

    @contextmanager
    def write(self, towns: Collection[str] | None = None) -> Iterator[Tx]:
        """As always, but for the power."""
        if self._depth:
            with super().write(towns) as tx:
                yield tx
            return
        self._depth += 1
        try:
            with super().write(towns) as tx:
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
