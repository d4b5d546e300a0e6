"""Playing the story over HTTP, and looking at everything that a hub has stored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.mykey import schema as identity_schema
from hub.routes import ROUTES
from hub.store import schema
from hub.store.database import Database
from sync.calls import MESSAGE, keyid_of
from sync.democa import DemoCa
from sync.request import Request, sign_request
from sync.signing import SigningKey
from tests.doubles.clocks import at
from tests.hub.api.story import TANAKA_TOKEN, Ask, Heard, Story
from tests.hub.townhall import ORIGIN, Townhall, townhall

DOOR = {f"{route.method} {route.path}": route for route in ROUTES}
"""The node's calls, as the story names them."""
QUESTIONS = {"told", "told_node", "feed_position"}
"""Tables that say who was told what and when: asking again is one more row."""
MOVES = {("node", "last_seen"), ("municipality", "feed")}
"""Columns that move when a node asks."""

ONCE = {
    "POST /v1/desk/grants",
    "POST /v1/desk/municipalities/{name}/reserve",
    "POST /v1/desk/exceptions/{name}/decision",
    "POST /v1/desk/municipalities/{name}/windows",
    "PUT /v1/desk/municipalities/{name}/account",
    "PUT /v1/desk/organisations/{name}/account",
}
"""People's calls that move money, or say where it goes: sent under a key."""

Dump = dict[str, list[str]]


@dataclass(slots=True)
class Stage:
    """A hub behind its application, and the story that is played on it."""

    hall: Townhall
    http: TestClient[Litestar]
    story: Story

    def request(self, ask: Ask) -> Request:
        """What is sent for a step, as it is meant."""
        if ask.operation not in DOOR:
            who = (("Authorization", f"Bearer {self.hall.tokens[ask.by]}"),) if ask.by else ()
            key = (("Idempotency-Key", f'"{ask.key}"'),) if ask.operation in ONCE else ()
            return Request(ask.method, ask.path, "application/json", ask.body, (*who, *key))
        takes = (*DOOR[ask.operation].takes, MESSAGE)[0]
        plain = Request(ask.method, ask.path, takes, ask.body)
        return self.signed(plain) if self.story.node else plain

    def signed(
        self,
        request: Request,
        *,
        key: SigningKey | None = None,
        keyid: str = "",
        origin: str = ORIGIN,
        late: int = 0,
    ) -> Request:
        """Signed by the story's counter, or as it is said; ``late`` in seconds."""
        return sign_request(
            replace(request, headers=()),
            origin=origin,
            key=key or self.story.key,
            keyid=keyid or keyid_of(self.story.node, self.story.epoch),
            created=self.hall.clock.now() // 1000 - late,
        )

    def send(self, request: Request) -> httpx.Response:
        """As it is, over HTTP."""
        return self.http.request(
            request.method,
            request.path_with_query,
            content=request.body,
            headers=[*request.headers, ("Content-Type", request.content_type)],
        )

    def stored(self) -> Dump:
        """Every row of every table, but for who asked what."""
        core, mykey = self.hall.hub.core.database, self.hall.hub.mykey._database
        return dict(_rows(core, schema.metadata)) | dict(_rows(mykey, identity_schema.metadata))


def _rows(database: Database, metadata: Any) -> Iterator[tuple[str, list[str]]]:
    which = "identities: " if metadata is identity_schema.metadata else ""
    with database.read() as tx:
        for name, table in metadata.tables.items():
            if name in QUESTIONS:
                continue
            kept = [f'"{each.name}"' for each in table.columns if (name, each.name) not in MOVES]
            rows = tx.rows(f"SELECT {', '.join(kept)} FROM {name}")
            yield which + name, sorted(map(repr, rows))


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Kawasaki and its greengrocer, on the evening before the story."""
    ca = DemoCa.create(folder / "ca", at=at("2026-01-01 00:00"))
    hall = townhall(folder, ca.roots)
    hall.tokens["Tanaka"] = TANAKA_TOKEN
    with TestClient(make_app(hall.hub), raise_server_exceptions=False) as http:
        yield Stage(hall, http, Story(hall, ca))


def play(
    on: Stage, before: Callable[[Ask], None], after: Callable[[Ask, httpx.Response], None]
) -> None:
    """Each step: what somebody tries before, the step itself, what somebody does after."""
    steps = on.story.play()
    ask = next(steps)
    while True:
        before(ask)
        answer = on.send(on.request(ask))
        assert answer.status_code == 200, (ask.operation, answer.text)
        after(ask, answer)
        try:
            ask = steps.send(Heard(answer.content))
        except StopIteration:
            return
