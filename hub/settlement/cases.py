"""What people ask of settlement, one use case each; screens, API and shell call these.

Each asks for what must be true, has one body entered and applied by the desk (``do``), and
answers. Asked again, each gives the same answer and enters nothing.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeAlias

from hub.bodies import (
    AnyHubBody,
    HubBody,
    HubRecord,
    WindowApproved,
    WindowClosed,
    WindowReleased,
    WindowResult,
    WindowReviewed,
)
from hub.core import Core
from hub.points.books import Books
from hub.settlement import draft as drafts
from hub.settlement import release, windows
from hub.settlement.errors import ResultRefused
from hub.settlement.journal import Journal, Release, ReleasedLine
from hub.settlement.result import read_result
from hub.settlement.windows import FILE_MADE, SHOPS, State, Window, WindowName
from hub.store.database import Tx
from sync.clock import end_of
from sync.errors import RefusedByRule
from sync.values import Millis, MunicipalityCode, OrganisationId

Do: TypeAlias = Callable[[AnyHubBody], object]
"""Enters a body as a person who may, and applies it, in the open transaction."""

APPLIERS: Mapping[type[HubBody], Callable[[Books, HubRecord], None]] = {
    WindowClosed: windows.close,
    WindowReviewed: windows.review,
    WindowApproved: windows.approve,
    WindowReleased: release.release,
    WindowResult: release.result,
}
"""What each of settlement's bodies does to a town's books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The answer to closing: how many lines, and what they earned together."""

    window: str
    municipality: MunicipalityCode
    lines: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """A released file. ``count`` and ``total`` (yen) are those of its trailer."""

    window: str
    pay_on: str
    count: int
    total: int
    sha256: str
    file: bytes


@dataclass(frozen=True, slots=True)
class Settlement:
    """The use cases over a hub's database and its journal of releases.

    All are refused with ``journal-ahead`` while the database lacks a journalled release, and
    with ``unknown-window`` for a window that was not closed.
    """

    core: Core
    journal: Journal

    def close(
        self, do: Do, town: MunicipalityCode, kind: str = SHOPS, *, until: date | None = None
    ) -> Closed:
        """Close a town's open window.

        ``until`` only refuses (``day-not-over``) before that day is over in Asia/Tokyo; where a
        window was closed since, that one is the answer, as it is where nothing was earned since.
        """
        windows.check_kind(kind)
        with self.core.database.write() as tx:
            self.journal.check(tx)
            over = None if until is None else end_of(until.isoformat())
            if over is not None and self.core.clock.now() < over:
                raise RefusedByRule("day-not-over", f"{until} is not over yet: close after it")
            last = windows.latest(tx, town, kind)
            if last is None or not _stands(tx, last, over):
                number = windows.open_number(tx, town)
                do(WindowClosed(town=town, kind=kind))
                last = windows.find(tx, WindowName(town, kind, number))
        return Closed(window=last.window, municipality=town, lines=last.lines, total=last.total)

    def review(self, do: Do, name: WindowName) -> Window:
        """Note that a person read the window's lines."""
        with self.core.database.write() as tx:
            self.journal.check(tx)
            if windows.find(tx, name).state in {State.CLOSED, State.REVIEWED}:
                do(WindowReviewed(town=name.town, kind=name.kind, window=name.number))
            return windows.find(tx, name)

    def approve(self, do: Do, name: WindowName) -> Window:
        """Approve the payment, by a person who neither closed nor reviewed the window."""
        with self.core.database.write() as tx:
            self.journal.check(tx)
            if windows.find(tx, name).state in {State.CLOSED, State.REVIEWED}:
                do(WindowApproved(town=name.town, kind=name.kind, window=name.number))
            return windows.find(tx, name)

    def file(
        self,
        do: Do,
        name: WindowName,
        *,
        pay_on: date | None = None,
        twice: Mapping[OrganisationId, str] | None = None,
    ) -> BankFile:
        """Make the bank file, or hand out again the one that was made.

        ``twice``: why an account gets the same amount once more, by organisation.
        Its bytes are made while others post; where what they follow from changed meanwhile, once
        more. Its journal line is on the disk before this returns.
        """
        read = partial(drafts.draft, name=name, pay_on=pay_on, twice=twice)
        with self.core.database.read() as tx:
            self.journal.check(tx)
            is_made = windows.find(tx, name).state in FILE_MADE
            draft = None if is_made else read(tx, now=self.core.clock.now())
        made = None if draft is None else drafts.make(draft)  # nobody waits for this
        with self.core.database.write() as tx:
            self.journal.check(tx)
            window = windows.find(tx, name)
            if window.state not in FILE_MADE:
                again = read(tx, now=self.core.clock.now())
                do(made if made is not None and again == draft else drafts.make(again))
                window = windows.find(tx, name)
            elif pay_on is not None and pay_on.isoformat() != window.pay_on:
                raise RefusedByRule(
                    "file-differs", f"the file of {name} was made, to be paid on {window.pay_on}"
                )
            answer, kept = _file_of(tx, window, self.core.clock.now())
        self.journal.keep(kept, answer.file)
        return answer

    def result(self, do: Do, name: WindowName, data: bytes) -> Window:
        """Read what the bank says became of a file; a CSV as :mod:`hub.settlement.result` has it.

        Refused with ``not-released``, ``result-refused`` or ``result-differs``.
        """
        with self.core.database.write() as tx:
            self.journal.check(tx)
            window = windows.find(tx, name)
            if window.state not in FILE_MADE:
                raise RefusedByRule("not-released", f"no file of {name} has gone to the bank yet")
            count = len(release.outcomes(tx, name))
            try:
                said = read_result(data, lines=count)
            except ResultRefused as error:
                raise RefusedByRule("result-refused", str(error)) from None
            lines = tuple((each.line, each.outcome.value, each.reason) for each in said)
            if lines != release.outcomes(tx, name):
                do(WindowResult(town=name.town, kind=name.kind, window=name.number, lines=lines))
            return windows.find(tx, name)


def _stands(tx: Tx, last: Window, over: Millis | None) -> bool:
    """Whether a window closed before is the answer to closing now."""
    if over is not None and last.closed_at >= over:
        return True
    return not windows.net_credits(
        tx, last.municipality, windows.open_number(tx, last.municipality)
    )


def _file_of(tx: Tx, window: Window, now: Millis) -> tuple[BankFile, Release]:
    file = bytes(
        tx.scalar(
            "SELECT file FROM settlement_window"
            ' WHERE municipality=:town AND kind=:kind AND "window"=:number',
            **window.name._asdict(),
        )
    )
    paid = windows.payments(tx, window, minimum=1)
    answer = BankFile(
        window=window.window,
        pay_on=window.pay_on,
        count=sum(each.paid > 0 for each in paid),
        total=sum(each.paid for each in paid),
        sha256=hashlib.sha256(file).hexdigest(),
        file=file,
    )
    kept = Release(
        window=window.window,
        pay_on=window.pay_on,
        released_at=now,
        total=answer.total,
        sha256=answer.sha256,
        lines=tuple(
            ReleasedLine(each.line, each.organisation, each.points, each.netted, each.paid)
            for each in paid
        ),
    )
    return answer, kept
