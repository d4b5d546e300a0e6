"""Bringing the waiting print jobs to paper. Devices are opened here and only when asked."""

from node.identity import settings_of
from node.outcome import PrinterState, Refused, Sheet
from node.paper import Paper
from node.printers import printer_of
from node.reporting import PRINTER_SAID, PrinterSaid, printer_state
from node.sheets import aware
from node.store import Store
from printer.errors import Trouble
from printer.spool import State, drain, looked
from sync.values import Millis


def print_waiting(store: Store, paper: Paper, now: Millis) -> PrinterState:
    """Send what waits to the printer; what may have printed stays for a person to look at."""
    settings = settings_of(store)
    paper.queue_slips()
    if settings.prints and paper.jobs.any_to_print():
        with paper.printing:
            drained = drain(paper.jobs, printer_of(settings, aware(now)))
        if drained.printed:
            keep_warning(store, drained.warning)
    return printer_state(store, settings)


def keep_warning(store: Store, warning: Trouble | None) -> None:
    """Remember what the printer warned of with its last sheet."""
    said = PrinterSaid(warning=warning or "")
    if store.kept(PRINTER_SAID, PrinterSaid) != said:
        store.keep(PRINTER_SAID, said)


def sheets(store: Store, limit: int) -> tuple[Sheet, ...]:
    """The sheets a person may want to look at: those in doubt first, then the newest."""
    rows = store.rows(
        "SELECT id, title, made, state, reason FROM job"
        " ORDER BY state = 'sent' DESC, id DESC LIMIT ?",
        (limit,),
    )
    return tuple(
        Sheet(
            job=job,
            what=title.partition(" ")[0],
            number=title.partition(" ")[2],
            at=made,
            state=state,
            trouble=reason,
        )
        for job, title, made, state, reason in rows
    )


def came_out(paper: Paper, job: int) -> Refused | None:
    """A person has looked: the sheet that may have printed is there, whole."""
    found = paper.jobs.find(job)
    if found is None:
        return no_such_job(job)
    if found.state is State.SENT:
        looked(paper.jobs, found, paper=True)
    return None


def reprint(store: Store, paper: Paper, job: int, now: Millis) -> Refused | None:
    """Print a job again after a person has looked: the first sheet is not there, or is spoilt.

    One that may have printed is queued again as it is; one that did print comes out marked and
    counted as a reprint.
    """
    found = paper.jobs.find(job)
    if found is None:
        return no_such_job(job)
    if found.state is State.SENT:
        looked(paper.jobs, found, paper=False)
    elif found.state is State.CONFIRMED:
        with store.transaction():
            paper.again(found, now)
    return None


def no_such_job(job: int) -> Refused:
    """Nothing of that number was ever to be printed."""
    return Refused(reason="no-such-job", detail=f"there is no print job {job}")
