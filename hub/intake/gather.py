"""What waits for a town's posting, with its proofs under way.

The verifiers always have the next batches while one posting is written. A posting takes what has
been checked by then and does not wait for the rest, unless nothing has been checked at all.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Mapping

from hub.core import Core
from hub.identities import Identities
from hub.intake.ahead import Ahead
from hub.intake.lines import Stretch, gathered, kept, stretches
from hub.intake.pace import Pace
from hub.intake.prove import Draft, Prover
from hub.intake.verify import Verifier
from hub.points.case import Line, Proved
from hub.store.database import Tx
from sync.errors import Damaged
from sync.values import EpochId, MunicipalityCode, NodeId


class Gatherer:
    """Gathers for the postings of one town in one round.

    Each record is judged by the evidence that came first; better evidence heals it afterwards
    (:mod:`hub.intake.heal`), in a posting of its own, so that both can be played again.
    """

    def __init__(
        self,
        core: Core,
        identities: Identities,
        verifier: Verifier,
        ahead: Ahead,
        town: MunicipalityCode,
        *,
        pace: Pace,
    ) -> None:
        self._core = core
        self._prover = Prover(core, identities, verifier)
        self._ahead = ahead
        self._town = town
        self._pace = pace
        self._own: list[Draft] = []
        """Records of its own nodes, whosever points they move."""
        self._handed: list[Draft] = []
        """Records of other towns' nodes about its points."""
        self._last = Line(town, NodeId(""), EpochId(""), "")
        """Whose turn was the last: it is the next one's then."""

    def next(self) -> tuple[list[Proved], list[Proved]]:
        """The next posting's records: of its own nodes, and handed over; none when all is done.

        What a call gives must be posted before the next call.
        """
        with self._core.database.read() as tx:
            self._begin_more(tx)
            own, handed = self._take()
            standings = self._prover.standings(tx, [*own, *handed])
        return self._prover.finish(own, standings), self._prover.finish(handed, standings)

    def _take(self) -> tuple[list[Draft], list[Draft]]:
        """What has been checked; where nothing has, what comes first: it is waited for."""
        own, self._own = _ready(self._own, self._pace.most)
        handed, self._handed = _ready(self._handed, self._pace.most)
        if own or handed:
            return own, handed
        if self._own:
            return [self._own.pop(0)], []
        return [], [self._handed.pop(0)] if self._handed else []

    def _begin_more(self, tx: Tx) -> None:
        """Begin with what comes behind what is under way, so that it is enough for two postings."""
        after = {one.stretch.line: one.stretch.last for one in self._own}
        self._own += self._of_its_own(tx, after, 2 * self._pace.most - _records(self._own))
        taken = {(one.stretch.line, seq) for one in self._handed for seq in one.stretch.seqs}
        room = 2 * self._pace.most - len(taken)
        self._handed += [
            self._prover.begin(tx, one) for one in _handed_over(tx, self._town, taken, room)
        ]

    def _of_its_own(self, tx: Tx, taken: Mapping[Line, int], room: int) -> list[Draft]:
        """What its nodes handed in, in turns: a batch a line, so that a backlog keeps nobody."""
        rows = tx.rows(
            "SELECT node, epoch, branch, received, posted FROM cursor"
            " WHERE municipality=? AND posted<received ORDER BY node, epoch, branch",
            [self._town],
        )
        own: list[Draft] = []
        turns: deque[tuple[Line, int, int]] = deque()
        for node, epoch, branch, received, posted in rows:
            line = Line(home=self._town, node=NodeId(node), epoch=EpochId(epoch), branch=branch)
            turns.append((line, taken.get(line, posted), received))
        turns.rotate(-bisect_right([line for line, _, _ in turns], self._last))
        while room > 0 and turns:
            line, after, received = turns.popleft()
            if after < received:
                self._last = line
                draft = self._behind(tx, line, after)
                own.append(draft)
                room -= draft.stretch.last - after
                turns.append((line, draft.stretch.last, received))
        return own

    def _behind(self, tx: Tx, line: Line, after: int) -> Draft:
        """The next batch of a line: as it was begun when it came, or as custody has it."""
        begun = self._ahead.take(line, after + 1)
        if begun is not None:
            return begun
        found = stretches(tx, line, after, after + 1)
        if not found:
            raise Damaged(f"record {after + 1} of {line.node} {line.epoch} is not in custody")
        return self._prover.begin(tx, found[0].behind(after))


def _handed_over(
    tx: Tx, town: MunicipalityCode, taken: Collection[tuple[Line, int]], room: int
) -> list[Stretch]:
    """What other towns handed over and nobody has ``taken`` yet."""
    rows = tx.rows(
        "SELECT home, node, epoch, branch, seq FROM handover WHERE municipality=?"
        f" ORDER BY home, node, epoch, branch, seq LIMIT {len(taken) + max(room, 0)}",
        [town],
    )
    waiting: dict[Line, set[int]] = {}
    for home, node, epoch, branch, seq in rows:
        line = Line(
            home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch
        )
        if (line, seq) not in taken:
            waiting.setdefault(line, set()).add(seq)
    return [
        stretch
        for line, seqs in waiting.items()
        for stretch in gathered(
            one for one in kept(tx, line, min(seqs) - 1, max(seqs), healed=False) if one.seq in seqs
        )
    ]


def _ready(drafts: list[Draft], room: int) -> tuple[list[Draft], list[Draft]]:
    """What one posting can take now, line by line and each in its order; and the rest."""
    now: list[Draft] = []
    rest: list[Draft] = []
    wait: set[Line] = set()
    for draft in drafts:
        line = draft.stretch.line
        if room > 0 and line not in wait and draft.promise.done():
            now.append(draft)
            room -= len(draft.stretch.records)
        else:
            wait.add(line)
            rest.append(draft)
    return sorted(now, key=lambda draft: draft.stretch.line), rest


def _records(drafts: list[Draft]) -> int:
    return sum(len(draft.stretch.records) for draft in drafts)
