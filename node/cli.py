"""``machikado node``: a counter from the shell. The same use cases run under the screens."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import shell
from node.clearing_cli import clear
from node.joining_cli import join
from node.member_cli import member
from node.outcome import Issued, Outcome, Refused, Status, ZReport
from node.printers_cli import printer
from node.residents_cli import balance, register, service
from node.shell import as_json, card, folder, leave, municipality, options, png, secret, show
from node.void_cli import void
from sync.errors import Busy, MachikadoError, NotAuthentic, RefusedByRule, Unreachable
from sync.values import EpochId, municipality_code
from sync.values import points as read_points

if TYPE_CHECKING:
    from node.counter import Counter

LAST_SEQ = 2**53 - 1
"""Records are counted no further (:data:`sync.records.bodies.Position`)."""


@click.group()
def node() -> None:
    """A counter from the shell."""


for _command in (register, service, balance, member, join, printer):
    node.add_command(_command)


@node.command()
@options(folder, secret, as_json)
@click.option("--invitation", "invitation_file", metavar="F", help="Needed to begin with.")
@click.option("--second-path", type=click.Path(path_type=Path, file_okay=False))
def enrol(
    folder: Path,
    secret_file: Path | None,
    as_json: bool,
    invitation_file: str | None,
    second_path: Path | None,
) -> None:
    """Set this node up with an invitation; then compare the fingerprint with the hub's.

    Without an invitation a set-up that was interrupted goes on.
    """
    from node import enrol as setting_up
    from node.opening import Ports, secret_from
    from node.plan import plan_in
    from sync.invitation import read_invitation

    ports, program = Ports(secret=secret_from(secret_file)), "machikado node"
    if invitation_file is None:
        if plan_in(folder) is None:
            raise click.UsageError("no set-up was interrupted here: give an --invitation")
        new = setting_up.resume(folder, ports, program=program)
    else:
        invitation = read_invitation(shell.read_secret(invitation_file))
        new = setting_up.enrol(folder, invitation, ports, second_path=second_path, program=program)
    new.counter.close()
    words = (
        f"{new.node} is enrolled; its fingerprint is {new.fingerprint}: the hub must show it too"
    )
    show([{"node": new.node, "fingerprint": new.fingerprint}], as_json=as_json, words=words)


@node.command()
@options(folder, secret)
def run(folder: Path, secret_file: Path | None) -> None:
    """Sync and keep house without a screen, until it is stopped."""
    from node.schedule import run_until_stopped

    with shell.opened(folder, secret_file) as counter:
        shell.say(f"{counter.parts.identity.node} is running")
        run_until_stopped(counter)


@node.command()
@options(folder, as_json)
def status(folder: Path, as_json: bool) -> None:
    """What this node holds and how it stands; also while another program has it."""
    from node.looking import status_of

    now = status_of(folder)
    show([_status(now)], as_json=as_json, words=_status_words(now))


def _status(now: Status) -> shell.Line:
    return {
        "node": now.node,
        "kind": now.kind,
        "organisation": now.organisation,
        "municipality": now.municipality,
        "epoch": now.epoch,
        "seq": now.seq,
        "head": now.head.hex(),
        "waiting": now.waiting,
        "acknowledged": now.acknowledged,
        "last_sync": now.last_sync,
        "hub_reachable": now.hub_reachable,
        "busy": now.busy,
        "offline_left": now.offline_left,
        "ticket_float_left": now.ticket_float_left,
        "only_copy": now.only_copy,
        "unsealed_keys": now.unsealed_keys,
        "stopped": now.stopped,
        "shift_open": now.shift_open,
        "paper_waiting": now.paper_waiting,
        "clock": now.clock.name.lower(),
        "printer": {
            "destination": now.printer.destination,
            "waiting": now.printer.waiting,
            "unsure": now.printer.unsure,
            "trouble": now.printer.trouble,
            "warning": now.printer.warning,
            "profile": now.printer.profile,
            "width": now.printer.width,
            "drawer": now.printer.drawer,
        },
        "incidents": [{"what": i.what, "detail": i.detail, "at": i.at} for i in now.incidents],
    }


def _status_words(now: Status) -> str:
    lines = [
        f"{now.node} ({now.organisation_name}, {now.place}: {now.kind})",
        f"record {now.seq} of {now.epoch}; {now.waiting} waiting for the hub",
        f"points that may still be taken without the hub: {now.offline_left:,}",
    ]
    if now.printer.destination != "none":
        lines.append(f"paper comes out at {now.printer.destination} as {now.printer.profile}")
    if now.stopped:
        lines.append(f"STOPPED: {now.stopped}")
    if now.only_copy:
        lines.append("only copy: both paths lie on one disk, or there is no second one")
    if now.unsealed_keys:
        lines.append("the keys are not sealed: this node has no secret")
    return "\n".join(lines)


@node.command()
@options(folder, secret, as_json)
def sync(folder: Path, secret_file: Path | None, as_json: bool) -> None:
    """Exchange everything with the hub now."""
    with shell.opened(folder, secret_file) as counter:
        done = counter.sync_now()
    if done.error is not None and not as_json:
        raise done.error
    line = {
        "reached": done.reached,
        "sent": done.sent,
        "receipts": done.receipts,
        "pages": done.pages,
        "papers": done.papers,
        "trouble": "" if done.error is None else str(done.error),
    }
    reason, code = _ended(done.error)
    words = f"sent {done.sent} records, got {done.receipts} verdicts"
    show([{**line, "reason": reason}], as_json=as_json, words=words)
    if code:
        leave(code)


def _ended(error: MachikadoError | None) -> tuple[str, int]:
    """The stable reason of an exchange that ended early, and its exit code."""
    match error:
        case None:
            return "", 0
        case Busy():
            return "busy", shell.UNREACHABLE
        case Unreachable():
            return "unreachable", shell.UNREACHABLE
        case RefusedByRule():
            return error.reason, shell.REFUSED
        case NotAuthentic():
            return "not-authentic", shell.DAMAGED
    return "malformed", shell.DAMAGED


@node.command()
@options(folder, as_json)
def audit(folder: Path, as_json: bool) -> None:
    """Recompute everything from the records; findings, one a line."""
    from node.looking import audit_of

    found = audit_of(folder)
    lines = [
        {"finding": f.finding, "where": f.where, "expected": f.expected, "found": f.found}
        for f in found
    ]
    words = "\n".join(
        f"{f.finding}: {f.where}: expected {f.expected}, found {f.found}" for f in found
    )
    show(lines, as_json=as_json, words=words or "everything adds up")
    if found:
        leave(shell.DAMAGED)


@node.command()
@options(folder, as_json)
def doctor(folder: Path, as_json: bool) -> None:
    """Look at everything that a counter needs, for help on the telephone."""
    from node.doctor import examine
    from node.outcome import Level

    checks = examine(folder)
    lines = [
        {"check": c.check, "well": c.well, "level": c.level, "detail": c.detail} for c in checks
    ]
    shown = {Level.WELL: "well", Level.NOTE: "note", Level.LOOK: "LOOK"}
    words = "\n".join(f"{shown[c.level]}  {c.check}: {c.detail}" for c in checks)
    show(lines, as_json=as_json, words=words)
    if not all(check.well for check in checks):
        leave(shell.DAMAGED)


@node.command()
@options(folder, secret, as_json)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(folder: Path, secret_file: Path | None, as_json: bool, file: Path) -> None:
    """Write all records without a receipt to FILE, for a stick."""
    with shell.opened(folder, secret_file) as counter:
        count = counter.export(file)
    line = {"path": str(file), "records": count}
    show([line], as_json=as_json, words=f"{count} records in {file}")


@node.command()
@options(folder, secret, municipality, card, shell.pin, png, as_json)
@click.option("--points", required=True, metavar="N")
def spend(
    *,
    folder: Path,
    secret_file: Path | None,
    municipality: str,
    card: str,
    pin_file: str | None,
    png: Path | None,
    as_json: bool,
    points: str,
) -> None:
    """Take points for goods."""
    town, amount = municipality_code(municipality), read_points(points)
    with shell.opened(folder, secret_file) as counter:
        done = counter.spend(card, town, amount, shell.pin_for(counter, card, pin_file))
        _outcome(counter, done, png=png, as_json=as_json)


@node.command()
@options(folder, secret, png, as_json)
@click.argument("seq", type=click.IntRange(min=1, max=LAST_SEQ))
def reverse(
    folder: Path, secret_file: Path | None, png: Path | None, as_json: bool, seq: int
) -> None:
    """Take back record SEQ, a spend or redemption of the open shift."""
    with shell.opened(folder, secret_file) as counter:
        _outcome(counter, counter.reverse(seq), png=png, as_json=as_json)


@node.command()
@options(folder, secret, png, as_json)
@click.argument("epoch")
@click.argument("seq", type=click.IntRange(min=1, max=LAST_SEQ))
@click.option("--points", metavar="N", help="A part of it; without this all that is left.")
def refund(
    *,
    folder: Path,
    secret_file: Path | None,
    png: Path | None,
    as_json: bool,
    epoch: str,
    seq: int,
    points: str | None,
) -> None:
    """Give points back for record SEQ of EPOCH, a spend or redemption of a closed shift."""
    amount = None if points is None else read_points(points)
    with shell.opened(folder, secret_file) as counter:
        answer = counter.refund(EpochId(epoch), seq, amount)
        _outcome(counter, answer, png=png, as_json=as_json)


@node.group()
def ticket() -> None:
    """Point tickets."""


@ticket.command()
@options(folder, secret, municipality, card, shell.pin, png, as_json)
@click.option("--points", required=True, metavar="N", help="What each ticket is worth.")
@click.option("--days", required=True, type=click.IntRange(1, 366))
@click.option("--count", default=1, type=click.IntRange(1, 20))
@click.option("--programme", metavar="P", help="The three digits of its programme.")
def issue(
    *,
    folder: Path,
    secret_file: Path | None,
    municipality: str,
    card: str,
    pin_file: str | None,
    png: Path | None,
    as_json: bool,
    points: str,
    days: int,
    count: int,
    programme: str | None,
) -> None:
    """Turn points into paper."""
    town, amount = municipality_code(municipality), read_points(points)
    with shell.opened(folder, secret_file) as counter:
        made = counter.issue_tickets(
            card,
            town,
            amount,
            days=days,
            count=count,
            programme=programme,
            pin=shell.pin_for(counter, card, pin_file),
        )
        if isinstance(made, Refused):
            shell.refuse(counter, made, as_json=as_json)
        show(_ticket_lines(made), as_json=as_json, words=_ticket_words(made))
        ticket_of = counter.parts.paper.ticket_of
        shell.bring_to_paper(counter, png, lambda: map(ticket_of, made.numbers))


def _ticket_lines(made: Issued) -> list[shell.Line]:
    papers = {paper.number: paper for paper in made.papers}
    return [
        {
            "outcome": "approved",
            "number": number,
            "qr": papers[number].qr if number in papers else None,
            "points": papers[number].points if number in papers else None,
            "valid_from": papers[number].valid_from if number in papers else None,
            "valid_until": papers[number].valid_until if number in papers else None,
            "seq": made.record.seq,
        }
        for number in made.numbers
    ]


def _ticket_words(made: Issued) -> str:
    if len(made.papers) == len(made.numbers):
        return "\n".join(
            f"ticket {p.number}: {p.points:,}, until {p.valid_until}" for p in made.papers
        )
    return "the points are taken; the paper comes when the hub has answered (machikado node sync)"


@ticket.command()
@options(folder, secret, png, as_json)
@click.argument("qr", metavar="QR|NUMBER")
def redeem(
    folder: Path, secret_file: Path | None, png: Path | None, as_json: bool, qr: str
) -> None:
    """Take one ticket: scanned, or by its typed number (online only)."""
    with shell.opened(folder, secret_file) as counter:
        _outcome(counter, counter.redeem(qr), png=png, as_json=as_json)


@ticket.command()
@options(folder, secret, png, as_json)
@click.argument("number")
def reprint(
    folder: Path, secret_file: Path | None, png: Path | None, as_json: bool, number: str
) -> None:
    """Print an issued ticket again: somebody looked, and the sheet is not there or is spoilt."""
    with shell.opened(folder, secret_file) as counter:
        no = counter.reprint_ticket(number)
        if no is not None:
            shell.refuse(counter, no, as_json=as_json)
        shell.bring_to_paper(counter, png, lambda: [counter.parts.paper.newest(number)])
        waiting = counter.status().printer.waiting
    line = {"outcome": "approved", "number": number, "waiting": waiting}
    show([line], as_json=as_json, words=f"ticket {number} is printed again; {waiting} wait")


ticket.add_command(void)
ticket.add_command(clear)


@node.group()
def shift() -> None:
    """A counter's day."""


@shift.command("open")
@options(folder, secret, as_json)
@click.option("--staff", default="", help="Who stands at the counter.")
def open_shift(folder: Path, secret_file: Path | None, as_json: bool, staff: str) -> None:
    """Begin a shift."""
    with shell.opened(folder, secret_file) as counter:
        no = counter.open_shift(staff)
        if no is not None:
            shell.refuse(counter, no, as_json=as_json)
        opened = counter.parts.shifts.current()
    line = {"outcome": "approved", "seq": opened, "staff": staff}
    show([line], as_json=as_json, words="the shift is open")


@shift.command("close")
@options(folder, secret, png, as_json)
def close_shift(folder: Path, secret_file: Path | None, png: Path | None, as_json: bool) -> None:
    """End the shift; its Z-report."""
    with shell.opened(folder, secret_file) as counter:
        report = counter.close_shift()
        if isinstance(report, Refused):
            shell.refuse(counter, report, as_json=as_json)
        show([_z_line(report)], as_json=as_json, words=_z_words(report))
        shell.bring_to_paper(counter, png, lambda: [counter.parts.paper.z_of(report)])


def _z_line(report: ZReport) -> shell.Line:
    return {
        "outcome": "approved",
        "seq": report.closed_seq,
        "opened": report.opened_seq,
        "taken": report.taken,
        "synced": report.synced,
        "waiting": report.waiting,
        "offline_used": report.offline_used,
        "offline_left": report.offline_left,
        "lines": [
            {
                "municipality": line.municipality,
                "kind": line.kind,
                "count": line.count,
                "points": line.points,
            }
            for line in report.lines
        ],
        "claims": [digest.hex() for digest in report.claims],
    }


def _z_words(report: ZReport) -> str:
    lines = [f"{z.town} {z.kind}: {z.count} times, {z.points:,}" for z in report.lines]
    lines.append(f"taken in all: {report.taken:,}; {report.waiting} records wait for the hub")
    return "\n".join(lines)


def _outcome(counter: "Counter", answer: Outcome, *, png: Path | None, as_json: bool) -> None:
    """Print what a money action came to; then its slip."""
    if isinstance(answer, Refused):
        shell.refuse(counter, answer, as_json=as_json)
    words = f"done: {answer.points:,} points, record {answer.seq}"
    show([shell.approved(answer)], as_json=as_json, words=words)
    slip_of = counter.parts.paper.slip_of
    shell.bring_to_paper(counter, png, lambda: [slip_of(answer.epoch, answer.seq)])
