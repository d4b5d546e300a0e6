"""What is in custody is found from any place without reading all that a node ever sent."""

import pytest

from hub.intake.lines import kept
from hub.points.case import Line
from sync.batch import MOST_RECORDS
from sync.records import NodeNotice
from sync.values import home_of
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, Corner


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A shop with two batches, the first as long as a batch can be."""
    pen = town.node(GREENGROCER)
    while pen.seq < MOST_RECORDS + 5:
        pen.write(NodeNotice("power", "the shop had no power"))
    town.put(pen, pen.batch(1, MOST_RECORDS))
    town.put(pen, pen.batch(MOST_RECORDS + 1), first=MOST_RECORDS + 1)
    return pen


@pytest.mark.parametrize("after", [0, 1, MOST_RECORDS - 1, MOST_RECORDS, MOST_RECORDS + 1])
def test_what_is_kept_is_found_from_any_place(town: Corner, shop: Pen, after: int) -> None:
    line = Line(home=home_of(shop.node), node=shop.node, epoch=shop.epoch, branch="")

    with town.core.database.read() as tx:
        found = kept(tx, line, after, shop.seq)

    assert [one.seq for one in found] == list(range(after + 1, shop.seq + 1))
