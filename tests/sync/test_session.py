"""The exchange as a state table: driven against a pretended node and hub, without I/O."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Malformed
from sync.session import (
    FIRST_SIZE,
    TABLE,
    AskEpoch,
    End,
    EpochFacts,
    Event,
    FindCommon,
    GetPage,
    Parcel,
    Put,
    Session,
    State,
    Stick,
    read_stick,
    write_stick,
)
from sync.values import EpochId, NodeId

FIRST = EpochId("1-00000000000000aa")
SECOND = EpochId("2-00000000000000bb")


def facts(**given: Any) -> EpochFacts:
    plain = EpochFacts(
        epoch=FIRST,
        last=0,
        received=0,
        receipted=0,
        present=True,
        ended=False,
        told_closed=False,
        quarantined=False,
    )
    return replace(plain, **given)


@dataclass
class Both:
    """A node's facts and a hub that judges at once."""

    here: EpochFacts
    puts: list[Put]

    def run(self, session: Session, *, pages: int = 1) -> Session:
        while not isinstance(step := session.next([self.here], must_renew=False), End):
            if isinstance(step, Put):
                self.puts.append(step)
                until = min(self.here.last, step.first + step.most - 1)
                got = max(until, self.here.received)
                self.here = replace(self.here, received=got, receipted=got, ended=False)
                session.on(Event.MOVED, took=10)
            else:
                assert isinstance(step, GetPage)
                pages -= 1
                session.on(Event.PAGE if pages else Event.COMPLETE)
        return session


def test_batches_grow_as_the_link_carries_and_everything_goes_up_in_order() -> None:
    both = Both(facts(last=1_000), [])

    session = both.run(Session())

    assert session.state is State.DONE
    assert [put.most for put in both.puts] == [64, 128, 256, 512, 512]
    assert [put.first for put in both.puts] == [1, 65, 193, 449, 961]
    assert session.size == 512


def test_even_with_nothing_to_say_the_node_asks_once_for_decisions() -> None:
    both = Both(facts(last=5, received=5, receipted=5), [])

    both.run(Session())

    assert both.puts == [Put(epoch=FIRST, first=6, most=FIRST_SIZE, closed=False)]


def test_a_hub_that_has_not_judged_yet_is_not_asked_for_ever() -> None:
    session = Session()
    here = facts(last=3)
    steps = []
    while not isinstance(step := session.next([here], must_renew=False), End):
        steps.append(step)
        if isinstance(step, Put):
            here = replace(here, received=3)
            session.on(Event.MOVED)
        else:
            session.on(Event.COMPLETE)

    assert [type(step) for step in steps] == [Put, Put, GetPage]


def test_a_slow_line_keeps_its_batches_and_a_silence_halves_them() -> None:
    session = Session(64)
    session.on(Event.MOVED, took=60_000)
    assert session.size == 64

    session.on(Event.SILENCE)

    assert session.size == 32
    assert session.next([facts(last=9)], must_renew=False) == End(reached=False)


def test_an_earlier_life_is_told_closed_and_goes_first() -> None:
    session = Session()
    old = facts(last=4, received=2, present=False)
    new = facts(epoch=SECOND, last=1)

    step = session.next([old, new], must_renew=False)

    assert step == Put(epoch=FIRST, first=3, most=FIRST_SIZE, closed=True)


def test_a_settled_earlier_life_is_left_alone_until_a_decision_can_come() -> None:
    settled = facts(last=4, received=4, receipted=4, present=False, told_closed=True)
    new = facts(epoch=SECOND, last=1, received=1, receipted=1)

    first = Session().next([settled, new], must_renew=False)
    waiting = Session().next([replace(settled, quarantined=True), new], must_renew=False)

    assert isinstance(first, Put)
    assert first.epoch == SECOND
    assert isinstance(waiting, Put)
    assert waiting.epoch == FIRST


def test_a_head_that_is_not_ours_leads_to_the_branch_and_then_to_a_new_life() -> None:
    session = Session()
    here = facts(last=9, received=4)
    assert isinstance(session.next([here], must_renew=False), Put)
    session.on(Event.OFF_CHAIN, epoch=FIRST)
    assert session.next([here], must_renew=True) == FindCommon(epoch=FIRST)
    session.on(Event.FOUND)
    here = replace(here, branch_at=7)

    put = session.next([here], must_renew=True)
    session.on(Event.MOVED)
    asked = session.next([here], must_renew=True)

    assert put == Put(epoch=FIRST, first=7, most=3, closed=False)
    assert asked == AskEpoch()
    session.on(Event.REFUSED)
    assert session.next([here], must_renew=True) == GetPage()


def test_the_cursor_is_followed_backwards() -> None:
    session = Session()
    assert session.next([facts(last=9, received=9, receipted=9)], must_renew=False)
    session.on(Event.MOVED)

    step = session.next([facts(last=9, received=3, receipted=9)], must_renew=False)

    assert isinstance(step, Put)
    assert step.first == 4


def test_hand_in_alone_ends_without_the_feed() -> None:
    both = Both(facts(last=2), [])

    session = both.run(Session(fetch=False))

    assert session.state is State.FETCHING
    assert len(both.puts) == 1


@given(st.sampled_from(list(State)), st.sampled_from(list(Event)))
def test_only_what_the_table_names_can_happen(state: State, event: Event) -> None:
    session = Session()
    session.state = state
    if (state, event) in TABLE:
        session.on(event)
        assert session.state is TABLE[(state, event)]
    else:
        with pytest.raises(ValueError, match="cannot happen"):
            session.on(event)


@given(last=st.integers(0, 3_000), received=st.integers(0, 3_000), size=st.integers(1, 512))
def test_every_record_goes_up_whatever_cursor_the_hub_states(
    last: int, received: int, size: int
) -> None:
    both = Both(facts(last=last, received=min(received, last)), [])

    both.run(Session(size), pages=3)

    assert both.here.receipted == last


def test_a_stick_reads_back_and_nothing_else_does() -> None:
    stick = Stick(NodeId("141305-B2108-1111"), (Parcel(FIRST, 1, b"body"),))

    assert read_stick(write_stick(stick)) == stick
    for other in (b"", b"something", write_stick(stick)[:-1]):
        with pytest.raises(Malformed):
            read_stick(other)
