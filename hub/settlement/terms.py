"""What a town sets about paying its shops, and the account it pays from.

The settings are a JSON file that people write and the hub keeps as it came::

    {"closing_day": 31, "months": 1, "day": 25, "direction": "next", "minimum": 500}

Everything has a default: closed at the month's end, paid on the 25th of the next month or the
business day after it, every amount paid.
"""

from datetime import date, timedelta
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hub.bodies import BankDetails
from hub.settlement import banks
from hub.settlement.calendar import (
    MONTH_END,
    BusinessDays,
    DayOfMonth,
    DaysAfter,
    Direction,
    PaymentCalendar,
)
from hub.settlement.errors import CalendarRefused, PastHorizon
from hub.shapes import in_words
from sync.errors import Damaged, Malformed
from sync.wire import laid_out

_T = TypeVar("_T")
_DayOfMonth = Annotated[int, Meta(ge=1, le=MONTH_END)]


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a town closes its windows and pays, and from how many yen on.

    Paid on ``day`` of the month that is ``months`` after the closing day's, or ``days_after`` it;
    a day of 31 is the month's last. An amount below ``minimum`` yen is carried over.
    """

    closing_day: _DayOfMonth = MONTH_END
    months: Annotated[int, Meta(ge=0, le=12)] = 1
    day: _DayOfMonth = 25
    days_after: Annotated[int, Meta(ge=1, le=366)] | None = None
    direction: Direction = Direction.NEXT
    minimum: Annotated[int, Meta(ge=1, le=10**9)] = 1

    @property
    def calendar(self) -> PaymentCalendar:
        """The days that follow from it. Raises CalendarRefused."""
        pays = (
            DayOfMonth(months=self.months, day=self.day)
            if self.days_after is None
            else DaysAfter(days=self.days_after)
        )
        return PaymentCalendar(closing_day=self.closing_day, pays=pays, direction=self.direction)


def read_terms(data: bytes) -> Terms:
    """Read a town's settings; no bytes at all are the defaults. Raises Malformed."""
    if not data:
        return Terms()
    try:
        terms = msgspec.json.decode(data, type=laid_out(Terms))
        _ = terms.calendar
    except (msgspec.MsgspecError, CalendarRefused) as error:
        raise Malformed(f"this is no settlement calendar: {in_words(str(error))}") from None
    return terms


def pay_day(terms: Terms, *, closed: date, today: date) -> date:
    """When a window that was closed on one day and is released on another is paid.

    It is the payment day of the last closing day that ``closed`` had reached; where that is no
    longer to come, the next business day. Raises PastHorizon.
    """
    calendar = terms.calendar
    closing = closed
    while calendar.closes(closing) != closing:
        closing -= timedelta(days=1)
    due = calendar.payment(closing)
    if due > today:
        return due
    return BusinessDays().nearest(today + timedelta(days=1), Direction.NEXT)


def pay_day_of(terms: Terms, day: date) -> date | None:
    """When a town pays its shops what they take on a day; None beyond the horizon.

    It is the payment day of the window that closes next, that day included: a window that is
    closed already may be paid earlier, but holds nothing of the day.
    """
    closing = terms.calendar.closes(day)
    try:
        return pay_day(terms, closed=closing, today=closing)
    except PastHorizon:
        return None


class Payer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The account that a town pays from, and the code its bank gave it for payment files."""

    requester: str
    account: BankDetails


def read_payer(data: bytes) -> Payer:
    """A town's paying account as the municipality's row keeps it; raises Damaged."""
    return _read(data, Payer, "paying account")


def read_account(data: bytes) -> BankDetails:
    """An account as an organisation's row or a line keeps it; raises Damaged."""
    return _read(data, BankDetails, "bank account")


def bank_account(details: BankDetails) -> banks.BankAccount:
    """The account with its bank and branch looked up, its holder in the banks' letters.

    Raises UnknownBank, UnknownBranch, AccountRefused or NameRefused.
    """
    return banks.account(
        details.bank, details.branch, str(details.type), details.number, details.holder
    )


def _read(data: bytes, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.msgpack.decode(data, type=laid_out(kind))
    except msgspec.MsgspecError as error:
        raise Damaged(f"a stored {what} cannot be read: {error}") from None
