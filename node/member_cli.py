"""``machikado node member``: a resident's own MyKey ID at this counter, with card and PIN."""

from pathlib import Path
from typing import NamedTuple

import click

from node import shell
from node.outcome import Refused, SeenMember
from node.shell import as_json, card, folder, options, secret, show
from sync.members import MemberStep

_WITH_CARD = (folder, secret, card, shell.pin, as_json)
_PLAIN = {
    MemberStep.SEE: "Show the MyKey ID of a card, and how it stands.",
    MemberStep.AGREE: "Agree to have points, after a registration without.",
    MemberStep.SUSPEND: "Let its cards open nothing: here at once, elsewhere by the next news.",
    MemberStep.RESUME: "Let its cards open again what they did.",
}
"""Steps that need nothing but the card, and what their help says."""


class Shown(NamedTuple):
    """The card that was shown, where, and how to answer."""

    folder: Path
    secret_file: Path | None
    card: str
    pin_file: str | None
    as_json: bool


@click.group()
def member() -> None:
    """The card's own MyKey ID."""


def _plain(step: MemberStep, words: str) -> click.Command:
    @click.command(str(step), help=words)
    @options(*_WITH_CARD)
    def take(
        folder: Path, secret_file: Path | None, card: str, pin_file: str | None, as_json: bool
    ) -> None:
        _take(Shown(folder, secret_file, card, pin_file, as_json), step)

    return take


for _step, _help in _PLAIN.items():
    member.add_command(_plain(_step, _help))


@member.command("change-id")
@options(*_WITH_CARD)
@click.option("--to", "wish", default="", metavar="NEW", help="Else one is made.")
def change_id(
    *,
    folder: Path,
    secret_file: Path | None,
    card: str,
    pin_file: str | None,
    as_json: bool,
    wish: str,
) -> None:
    """Give the card's holder another MyKey ID; cards and points stay."""
    _take(Shown(folder, secret_file, card, pin_file, as_json), MemberStep.CHANGE, wish)


@member.command("cancel")
@options(*_WITH_CARD)
@click.option("--mykey-id", "name", required=True, metavar="M", help="What ends; see shows it.")
def cancel(
    *,
    folder: Path,
    secret_file: Path | None,
    card: str,
    pin_file: str | None,
    as_json: bool,
    name: str,
) -> None:
    """End the card's MyKey ID for good; says the points that are left until they lapse."""
    _take(Shown(folder, secret_file, card, pin_file, as_json), MemberStep.CANCEL, name)


def _take(shown: Shown, step: MemberStep, name: str = "") -> None:
    with shell.opened(shown.folder, shown.secret_file) as counter:
        pin = shell.pin_for(counter, shown.card, shown.pin_file)
        answer = counter.member(shown.card, pin, step, name)
        if isinstance(answer, Refused):
            shell.refuse(counter, answer, as_json=shown.as_json)
    show([_line(answer)], as_json=shown.as_json, words=_words(answer))


def _line(answer: SeenMember) -> shell.Line:
    return {
        "mykey_id": answer.mykey_id,
        "state": answer.state,
        "at_desk": answer.at_desk,
        "generated": answer.generated,
        "cards": answer.cards,
        "has_points": answer.has_points,
        "left": [
            {"municipality": row.municipality, "available": row.available, "held": row.held}
            for row in answer.left
        ],
    }


def _words(answer: SeenMember) -> str:
    lines = [f"the MyKey ID is {answer.mykey_id}: {answer.state}"]
    if answer.at_desk:
        lines.append("only the town's desk may resume it")
    lines += [
        f"{row.town}: {row.available:,} {row.point_name}, {row.held:,} on hold"
        for row in answer.left
    ]
    return "\n".join(lines)
