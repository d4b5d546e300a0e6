"""Judge and post: micro-batches over many nodes, one municipality a posting.

A town's posting takes, in one transaction: what its own nodes handed in, in seq order, and what
other towns' nodes did with its points, handed over by their home. Only what is next after the
posted cursor can be posted, so what came twice is posted once.

Nobody else writes meanwhile for the town, nor for a town whose nodes' records it judges or whose
books it opens to end a hold; towns that have nothing to do with each other are posted side by side.
What it hands over is new to the other town, which reads it when it is committed.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from hub.core import Core
from hub.identities import Identities
from hub.intake import incidents
from hub.intake.ahead import Ahead
from hub.intake.gather import Gatherer
from hub.intake.pace import Pace
from hub.intake.stopped import Stopped, posted_again
from hub.intake.verify import Verifier
from hub.points.books import posting
from hub.points.case import Case, Judgement, Line, Proved, Redemption
from hub.points.ending import end_attempts, free_unnamed
from hub.points.holds import Hold
from hub.points.judge import Judge
from hub.points.rows import row_of
from hub.rightofway import POSTING
from hub.store import schema
from hub.store.database import Tx
from sync.receipt import Outcome
from sync.records import Record, TicketVoided
from sync.values import Millis, MunicipalityCode


def post_all(
    core: Core,
    identities: Identities,
    verifier: Verifier,
    ahead: Ahead,
    stopped: Stopped,
    *,
    pace: Pace,
) -> Iterator[int]:
    """Post until nothing waits but in towns that have stopped.

    Towns take turns, a posting each, so that one town's backlog keeps no other waiting. Gives how
    many records a turn of all has posted.
    """
    gatherers: dict[MunicipalityCode, Gatherer] = {}
    while True:
        waiting = core.database.ask_all(
            "SELECT DISTINCT municipality FROM cursor WHERE posted<received"
            " UNION SELECT DISTINCT municipality FROM handover ORDER BY 1"
        )
        towns = [
            MunicipalityCode(town)
            for (town,) in waiting
            if core.serves(town) and town not in stopped
        ]
        turns = []
        for town in towns:
            gatherer = gatherers.pop(town, None)
            if gatherer is None:
                gatherer = Gatherer(core, identities, verifier, ahead, town, pace=pace)
            with stopped.guarding(town):
                posted = _post_next(core, gatherer, town, pace)
                if posted:
                    gatherers[town] = gatherer
                if posted is not None:
                    turns.append(posted)
            if town in stopped:
                ahead.forget(town)
        if not turns:
            return
        yield sum(turns)


def _post_next(core: Core, gatherer: Gatherer, town: MunicipalityCode, pace: Pace) -> int | None:
    """A town's next posting; says how many records, None where none were gathered.

    None of them where another hub was quicker: more may wait behind what it has posted.
    """
    own, handed = gatherer.next()
    if not own and not handed:
        return None

    def post(tx: Tx) -> tuple[int, Millis]:
        began = core.clock.running()  # not while others still had the town
        left = still_waiting(tx, town, own, handed)
        if any(left):
            post_together(core, tx, town, *left)
        return sum(len(some.records) for each in left for some in each), began

    core.way.give(POSTING)
    towns = {town, *(some.line.home for some in handed)}
    records, began = core.database.settle(towns, post)
    pace.took(records, core.clock.running() - began)
    return records


def still_waiting(
    tx: Tx, town: MunicipalityCode, own: Sequence[Proved], handed: Sequence[Proved]
) -> tuple[list[Proved], list[Proved]]:
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
    left = []
    for some in own:
        behind = posted.get(some.line[1:], some.last)
        left += some.among(range(behind + 1, some.last + 1))
    waiting: dict[tuple[str, ...], set[int]] = {}
    for *place, seq in tx.rows(
        "SELECT home, node, epoch, branch, seq FROM handover WHERE municipality=?",
        [town] if handed else [""],
    ):
        waiting.setdefault(tuple(place), set()).add(seq)
    return left, [part for some in handed for part in some.among(waiting.get(some.line, ()))]


def post_together(
    core: Core, tx: Tx, town: MunicipalityCode, own: Sequence[Proved], handed: Sequence[Proved]
) -> None:
    """One posting of a town: of its own nodes' records, and of what other towns handed over."""
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
        [(town, *some.line, seq) for some in handed for seq in some.seqs],
    )
    last = {some.line: some.last for some in own}
    tx.many(
        "UPDATE cursor SET posted=? WHERE municipality=? AND node=? AND epoch=? AND branch=?",
        [(seq, *line) for line, seq in last.items()],
    )
    posted_again(tx, town)
    free_unnamed(core, tx, {some.line for some in [*own, *handed]})


def _parted(
    tx: Tx, town: MunicipalityCode, own: Sequence[Proved]
) -> tuple[Sequence[Proved], list[tuple[object, ...]]]:
    """What a town judges itself of its nodes' records, and rows of what it hands over."""
    named = {
        getattr(record.body, "municipality", "")
        for some in own
        for record in some.records
        if record is not None
    }
    if named <= {"", town}:
        return own, []  # mostly
    here: list[Proved] = []
    away: list[tuple[object, ...]] = []
    towns = _Towns(tx)
    for some in own:
        of_town = [towns.of(some.line, record) for record in some.records]
        placed = list(zip(some.seqs, of_town, strict=True))
        here += some.among({seq for seq, other in placed if other == town})
        away += [(other, *some.line, seq) for seq, other in placed if other != town]
    return here, away


def judge_in_posting(
    core: Core,
    tx: Tx,
    town: MunicipalityCode,
    records: Sequence[Proved],
    cause: tuple[object, ...],
) -> list[Hold]:
    """Judge records in order in a town's open books, and write what came of them.

    Gives the holds of other towns that a record named without fitting them: they end.
    """
    if not records:
        return []
    with posting(core, tx, town, core.clock.now(), cause) as books:
        judge = Judge(books)
        books.prefetch(judge.till.prefetch(records))
        for some in records:
            for case, judgement in judge.judge_all(some):
                books.add_records([row_of(case, town, judgement, books.number)])
                if judgement.outcome is not Outcome.APPLIED:
                    books.tickets.write()
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


class _Towns:
    """Whose points records move; the node's home where they say none or an unknown one."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[str, bool] = {}

    def of(self, line: Line, record: Record | None) -> MunicipalityCode:
        """The town whose posting judges a record."""
        town = getattr(None if record is None else record.body, "municipality", line.home)
        if town == line.home or self._has_joined(town):
            return MunicipalityCode(town)
        return line.home

    def _has_joined(self, town: str) -> bool:
        if town not in self._known:
            found = self._tx.rows("SELECT 1 FROM municipality WHERE municipality=?", [town])
            self._known[town] = bool(found)
        return self._known[town]


def _ranges(records: Iterable[Proved]) -> list[tuple[str, str, str, str, list[int]]]:
    """The judged records, as a posting's cause names them."""
    return [
        (*line, [seq for some in group for seq in some.seqs])
        for line, group in groupby(records, key=lambda some: some.line)
    ]
