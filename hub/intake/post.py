"""Judge and post: micro-batches over many nodes, one municipality a posting.

A town's posting takes, in one transaction: what its own nodes handed in, in seq order, and what
other towns' nodes did with its points, handed over by their home. Only what is next after the
posted cursor can be posted, so what came twice is posted once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from hub.core import Core
from hub.identities import Identities
from hub.intake import incidents
from hub.intake.ahead import Ahead
from hub.intake.lines import Stretch, gathered, kept, stretches
from hub.intake.prove import Draft, Prover, Standing
from hub.intake.stopped import Stopped, posted_again
from hub.intake.verdicts import row_of
from hub.intake.verify import Verifier
from hub.points.accounts import payable, wallet
from hub.points.books import posting
from hub.points.case import Case, Judgement, Line, quarantined
from hub.points.ending import end_attempts, free_unnamed
from hub.points.holds import Hold
from hub.points.judge import Judge
from hub.store import schema
from hub.store.database import Tx
from sync.receipt import Outcome
from sync.records import TicketRedeemed
from sync.values import EpochId, MunicipalityCode, NodeId, organisation_of

MOST = 4_096
"""Records in one posting, or few more: a batch is posted whole."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a town's next posting will take."""

    own: list[Draft]
    """Records of its own nodes, whosever points they move."""
    handed: list[Draft]
    """Records of other towns' nodes about its points."""
    standings: dict[Line, Standing]

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(len(draft.records) for draft in [*self.own, *self.handed])


_NOTHING = Work([], [], {})


def post_all(
    core: Core, identities: Identities, verifier: Verifier, ahead: Ahead, stopped: Stopped
) -> int:
    """Post until nothing waits but in towns that have stopped; says how many records."""
    total = 0
    while True:
        with core.database.read() as tx:
            towns = [
                MunicipalityCode(town)
                for (town,) in tx.rows(
                    "SELECT DISTINCT municipality FROM cursor WHERE posted<received"
                    " UNION SELECT DISTINCT municipality FROM handover ORDER BY 1"
                )
                if town not in stopped
            ]
        done = 0
        for town in towns:
            with stopped.guarding(town):
                done += _Posting(core, identities, verifier, ahead, town).all()
            if town in stopped:
                ahead.forget(town)
        if not done:
            return total
        total += done


class _Posting:
    """Posts what waits for one town.

    While one posting is written, the proofs of the next one are being checked. Each record is
    judged by the evidence that came first; better evidence heals it afterwards
    (:mod:`hub.intake.heal`), in a posting of its own, so that both can be played again.
    """

    def __init__(
        self,
        core: Core,
        identities: Identities,
        verifier: Verifier,
        ahead: Ahead,
        town: MunicipalityCode,
    ) -> None:
        self._core = core
        self._prover = Prover(core, identities, verifier)
        self._ahead = ahead
        self._town = town

    def all(self) -> int:
        """Post until nothing of the town waits; says how many records."""
        total = 0
        work = self._begin(_NOTHING)
        while work.records:
            following = self._begin(work)
            own = self._prover.finish(work.own, work.standings)
            handed = self._prover.finish(work.handed, work.standings)
            with self._core.database.write() as tx:
                _post(self._core, tx, self._town, own, handed)
            total += work.records
            work = following
        return total

    def _begin(self, before: Work) -> Work:
        """Gather what comes behind ``before``, and begin to check its proofs."""
        taken = {one.stretch.line: one.stretch.last for one in before.own}
        handed_over = {(one.stretch.line, seq) for one in before.handed for seq in one.stretch.seqs}
        with self._core.database.read() as tx:
            own = self._own(tx, taken)
            handed = [
                self._prover.begin(tx, stretch) for stretch in _handed(tx, self._town, handed_over)
            ]
            return Work(own, handed, self._prover.standings(tx, [*own, *handed]))

    def _own(self, tx: Tx, taken: Mapping[Line, int]) -> list[Draft]:
        own: list[Draft] = []
        room = MOST
        rows = tx.rows(
            "SELECT node, epoch, branch, received, posted FROM cursor"
            " WHERE municipality=? AND posted<received ORDER BY node, epoch, branch",
            [self._town],
        )
        for node, epoch, branch, received, posted in rows:
            line = Line(home=self._town, node=NodeId(node), epoch=EpochId(epoch), branch=branch)
            after = taken.get(line, posted)
            while room > 0 and after < received:
                some = self._behind(tx, line, after, min(received, after + room))
                own.extend(some)
                room -= some[-1].stretch.last - after
                after = some[-1].stretch.last
        return own

    def _behind(self, tx: Tx, line: Line, after: int, upto: int) -> list[Draft]:
        """What comes next on a line: what was begun when it came, or what custody has."""
        begun = self._ahead.take(line, after + 1)
        if begun is not None:
            return [begun]
        return [
            self._prover.begin(tx, stretch.behind(after))
            for stretch in stretches(tx, line, after, upto)
        ]


def _handed(tx: Tx, town: MunicipalityCode, taken: Collection[tuple[Line, int]]) -> list[Stretch]:
    """What other towns handed over and nobody has ``taken`` yet."""
    rows = tx.rows(
        "SELECT home, node, epoch, branch, seq FROM handover WHERE municipality=?"
        f" ORDER BY home, node, epoch, branch, seq LIMIT {MOST + len(taken)}",
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


def _post(
    core: Core, tx: Tx, town: MunicipalityCode, own: Sequence[Case], handed: Sequence[Case]
) -> None:
    here: list[Case] = []
    away: list[tuple[object, ...]] = []
    towns = _Towns(tx)
    for case in own:
        other = towns.of(case)
        if other == town:
            here.append(case)
        else:
            line = case.line
            away.append((other, line.home, line.node, line.epoch, line.branch, case.seq))
    tx.insert_many(schema.handover, away)
    judged = [*here, *handed]
    misfits = judge_in_posting(core, tx, town, judged, ("records", _ranges(judged)))
    for hold in misfits:
        line = Line(home=hold.home, node=hold.node, epoch=hold.epoch, branch="")
        end_attempts(core, tx, line, [hold.n], closed=False)
    tx.many(
        "DELETE FROM handover WHERE municipality=? AND home=? AND node=? AND epoch=?"
        " AND branch=? AND seq=?",
        [
            (town, case.line.home, case.line.node, case.line.epoch, case.line.branch, case.seq)
            for case in handed
        ],
    )
    last = {case.line: case.seq for case in own}
    tx.many(
        "UPDATE cursor SET posted=? WHERE municipality=? AND node=? AND epoch=? AND branch=?",
        [(seq, line.home, line.node, line.epoch, line.branch) for line, seq in last.items()],
    )
    posted_again(tx, town)
    for line in sorted({case.line for case in [*own, *handed]}, key=lambda line: line.node):
        free_unnamed(core, tx, line)


def judge_in_posting(
    core: Core,
    tx: Tx,
    town: MunicipalityCode,
    cases: Sequence[Case],
    cause: tuple[object, ...],
) -> list[Hold]:
    """Judge cases in order in a town's open books, and write what came of them.

    Gives the holds of other towns that a record named without fitting them: they end.
    """
    if not cases:
        return []
    with posting(core, tx, town, core.clock.now(), cause) as books:
        judge = Judge(books)
        books.prefetch(_accounts(cases))
        accepted = _Accepted(tx)
        for case in cases:
            judgement = _judged(accepted, judge, case)
            books.rows.append(row_of(case, town, judgement, books.number))
            if judgement.outcome is not Outcome.APPLIED:
                _tell(core, tx, town, case, judgement)
    return judge.till.holds.misfits


def _judged(accepted: "_Accepted", judge: Judge, case: Case) -> Judgement:
    body = None if case.record is None else case.record.body
    town = getattr(body, "municipality", None)
    if town is not None and not accepted.by(town, case.line.node):
        return quarantined("not-accepted")
    return judge.judge(case)


class _Accepted:
    """Which organisations may take which town's points, asked once each."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[tuple[str, NodeId], bool] = {}

    def by(self, town: str, node: NodeId) -> bool:
        """Whether the town has accepted the node's organisation."""
        key = (town, node)
        if key not in self._known:
            self._known[key] = bool(
                self._tx.rows(
                    "SELECT 1 FROM acceptance WHERE municipality=? AND organisation=?",
                    [town, organisation_of(node)],
                )
            )
        return self._known[key]


def _tell(core: Core, tx: Tx, town: MunicipalityCode, case: Case, judgement: Judgement) -> None:
    body = None if case.record is None else case.record.body
    other = ""
    if isinstance(body, TicketRedeemed):
        other = (
            tx.scalar(
                "SELECT redeemed_by FROM ticket WHERE municipality=:town AND number=:number",
                town=town,
                number=body.number,
            )
            or ""
        )
    incidents.enter(
        core,
        tx,
        kind=str(judgement.outcome),
        source=case.source,
        town=town,
        reason=judgement.reason,
        points=int(getattr(body, "points", 0)),
        bearer=judgement.bearer,
        other="" if other == str(case.source) else other,
    )


def _accounts(cases: Sequence[Case]) -> set[str]:
    """The accounts that the hot path will touch."""
    people = {
        account
        for case in cases
        if case.record is not None
        and (account := getattr(case.record.body, "account", None)) is not None
    }
    shops = {organisation_of(node) for node in {case.line.node for case in cases}}
    return {*map(wallet, people), *map(payable, shops)}


class _Towns:
    """Whose points records move; the node's home where they say none or an unknown one."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[str, bool] = {}

    def of(self, case: Case) -> MunicipalityCode:
        """The town whose posting judges a record."""
        body = None if case.record is None else case.record.body
        town = getattr(body, "municipality", case.line.home)
        if town == case.line.home or self._has_joined(town):
            return MunicipalityCode(town)
        return case.line.home

    def _has_joined(self, town: str) -> bool:
        if town not in self._known:
            found = self._tx.rows("SELECT 1 FROM municipality WHERE municipality=?", [town])
            self._known[town] = bool(found)
        return self._known[town]


def _ranges(cases: Iterable[Case]) -> list[tuple[str, str, str, str, list[int]]]:
    """The judged records, as a posting's cause names them."""
    return [
        (line.home, line.node, line.epoch, line.branch, [case.seq for case in group])
        for line, group in groupby(cases, key=lambda case: case.line)
    ]
