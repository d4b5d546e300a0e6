"""Printing something once more, after a person has looked; a ticket's is counted at the hub.

A sheet that may have printed is queued again as it is: whoever looked says that it is not there.
One that did print comes out marked. A point ticket is bearer paper, so its second sheet is told to
the hub in the commit that queues it, and none is made of one that is worth nothing any more.
"""

from node import printing
from node.outcome import Refused
from node.parts import Parts
from node.refusals import no, refused
from printer.spool import Job, State
from sync import policy
from sync.clock import day_of
from sync.errors import RefusedByRule
from sync.reprints import reprint_notice
from sync.ticket import name_of
from sync.values import MunicipalityCode, TicketNumber

_PAPER = "SELECT municipality, signed, valid_until FROM paper WHERE number = ?"


class Reprinting:
    """Reprints at one counter."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def again(self, job: int) -> Refused | None:
        """Queue a sheet again."""
        parts = self._parts
        found = parts.paper.jobs.find(job)
        if found is None:
            return printing.no_such_job(job)
        if found.kind == "ticket" and found.state is State.CONFIRMED:
            return self._ticket(found, TicketNumber(found.title.partition(" ")[2]))
        return printing.reprint(parts.store, parts.paper, job, parts.writer.now().ms)

    def ticket(self, number: str) -> Refused | None:
        """Queue the newest sheet of a ticket again, by the ticket's number."""
        sheets = printing.sheets(self._parts.store, -1)
        found = (each.job for each in sheets if (each.what, each.number) == ("ticket", number))
        return self.again(max(found, default=0))

    def _ticket(self, job: Job, number: TicketNumber) -> Refused | None:
        parts = self._parts
        row = parts.store.row(_PAPER, (number,))
        if row is None:
            return printing.no_such_job(job.id)
        town, signed, valid_until = row
        waiting = "SELECT 1 FROM job WHERE title = ? AND state <> 'confirmed'"
        if parts.store.row(waiting, (job.title,)) is not None:
            return None  # one more waits for the printer already
        worthless = self._worthless(number, signed, valid_until)
        if worthless:
            return no(worthless, number=number, municipality=MunicipalityCode(town))
        try:
            parts.writer.write(
                lambda _at, _seq: reprint_notice(MunicipalityCode(town), number),
                also=lambda done: parts.paper.again(job, done.record.at.ms),
            )
        except RefusedByRule as error:
            return refused(error, number=number)
        return None

    def _worthless(self, number: TicketNumber, signed: bytes, valid_until: str) -> str:
        """Why a ticket's paper is worth nothing any more, as far as it is known here."""
        parts = self._parts
        if parts.limits.redeemed_here(number) is not None:
            return policy.Reason.TICKET_SEEN_HERE
        if parts.limits.voided_here(number):
            return policy.Reason.TICKET_VOIDED
        if parts.knowledge.is_used(name_of(signed)):
            return policy.Reason.TICKET_USED
        if valid_until < day_of(parts.writer.now().ms):
            return policy.Reason.TICKET_PAST
        return ""
