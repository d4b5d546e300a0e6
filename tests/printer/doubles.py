"""Stand-ins: a store of jobs in memory, and a printer that keeps or refuses."""

from dataclasses import replace

from printer.documents import Document, encode, kind
from printer.errors import Trouble
from printer.spool import Job, State
from printer.words import title


class PowerCut(BaseException):
    """The program dies here."""


class MemoryJobs:
    """Jobs in memory, which can lose the power before any mark."""

    def __init__(self, *documents: Document) -> None:
        self.rows = {
            number: Job(
                id=number, document=encode(document), kind=kind(document), title=title(document)
            )
            for number, document in enumerate(documents, 1)
        }
        self.marks_until_power_cut: int | None = None

    def waiting(self) -> list[Job]:
        return [job for job in self.rows.values() if job.state is not State.CONFIRMED]

    def mark(self, job: Job, state: State, reason: str) -> None:
        if self.marks_until_power_cut == 0:
            raise PowerCut
        if self.marks_until_power_cut is not None:
            self.marks_until_power_cut -= 1
        self.rows[job.id] = replace(self.rows[job.id], state=state, reason=reason)


class PaperTray:
    """A printer whose paper can be counted, and which fails as it is told to."""

    def __init__(self) -> None:
        self.paper: list[Document] = []
        self.failures: list[Exception | None] = []
        self.prints_before_failing = False
        self.warning: Trouble | None = None

    def print(self, document: Document) -> Trouble | None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or self.prints_before_failing:
            self.paper.append(document)
        if failure is not None:
            raise failure
        return self.warning
