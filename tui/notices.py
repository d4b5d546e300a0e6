"""What the banner says: the counter's state in sentences, the gravest first.

Pure: a :class:`~node.outcome.Status` in, sentences out.
"""

from dataclasses import dataclass
from typing import Literal

from node.outcome import PrinterState, Status
from sync.clock import ClockState
from tui.wording import Words, number
from tui.wording.advice import STOPPED

Weight = Literal["calm", "look", "stop"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence of the banner."""

    weight: Weight
    text: str


def notices(status: Status, words: Words) -> tuple[Notice, ...]:
    """Everything a person at this counter should know now."""
    return (
        *_stopped(status, words),
        *_demo(status, words),  # never goes away, however much else there is to say
        _line(status, words),
        *_copies(status, words),
        *_clock(status, words),
        *_paper(status.printer, status.paper_waiting, words),
        *_incidents(status, words),
    )


def _stopped(status: Status, words: Words) -> tuple[Notice, ...]:
    if status.stopped is None:
        return ()
    why = words(STOPPED.get(status.stopped, status.stopped))
    return (Notice("stop", words("Takes no points: {why}. Call the office.", why=why)),)


def _line(status: Status, words: Words) -> Notice:
    """The line, what waits and for how long, and how much may still be taken without it."""
    if status.hub_reachable:
        parts = [words("Online")]
    elif status.silent_since is not None:
        age = words.age(status.now - status.silent_since)
        parts = [words("Network down for {age}: you can go on", age=age)]
    else:
        parts = [words("Network down: you can go on")]
    parts.append(words.many("{count} entry to send", "{count} entries to send", status.waiting))
    if status.oldest_waiting is not None and status.waiting:
        parts[-1] += words(" (oldest {age})", age=words.age(status.now - status.oldest_waiting))
    parts.append(words("offline limit left {points}", points=number(status.offline_left)))
    if status.ticket_float_left <= 0:
        parts.append(words("none left for tickets"))
    look = status.offline_warning or not status.hub_reachable
    return Notice("look" if look else "calm", words(", ").join(parts))


def _demo(status: Status, words: Words) -> tuple[Notice, ...]:
    return (Notice("look", words("DEMO: no real points")),) if status.demo else ()


def _copies(status: Status, words: Words) -> tuple[Notice, ...]:
    found = []
    if status.only_copy:
        found.append(Notice("look", words("Only copy: plug in the USB stick")))
    if status.unsealed_keys:
        found.append(Notice("look", words("No node secret set")))
    return tuple(found)


def _clock(status: Status, words: Words) -> tuple[Notice, ...]:
    if status.clock is ClockState.UNTRUSTED:
        return (Notice("look", words("Set this PC's clock: nothing works offline")),)
    if status.clock is ClockState.RESTARTED:
        return (Notice("look", words("PC was restarted: half limits offline")),)
    return ()


def _paper(printer: PrinterState, paper_waiting: int, words: Words) -> tuple[Notice, ...]:
    found = []
    if printer.trouble:
        found.append(Notice("look", words("Printer: {trouble}", trouble=printer.trouble)))
    elif printer.destination == "none":
        found.append(Notice("calm", words("No printer")))
    if printer.waiting:
        found.append(
            Notice(
                "look",
                words.many("{count} print waits", "{count} prints wait", printer.waiting),
            )
        )
    if printer.unsure:
        found.append(
            Notice(
                "look",
                words.many(
                    "{count} print may be out: look at the printer",
                    "{count} prints may be out: look at the printer",
                    printer.unsure,
                ),
            )
        )
    if paper_waiting:
        found.append(
            Notice(
                "look",
                words.many(
                    "{count} ticket comes when the network is back",
                    "{count} tickets come when the network is back",
                    paper_waiting,
                ),
            )
        )
    return tuple(found)


def _incidents(status: Status, words: Words) -> tuple[Notice, ...]:
    count = len(status.incidents)
    if not count:
        return ()
    return (
        Notice(
            "look",
            words.many(
                "{count} entry is being looked into: call the office",
                "{count} entries are being looked into: call the office",
                count,
            ),
        ),
    )
