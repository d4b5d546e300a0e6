"""What the hub says when it does not do what was asked: one problem (RFC 9457) for each reason.

The ``type`` is ``urn:machikado:<reason>`` and stays; programs go by it, people read ``detail``.
Which reason comes with which status stands in :mod:`hub.reasons`; any other rule that says no is a
409.

Nothing here ever shows how the program looks inside.
"""

import logging
import math
from dataclasses import replace
from http import HTTPStatus

from hub.core import ServedElsewhere
from hub.once import KeyMissing, KeyUsed
from hub.rates import OverRate
from hub.reasons import BY_STATUS
from sync.errors import (
    Damaged,
    DiskFull,
    InUse,
    Malformed,
    NotAuthentic,
    RefusedByRule,
    TooMany,
    Unreachable,
)
from sync.request import NOT_AUTHENTIC, Response, problem_response

_log = logging.getLogger("machikado.hub")

BUSY_WAIT = 5
"""How long to wait where nobody knows better, in seconds."""
NO_ROOM_WAIT = 60
"""How long to wait for somebody who makes room on the hub's disk, in seconds."""


class TooLong(Malformed):
    """A body longer than its call needs."""


class NotUnderstood(Malformed):
    """A body of another media type than its call reads."""


class NoSuchCall(RefusedByRule):
    """A path that names nothing."""


class NoSuchMethod(RefusedByRule):
    """A path that names something that this method is not for."""

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(
            "method-not-allowed", f"{method[:20]} is not for this path; it takes {allowed}"
        )
        self.allowed = allowed


class NotAcceptable(RefusedByRule):
    """An answer is wanted in a form that this call does not give."""

    def __init__(self, gives: str) -> None:
        super().__init__("not-acceptable", f"this call answers in {gives} and nothing else")


def problem_of(error: Exception) -> Response:
    """The problem that says an error; what nobody foresaw is logged here and not shown."""
    match error:
        case Malformed():
            return _malformed(error)
        case NotAuthentic():
            return problem_response(401, NOT_AUTHENTIC, str(error))
        case RefusedByRule():
            return _refused(error)
        case OverRate():
            return with_headers(_too_many(error), *error.fields)
        case TooMany():
            return _too_many(error)
        case ServedElsewhere():
            return problem_response(503, "served-elsewhere", str(error), retry_after=BUSY_WAIT)
        case Unreachable():
            return problem_response(503, "busy", str(error), retry_after=_wait(error.retry_after))
        case InUse():
            return problem_response(503, "busy", str(error), retry_after=BUSY_WAIT)
        case DiskFull():
            return problem_response(503, "disk-full", str(error), retry_after=NO_ROOM_WAIT)
        case Damaged():
            _log.error("damaged: %s", error)
            return problem_response(500, "damaged", str(error))
    _log.error("unexpected", exc_info=error)
    return problem_response(
        500, "unexpected", "the hub met something unexpected; nothing was changed, it is in its log"
    )


def _too_many(error: TooMany) -> Response:
    return problem_response(
        429, "too-many-requests", str(error), retry_after=_wait(error.retry_after)
    )


def _malformed(error: Malformed) -> Response:
    match error:
        case TooLong():
            return problem_response(413, "too-long", str(error))
        case NotUnderstood():
            return problem_response(415, "not-understood", str(error))
        case KeyMissing():
            return problem_response(400, "key-missing", str(error))
        case KeyUsed():
            return problem_response(422, "key-used", str(error))
    return problem_response(400, "malformed", str(error))


def _refused(error: RefusedByRule) -> Response:
    said = problem_response(status_of(error), error.reason, str(error))
    if isinstance(error, NoSuchMethod):
        return with_headers(said, ("Allow", error.allowed))
    return said


def status_of(error: RefusedByRule) -> HTTPStatus:
    """The status of a rule that says no."""
    match error:
        case NoSuchMethod():
            return HTTPStatus.METHOD_NOT_ALLOWED
        case NotAcceptable():
            return HTTPStatus.NOT_ACCEPTABLE
    if error.reason in BY_STATUS[403]:
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.NOT_FOUND if error.reason in BY_STATUS[404] else HTTPStatus.CONFLICT


def with_headers(response: Response, *headers: tuple[str, str]) -> Response:
    """An answer with more headers."""
    return replace(response, headers=(*response.headers, *headers))


def _wait(seconds: float | None) -> int:
    """Whole seconds, never less than was meant."""
    return BUSY_WAIT if seconds is None else max(1, math.ceil(seconds))
