"""What each kind of the hub's own records moves in the ledger."""

from collections.abc import Callable, Mapping

from hub.bodies import (
    DayEnded,
    ExceptionDecided,
    Granted,
    HubBody,
    HubRecord,
    ProgrammeAdded,
    ReserveFunded,
    WindowApproved,
    WindowClosed,
    WindowReleased,
    WindowResult,
    WindowReviewed,
)
from hub.intake.decisions import decide
from hub.points.books import Books
from hub.points.commands import add_programme, fund_reserve, grant
from hub.points.expiry import end_day
from hub.settlement import release, windows

APPLY_MONEY: Mapping[type[HubBody], Callable[[Books, HubRecord], None]] = {
    ProgrammeAdded: add_programme,
    Granted: grant,
    ReserveFunded: fund_reserve,
    DayEnded: end_day,
    ExceptionDecided: decide,
    WindowClosed: windows.close,
    WindowReviewed: windows.review,
    WindowApproved: windows.approve,
    WindowReleased: release.release,
    WindowResult: release.result,
}
"""Applied within the posting that the record takes."""
