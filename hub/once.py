"""Doing once what is asked twice: idempotency keys of people's calls that move money.

A line that breaks leaves open whether a call was done. Whoever asks again under the same key
(``Idempotency-Key``, draft-ietf-httpapi-idempotency-key-header-07) gets the same answer, and
nothing is done a second time: the key, what was asked and the answer are kept in the very
transaction that does it. A refusal keeps nothing, so that what was refused may be asked again.

Of what was asked a keyed digest is kept and nothing else: nobody who reads the table can tell whose
points they were.
"""

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from hub.core import Core
from hub.people import Person
from hub.store import schema
from hub.store.database import Tx
from sync.errors import Malformed, RefusedByRule
from sync.values import DAY, PLATFORM, Millis
from sync.wire import laid_out

KEPT = Millis(7 * DAY)
"""How long a key stands for its call; after that it is as good as new."""
_KEY = re.compile(r'"(?P<key>[\x21\x23-\x5b\x5d-\x7e]{8,128})"')
"""A string of RFC 8941 (section 3.3.3) without spaces, quotes and backslashes."""

T = TypeVar("T")


class KeyMissing(Malformed):
    """A call that moves money came without a key that says which attempt it is."""


class KeyUsed(Malformed):
    """A key that stands for another call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One person's call, which may come again."""

    person: Person
    key: str
    asked: bytes
    """Method, path and body as they came."""

    @property
    def scope(self) -> str:
        """The town that the person works for, or the platform."""
        return self.person.municipality or PLATFORM


def read_key(header: str) -> str:
    """The key of an Idempotency-Key header; raises KeyMissing or Malformed."""
    if not header.strip():
        raise KeyMissing(
            "this call moves money: send Idempotency-Key with 8 to 128 characters in quotation"
            ' marks that you draw anew for each thing you want done, as "8e03978e-40d5-43e8"'
        )
    found = _KEY.fullmatch(header.strip())
    if found is None:
        raise Malformed(
            "Idempotency-Key: it has 8 to 128 visible characters in quotation marks,"
            ' as "8e03978e-40d5-43e8"'
        )
    return found["key"]


class Once:
    """Keeps keys and answers; one for the hub."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._under_way: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def do(self, attempt: Attempt, kind: type[T], act: Callable[[], T]) -> T:
        """Do it, or give the answer that it got before; all or nothing, durable.

        Raises KeyUsed where the key stands for something else, RefusedByRule ``key-under-way``
        while the same key is being served.
        """
        with self._alone(attempt), self._core.database.write() as tx:
            asked = self._digest(attempt)
            before = self._before(tx, attempt)
            if before is not None:
                if not hmac.compare_digest(before[0], asked):
                    raise KeyUsed(
                        f"Idempotency-Key {attempt.key!r} stands for another call: nothing was"
                        " done; draw a new key for each thing you want done"
                    )
                return msgspec.json.decode(before[1], type=laid_out(kind))
            answer = act()
            self._keep(tx, attempt, asked, msgspec.json.encode(answer))
            return answer

    @contextmanager
    def _alone(self, attempt: Attempt) -> Iterator[None]:
        """Nobody else serves this key meanwhile."""
        name = (attempt.scope, attempt.person.name, attempt.key)
        with self._lock:
            if name in self._under_way:
                raise RefusedByRule(
                    "key-under-way", "a call under this key is being done: ask again in a moment"
                )
            self._under_way.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(name)

    def _digest(self, attempt: Attempt) -> bytes:
        return hmac.digest(self._core.keys.marks, b"idempotency/1" + attempt.asked, hashlib.sha256)

    def _before(self, tx: Tx, attempt: Attempt) -> tuple[bytes, bytes] | None:
        """(digest of what was asked, answer) of an earlier call under this key."""
        row = tx.one(
            "SELECT asked, answer FROM answered"
            " WHERE municipality=:scope AND person=:person AND key=:key AND at>:since",
            scope=attempt.scope,
            person=attempt.person.name,
            key=attempt.key,
            since=self._core.clock.now() - KEPT,
        )
        return None if row is None else (bytes(row["asked"]), bytes(row["answer"]))

    def _keep(self, tx: Tx, attempt: Attempt, asked: bytes, answer: bytes) -> None:
        """Keep the answer, and forget what is old."""
        now = self._core.clock.now()
        tx.run(
            "DELETE FROM answered WHERE municipality=:scope AND at<=:old",
            scope=attempt.scope,
            old=now - KEPT,
        )
        tx.insert(
            schema.answered,
            municipality=attempt.scope,
            person=attempt.person.name,
            key=attempt.key,
            at=now,
            asked=asked,
            answer=answer,
        )
