"""What a node says of a paper ticket beside its records of money: that it was printed once more."""

import re

from sync.records import NodeNotice
from sync.values import MunicipalityCode, TicketNumber

REPRINTED = "ticket-reprinted"
"""The ``what`` of a ``node.notice``; its detail names the ticket's town and number."""
_DETAIL = re.compile(r"(\d{6}) (\d{13})", re.ASCII)


def reprint_notice(town: MunicipalityCode, number: TicketNumber) -> NodeNotice:
    """Say that a ticket was printed once more."""
    return NodeNotice(what=REPRINTED, detail=f"{town} {number}")


def read_reprint(notice: NodeNotice) -> tuple[MunicipalityCode, TicketNumber] | None:
    """Which ticket such a notice names; None where it names none."""
    found = _DETAIL.fullmatch(notice.detail) if notice.what == REPRINTED else None
    if found is None:
        return None
    return MunicipalityCode(found[1]), TicketNumber(found[2])
