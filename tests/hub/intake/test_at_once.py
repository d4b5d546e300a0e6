"""What few records a counter hands in is judged by the commit that takes them into custody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.handing_in import Judging
from hub.intake import at_once
from hub.intake.at_once import AtOnce
from hub.intake.receive import receive
from hub.intake.verify import InlineVerifier
from hub.store.database import Tx
from sync.errors import Unreachable
from sync.receipt import Answer, Outcome
from sync.values import MunicipalityCode
from tests.doubles.pen import Pen
from tests.hub.corner import BOOKSHOP, FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident


class Hub:
    """A hub that serves, whose own round nobody goes unless a test does."""

    def __init__(self, town: Corner) -> None:
        self.town = town
        self.woken = threading.Event()
        self.judging = Judging(town.core, town.identities, InlineVerifier())
        self.judging.beside(self.woken.set)

    def hand_in(self, pen: Pen, first: int = 1) -> Answer:
        """What a terminal hears of its batch."""
        return self.judging.hand_in(pen.node, pen.epoch, first, pen.batch(first))


@pytest.fixture
def hub(town: Corner, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The hub, with nobody who waits for its round for long."""
    monkeypatch.setattr("hub.handing_in.PATIENCE", 0.01)
    return Hub(town)


def shop(town: Corner, who: Resident, name: str = "1111", sales: int = 1) -> Pen:
    """A shop that has sold while the hub was silent."""
    pen = town.node(GREENGROCER, name)
    town.feed(pen, available=900)
    for _ in range(sales):
        pen.spend(who.card, town.account(who), 10, town=KAWASAKI)
    return pen


@contextmanager
def commits(town: Corner) -> Iterator[list[str]]:
    """The durable commits that happen meanwhile."""
    seen: list[str] = []
    rows = Tx.rows

    def watched(self: Tx, sql: str, values: object = ()) -> object:
        if sql == "COMMIT" and self.raw is town.core.database._raw():
            seen.append(sql)
        return rows(self, sql, values)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Tx, "rows", watched)
        yield seen


def test_a_counter_waits_for_one_commit_and_for_nobodys_round(
    town: Corner, hana: Resident, hub: Hub
) -> None:
    pen = shop(town, hana)

    with commits(town) as seen:
        answer = hub.hand_in(pen)

    assert town.custody(answer).received == pen.seq
    assert {one.outcome for one in town.verdicts(answer).values()} == {Outcome.APPLIED}
    assert town.wallet(hana) == 990
    assert len(seen) == 1
    assert not hub.woken.is_set()
    assert town.audit() == []


def test_shops_that_come_together_are_one_posting(town: Corner, hana: Resident, hub: Hub) -> None:
    pens = [shop(town, hana, str(1111 + n)) for n in range(3)]
    parts = town.core, town.identities, InlineVerifier()

    with town.core.database.write() as tx:
        taken = [receive(town.core, pen.node, pen.epoch, 1, pen.batch()) for pen in pens]
        posted = AtOnce(*parts, hub.judging.stopped).judge(tx, taken)
        postings = {number for (number,) in tx.rows("SELECT posting FROM record")}

    assert {line.node: seq for line, seq in posted.items()} == {pen.node: pen.seq for pen in pens}
    assert len(postings) == 1
    assert town.audit() == []


def test_what_stands_behind_a_backlog_waits_for_its_turn(
    town: Corner, hana: Resident, hub: Hub
) -> None:
    pen = shop(town, hana, sales=at_once.SMALL + 1)
    assert town.verdicts(hub.hand_in(pen)) == {}
    waiting = pen.seq

    pen.spend(hana.card, town.account(hana), 10, town=KAWASAKI)
    answer = hub.hand_in(pen, waiting + 1)

    assert town.custody(answer).received == pen.seq
    assert town.verdicts(answer) == {}
    assert hub.woken.is_set()
    hub.judging.round()
    assert town.waiting() == 0
    assert town.audit() == []


def test_points_of_another_town_are_left_to_the_round_that_hands_them_over(
    town: Corner, hana: Resident, hub: Hub
) -> None:
    pen = town.node(BOOKSHOP)
    town.feed(pen, available=900)
    pen.spend(hana.card, town.account(hana), 10, town=KAWASAKI)
    town.grant(hana, 100, town=TOSHIMA)

    assert town.verdicts(hub.hand_in(pen)) == {}
    assert hub.woken.is_set()
    hub.judging.round()
    assert town.waiting() == 0


def test_more_than_a_moments_work_is_left_to_the_round(
    town: Corner, hana: Resident, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "MOST", 1)
    pen = shop(town, hana)
    assert pen.seq > 1

    assert town.verdicts(hub.hand_in(pen)) == {}
    assert hub.woken.is_set()


@pytest.mark.parametrize("broken", [ZeroDivisionError("a mistake"), Unreachable("it went away")])
def test_custody_is_kept_whatever_judging_meets(
    town: Corner, hana: Resident, hub: Hub, broken: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a posting leaves nothing behind; the hub's own round judges it when it can."""
    pen = shop(town, hana)

    def fails(_core: object, tx: Tx, home: MunicipalityCode, *_: object) -> None:
        tx.run("UPDATE municipality SET posting=posting+7 WHERE municipality=:home", home=home)
        raise broken

    with pytest.MonkeyPatch.context() as spoilt:
        spoilt.setattr(at_once, "post_together", fails)
        answer = hub.hand_in(pen)

    assert town.custody(answer).received == pen.seq
    assert town.verdicts(answer) == {}
    assert hub.woken.is_set()
    assert "the records stay in custody" in caplog.text
    hub.judging.round()
    assert town.wallet(hana) == 990
    assert town.audit() == []


def test_a_forged_batch_beside_good_ones_spoils_none_of_their_verdicts(
    town: Corner, hana: Resident, hub: Hub
) -> None:
    first = shop(town, hana)
    second = town.node(FISH_SHOP)
    town.feed(second, available=900)
    second.spend(hana.card, town.account(hana), 20, town=KAWASAKI)

    assert set(town.verdicts(hub.hand_in(first))) == set(range(1, first.seq + 1))
    assert set(town.verdicts(hub.hand_in(second))) == set(range(1, second.seq + 1))
    assert town.verdicts(hub.hand_in(first)) == town.verdicts(hub.hand_in(first))
    assert town.wallet(hana) == 970
