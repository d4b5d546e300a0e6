"""What the watch tells of a reader whose service dies, whose plug is pulled, whose cards come."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.card import watch as watch_module
from node.card.errors import NoReaderSupport
from node.card.pcsc import Code, Status
from node.card.softcard import SoftCard
from node.card.watch import (
    CHANGED,
    DOWN,
    EMPTY,
    MUTE,
    PLUG_AND_PLAY,
    PRESENT,
    UNKNOWN,
    CardGone,
    CardThere,
    Event,
    NoReaderThere,
    ReaderThere,
    Seen,
    ServiceDown,
    Slot,
    Watch,
    events,
    slots_of,
)
from tests.doubles.scard import FakeScard

SONY, ACS = "Sony RC-S300/P 00 00", "ACS ACR39U 00 00"
EMPTY_SLOT = Slot(card=False)
PATIENCE = 10
"""Seconds after which a story is over that did not go on."""


class Told:
    """The events, in the order in which they were reported."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Event] = SimpleQueue()

    def __call__(self, event: Event) -> None:
        self._queue.put(event)

    def next(self) -> Event:
        return self._queue.get(timeout=PATIENCE)

    def rest(self) -> list[Event]:
        rest = []
        while True:
            try:
                rest.append(self._queue.get_nowait())
            except Empty:
                return rest


@contextmanager
def watching(service: FakeScard, reader: str | None = None) -> Iterator[Told]:
    told = Told()
    watch = Watch(told, reader=reader, functions=service, pause=0.001)
    watch.start()
    try:
        yield told
    finally:
        watch.stop()


def a_card() -> SoftCard:
    raise AssertionError("the watch only looks")


# -- what is new


def test_the_first_look_says_how_things_stand() -> None:
    assert events(None, DOWN) == (ServiceDown(),)
    assert events(None, Seen()) == (NoReaderThere(),)
    assert events(None, Seen(slots={SONY: Slot(card=True)})) == (
        ReaderThere(SONY),
        CardThere(SONY),
    )


def test_a_service_that_lets_nobody_in_is_told_apart_from_none() -> None:
    shut = Seen(service=False, forbidden=True)

    assert events(DOWN, shut) == (ServiceDown(forbidden=True),)
    assert events(shut, DOWN) == (ServiceDown(),)
    assert events(shut, Seen()) == (NoReaderThere(),)


def test_a_service_that_hangs_does_not_keep_the_program_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch_module, "_JOINS", 2)
    service, asleep, awake = FakeScard(), threading.Event(), threading.Event()

    def hangs(_context: int, _timeout: int, _states: object) -> tuple[int, list[Status]]:
        asleep.set()
        assert awake.wait(PATIENCE)
        return Code.CANCELLED, []

    service.SCardGetStatusChange = hangs  # type: ignore[method-assign, assignment]
    told = Told()
    watch = Watch(told, functions=service, pause=0.001)
    watch.start()
    assert asleep.wait(PATIENCE)

    watch.stop()

    before = told.rest()
    awake.set()
    watch._thread.join(PATIENCE)
    assert not watch._thread.is_alive()
    assert told.rest() == []
    assert before == [NoReaderThere()]


def test_a_user_who_may_not_use_readers_is_told_so_once_and_when_it_is_allowed() -> None:
    service = FakeScard()
    service.codes["SCardEstablishContext"] = Code.SECURITY_VIOLATION
    with watching(service) as told:
        assert told.next() == ServiceDown(forbidden=True)
        del service.codes["SCardEstablishContext"]
        assert told.next() == NoReaderThere()


def test_what_was_told_is_not_told_again() -> None:
    for seen in (
        DOWN,
        replace(DOWN, forbidden=True),
        Seen(),
        Seen(slots={SONY: Slot(card=True, count=3)}),
    ):
        assert events(seen, seen) == ()


def test_a_card_that_was_changed_in_a_blink_is_another_card() -> None:
    before, now = (Seen(slots={SONY: Slot(card=True, count=count)}) for count in (1, 3))

    assert events(before, now) == (CardGone(SONY), CardThere(SONY))


def test_a_card_that_came_and_went_in_a_blink_is_nothing() -> None:
    before, now = (Seen(slots={SONY: Slot(card=False, count=count)}) for count in (1, 3))

    assert events(before, now) == ()


def test_a_dying_service_takes_card_and_reader_with_it() -> None:
    lying = Seen(slots={SONY: Slot(card=True)})

    assert events(lying, DOWN) == (CardGone(SONY), ServiceDown())
    assert events(DOWN, lying) == (ReaderThere(SONY), CardThere(SONY))
    assert events(DOWN, Seen()) == (NoReaderThere(),)


def test_a_card_upside_down_is_told_as_silent() -> None:
    empty = Seen(slots={SONY: EMPTY_SLOT})

    assert events(empty, Seen(slots={SONY: Slot(card=True, silent=True)})) == (
        CardThere(SONY, silent=True),
    )


def test_one_of_two_readers_unplugged_is_not_yet_no_reader() -> None:
    both = Seen(slots={SONY: Slot(card=True), ACS: EMPTY_SLOT})
    one = Seen(slots={ACS: EMPTY_SLOT})

    assert events(both, one) == (CardGone(SONY),)
    assert events(one, Seen()) == (NoReaderThere(),)


SLOTS = st.dictionaries(
    st.sampled_from([SONY, ACS, "third"]),
    st.builds(Slot, card=st.booleans(), silent=st.booleans(), count=st.integers(0, 3)),
)
LOOKS = st.lists(st.just(DOWN) | st.builds(Seen, slots=SLOTS), min_size=1)


@given(LOOKS)
def test_a_card_is_told_once_and_goes_before_it_comes_again(looks: list[Seen]) -> None:
    lying: set[str] = set()
    before = None
    for now in looks:
        for event in events(before, now):
            if isinstance(event, CardThere):
                assert event.reader not in lying
                lying.add(event.reader)
            elif isinstance(event, CardGone):
                lying.remove(event.reader)
        assert lying == {name for name, slot in now.slots.items() if slot.card}
        before = now


@given(LOOKS)
def test_how_readers_stand_can_be_told_from_the_events_alone(looks: list[Seen]) -> None:
    stands: Event | None = None
    before = None
    for now in looks:
        news = [e for e in events(before, now) if not isinstance(e, CardThere | CardGone)]
        stands = news[-1] if news else stands
        if not now.service:
            assert stands == ServiceDown()
        elif not now.slots:
            assert stands == NoReaderThere()
        else:
            assert isinstance(stands, ReaderThere)
        before = now


def test_a_state_word_holds_flags_below_and_a_count_above() -> None:
    told = [
        (SONY, 0x0005_0000 | PRESENT | MUTE | CHANGED, ()),
        (ACS, 0x0002_0000 | EMPTY, ()),
        ("left", UNKNOWN | CHANGED, ()),
        (PLUG_AND_PLAY, 0x0002_0000 | CHANGED, ()),
    ]

    assert slots_of(told) == {
        SONY: Slot(card=True, silent=True, count=5),
        ACS: Slot(card=False, count=2),
    }


# -- the thread


def test_a_day_at_the_counter() -> None:
    pc = FakeScard()
    with watching(pc) as told:
        assert told.next() == NoReaderThere()
        pc.plug(SONY)
        assert told.next() == ReaderThere(SONY)
        pc.put(SONY, a_card)
        assert told.next() == CardThere(SONY)
        pc.lift(SONY)
        assert told.next() == CardGone(SONY)
        pc.put(SONY, a_card, mute=True)
        assert told.next() == CardThere(SONY, silent=True)
        pc.unplug(SONY)
        assert [told.next(), told.next()] == [CardGone(SONY), NoReaderThere()]
        pc.plug(SONY, a_card)
        assert [told.next(), told.next()] == [ReaderThere(SONY), CardThere(SONY)]
    assert told.rest() == []


def test_the_service_is_killed_and_started_again_ten_times() -> None:
    pc = FakeScard()
    pc.plug(SONY, a_card)
    with watching(pc) as told:
        for _ in range(10):
            assert [told.next(), told.next()] == [ReaderThere(SONY), CardThere(SONY)]
            pc.kill()
            assert [told.next(), told.next()] == [CardGone(SONY), ServiceDown()]
            pc.start()
    assert pc.contexts == set()


def test_a_watch_that_begins_without_a_service_waits_for_it() -> None:
    pc = FakeScard(running=False)
    with watching(pc) as told:
        assert told.next() == ServiceDown()
        pc.start()
        assert told.next() == NoReaderThere()


def test_only_the_reader_that_was_named_is_told_of() -> None:
    pc = FakeScard()
    pc.plug(ACS, a_card)
    with watching(pc, "rc-s300") as told:
        assert told.next() == NoReaderThere()
        pc.lift(ACS)
        pc.plug(SONY, a_card)
        assert [told.next(), told.next()] == [ReaderThere(SONY), CardThere(SONY)]


def test_a_card_left_lying_is_told_once_and_costs_nothing() -> None:
    pc = FakeScard()
    pc.plug(SONY, a_card)
    with watching(pc) as told:
        assert [told.next(), told.next()] == [ReaderThere(SONY), CardThere(SONY)]
        pc.plug(ACS)
        assert told.next() == ReaderThere(ACS)
    assert told.rest() == []
    assert len(pc.asked) < 30


def test_a_system_without_plug_and_play_is_asked_again_and_again() -> None:
    pc = FakeScard(plug_and_play=False)
    with watching(pc) as told:
        assert told.next() == NoReaderThere()
        pc.plug(SONY)
        assert told.next() == ReaderThere(SONY)


@pytest.mark.parametrize("code", [Code.INVALID_HANDLE, Code.COMM_ERROR, Code.SERVICE_STOPPED])
def test_a_session_that_broke_is_begun_anew(code: Code) -> None:
    pc = FakeScard()
    pc.plug(SONY)
    with watching(pc) as told:
        assert told.next() == ReaderThere(SONY)
        pc.codes["SCardGetStatusChange"] = code
        pc.put(SONY, a_card)
        assert told.next() == ServiceDown()
        del pc.codes["SCardGetStatusChange"]
        assert [told.next(), told.next()] == [ReaderThere(SONY), CardThere(SONY)]


def test_a_screen_that_fails_does_not_stop_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    pc, told = FakeScard(), Told()

    def screen(event: Event) -> None:
        told(event)
        if event == NoReaderThere():
            raise RuntimeError("the screen was closed")

    watch = Watch(screen, functions=pc)
    watch.start()
    assert told.next() == NoReaderThere()
    pc.plug(SONY)
    assert told.next() == ReaderThere(SONY)
    watch.stop()
    assert "was not taken" in caplog.text


def test_stopping_ends_the_thread_in_the_middle_of_its_sleep() -> None:
    pc, told = FakeScard(), Told()
    watch = Watch(told, functions=pc, pause=3600)
    watch.start()
    assert told.next() == NoReaderThere()
    watch.stop()
    watch.stop()

    assert "card-watch" not in [thread.name for thread in threading.enumerate()]
    assert pc.contexts == set()
    pc.plug(SONY)
    assert told.rest() == []


def test_without_pyscard_there_is_nothing_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)

    with pytest.raises(NoReaderSupport):
        Watch(Told())
