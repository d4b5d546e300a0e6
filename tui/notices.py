"""What the banner says: the counter's state in sentences, the gravest first.

Pure: a :class:`~node.outcome.Status` in, sentences out.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sync.clock import ClockState
from tui.wording import Words, number

if TYPE_CHECKING:
    from node.outcome import PrinterState, Status

Weight = Literal["calm", "look", "stop"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence of the banner."""

    weight: Weight
    text: str


def notices(status: "Status", words: Words) -> tuple[Notice, ...]:
    """Everything a person at this counter should know now."""
    return (
        *_stopped(status, words),
        *_demo(status, words),  # never goes away, however much else there is to say
        _line(status, words),
        *_incidents(status, words),
        *_paper(status.printer, status.paper_waiting, words),
        *_clock(status, words),
        *_revocation(status, words),
        *_copies(status, words),
    )


def printer_trouble(trouble: str, words: Words) -> str:
    """A printer's stable key in the words of :mod:`printer.words`; empty for none."""
    if not trouble:
        return ""
    from printer.errors import Trouble
    from printer.words import trouble_in_words

    if trouble not in set(Trouble):
        return words("The printer has a problem: {trouble}", trouble=trouble)
    return trouble_in_words(Trouble(trouble), words.language)


def _stopped(status: "Status", words: Words) -> tuple[Notice, ...]:
    if status.stopped is None:
        return ()
    from tui.wording.advice import STOPPED

    why = words(STOPPED.get(status.stopped, status.stopped))
    return (Notice("stop", words("Takes no points: {why}. Call the office.", why=why)),)


def _line(status: "Status", words: Words) -> Notice:
    """The line, what waits and for how long, and how much may still be taken without it."""
    parts = [_up(status, words) if status.hub_reachable else _down(status, words)]
    parts.append(words.many("{count} entry to send", "{count} entries to send", status.waiting))
    if status.oldest_waiting is not None and status.waiting:
        parts[-1] += words(" (oldest {age})", age=words.age(status.now - status.oldest_waiting))
    if not status.stopped and (status.hub_reachable or status.offline_left > 0):
        parts.append(words("offline limit left {points}", points=number(status.offline_left)))
    if not status.stopped and status.offline_limit > 0 and status.ticket_float_left <= 0:
        parts.append(words("none left for tickets"))
    look = status.offline_warning or not status.hub_reachable
    return Notice("look" if look else "calm", words(", ").join(parts))


def _up(status: "Status", words: Words) -> str:
    """That the line is up; what is to be sent may have to wait all the same."""
    return words("Online, the centre is busy") if status.busy else words("Online")


def _down(status: "Status", words: Words) -> str:
    """That the line is down, and what that means here: a counter that is stopped has said more."""
    if status.busy:
        down = words("The centre is busy")
    elif status.silent_since is None:
        down = words("Network down")
    else:
        age = words.age(status.now - status.silent_since)
        down = words("Network down for {age}", age=age)
    if status.stopped:
        return down
    if status.offline_limit <= 0:
        return words("{down}: no points can be taken until it is back", down=down)
    if status.offline_left <= 0:
        return words("{down}: the limit for points is used up", down=down)
    return words("{down}: you can go on", down=down)


def _demo(status: "Status", words: Words) -> tuple[Notice, ...]:
    return (Notice("look", words("DEMO: no real points")),) if status.demo else ()


def _copies(status: "Status", words: Words) -> tuple[Notice, ...]:
    found = []
    if status.only_copy:
        found.append(Notice("look", words("Only copy: plug in the USB stick")))
    if status.unsealed_keys:
        found.append(Notice("look", words("No node secret set")))
    return tuple(found)


def _clock(status: "Status", words: Words) -> tuple[Notice, ...]:
    if status.clock is ClockState.UNTRUSTED:
        return (Notice("look", words("Set this PC's clock: nothing works offline")),)
    if status.clock is ClockState.RESTARTED:
        return (Notice("look", words("PC was restarted: half limits offline")),)
    return ()


def _revocation(status: "Status", words: Words) -> tuple[Notice, ...]:
    """The centre's own trouble, which narrows what may be taken here without it."""
    since = status.revocation_since
    if since is None:
        return ()
    if since == 0:
        return (Notice("look", words("The centre has no list of revoked cards: call the office")),)
    said = words(
        "The centre's list of revoked cards is out of date since {moment}: call the office",
        moment=words.moment(since),
    )
    return (Notice("look", said),)


def _paper(printer: "PrinterState", paper_waiting: int, words: Words) -> tuple[Notice, ...]:
    found = []
    if printer.trouble and printer.waiting:
        found.append(Notice("look", printer_trouble(printer.trouble, words)))
    elif printer.warning:
        found.append(Notice("look", printer_trouble(printer.warning, words)))
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
                    "{count} print may be out: F10",
                    "{count} prints may be out: F10",
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


def _incidents(status: "Status", words: Words) -> tuple[Notice, ...]:
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
