"""Nobody waits twice, and an answer that comes too late is used, not doubled."""

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from node.card.tap import Signature, Tap
from node.opening import Ports, open_counter
from node.outcome import Approved, Prepared, Refused
from node.reach import HOLD_PATIENCE, InTime, Straight
from node.schedule import Rounds
from sync.errors import RefusedByRule, Unreachable
from sync.records import Spend, Tier, decode
from sync.request import Request, Response
from sync.values import Points
from tests.doubles.hub import KAWASAKI, FakeHub
from tests.node.conftest import Shop, pin

T = TypeVar("T")


def never(_: object) -> None:
    raise AssertionError("nothing came late")


def test_an_answer_in_time_is_the_answer() -> None:
    assert InTime().ask(lambda: 7, 10.0, never) == 7


def test_what_the_question_raises_is_raised_where_somebody_waits() -> None:
    def refuse() -> int:
        raise RefusedByRule("no", "no")

    with pytest.raises(RefusedByRule):
        InTime().ask(refuse, 10.0, never)


def test_a_late_answer_is_handed_on_and_the_person_does_not_wait_for_it() -> None:
    hold, came = threading.Event(), threading.Event()
    late: list[int] = []

    def slow() -> int:
        hold.wait(10)
        return 7

    def keep(value: int) -> None:
        late.append(value)
        came.set()

    with pytest.raises(Unreachable):
        InTime().ask(slow, 0.0, keep)
    hold.set()

    assert came.wait(10)
    assert late == [7]


class SlowHolds:
    """A hub whose answers to holds come after the patience, when the test says so."""

    def __init__(self, hub: FakeHub) -> None:
        self._hub = hub
        self.go = threading.Event()

    def send(self, request: Request) -> Response:
        if "/holds/" not in request.path_with_query:
            return self._hub.send(request)
        self.go.wait(10)
        return self._hub.send(request)


class NoPatience(InTime):
    """Waits not at all for a hold, and says when its late answer was taken in."""

    def __init__(self) -> None:
        self.taken_in = threading.Event()

    def ask(self, call: Callable[[], T], seconds: float, late: Callable[[T], None]) -> T:
        def told(value: T) -> None:
            late(value)
            self.taken_in.set()

        return super().ask(call, 0.0 if seconds == HOLD_PATIENCE else seconds, told)


def test_a_hold_that_was_granted_too_late_is_used_and_not_doubled(shop: Shop) -> None:
    shop.counter.close()
    slow, patience = SlowHolds(shop.hub), NoPatience()
    ports = Ports(
        clock=shop.clock,
        randomness=shop.ports.randomness,
        door=lambda _: slow,
        patience=patience,
    )
    shop.counter = open_counter(shop.folder, ports)
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(800))
    assert isinstance(prepared, Prepared)
    assert prepared.tier is Tier.T2
    slow.go.set()
    assert patience.taken_in.wait(10)

    done = shop.counter.take(prepared, shop.card, pin())

    assert isinstance(done, Approved)
    assert (done.tier, done.balance_after) == (Tier.T0, 4_200)
    shop.mend()
    shop.counter.sync_now()
    assert shop.hub.balance(shop.key) == 4_200


def test_no_card_is_asked_to_sign_what_was_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[bytes] = []
    sign = Tap.sign_record

    def count(tap: Tap, message: bytes) -> Signature:
        signed.append(message)
        return sign(tap, message)

    monkeypatch.setattr(Tap, "sign_record", count)
    approved = 0
    for silent in (True, False, True):
        shop.hub.silent = silent
        shop.counter.probe()
        for amount in (1_001, 900, 1, 6_000, 700, 1_000, 2_500, 400):
            before = len(signed)
            outcome = shop.counter.spend(shop.card, KAWASAKI, Points(amount), pin())
            assert len(signed) == before + isinstance(outcome, Approved)
            if isinstance(outcome, Approved):
                approved += amount
                assert decode(signed[-1][-_length(signed[-1]) :]).seq == outcome.seq
    shop.mend()
    shop.counter.sync_now()

    assert 0 < approved <= 5_000
    assert shop.hub.balance(shop.key) == 5_000 - approved


def _length(message: bytes) -> int:
    """The last part of a tagged message: the record's bytes."""
    tag = len(b"machikado/card/1")
    origin = int.from_bytes(message[tag : tag + 4], "big")
    at = tag + 4 + origin
    return int.from_bytes(message[at : at + 4], "big")


def test_what_was_typed_before_the_limits_were_reached_is_judged_again(shop: Shop) -> None:
    shop.cut()
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(900))
    assert isinstance(prepared, Prepared)
    shop.clock.advance(hours=73)  # nobody typed the PIN for three days

    refused = shop.counter.take(prepared, shop.card, pin())

    assert isinstance(refused, Refused)
    assert refused.reason == "lists-too-old"


def test_the_rounds_notice_that_the_hub_is_back_and_hand_everything_in(shop: Shop) -> None:
    rounds = Rounds(shop.counter)
    shop.cut()
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)
    rounds.push()
    rounds.probe()
    assert shop.counter.status().waiting > 0
    shop.hub.silent = False

    rounds.probe()
    rounds.rest()

    assert shop.counter.status().waiting == 0


def test_a_busy_hub_is_asked_again_when_it_said_and_the_counter_goes_on_with_it(shop: Shop) -> None:
    rounds = Rounds(shop.counter)
    shop.hub.busy = {"/records/": 60}
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)

    rounds.push()
    asked = len(shop.hub.requests)
    for turn in (rounds.push, rounds.sync, rounds.probe):
        turn()

    assert len(shop.hub.requests) == asked, "nothing is sent before the minute is over"
    status = shop.counter.status()
    assert (status.busy, status.hub_reachable, status.silent_since) == (True, True, None)
    assert shop.counter.look_up(shop.card).fresh, (
        "who stands at the counter is served all the while"
    )

    shop.hub.busy = {}
    shop.pass_time(minutes=2)
    rounds.push()

    assert (shop.counter.status().busy, shop.counter.status().waiting) == (False, 0)


def test_a_hub_that_has_not_come_to_what_was_handed_in_leaves_the_sale_to_policy(
    shop: Shop,
) -> None:
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)
    shop.hub.busy = {"/records/": 60}

    done = shop.counter.spend(shop.card, KAWASAKI, Points(900), pin())

    assert isinstance(done, Approved)
    assert done.tier is Tier.T2


def test_a_hub_too_busy_for_a_hold_is_left_alone_while_policy_decides(shop: Shop) -> None:
    rounds = Rounds(shop.counter)
    shop.hub.busy = {"/holds/": 10}

    done = shop.counter.spend(shop.card, KAWASAKI, Points(900), pin())

    assert isinstance(done, Approved)
    assert done.tier is Tier.T2
    asked = len(shop.hub.requests)
    rounds.probe()
    assert len(shop.hub.requests) == asked
    shop.hub.busy = {}
    shop.pass_time(minutes=1)
    rounds.probe()
    assert shop.counter.status().hub_reachable
    assert shop.counter.status().waiting == 0


def test_no_answer_keeps_a_counter_waiting_for_long(shop: Shop) -> None:
    rounds = Rounds(shop.counter)
    shop.hub.busy = {"/records/": 3_600}
    shop.counter.sync_now()
    shop.hub.busy = {}
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)

    shop.pass_time(minutes=7)
    rounds.push()

    assert shop.counter.status().waiting == 0


def test_straight_patience_is_the_doors_own() -> None:
    assert Straight().ask(lambda: 7, 0.0, never) == 7


def test_the_record_of_an_offline_spend_carries_its_grounds(shop: Shop) -> None:
    shop.cut()
    done = shop.counter.spend(shop.card, KAWASAKI, Points(100), pin())
    assert isinstance(done, Approved)
    row = shop.counter.parts.store.row("SELECT bytes FROM record WHERE seq = ?", (done.seq,))
    assert row is not None
    body = decode(row[0]).body

    assert isinstance(body, Spend)
    assert body.basis.policy == shop.hub.policy.digest
    assert body.basis.included == 1
    assert body.basis.receipted == 1


def test_an_attempt_that_was_left_lying_for_a_day_is_given_up_and_told(shop: Shop) -> None:
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(400))
    assert isinstance(prepared, Prepared)
    shop.counter.rest()
    shop.pass_time(hours=22)
    shop.counter.rest()
    assert shop.hub.balance(shop.key) == 4_600, "somebody may still come back to it"

    shop.pass_time(hours=1)
    shop.counter.rest()

    assert isinstance(no := shop.counter.take(prepared, shop.card, pin()), Refused)
    assert no.reason == "attempt-over"
    shop.counter.sync_now()
    assert shop.hub.balance(shop.key) == 5_000
