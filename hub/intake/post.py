"""Judge and post: micro-batches over many nodes, one municipality a posting.

A town's posting takes, in one transaction: what its own nodes handed in, in seq order, and what
other towns' nodes did with its points, handed over by their home. Only what is next after the
posted cursor can be posted, so what came twice is posted once.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from hub.core import Core
from hub.identities import Identities
from hub.intake import incidents
from hub.intake.ahead import Ahead
from hub.intake.gather import Gatherer
from hub.intake.stopped import Stopped, posted_again
from hub.intake.verdicts import row_of
from hub.intake.verify import Verifier
from hub.points.accounts import payable, wallet
from hub.points.books import posting
from hub.points.case import Case, Judgement, Line, Redemption
from hub.points.ending import end_attempts, free_unnamed
from hub.points.holds import Hold
from hub.points.judge import Judge
from hub.store import schema
from hub.store.database import Tx
from sync.receipt import Outcome
from sync.records import TicketVoided
from sync.values import AccountId, MunicipalityCode, organisation_of


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
                done += _post_town(core, Gatherer(core, identities, verifier, ahead, town), town)
            if town in stopped:
                ahead.forget(town)
        if not done:
            return total
        total += done


def _post_town(core: Core, gatherer: Gatherer, town: MunicipalityCode) -> int:
    """Post until nothing of a town waits; says how many records."""
    total = 0
    while True:
        own, handed = gatherer.next()
        if not own and not handed:
            return total
        with core.database.write() as tx:
            own, handed = still_waiting(tx, town, own, handed)
            if own or handed:
                _post(core, tx, town, own, handed)
        total += len(own) + len(handed)


def still_waiting(
    tx: Tx, town: MunicipalityCode, own: Sequence[Case], handed: Sequence[Case]
) -> tuple[list[Case], list[Case]]:
    """What nobody has posted since it was gathered: another hub may have the same server.

    Asked within the posting's own transaction, beside which nobody writes.
    """
    posted = {
        (node, epoch, branch): seq
        for node, epoch, branch, seq in tx.rows(
            "SELECT node, epoch, branch, posted FROM cursor"
            " WHERE municipality=? AND posted<received",
            [town],
        )
    }
    left = [case for case in own if case.seq > posted.get(case.line[1:], case.seq)]
    waiting = {
        (*place, seq)
        for *place, seq in tx.rows(
            "SELECT home, node, epoch, branch, seq FROM handover WHERE municipality=?",
            [town] if handed else [""],
        )
    }
    return left, [case for case in handed if (*case.line, case.seq) in waiting]


def _post(
    core: Core, tx: Tx, town: MunicipalityCode, own: Sequence[Case], handed: Sequence[Case]
) -> None:
    here, away = _parted(tx, town, own)
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


def _parted(
    tx: Tx, town: MunicipalityCode, own: Sequence[Case]
) -> tuple[Sequence[Case], list[tuple[object, ...]]]:
    """What a town judges itself of its nodes' records, and rows of what it hands over."""
    if {case.done.town for case in own if case.done is not None} <= {"", town}:
        return own, []  # mostly
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
    return here, away


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
        for case in cases:
            judgement = judge.judge(case)
            books.rows.append(row_of(case, town, judgement, books.number))
            if judgement.outcome is not Outcome.APPLIED:
                _tell(core, tx, town, case, judgement)
    return judge.till.holds.misfits


def _tell(core: Core, tx: Tx, town: MunicipalityCode, case: Case, judgement: Judgement) -> None:
    body = None if case.record is None else case.record.body
    other = ""
    if isinstance(body, Redemption | TicketVoided):
        other = incidents.other_record(tx, town, body.number, case.source)
    incidents.enter(
        core,
        tx,
        kind=str(judgement.outcome),
        source=case.source,
        town=town,
        reason=judgement.reason,
        points=int(getattr(body, "points", 0)),
        bearer=judgement.bearer,
        other=other,
    )
    if isinstance(body, Redemption):
        incidents.tell_voider(core, tx, town, body.number, case.source)


def _accounts(cases: Sequence[Case]) -> set[str]:
    """The accounts that the hot path will touch."""
    people = {AccountId(case.done.account) for case in cases if case.done is not None}
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
