"""Programmes, grants, exceptions and settlement, as people at the desk use them."""

import re
from datetime import date
from functools import partial

from hub import evidence, ticketlife, totals, town
from hub.bodies import (
    ExceptionDecided,
    Granted,
    ProgrammeAdded,
    WindowApproved,
    WindowClosed,
    WindowReleased,
    WindowResult,
    WindowReviewed,
)
from hub.commands import ask, day, make
from hub.core import Core
from hub.desk import Desk, allowed, rehearsed
from hub.forms import (
    Answered,
    BalanceRow,
    BankFileView,
    ClosedView,
    CloseForm,
    DecisionForm,
    ExceptionRow,
    GrantForm,
    NoticeView,
    PlaceRow,
    ProgrammeForm,
    ReleaseForm,
    SheetRow,
    SheetView,
    WindowRow,
)
from hub.intake.decisions import DECISIONS
from hub.mykey.registry import MyKey
from hub.paging import Listed, Page, part
from hub.people import Person
from hub.points import queries
from hub.residents import exact_balances, looked_into
from hub.settlement.cases import Do, Settlement
from hub.settlement.lists import Sheet, SheetLine, payment_notice, settlement_list, show
from hub.settlement.places import places
from hub.settlement.windows import Window, list_windows, window_name
from hub.views import (
    AccountRow,
    DepartmentRow,
    ExceptionView,
    FlowRow,
    GrantRow,
    ProgrammeRow,
    TicketLife,
    TownTotal,
)
from sync.errors import RefusedByRule
from sync.ticket import check_number
from sync.values import (
    AccountId,
    MunicipalityCode,
    Points,
    municipality_code,
    mykey_id,
    organisation_id,
)

LAST_DAY = "2099-12-31"
"""The last day of a programme that names none."""


_TOWN = re.compile(r"[0-9]{6}", re.ASCII)
"""A municipality code, as it is written in front of a ticket's number."""


class Treasury:
    """Use cases about points and money."""

    def __init__(self, core: Core, mykey: MyKey, desk: Desk, settlement: Settlement) -> None:
        self._core = core
        self._mykey = mykey
        self._desk = desk
        self._settlement = settlement

    # -- points

    def add_programme(self, person: Person, form: ProgrammeForm) -> Answered:
        """A programme; an end that is not named follows from the one after it."""
        use = day(form.use_until) or LAST_DAY
        issue = day(form.issue_until) or use
        return ask(
            self._desk,
            person,
            make(
                ProgrammeAdded,
                town=municipality_code(form.municipality),
                programme=form.programme,
                name=form.name,
                department=form.department,
                budget=form.budget,
                give_until=day(form.give_until) or issue,
                issue_until=issue,
                use_until=use,
                clear_until=day(form.clear_until) or use,
                zones=form.zones,
            ),
        )

    def programmes(self, person: Person, page: Page | None = None) -> Listed[ProgrammeRow]:
        """A page of the programmes of the towns that this person works for."""
        with self._core.database.read() as tx:
            return town.programmes(tx, page or Page(), person.municipality)

    def grant(self, person: Person, form: GrantForm) -> Answered:
        """Points for a resident; a large sum needs a second person."""
        code = municipality_code(form.municipality)
        allowed(person, Granted, code)  # before an account is made
        with self._core.database.write() as tx:  # nobody leaves between these
            town.town_named(tx, code)
            return ask(
                self._desk,
                person,
                make(
                    Granted,
                    town=code,
                    account=self._mykey.account_for(mykey_id(form.mykey_id), code),
                    points=Points(form.points),
                    programme=form.programme,
                    purpose=form.purpose,
                ),
            )

    def balances(self, person: Person, name: str) -> list[BalanceRow]:
        """A resident's exact balances of the towns that this person works for.

        The look is entered in each town's chain, with the person.
        """
        return exact_balances(self._core, self._looked_into(person, name))

    def grants(self, person: Person, name: str, page: Page | None = None) -> Listed[GrantRow]:
        """A page of what a resident was granted in this person's towns, oldest first in each.

        A look, and entered as one.
        """
        accounts = self._looked_into(person, name)
        with self._core.database.read() as tx:
            places = [
                (code, seq)
                for code, account in accounts.items()
                for seq in totals.granted(tx, code, account)
            ]
            of_page = part(places, page or Page(), lambda place: place)
            return Listed(totals.grants(tx, of_page), of_page.next)

    def _looked_into(self, person: Person, name: str) -> dict[MunicipalityCode, AccountId]:
        return looked_into(self._core, self._mykey, person, mykey_id(name))

    # -- totals

    def accounts(self, person: Person, code: str) -> list[AccountRow]:
        """What a town's ledger accounts hold."""
        with self._core.database.look() as tx:
            return totals.accounts(tx, _own(person, code))

    def flows(self, person: Person, code: str) -> list[FlowRow]:
        """What went from each kind of a town's accounts to each other."""
        with self._core.database.look() as tx:
            return totals.flows(tx, _own(person, code))

    def town_totals(self, person: Person, page: Page | None = None) -> Listed[TownTotal]:
        """A page of this person's towns, and what residents have of the points of each."""
        with self._core.database.look() as tx:
            joined = [each for each in town.towns(tx) if person.works_for(each.municipality)]
            of_page = part(joined, page or Page(), lambda row: (row.municipality,))
            return of_page.each(partial(totals.total, tx))

    def departments(self, person: Person) -> list[DepartmentRow]:
        """What each department of this person's towns granted."""
        with self._core.database.read() as tx:
            return totals.departments(tx, person.municipality)

    # -- tickets

    def ticket(self, person: Person, written: str) -> TicketLife:
        """One ticket of a town that this person works for, and what became of it.

        Two towns may have given the same number: the town's code and a hyphen in front name one.
        """
        named, _, rest = written.rpartition("-")
        town, digits = (named, rest) if _TOWN.fullmatch(named) else ("", written)
        number = check_number(digits)
        with self._core.database.read() as tx:
            found = [
                each
                for each in queries.tickets(tx, number)
                if person.works_for(MunicipalityCode(each.municipality))
                and town in ("", each.municipality)
            ]
            if not found:
                raise RefusedByRule("ticket-unknown", f"no ticket {number} was ever issued")
            if len(found) > 1:
                names = ", ".join(f"{each.municipality}-{number}" for each in found)
                raise RefusedByRule("ticket-of-several-towns", f"name the town: {names}")
            return ticketlife.life_of(tx, found[0])

    # -- exceptions

    def exceptions(self, person: Person, page: Page | None = None) -> Listed[ExceptionRow]:
        """A page of what people should see, newest last."""
        with self._core.database.read() as tx:
            return evidence.incidents(tx, person, page or Page())

    def exception(self, person: Person, name: str) -> ExceptionView:
        """One of them, with the evidence of both sides and what people decided."""
        with self._core.database.write() as tx:  # decisions are rehearsed; nothing is left of them
            row = evidence.incident(tx, person, name)
            about = MunicipalityCode(row["municipality"]), row["id"]
            may = tuple(
                each
                for each in DECISIONS
                if rehearsed(self._core, tx, ExceptionDecided(*about, each, "rehearsed"), person)
            )
            return evidence.view(self._core, tx, row, may=may)

    def decide(self, person: Person, name: str, form: DecisionForm) -> Answered:
        """Say what becomes of it; where money moves a second person approves."""
        with self._core.database.read() as tx:
            row = evidence.incident(tx, person, name)
        return ask(
            self._desk,
            person,
            make(
                ExceptionDecided,
                town=row["municipality"],
                incident=row["id"],
                decision=form.decision,
                why=form.why,
            ),
        )

    # -- settlement

    def close_window(self, person: Person, code: str, form: CloseForm) -> ClosedView:
        """Close a town's open window."""
        name = municipality_code(code)
        allowed(person, WindowClosed, name)
        until = day(form.until)
        closed = self._settlement.close(
            self._as(person),
            name,
            form.kind,
            until=date.fromisoformat(until) if until else None,
        )
        return ClosedView(
            window=closed.window,
            municipality=closed.municipality,
            lines=closed.lines,
            total=closed.total,
        )

    def review_window(self, person: Person, written: str) -> WindowRow:
        """Say that its lines were read."""
        name = window_name(written)
        allowed(person, WindowReviewed, name.town)
        return _window(self._settlement.review(self._as(person), name))

    def approve_window(self, person: Person, written: str) -> WindowRow:
        """Approve the payment, as one who neither closed nor reviewed the window."""
        name = window_name(written)
        allowed(person, WindowApproved, name.town)
        return _window(self._settlement.approve(self._as(person), name))

    def bank_file(self, person: Person, written: str, form: ReleaseForm) -> BankFileView:
        """The bank file; asked again, the same one."""
        name = window_name(written)
        allowed(person, WindowReleased, name.town)
        when = day(form.pay_on)
        made = self._settlement.file(
            self._as(person),
            name,
            pay_on=date.fromisoformat(when) if when else None,
            twice={organisation_id(each.organisation): each.why for each in form.twice},
        )
        return BankFileView(
            window=made.window,
            pay_on=made.pay_on,
            count=made.count,
            total=made.total,
            sha256=made.sha256,
            file=made.file,
        )

    def bank_result(self, person: Person, written: str, file: bytes) -> WindowRow:
        """What the bank says became of each line."""
        name = window_name(written)
        allowed(person, WindowResult, name.town)
        return _window(self._settlement.result(self._as(person), name, file))

    def windows(self, person: Person, page: Page | None = None) -> Listed[WindowRow]:
        """A page of the closed windows of the towns this person works for."""
        with self._core.database.read() as tx:
            return list_windows(tx, page or Page(), person.municipality).each(_window)

    def sheet(self, person: Person, written: str) -> SheetView:
        """A closed window line by line, and the list that goes to the files."""
        sheet = self._sheet(person, written)
        return SheetView(
            window=_window(sheet.window),
            lines=[_line(each) for each in sheet.lines],
            file=settlement_list(sheet),
        )

    def notice(self, person: Person, written: str, organisation: str) -> NoticeView:
        """What one organisation gets of a closed window, and what each of its places earned."""
        name, sheet = organisation_id(organisation), self._sheet(person, written)
        with self._core.database.read() as tx:
            earned = places(tx, sheet.window.name, name)
        told = payment_notice(sheet, name, earned)
        return NoticeView(
            window=sheet.window.window,
            organisation=told.organisation,
            paid=told.paid,
            returned=told.returned,
            places=[
                PlaceRow(node=each.node, place=each.place, points=each.points) for each in earned
            ],
            file=told.file,
        )

    def _sheet(self, person: Person, written: str) -> Sheet:
        name = window_name(written)
        if not person.works_for(name.town):
            raise RefusedByRule("unknown-window", f"there is no closed window {name}")
        with self._core.database.read() as tx:
            return show(tx, name)

    def _as(self, person: Person) -> Do:
        return lambda body: self._desk.do(person, body)


def _own(person: Person, code: str) -> MunicipalityCode:
    """A town that this person works for; raises RefusedByRule."""
    name = municipality_code(code)
    if not person.works_for(name):
        raise RefusedByRule("not-allowed", f"{person.name} does not work for {name}")
    return name


def _line(line: SheetLine) -> SheetRow:
    named = ("line", "organisation", "name", "outcome", "why")
    figures = ("points", "brought", "netted", "paid", "returned", "carried")
    return SheetRow(
        bank=line.account.bank,
        branch=line.account.branch,
        account_type=line.account.type,
        account=line.account.number,
        holder=line.account.holder,
        account_changed=line.account_changed,
        **{name: getattr(line, name) for name in (*named, *figures)},
    )


def _window(window: Window) -> WindowRow:
    return WindowRow(
        window=window.window,
        municipality=window.municipality,
        state=window.state,
        needs=window.needs,
        lines=window.lines,
        total=window.total,
        paid=window.paid,
        returned=window.returned,
        pay_on=window.pay_on,
        closed_by=window.closed_by,
        reviewed_by=window.reviewed_by,
        approved_by=window.approved_by,
    )
