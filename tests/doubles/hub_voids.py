"""Voids at the hub in memory: enough for a node to be told what became of one."""

from typing import TYPE_CHECKING

from sync.calls import CardSigned
from sync.owntickets import OwnTicket, OwnTickets, OwnTicketsRequest
from sync.records import TicketVoided
from sync.values import EpochId
from sync.wire import read

if TYPE_CHECKING:
    from tests.doubles.hub import FakeHub


def void(hub: "FakeHub", epoch: EpochId, body: TicketVoided) -> str:
    """Take a ticket out of use; why not."""
    hub.holds.pop((epoch, body.hold), None)
    if hub.tickets.get(body.number) != "issued":
        return "ticket-not-live"
    hub.tickets[body.number] = "voiding" if body.lost else "voided"
    return ""


def own_tickets(hub: "FakeHub", body: bytes) -> OwnTickets:
    """All that live: in memory everybody is the same person."""
    from tests.doubles.hub import KAWASAKI

    read(read(body, CardSigned).request, OwnTicketsRequest)
    states = {"issued", "voiding"}
    live = (each for each in hub.issued.values() if hub.tickets[each.number] in states)
    return OwnTickets(
        hub.now,
        tuple(
            OwnTicket(
                KAWASAKI,
                each.number,
                each.points,
                each.valid_from,
                each.valid_until,
                voiding=hub.tickets[each.number] == "voiding",
            )
            for each in live
        ),
    )
