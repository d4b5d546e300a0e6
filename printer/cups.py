"""The PC's print queues, by CUPS's own programs lp, lpstat and cancel.

A job is watched until CUPS has done with it. What lpstat tells of a job, seen with CUPS 2.4.2::

    Alerts: none                        it waits: no byte has left
    Alerts: job-printing                it is on its way
    Alerts: job-completed-successfully  printed (newer ones)
    Status: (nothing), not listed as waiting any more    printed (2.4.2 has no other word for it)
    anything else, not listed any more  cancelled, or given up

"Printed" is CUPS's word: a raw queue knows that the printer took the bytes, a driverless one that
the printer called the job done.
"""

import os
import re
import subprocess
import time
from typing import Literal

from printer.destinations import ToCups
from printer.errors import MayHavePrinted, NotPrinted, Trouble

PATIENCE = 60.0
"""Seconds a job may take before it is taken back."""

_LOOK_EVERY = 0.3
_COMMAND = 15.0
"""Seconds for one of CUPS's programs."""
_ENGLISH = {"LC_ALL": "C"}
_REQUEST = re.compile(r"request id is (\S+-\d+) ")
_MEDIA = {"a4": "A4", "a6": "A6"}


def submit(to: ToCups, data: bytes, patience: float = PATIENCE) -> None:
    """Hand a job to a queue and return when CUPS says that it is done.

    Raises :class:`NotPrinted` where no byte left for the printer, else :class:`MayHavePrinted`. A
    job that is given up is taken out of the queue, so that it does not come out later by itself.
    """
    check(to)
    form = ("-o", "raw") if to.page is None else ("-o", f"media={_MEDIA[to.page]}")
    try:
        said = _run("lp", "-d", to.queue, *form, "-t", "machikado", data=data)
    except NotPrinted as error:
        if error.trouble is Trouble.SILENT:  # it may have handed the job over before it hung
            raise MayHavePrinted(Trouble.UNCONFIRMED, str(error)) from error
        raise
    if said.returncode:
        raise NotPrinted(
            Trouble.UNREACHABLE,
            f"The print queue {to.queue} took nothing: {_words(said)}. Nothing was printed.",
        )
    request = _REQUEST.search(said.stdout)
    if request is None:
        raise MayHavePrinted(
            Trouble.UNCONFIRMED, f"The print queue {to.queue} took it, but as which job is unknown."
        )
    _watch(to.queue, request[1], patience)


def check(to: ToCups) -> None:
    """Ask whether the queue is there and prints. Raises :class:`NotPrinted`."""
    state = _run("lpstat", "-p", to.queue)
    if state.returncode:
        raise NotPrinted(
            Trouble.UNREACHABLE,
            f"There is no print queue {to.queue}: {_words(state)}. Nothing was printed.",
        )
    if " disabled since " in state.stdout:
        raise NotPrinted(
            Trouble.QUEUE_STOPPED,
            f"The print queue {to.queue} has stopped. 'cupsenable {to.queue}' starts it. "
            "Nothing was printed.",
        )


def queues() -> tuple[str, ...]:
    """The names of this PC's print queues; none where CUPS is not there."""
    try:
        return tuple(sorted(_run("lpstat", "-e").stdout.split()))
    except NotPrinted:
        return ()


Fate = Literal["waits", "prints", "done", "gone"]


def fate(listed: str, ended: str, job: str) -> Fate:
    """What became of a job, by lpstat's long lists of what waits and what has ended. Pure."""
    waiting = _entry(listed, job)
    if waiting is not None:
        return "waits" if "Alerts: none" in waiting else "prints"
    over = _entry(ended, job)
    if over is None:
        return "prints"  # in neither list, for a moment: nobody knows yet
    lines = [line.strip() for line in over.splitlines()]
    if "Alerts: job-completed-successfully" in lines:
        return "done"
    cancelled = any("cancel" in line or "abort" in line for line in lines)
    return "done" if "Status:" in lines and not cancelled else "gone"


def _watch(queue: str, job: str, patience: float) -> None:
    until = time.monotonic() + patience
    now: Fate = "waits"
    while time.monotonic() < until:
        listed = _look("-l", "-W", "not-completed", "-o", queue)
        now = fate(listed, _look("-l", "-W", "completed", "-o", queue), job)
        if now == "done":
            return
        if now == "gone":
            raise MayHavePrinted(
                Trouble.UNCONFIRMED, f"The print job {job} was taken out of the queue {queue}."
            )
        time.sleep(_LOOK_EVERY)
    _take_back(queue, job, now)


def _take_back(queue: str, job: str, last: Fate) -> None:
    """Give a job up so that it does not come out later, when it was printed elsewhere."""
    try:
        taken = _run("cancel", job).returncode == 0
    except NotPrinted:  # cancel is missing or hangs: the job is still in the queue
        taken = False
    if taken and last == "waits":
        raise NotPrinted(
            Trouble.QUEUE_STOPPED,
            f"The print queue {queue} did not begin with {job}, which was taken back.",
        )
    fate = "was taken back" if taken else "could not be taken back: it may still come out"
    raise MayHavePrinted(
        Trouble.UNCONFIRMED, f"The print queue {queue} did not finish {job}, which {fate}."
    )


def _look(*arguments: str) -> str:
    """One of lpstat's lists; empty when CUPS does not answer for a moment."""
    try:
        return _run("lpstat", *arguments).stdout
    except NotPrinted:
        return ""


def _entry(listing: str, job: str) -> str | None:
    """A job's lines in a long list: its own, and the indented ones below."""
    for entry in re.split(r"^(?=\S)", listing, flags=re.MULTILINE):
        if entry.split(maxsplit=1)[:1] == [job]:
            return entry
    return None


def _run(program: str, *arguments: str, data: bytes = b"") -> "subprocess.CompletedProcess[str]":
    """Run one of CUPS's programs. Raises :class:`NotPrinted` when it is missing or hangs."""
    try:
        done = subprocess.run(  # noqa: S603  a list, no shell; the queue's name was checked
            [program, *arguments],
            input=data,
            capture_output=True,
            timeout=_COMMAND,
            check=False,
            env={**os.environ, **_ENGLISH},
        )
    except FileNotFoundError as error:
        raise NotPrinted(
            Trouble.NO_DRIVER, f"'{program}' is missing: install CUPS to print by its queues."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotPrinted(Trouble.SILENT, f"CUPS does not answer: {error}.") from error
    return subprocess.CompletedProcess(
        done.args,
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


def _words(said: "subprocess.CompletedProcess[str]") -> str:
    return (said.stderr or said.stdout).strip() or f"code {said.returncode}"
