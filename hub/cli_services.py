"""``machikado hub services``: organisations' own numbers for people, from a file."""

import click

from hub.shell import Asker, as_person, read_bytes, say, say_whole
from hub.views import NumbersLoaded

REFUSED = 3
"""The exit code of a file that cannot be loaded as it is."""


@click.group()
def services() -> None:
    """Service numbers: an organisation's own number for a person."""


@services.command("load")
@click.argument("organisation")
@click.argument("file", metavar="FILE")
@click.option("--apply", is_flag=True, help="Load it; else only say what that would do.")
@as_person
def services_load(*, asker: Asker, organisation: str, file: str, apply: bool) -> None:
    """Link the numbers of a CSV (MyKey ID, number), all or nothing; first tried without --apply."""
    data = read_bytes(file)
    with asker.client() as client:
        done = client.load_numbers(organisation, data, apply=apply)
    say(done, asker, _told(done))
    if done.bad_lines:
        raise SystemExit(REFUSED)


@services.command("show")
@click.argument("organisation")
@as_person
def services_show(*, asker: Asker, organisation: str) -> None:
    """Show how many people an organisation has a number of."""
    with asker.client() as client:
        found = client.numbers(organisation)
    say_whole(found, asker)


def _told(done: NumbersLoaded) -> str:
    lines = [f"line {each.line}: {each.what}" for each in done.bad]
    if done.bad_lines > len(done.bad):
        lines.append(f"... and {done.bad_lines - len(done.bad):,} more lines")
    if done.bad_lines:
        lines.append(f"{done.bad_lines:,} lines cannot be loaded: nothing was changed")
        return "\n".join(lines)
    counts = f"{done.new:,} new, {done.changed:,} changed, {done.same:,} as they were"
    if done.applied:
        return f"{done.rows:,} numbers of {done.organisation} are linked: {counts}"
    return f"{done.rows:,} numbers can be linked: {counts}; nothing was changed, say --apply"


SERVICES: tuple[click.Command, ...] = (services,)
