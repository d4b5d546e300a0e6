"""Settlement windows: what they hold, where they stand, and who brought them there.

    open -> closed -> reviewed -> approved -> released -> settled | returned

Closing is a posting: it takes what the window's stamp has earned each organisation, and switches
the stamp, so that whatever is posted afterwards belongs to the next window. Membership is the
stamp, never a time. A closed window is never rewritten. Reviewing it, and approving it by a person
who neither closed nor reviewed it, move nothing; doing one of them again changes nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from hub.applying import body_of
from hub.bodies import HubRecord, WindowApproved, WindowClosed, WindowReviewed
from hub.paging import Listed, Ordered, Page
from hub.people import owner_of
from hub.points.accounts import receivable
from hub.points.books import Books
from hub.settlement.plan import Claim, Payment, plan
from hub.store import schema
from hub.store.database import Row, Tx
from sync.errors import Malformed, RefusedByRule
from sync.values import Millis, MunicipalityCode, OrganisationId, half_width, municipality_code

SHOPS = "shops"
"""The windows of shops and associations."""

_NAME = re.compile(r"(\d{6})-([a-z]+)-([1-9]\d{0,8})", re.ASCII)


class State(StrEnum):
    """Where a window stands; an open one has no row yet."""

    CLOSED = "closed"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    RELEASED = "released"
    SETTLED = "settled"
    RETURNED = "returned"


FILE_MADE = frozenset({State.RELEASED, State.SETTLED, State.RETURNED})
"""The states in which the bank file has been handed out."""

_NEXT = {
    State.CLOSED: "review",
    State.REVIEWED: "approve",
    State.APPROVED: "file",
    State.RELEASED: "result",
}


class WindowName(NamedTuple):
    """A window as people name it: ``141305-shops-3``."""

    town: MunicipalityCode
    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.town}-{self.kind}-{self.number}"


def window_name(text: str) -> WindowName:
    """Read a window's name; raises Malformed."""
    found = _NAME.fullmatch(half_width(text))
    if found is None:
        raise Malformed(f"window {text!r}: it looks like 141305-{SHOPS}-3")
    return WindowName(municipality_code(found[1]), found[2], int(found[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window that was closed, and which person did what. ``total`` is what was earned.

    ``paid`` is what its file pays; once the bank spoke, less what is ``returned``.
    """

    window: str
    municipality: MunicipalityCode
    kind: str
    number: int
    state: State
    lines: int
    total: int
    paid: int
    returned: int
    closed_at: Millis
    closed_by: str
    reviewed_by: str
    approved_by: str
    pay_on: str
    sha256: str

    @property
    def name(self) -> WindowName:
        """Its name in parts."""
        return WindowName(self.municipality, self.kind, self.number)

    @property
    def needs(self) -> str:
        """What somebody has to do next: review, approve, file, result; empty when all is done."""
        return _NEXT.get(self.state, "")


_CLOSED = Ordered("settlement_window", kind="", window=0)
_OF_A_WINDOW = (
    'municipality, kind, "window", state, closed_at, closed_by, reviewed_by, approved_by, pay_on,'
    " file_digest"
)
"""Its columns but for the bank file."""


def list_windows(tx: Tx, page: Page, only: MunicipalityCode | None = None) -> Listed[Window]:
    """A page of the closed windows of one town, or of all."""
    return _CLOSED.page(tx, page, only, what=_OF_A_WINDOW).each(partial(_window, tx))


def find(tx: Tx, name: WindowName) -> Window:
    """A closed window; refused with ``unknown-window``."""
    row = tx.one(
        f"SELECT {_OF_A_WINDOW} FROM settlement_window"
        ' WHERE municipality=:town AND kind=:kind AND "window"=:number',
        **name._asdict(),
    )
    if row is None:
        raise RefusedByRule("unknown-window", f"no window {name} was closed: see the list")
    return _window(tx, row)


def _window(tx: Tx, row: Row) -> Window:
    """A closed window, and what its lines come to."""
    name = WindowName(row["municipality"], row["kind"], row["window"])
    [(lines, total, paid, returned)] = tx.rows(
        "SELECT count(*), coalesce(sum(points), 0),"
        " coalesce(sum(CASE WHEN outcome='returned' THEN 0 ELSE paid END), 0),"
        " coalesce(sum(CASE WHEN outcome='returned' THEN paid ELSE 0 END), 0)"
        ' FROM settlement_line WHERE municipality=? AND kind=? AND "window"=?',
        name,
    )
    return Window(
        window=str(name),
        municipality=name.town,
        kind=name.kind,
        number=name.number,
        state=State(row["state"]),
        lines=lines,
        total=int(total),
        paid=int(paid),
        returned=int(returned),
        closed_at=Millis(row["closed_at"]),
        closed_by=row["closed_by"],
        reviewed_by=row["reviewed_by"],
        approved_by=row["approved_by"],
        pay_on=row["pay_on"],
        sha256=row["file_digest"],
    )


def latest(tx: Tx, town: MunicipalityCode, kind: str) -> Window | None:
    """The window of a kind that was closed last, if any was."""
    number = tx.scalar(
        'SELECT max("window") FROM settlement_window WHERE municipality=:town AND kind=:kind',
        town=town,
        kind=kind,
    )
    return None if number is None else find(tx, WindowName(town, kind, number))


def open_number(tx: Tx, town: MunicipalityCode) -> int:
    """The stamp of the open window; refused with ``municipality-unknown``."""
    found = tx.scalar('SELECT "window" FROM municipality WHERE municipality=:town', town=town)
    if found is None:
        raise RefusedByRule("municipality-unknown", f"no municipality {town} has joined")
    return int(found)


def net_credits(tx: Tx, town: MunicipalityCode, window: int) -> dict[OrganisationId, int]:
    """What a window's stamp earned each organisation: credits of its payable less debits.

    Read from what was netted while posting (:mod:`hub.points.earned`), a row a terminal.
    Organisations that neither won nor lost are left out.
    """
    found = tx.rows(
        'SELECT organisation, sum(points) FROM earned WHERE municipality=? AND "window"=?'
        " GROUP BY organisation HAVING sum(points)<>0 ORDER BY organisation",
        [town, window],
    )
    return {OrganisationId(organisation): points for organisation, points in found}


def last_made(tx: Tx, name: WindowName) -> int:
    """Which of the windows before one had its file made last; 0: none. They are made in order."""
    found = tx.scalar(
        'SELECT "window" FROM settlement_window WHERE municipality=:town AND kind=:kind'
        " AND \"window\"<:number AND state IN ('released','settled','returned')"
        ' ORDER BY "window" DESC LIMIT 1',
        **name._asdict(),
    )
    return int(found or 0)


def brought_forward(tx: Tx, name: WindowName) -> dict[OrganisationId, int]:
    """What earlier windows of a kind, their files made, neither netted nor paid.

    A payment leaves nothing behind it, so of each organisation that ever earned only its lines
    since the last one are read.
    """
    of_earner = 'kind=:kind AND organisation=e.organisation AND "window"'
    found = tx.all(
        "SELECT organisation, points FROM (SELECT e.organisation,"
        " (SELECT sum(points - netted - paid) FROM settlement_line WHERE municipality=:town"
        f' AND {of_earner}<=:last AND "window">coalesce((SELECT "window" FROM settlement_line'
        f" WHERE municipality=:town AND {of_earner}<=:last"
        ' AND paid>0 ORDER BY "window" DESC LIMIT 1), 0)) AS points'
        " FROM (SELECT substr(account, 9) AS organisation FROM balance WHERE municipality=:town"
        " AND account>='payable:' AND account<'payable;') e) AS brought WHERE points<>0",
        town=name.town,
        kind=name.kind,
        last=last_made(tx, name),
    )
    return {OrganisationId(row["organisation"]): int(row["points"]) for row in found}


def payments(tx: Tx, window: Window, *, minimum: int) -> list[Payment]:
    """Who gets how much: as it was released, or as it would be now."""
    brought = brought_forward(tx, window.name)
    rows = tx.all(
        "SELECT l.organisation, l.line, l.points, l.netted, l.paid,"
        " COALESCE(-b.points, 0) AS owed FROM settlement_line l LEFT JOIN balance b"
        " ON b.municipality=l.municipality AND b.account=:receivable || l.organisation"
        ' WHERE l.municipality=:town AND l.kind=:kind AND l."window"=:number'
        " ORDER BY l.organisation",
        receivable=receivable(OrganisationId("")),
        town=window.municipality,
        kind=window.kind,
        number=window.number,
    )
    if window.state in FILE_MADE:
        return [
            Payment(
                organisation=row["organisation"],
                line=row["line"],
                points=row["points"],
                brought=brought.get(row["organisation"], 0),
                netted=row["netted"],
                paid=row["paid"],
            )
            for row in rows
        ]
    return plan(
        [
            Claim(
                organisation=row["organisation"],
                points=row["points"],
                brought=brought.get(row["organisation"], 0),
                owed=row["owed"],
            )
            for row in rows
        ],
        minimum=minimum,
    )


# -- what a record of the hub does to a window


def close(books: Books, record: HubRecord) -> None:
    """Fix what the open window earned, and switch the stamp.

    An organisation with nothing but an amount carried over gets a line as well. New bank
    accounts of the town's own organisations are valid from here on.
    """
    body = body_of(record, WindowClosed)
    check_kind(body.kind)
    tx, town = books.tx, books.town
    name = WindowName(town, body.kind, books.window)
    earned = net_credits(tx, town, name.number)
    brought = brought_forward(tx, name)
    tx.insert(
        schema.settlement_window,
        municipality=town,
        kind=name.kind,
        window=name.number,
        state=State.CLOSED.value,
        closed_at=record.at,
        closed_by=record.persons[0],
        reviewed_by="",
        approved_by="",
        pay_on="",
        file=b"",
        file_digest="",
    )
    unpaid = (0, 0, "", "", b"")  # netted, paid, outcome, why, account
    tx.insert_many(
        schema.settlement_line,
        [
            (*name, organisation, 0, earned.get(organisation, 0), *unpaid)
            for organisation in sorted(earned.keys() | brought.keys())
        ],
    )
    tx.run('UPDATE municipality SET "window"="window"+1 WHERE municipality=:town', town=town)
    tx.run(
        "UPDATE organisation SET account=next_account, next_account=:none"
        " WHERE municipality=:town AND next_account<>:none",
        town=town,
        none=b"",
    )


def review(books: Books, record: HubRecord) -> None:
    """Note who read the window's lines; until it is approved, the last one who did."""
    body = body_of(record, WindowReviewed)
    window = find(books.tx, WindowName(books.town, body.kind, body.window))
    if window.state in {State.CLOSED, State.REVIEWED}:
        _set(books.tx, window, State.REVIEWED, "reviewed_by", record.persons[0])


def approve(books: Books, record: HubRecord) -> None:
    """Note who approved the payment. Refused with ``not-reviewed`` or ``second-person``."""
    body = body_of(record, WindowApproved)
    window = find(books.tx, WindowName(books.town, body.kind, body.window))
    if window.state is State.CLOSED:
        raise RefusedByRule(
            "not-reviewed",
            f"nobody has reviewed {window.window} yet: review it, then another person approves it",
        )
    if window.state is not State.REVIEWED:
        return
    approver = record.persons[-1]
    if owner_of(approver) in (owner_of(window.closed_by), owner_of(window.reviewed_by)):
        raise RefusedByRule(
            "second-person",
            f"{approver} closed or reviewed {window.window}: another person approves it",
        )
    _set(books.tx, window, State.APPROVED, "approved_by", approver)


def check_kind(kind: str) -> None:
    """Refuse a kind of window that this hub does not settle, with ``unknown-kind``."""
    if kind != SHOPS:
        raise RefusedByRule("unknown-kind", f"there are no windows of kind {kind!r}: say {SHOPS}")


def _set(tx: Tx, window: Window, state: State, column: str, person: str) -> None:
    tx.run(
        f"UPDATE settlement_window SET state=:state, {column}=:person"
        ' WHERE municipality=:town AND kind=:kind AND "window"=:number',
        state=state.value,
        person=person,
        town=window.municipality,
        kind=window.kind,
        number=window.number,
    )
