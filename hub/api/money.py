"""People's endpoints: points, programmes, grants, tickets, exceptions, settlement."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from hub.api.paged import Paged
from hub.api.repeating import Repeated
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
    ProgrammeForm,
    ReleaseForm,
    ResultForm,
    SheetView,
    WindowRow,
)
from hub.people import Person
from hub.treasury import Treasury
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

Of = NamedDependency[Treasury]
By = NamedDependency[Person]
Once = NamedDependency[Repeated]
Name = FromPath[str]
Pages = NamedDependency[Paged]


@get("/residents/{name:str}/balances", sync_to_thread=True)
def show_balances(of: Of, by: By, name: Name, pages: Pages) -> Response[list[BalanceRow]]:
    """Show a resident's exact balances of all towns."""
    return pages.of(of.balances(by, name), lambda row: (row.municipality,))


@get("/residents/{name:str}/grants", sync_to_thread=True)
def show_grants(of: Of, by: By, name: Name, pages: Pages) -> Response[list[GrantRow]]:
    """Show what a resident was granted, programme by programme."""
    return pages(of.grants(by, name, pages.page))


@get("/municipalities/{name:str}/accounts", sync_to_thread=True)
def list_accounts(of: Of, by: By, name: Name, pages: Pages) -> Response[list[AccountRow]]:
    """List what a town's ledger accounts hold."""
    return pages.of(of.accounts(by, name), lambda row: (row.municipality, row.account))


@get("/municipalities/{name:str}/flows", sync_to_thread=True)
def list_flows(of: Of, by: By, name: Name, pages: Pages) -> Response[list[FlowRow]]:
    """List what went from each kind of a town's accounts to each other."""
    return pages.of(of.flows(by, name), lambda row: (row.source, row.target))


@get("/totals", sync_to_thread=True)
def list_totals(of: Of, by: By, pages: Pages) -> Response[list[TownTotal]]:
    """List what residents have of each town's points."""
    return pages(of.town_totals(by, pages.page))


@get("/departments", sync_to_thread=True)
def list_departments(of: Of, by: By, pages: Pages) -> Response[list[DepartmentRow]]:
    """List what each department granted."""
    return pages.of(of.departments(by), lambda row: (row.municipality, row.department))


@get("/programmes", sync_to_thread=True)
def list_programmes(of: Of, by: By, pages: Pages) -> Response[list[ProgrammeRow]]:
    """List programmes."""
    return pages(of.programmes(by, pages.page))


@post("/programmes", status_code=200, sync_to_thread=True)
def add_programme(of: Of, by: By, data: JSONBody[ProgrammeForm]) -> Answered:
    """Begin a programme."""
    return of.add_programme(by, data)


@post("/grants", status_code=200, sync_to_thread=True)
def grant(of: Of, by: By, once: Once, data: JSONBody[GrantForm]) -> Answered:
    """Give a resident points."""
    return once(Answered, lambda: of.grant(by, data))


@get("/tickets/{name:str}", sync_to_thread=True)
def show_ticket(of: Of, by: By, name: Name) -> TicketLife:
    """Show a point ticket."""
    return of.ticket(by, name)


@get("/exceptions", sync_to_thread=True)
def list_exceptions(of: Of, by: By, pages: Pages) -> Response[list[ExceptionRow]]:
    """List what people should see."""
    return pages(of.exceptions(by, pages.page))


@get("/exceptions/{name:str}", sync_to_thread=True)
def show_exception(of: Of, by: By, name: Name) -> ExceptionView:
    """Show one of them, with its evidence."""
    return of.exception(by, name)


@post("/exceptions/{name:str}/decision", status_code=200, sync_to_thread=True)
def decide(of: Of, by: By, once: Once, name: Name, data: JSONBody[DecisionForm]) -> Answered:
    """Say what becomes of it."""
    return once(Answered, lambda: of.decide(by, name, data))


@get("/windows", sync_to_thread=True)
def list_windows(of: Of, by: By, pages: Pages) -> Response[list[WindowRow]]:
    """List closed windows."""
    return pages(of.windows(by, pages.page))


@get("/windows/{name:str}", sync_to_thread=True)
def show_window(of: Of, by: By, name: Name) -> SheetView:
    """Show a closed window line by line."""
    return of.sheet(by, name)


@get("/windows/{name:str}/notices/{organisation:str}", sync_to_thread=True)
def show_notice(of: Of, by: By, name: Name, organisation: Name) -> NoticeView:
    """Show what an organisation gets of a window."""
    return of.notice(by, name, organisation)


@post("/municipalities/{name:str}/windows", status_code=200, sync_to_thread=True)
def close_window(of: Of, by: By, once: Once, name: Name, data: JSONBody[CloseForm]) -> ClosedView:
    """Close a town's open window."""
    return once(ClosedView, lambda: of.close_window(by, name, data))


@post("/windows/{name:str}/review", status_code=200, sync_to_thread=True)
def review_window(of: Of, by: By, name: Name) -> WindowRow:
    """Say that its lines were read."""
    return of.review_window(by, name)


@post("/windows/{name:str}/approval", status_code=200, sync_to_thread=True)
def approve_window(of: Of, by: By, name: Name) -> WindowRow:
    """Approve the payment."""
    return of.approve_window(by, name)


@post("/windows/{name:str}/file", status_code=200, sync_to_thread=True)
def bank_file(of: Of, by: By, name: Name, data: JSONBody[ReleaseForm]) -> BankFileView:
    """Make the bank file, or hand it out again."""
    return of.bank_file(by, name, data)


@post("/windows/{name:str}/result", status_code=200, sync_to_thread=True)
def bank_result(of: Of, by: By, name: Name, data: JSONBody[ResultForm]) -> WindowRow:
    """Read what the bank says became of each line."""
    return of.bank_result(by, name, data.file)


SIGNED_IN: tuple[ControllerRouterHandler, ...] = (
    show_balances,
    show_grants,
    list_accounts,
    list_flows,
    list_totals,
    list_departments,
    list_programmes,
    add_programme,
    grant,
    show_ticket,
    list_exceptions,
    show_exception,
    decide,
    list_windows,
    show_window,
    show_notice,
    close_window,
    review_window,
    approve_window,
    bank_file,
    bank_result,
)
