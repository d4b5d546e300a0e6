"""What a node did in the last days is found without an index over every record."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hub.points.books import posting
from hub.points.case import Line
from hub.points.past import LOOK_BACK, RECENT, recent_of
from sync.values import DAY, EpochId, Millis, NodeId
from tests.hub.corner import GREENGROCER, KAWASAKI, corner

NODE = NodeId(f"{GREENGROCER}-1111")
LIVES = (EpochId("1-0123456789abcdef"), EpochId("2-0123456789abcdef"))
days = st.integers(18_000, 18_012).map(lambda day: day * DAY)
moments = st.builds(lambda day, ms: Millis(day + ms), days, st.integers(0, DAY - 1))
written = st.lists(st.tuples(st.sampled_from(range(len(LIVES))), moments), max_size=30)


@given(st.lists(written, min_size=1, max_size=4), moments)
def test_exactly_the_records_of_the_last_days_are_found_however_clocks_went(
    postings: Sequence[Sequence[tuple[int, Millis]]], now: Millis
) -> None:
    town = corner()
    everything: set[tuple[str, int, int]] = set()
    with town.core.database.write() as tx:
        for some in postings:
            with posting(town.core, tx, KAWASAKI, now, ("test",)) as books:
                for life, at in some:
                    seq = sum(epoch == LIVES[life] for epoch, _, _ in everything) + 1
                    everything.add((LIVES[life], seq, at))
                    books.add_records([_row(LIVES[life], seq, at)])
        line = Line(home=KAWASAKI, node=NODE, epoch=LIVES[0], branch="")
        found = tx.rows(f"SELECT r.epoch, r.seq, r.at FROM {RECENT}", recent_of(line, now))

    assert sorted(found) == sorted(one for one in everything if one[2] >= now - LOOK_BACK)


def _row(epoch: EpochId, seq: int, at: Millis) -> tuple[object, ...]:
    """A spend as a row of the table ``record``."""
    what = (bytes(32), "spend", KAWASAKI, "0123456789abcdef", 10, "T2", at)
    verdict = ("applied", "", "nobody", 10, 1, 0, "")
    return (KAWASAKI, NODE, epoch, "", seq, *what, *verdict)
