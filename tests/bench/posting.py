"""Posting alone: many sales whose proofs are checked, judged and posted in one durable commit.

Everything of a posting is in it: the second question, the balances, the rows of records and
transfers with all their indexes, what terminals earned, the cursors, the posting's own row. What is
not: custody and the cards' signatures, which :mod:`tests.bench.hub_way` measures with it.

- **PostgreSQL, 8,000 a posting.** The wall is one commit that COPYs the same rows of records and
  transfers, as bytes that are ready, into tables that have their primary key and nothing else.
- **SQLite, 500 a posting.** The wall is one append of the same rows to a file, as bytes that are
  ready (MessagePack, as short as rows can be told), and one ``fdatasync``.

Both in rows a second: a sale is a row of ``record`` and one of ``transfer``.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa

from hub.intake.lines import stretches
from hub.intake.post import post_together
from hub.intake.prove import Prover
from hub.intake.receive import receive
from hub.intake.verify import InlineVerifier
from hub.points.case import Line, Proved
from hub.serve import settle
from hub.store import schema
from tests.bench.figures import Better, Figure, against, seconds
from tests.bench.hub_way import check
from tests.bench.street import MOST_RESIDENTS, OFTEN, Street, alone, build
from tests.bench.walls import copies
from tests.doubles.databases import running
from tests.doubles.pen import Pen
from tests.hub.corner import KAWASAKI

Rows = Mapping[sa.Table, Sequence[Sequence[object]]]
_FRAME = 2
"""Records of a batch that are no sales: its life's first one, and the shift that was opened."""


def measure(folder: Path, *, postings: int, large: int, small: int, cores: int) -> Iterator[Figure]:
    """Records a second of the best of some postings on each database; raises SumsDoNotHold."""
    with running(durable=True) as server:
        url = server.fresh_database()
        yield from _figures(
            f"posting, PostgreSQL judging, {large:,}",
            _street(folder / "server", large, postings, cores, url),
            postings,
            lambda rows: min(copies(url, rows, 3)),
            target=0.17,
        )
    yield from _figures(
        f"posting, SQLite, {small:,}",
        _street(folder / "file", small, postings, cores, ""),
        postings,
        lambda rows: min(_appended(folder, rows) for _ in range(5)),
        target=0.14,
    )


def _street(folder: Path, size: int, postings: int, cores: int, database: str) -> Street:
    """So many shops that some of them together hand in what one posting takes."""
    shops = -(-size // (OFTEN * MOST_RESIDENTS + _FRAME))
    residents = -(-(size // shops - _FRAME) // OFTEN)
    street = build(
        folder, shops=(postings + 1) * shops, residents=residents, cores=cores, database=database
    )
    settle(street.hub)
    return street


def _figures(
    name: str, street: Street, postings: int, wall: Callable[[Rows], float], *, target: float
) -> Iterator[Figure]:
    """The first posting warms the hub up and does not count."""
    shops = len(street.pens) // (postings + 1)
    try:
        with alone() as judged_alone:
            taken = [
                _posted(street, range(first, first + shops))
                for first in range(0, len(street.pens), shops)
            ]
        rows = _last_rows(street)
        check(street)
    finally:
        street.hub.close()
    records, least = min(taken[1:], key=lambda one: one[1] / one[0])
    count = len(rows[schema.record])
    yield against(
        name,
        records / least,
        "records/s",
        limit=count / wall(rows),
        target=target,
        better=Better.HIGHER,
    )
    yield against(
        f"{name}: spends judged one by one",
        100 * judged_alone.spends / street.spends,
        "%",
        limit=100,
        target=None,
        better=Better.LOWER,
    )


def _posted(street: Street, shops: range) -> tuple[int, float]:
    """Post what some shops hand in, its proofs checked; how many records, and seconds."""
    core = street.hub.core
    for shop in shops:
        pen = street.pens[shop]
        receive(core, pen.node, pen.epoch, 1, street.bodies[shop])
    proved = _proved(street, [street.pens[shop] for shop in shops])

    def post() -> None:
        with core.database.write() as tx:
            post_together(core, tx, KAWASAKI, proved, [])

    return sum(len(some.records) for some in proved), seconds(post)


def _proved(street: Street, pens: Sequence[Pen]) -> list[Proved]:
    core = street.hub.core
    prover = Prover(core, street.corner.identities, InlineVerifier())
    with core.database.read() as tx:
        some = [
            one
            for pen in pens
            for one in stretches(
                tx, Line(home=KAWASAKI, node=pen.node, epoch=pen.epoch, branch=""), 0, pen.seq
            )
        ]
        return prover.prove(tx, some)


def _last_rows(street: Street) -> Rows:
    """What the last posting wrote of records and transfers."""
    with street.hub.core.database.read() as tx:
        ((number,),) = tx.rows("SELECT posting FROM municipality WHERE municipality=?", [KAWASAKI])
        place = [KAWASAKI, number]
        return {
            schema.record: tx.rows("SELECT * FROM record WHERE town=? AND posting=?", place),
            schema.transfer: tx.rows(
                "SELECT * FROM transfer WHERE municipality=? AND posting=?", place
            ),
        }


def _appended(folder: Path, rows: Rows) -> float:
    """Seconds of one append of rows to a file that is there, and of its ``fdatasync``."""
    data = b"".join(msgspec.msgpack.encode(row) for some in rows.values() for row in some)
    path = folder / "wall"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        _append(file, data)
        return seconds(partial(_append, file, data))
    finally:
        os.close(file)
        path.unlink()


def _append(file: int, data: bytes) -> None:
    os.write(file, data)
    os.fdatasync(file)
