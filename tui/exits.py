"""How the front door ends: exit codes, words on stderr, one JSON object on stdout.

0 done
1 unexpected (a bug): a short message and where the log is
2 wrong usage
3 refused by a rule
4 not reachable, nothing lost: the other side, a card, or a disk that is full or may not be written
5 damaged, or does not add up
6 the folder is in use by another program
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from node.card.errors import BadAnswer, CardError, SignatureMismatch
from sync.errors import (
    Busy,
    Damaged,
    DatabaseAway,
    DiskFull,
    Garbled,
    InUse,
    MachikadoError,
    Malformed,
    NotAuthentic,
    RefusedByRule,
    Unreachable,
)

DONE, UNEXPECTED, USAGE, REFUSED, UNREACHABLE, DAMAGED, IN_USE = range(7)
_CODES: tuple[tuple[type[Exception], int, str], ...] = (
    (InUse, IN_USE, "in-use"),
    (RefusedByRule, REFUSED, "refused"),
    (Busy, UNREACHABLE, "busy"),
    (DatabaseAway, UNREACHABLE, "database-away"),
    (Unreachable, UNREACHABLE, "unreachable"),
    (DiskFull, UNREACHABLE, "disk-full"),
    (Damaged, DAMAGED, "damaged"),
    (NotAuthentic, DAMAGED, "not-authentic"),
    (Garbled, DAMAGED, "malformed"),
    (Malformed, USAGE, "malformed"),
    (SignatureMismatch, DAMAGED, "card-not-authentic"),
    (BadAnswer, DAMAGED, "card-bad-answer"),
    (CardError, UNREACHABLE, "card-unreadable"),
    (OSError, UNREACHABLE, "no-access"),
)
"""The first class that fits; the key is the ``reason`` where the error has none of its own."""

_COUNTERS = ("", "node")
"""The rooms whose commands are given at a counter."""


def exit_code(problem: Exception) -> int:
    """The exit code that a problem ends with."""
    return next((code for kind, code, _ in _CODES if isinstance(problem, kind)), UNEXPECTED)


def as_json(problem: Exception) -> str:
    """One line with ``outcome`` and ``reason``."""
    refused = isinstance(problem, RefusedByRule)
    reason = problem.reason if isinstance(problem, RefusedByRule) else _key(problem)
    return json.dumps({"outcome": "refused" if refused else "failed", "reason": reason})


def run(command: Callable[[], object], arguments: Sequence[str], log_file: Path) -> int:
    """Run a command; every way out but success is told, and none shows a traceback."""
    wants_json = "--json" in arguments
    try:
        command()
    except MachikadoError as problem:
        if wants_json:
            print(as_json(problem))  # noqa: T201  what --json promises
        print(_told(problem, _room(arguments)), file=sys.stderr)  # noqa: T201  messages go to stderr
        return exit_code(problem)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else UNEXPECTED
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells expect
    except BrokenPipeError:
        return DONE  # whoever read the output has enough of it
    except Exception as problem:  # noqa: BLE001  the person gets a sentence; the log has the rest
        _keep(problem, log_file)
        if wants_json:
            print(as_json(problem))  # noqa: T201  what --json promises
        print(_in_words(problem, log_file), file=sys.stderr)  # noqa: T201  messages go to stderr
        return exit_code(problem)
    return DONE


def refusal(reason: str, detail: str) -> str:
    """A counter's no in the person's language; ``detail`` is the same in English words."""
    return _told(RefusedByRule(reason, f"{detail} ({reason})"), "node")


def _room(arguments: Sequence[str]) -> str:
    """The room whose command this is; empty for this PC's counter."""
    return next((each for each in arguments if not each.startswith("-")), "")


def _told(problem: MachikadoError, room: str) -> str:
    """What happened and what to do, in the person's language, and the English detail below it.

    A counter's advice is for people at a counter. Elsewhere, where nothing fits, the detail stands
    alone: whoever runs the hub is not told to telephone the office, which they are.
    """
    from tui.wording import Words, language_of
    from tui.wording.advice import advice_about
    from tui.wording.office import office_advice_about

    language = language_of(os.environ)
    if language == "en":
        return str(problem)
    at_counter = room in _COUNTERS
    advice = advice_about(problem) if at_counter else office_advice_about(problem)
    if advice is None:
        return str(problem)
    words = Words(language)
    return f"{words(advice.what)}{words(advice.todo)}\n{problem}"


class _QuietFile(logging.FileHandler):
    """A log that says nothing when it cannot be written: the terminal belongs to the screens."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Let the line go."""


def log_into(log_file: Path) -> None:
    """Let the program's own log go to a file; a disk that is full or read-only is no reason to end.

    The file is opened now, so that a log that cannot be written is found out here and not in the
    middle of telling something else. Nothing is logged to the terminal, which belongs to the
    screens.
    """
    log = logging.getLogger("machikado")
    log.propagate = False
    if log.handlers:
        return
    try:
        log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = _QuietFile(log_file, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    log.addHandler(handler)


def _keep(problem: Exception, log_file: Path) -> None:
    log_into(log_file)
    logging.getLogger("machikado").error("unexpected", exc_info=problem)


def _in_words(problem: Exception, log_file: Path) -> str:
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"{problem.filename}: {problem.strerror}; nothing was lost"
    return f"something unexpected happened ({type(problem).__name__}); it is in {log_file}"


def _key(problem: Exception) -> str:
    return next((key for kind, _, key in _CODES if isinstance(problem, kind)), "unexpected")
