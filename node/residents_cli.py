"""What a resident does at a counter besides paying, from the shell: an ID, a number, a look."""

from pathlib import Path

import click

from node import shell
from node.outcome import Refused
from node.shell import as_json, card, folder, options, secret, show


@click.command()
@options(folder, secret, card, shell.pin, as_json)
@click.option("--mykey-id", "wishes", multiple=True, metavar="M", help="A wish; up to three.")
@click.option("--consent", type=click.Choice(["points"]), help="Set up the points cloud as well.")
def register(
    *,
    folder: Path,
    secret_file: Path | None,
    card: str,
    pin_file: str | None,
    as_json: bool,
    wishes: tuple[str, ...],
    consent: str | None,
) -> None:
    """Make a MyKey ID at this counter."""
    with shell.opened(folder, secret_file) as counter:
        chosen = counter.choose_id(wishes)
        if isinstance(chosen, Refused):
            shell.refuse(counter, chosen, as_json=as_json)
        pin = shell.pin_for(counter, card, pin_file)
        made = counter.register(card, pin, chosen, consent=consent == "points")
        if isinstance(made, Refused):
            shell.refuse(counter, made, as_json=as_json)
    line = {"mykey_id": made.mykey_id, "generated": made.generated}
    show([line], as_json=as_json, words=f"the MyKey ID is {made.mykey_id}")


@click.command()
@options(folder, secret, card, shell.pin, as_json)
@click.option("--link", "number", default="", metavar="NUMBER", help="Give it this number; PIN.")
@click.option("--unlink", is_flag=True, help="Take its number back; PIN.")
def service(
    *,
    folder: Path,
    secret_file: Path | None,
    card: str,
    pin_file: str | None,
    as_json: bool,
    number: str,
    unlink: bool,
) -> None:
    """Show the card holder's number at this organisation, or change it."""
    if number and unlink:
        raise click.UsageError("--link and --unlink are two things: give one")
    with shell.opened(folder, secret_file) as counter:
        if number or unlink:
            found = counter.set_number(card, shell.pin_for(counter, card, pin_file), number)
        else:
            found = counter.number_of(card)
        if isinstance(found, Refused):
            shell.refuse(counter, found, as_json=as_json)
        organisation = counter.parts.identity.organisation
    line = {"organisation": organisation, "registered": found.registered, "number": found.number}
    missing = "no number is linked here" if found.registered else "this card has no MyKey ID yet"
    show([line], as_json=as_json, words=found.number or missing)


@click.command()
@options(folder, secret, card, shell.pin, as_json)
def balance(
    folder: Path, secret_file: Path | None, card: str, pin_file: str | None, as_json: bool
) -> None:
    """The card's points, town by town; exact with a PIN while the hub answers."""
    with shell.opened(folder, secret_file) as counter:
        rows = counter.balances(card, shell.pin_from(pin_file))
        if isinstance(rows, Refused):
            shell.refuse(counter, rows, as_json=as_json)
    lines = [
        {
            "municipality": row.municipality,
            "available": row.available,
            "held": row.held,
            "as_of": row.as_of,
            "exact": row.exact,
        }
        for row in rows
    ]
    words = "\n".join(f"{row.town}: {row.available:,} {row.point_name}" for row in rows)
    show(lines, as_json=as_json, words=words or "nothing is known here of this card's points")
