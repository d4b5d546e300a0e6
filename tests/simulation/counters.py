"""What people do at counters, and what happens to the machines there."""

import re
from collections.abc import Callable
from datetime import date

from node.outcome import Approved, Issued, Prepared, Refused
from node.voided import LiveTicket, Voided
from sync.owntickets import back_by
from sync.values import Points
from tests.simulation.cards import PIN
from tests.simulation.machine import Machine
from tests.simulation.places import KAWASAKI, SHOPS, TOWNS
from tests.simulation.town import Town, business_year, short_programmes

_DETAIL = re.compile(r" (\d|r\d).*")
"""Whose, how many and which: what the count leaves out."""
Doing = Callable[[Town, Machine], None]


def spend(town: Town, machine: Machine) -> None:
    """Somebody pays."""
    who = town.somebody()
    where = town.random.choices(TOWNS, (3, 1))[0]
    points = town.random.choice((100, 300, 500, 700, 1_000))
    with machine.running() as counter:
        done = counter.spend(who.name, where, Points(points), bytearray(PIN))
        note(town, machine, f"spend {who.name} {where} {points}", done)


def drop(town: Town, machine: Machine) -> None:
    """Somebody changes their mind before the PIN."""
    who = town.somebody()
    with machine.running() as counter:
        prepared = counter.prepare(who.name, KAWASAKI, Points(300))
        if isinstance(prepared, Prepared):
            counter.drop(prepared)
            town.note(f"{machine.name} drop {who.name}")


def reverse(town: Town, machine: Machine) -> None:
    """A wrong amount."""
    with machine.running() as counter:
        rows = [row for row in counter.history(5) if row.kind in {"spend", "ticket.redeemed"}]
        if rows:
            seq = town.random.choice(rows).seq
            note(town, machine, f"reverse {seq}", counter.reverse(seq))


def issue(town: Town, machine: Machine) -> None:
    """Somebody takes points home on paper."""
    who = town.somebody()
    points = town.random.choice((300, 500, 1_000))
    programme = _issuing(town)
    with machine.running() as counter:
        done = counter.issue_tickets(
            who.name,
            KAWASAKI,
            Points(points),
            days=3,
            count=1,
            programme=programme,
            pin=bytearray(PIN),
        )
        how = done.reason if isinstance(done, Refused) else "issued"
        town.note(f"{machine.name} issue {who.name} {points}: {how}")
        if isinstance(done, Issued):
            town.happened["issue"] += 1
            town.papers.extend(paper.qr for paper in done.papers if paper.qr)
            town.qr_of.update({paper.number: paper.qr for paper in done.papers})


def _issuing(town: Town) -> str:
    """The year's programme; where piles are cleared also the short one that ends next."""
    year = business_year(date.fromisoformat(town.today))
    soon = [code for code, end in short_programmes(year) if end >= town.today]
    if town.profile.piles and soon and town.random.random() < 0.5:
        return soon[0]
    return f"{year % 10}00"


def redeem(town: Town, machine: Machine) -> None:
    """Somebody hands over paper, or a photocopy of it."""
    if not town.papers:
        return
    qr = town.random.choice(town.papers[-4:])
    with machine.running() as counter:
        note(town, machine, "redeem", counter.redeem(qr))


def photocopy(town: Town, machine: Machine) -> None:
    """The same ticket at two booths, one of which hears nothing just now; that one hands in."""
    if not town.papers:
        return
    qr, other = town.papers[-1], town.random.choice(town.machines)
    up, other.road.up = other.road.up, False
    for booth in town.random.sample((machine, other), 2):
        with booth.running() as counter:
            note(town, booth, "redeem a photocopy", counter.redeem(qr))
    other.road.up = up
    sync(town, other)


def refund(town: Town, machine: Machine) -> None:
    """The goods came back days later: all of what was paid is given back, or a part."""
    with machine.running() as counter:
        rows = [row for row in counter.history(60) if row.refundable]
        if rows:
            row = town.random.choice(rows)
            points = town.random.choice((row.refundable, max(1, row.refundable // 2)))
            done = counter.refund(row.epoch, row.seq, Points(points))
            note(town, machine, f"refund {row.epoch} {row.seq} {points}", done)


def void(town: Town, machine: Machine) -> None:
    """Somebody hands paper, or a photocopy of it, back at the counter."""
    if not town.papers:
        return
    qr = town.random.choice(town.papers[-4:])
    with machine.running() as counter:
        done = counter.void_ticket(qr)
        note(town, machine, "void", done.record if isinstance(done, Voided) else done)


def lose(town: Town, machine: Machine) -> None:
    """Somebody has lost a ticket, or says so."""
    who = town.somebody()
    with town.database.read() as tx:
        rows = tx.rows(
            "SELECT number, points, valid_from, valid_until FROM ticket WHERE municipality=?"
            " AND account=? AND state='issued' ORDER BY number",
            [KAWASAKI, town.account(who, KAWASAKI)],
        )
    if not rows:
        return
    number, points, valid_from, valid_until = town.random.choice(rows)
    ticket = LiveTicket(
        number=number,
        municipality=KAWASAKI,
        town="",
        point_name="",
        points=Points(points),
        valid_from=valid_from,
        valid_until=valid_until,
        voiding=False,
        back_by=back_by(valid_until),
    )
    with machine.running() as counter:
        done = counter.void_lost(who.name, bytearray(PIN), ticket)
        note(town, machine, "void a lost one", done.record if isinstance(done, Voided) else done)
    if number in town.qr_of and town.random.random() < 0.5:
        _found(town, town.qr_of[number])


def _found(town: Town, qr: str) -> None:
    """Somebody finds the paper and pays with it, at a booth that hears nothing just now."""
    booth = town.random.choice(town.machines)
    up, booth.road.up = booth.road.up, False
    with booth.running() as counter:
        note(town, booth, "redeem what was lost", counter.redeem(qr))
    booth.road.up = up


def sync(town: Town, machine: Machine) -> None:
    """The node's schedule wakes up."""
    with machine.running() as counter:
        if counter.probe():
            done = counter.sync_now()
            town.note(f"{machine.name} sync sent={done.sent} receipts={done.receipts}")


def shift(_town: Town, machine: Machine) -> None:
    """The day ends."""
    with machine.running() as counter:
        counter.close_shift()


def cut(town: Town, machine: Machine) -> None:
    """The line goes down, or comes back."""
    machine.road.up = not machine.road.up
    town.note(f"{machine.name} line {'up' if machine.road.up else 'down'}")


def reboot(_town: Town, machine: Machine) -> None:
    """The PC is switched off and on."""
    machine.stop()
    machine.clock.restart()


def save(_town: Town, machine: Machine) -> None:
    """Somebody makes an image."""
    machine.save()


def set_back(town: Town, machine: Machine) -> None:
    """Somebody puts an old image back."""
    if machine.backup is not None:
        machine.set_back()
        town.note(f"{machine.name} set back")


def clone(town: Town, machine: Machine) -> None:
    """Somebody copies the whole PC."""
    if len(town.machines) < len(SHOPS) + 2:
        twin = machine.copy(f"{machine.name}.twin{len(town.machines)}", town.road())
        town.machines.append(twin)
        town.note(f"{machine.name} cloned")


def note(town: Town, machine: Machine, what: str, done: object) -> None:
    """What came of something at a counter, for the trace and the count."""
    if isinstance(done, Approved):
        town.happened[_DETAIL.sub("", what)] += 1
        town.approved.append((done.node, done.epoch, done.seq))
        town.note(f"{machine.name} {what}: approved {done.tier} seq={done.seq}")
    elif isinstance(done, Refused):
        town.note(f"{machine.name} {what}: {done.reason}")
