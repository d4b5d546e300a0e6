"""The facts that cross from node to hub, as immutable typed values and their exact bytes."""

from sync.records.bodies import (
    AnyBody,
    Basis,
    Expiring,
    Genesis,
    NodeNotice,
    Ref,
    Reversed,
    ShiftClosed,
    ShiftOpened,
    ShiftSum,
    Spend,
    Ticket,
    TicketIssued,
    TicketRedeemed,
    Tier,
)
from sync.records.codec import VERSION, Frame, Record, decode, encode, frame

__all__ = [
    "VERSION",
    "AnyBody",
    "Basis",
    "Expiring",
    "Frame",
    "Genesis",
    "NodeNotice",
    "Record",
    "Ref",
    "Reversed",
    "ShiftClosed",
    "ShiftOpened",
    "ShiftSum",
    "Spend",
    "Ticket",
    "TicketIssued",
    "TicketRedeemed",
    "Tier",
    "decode",
    "encode",
    "frame",
]
