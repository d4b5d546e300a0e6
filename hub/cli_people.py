"""``machikado hub operator|pending|municipality|organisation|node|policy|reserve``."""

from pathlib import Path

import click
import msgspec

from hub.cli_signin import chosen_by, password
from hub.forms import (
    Answered,
    BankForm,
    InviteForm,
    MunicipalityForm,
    OperatorForm,
    OrganisationForm,
    PayerForm,
    ReserveForm,
)
from hub.shell import (
    NEW_FILE,
    Asker,
    as_person,
    bank_options,
    read_file,
    say,
    say_answer,
    say_rows,
    write_new,
)
from hub.signin_forms import JoinForm
from sync.values import points as read_points


@click.group()
def operator() -> None:
    """The people who run the hub."""


@operator.command("add")
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["clerk", "approver", "auditor", "platform"]),
)
@click.option("--municipality", default="", metavar="CODE", help="Only this town.")
@as_person
def operator_add(*, asker: Asker, name: str, role: str, municipality: str) -> None:
    """Invite a person; the invitation works once a second person has approved."""
    with asker.client() as client:
        answer = client.add_operator(OperatorForm(name=name, role=role, municipality=municipality))
    say(answer, asker, f"{_became(answer)}\ninvitation: {answer.invitation}")


operator.add_command(password)


@operator.command("join")
@click.option("--invitation", "invitation_file", required=True, metavar="FILE")
@click.option("--token-out", metavar="FILE", type=NEW_FILE, help="A token instead of a password.")
@as_person
def operator_join(*, asker: Asker, invitation_file: str, token_out: Path | None) -> None:
    """Join with an invitation: choose a password and an authenticator, or keep a token."""
    from hub.people import digest_of, fresh_token
    from sync.ports import SystemRandomness

    code = read_file(invitation_file).strip()
    if token_out is None:
        nobodys = digest_of(fresh_token(SystemRandomness())).hex()
        with asker.client(joining=True) as client:
            joined = chosen_by(
                asker,
                lambda form: client.join(JoinForm(code=code, token_digest=nobodys, sign_in=form)),
            )
        say(joined, asker, f"you are {joined.name} ({joined.role}): machikado hub sign-in")
        return
    # A token that waits in the file from an earlier try is used: the hub may know it already.
    kept = read_file(str(token_out)).strip() if token_out.exists() else ""
    token = kept or fresh_token(SystemRandomness())
    form = JoinForm(code=code, token_digest=digest_of(token).hex())
    write_new(token_out, token.encode() + b"\n", private=True)
    with asker.client(joining=True) as client:
        joined = client.join(form)
    say(joined, asker, f"you are {joined.name} ({joined.role}); your token is in {token_out}")


class RecoveredOperator(msgspec.Struct, frozen=True, kw_only=True):
    """Whose token was made anew, and the file that holds it."""

    name: str
    token_file: str


@operator.command("recover")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("name")
@click.option("--token-out", metavar="FILE", type=NEW_FILE, help="Else NAME.token in DIR.")
@click.option("--json", "as_json", is_flag=True, help="One object, for scripts.")
def operator_recover(*, folder: Path, name: str, token_out: Path | None, as_json: bool) -> None:
    """Give a person a new token, with the hub stopped; every town finds it on its list."""
    from hub.hub import open_hub
    from hub.recovery import recover, token_file

    hub = open_hub(folder)
    file = token_out or token_file(folder, name)
    try:
        recover(hub, name, file)
    finally:
        hub.close()
    made = RecoveredOperator(name=name, token_file=str(file))
    words = f"{name} has a new token in {file}; the one before opens nothing any more"
    click.echo(msgspec.json.encode(made).decode() if as_json else words)


@operator.command("revoke")
@click.argument("name")
@as_person
def operator_revoke(*, asker: Asker, name: str) -> None:
    """End a person's access."""
    with asker.client() as client:
        say_answer(client.revoke_operator(name), asker, f"{name} may no longer use the hub")


@operator.command("list")
@as_person
def operator_list(*, asker: Asker) -> None:
    """Everybody."""
    with asker.client() as client:
        say_rows(client.operators(), asker)


@click.group()
def pending() -> None:
    """What waits for a second person."""


@pending.command("list")
@as_person
def pending_list(*, asker: Asker) -> None:
    """Everything that waits."""
    with asker.client() as client:
        say_rows(client.pending(), asker)


@pending.command("approve")
@click.argument("name", metavar="ID")
@as_person
def pending_approve(*, asker: Asker, name: str) -> None:
    """Be the second person."""
    with asker.client() as client:
        say_answer(client.approve(name), asker, f"{name} is done")


@pending.command("decline")
@click.argument("name", metavar="ID")
@click.option("--why", required=True)
@as_person
def pending_decline(*, asker: Asker, name: str, why: str) -> None:
    """Say no, or take back what one asked for."""
    with asker.client() as client:
        say_answer(client.decline(name, why), asker, f"{name} is declined")


@click.group()
def municipality() -> None:
    """Towns."""


@municipality.command("add")
@click.argument("code")
@click.option("--name", required=True)
@click.option("--point-name", default="")
@click.option("--requester", required=True, metavar="CODE", help="From the town's bank.")
@bank_options
@as_person
def municipality_add(
    *, asker: Asker, code: str, name: str, point_name: str, requester: str, bank: BankForm
) -> None:
    """Let a town join."""
    form = MunicipalityForm(
        municipality=code, name=name, point_name=point_name, requester=requester, account=bank
    )
    with asker.client() as client:
        say_answer(client.add_municipality(form), asker, f"{name} ({code}) has joined")


@municipality.command("account")
@click.argument("code")
@click.option("--requester", required=True, metavar="CODE", help="From the town's bank.")
@bank_options
@as_person
def municipality_account(*, asker: Asker, code: str, requester: str, bank: BankForm) -> None:
    """Change the account that the town pays from; a second person approves."""
    form = PayerForm(requester=requester, account=bank)
    with asker.client() as client:
        say_answer(client.change_payer(code, form), asker, f"{code} pays from another account")


@municipality.command("calendar")
@click.argument("code")
@click.argument("file")
@as_person
def municipality_calendar(*, asker: Asker, code: str, file: str) -> None:
    """Say when the town closes and pays, by a JSON file."""
    with asker.client() as client:
        answer = client.set_calendar(code, read_file(file))
    say_answer(answer, asker, f"{code} closes and pays by {file}")


@municipality.command("list")
@as_person
def municipality_list(*, asker: Asker) -> None:
    """Every town."""
    with asker.client() as client:
        say_rows(client.municipalities(), asker)


@click.group()
def organisation() -> None:
    """Shops, libraries, venues, associations."""


@organisation.command("add")
@click.argument("name_id", metavar="ID")
@click.option("--name", required=True)
@click.option("--place", default="")
@bank_options
@as_person
def organisation_add(*, asker: Asker, name_id: str, name: str, place: str, bank: BankForm) -> None:
    """Let an organisation apply, for example 141305-B2108; a second person approves."""
    form = OrganisationForm(organisation=name_id, name=name, place=place, account=bank)
    with asker.client() as client:
        say_answer(client.add_organisation(form), asker, f"{name} ({name_id}) is approved")


@organisation.command("accept")
@click.argument("name_id", metavar="ID")
@click.option("--municipality", "code", required=True, metavar="CODE")
@as_person
def organisation_accept(*, asker: Asker, name_id: str, code: str) -> None:
    """Let it take another town's points."""
    with asker.client() as client:
        answer = client.accept_organisation(name_id, code)
    say_answer(answer, asker, f"{code} accepts {name_id}")


@organisation.command("account")
@click.argument("name_id", metavar="ID")
@bank_options
@as_person
def organisation_account(*, asker: Asker, name_id: str, bank: BankForm) -> None:
    """Change its bank account from the next window on; a second person approves."""
    with asker.client() as client:
        say_answer(client.change_account(name_id, bank), asker, f"{name_id} has a new account")


@organisation.command("list")
@as_person
def organisation_list(*, asker: Asker) -> None:
    """Every organisation that was approved."""
    with asker.client() as client:
        say_rows(client.organisations(), asker)


@click.group()
def node() -> None:
    """Terminals."""


@node.command("invite")
@click.argument("org")
@click.option("--kind", default="shop", type=click.Choice(["shop", "booth", "counter", "library"]))
@click.option("--place", default="")
@click.option("--zone", default="")
@click.option("--again", default="", metavar="NODE", help="One that lost its disk.")
@as_person
def node_invite(*, asker: Asker, org: str, kind: str, place: str, zone: str, again: str) -> None:
    """Invite a terminal; put the invitation into a file, or show it as a QR code."""
    form = InviteForm(organisation=org, kind=kind, place=place, zone=zone, again=again)
    with asker.client() as client:
        answer = client.invite(form)
    say(answer, asker, f"{answer.node}\n{answer.invitation}")


@node.command("confirm")
@click.argument("name", metavar="NODE")
@click.option("--fingerprint", required=True, help="As the terminal's screen shows it.")
@as_person
def node_confirm(*, asker: Asker, name: str, fingerprint: str) -> None:
    """Compare the fingerprint and let the terminal sell."""
    with asker.client() as client:
        say_answer(client.confirm(name, fingerprint), asker, f"{name} is active")


@node.command("list")
@as_person
def node_list(*, asker: Asker) -> None:
    """Every terminal."""
    with asker.client() as client:
        say_rows(client.nodes(), asker)


@node.command("revoke")
@click.argument("name", metavar="NODE")
@click.option("--why", default="")
@as_person
def node_revoke(*, asker: Asker, name: str, why: str) -> None:
    """Let it hand in what it has, and nothing else."""
    with asker.client() as client:
        say_answer(client.revoke_node(name, why), asker, f"{name} is revoked")


@node.command("float")
@click.argument("name", metavar="NODE")
@click.option("--points", required=True, type=click.IntRange(0, 10**9), metavar="N")
@as_person
def node_float(*, asker: Asker, name: str, points: int) -> None:
    """Set how much it may take offline; 0 is what the policy says."""
    with asker.client() as client:
        say_answer(client.set_float(name, points), asker, f"{name} may take {points:,} offline")


@click.group()
def policy() -> None:
    """What a town's terminals may do offline."""


@policy.command("show")
@click.argument("code")
@as_person
def policy_show(*, asker: Asker, code: str) -> None:
    """Show it."""
    with asker.client() as client:
        found = client.policy(code)
    lines = "\n".join(f"{name}: {value:,}" for name, value in found.items())
    click.echo(msgspec.json.encode(found).decode() if asker.as_json else lines)


@policy.command("set")
@click.argument("code")
@click.argument("file")
@as_person
def policy_set(*, asker: Asker, code: str, file: str) -> None:
    """Change it by a JSON file; a second person approves."""
    with asker.client() as client:
        say_answer(client.set_policy(code, read_file(file)), asker, f"{code} has a new policy")


@click.group()
def reserve() -> None:
    """Money set aside for losses within policy."""


@reserve.command("fund")
@click.argument("code")
@click.option("--points", required=True, metavar="N")
@click.option("--why", required=True)
@as_person
def reserve_fund(*, asker: Asker, code: str, points: str, why: str) -> None:
    """Set money aside; a second person approves."""
    form = ReserveForm(points=read_points(points), why=why)
    with asker.client() as client:
        say_answer(client.fund_reserve(code, form), asker, f"{code} has set {points} aside")


def _became(answer: Answered) -> str:
    return f"it waits for a second person: {answer.pending}" if answer.pending else "done"


PEOPLE: tuple[click.Command, ...] = (
    operator,
    pending,
    municipality,
    organisation,
    node,
    policy,
    reserve,
)
