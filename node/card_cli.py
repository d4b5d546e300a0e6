"""``machikado card``: software cards of a demo."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import shell
from node.card import vpcd
from node.shell import as_json, show
from sync.cardkey import Algorithm

if TYPE_CHECKING:
    from node.card.demo import CardDescription

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def card() -> None:
    """Software cards of a demo."""


@card.command()
@_file
@click.option("--ca", "ca", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--pin-file", metavar="F", help="The card's PIN; - is standard input.")
@click.option(
    "--algorithm",
    type=click.Choice(list(Algorithm)),
    default=Algorithm.RS256,
    show_default=True,
    help="How its key signs.",
)
@as_json
def new(file: Path, ca: Path, pin_file: str | None, algorithm: Algorithm, as_json: bool) -> None:
    """Make a software card in FILE under a demo CA."""
    from node.card.demo import new_card
    from node.opening import clock_for

    at = clock_for(demo=True).now()
    made = new_card(file, ca, shell.need_pin(pin_file), at=at, algorithm=algorithm)
    _show(file, made, as_json=as_json)


@card.command()
@_file
@click.option("--ca", "ca", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--hold", "how", flag_value="hold", help="Until further notice.")
@click.option("--restore", "how", flag_value="restore", help="End that.")
def revoke(file: Path, ca: Path, how: str | None) -> None:
    """Put the card in FILE on its demo CA's next revocation list, for good unless told otherwise.

    Nobody hears of it before a list is made: machikado card revocation-list.
    """
    from node.card.demo import take_back
    from node.opening import clock_for
    from sync.revocation import Kind

    kind = {"hold": Kind.HELD, "restore": None}.get(how or "", Kind.REVOKED)
    take_back(file, ca, kind, at=clock_for(demo=True).now())
    said = {"hold": "is on hold", "restore": "is no longer on hold"}.get(how or "", "is revoked")
    shell.say(f"{file} {said} by the demo CA's next list")


@card.command("revocation-list")
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--ca", "ca", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--days", type=click.IntRange(1, 365), default=7, show_default=True, help="In force so long."
)
def make_list(file: Path, ca: Path, days: int) -> None:
    """Write a demo CA's next revocation list into LIST; one that is there is replaced."""
    from node.opening import clock_for
    from sync import demolist
    from sync.values import DAY, Millis

    made = demolist.make_list(ca, at=clock_for(demo=True).now(), life=Millis(days * DAY))
    beside = file.with_name(f"{file.name}.new")
    beside.write_bytes(made)  # whoever reads LIST meanwhile has the one before, whole
    beside.replace(file)
    shell.say(f"{file} is in force for {days} days")


@card.command("show")
@_file
@as_json
def show_card(file: Path, as_json: bool) -> None:
    """Look at a software card."""
    from node.card.demo import describe

    _show(file, describe(file), as_json=as_json)


@card.command()
@_file
@click.option(
    "--port",
    type=click.IntRange(1, 0xFFFF),
    default=vpcd.PORT,
    show_default=True,
    help="Where vpcd listens on this PC.",
)
def attach(file: Path, port: int) -> None:
    """Lay a software card on the virtual reader of pcscd until Ctrl+C."""
    from node.card.softcard import SoftCard

    SoftCard(file).close()  # a file that is no card is told before a reader is called
    with suppress(KeyboardInterrupt), vpcd.reach(port=port) as line:
        shell.say(f"{file} lies on the virtual reader; Ctrl+C takes it off")
        vpcd.serve(line, lambda: SoftCard(file))
    shell.say(f"{file} is off the virtual reader")


def _show(file: Path, made: "CardDescription", *, as_json: bool) -> None:
    line = {
        "card": f"soft:{file}",
        "key": made.key,
        "algorithm": made.algorithm,
        "valid_from": made.valid_from,
        "valid_until": made.valid_until,
        "tries_left": made.tries_left,
    }
    words = f"{file}: key {made.key} ({made.algorithm}), tries left: {made.tries_left}"
    show([line], as_json=as_json, words=words)
