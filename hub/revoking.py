"""Taking issuers' revocation lists, by a person's word and by the hub itself.

    set     a source is written into the platform's chain; the next load asks it
    load    ask the source, read what it has, take what is newer; a load that fails changes nothing
    due     at the start, then daily; each hour while the last load failed or a list has lapsed

What is asked for over the web is awaited without holding any database, and never while a node or
a person waits for something else (:class:`hub.serve.Lists` has a thread of its own).
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hub import listsource
from hub.bodies import RevocationSourceSet
from hub.commands import ask
from hub.core import Core
from hub.desk import Desk, allowed
from hub.forms import Answered
from hub.listsource import NONE, Fetch, Offered
from hub.mykey.registry import MyKey
from hub.mykey.revocation import InForce, Taken
from hub.people import Person
from hub.views import AttemptView, ListRow, OfferedRow, RevocationView
from sync.errors import RefusedByRule
from sync.http import fetch
from sync.revocation import RevocationList, RevocationListError
from sync.values import DAY, HOUR, PLATFORM, Millis

_log = logging.getLogger("machikado.hub")
_TAKEN: Final = frozenset({"taken", "in-force"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One load, and what it found by name."""

    at: Millis
    source: str
    rows: tuple[OfferedRow, ...]

    @property
    def worked(self) -> bool:
        """Whether a list was believed, or none was wanted."""
        return self.source == NONE or any(row.outcome in _TAKEN for row in self.rows)


def due_at(last: Attempt | None, source: str, lists: tuple[InForce, ...]) -> Millis:
    """When a load is due; 0: now. A source that was changed since is asked at once."""
    if last is None or last.source != source:
        return Millis(0)
    again = Millis(last.at + HOUR)
    if not last.worked:
        return again
    lapses = min((each.next_update for each in lists), default=last.at + DAY)
    return Millis(min(last.at + DAY, max(again, lapses)))


class Revoking:
    """Use cases about revocation lists. ``get`` is how addresses are asked."""

    def __init__(self, core: Core, mykey: MyKey, desk: Desk, get: Fetch | None = None) -> None:
        self._core = core
        self._mykey = mykey
        self._desk = desk
        self._get = get or fetch
        self._one = threading.Lock()
        self._last: Attempt | None = None
        self._over = threading.Event()
        self.loaded = threading.Event()
        """Set by the first load."""

    def show(self, _person: Person) -> RevocationView:
        """Source, lists in force, and the last load since this hub began to run."""
        return self._view()

    def set_source(self, person: Person, written: str) -> Answered:
        """Where lists come from, from now on; that none come any more two people say.

        Raises RefusedByRule, Malformed.
        """
        source = listsource.check_source(written)
        return ask(self._desk, person, RevocationSourceSet(PLATFORM, source))

    def load(self, person: Person) -> RevocationView:
        """Ask the source now. Raises RefusedByRule (``no-revocation-source``) where there is none.

        What does not work is told in the answer; lists in force stay so.
        """
        allowed(person, RevocationSourceSet, PLATFORM)
        if self._source() == NONE:
            raise RefusedByRule(
                "no-revocation-source", "no source of revocation lists is set: set one first"
            )
        self._load()
        return self._view()

    def round(self) -> None:
        """Load where it is due; what fails is logged, once an hour."""
        if self._core.clock.now() >= due_at(
            self._last, self._source(), self._mykey.revocations.in_force()
        ):
            self._load()

    def stop(self) -> None:
        """Take nothing more, also not what is being waited for."""
        self._over.set()

    def _load(self) -> None:
        with self._one:
            source = self._source()
            rows = tuple(self._take_all(source))
            self._last = Attempt(at=self._core.clock.now(), source=source, rows=rows)
        self.loaded.set()
        for row in rows:
            log = _log.info if row.outcome in _TAKEN else _log.warning
            log("revocation list %s: %s", row.name, row.words or row.outcome)

    def _take_all(self, source: str) -> Iterator[OfferedRow]:
        """Of each issuer the newest list is taken; the others are told."""
        newest: dict[bytes, tuple[Offered, RevocationList]] = {}
        for each in listsource.offered(source, self._get):
            if each.der is None:
                yield OfferedRow(name=each.name, outcome="not-read", words=each.trouble)
                continue
            try:
                found = self._mykey.read_list(each.der)
            except RevocationListError as error:
                yield OfferedRow(name=each.name, outcome="not-believed", words=str(error))
                continue
            known = newest.get(found.issuer_key_id)
            older = each
            if known is None or found.number > known[1].number:
                newest[found.issuer_key_id] = (each, found)
                if known is None:
                    continue
                older = known[0]
            yield OfferedRow(name=older.name, outcome="older", words="a newer one lies beside it")
        for each, found in newest.values():
            if self._over.is_set():
                return
            yield self._take(each.name, found)

    def _take(self, name: str, found: RevocationList) -> OfferedRow:
        try:
            taken = self._mykey.revocations.take(found)
        except RefusedByRule as error:
            return OfferedRow(name=name, outcome="older", words=str(error))
        return OfferedRow(
            name=name, outcome="taken" if taken.new else "in-force", words=_words(found, taken)
        )

    def _source(self) -> str:
        with self._core.database.read() as tx:
            return listsource.source_of(tx)

    def _view(self) -> RevocationView:
        now, last = self._core.clock.now(), self._last
        return RevocationView(
            source=self._source(),
            lists=[
                ListRow(
                    issuer=each.issuer_key_id.hex(),
                    number=each.number,
                    entries=each.entries,
                    this_update=each.this_update,
                    next_update=each.next_update,
                    taken_at=each.taken_at,
                    lapsed=each.next_update <= now,
                )
                for each in self._mykey.revocations.in_force()
            ],
            last=[]
            if last is None
            else [AttemptView(at=last.at, worked=last.worked, offered=list(last.rows))],
        )


def _words(found: RevocationList, taken: Taken) -> str:
    if not taken.new:
        return f"list {found.number} is in force already"
    return (
        f"list {found.number} is in force: {len(found.entries):,} entries,"
        f" {taken.revoked} cards closed, {taken.restored} opened again"
    )
