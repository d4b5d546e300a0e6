"""Whether the hub answers, and how long a person waits to find out.

After one silence the hub counts as silent until a background probe is answered, so that nobody
waits twice. Each question at the counter has a patience; an answer that comes later is not thrown
away, it is handed to ``late`` (a hold that was granted too late is used, not doubled).
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import Meta

from node.store import Store
from sync.errors import Unreachable
from sync.values import Millis

T = TypeVar("T")
_KEY = "contact"
HOLD_PATIENCE = 3.0
"""Seconds a person waits for the hub before policy decides."""
SCAN_PATIENCE = 0.7
"""Seconds for a ticket scan: the queue is behind it."""
LOOK_PATIENCE = 10.0
"""Seconds where nothing works without the hub and the person knows it."""


class Patience(Protocol):
    """Asks a question and waits so long."""

    def ask(self, call: Callable[[], T], seconds: float, late: Callable[[T], None]) -> T:
        """The answer; raises Unreachable when it did not come in time, and what ``call`` raises."""
        ...

    def begin(self, call: Callable[[], T], after: float) -> Callable[[], T] | None:
        """Ask in so many seconds, beside what is asked meanwhile; gives what waits for the answer.

        None: here one question is asked after the other.
        """
        ...


class Straight:
    """Waits for the answer, however long: where the door itself has the patience."""

    def ask(self, call: Callable[[], T], seconds: float, late: Callable[[T], None]) -> T:
        """The answer of ``call``."""
        del seconds, late
        return call()

    def begin(self, call: Callable[[], T], after: float) -> Callable[[], T] | None:
        """One question after the other."""
        del call, after
        return None


class _Answer:
    """One answer on its way between two threads."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self.lock = threading.Lock()
        self.given_up = False
        self.value: object = None
        self.error: BaseException | None = None


class InTime:
    """Asks on a thread of its own and gives up waiting after the patience, not before."""

    def ask(self, call: Callable[[], T], seconds: float, late: Callable[[T], None]) -> T:
        """The answer of ``call`` if it comes within ``seconds``; else Unreachable."""
        answer = _Answer()

        def run() -> None:
            try:
                value = call()
            except BaseException as error:  # noqa: BLE001  raised again where somebody waits
                answer.error = error
            else:
                with answer.lock:
                    answer.value = value
                    if not answer.given_up:
                        answer.came.set()
                        return
                late(value)
            answer.came.set()

        threading.Thread(target=run, name="ask-hub", daemon=True).start()
        answer.came.wait(seconds)
        with answer.lock:
            if not answer.came.is_set():
                answer.given_up = True
                raise Unreachable("the hub did not answer in time; nothing is lost")
        if answer.error is not None:
            raise answer.error
        return answer.value  # type: ignore[return-value]  # only run() sets it, to a T

    def begin(self, call: Callable[[], T], after: float) -> Callable[[], T] | None:
        """Ask on a thread of its own, and wait for the answer where it is wanted."""
        answer: Future[T] = Future()

        def run() -> None:
            time.sleep(after)
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001  raised again where somebody waits
                answer.set_exception(error)

        threading.Thread(target=run, name="ask-hub", daemon=True).start()
        return answer.result


class Contact(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """When the hub last answered, and since when it has not."""

    heard: Annotated[int, Meta(ge=0)] = 0
    silent_since: Annotated[int, Meta(ge=0)] = 0
    """0: it answered last."""


class Reach:
    """What this run of the program knows about the line."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.contact = store.kept(_KEY, Contact) or Contact()
        self.silent = False
        """After a silence in this run, until a probe is answered."""
        self._busy_until = 0
        """Until when the hub has asked to wait, in the machine's running time."""

    @property
    def silent_since(self) -> Millis:
        """Since when the hub is silent; 0 while it answers."""
        return Millis(self.contact.silent_since)

    def heard(self, now: Millis) -> None:
        """The hub answered."""
        self.silent = False
        self._keep(Contact(now, 0))

    def silence(self, now: Millis) -> None:
        """The hub did not answer, or asked to wait: the same for people at the counter."""
        self.silent = True
        if not self.contact.silent_since:
            self._keep(Contact(self.contact.heard, max(1, now)))

    def asked_to_wait(self, ran: int, wait: int) -> None:
        """The hub has too much to do: nothing is sent in the background for ``wait`` ms."""
        self._busy_until = max(self._busy_until, ran + wait)

    def busy(self, ran: int) -> bool:
        """Whether the hub has asked to wait, and that is not over."""
        return ran < self._busy_until

    def _keep(self, contact: Contact) -> None:
        self.contact = contact
        self._store.keep(_KEY, contact)
