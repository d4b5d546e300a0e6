"""Every call of the hub as one kind of value: people's endpoints and the nodes' door alike.

An operation is read off what serves it: a handler's path, signature and docstring, or a row of the
nodes' table. So nothing can be served that is not described.
"""

import inspect
import re
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from litestar import Litestar, Response
from litestar.routes import HTTPRoute

from hub.routes import ROUTES, Need, Route

JSON = "application/json"
NODES = "nodes"
_SERVED_BY_ITSELF = {"OPTIONS", "HEAD"}
_STEP = re.compile(r"\{(\w+):\w+\}")


class Proof(Enum):
    """How who asks proves it."""

    NONE = "nothing"
    TOKEN = "token"  # noqa: S105  the name of the scheme
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call."""

    name: str
    method: str
    path: str
    tag: str
    summary: str
    proof: Proof
    takes: tuple[str, ...] = ()
    """Media types of the body; none: there is none."""
    reads: Any = None
    """The type of the body; None: bytes that :doc:`contract` tells of."""
    gives: str = JSON
    says: Any = None
    """The type of the answer; None: text."""
    query: tuple[str, ...] = ()
    once: bool = False
    """Whether it needs an Idempotency-Key."""

    @property
    def places(self) -> tuple[str, ...]:
        """The names in its path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


def operations(app: Litestar) -> Iterator[Operation]:
    """All that an application serves, and all that the nodes' door does."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or "{rest:path}" in route.path:
            continue
        for method, (handler, _) in sorted(route.route_handler_map.items()):
            if method not in _SERVED_BY_ITSELF and handler.include_in_schema:
                yield _endpoint(method, _STEP.sub(r"{\1}", route.path), handler)
    for row in ROUTES:
        yield _of_nodes(row)


def tags(found: list[Operation]) -> dict[str, str]:
    """What each tag stands for: the first line of the module that serves it."""
    names = dict.fromkeys(each.tag for each in found if each.tag != NODES)
    told = {name: _first_line(sys.modules[f"hub.api.{name}"]) for name in names}
    return told | {NODES: "Terminals' calls, each signed by its node's key."}


def _endpoint(method: str, path: str, handler: Any) -> Operation:
    serves = getattr(handler.fn, "func", handler.fn)  # what runs in a thread is wrapped
    hints = typing.get_type_hints(serves)
    return Operation(
        name=serves.__name__,
        method=method,
        path=path,
        tag=serves.__module__.rpartition(".")[2],
        summary=_first_line(serves),
        proof=Proof.TOKEN if "by" in hints else Proof.NONE,
        takes=(JSON,) if "data" in hints else (),
        reads=hints.get("data"),
        gives=handler.opt.get("gives", JSON),
        says=handler.opt.get("says", None if "gives" in handler.opt else _told(hints["return"])),
        query=PAGE if "pages" in hints else (),
        once="once" in hints,
    )


def _told(kind: Any) -> Any:
    """What is in an answer that has headers of its own, too."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is Response else kind


PAGE = ("after", "limit")
"""What the endpoint of a list is asked behind the question mark."""


def _of_nodes(route: Route) -> Operation:
    return Operation(
        name=f"node_{route.name}",
        method=route.method,
        path=route.path,
        tag=NODES,
        summary=_first_line(route.answer),
        proof=Proof.NONE if route.need is Need.NOBODY else Proof.SIGNATURE,
        takes=() if route.method == "GET" else route.takes,
        reads=route.reads,
        gives=route.gives,
        says=route.says,
        query=("after", "incarnation") if route.name == "feed" else (),
    )


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]
