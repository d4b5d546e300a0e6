"""Mistakes that the simulator must catch, each planted by changing one rule of the real programs.

Every one of them is a rule that somebody could forget, or get almost right.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import hub.intake.receive
import hub.points.ending
import hub.points.redeem
import hub.points.till
import hub.points.undo
import hub.settlement.windows
import node.inbox
import node.limits
import node.renewal
from hub.points.accounts import kind_of, subject_of, wallet
from hub.points.books import Books
from hub.points.case import applied

Plant = Callable[[], AbstractContextManager[Any]]


def _replaced(target: Any, name: str, by: Any) -> Plant:
    return lambda: patch.object(target, name, by)


def _deduplicated_by_place_only() -> AbstractContextManager[Any]:
    """The hub takes any record for a place that it has for the one it has."""

    def already(_self: Any, line: Any, run: Any) -> int:
        if run.first > line.received or run.first <= line.base:
            return 0
        return int(min(len(run.records), line.received - run.first + 1))

    return patch.object(hub.intake.receive._Custody, "_already", already)


@contextmanager
def _float_freed_by_custody() -> Iterator[None]:
    """The node counts what is in custody as if it had its receipt."""

    def float_used(store: Any, kind: str) -> int:
        found = store.number(
            "SELECT coalesce(sum(move.points), 0) FROM move JOIN epoch USING (epoch)"
            " WHERE kind = ? AND tier = 'T2' AND seq > epoch.received",
            (kind,),
        )
        return int(found)

    with patch.object(node.limits, "float_used", float_used):
        yield


def _own_spends_forgotten() -> AbstractContextManager[Any]:
    """The node does not subtract what it took since the standing was made."""
    return patch.object(node.limits, "later", lambda _store, _account, _as_of: ())


def _second_redemption_applied() -> AbstractContextManager[Any]:
    """The hub applies every redemption within policy."""
    true = hub.points.redeem._second

    def second(till: Any, case: Any, body: Any, broken: Any) -> Any:
        judgement = true(till, case, body, broken)
        return applied(body.points) if judgement.paid else judgement

    return patch.object(hub.points.redeem, "_second", second)


def _holds_freed_by_any_put() -> AbstractContextManager[Any]:
    """Each PUT frees every open hold of its epoch, also of a sale that is being made."""
    true = hub.points.ending.end_attempts

    def end(core: Any, tx: Any, line: Any, attempts: Any, *, closed: bool) -> None:
        rows = tx.rows(
            "SELECT n FROM hold WHERE node=? AND epoch=? AND state='open'", [line.node, line.epoch]
        )
        true(core, tx, line, [*attempts, *(n for (n,) in rows)], closed=closed)

    return patch.object(hub.intake.receive, "end_attempts", end)


def _reversal_in_full() -> AbstractContextManager[Any]:
    """A reversal gives the resident all points back, also those that fell on a deficit."""
    true = hub.points.undo._mirror

    def mirror(till: Any, case: Any, of: Any, move: Any) -> None:
        if kind_of(move.debit) == "deficit":
            to = wallet(subject_of(move.debit))  # type: ignore[arg-type]  # an account stands there
            till.books.move(move.credit, to, move.points, source=case.source, at=case.at)
        else:
            true(till, case, of, move)

    return patch.object(hub.points.undo, "_mirror", mirror)


def _window_by_time() -> AbstractContextManager[Any]:
    """A window holds what happened since the one before was closed, not what its stamp says."""
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

    return patch.object(hub.settlement.windows, "net_credits", net)


def _head_trimmed() -> AbstractContextManager[Any]:
    """The second path forgets its last head when everything has its receipt."""
    true = node.renewal.Renewal._waiting

    def waiting(self: Any) -> Any:
        return [entry for entry in true(self) if entry.record]

    return patch.object(node.renewal.Renewal, "_waiting", waiting)


def _receipt_not_stored() -> AbstractContextManager[Any]:
    """The node counts a receipt before it has stored it."""
    true = node.inbox.Inbox._take_receipt

    def take(self: Any, epoch: Any, signed: Any, receipt: Any) -> Any:
        with patch.object(node.inbox.Inbox, "_file", lambda *_: None):
            return true(self, epoch, signed, receipt)

    return patch.object(node.inbox.Inbox, "_take_receipt", take)


def _posted_twice() -> AbstractContextManager[Any]:
    """A transfer is written twice when a batch comes twice: no cursor moves with the posting."""
    true = Books.flush

    def flush(self: Any, cause: Any) -> None:
        if cause[0] == "records" and self.number % 7 == 0:
            doubled = [move._replace(part=move.part + 50) for move in self._transfers]
            self._transfers.extend(doubled)
        true(self, cause)

    return patch.object(Books, "flush", flush)


def _no_recovery() -> AbstractContextManager[Any]:
    """What makes a wallet grow does not recover its deficit."""
    return patch.object(Books, "recover", lambda *_, **__: None)


PLANTED: dict[str, tuple[str, Plant, int]] = {
    "dedupe by place only": ("copies", _deduplicated_by_place_only, 2),
    "float freed by custody": ("offline", _float_freed_by_custody, 6),
    "own spends forgotten": ("offline", _own_spends_forgotten, 2),
    "holds freed by any put": ("usual", _holds_freed_by_any_put, 1),
    "second redemption applied": ("paper", _second_redemption_applied, 2),
    "a claimed ticket paid twice": (
        "paper",
        _replaced(hub.points.redeem, "is_claimed", lambda *_: False),
        8,
    ),
    "reversal credited in full": ("offline", _reversal_in_full, 6),
    "deficit not recovered": ("offline", _no_recovery, 1),
    "late spends ignore what lapsed": (
        "expiry",
        _replaced(hub.points.till, "take_lapsed", lambda *_: 0),
        3,
    ),
    "window by time": ("usual", _window_by_time, 1),
    "second path trimmed to nothing": ("copies", _head_trimmed, 2),
    "receipt counted before it is stored": ("usual", _receipt_not_stored, 1),
    "posted twice": ("usual", _posted_twice, 1),
}
"""Each with the profile of the town and the seed in which it shows within sixty days."""
