"""``machikado node ticket clear``: a shop's pile from the shell, a scan a line."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import shell
from node.outcome import Outcome, Refused
from node.shell import as_json, folder, options, png, secret, show

if TYPE_CHECKING:
    from node.counter import Counter
    from node.pile import Pile


@click.command()
@options(folder, secret, png, as_json)
@click.argument("organisation", metavar="ORG")
@click.option("--undo", is_flag=True, help="First take the last one back.")
@click.option("--close", "closes", is_flag=True, help="End the pile; its receipt comes on paper.")
def clear(
    *,
    folder: Path,
    secret_file: Path | None,
    png: Path | None,
    as_json: bool,
    organisation: str,
    undo: bool,
    closes: bool,
) -> None:
    """Clear the stamped tickets that ORG brought: scans or typed numbers from standard input.

    Goes on with the pile of ORG that is open, and leaves it open without --close. A ticket that is
    not cleared is told with its reason and goes back with the shop; the others behind it go on.
    """
    with shell.opened(folder, secret_file) as counter:
        pile = counter.open_pile(organisation)
        if isinstance(pile, Refused):
            shell.refuse(counter, pile, as_json=as_json)
        if undo:
            undone = counter.undo_clearing()
            if isinstance(undone, Refused):
                shell.refuse(counter, undone, as_json=as_json)
            _tell(counter, undone, as_json=as_json)
        for line in sys.stdin if not sys.stdin.isatty() or not (undo or closes) else ():
            if line.strip():
                _tell(counter, counter.clear(line.strip()), as_json=as_json)
        done = counter.close_pile() if closes else counter.pile()
        if isinstance(done, Refused):
            shell.refuse(counter, done, as_json=as_json)
        if done is None:  # it was closed by nobody else: the folder is ours
            return
        show([_line(done)], as_json=as_json, words=_words(done))
        if closes:
            shell.bring_to_paper(
                counter, png, lambda: [counter.parts.paper.clearing_receipt_of(done)]
            )


def _tell(counter: "Counter", answer: Outcome, *, as_json: bool) -> None:
    """One scan's answer, at once: whoever feeds this may be waiting for it."""
    if isinstance(answer, Refused):
        line = shell.refused(counter, answer)
        words = f"BACK {answer.number or ''} {answer.detail} ({answer.reason})"
    else:
        late = answer.ended_on or ""
        line = {**shell.approved(answer), "ended_on": late}
        stamp = f"; its last day was {late}: look at the date of the shop's stamp" if late else ""
        what = "taken back" if answer.kind == "reversed" else "cleared"
        words = f"{what} {answer.number} {answer.points:,}{stamp}"
    show([line], as_json=as_json, words=words)
    sys.stdout.flush()


def _line(pile: "Pile") -> shell.Line:
    return {
        "outcome": "approved",
        "organisation": pile.organisation,
        "name": pile.name,
        "opened": pile.opened,
        "seq": pile.closed,
        "count": pile.count,
        "points": pile.points,
        "lines": [{"points": points, "count": count} for points, count in pile.lines],
        "returned": [{"number": each.number, "reason": each.reason} for each in pile.returned],
    }


def _words(pile: "Pile") -> str:
    state = "open" if pile.closed is None else f"closed by record {pile.closed}"
    lines = [f"{pile.name}: {pile.count} tickets, {pile.points:,} points; {state}"]
    lines += [f"{points:,} x {count}" for points, count in pile.lines]
    lines += [f"back: {each.number} ({each.reason})" for each in pile.returned]
    return "\n".join(lines)
