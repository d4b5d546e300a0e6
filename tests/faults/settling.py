"""A month that is settled by a process that somebody kills."""

import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hub.settlement.cases import BankFile
from hub.settlement.journal import Journal
from hub.store import schema
from hub.store.database import Database, Tx
from tests.hub.settlement.month import Month


def open_month(folder: Path) -> Month:
    """The month whose ledger and journal lie in a folder; a new one where nothing lies there."""
    file = folder / "ledger.db"
    new = not file.exists()
    ledger = Database(f"sqlite:///{file}", schema.metadata, version=schema.VERSION, new=new)
    return Month(folder / "journal", ledger, joined=not new)


def settle(month: Month) -> BankFile:
    """Everything that people do with a window, in order; said again, it goes on where it was."""
    name = month.closed()
    month.settlement.review(month.person("aoki"), name)
    month.settlement.approve(month.person("baba"), name)
    file = month.settlement.file(month.person("aoki"), name)
    month.bank_says(name, *["paid"] * file.count)
    return file


def settle_until(says: Connection, folder: Path, moment: int) -> None:
    """Settle, and be killed at a moment: before or behind a commit, or what the journal writes."""
    passed = 0

    def here() -> None:
        nonlocal passed
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    def around(work: Callable[..., Any]) -> Callable[..., Any]:
        def done(*what: Any) -> Any:
            here()
            found = work(*what)
            here()
            return found

        return done

    rows = Tx.rows

    def statement(self: Tx, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return (around(rows) if sql == "COMMIT" else rows)(self, sql, values)

    from hub.settlement import journal

    month = open_month(folder)
    Tx.rows = statement  # type: ignore[method-assign]  # in this process only
    journal.write_whole = around(journal.write_whole)  # type: ignore[attr-defined]  # likewise
    Journal._append = around(Journal._append)  # type: ignore[method-assign]  # likewise
    settle(month)
    says.send("settled")
