"""On a long line the next batch is on its way while the hub still answers the one before."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

import pytest

from node import ahead
from node.ahead import Ahead, Packed
from node.opening import open_counter
from node.outcome import SyncResult
from node.reach import InTime
from sync.calls import HubCalls
from sync.errors import Unreachable
from sync.records import NodeNotice
from sync.request import Request, Response
from sync.values import EpochId
from tests.doubles.hub import FakeHub
from tests.node.conftest import Shop

if TYPE_CHECKING:
    from node.line import Line

T = TypeVar("T")
RECORDS = 400
"""Four batches: they begin with 64 records, and double."""
LONGEST = 10.0
"""Seconds that a test waits for what must come."""


class LongLine:
    """A line on which calls with records wait until the test's rule lets them go on."""

    def __init__(self, hub: FakeHub, rule: "Callable[[LongLine, int], None]") -> None:
        self.hub = hub
        self.puts: list[int] = []
        """The first record of each batch, as they were sent."""
        self.answered: list[int] = []
        self.under_way = self.most = 0
        self._rule = rule
        self._changed = threading.Condition()

    def send(self, request: Request) -> Response:
        """Carry one call."""
        if "/records/" not in request.path_with_query or request.method != "PUT":
            with self._changed:
                return self.hub.send(request)
        first = int(request.path_with_query.rpartition("/")[2])
        with self._changed:
            self.puts.append(first)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self._changed.notify_all()
            try:
                self._rule(self, first)
                answer = self.hub.send(request)
                self.answered.append(first)
                return answer
            finally:
                self.under_way -= 1
                self._changed.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something of another call."""
        assert self._changed.wait_for(holds, LONGEST)


def hand_in(
    shop: Shop, line: LongLine, patience: InTime | None = None, *, records: int = RECORDS
) -> SyncResult:
    """Write many records while nobody hears, then open the node on that line and hand in."""
    writer = shop.counter.parts.writer
    for _ in range(records):
        writer.write(lambda _, seq: NodeNotice("counted", f"record {seq}"))
    shop.counter.close()
    ports = replace(shop.ports, door=lambda _: line, patience=patience or InTime())
    shop.counter = open_counter(shop.folder, ports)
    return shop.counter.parts.outbox.push()


def there(hub: FakeHub) -> int:
    """How many records the hub has."""
    return sum(len(kept.records) for kept in hub.kept.values())


def check_all_in(shop: Shop) -> None:
    """The hub has every record, and the node every receipt."""
    assert there(shop.hub) == shop.counter.parts.writer.tip.seq > RECORDS
    assert shop.counter.status().waiting == 0


@pytest.fixture
def _every_line_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "LONG", 0)


@pytest.mark.usefixtures("_every_line_is_long")
def test_a_batch_goes_ahead_while_the_one_before_is_answered(shop: Shop) -> None:
    begun = there(shop.hub)

    def in_their_order(line: LongLine, first: int) -> None:
        if first == begun + 1:
            line.until(lambda: line.under_way == 2)
        else:
            line.until(lambda: first == there(line.hub) + 1)

    line = LongLine(shop.hub, in_their_order)

    assert hand_in(shop, line).reached
    check_all_in(shop)
    assert line.most == 2
    sent = [first for first in line.puts if first <= begun + RECORDS]
    assert len(sent) == len(set(sent))


@pytest.mark.usefixtures("_every_line_is_long")
def test_a_batch_that_comes_before_its_turn_is_sent_again(shop: Shop) -> None:
    begun = there(shop.hub)

    def overtaken(line: LongLine, first: int) -> None:
        if first == begun + 1 and not line.answered:
            line.until(lambda: bool(line.answered))

    line = LongLine(shop.hub, overtaken)

    assert hand_in(shop, line).reached
    check_all_in(shop)
    early = line.answered[0]
    assert early > begun + 1
    assert line.puts.count(early) == 2


@pytest.mark.usefixtures("_every_line_is_long")
def test_what_breaks_ahead_of_its_turn_breaks_nothing_and_is_given_up(shop: Shop) -> None:
    begun = there(shop.hub)
    broken: list[int] = []

    def breaks_ahead(line: LongLine, first: int) -> None:
        if threading.current_thread() is not threading.main_thread():
            broken.append(first)
            raise Unreachable("this connection breaks")
        if first == begun + 1:
            line.until(lambda: bool(broken))

    line = LongLine(shop.hub, breaks_ahead)

    assert hand_in(shop, line).reached
    check_all_in(shop)
    assert 1 <= len(broken) <= 2  # a second one may have left before the first one's turn had come
    assert not shop.counter.parts.reach.silent


@pytest.mark.usefixtures("_every_line_is_long")
def test_receipts_that_two_answers_bring_count_once(shop: Shop) -> None:
    """The second batch was packed before the first one's receipts were here, and asks for them."""
    begun = there(shop.hub)

    def both_under_way(line: LongLine, first: int) -> None:
        if first == begun + 1:
            line.until(lambda: line.under_way == 2)
        else:
            line.until(lambda: first == there(line.hub) + 1)

    done = hand_in(shop, LongLine(shop.hub, both_under_way))

    check_all_in(shop)
    store = shop.counter.parts.store
    verdicts = store.number("SELECT count(*) FROM verdict")
    assert verdicts == shop.counter.parts.writer.tip.seq
    assert done.receipts == verdicts - begun
    assert not shop.counter.audit()


def test_a_short_rest_shares_with_the_batch_before_it_lest_it_overtake(shop: Shop) -> None:
    """64 records fit into the first batch, and 6 into no batch that would be as slow."""
    begun = there(shop.hub)
    line = LongLine(shop.hub, lambda _line, _first: None)

    assert hand_in(shop, line, records=70).reached
    assert there(shop.hub) == begun + 70
    assert {*line.puts[:2]} == {begun + 1, begun + 1 + 42}


class Watched:
    """A line that notes after how many seconds something is to go ahead."""

    def __init__(self) -> None:
        self.after = -1.0

    def begin(self, call: Callable[[HubCalls], T], after: float) -> Callable[[], T] | None:
        """Keep it back."""
        del call
        self.after = after
        return None


def _of(size: int) -> Packed:
    return Packed(epoch=EpochId("1-00000000000000aa"), first=1, count=1, body=bytes(size))


def test_a_batch_goes_ahead_when_half_of_the_one_before_it_has_left() -> None:
    """20,000 bytes take half a second here; and what stalls once makes nobody wait afterwards."""
    line = Watched()
    going = Ahead(cast("Line", line))
    going.took(_of(10), began=0, now=600)
    going.took(_of(20_000), began=200, now=1_300)
    going.took(_of(20_000), began=700, now=1_800)

    going.send(_of(20_000), _of(20_000), now=1_800, since=1_700)
    assert line.after == pytest.approx(0.15)

    going.took(_of(20_000), began=1_700, now=501_800)
    going.send(_of(20_000), _of(20_000), now=501_800, since=501_700)
    assert line.after == pytest.approx(0.15)


def test_a_batch_may_grow_though_it_waited_behind_another_one() -> None:
    going = Ahead(cast("Line", Watched()))
    going.took(_of(20_000), began=0, now=1_900)

    alone = going.took(_of(40_000), began=100, now=3_500)
    assert (alone, going.grows) == (1_600, True)

    alone = going.took(_of(80_000), began=2_000, now=6_000)
    assert (alone, going.grows) == (2_500, False)


class Late(InTime):
    """Whatever is to go ahead has not left when its turn comes."""

    def begin(self, call: Callable[[], T], after: float) -> Callable[[], T]:
        """Keep it back."""
        del after
        return call


def test_what_has_not_left_when_its_turn_comes_goes_once_and_in_its_turn(shop: Shop) -> None:
    line = LongLine(shop.hub, lambda _line, _first: None)

    assert hand_in(shop, line, Late()).reached
    check_all_in(shop)
    assert line.most == 1
    assert len(line.puts) == len(set(line.puts))


def test_where_answers_come_at_once_nothing_goes_ahead(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LONG", 1_000 * LONGEST)  # at once, on whatever machine
    line = LongLine(shop.hub, lambda _line, _first: None)

    assert hand_in(shop, line).reached
    check_all_in(shop)
    assert line.most == 1
