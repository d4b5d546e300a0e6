"""A town whose posting fails stands aside: the others go on, people are told.

What fails is something that does not add up in this town's own books (:class:`Damaged`), so trying
again at once would fail again. Its records stay in custody; they are judged again when the hub is
started anew.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from hub.core import Core
from hub.intake import incidents
from hub.points.books import Source
from hub.store.database import Tx
from sync.errors import DiskFull, InUse, MachikadoError, Unreachable
from sync.values import MunicipalityCode

_log = logging.getLogger("machikado.hub")

KIND = "posting"
REASON = "posting-stopped"


class Stopped:
    """The towns whose posting has failed since the hub was started."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._towns: set[MunicipalityCode] = set()

    def __contains__(self, town: object) -> bool:
        return town in self._towns

    @contextmanager
    def guarding(self, town: MunicipalityCode) -> Iterator[None]:
        """Let a town stand aside when its posting, which is rolled back, says that it cannot be.

        A database that is away, busy, full or another hub's by now says nothing about a town: that
        is raised, and the next round tries again.
        """
        try:
            yield
        except (Unreachable, DiskFull, InUse):
            raise
        except MachikadoError as error:
            self._towns.add(town)
            _log.exception("%s is not posted any more: its records stay in custody", town)
            self._tell(town, str(error))

    def _tell(self, town: MunicipalityCode, words: str) -> None:
        with self._core.database.write({town}) as tx:
            last = tx.rows("SELECT posting FROM municipality WHERE municipality=?", [town])
            number = incidents.enter(
                self._core,
                tx,
                kind=KIND,
                source=Source("hub", "", last[0][0] + 1 if last else 0),
                town=town,
                reason=REASON,
            )
            tx.run(  # it may have been noted before the hub was started anew
                "UPDATE incident SET state='open', decision='', other=:words"
                " WHERE municipality=:town AND id=:id",
                words=words,
                town=town,
                id=number,
            )


def posted_again(tx: Tx, town: MunicipalityCode) -> None:
    """A posting of a town has succeeded: what stopped it before is over."""
    tx.run(
        "UPDATE incident SET state='decided', decision='posted-since'"
        f" WHERE municipality=:town AND kind='{KIND}' AND state='open'",
        town=town,
    )


def stopped_towns(tx: Tx) -> list[tuple[str, str]]:
    """(town, what its posting said) of every town whose posting has stopped."""
    return [
        (town, words)
        for town, words in tx.rows(
            "SELECT municipality, other FROM incident WHERE node='hub' AND kind=? AND state='open'"
            " ORDER BY municipality",
            [KIND],
        )
    ]
