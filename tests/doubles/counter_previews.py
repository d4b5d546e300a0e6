"""What a made-up counter shows of its paper: the sheets of the printer's own stories."""

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from node.outcome import Refused, Sheet
from printer.preview import PaperLine, preview
from sync.values import MunicipalityCode, Points
from tests.printer import samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from printer.documents import Document

WIDTH = 384
_SHEETS: "Mapping[str, Document]" = {
    "ticket": samples.ticket(),
    "Z": samples.z_report(),
}


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    paper: dict[int, Sheet]
    staff: str | None

    def _enter(self, question: str) -> None: ...


class ShowsPaper:
    """On paper of 58 mm, in Japanese."""

    __slots__ = ()

    def preview_sheet(self: _Counter, job: int) -> tuple[PaperLine, ...] | Refused:
        """A ticket, a Z-report, and a slip for all else."""
        self._enter("preview_sheet")
        if job not in self.paper:
            return Refused(reason="no-such-job", detail="no-such-job")
        return preview(_SHEETS.get(self.paper[job].what, samples.slip()), WIDTH)

    def preview_shift(self: _Counter) -> tuple[PaperLine, ...] | Refused:
        """Somebody else's sums."""
        self._enter("preview_shift")
        if self.staff is None:
            return Refused(reason="no-shift", detail="no-shift")
        return preview(samples.z_report(), WIDTH)

    def preview_ticket(
        self: _Counter,
        municipality: MunicipalityCode,
        points: Points,
        *,
        days: int,
        programme: str,
    ) -> tuple[PaperLine, ...]:
        """A ticket of Kawasaki from 15 December 2017 on."""
        self._enter("preview_ticket")
        assert programme
        assert municipality
        ticket = samples.ticket()
        return preview(
            msgspec.structs.replace(
                ticket,
                specimen=True,
                town="川崎市",
                point_name="かわさきポイント",
                points=points,
                valid_until=ticket.valid_from + timedelta(days=days - 1),
                number="0" * 13,
                digest="0" * 8,
            ),
            WIDTH,
        )
