"""``machikado hub sign-in|sign-out|token`` and what people choose to sign in with.

Passwords and codes are typed and never shown; none of them is an option, an argument or an
environment variable, where other people of this PC could read it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from hub.shell import NEW_FILE, Asker, as_person, read_file, say, say_answer, say_rows, write_new
from hub.signin_forms import (
    LONGEST_SCRIPT,
    RECOVERY_CODES,
    ProofForm,
    SessionForm,
    SignInForm,
    TokenForm,
)
from sync.clock import tokyo
from sync.errors import NotAuthentic, RefusedByRule
from sync.values import Millis

T = TypeVar("T")
_TRIES = 3
"""How often a code may be mistyped before the picture has to be scanned again."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in now; the token stays in its file."""

    name: str
    role: str
    ends_at: Millis
    codes_left: int


@click.command("sign-in")
@click.argument("name")
@as_person
def sign_in(*, asker: Asker, name: str) -> None:
    """Begin a session with password and code; every command uses it from then on."""
    from hub import sessions

    with asker.client(joining=True) as client:
        form = SessionForm(name=name, password=_hidden("Password"), code=_hidden("Code"))
        found = client.sign_in(form)
    sessions.keep(
        sessions.Session(hub=asker.hub, name=found.name, token=found.token, ends_at=found.ends_at)
    )
    words = f"you are {found.name} ({found.role}) until {tokyo(found.ends_at):%H:%M} at the latest"
    if not found.codes_left:
        words += "\nno recovery code is left: machikado hub operator password --new-authenticator"
    told = SignedIn(
        name=found.name, role=found.role, ends_at=found.ends_at, codes_left=found.codes_left
    )
    say(told, asker, words)


@click.command("sign-out")
@as_person
def sign_out(*, asker: Asker) -> None:
    """End the session, here and at the hub."""
    from hub import sessions

    there = sessions.kept(asker.hub)
    if there is None:
        raise RefusedByRule("no-session", f"nobody is signed in at {asker.hub} on this PC")
    try:
        with asker.client(token=there.token) as client:
            answer = client.sign_out()
    except NotAuthentic:
        sessions.forget(asker.hub)
        raise RefusedByRule("no-session", "the session was over already") from None
    sessions.forget(asker.hub)
    say_answer(answer, asker, f"{there.name} is signed out")


@click.command("password")
@click.option("--new-authenticator", is_flag=True, help="Another telephone, other recovery codes.")
@click.option("--give-up-token", is_flag=True, help="The token that one joined with ends.")
@as_person
def password(*, asker: Asker, new_authenticator: bool, give_up_token: bool) -> None:
    """Choose what to sign in with: a password, and at first an authenticator."""
    with asker.client() as client:
        who = client.who()
        now = None
        if who.signs_in:
            now = ProofForm(password=_hidden("Password of today"), code=_hidden("Code"))
        form = SignInForm(
            password=_chosen(), now=now, keep_token=who.joining_token and not give_up_token
        )
        if who.signs_in and not new_authenticator:
            answer = client.set_up(form)
        else:
            answer = with_authenticator(asker, who.name, form, client.set_up)
    say_answer(answer, asker, f"{who.name} signs in with a password and a code from now on")


def chosen_by(asker: Asker, send: Callable[[SignInForm], T]) -> T:
    """Let somebody who joins choose password and authenticator, and send it."""
    form = SignInForm(password=_chosen(), keep_token=False)
    return with_authenticator(asker, "operator", form, send)


def with_authenticator(
    asker: Asker, name: str, form: SignInForm, send: Callable[[SignInForm], T]
) -> T:
    """Draw an authenticator's secret and show it, ask for its code, send it, show recovery codes.

    All of it goes to the terminal (stderr), never into what a script reads.
    """
    from hub.signin import (
        SECRET_BYTES,
        address_for,
        digest_of_code,
        fresh_codes,
        written,
    )
    from hub.terminal import drawn
    from sync.ports import SystemRandomness

    randomness = SystemRandomness()
    secret = randomness.bytes(SECRET_BYTES)
    codes = fresh_codes(randomness)
    click.echo(drawn(address_for(name, urlsplit(asker.hub).netloc, secret)), err=True)
    click.echo(f"scan this with your authenticator, or type {_in_fours(written(secret))}", err=True)
    for tries in range(_TRIES):
        proved = msgspec.structs.replace(
            form,
            secret=written(secret),
            code=_hidden("Code that it shows now"),
            recovery=tuple(digest_of_code(code).hex() for code in codes),
        )
        try:
            answer = send(proved)
            break
        except RefusedByRule as refused:
            if refused.reason != "wrong-code" or tries == _TRIES - 1:
                raise
            click.echo(str(refused), err=True)
    told = "\n".join(codes)
    click.echo(
        f"{RECOVERY_CODES} recovery codes, each good once instead of a code; keep them on paper:",
        err=True,
    )
    click.echo(told, err=True)
    return answer


@click.group()
def token() -> None:
    """Tokens of one's own scripts."""


@token.command("add")
@click.argument("label")
@click.option("--role", required=True, type=click.Choice(["clerk", "auditor", "monitor"]))
@click.option(
    "--days", default=90, type=click.IntRange(1, LONGEST_SCRIPT), help="How long it is good."
)
@click.option("--token-out", required=True, metavar="FILE", type=NEW_FILE)
@as_person
def token_add(*, asker: Asker, label: str, role: str, days: int, token_out: Path) -> None:
    """Let a script in; its token is made here and stays in the file."""
    from hub.people import digest_of, fresh_token
    from sync.ports import SystemRandomness

    kept = read_file(str(token_out)).strip() if token_out.exists() else ""
    fresh = kept or fresh_token(SystemRandomness())
    form = TokenForm(label=label, role=role, days=days, token_digest=digest_of(fresh).hex())
    write_new(token_out, fresh.encode() + b"\n", private=True)
    with asker.client() as client:
        row = client.add_token(form)
    say(row, asker, f"{label} ({row.role}) is good until {tokyo(row.ends_at):%Y-%m-%d %H:%M}")


@token.command("list")
@as_person
def token_list(*, asker: Asker) -> None:
    """One's own sessions and scripts."""
    with asker.client() as client:
        say_rows(client.tokens(), asker)


@token.command("end")
@click.argument("label")
@as_person
def token_end(*, asker: Asker, label: str) -> None:
    """End a script's token."""
    with asker.client() as client:
        say_answer(client.end_token(label), asker, f"{label} opens nothing any more")


def _hidden(what: str) -> str:
    answer: str = click.prompt(what, hide_input=True, err=True)
    return answer


def _chosen() -> str:
    answer: str = click.prompt(
        "New password (a sentence)", hide_input=True, err=True, confirmation_prompt="Once more"
    )
    return answer


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


SIGN_IN = (sign_in, sign_out, token)
