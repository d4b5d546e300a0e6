"""Judge and post: micro-batches over many nodes, one municipality a posting.

A town's posting takes, in one transaction: what its own nodes handed in, in seq order, and what
other towns' nodes did with its points, handed over by their home. Only what is next after the
posted cursor can be posted, so what came twice is posted once.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from hub.core import Core
from hub.identities import Identities
from hub.intake import incidents
from hub.intake.lines import Kept, kept
from hub.intake.prove import Prover
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

MOST = 2_048
"""Records in one posting: few enough that the next one's proofs are checked meanwhile."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a town's next posting will take."""

    own: list[Kept]
    """Records of its own nodes, whosever points they move."""
    handed: list[Kept]
    """Records of other towns' nodes about its points."""
    proved: Callable[[], list[Case]]
    """Waits for their proofs and gives their cases, in this order."""

    @property
    def records(self) -> int:
        """How many there are."""
        return len(self.own) + len(self.handed)


_NOTHING = Work([], [], list)


def post_all(core: Core, identities: Identities, verifier: Verifier) -> int:
    """Post until nothing waits; says how many records were judged."""
    total = 0
    while True:
        with core.database.read() as tx:
            towns = [
                MunicipalityCode(town)
                for (town,) in tx.rows(
                    "SELECT DISTINCT municipality FROM cursor WHERE posted<received"
                    " UNION SELECT DISTINCT municipality FROM handover ORDER BY 1"
                )
            ]
        done = sum(post_town(core, identities, verifier, town) for town in towns)
        if not done:
            return total
        total += done


def post_town(
    core: Core, identities: Identities, verifier: Verifier, town: MunicipalityCode
) -> int:
    """Post what waits for a town; says how many records.

    While one posting is written, the proofs of the next one are being checked. Each record is
    judged by the evidence that came first; better evidence heals it afterwards
    (:mod:`hub.intake.heal`), in a posting of its own, so that both can be played again.
    """
    prover = Prover(core, identities, verifier)
    total = 0
    work = _begin(core, prover, town, _NOTHING)
    while work.records:
        following = _begin(core, prover, town, work)
        cases = work.proved()
        with core.database.write() as tx:
            _post(core, tx, town, cases[: len(work.own)], cases[len(work.own) :])
        total += work.records
        work = following
    return total


def _begin(core: Core, prover: Prover, town: MunicipalityCode, before: Work) -> Work:
    """Gather what comes behind ``before``, and begin to check its proofs."""
    with core.database.read() as tx:
        own = _own(tx, town, {one.line: one.seq for one in before.own})
        handed = _handed(tx, town, {(one.line, one.seq) for one in before.handed})
        return Work(own, handed, prover.begin(tx, [*own, *handed]))


def _own(tx: Tx, town: MunicipalityCode, taken: Mapping[Line, int]) -> list[Kept]:
    own: list[Kept] = []
    rows = tx.rows(
        "SELECT node, epoch, branch, received, posted FROM cursor"
        " WHERE municipality=? AND posted<received ORDER BY node, epoch, branch",
        [town],
    )
    for node, epoch, branch, received, posted in rows:
        line = Line(home=town, node=NodeId(node), epoch=EpochId(epoch), branch=branch)
        room = MOST - len(own)
        if room <= 0:
            break
        after = taken.get(line, posted)
        own.extend(kept(tx, line, after, min(received, after + room), healed=False))
    return own


def _handed(tx: Tx, town: MunicipalityCode, taken: Collection[tuple[Line, int]]) -> list[Kept]:
    handed: list[Kept] = []
    waiting = tx.rows(
        "SELECT home, node, epoch, branch, seq FROM handover WHERE municipality=?"
        f" ORDER BY home, node, epoch, branch, seq LIMIT {MOST + len(taken)}",
        [town],
    )
    for home, node, epoch, branch, seq in waiting:
        line = Line(
            home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch
        )
        if (line, seq) not in taken:
            handed.extend(kept(tx, line, seq - 1, seq, healed=False))
    return handed


def _post(
    core: Core, tx: Tx, town: MunicipalityCode, own: Sequence[Case], handed: Sequence[Case]
) -> None:
    here = [case for case in own if _town_of(tx, case) == town]
    away = [(case, other) for case in own if (other := _town_of(tx, case)) != town]
    tx.insert_many(
        schema.handover,
        [
            (other, case.line.home, case.line.node, case.line.epoch, case.line.branch, case.seq)
            for case, other in away
        ],
    )
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
    if town is not None and not accepted.by(town, organisation_of(case.line.node)):
        return quarantined("not-accepted")
    return judge.judge(case)


class _Accepted:
    """Which organisations may take which town's points, asked once each."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[tuple[str, str], bool] = {}

    def by(self, town: str, organisation: str) -> bool:
        """Whether the town has accepted the organisation."""
        key = (town, organisation)
        if key not in self._known:
            self._known[key] = bool(
                self._tx.rows(
                    "SELECT 1 FROM acceptance WHERE municipality=? AND organisation=?",
                    [town, organisation],
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


def _accounts(cases: Iterable[Case]) -> set[str]:
    """The accounts that the hot path will touch."""
    names = set()
    for case in cases:
        if case.record is not None:
            account = getattr(case.record.body, "account", None)
            if account is not None:
                names.add(wallet(account))
                names.add(payable(organisation_of(case.line.node)))
    return names


def _town_of(tx: Tx, case: Case) -> MunicipalityCode:
    """Whose points a record moves; the node's home where it says none or an unknown one."""
    body = None if case.record is None else case.record.body
    town = getattr(body, "municipality", case.line.home)
    if town != case.line.home and not tx.rows(
        "SELECT 1 FROM municipality WHERE municipality=?", [town]
    ):
        return case.line.home
    return MunicipalityCode(town)


def _ranges(cases: Iterable[Case]) -> list[tuple[str, str, str, str, list[int]]]:
    """The judged records, as a posting's cause names them."""
    return [
        (line.home, line.node, line.epoch, line.branch, [case.seq for case in group])
        for line, group in groupby(cases, key=lambda case: case.line)
    ]
