"""What comes at the same moment is committed by one sync, and nobody hears before it."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier
from hub.store import schema
from hub.store.database import Database, Towns, Tx
from hub.store.together import Together
from sync.errors import NotAuthentic, RefusedByRule
from sync.receipt import Answer
from tests.doubles import databases
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident


class Gate:
    """Lets a test hold up the first who leads, until all others are waiting behind."""

    def __init__(self) -> None:
        self.groups = 0
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> None:
        self.groups += 1
        if self.groups == 1:
            self.reached.set()
            assert self.go_on.wait(10)


class Crowd:
    """One caller who is held up, and those who come meanwhile."""

    def __init__(self, together: Together[None], gate: Gate) -> None:
        self._together = together
        self._gate = gate
        self._pool = ThreadPoolExecutor(16)

    def all_do(self, *works: Callable[[], None]) -> list["Future[None]"]:
        """The first leads; the others wait when it goes on."""
        first = self._pool.submit(self._together.run, works[0])
        assert self._gate.reached.wait(10)
        others = [self._pool.submit(self._together.run, work) for work in works[1:]]
        while len(self._together._waiting) < len(works):
            pass  # they come within microseconds
        self._gate.go_on.set()
        return [first, *others]


@pytest.fixture
def database() -> Database:
    return databases.ledger()


def note(database: Database, name: str) -> None:
    with database.write() as tx:
        tx.run("INSERT INTO meta (name, value) VALUES (:name, :value)", name=name, value=b"x")


def noted(database: Database) -> list[str]:
    with database.read() as tx:
        found = tx.rows("SELECT name FROM meta WHERE name LIKE 'note-%' ORDER BY name")
    return [name for (name,) in found]


def test_many_who_come_at_once_are_one_group(database: Database) -> None:
    gate = Gate()
    crowd = Crowd(Together(database, gate), gate)

    done = crowd.all_do(*(lambda n=n: note(database, f"note-{n}") for n in range(8)))

    assert [each.result(10) for each in done] == [None] * 8
    assert gate.groups == 1
    assert len(noted(database)) == 8


def test_who_a_rule_refuses_leaves_nothing_behind_and_spoils_nobody(database: Database) -> None:
    gate = Gate()
    crowd = Crowd(Together(database, gate), gate)

    def refused() -> None:
        note(database, "note-refused")
        raise RefusedByRule("no", "a rule says no")

    good, bad, late = crowd.all_do(
        lambda: note(database, "note-1"), refused, lambda: note(database, "note-2")
    )

    assert (good.result(10), late.result(10)) == (None, None)
    with pytest.raises(RefusedByRule):
        bad.result(10)
    assert noted(database) == ["note-1", "note-2"]
    assert gate.groups == 1


def test_who_comes_alone_leaves_nothing_behind_either(database: Database) -> None:
    def refused() -> None:
        note(database, "note-refused")
        raise RefusedByRule("no", "a rule says no")

    with pytest.raises(RefusedByRule):
        Together[None](database).run(refused)

    assert noted(database) == []


def test_a_mistake_in_one_work_costs_the_others_a_commit_of_their_own(database: Database) -> None:
    gate = Gate()
    crowd = Crowd(Together(database, gate), gate)

    def mistaken() -> None:
        note(database, "note-1")  # is there already: the whole transaction may be lost by that

    note(database, "note-1")
    first, bad, last = crowd.all_do(
        lambda: note(database, "note-2"), mistaken, lambda: note(database, "note-3")
    )

    assert (first.result(10), last.result(10)) == (None, None)
    with pytest.raises(Exception, match=r"(?i)unique"):
        bad.result(10)
    assert noted(database) == ["note-1", "note-2", "note-3"]


def test_nobody_hears_yes_when_the_commit_fails(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    together: Together[None] = Together(database, gate)
    crowd = Crowd(together, gate)
    write = database.write

    @contextmanager
    def without_commit(towns: Collection[str] | None = None) -> Iterator[Tx]:
        with write(towns) as tx:
            yield tx
            if tx.scalar("SELECT count(*) FROM meta WHERE name LIKE 'note-%'"):
                raise OSError("the disk is gone")

    monkeypatch.setattr(database, "write", without_commit)
    done = crowd.all_do(*(lambda n=n: note(database, f"note-{n}") for n in range(3)))

    for each in done:
        with pytest.raises(OSError, match="the disk is gone"):
            each.result(10)
    assert noted(database) == []


def test_who_comes_upon_another_town_is_done_apart_from_the_group(database: Database) -> None:
    gate = Gate()
    together: Together[None] = Together(database, gate)
    own: Towns = frozenset({KAWASAKI})
    both: Towns = frozenset({KAWASAKI, TOSHIMA})
    heard: list[tuple[str, Towns]] = []

    def within(name: str, *towns: str) -> None:
        with database.write(own) as tx:
            tx.insert(schema.meta, name=name, value=b"x")
            tx.require(*towns)
            heard.append((name, tx.towns))

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(together.run, lambda: within("note-1"), own)]
        assert gate.reached.wait(10)
        done.append(pool.submit(together.run, lambda: within("note-2", TOSHIMA), own))
        done.append(pool.submit(together.run, lambda: within("note-3"), own))
        while len(together._waiting) < len(done):
            pass  # they come within microseconds
        gate.go_on.set()
        for each in done:
            each.result(10)

    assert noted(database) == ["note-1", "note-2", "note-3"]
    assert dict(heard)["note-2"] == both
    assert {towns for name, towns in heard if name != "note-2"} == {own}
    assert gate.groups == 1


def test_some_that_come_at_once_are_told_each_for_itself(database: Database) -> None:
    together: Together[None] = Together(database)

    def refused() -> None:
        note(database, "note-refused")
        raise RefusedByRule("no", "a rule says no")

    assert together.run_all([]) == []
    works = [partial(note, database, f"note-{n:02}") for n in range(40)]
    told = together.run_all([(works[0], None), (refused, None), *((do, None) for do in works[1:])])

    assert [error is None for _, error in told] == [True, False, *[True] * 39]
    assert isinstance(told[1][1], RefusedByRule)
    assert noted(database) == [f"note-{n:02}" for n in range(40)]
    together.run(lambda: note(database, "note-next"))  # nobody kept the lead


def test_what_concerns_a_group_is_done_once_and_only_with_what_is_kept(database: Database) -> None:
    gate = Gate()
    finished: list[int] = []

    def count(tx: Tx, done: Sequence[None]) -> None:
        finished.append(len(done))
        tx.run("INSERT INTO meta (name, value) VALUES ('note-all', :value)", value=b"x")

    def refused() -> None:
        raise RefusedByRule("no", "a rule says no")

    crowd = Crowd(Together(database, gate, count), gate)
    good, bad, late = crowd.all_do(
        lambda: note(database, "note-1"), refused, lambda: note(database, "note-2")
    )

    assert (good.result(10), late.result(10)) == (None, None)
    with pytest.raises(RefusedByRule):
        bad.result(10)
    assert finished == [2]
    assert noted(database) == ["note-1", "note-2", "note-all"]


def test_the_next_group_is_led_by_one_of_its_own(database: Database) -> None:
    together: Together[None] = Together(database)
    with ThreadPoolExecutor(16) as pool:
        done = [
            pool.submit(together.run, partial(note, database, f"note-{n:03}")) for n in range(200)
        ]
        assert [each.result(20) for each in done] == [None] * 200
    assert len(noted(database)) == 200


def test_batches_that_come_together_are_answered_each_for_itself(
    town: Corner, hana: Resident
) -> None:
    pens = [town.node((GREENGROCER, FISH_SHOP)[n % 2], str(1111 + n)) for n in range(6)]
    for pen in pens:
        town.feed(pen, available=30)
        pen.spend(hana.card, town.account(hana), 10, town=KAWASAKI)
    forged = pens[0].copy()
    forged.key = pens[1].key
    hub = Judging(town.core, town.identities, InlineVerifier())

    def hand_in(pen: Pen, body: bytes) -> Answer:
        return hub.hand_in(pen.node, pen.epoch, 1, body)

    with ThreadPoolExecutor(8) as pool:
        true = [pool.submit(hand_in, pen, pen.batch()) for pen in pens[1:]]
        bad = pool.submit(hand_in, pens[0], forged.batch())
        with pytest.raises(NotAuthentic):
            bad.result(20)
        for pen, answer in zip(pens[1:], true, strict=True):
            assert town.custody(answer.result(20)).received == pen.seq
    hub.round()
    assert town.wallet(hana) == 950
    assert town.audit() == []
