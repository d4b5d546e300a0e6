"""People at counters first; but nobody waits for ever."""

import threading
import time
from contextlib import suppress

from hub.rightofway import RightOfWay
from sync.errors import RefusedByRule


def test_nobody_waits_where_nobody_is_under_way() -> None:
    begun = time.perf_counter()
    RightOfWay().give(10.0)
    assert time.perf_counter() - begun < 1.0


def test_a_posting_begins_when_the_last_person_is_served() -> None:
    way, seen = RightOfWay(), list[str]()
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with way.first(), way.first():
            entered.set()
            leave.wait(10)
            seen.append("hold")

    def post() -> None:
        way.give(10.0)
        seen.append("posting")

    person = threading.Thread(target=hold)
    person.start()
    assert entered.wait(10)
    posting = threading.Thread(target=post)
    posting.start()
    leave.set()
    person.join(10)
    posting.join(10)

    assert seen == ["hold", "posting"]


def test_a_queue_of_people_that_never_ends_does_not_stop_the_postings() -> None:
    way = RightOfWay()
    with way.first():
        way.give(0.01)


def test_a_hold_that_fails_gives_way_all_the_same() -> None:
    way = RightOfWay()
    with suppress(RefusedByRule), way.first():
        raise RefusedByRule("too-few-points", "no")
    begun = time.perf_counter()
    way.give(10.0)
    assert time.perf_counter() - begun < 1.0
