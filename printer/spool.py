"""What became of each sheet, over a port that the node's store implements.

What a job prints is stored in the same transaction as its record, the job with it or, for a slip,
made from it by whoever prints: a record never waits for paper and paper is never forgotten. A job's
life:

    queued ──> sent ──> confirmed
      ^         │ │
      │         │ └───> sent (stays)     dots left, nobody confirmed them: a person looks
      │         └─────> failed(reason)   nothing left for the paper: tried again by itself
      └─ looked(paper=False)

``sent`` is stored before the first dot. A program that dies after that finds the job as sent, and
a sent job is never printed again by itself: the paper may be in somebody's hand. Only a person who
looked says which it was (:func:`looked`). So nothing prints twice unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from printer.documents import Document, decode
from printer.errors import BadDocument, MayHavePrinted, NotPrinted, Trouble


class State(StrEnum):
    """Where a job stands; see the drawing above."""

    QUEUED = "queued"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One sheet to print. ``document`` holds the bytes of ``printer.documents.encode``."""

    id: int
    document: bytes
    kind: str
    title: str
    state: State = State.QUEUED
    reason: str = ""
    """The value of a :class:`Trouble`, or empty."""


class Jobs(Protocol):
    """The node's store of jobs."""

    def waiting(self) -> Iterable[Job]:
        """Every job that is not confirmed, the oldest first."""

    def mark(self, job: Job, state: State, reason: str) -> None:
        """Store a job's state durably before returning."""


class Printer(Protocol):
    """Brings one document to paper."""

    def print(self, document: Document) -> Trouble | None:
        """Return when it is on paper, with a warning or None.

        Raises NotPrinted, MayHavePrinted or BadDocument otherwise.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one pass over the spool came to."""

    printed: tuple[Job, ...] = ()
    look: tuple[Job, ...] = ()
    """May have printed: a person has to look."""
    waiting: tuple[Job, ...] = ()
    """Not printed for sure; the next pass tries again."""
    trouble: Trouble | None = None
    """What stopped the printer, if it stopped."""
    warning: Trouble | None = None
    """What it prints on in spite of, by the last sheet."""


def drain(jobs: Jobs, printer: Printer) -> Drained:
    """Print what waits, oldest first, until all is printed or the printer stops.

    A document that cannot be read is marked and passed over: it must not block those behind it.
    """
    printed: list[Job] = []
    look: list[Job] = []
    waiting: list[Job] = []
    stopped: Trouble | None = None
    warning: Trouble | None = None
    for job in tuple(jobs.waiting()):
        if job.state is State.SENT:
            look.append(job)
        elif stopped is not None:
            waiting.append(job)
        else:
            trouble = _print(jobs, job, printer)
            if trouble is None or isinstance(trouble, Trouble):
                printed.append(job)
                warning = trouble
                continue
            (look if isinstance(trouble, MayHavePrinted) else waiting).append(job)
            if not isinstance(trouble, BadDocument):
                stopped = trouble.trouble
    return Drained(
        printed=tuple(printed),
        look=tuple(look),
        waiting=tuple(waiting),
        trouble=stopped,
        warning=warning,
    )


def looked(jobs: Jobs, job: Job, *, paper: bool) -> None:
    """A person looked at the printer: the sheet is there, or it is not and may be printed.

    A sheet that is there but spoilt is another matter: confirm it, and queue the reprint that
    ``printer.documents.reprinted`` marks as one.
    """
    if job.state is not State.SENT:
        raise ValueError(f"job {job.id} is {job.state}: only a sent one needs a look")
    jobs.mark(job, State.CONFIRMED if paper else State.QUEUED, "")


def _print(
    jobs: Jobs, job: Job, printer: Printer
) -> BadDocument | NotPrinted | MayHavePrinted | Trouble | None:
    """Print one job and store what became of it; a warning or None when it is on paper."""
    try:
        document = decode(job.document)
        jobs.mark(job, State.SENT, "")  # before the first dot: a crash from here on needs a look
        warning = printer.print(document)
    except BadDocument as error:
        jobs.mark(job, State.FAILED, Trouble.UNREADABLE)
        return error
    except NotPrinted as error:
        jobs.mark(job, State.FAILED, error.trouble)
        return error
    except MayHavePrinted as error:
        jobs.mark(job, State.SENT, error.trouble)
        return error
    jobs.mark(job, State.CONFIRMED, "")
    return warning
