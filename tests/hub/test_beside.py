"""A hub that serves judges beside its answers: soon, and never so that custody has to wait."""

import resource
import threading

import pytest

from hub import handing_in, serve
from hub.handing_in import Judging, Postings
from hub.intake import at_once
from hub.intake.verify import InlineVerifier
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident


class Hub:
    """What the rounds of a serving hub need of it."""

    def __init__(self, town: Corner) -> None:
        self.judging = Judging(town.core, town.identities, InlineVerifier())

    def round(self) -> None:
        """Judge what waits."""
        self.judging.round()


@pytest.fixture
def shop(town: Corner, hana: Resident) -> Pen:
    """A shop with a few sales."""
    pen = town.node(GREENGROCER)
    town.feed(pen, available=900)
    pen.spend(hana.card, town.account(hana), 10, town=KAWASAKI)
    return pen


def test_a_small_batch_has_its_verdicts_in_the_same_answer(town: Corner, shop: Pen) -> None:
    hub = Hub(town)
    rounds = serve.Rounds(hub)  # type: ignore[arg-type]  # all that they ask of a hub
    rounds.start()
    try:
        answer = hub.judging.hand_in(shop.node, shop.epoch, 1, shop.batch())
    finally:
        rounds.stop()

    assert set(town.verdicts(answer)) == set(range(1, shop.seq + 1))


def test_custody_is_answered_where_nobody_judges(
    town: Corner, shop: Pen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_in, "PATIENCE", 0.01)
    monkeypatch.setattr(at_once, "MOST", 0)
    hub, woken = Hub(town), threading.Event()
    hub.judging.beside(woken.set)

    answer = hub.judging.hand_in(shop.node, shop.epoch, 1, shop.batch())

    assert woken.is_set()
    assert town.custody(answer).received == shop.seq
    assert town.verdicts(answer) == {}
    assert town.waiting() == 1


def test_a_large_batch_is_judged_at_once_and_not_awaited(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    while shop.seq <= at_once.SMALL + 2:
        shop.spend(hana.card, town.account(hana), 10, town=KAWASAKI)
    hub, woken = Hub(town), threading.Event()
    hub.judging.beside(woken.set)

    hub.judging.hand_in(shop.node, shop.epoch, 1, shop.batch())

    assert woken.is_set()


def test_few_wait_for_a_posting_and_the_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_in, "PATIENCE", 30.0)
    postings = Postings()
    patient = [threading.Thread(target=postings.await_next) for _ in range(handing_in.MOST_PATIENT)]
    for each in patient:
        each.start()
    while postings.waiting < handing_in.MOST_PATIENT:
        pass  # they begin within microseconds

    postings.await_next()  # returns at once: enough wait already

    postings.another()  # was under way before
    postings.another()
    for each in patient:
        each.join(10)
        assert not each.is_alive()
    assert postings.waiting == 0


@pytest.mark.parametrize(
    ("soft", "hard", "taken"),
    [
        (1_024, 20_000, 20_000),
        (1_024, resource.RLIM_INFINITY, serve.MOST_FILES),
        (200_000, 500_000, 200_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
    ],
)
def test_a_hub_takes_as_many_connections_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, taken: int
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, to: limits.append(to))

    assert serve.take_open_files() == taken
    assert limits[-1] == (taken, hard)
