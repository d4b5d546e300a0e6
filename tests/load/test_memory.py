"""What a day of load says of the hub's memory: it has to stay as the first crowd left it."""

from hub.store.sqlite import CACHE
from tests.bench.figures import Figure
from tests.load import figures_of
from tests.load.festival import Told
from tests.load.run import Day

PAGES = CACHE * 1024 / 1e6


def memory(*behind_crowds: float, pages: float) -> Figure:
    some = [1.0, 1.0]
    told = Told(holds=some, custody=some, receipts=some)
    day = Day(told=told, seconds=1.0, records=1, memory=list(behind_crowds), killed=False)
    return figures_of(day, pages=pages)[-1]


def test_what_three_crowds_leave_is_what_the_first_one_left() -> None:
    assert memory(150.0, 152.0, 153.0, pages=0).met
    assert not memory(150.0, 170.0, 190.0, pages=0).met


def test_the_pages_of_a_file_may_come_to_fill_their_room_and_no_more() -> None:
    assert memory(145.0, 160.0, 195.0, pages=PAGES).met
    assert not memory(145.0, 200.0, 270.0, pages=PAGES).met
