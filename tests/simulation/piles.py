"""Paper that shops stamped is cleared at the ticket counter; torn codes are typed."""

from node.outcome import Refused
from tests.simulation.counters import note
from tests.simulation.machine import Machine
from tests.simulation.places import SHOPS
from tests.simulation.town import Town

_IN_A_POCKET = 8
"""Tickets of late that somebody may still bring: used ones, photocopies and old ones too."""


def clear(town: Town, _machine: Machine) -> None:
    """A shop's pile is cleared, or a part of it; some of its codes are torn."""
    assert town.office is not None
    with town.office.running() as counter:
        if counter.pile() is None:
            opened = counter.open_pile(town.random.choice(SHOPS))
            if isinstance(opened, Refused):
                town.note(f"{town.office.name} open a pile: {opened.reason}")
                return
            town.note(f"{town.office.name} pile of {opened.organisation}")
        for _ in range(town.random.randrange(1, 4)):
            _one(town, town.office)
        if town.random.random() < 0.3:
            note(town, town.office, "undo", counter.undo_clearing())
        if town.random.random() < 0.4:
            closed = counter.close_pile()
            if not isinstance(closed, Refused):
                town.happened["close a pile"] += 1
                town.note(f"{town.office.name} pile closed {closed.count} {closed.points}")


def _one(town: Town, office: Machine) -> None:
    """One ticket of the pile: a scan, or a number typed by hand."""
    if not town.qr_of:
        return
    number, qr = town.random.choice(list(town.qr_of.items())[-_IN_A_POCKET:])
    typed = town.random.random() < 0.3
    up = "online" if office.road.up else "offline"
    what = "clear a typed number" if typed else f"clear {up}"
    note(town, office, what, office.start().clear(number if typed else qr))


def type_number(town: Town, machine: Machine) -> None:
    """A torn code at a booth: the number is typed."""
    if town.qr_of:
        number = town.random.choice(list(town.qr_of)[-4:])
        with machine.running() as counter:
            note(town, machine, "redeem a typed number", counter.redeem(number))
