"""Attempts that ended without a record: their holds are freed at once.

So are those of which no record spoke in all the time that it might have been handed in.
"""

from collections.abc import Collection, Iterable
from itertools import groupby

from hub.core import Core
from hub.points.asked import any_of
from hub.points.books import posting
from hub.points.case import Line
from hub.points.holds import Hold, read_hold, release, remember_ended
from hub.store.database import Tx
from sync.values import Millis, MunicipalityCode


def end_attempts(core: Core, tx: Tx, line: Line, attempts: Iterable[int], *, closed: bool) -> None:
    """Free the holds of attempts that the node gave up.

    A number that the hub never saw is remembered as ended, so that a late request opens nothing.
    With ``closed`` the epoch sells no more: once its records are posted, all that they do not name
    is freed (see :func:`free_unnamed`).
    """
    given_up = []
    for n in sorted(set(attempts)):
        row = _row(tx, line, n)
        if row is None:
            remember_ended(tx, line, n, core.clock.now())
        elif row.state == "open":
            given_up.append(row)
    _free(core, tx, line, given_up)
    if closed:
        tx.run(
            "UPDATE epoch SET ended=1 WHERE municipality=:home AND node=:node AND epoch=:epoch",
            home=line.home,
            node=line.node,
            epoch=line.epoch,
        )
        free_unnamed(core, tx, [line])


def free_unnamed(core: Core, tx: Tx, lines: Collection[Line]) -> None:
    """Free what these lines' ended epochs still hold, when all that they handed in is posted."""
    for home, some in groupby(sorted(lines), key=lambda line: line.home):
        of_home = list(some)
        marks, nodes = any_of([*{line.node for line in of_home}])
        ended = tx.rows(
            f"SELECT node, epoch FROM epoch WHERE municipality=? AND ended=1 AND node IN {marks}",
            [home, *nodes],
        )
        for line in of_home:
            if (line.node, line.epoch) in ended and not _unposted(tx, line):
                _free_unnamed(core, tx, line)


def _free_unnamed(core: Core, tx: Tx, line: Line) -> None:
    rows = tx.all(
        "SELECT * FROM hold WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND state='open' ORDER BY town, n",
        home=line.home,
        node=line.node,
        epoch=line.epoch,
    )
    holds = [hold for hold in map(read_hold, rows) if not _named(tx, line, hold)]
    _free(core, tx, line, holds)


def free_silent(core: Core, tx: Tx, town: MunicipalityCode, opened_before: Millis) -> int:
    """Free a town's holds from before a moment of which no record spoke; says how many.

    What a record names that is here already, judged or not, stays held.
    """
    rows = tx.all(
        "SELECT * FROM hold WHERE town=:town AND state='open' AND opened_at<:before"
        " ORDER BY municipality, node, epoch, n",
        town=town,
        before=opened_before,
    )
    freed = 0
    for (home, node, epoch), holds in groupby(
        map(read_hold, rows), key=lambda hold: (hold.home, hold.node, hold.epoch)
    ):
        line = Line(home=home, node=node, epoch=epoch, branch="")
        if _unposted(tx, line):
            continue
        silent = [hold for hold in holds if not _named(tx, line, hold)]
        _free(core, tx, line, silent)
        freed += len(silent)
    return freed


def free_holds(core: Core, tx: Tx, town: MunicipalityCode, line: Line, attempts: list[int]) -> None:
    """Free some open holds of one town, in a posting of their own."""
    now = core.clock.now()
    with posting(core, tx, town, now, ("end", line.node, line.epoch, attempts)) as books:
        for n in attempts:
            hold = _row(tx, line, n)
            if hold is not None and hold.state == "open":
                release(books, hold, now)


def _free(core: Core, tx: Tx, line: Line, holds: list[Hold]) -> None:
    for town in sorted({hold.town for hold in holds}):
        free_holds(core, tx, town, line, [hold.n for hold in holds if hold.town == town])


def _unposted(tx: Tx, line: Line) -> bool:
    """Whether something that this epoch handed in still waits to be judged."""
    waiting = tx.scalar(
        "SELECT count(*) FROM cursor WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND posted<received",
        home=line.home,
        node=line.node,
        epoch=line.epoch,
    )
    return bool(waiting)


def _named(tx: Tx, line: Line, hold: Hold) -> bool:
    """Whether a record that still waits (in another town, or for people) names the hold."""
    named = tx.scalar(
        "SELECT count(*) FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND hold=:n AND outcome='quarantined'",
        home=line.home,
        node=line.node,
        epoch=line.epoch,
        n=hold.n,
    )
    return bool(named) or bool(
        tx.scalar(
            "SELECT count(*) FROM handover WHERE home=:home AND node=:node AND epoch=:epoch",
            home=line.home,
            node=line.node,
            epoch=line.epoch,
        )
    )


def _row(tx: Tx, line: Line, n: int) -> Hold | None:
    row = tx.one(
        "SELECT * FROM hold WHERE municipality=:home AND node=:node AND epoch=:epoch AND n=:n",
        home=line.home,
        node=line.node,
        epoch=line.epoch,
        n=n,
    )
    return None if row is None else read_hold(row)
