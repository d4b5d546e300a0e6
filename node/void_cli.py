"""``machikado node ticket void``: a paper ticket out of use, with its paper or without."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import shell
from node.outcome import Refused
from node.shell import as_json, folder, options, png, secret, show
from node.voided import LiveTicket, Voided

if TYPE_CHECKING:
    from node.counter import Counter

_BACK = {
    "now": "its points are back",
    "soon": "its points come back when the hub has heard of it (machikado node sync)",
    "later": "its points come back when every counter knows of it, at the latest on {day}",
}


@click.command()
@options(folder, secret, shell.pin, png, as_json)
@click.option("--card", metavar="CARD", help="With --lost: soft:FILE or pcsc[:READER].")
@click.option("--lost", is_flag=True, help="The paper is not there: its holder's card signs.")
@click.argument("ticket", metavar="QR|NUMBER", default="")
def void(
    *,
    folder: Path,
    secret_file: Path | None,
    card: str | None,
    pin_file: str | None,
    png: Path | None,
    as_json: bool,
    lost: bool,
    ticket: str,
) -> None:
    """Take a paper ticket out of use: its points go back to its holder.

    With the paper: scan it (QR) and keep it. Without it: --lost, the holder's card and PIN, and the
    NUMBER; without a number the holder's live tickets are listed.
    """
    if lost == (card is None):
        raise click.UsageError("--lost needs --card, and without --lost the paper's QR is needed")
    with shell.opened(folder, secret_file) as counter:
        if card is None:
            _told(counter, counter.void_ticket(ticket), png=png, as_json=as_json)
            return
        live = counter.own_tickets(card, shell.pin_for(counter, card, pin_file))
        if isinstance(live, Refused):
            shell.refuse(counter, live, as_json=as_json)
        if not ticket:
            show([_line(each) for each in live], as_json=as_json, words=_words(live))
            return
        found = next((each for each in live if each.number == ticket), None)
        if found is None:
            raise click.UsageError(f"{ticket} is no live ticket of this card's holder")
        done = counter.void_lost(card, shell.pin_for(counter, card, pin_file), found)
        _told(counter, done, png=png, as_json=as_json)


def _line(each: LiveTicket) -> shell.Line:
    return {
        "number": each.number,
        "municipality": each.municipality,
        "points": each.points,
        "valid_from": each.valid_from,
        "valid_until": each.valid_until,
        "voiding": each.voiding,
    }


def _words(live: tuple[LiveTicket, ...]) -> str:
    lines = [
        f"{each.number}: {each.points:,} {each.point_name}, until {each.valid_until}"
        + (" (voided before; its points are on their way)" if each.voiding else "")
        for each in live
    ]
    return "\n".join(lines) or "this card's holder has no live ticket"


def _told(counter: "Counter", done: Voided | Refused, *, png: Path | None, as_json: bool) -> None:
    """Print what became of it; then its slip."""
    if isinstance(done, Refused):
        shell.refuse(counter, done, as_json=as_json)
    record = done.record
    line = {**shell.approved(record), "back": done.back, "back_by": done.back_by or None}
    words = f"ticket {record.number} is void, record {record.seq}; " + _BACK[done.back].format(
        day=done.back_by
    )
    show([line], as_json=as_json, words=words)
    slip_of = counter.parts.paper.slip_of
    shell.bring_to_paper(counter, png, lambda: [slip_of(record.epoch, record.seq)])
