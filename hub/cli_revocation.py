"""``machikado hub revocation``: where issuers' lists of revoked certificates come from."""

import click

from hub.shell import Asker, as_person, say, say_answer, say_whole
from hub.views import RevocationView


@click.group()
def revocation() -> None:
    """Lists of certificates that their issuers took back."""


@revocation.command("source")
@click.argument("source", metavar="SOURCE")
@as_person
def revocation_source(*, asker: Asker, source: str) -> None:
    """Set it: none, file:/PATH, dir:/PATH or https://... (paths of the hub's machine)."""
    with asker.client() as client:
        answer = client.set_revocation_source(source)
    say_answer(answer, asker, f"revocation lists come from {source}")


@revocation.command("load")
@as_person
def revocation_load(*, asker: Asker) -> None:
    """Ask the source now; ends with 5 where no list could be believed."""
    with asker.client() as client:
        found = client.load_revocation_lists()
    say(found, asker, _of_last(found))
    if not all(attempt.worked for attempt in found.last):
        raise SystemExit(_NOTHING_TAKEN)


@revocation.command("show")
@as_person
def revocation_show(*, asker: Asker) -> None:
    """Source, lists in force and until when, and how the last load went."""
    with asker.client() as client:
        found = client.revocation()
    say_whole(found, asker)


def _of_last(found: RevocationView) -> str:
    return "\n".join(
        f"{row.name}: {row.words}" for attempt in found.last for row in attempt.offered
    )


_NOTHING_TAKEN = 5
"""The exit code of what somebody has to look at."""

REVOCATION: tuple[click.Command, ...] = (revocation,)
