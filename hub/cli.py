"""``machikado hub``: make one, run it, look into it; and everything that people ask it for."""

from pathlib import Path

import click
import msgspec

from hub.cli_carried import CARRIED
from hub.cli_money import MONEY
from hub.cli_people import PEOPLE
from hub.cli_residents import RESIDENTS
from hub.cli_revocation import REVOCATION
from hub.cli_services import SERVICES
from hub.cli_signin import SIGN_IN

DEFAULT_ORIGIN = "http://127.0.0.1:8080"
DAMAGED = 5
"""The exit code of what does not add up."""


@click.group()
@click.option("--hub", "url", default="", metavar="URL", help="Where the hub is.")
@click.option("--token-file", default="", metavar="F", help="Your token; - is stdin.")
@click.option("--tls-pin", default="", metavar="HEX", help="SHA-256 of the hub's TLS key.")
@click.pass_context
def hub(ctx: click.Context, url: str, token_file: str, tls_pin: str) -> None:
    """Towns, points and settlement: a hub, and its operators."""
    ctx.find_root().meta["machikado.hub"] = {
        "hub": url,
        "token_file": token_file,
        "tls_pin": tls_pin,
    }


class InitOperator(msgspec.Struct, frozen=True, kw_only=True):
    """One of the first two people: a token, or an invitation to make one."""

    name: str
    token_file: str | None
    invitation_file: str | None


class InitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What ``init`` made."""

    origin: str
    operators: tuple[InitOperator, ...]
    demo_ca: str | None


@hub.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--database", default="", metavar="URL", help="Another database than a file in DIR.")
@click.option(
    "--identities", default="", metavar="URL", help="The identities' own role on that server."
)
@click.option("--origin", default=DEFAULT_ORIGIN, metavar="URL", help="Where nodes reach it.")
@click.option("--demo", is_flag=True, help="For trying out: a demo CA, both operators' tokens.")
@click.option("--json", "as_json", is_flag=True, help="One object, for scripts.")
def init(
    *, folder: Path, database: str, identities: str, origin: str, demo: bool, as_json: bool
) -> None:
    """Make a hub: keys, schema, the first operator's token, an invitation for the second."""
    from hub.hub import FIRST_TWO, init_hub

    made = init_hub(folder, origin=origin, demo=demo, database=database, identities=identities)
    answer = InitAnswer(
        origin=made.origin,
        operators=tuple(
            InitOperator(
                name=name,
                token_file=None if path is None else str(path),
                invitation_file=None if path is not None else str(made.invitation_file),
            )
            for name, path in zip(FIRST_TWO, made.token_files, strict=True)
        ),
        demo_ca=None if made.demo_ca is None else str(made.demo_ca),
    )
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    click.echo(f"a hub for {answer.origin} in {folder}")
    for operator in answer.operators:
        what = "token in" if operator.token_file else "invitation in"
        click.echo(f"{operator.name}: {what} {operator.token_file or operator.invitation_file}")


@hub.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--listen", default="", metavar="HOST:PORT", help="Else where its origin says.")
@click.option("--verifiers", default=0, type=click.IntRange(0, 64), metavar="N")
@click.option("--towns", default="", metavar="CODE,...", help="Only these, beside other hubs.")
@click.option("--tls-cert", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--log-level", default="info", type=click.Choice(["debug", "info", "warning"]))
def serve(
    *,
    folder: Path,
    listen: str,
    verifiers: int,
    towns: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    log_level: str,
) -> None:
    """Answer nodes and people; one line when it listens. The log is on stderr."""
    import logging
    from urllib.parse import urlsplit

    from hub.core import read_towns
    from hub.hub import open_hub
    from hub.logs import log_to
    from hub.serve import Tls
    from hub.serve import serve as run

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together: give both")
    tls = None if tls_cert is None or tls_key is None else Tls(certificate=tls_cert, key=tls_key)
    end_log = log_to(level=logging.getLevelNamesMapping()[log_level.upper()])
    opened = open_hub(
        folder,
        verifiers=verifiers,
        tls_pin=b"" if tls is None else tls.pin,
        serves=read_towns(towns),
    )
    origin = opened.core.origin

    def listening(address: str) -> None:
        of = f" for {towns}" if towns else ""
        click.echo(f"the hub of {origin} listens on {address}{of}")

    try:
        run(opened, listen or urlsplit(origin).netloc, listening=listening, tls=tls)
    finally:
        opened.close()
        end_log()


@hub.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--database", required=True, metavar="URL", help="postgresql://user@host/name")
@click.option(
    "--identities", default="", metavar="URL", help="The identities' own role on that server."
)
@click.option("--json", "as_json", is_flag=True, help="One object, for scripts.")
def move(*, folder: Path, database: str, identities: str, as_json: bool) -> None:
    """Move a stopped hub from files to a PostgreSQL server; again goes on where it was cut off."""
    from hub.moving import move_hub

    moved = move_hub(folder, database, identities)
    if as_json:
        click.echo(msgspec.json.encode(moved).decode())
        return
    click.echo(
        f"{moved.rows} rows are on the server as they were in the files:"
        f" {moved.transfers} transfers of {moved.points} points"
        if moved.rows
        else "everything is on the server already"
    )
    for file in moved.files:
        click.echo(f"as it was: {file}")


@hub.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One object a database, for scripts.")
def upgrade(*, folder: Path, as_json: bool) -> None:
    """Bring a stopped hub's databases up to date; files are copied first."""
    from hub.upgrade import upgrade_hub

    for each in upgrade_hub(folder):
        if as_json:
            click.echo(msgspec.json.encode(each).decode())
        elif each.was == each.now:
            click.echo(f"{each.name} is of version {each.now} already")
        else:
            kept = f"; as it was before: {each.copy}" if each.copy else ""
            click.echo(f"{each.name} is of version {each.now} now, it was of {each.was}{kept}")


@hub.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sums", "only_sums", is_flag=True, help="Only add the transfers up: much sooner.")
@click.option("--json", "as_json", is_flag=True, help="One object a finding, for scripts.")
def audit(*, folder: Path, only_sums: bool, as_json: bool) -> None:
    """Recompute everything from the records; findings, one a line. The hub may go on running."""
    from hub.audit import audit_hub, audit_sums
    from hub.findings import as_json as line_of
    from hub.findings import in_words
    from hub.hub import copy_of
    from hub.intake.verify import InlineVerifier

    with copy_of(folder) as copy:
        findings = audit_sums(copy.core) if only_sums else audit_hub(copy, InlineVerifier())
    for finding in findings:
        click.echo(line_of(finding).decode() if as_json else in_words(finding))
    if findings:
        raise SystemExit(DAMAGED)
    if not as_json:
        click.echo("everything adds up")


for _command in (*SIGN_IN, *PEOPLE, *RESIDENTS, *SERVICES, *REVOCATION, *MONEY, *CARRIED):
    hub.add_command(_command)
