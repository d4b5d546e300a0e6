"""The hub's log: one JSON object a line on stderr, or words where a person watches a terminal.

Every logger of the process goes through here, the libraries' too. A line says what happened and in
which request; it never says whose points these are. Tokens, cards, account ids, bodies and query
strings are not logged by anybody, and what a database's server adds to an error (the values that
did not fit) is cut off. Writing happens in a thread of its own: whoever answers a terminal does not
wait for a slow disk or a full pipe, and lines that find no room are counted instead.
"""

import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TextIO

import msgspec

ACCESS = "machikado.access"
"""The logger that says each request once."""
REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The request that this thread or task works for; empty: the hub does it by itself."""
FIELDS = ("method", "route", "status", "ms", "node", "person")
"""What a line may say beside its words."""

_MOST_WAITING = 10_000
_EVERY = 0.2
"""Seconds between two looks whether there is something to write."""
_PATIENCE = 2.0
"""Seconds for the last lines of a process that ends."""
_VALUES = re.compile(r"^(DETAIL|CONTEXT|HINT|QUERY):.*$\n?", re.MULTILINE)
"""What a PostgreSQL server says below an error's first line (protocol, "Error and Notice Fields"):
a detail names the values of the row."""

_Event = MutableMapping[str, Any]


def log_to(
    stream: TextIO | None = None, *, level: int = logging.INFO, as_json: bool | None = None
) -> Callable[[], None]:
    """Send every logger's lines to a stream, stderr to begin with; call the answer at the end.

    ``as_json`` left out means: unless the stream is a terminal.
    """
    stream = stream or sys.stderr
    handler = _Behind(stream)
    handler.setFormatter(_formatter(as_json=not stream.isatty() if as_json is None else as_json))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)

    def end() -> None:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()

    return end


class _Behind(logging.Handler):
    """Formats where a line comes up, writes in another thread; drops what finds no room.

    The thread looks by itself for what has come: waking it for each line would cost an answer more
    than all the rest that is noted of it.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Put a line behind the others; never waits, never fails."""
        if len(self._lines) >= _MOST_WAITING:
            self._dropped += 1
            return
        try:
            self._lines.append(self.format(record))
        except Exception:  # noqa: BLE001  a line that cannot be said must not end what it tells of
            self.handleError(record)

    def close(self) -> None:
        """Write what waits, and let go; where nobody reads any more, let go without."""
        super().close()
        self._over.set()
        self._thread.join(_PATIENCE)

    def _write(self) -> None:
        over = False
        while not over:
            over = self._over.wait(_EVERY)
            lines = self._taken()
            dropped, self._dropped = self._dropped, 0
            if dropped:
                _log.warning("%d lines of this log found no room and are lost", dropped)
                lines += self._taken()
            if lines:
                self._put(lines)

    def _taken(self) -> list[str]:
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def _put(self, lines: list[str]) -> None:
        # On a full disk, or where the terminal is gone, the hub goes on.
        with suppress(OSError, ValueError):
            self._stream.write("\n".join((*lines, "")))
            self._stream.flush()


_log = logging.getLogger("machikado.hub")


def _formatter(*, as_json: bool) -> logging.Formatter:
    import structlog

    shown: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        shown.append(structlog.processors.JSONRenderer(_as_json))
    else:
        shown.append(structlog.dev.ConsoleRenderer(colors=False))
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(FIELDS),
            _add_request,
            structlog.processors.format_exc_info,
            _without_values,
        ],
        processors=shown,
    )


def _as_json(event: _Event, **_: object) -> str:
    """One line of JSON; what is no JSON is said as Python says it."""
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _add_request(_logger: object, _name: str, event: _Event) -> _Event:
    """Say which request it was."""
    if REQUEST.get():
        event["request"] = REQUEST.get()
    return event


def _without_values(_logger: object, _name: str, event: _Event) -> _Event:
    """Leave out what a server tells of a row that did not fit."""
    for part in ("event", "exception"):
        if isinstance(event.get(part), str):
            event[part] = _VALUES.sub("", event[part]).rstrip("\n")
    return event
