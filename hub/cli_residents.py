"""``machikado hub resident``: residents by their MyKey ID, and what may happen to it."""

from collections.abc import Callable
from enum import StrEnum

import click

from hub.forms import NewIdForm
from hub.mykey.reasons import Cancellation, Change, Resumption, Suspension
from hub.shell import Asker, Command, as_person, say, say_whole
from hub.views import CancelledView

_of_resident = click.argument("name", metavar="M")


def _why(kind: type[StrEnum]) -> Callable[[Command], Command]:
    """The option that names a reason of its list."""
    return click.option("--why", required=True, type=click.Choice([str(each) for each in kind]))


@click.group()
def resident() -> None:
    """Residents by their MyKey ID."""


@resident.command("show")
@_of_resident
@as_person
def resident_show(*, asker: Asker, name: str) -> None:
    """Show a MyKey ID, and who did what to it."""
    with asker.client() as client:
        found = client.resident(name)
    say_whole(found, asker)


@resident.command("suspend")
@_of_resident
@_why(Suspension)
@as_person
def resident_suspend(*, asker: Asker, name: str, why: str) -> None:
    """Let its cards open nothing: here at once, at each counter when it syncs."""
    with asker.client() as client:
        found = client.suspend_resident(name, why)
    say(found, asker, f"{found.mykey_id} is {found.state}")


@resident.command("resume")
@_of_resident
@_why(Resumption)
@as_person
def resident_resume(*, asker: Asker, name: str, why: str) -> None:
    """Let its cards open again what they did."""
    with asker.client() as client:
        found = client.resume_resident(name, why)
    say(found, asker, f"{found.mykey_id} is {found.state}")


@resident.command("change-id")
@_of_resident
@click.option("--to", "new_id", default="", metavar="NEW", help="Else one is made.")
@_why(Change)
@as_person
def resident_change_id(*, asker: Asker, name: str, new_id: str, why: str) -> None:
    """Give it another ID; cards and points stay, and nobody else ever gets the old one."""
    with asker.client() as client:
        found = client.change_mykey_id(name, NewIdForm(new_id=new_id, why=why))
    say(found, asker, f"{name} is {found.mykey_id} from now on")


@resident.command("cancel")
@_of_resident
@_why(Cancellation)
@as_person
def resident_cancel(*, asker: Asker, name: str, why: str) -> None:
    """End it for good; says the points that are left."""
    with asker.client() as client:
        ended = client.cancel_resident(name, why)
    say(ended, asker, _left(ended))


def _left(ended: CancelledView) -> str:
    lines = [f"{ended.mykey_id} is {ended.state}"]
    lines += [
        f"{row.available + row.held:,} points of {row.municipality} are left, until they lapse"
        for row in ended.left
        if row.available + row.held
    ]
    return "\n".join(lines)


RESIDENTS: tuple[click.Command, ...] = (resident,)
