"""What stands around every call: its request id, its line in the log, its place in the figures.

1. A request id of the caller's own (``X-Request-Id``) is kept where it is well formed; any other
   call gets a fresh one.
2. Whatever is answered carries it, and a problem names it as its ``instance`` (RFC 9457, section
   3.1.5), so that who telephones can read it out and who runs the hub finds it in the log.
3. The log and the figures name the route and never the path: paths hold MyKey IDs and codes.
"""

import logging
import re
import time
from typing import Any

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from hub.logs import ACCESS, REQUEST
from hub.metrics import Served
from hub.routes import ROUTES
from sync.errors import Malformed
from sync.ports import Randomness
from sync.request import PROBLEM, REQUEST_ID, fresh_request_id, instance_of
from sync.values import node_id

PERSON = "machikado.person"
"""Where a call's state says who signed in."""
ELSEWHERE = "other"
"""The route of a call that there is none for."""
UNASKED = 499
"""What the log says where the caller was gone before there was an answer."""

_HEADER = REQUEST_ID.lower().encode("ascii")
_WELL_FORMED = re.compile(rb"[0-9A-Za-z][0-9A-Za-z._-]{7,63}")
_DOOR = tuple((route.method, route.path, route.pattern) for route in ROUTES)
_ANY = "/{rest}"
_UNAUTHORISED = 401
_log = logging.getLogger(ACCESS)


class Observing:
    """An application around the whole API."""

    def __init__(self, app: ASGIApp, served: Served, randomness: Randomness) -> None:
        self._app = app
        self._served = served
        self._randomness = randomness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, and take note of it."""
        name = self._name(scope)
        token = REQUEST.set(name)
        answer = _Answer(name, send)
        begun = time.perf_counter()
        try:
            await self._app(scope, receive, answer.send)
        finally:
            self._note(scope, answer.status, time.perf_counter() - begun)
            REQUEST.reset(token)

    def _name(self, scope: Scope) -> str:
        """The caller's own id for this call, or a fresh one: 60 bits that can be read out."""
        for header, value in scope["headers"]:
            if header == _HEADER and _WELL_FORMED.fullmatch(value):
                return str(value, "ascii")
        return fresh_request_id(self._randomness)

    def _note(self, scope: Any, status: int, seconds: float) -> None:
        method, (route, node) = scope["method"], _route(scope)
        self._served.note(method, route, status, seconds)
        said: dict[str, object] = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        person = scope.get("state", {}).get(PERSON)
        if person is not None:
            said["person"] = person.name
        elif node and status != _UNAUTHORISED:
            said["node"] = node
        _log.info("answered", extra=said)


class _Answer:
    """Passes an answer on, with its request id in the head and, in a problem, in the body."""

    def __init__(self, name: str, send: Send) -> None:
        self.status = UNASKED
        self._name = name
        self._send = send
        self._start: Any = None
        """The head of a problem, which waits for its body."""
        self._body = b""

    async def send(self, message: Any) -> None:
        """Pass a part of the answer on; the parts of a problem wait for the last one."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (_HEADER, self._name.encode("ascii"))]
            if _is_problem(message):
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body", False):
                return
            message["body"] = _with_instance(self._body, self._name)
            start, self._start = self._start, None
            start["headers"] = [
                (name, str(len(message["body"])).encode() if name == b"content-length" else value)
                for name, value in start["headers"]
            ]
            await self._send(start)
        await self._send(message)


def _is_problem(start: Any) -> bool:
    return any(
        name == b"content-type" and value.startswith(PROBLEM.encode())
        for name, value in start["headers"]
    )


def _with_instance(body: bytes, name: str) -> bytes:
    """The same problem with the request that it came of."""
    try:
        said = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body  # the answer to HEAD has none
    return msgspec.json.encode({**said, "instance": instance_of(name)})


def _route(scope: Any) -> tuple[str, str]:
    """(the route as it is written down, the node that the path names)."""
    template = str(scope.get("path_template", ""))
    if template and not template.endswith(_ANY):
        return template, ""
    for method, path, pattern in _DOOR:
        if method == scope["method"]:
            found = pattern.fullmatch(scope["path"])
            if found is not None:
                return path, _node(found.groupdict().get("node", ""))
    return ELSEWHERE, ""


def _node(text: str) -> str:
    try:
        return node_id(text)
    except Malformed:
        return ""
