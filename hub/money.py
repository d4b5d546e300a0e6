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
    VoidsEnded,
)
from hub.intake.decisions import decide
from hub.points.books import Books
from hub.points.commands import add_programme, fund_reserve, grant
from hub.points.expiry import end_day
from hub.points.void import end_voids
from hub.settlement.cases import APPLIERS as SETTLEMENT

APPLY_MONEY: Mapping[type[HubBody], Callable[[Books, HubRecord], None]] = {
    ProgrammeAdded: add_programme,
    Granted: grant,
    ReserveFunded: fund_reserve,
    DayEnded: end_day,
    VoidsEnded: end_voids,
    ExceptionDecided: decide,
    **SETTLEMENT,
}
"""Applied within the posting that the record takes."""
