"""Proofs that are begun when a batch comes, for the posting that will want them.

Checking signatures takes longer than posting what they prove, so the verifiers begin with a batch
while the hub still receives or posts others. What stands here is in custody already: if it is
lost, or more came than is kept, the posting begins it itself.
"""

import threading

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import Stretch, cursor
from hub.intake.prove import Draft, Prover
from hub.intake.verify import Verifier
from hub.points.case import Line
from hub.store.database import Tx
from sync.values import MunicipalityCode

_MOST = 64
"""Batches under way: some 20 MB."""


class Ahead:
    """What was begun and not posted yet, by line and first record."""

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._drafts: dict[tuple[Line, int], Draft] = {}
        self._lock = threading.Lock()

    def begin(self, stretch: Stretch) -> None:
        """Begin with the records that have just been taken into custody.

        Whose card nobody knows yet is left to the posting: it may be registered by then.
        """
        prover = Prover(self._core, self._identities, self._verifier)
        with self._core.database.read() as tx:
            if not self._room(tx):
                return
            draft = prover.begin(tx, stretch)
        if draft.all_known:
            with self._lock:
                self._drafts[stretch.line, stretch.first] = draft

    def take(self, line: Line, first: int) -> Draft | None:
        """What was begun at this place of a line, if anything; it is given once."""
        with self._lock:
            return self._drafts.pop((line, first), None)

    def forget(self, home: MunicipalityCode) -> None:
        """A town is not posted for now: its batches take no room here."""
        with self._lock:
            self._drafts = {
                place: draft for place, draft in self._drafts.items() if place[0].home != home
            }

    def _room(self, tx: Tx) -> bool:
        """Whether there is room; what was posted without being taken from here makes some."""
        with self._lock:
            if len(self._drafts) < _MOST:
                return True
            for line, first in list(self._drafts):
                at = cursor(tx, line)
                if at is None or at.posted >= first:
                    del self._drafts[line, first]
            return len(self._drafts) < _MOST
