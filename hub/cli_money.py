"""``machikado hub programme|grant|account|balance|ticket|exception|settlement``."""

from pathlib import Path

import click
import msgspec

from hub.forms import (
    CloseForm,
    GrantForm,
    NoticeView,
    PlaceRow,
    ProgrammeForm,
    ReleaseForm,
    TwiceForm,
)
from hub.shell import (
    NEW_FILE,
    Asker,
    as_person,
    read_bytes,
    say,
    say_answer,
    say_rows,
    say_whole,
    table,
    write_new,
)
from hub.telling import tell
from sync.values import points as read_points


class WrittenFile(msgspec.Struct, frozen=True, kw_only=True):
    """The bank file that was put into a file here."""

    path: str
    count: int
    total: int
    sha256: str
    pay_on: str


class WrittenNotice(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation's 支払通知 that was put into a file here."""

    path: str
    window: str
    organisation: str
    paid: int
    returned: int
    places: list[PlaceRow]


_of_window = click.argument("window", metavar="W")
_by_mykey_id = click.option("--mykey-id", required=True, metavar="M")


@click.group()
def programme() -> None:
    """Points of one purpose."""


@programme.command("add")
@click.argument("name_id", metavar="ID")
@click.option("--municipality", "code", required=True, metavar="CODE")
@click.option("--name", required=True)
@click.option("--department", default="")
@click.option("--budget", default=0, type=click.IntRange(0, 10**12), help="0: no limit.")
@click.option("--give-until", default="", metavar="D", help="Last day points are given.")
@click.option("--issue-until", default="", metavar="D", help="Last day tickets are issued.")
@click.option("--use-until", default="", metavar="D", help="Last day of use.")
@click.option("--clear-until", default="", metavar="D", help="Last day stamped paper is cleared.")
@click.option(
    "--zone",
    "zones",
    multiple=True,
    metavar="Z",
    help="Its tickets can be used at counters of this zone only; may be given several times.",
)
@as_person
def programme_add(
    *,
    asker: Asker,
    name_id: str,
    code: str,
    name: str,
    department: str,
    budget: int,
    zones: tuple[str, ...],
    **days: str,
) -> None:
    """Begin a programme; its ID has three digits."""
    form = ProgrammeForm(
        programme=name_id,
        municipality=code,
        name=name,
        department=department,
        budget=budget,
        zones=zones,
        **days,
    )
    with asker.client() as client:
        say_answer(client.add_programme(form), asker, f"programme {name_id} of {code} begins")


@programme.command("list")
@as_person
def programme_list(*, asker: Asker) -> None:
    """Every programme."""
    with asker.client() as client:
        say_rows(client.programmes(), asker)


@click.group()
def grant() -> None:
    """Points for residents."""


@grant.command("add")
@_by_mykey_id
@click.option("--municipality", "code", required=True, metavar="CODE")
@click.option("--points", required=True, metavar="N")
@click.option("--programme", "programme_id", required=True, metavar="P")
@as_person
def grant_add(*, asker: Asker, mykey_id: str, code: str, points: str, programme_id: str) -> None:
    """Give a resident points; a large sum needs a second person."""
    form = GrantForm(
        mykey_id=mykey_id, municipality=code, points=read_points(points), programme=programme_id
    )
    with asker.client() as client:
        say_answer(client.grant(form), asker, f"{mykey_id} has {form.points:,} more in {code}")


@grant.command("list")
@_by_mykey_id
@as_person
def grant_list(*, asker: Asker, mykey_id: str) -> None:
    """Show what a resident was granted, for what and by whom."""
    with asker.client() as client:
        say_rows(client.grants(mykey_id), asker)


@grant.command("totals")
@as_person
def grant_totals(*, asker: Asker) -> None:
    """Show what each department granted."""
    with asker.client() as client:
        say_rows(client.departments(), asker)


@click.group()
def account() -> None:
    """A town's ledger accounts."""


@account.command("list")
@click.argument("code")
@as_person
def account_list(*, asker: Asker, code: str) -> None:
    """Show what they hold; together they are zero."""
    with asker.client() as client:
        say_rows(client.accounts(code), asker)


@account.command("flows")
@click.argument("code")
@as_person
def account_flows(*, asker: Asker, code: str) -> None:
    """Show what went from each kind of account to each other."""
    with asker.client() as client:
        say_rows(client.flows(code), asker)


@account.command("totals")
@as_person
def account_totals(*, asker: Asker) -> None:
    """Show what residents have of each town's points."""
    with asker.client() as client:
        say_rows(client.totals(), asker)


@click.group()
def balance() -> None:
    """Exact balances."""


@balance.command("show")
@_by_mykey_id
@as_person
def balance_show(*, asker: Asker, mykey_id: str) -> None:
    """A resident's points in every town."""
    with asker.client() as client:
        say_rows(client.balances(mykey_id), asker)


@click.group()
def ticket() -> None:
    """Point tickets."""


@ticket.command("show")
@click.argument("number")
@as_person
def ticket_show(*, asker: Asker, number: str) -> None:
    """Show a ticket by its number, or by its town's code, a hyphen and its number."""
    with asker.client() as client:
        found = client.ticket(number)
    say_whole(found, asker)


@click.group()
def exception() -> None:
    """What people should see and decide."""


@exception.command("list")
@as_person
def exception_list(*, asker: Asker) -> None:
    """Everything, newest last."""
    with asker.client() as client:
        say_rows(client.exceptions(), asker)


@exception.command("show")
@click.argument("name", metavar="ID")
@as_person
def exception_show(*, asker: Asker, name: str) -> None:
    """Show one of them."""
    with asker.client() as client:
        found = client.exception(name)
    say(found, asker, tell(found))


@exception.command("decide")
@click.argument("name", metavar="ID")
@click.option("--as", "decision", required=True, metavar="DECISION")
@click.option("--why", required=True)
@as_person
def exception_decide(*, asker: Asker, name: str, decision: str, why: str) -> None:
    """Say what becomes of it; where money moves a second person approves."""
    with asker.client() as client:
        say_answer(client.decide(name, decision, why), asker, f"{name}: {decision}")


@click.group()
def settlement() -> None:
    """Paying shops, window by window."""


@settlement.command("close")
@click.argument("code")
@click.option("--kind", default="shops")
@click.option("--until", default="", metavar="DATE", help="Refuse before this day is over.")
@as_person
def settlement_close(*, asker: Asker, code: str, kind: str, until: str) -> None:
    """Close a town's open window."""
    with asker.client() as client:
        closed = client.close_window(code, CloseForm(kind=kind, until=until))
    say(closed, asker, f"{closed.window}: {closed.lines} lines, {closed.total:,} points")


@settlement.command("review")
@_of_window
@as_person
def settlement_review(*, asker: Asker, window: str) -> None:
    """Say that its lines were read."""
    with asker.client() as client:
        found = client.review_window(window)
    say_whole(found, asker)


@settlement.command("approve")
@_of_window
@as_person
def settlement_approve(*, asker: Asker, window: str) -> None:
    """Approve the payment, as one who neither closed nor reviewed the window."""
    with asker.client() as client:
        found = client.approve_window(window)
    say_whole(found, asker)


@settlement.command("file")
@_of_window
@click.option("--out", required=True, metavar="FILE", type=NEW_FILE)
@click.option("--pay-on", default="", metavar="D", help="Else as the calendar says.")
@click.option(
    "--twice",
    multiple=True,
    metavar="ORG=WHY",
    help="Why an account gets the same amount once more.",
)
@as_person
def settlement_file(
    *, asker: Asker, window: str, out: Path, pay_on: str, twice: tuple[str, ...]
) -> None:
    """Make the bank file; asked again, the same one."""
    reasons = tuple(
        TwiceForm(organisation=organisation.strip(), why=why.strip())
        for organisation, _, why in (each.partition("=") for each in twice)
    )
    with asker.client() as client:
        made = client.bank_file(window, ReleaseForm(pay_on=pay_on, twice=reasons))
    write_new(out, made.file)
    written = WrittenFile(
        path=str(out),
        count=made.count,
        total=made.total,
        sha256=made.sha256,
        pay_on=made.pay_on,
    )
    words = f"{out}: {made.count} payments, {made.total:,} yen, to be paid on {made.pay_on}"
    say(written, asker, words)


@settlement.command("result")
@_of_window
@click.argument("file")
@as_person
def settlement_result(*, asker: Asker, window: str, file: str) -> None:
    """Read what the bank says became of each line."""
    with asker.client() as client:
        found = client.bank_result(window, read_bytes(file))
    say_whole(found, asker)


@settlement.command("show")
@_of_window
@click.option("--out", metavar="FILE", type=NEW_FILE, help="精算一覧 as CSV.")
@as_person
def settlement_show(*, asker: Asker, window: str, out: Path | None) -> None:
    """Show a closed window line by line: what there is to review."""
    with asker.client() as client:
        sheet = client.window(window)
    if out is not None:
        write_new(out, sheet.file)
    say_rows(sheet.lines, asker)


@settlement.command("notice")
@_of_window
@click.argument("organisation", metavar="ORG")
@click.option("--out", required=True, metavar="FILE", type=NEW_FILE)
@as_person
def settlement_notice(*, asker: Asker, window: str, organisation: str, out: Path) -> None:
    """Write 支払通知, what an organisation and each of its places get of a window, as CSV."""
    with asker.client() as client:
        told = client.notice(window, organisation)
    write_new(out, told.file)
    written = WrittenNotice(
        path=str(out),
        window=told.window,
        organisation=told.organisation,
        paid=told.paid,
        returned=told.returned,
        places=told.places,
    )
    say(written, asker, f"{out}: {_gets(told)}")


def _gets(told: NoticeView) -> str:
    words = f"{told.organisation} gets {told.paid:,} yen of {told.window}"
    if told.returned:
        words += f"; the bank returned {told.returned:,} yen, which a later window pays"
    if told.places:
        words += f"\n{table(told.places)}"
    return words


@settlement.command("list")
@as_person
def settlement_list(*, asker: Asker) -> None:
    """Closed windows, and what each needs next."""
    with asker.client() as client:
        say_rows(client.windows(), asker)


MONEY: tuple[click.Command, ...] = (
    programme,
    grant,
    account,
    balance,
    ticket,
    exception,
    settlement,
)
