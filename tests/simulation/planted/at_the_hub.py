"""Mistakes of the hub."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import hub.counters
import hub.handing_in
import hub.intake.receive
import hub.points.ending
import hub.points.holds
import hub.points.recheck
import hub.points.redeem
import hub.points.till
import hub.points.told
import hub.points.undo
import hub.settlement.release
import hub.settlement.windows
from hub.handing_in import Judging
from hub.points.askers import Asker
from hub.points.books import Books
from hub.points.case import applied
from hub.store import schema
from hub.store.alike import Alike
from hub.store.together import Together
from tests.simulation.faults import HubCrash

Plant = AbstractContextManager[Any]

# -- acknowledged before it was kept


def _spoken_first(core: Any, what: Callable[[], Any]) -> Any:
    """The answer leaves while its transaction is still open; then the power may go."""
    said: list[Any] = []
    try:
        with core.database.write():
            said.append(what())
    except HubCrash:
        if not said:
            raise
    return said[0]


def custody_before_commit() -> Plant:
    """The hub signs custody of a batch before its inbox is committed."""
    true = Together.run_all
    return patch.object(
        Together, "run_all", lambda self, works: _spoken_first(self, lambda: true(self, works))
    )


def receipt_before_commit() -> Plant:
    """Custody is committed; the receipts are signed before the posting that they tell of."""
    hand_in, receive = Judging.hand_in, hub.intake.receive.receive

    def early(self: Any, node: Any, epoch: Any, first: int, body: bytes) -> Any:
        taken = receive(self._core, node, epoch, first, body)
        with patch.object(hub.handing_in, "keep", lambda *_: taken):
            return _spoken_first(self._core, lambda: hand_in(self, node, epoch, first, body))

    return patch.object(Judging, "hand_in", early)


def hold_before_commit() -> Plant:
    """The hub says yes to a hold before the points are held."""
    true = hub.counters.Counters.hold
    return patch.object(
        hub.counters.Counters,
        "hold",
        lambda self, *what: _spoken_first(self._core, lambda: true(self, *what)),
    )


def life_before_commit() -> Plant:
    """The hub grants a new epoch before it is written down."""
    true = hub.counters.Counters.grant_epoch
    return patch.object(
        hub.counters.Counters,
        "grant_epoch",
        lambda self, *what: _spoken_first(self._core, lambda: true(self, *what)),
    )


# -- custody


def deduplicated_by_place_only() -> Plant:
    """The hub takes any record for a place that it has for the one it has."""

    def already(_self: Any, line: Any, run: Any) -> int:
        if run.first > line.received or run.first <= line.base:
            return 0
        return int(min(len(run.records), line.received - run.first + 1))

    return patch.object(hub.intake.receive._Custody, "_already", already)


def chain_unchecked() -> Plant:
    """The hub takes what begins behind its cursor, whatever it says came before it."""
    return patch.object(hub.intake.receive._Custody, "_follows", lambda *_: True)


def evidence_not_healed() -> Plant:
    """A copy with good evidence changes nothing."""
    return patch.object(hub.handing_in, "heal", lambda *_: 0)


def healed_by_later_ones() -> Plant:
    """A healed record is judged by all that its node wrote, itself and later ones included."""
    return patch.object(hub.points.recheck, "came_before", lambda *_: True)


# -- holds


def holds_freed_by_any_put() -> Plant:
    """Each PUT frees every open hold of its epoch, also of a sale that is being made."""
    true = hub.points.ending.end_attempts

    def end(core: Any, tx: Any, line: Any, attempts: Any, *, closed: bool) -> None:
        rows = tx.rows(
            "SELECT n FROM hold WHERE node=? AND epoch=? AND state='open'", [line.node, line.epoch]
        )
        true(core, tx, line, [*attempts, *(n for (n,) in rows)], closed=closed)

    return patch.object(hub.intake.receive, "end_attempts", end)


def late_hold_doubled() -> Plant:
    """A request that comes after the record that names it blocks the points once more."""
    return patch.object(hub.points.holds.HoldShelf, "spoken_of", lambda *_: None)


def given_up_attempt_opens() -> Plant:
    """A request that comes after its node has given it up holds points for nobody."""
    return patch.object(hub.points.ending, "remember_ended", lambda *_: None)


def records_not_asked_first() -> Plant:
    """A hold is granted although its node has spent of this person what is not posted yet."""
    return patch.object(Asker, "posted", lambda *_: 10**9)


# -- tickets


def second_redemption_applied() -> Plant:
    """The hub applies every redemption within policy."""
    true = hub.points.redeem._second

    def second(till: Any, case: Any, paper: Any) -> Any:
        judgement = true(till, case, paper)
        return applied(paper.body.points) if judgement.paid else judgement

    return patch.object(hub.points.redeem, "_second", second)


@contextmanager
def none_promoted() -> Iterator[None]:
    """A first redemption is undone, and the reserve goes on paying the second one."""
    with (
        patch.object(hub.points.undo, "promote_next", lambda *_, **__: False),
        patch.object(hub.points.holds, "promote_next", lambda *_, **__: False),
    ):
        yield


def claim_ignored() -> Plant:
    """A ticket that one counter holds is paid to another that redeems it offline.

    Other tickets' points pay for it (I2). Where none is live the ledger refuses, the postings of
    the town stop, and no record behind it gets a verdict (I5).
    """
    return patch.object(hub.points.redeem, "is_claimed", lambda *_: False)


# -- the ledger


def reversal_in_full() -> Plant:
    """A reversal gives the resident all points back, also those that fell on a deficit."""

    def repay(books: Any, debit: str, bearer: str, points: int, **why: Any) -> None:
        source, at, of = why["source"], why["at"], str(why["of"])
        books.move(debit, bearer, points, source=source, at=at, of=of)

    return patch.object(hub.points.undo, "repay", repay)


def reversed_into_hold() -> Plant:
    """What came from a hold goes back into it, where nobody will ever use it."""
    return patch.object(hub.points.undo, "_home_of", lambda _till, bearer: (bearer, None))


def deficit_not_recovered() -> Plant:
    """What makes a wallet grow does not recover its deficit."""
    return patch.object(Books, "recover", lambda *_, **__: None)


def lapsed_ignored() -> Plant:
    """A spend from before an expiry, handed in after it, finds the points gone."""
    return patch.object(hub.points.till, "take_lapsed", lambda *_: 0)


def posted_twice() -> Plant:
    """A transfer is written twice when a batch comes twice: no cursor moves with the posting."""
    true = Books.flush

    def flush(self: Any, cause: Any) -> None:
        if cause[0] == "records" and self.number % 7 == 0:
            part = schema.transfer.columns.keys().index("part")
            self._moves += [
                (*move[:part], move[part] + 50, *move[part + 1 :]) for move in self._moves
            ]
            self._sales += [Alike({**some.shared, "part": 50}, some.own) for some in self._sales]
        true(self, cause)

    return patch.object(Books, "flush", flush)


@contextmanager
def window_by_time() -> Iterator[None]:
    """A window holds what happened since the one before was closed, not what its stamp says.

    The bank file is compared with the ledger before it leaves, which would stop it as well: that
    comparison makes the same mistake here.
    """
    true = hub.settlement.windows.net_credits

    def net(tx: Any, town: Any, window: int) -> Any:
        rows = tx.rows(
            'SELECT min("at") FROM transfer WHERE municipality=? AND "window"=?', [town, window]
        )
        start = rows[0][0] or 0
        late = dict(
            tx.rows(
                'SELECT credit, sum(points) FROM transfer WHERE municipality=? AND "window"<?'
                " AND \"at\">=? AND credit LIKE 'payable:%' GROUP BY credit",
                [town, window, start],
            )
        )
        found = true(tx, town, window)
        return {name: points + late.get(f"payable:{name}", 0) for name, points in found.items()}

    with (
        patch.object(hub.settlement.windows, "net_credits", net),
        patch.object(hub.settlement.release, "net_credits", net),
    ):
        yield


def later_news_counts() -> Plant:
    """A sale is judged by what nodes were told of its card since."""
    true = hub.points.told.Feed.state_of

    def state_of(self: Any, home: str, card: bytes, _feed: int) -> Any:
        return true(self, home, card, 10**9)

    return patch.object(hub.points.told.Feed, "state_of", state_of)
