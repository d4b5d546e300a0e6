"""People's commands without a process each: the shell's own program over the application."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner, Result
from litestar import Litestar
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.cli import hub as program
from sync.request import Request, Response
from tests.hub.townhall import Townhall


class ClientDoor:
    """A door over the framework's own test client."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self._client = client

    def send(self, request: Request) -> Response:
        """Answer a request as HTTP would."""
        answer = self._client.request(
            request.method,
            request.path_with_query,
            content=request.body,
            headers=dict(request.headers) | {"Content-Type": request.content_type},
        )
        kind = answer.headers.get("content-type", "")
        return Response(answer.status_code, kind, answer.content, tuple(answer.headers.items()))

    def close(self) -> None:
        """The test's own client goes on."""


@dataclass(frozen=True, slots=True)
class Shells:
    """``machikado hub ...`` as people type it."""

    hall: Townhall

    def type(self, words: str, *more: str, person: str = "Sato", stdin: str = "") -> Result:
        """Run a command; what it raises stands in the result."""
        environment = {
            "MACHIKADO_HUB": "http://hub.test",
            "MACHIKADO_TOKEN": self.hall.tokens[person],
        }
        return CliRunner().invoke(program, [*words.split(), *more], input=stdin, env=environment)

    def say(self, words: str, *more: str, person: str = "Sato") -> str:
        """What a command that succeeds prints for people."""
        done = self.type(words, *more, person=person)
        if done.exception is not None:
            raise done.exception
        return done.stdout

    def rows(self, words: str, *more: str, person: str = "Sato") -> list[dict[str, Any]]:
        """What a command that succeeds prints for scripts, one object a line."""
        return [
            json.loads(line)
            for line in self.say(words, *more, "--json", person=person).splitlines()
        ]


@contextmanager
def shells(hall: Townhall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shells]:
    """Shells whose calls reach this hub."""
    with TestClient(make_app(hall.hub)) as client:
        monkeypatch.setattr("sync.http.HttpDoor", lambda *_, **__: ClientDoor(client))
        yield Shells(hall)
