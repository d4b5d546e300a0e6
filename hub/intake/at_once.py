"""Small batches are judged in the transaction that takes them into custody.

Somebody stands at the counter and waits for one ticket's verdict. A record that is next in its line
needs nothing but the ledger that is open already: it is proved here and posted with what others
handed in at the same moment, so that all of it costs one commit. What does not fit (a backlog,
points of another town, a town that stands aside, more than a moment's work) stays in custody for
the hub's own round, and so does everything whose posting fails: custody is kept whatever judging
meets.
"""

import logging
from collections.abc import Iterable, Sequence

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import Stretch
from hub.intake.post import post_together
from hub.intake.prove import Prover
from hub.intake.receive import Received
from hub.intake.stopped import Stopped
from hub.intake.verify import Verifier
from hub.points.case import Line
from hub.store.database import Beyond, Tx
from sync.records import Record
from sync.values import MunicipalityCode

_log = logging.getLogger("machikado.hub")

SMALL = 64
"""New records of a batch that are judged at once."""
MOST = 256
"""Records that are judged in one transaction at once: some 25 ms of it."""


class AtOnce:
    """Judges what a group of batches brought, within the transaction that keeps them."""

    def __init__(
        self, core: Core, identities: Identities, verifier: Verifier, stopped: Stopped
    ) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._stopped = stopped

    def judge(self, tx: Tx, taken: Iterable[Received]) -> dict[Line, int]:
        """Post what can be posted now; says up to where its lines are posted by that."""
        posted: dict[Line, int] = {}
        for town, some in self._chosen(taken).items():
            if self._post(tx, town, some):
                posted |= {stretch.line: stretch.last for stretch in some}
        return posted

    def _chosen(self, taken: Iterable[Received]) -> dict[MunicipalityCode, list[Stretch]]:
        """What can be judged at once, by town, line by line and each in its order."""
        chosen: dict[MunicipalityCode, list[Stretch]] = {}
        behind: dict[Line, int] = {}
        room = MOST
        for one in taken:
            new = one.new
            if new is None or len(new.records) > min(SMALL, room):
                continue
            next_one = behind.get(new.line, one.cursor.posted) + 1
            home = new.line.home
            if new.first != next_one or home in self._stopped or not _at_home(home, new.read):
                continue
            chosen.setdefault(home, []).append(new)
            behind[new.line] = new.last
            room -= len(new.records)
        for some in chosen.values():
            some.sort(key=lambda stretch: (stretch.line, stretch.first))
        return chosen

    def _post(self, tx: Tx, town: MunicipalityCode, some: Sequence[Stretch]) -> bool:
        """Prove and post; where that fails it is as if nobody had tried."""
        tx.rows("SAVEPOINT judging")
        try:
            prover = Prover(self._core, self._identities, self._verifier)
            post_together(self._core, tx, town, prover.prove(tx, some), [])
        except Exception as error:  # noqa: BLE001  custody is kept, and the round meets it again
            if not isinstance(error, Beyond):  # a hold of a third town: judged where that is open
                _log.exception("%s: not judged at once; the records stay in custody", town)
            tx.rows("ROLLBACK TO SAVEPOINT judging")
            done = False
        else:
            done = True
        tx.rows("RELEASE SAVEPOINT judging")
        return done


def _at_home(home: MunicipalityCode, records: Iterable[Record | None]) -> bool:
    """Whether records move points of their node's own town only."""
    named = {getattr(record.body, "municipality", "") for record in records if record is not None}
    return named <= {"", home}
