"""What a sheet will look like, before anything is printed, committed or asked of the hub.

Nothing here writes. A ticket's preview is a specimen: it has no number and no code yet.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from node.identity import settings_of
from node.outcome import Refused
from node.parts import Parts
from node.printing import no_such_job
from node.refusals import refused
from node.sheets import specimen
from printer.documents import Document, decode
from printer.preview import PaperLine, preview
from sync.clock import day_of
from sync.errors import RefusedByRule
from sync.values import MunicipalityCode, Points


@dataclass(frozen=True, slots=True)
class Previews:
    """Sheets of this counter as lines of a screen, as wide as its paper."""

    parts: Parts

    def of_job(self, job: int) -> tuple[PaperLine, ...] | Refused:
        """A sheet of the printer's list, whatever its state."""
        found = self.parts.paper.jobs.find(job)
        return no_such_job(job) if found is None else self._shown(decode(found.document))

    def of_shift(self) -> tuple[PaperLine, ...] | Refused:
        """The Z-report, if the shift were closed now.

        No lines where its sums cannot stand on paper, as while a clock is wrong: a shift can be
        closed unseen.
        """
        try:
            report = self.parts.shifts.so_far()
        except RefusedByRule as error:
            return refused(error)
        try:
            return self._shown(self.parts.paper.z_of(report))
        except ValueError:
            return ()

    def of_ticket(
        self, town: MunicipalityCode, points: Points, *, days: int, programme: str
    ) -> tuple[PaperLine, ...]:
        """A ticket from today; the hub may still cut its days to what the points allow."""
        knowledge, paper = self.parts.knowledge, self.parts.paper
        first = date.fromisoformat(day_of(self.parts.writer.now().ms))
        ends = [first + timedelta(days=days - 1)]
        ends += [
            date.fromisoformat(item.use_until)
            for item in knowledge.programmes()
            if (item.municipality, item.programme) == (town, programme)
        ]
        policy, _ = knowledge.policy(town)
        sheet = specimen(
            paper.head(),
            paper.names(town),
            points=points,
            days=(first, max(first, min(ends))),
            online_only=points > policy.most_per_ticket,
        )
        return self._shown(sheet)

    def _shown(self, document: Document) -> tuple[PaperLine, ...]:
        return preview(document, settings_of(self.parts.store).width)
