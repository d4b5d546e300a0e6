r"""What happens at the card reader, told to whoever wants to know: a thread that mostly sleeps.

    service down ──> no reader ──> reader there ──> card there ──> card gone ──> card there ...
         ^               ^               ^               │
         └───────────────┴───────────────┴───────────────┘   from anywhere, at any moment

The thread has a context of its own and asks PC/SC to be woken (SCardGetStatusChange, with the
pseudo reader ``\\?PnP?\Notification`` for readers that come). What it is told becomes a
:class:`Seen`, and :func:`events` says what is new between two of them; it is pure, and all there is
to decide. A card that lies there is told once. A service that dies is asked for until it is back.

It only looks. A tap is a person's doing, with a connection of its own (:mod:`node.card.pcsc`).
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from node.card.errors import CardError
from node.card.pcsc import (
    NOT_ALLOWED,
    SCOPE_USER,
    Code,
    Scard,
    Status,
    code_of,
    fitting,
    listed,
    scard,
)

logger = logging.getLogger(__name__)

PLUG_AND_PLAY: Final = r"\\?PnP?\Notification"

UNAWARE: Final = 0x0000
CHANGED: Final = 0x0002
UNKNOWN: Final = 0x0004
EMPTY: Final = 0x0010
PRESENT: Final = 0x0020
MUTE: Final = 0x0200
"""Flags of a reader's state (PC/SC part 5, SCARD_READERSTATE)."""
_COUNT_STANDS_ABOVE: Final = 16
"""Above the flags stands how many cards have come and gone (pcsc-lite and Windows)."""

_REST_MS: Final = 10_000
"""The longest sleep. A reader plugged in just before it began is then found at its end."""
_PAUSE: Final = 0.5
"""Seconds between two looks for a service that is down, or that answers at once with no news."""
_JOIN: Final = 0.05
"""Seconds after which a stop is said again: one that came just before the sleep is not heard."""
_JOINS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One reader. ``silent``: the card gives no answer. ``count``: cards that came and went."""

    card: bool
    silent: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What PC/SC said last; without the service there are no readers.

    ``forbidden``: there is a service, and it does not let this user in.
    """

    service: bool = True
    forbidden: bool = False
    slots: Mapping[str, Slot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceDown:
    """The PC's card service is not running, or it was just killed, or it lets nobody in."""

    forbidden: bool = False
    """It runs, and this user may not use it."""


@dataclass(frozen=True, slots=True)
class NoReaderThere:
    """The service runs, and no reader of that name is plugged in."""


@dataclass(frozen=True, slots=True)
class ReaderThere:
    """A reader was found."""

    reader: str


@dataclass(frozen=True, slots=True)
class CardThere:
    """A card lies on a reader; a silent one lies upside down or is another kind of card."""

    reader: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class CardGone:
    """The card that was told of is no longer there, or the reader is not."""

    reader: str


Event = ServiceDown | NoReaderThere | ReaderThere | CardThere | CardGone

DOWN: Final = Seen(service=False)


def events(before: Seen | None, now: Seen) -> tuple[Event, ...]:
    """What is new since ``before``; None is the beginning, when nothing was told yet.

    Each CardThere is followed by a CardGone of the same reader before the next one, also where the
    card was changed faster than anybody looked.
    """
    known = before.slots if before else {}
    gone = [CardGone(n) for n, slot in known.items() if slot.card and slot != now.slots.get(n)]
    put = [
        CardThere(n, slot.silent)
        for n, slot in now.slots.items()
        if slot.card and slot != known.get(n)
    ]
    return (*gone, *_news_of_readers(before, now), *put)


def _news_of_readers(before: Seen | None, now: Seen) -> Sequence[Event]:
    if not now.service:
        told = before is not None and not before.service and before.forbidden == now.forbidden
        return [] if told else [ServiceDown(now.forbidden)]
    if not now.slots:
        told = before is not None and before.service and not before.slots
        return [] if told else [NoReaderThere()]
    return [ReaderThere(n) for n in now.slots if before is None or n not in before.slots]


def slots_of(states: Sequence[Status]) -> dict[str, Slot]:
    """The readers in what SCardGetStatusChange told, without those that it does not know."""
    return {
        name: Slot(
            card=bool(state & PRESENT),
            silent=bool(state & MUTE),
            count=state >> _COUNT_STANDS_ABOVE,
        )
        for name, state, _ in states
        if name != PLUG_AND_PLAY and not state & UNKNOWN
    }


class Watch:
    """The thread. Start it once, and stop it before the program ends."""

    def __init__(
        self,
        report: Callable[[Event], None],
        *,
        reader: str | None = None,
        functions: Scard | None = None,
        pause: float = _PAUSE,
    ) -> None:
        """Watch the readers whose name holds ``reader``; all for None.

        ``report`` is called on the watch's own thread. Raises NoReaderSupport.
        """
        self._report = report
        self._part = reader
        self._functions = functions or scard()
        self._pause = pause
        self._seen: Seen | None = None
        self._context: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="card-watch", daemon=True)

    def start(self) -> None:
        """Begin to look; the first events say how things stand."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it, in mid-sleep too. Nothing is reported afterwards.

        A service that answers nobody any more is not waited for: the thread ends with the program.
        """
        self._stopping.set()
        for _ in range(_JOINS):
            if not self._thread.is_alive():
                break
            context = self._context
            if context is not None:
                self._functions.SCardCancel(context)
            self._thread.join(_JOIN)

    def _run(self) -> None:
        while not self._stopping.is_set():
            returned, context = self._functions.SCardEstablishContext(SCOPE_USER)
            if code_of(returned) == Code.SUCCESS:
                self._context = context
                try:
                    self._attend(context)
                finally:
                    self._context = None
                    self._functions.SCardReleaseContext(context)
            if not self._stopping.is_set():
                self._see(replace(DOWN, forbidden=code_of(returned) in NOT_ALLOWED))
                self._stopping.wait(self._pause)

    def _attend(self, context: int) -> None:
        """Tell what happens until the service no longer answers, or the watch is stopped."""
        known: dict[str, int] = {}
        while not self._stopping.is_set():
            try:
                names = fitting(listed(self._functions, context), self._part)
            except CardError:
                return
            self._forget_all_but(names)
            asked = [(name, known.get(name, UNAWARE)) for name in (*names, PLUG_AND_PLAY)]
            returned, told = self._functions.SCardGetStatusChange(context, _REST_MS, asked)
            code = code_of(returned)
            if code == Code.SUCCESS:
                known = {name: state & ~CHANGED for name, state, _ in told}
                if not self._see(Seen(slots=slots_of(told))):
                    self._stopping.wait(self._pause)
            elif code == Code.UNKNOWN_READER:
                self._stopping.wait(self._pause)  # it left between two questions
            elif code not in (Code.TIMEOUT, Code.CANCELLED):
                return

    def _forget_all_but(self, names: Sequence[str]) -> None:
        """Tell of readers that left, before a sleep which they would not end."""
        slots = self._seen.slots if self._seen else {}
        left = {name: slot for name, slot in slots.items() if name in names}
        if left or not names:
            self._see(Seen(slots=left))

    def _see(self, now: Seen) -> bool:
        """Report what is new; whether anything was."""
        news = events(self._seen, now)
        self._seen = now
        for event in news:
            if self._stopping.is_set():
                break
            try:
                self._report(event)
            except Exception:  # a screen that failed must not stop the watch
                logger.exception("an event of the card reader was not taken")
        return bool(news)
