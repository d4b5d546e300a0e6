"""When the banks are open, when a window closes and when it is paid.

The banks' holidays are Saturdays, Sundays, the national holidays and 31 December to 3 January
(銀行法 第15条, 銀行法施行令 第5条). National holidays move by law nearly every year, so this
knows how far they are announced and refuses to guess beyond.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from hub.settlement.errors import CalendarRefused, PastHorizon

ANNOUNCED_UNTIL = date(2027, 12, 31)
"""Last day whose national holidays are announced.

The observatory announces a year's equinoxes on the first working day of the February before
(暦要項), and laws that move a holiday come on top: raise this with the holiday library.
"""

MONTH_END = 31
"""As a day of the month: its last one, however long the month is."""

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_YEAR_END = frozenset({(12, 31), (1, 1), (1, 2), (1, 3)})


class Direction(StrEnum):
    """Where a payment goes whose day is no business day."""

    NEXT = "next"
    """翌営業日"""
    PREVIOUS = "previous"
    """前営業日"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDays:
    """The days on which Japanese banks are open, as far as anyone knows."""

    known_until: date = ANNOUNCED_UNTIL

    def why_closed(self, day: date) -> str | None:
        """Name what keeps the banks closed on a day; None when they are open.

        Raises PastHorizon.
        """
        if day > self.known_until:
            raise PastHorizon(day, self.known_until)
        import jpholiday

        holiday = jpholiday.is_holiday_name(day)
        if holiday is not None:
            return holiday
        if day.weekday() >= _SATURDAY:
            return "a Saturday" if day.weekday() == _SATURDAY else "a Sunday"
        return "the banks' year-end closure" if (day.month, day.day) in _YEAR_END else None

    def is_open(self, day: date) -> bool:
        """Whether the banks are open. Raises PastHorizon."""
        return self.why_closed(day) is None

    def nearest(self, day: date, direction: Direction) -> date:
        """The day itself when the banks are open, else the next or previous one they are.

        Raises PastHorizon.
        """
        step = _ONE_DAY if direction is Direction.NEXT else -_ONE_DAY
        while not self.is_open(day):
            day += step
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfMonth:
    """Paid on a fixed day, so many months after the month of the closing day (翌月25日)."""

    months: int
    day: int = MONTH_END

    def __post_init__(self) -> None:
        if self.months < 0:
            raise CalendarRefused(f"a payment {self.months} months after closing lies before it")
        _check_day(self.day, "payment day")


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysAfter:
    """Paid so many calendar days after the closing day (締め後10日)."""

    days: int

    def __post_init__(self) -> None:
        if self.days < 1:
            raise CalendarRefused(f"a payment {self.days} days after closing must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCalendar:
    """One kind of window: closed on a day of each month, paid by its offset.

    ``closing_day`` and a ``DayOfMonth``'s day are 1-31; a day that the month lacks is its
    last one. Raises CalendarRefused when the payment day would not follow the closing day.
    """

    closing_day: int
    pays: DayOfMonth | DaysAfter
    direction: Direction
    business_days: BusinessDays = field(default_factory=BusinessDays)

    def __post_init__(self) -> None:
        _check_day(self.closing_day, "closing day")
        if (
            isinstance(self.pays, DayOfMonth)
            and self.pays.months == 0
            and self.pays.day <= self.closing_day
        ):
            raise CalendarRefused(
                f"paying on day {self.pays.day} of the same month cannot follow closing on day "
                f"{self.closing_day}: pay in a later month",
            )

    def closes(self, on_or_after: date) -> date:
        """The first closing day that is not before a day. Closing needs no open bank."""
        closing = _in_month(on_or_after, 0, self.closing_day)
        return closing if closing >= on_or_after else _in_month(closing, 1, self.closing_day)

    def payment(self, closing: date) -> date:
        """The business day on which a window closed on ``closing`` is paid.

        Always later than ``closing``: where going back would reach it, the payment goes
        forward. Raises PastHorizon.
        """
        match self.pays:
            case DayOfMonth(months=months, day=day):
                due = _in_month(closing, months, day)
            case DaysAfter(days=days):
                due = closing + timedelta(days=days)
        due = max(due, closing + _ONE_DAY)
        paid = self.business_days.nearest(due, self.direction)
        return paid if paid > closing else self.business_days.nearest(due, Direction.NEXT)


def _check_day(day: int, what: str) -> None:
    if not 1 <= day <= MONTH_END:
        raise CalendarRefused(f"{what} {day} must be 1 to 31, where 31 is the month's last day")


def _in_month(start: date, months: int, day: int) -> date:
    """A day of the month so many months after that of ``start``, kept within that month."""
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month0 + 1, min(day, calendar.monthrange(year, month0 + 1)[1]))
