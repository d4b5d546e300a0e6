"""What people do at the municipality and at the hub: grant, decide, settle."""

from datetime import date
from functools import partial

from hub.bodies import ExceptionDecided, Granted
from hub.mykey.reasons import Resumption, Suspension
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.settlement.windows import WindowName
from sync.certificate import check_certificate
from sync.demolist import list_of
from sync.errors import RefusedByRule
from sync.revocation import Kind
from sync.values import DAY, HOUR, Millis, MunicipalityCode, OrganisationId, Points
from tests.simulation.places import TOWNS
from tests.simulation.town import Resident, Town, business_year, short_programmes

_OFTEN = 4
"""The bank's answer about every so many windows is read twice."""


def grant(town: Town) -> None:
    """A resident cleaned the river."""
    who = town.somebody()
    where = town.random.choices(TOWNS, (3, 1))[0]
    points = town.random.choice(town.profile.grants)
    programme = _programme(town)
    body = Granted(where, town.account(who, where), Points(points), programme, "cleaning")
    town.calm(lambda: town.enact(body))
    town.granted[where] += points
    town.note(f"grant {who.name} {where} {points}")


def _programme(town: Town) -> str:
    """A programme that gives today; the year's, or the short one that ends next."""
    year = business_year(date.fromisoformat(town.today))
    soon = [code for code, end in short_programmes(year) if end >= town.today]
    if soon and town.random.random() < 0.5:
        return soon[0]
    return f"{year % 10}00"


def new_year(town: Town) -> None:
    """April: the next year's programmes."""
    year = date.fromisoformat(town.today).year
    for where in TOWNS:
        town.calm(partial(town.add_programmes, where, year))


def close_cards(town: Town) -> None:
    """Somebody telephones about a card, or its issuer makes the list that it owes for the day."""
    who = town.somebody()
    if town.random.random() < 0.4:
        town.calm(partial(_suspend_or_resume, town, who))
        return
    town.held = {who.name} - town.held  # the hold before ends
    town.lists += 1
    entries = {
        check_certificate(each.card.certificate, town.ca.roots, town.clock.now()).serial: Kind.HELD
        for each in town.residents
        if each.name in town.held
    }
    life = town.random.choice(
        (6 * HOUR, 2 * DAY, 9 * DAY)
    )  # a short one lapses before the next comes
    der = list_of(town.ca, entries, number=town.lists, at=town.clock.now(), life=Millis(life))
    mykey = town.hub.mykey
    taken = town.calm(lambda: mykey.revocations.take(mykey.read_list(der)))
    town.note(f"list {town.lists} held={sorted(town.held)} closed={taken.revoked}")


def _suspend_or_resume(town: Town, who: Resident) -> None:
    mykey = town.hub.mykey
    if mykey.member(who.mykey).state == "active":
        mykey.suspend(who.mykey, Suspension.PHONED, person="Sato")
    else:
        mykey.resume(who.mykey, Resumption.FOUND, person="Sato")
    town.note(f"{who.name} is {mykey.member(who.mykey).state}")


def decide(town: Town) -> None:
    """People look at the list of exceptions."""
    for where in TOWNS:
        town.calm(partial(_decide, town, where))


def _decide(town: Town, where: MunicipalityCode) -> None:
    with town.database.read() as tx:
        rows = tx.rows(
            "SELECT id, kind, reason FROM incident WHERE municipality=? AND state='open'", [where]
        )
    for number, kind, reason in rows:
        decision = {
            "overspend": town.random.choice(("write-off", "noted")),
            "second-redemption": town.random.choice(("recover", "noted")),
            "no-proof-of-its-own": town.random.choice(("apply", "refuse")),
            "beyond-float": "pay",
        }.get(reason, "noted")
        try:
            town.enact(ExceptionDecided(where, number, decision, "seen"))
        except RefusedByRule as error:
            town.note(f"decide {reason} {decision}: {error.reason}")
        else:
            town.note(f"decide {kind} {reason} {decision}")


def close_windows(town: Town) -> None:
    """Each town's window is closed: what is posted from now on belongs to the next."""
    for where in TOWNS:
        closed = town.calm(
            partial(_settlement(town).close, lambda body: town.enact(body, "Sato"), where)
        )
        town.note(f"close {closed.window} total={closed.total}")


def pay(town: Town) -> None:
    """The windows that wait are reviewed, approved and paid in order, and the bank answers."""
    for where in TOWNS:
        with town.database.read() as tx:
            waiting = tx.rows(
                'SELECT "window" FROM settlement_window WHERE municipality=?'
                " AND file_digest='' ORDER BY 1",
                [where],
            )
        for (number,) in waiting:
            if not town.calm(partial(_pay, town, WindowName(where, "shops", number))):
                break  # the later ones wait for it


def _settlement(town: Town) -> Settlement:
    core = town.hub.core
    return Settlement(core, Journal(town.journal_folder, core.keys.signing))


def _pay(town: Town, name: WindowName) -> bool:
    desk = _settlement(town)
    try:
        desk.review(lambda body: town.enact(body, "Tanaka"), name)
        desk.approve(lambda body: town.enact(body, "Suzuki"), name)
        made = desk.file(lambda body: town.enact(body, "Sato"), name)
    except RefusedByRule as error:
        town.note(f"settle {name}: {error.reason}")
        return False
    _answer(town, name, desk)
    town.note(f"settle {name} count={made.count} total={made.total}")
    return True


def _answer(town: Town, name: WindowName, desk: Settlement) -> None:
    """The bank pays nine lines of ten."""
    with town.database.read() as tx:
        lines = tx.rows(
            "SELECT line, organisation, paid FROM settlement_line WHERE municipality=?"
            " AND \"window\"=? AND paid>0 AND outcome='' ORDER BY line",
            [name.town, name.number],
        )
    if not lines:
        return
    answers = []
    for line, organisation, paid in lines:
        ok = town.random.random() < 0.9
        answers.append(f"{line},{'paid,' if ok else 'returned,account closed'}")
        if ok:
            town.bank[OrganisationId(organisation)] += paid
    data = "line,outcome,reason\r\n" + "\r\n".join(answers) + "\r\n"
    for _ in range(1 + (name.number % _OFTEN == 0)):  # read again, it counts once
        desk.result(lambda body: town.enact(body, "Sato"), name, data.encode())
