"""Mistakes of the node."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

import node.inbox
import node.limits
import node.renewal
import node.writer
from node.knowledge import Knowledge
from sync.sealing import Sealer
from sync.values import CardState


@contextmanager
def receipt_counted_first() -> Iterator[None]:
    """The node moves on when a receipt comes, and stores the receipt in a commit behind that."""
    inbox = node.inbox.Inbox
    file, take = inbox._file, inbox.take

    def later(self: Any, epoch: Any, answer: Any, ended: Any, *, closed: bool) -> Any:
        behind: list[Any] = []

        def put_off(one: Any, *what: Any) -> None:
            if what[1] == "receipt":
                behind.append(what)
            else:
                file(one, *what)

        with patch.object(inbox, "_file", put_off):
            taken = take(self, epoch, answer, ended, closed=closed)
        with self._store.transaction():
            for what in behind:
                file(self, *what)
        return taken

    with patch.object(inbox, "take", later):
        yield


def receipt_not_stored() -> AbstractContextManager[Any]:
    """The node counts receipts and keeps none."""
    true = node.inbox.Inbox._take_receipt

    def take(self: Any, epoch: Any, signed: Any, receipt: Any) -> Any:
        with patch.object(node.inbox.Inbox, "_file", lambda *_: None):
            return true(self, epoch, signed, receipt)

    return patch.object(node.inbox.Inbox, "_take_receipt", take)


def head_trimmed() -> AbstractContextManager[Any]:
    """The second path forgets its last head when everything has its receipt."""
    true = node.renewal.Renewal._waiting

    def waiting(self: Any) -> Any:
        return [entry for entry in true(self) if entry.record]

    return patch.object(node.renewal.Renewal, "_waiting", waiting)


def float_freed_by_custody() -> AbstractContextManager[Any]:
    """The node counts what is in custody as if it had its receipt."""

    def float_used(store: Any, kind: str) -> int:
        found = store.number(
            "SELECT coalesce(sum(move.points), 0) FROM move JOIN epoch USING (epoch)"
            " WHERE kind = ? AND tier = 'T2' AND seq > epoch.received",
            (kind,),
        )
        return int(found)

    return patch.object(node.limits, "float_used", float_used)


def float_freed_by_quarantine() -> AbstractContextManager[Any]:
    """The node counts any verdict as final, also one that people have still to decide."""
    final = node.limits._FLOAT.replace("verdict = 'quarantined'", "verdict IS NULL")
    return patch.object(node.limits, "_FLOAT", final)


def own_spends_forgotten() -> AbstractContextManager[Any]:
    """The node does not subtract what it took since the standing was made."""
    return patch.object(node.limits, "later", lambda _store, _account, _as_of: ())


def closed_cards_taken() -> AbstractContextManager[Any]:
    """The node takes points of any card whose standing opens."""
    true = node.limits.Limits.account

    def account(self: Any, *what: Any) -> Any:
        return msgspec.structs.replace(true(self, *what), state=CardState.ACTIVE)

    return patch.object(node.limits.Limits, "account", account)


def lapsed_lists_believed() -> AbstractContextManager[Any]:
    """The node goes by the age of the last page alone."""
    return patch.object(Knowledge, "good_until", lambda _self: None)


def certificate_kept_open() -> AbstractContextManager[Any]:
    """Certificates lie in the node's database as the card gave them."""
    true = node.writer.Writer._keep_certificate

    def keep(self: Any, proof: Any, key: Any) -> None:
        with patch.object(Sealer, "seal", lambda _self, piece, _belongs_to: piece):
            true(self, proof, key)

    return patch.object(node.writer.Writer, "_keep_certificate", keep)
