"""``machikado hub resident``: residents by their MyKey ID, and what may happen to it."""

from collections.abc import Callable
from enum import StrEnum

import click

from hub.forms import JoinCardForm, NewIdForm, RefuseJoinForm
from hub.mykey.reasons import Cancellation, Change, Evidence, NotJoined, Resumption, Suspension
from hub.shell import Asker, Command, as_person, say, say_rows, say_whole
from hub.views import CancelledView

_of_resident = click.argument("name", metavar="M")
_card = click.option(
    "--card", required=True, metavar="FINGERPRINT", help="As the counter shows it."
)


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


@resident.command("joins")
@as_person
def resident_joins(*, asker: Asker) -> None:
    """List the cards that asked at a counter to be joined to a MyKey ID."""
    with asker.client() as client:
        found = client.joins()
    say_rows(found, asker)


@resident.command("join")
@_of_resident
@_card
@click.option("--evidence", required=True, type=click.Choice([str(each) for each in Evidence]))
@click.option("--keep-earlier", is_flag=True, help="The cards of before stay in use.")
@as_person
def resident_join(*, asker: Asker, name: str, card: str, evidence: str, keep_earlier: bool) -> None:
    """Join a card that asked; unless kept, the resident's other cards open nothing any more."""
    form = JoinCardForm(card=card, evidence=evidence, keep_earlier=keep_earlier)
    with asker.client() as client:
        found = client.join_card(name, form)
    say(found, asker, f"{card} opens what {found.mykey_id} has; {found.mykey_id} is {found.state}")


@resident.command("refuse-join")
@_of_resident
@_card
@_why(NotJoined)
@as_person
def resident_refuse_join(*, asker: Asker, name: str, card: str, why: str) -> None:
    """Do not join a card that asked; the counter tells it when the person asks again."""
    with asker.client() as client:
        found = client.refuse_join(name, RefuseJoinForm(card=card, why=why))
    say(found, asker, f"{card} is not joined to {found.mykey_id}")


def _left(ended: CancelledView) -> str:
    lines = [f"{ended.mykey_id} is {ended.state}"]
    lines += [
        f"{row.available + row.held:,} points of {row.municipality} are left, until they lapse"
        for row in ended.left
        if row.available + row.held
    ]
    return "\n".join(lines)


RESIDENTS: tuple[click.Command, ...] = (resident,)
