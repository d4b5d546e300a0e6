"""People's endpoints: operators, what waits, towns, organisations, terminals."""

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from hub.api.paged import Paged
from hub.api.repeating import Repeated
from hub.forms import (
    AcceptForm,
    Answered,
    BankForm,
    ConfirmForm,
    ContentForm,
    FloatForm,
    InviteForm,
    MunicipalityForm,
    NodeRow,
    OperatorForm,
    OperatorRow,
    OrganisationForm,
    PayerForm,
    PendingRow,
    ReserveForm,
    WhyForm,
)
from hub.office import Office
from hub.people import Person
from hub.signin_forms import JoinForm
from hub.views import OrganisationRow, TownRow
from sync.policy import Policy

At = NamedDependency[Office]
By = NamedDependency[Person]
Once = NamedDependency[Repeated]
Name = FromPath[str]
Pages = NamedDependency[Paged]


@post("/join", status_code=200, sync_to_thread=True)
def join(at: At, data: JSONBody[JoinForm]) -> OperatorRow:
    """Join with an invitation's code, which is the sign-in here."""
    return at.join(data)


@get("/operators", sync_to_thread=True)
def list_operators(at: At, by: By, pages: Pages) -> Response[list[OperatorRow]]:
    """List everybody."""
    return pages.of(at.operators(by), lambda row: (row.name,))


@post("/operators", status_code=200, sync_to_thread=True)
def add_operator(at: At, by: By, data: JSONBody[OperatorForm]) -> Answered:
    """Invite a person."""
    return at.add_operator(by, data)


@delete("/operators/{name:str}", status_code=200, sync_to_thread=True)
def revoke_operator(at: At, by: By, name: Name) -> Answered:
    """End a person's access."""
    return at.revoke_operator(by, name)


@get("/pending", sync_to_thread=True)
def list_pending(at: At, by: By, pages: Pages) -> Response[list[PendingRow]]:
    """List what waits for a second person."""
    return pages(at.pending(by, pages.page))


@post("/pending/{name:str}/approval", status_code=200, sync_to_thread=True)
def approve(at: At, by: By, name: Name) -> Answered:
    """Be the second person."""
    return at.approve(by, name)


@post("/pending/{name:str}/refusal", status_code=200, sync_to_thread=True)
def decline(at: At, by: By, name: Name, data: JSONBody[WhyForm]) -> Answered:
    """Say no, or take back."""
    return at.decline(by, name, data.why)


@get("/municipalities", sync_to_thread=True)
def list_municipalities(at: At, by: By, pages: Pages) -> Response[list[TownRow]]:
    """List every town."""
    return pages.of(at.municipalities(by), lambda row: (row.municipality,))


@post("/municipalities", status_code=200, sync_to_thread=True)
def add_municipality(at: At, by: By, data: JSONBody[MunicipalityForm]) -> Answered:
    """Let a town join."""
    return at.add_municipality(by, data)


@put("/municipalities/{name:str}/account", sync_to_thread=True)
def change_payer(at: At, by: By, once: Once, name: Name, data: JSONBody[PayerForm]) -> Answered:
    """Change the account that the town pays from."""
    return once(Answered, lambda: at.change_payer(by, name, data))


@put("/municipalities/{name:str}/calendar", sync_to_thread=True)
def set_calendar(at: At, by: By, name: Name, data: JSONBody[ContentForm]) -> Answered:
    """Say when the town closes and pays."""
    return at.set_calendar(by, name, data.content)


@get("/municipalities/{name:str}/policy", sync_to_thread=True)
def show_policy(at: At, by: By, name: Name) -> dict[str, int]:
    """Show what the town's nodes may do offline."""
    return policy_members(at.policy(by, name))


@put("/municipalities/{name:str}/policy", sync_to_thread=True)
def set_policy(at: At, by: By, name: Name, data: JSONBody[ContentForm]) -> Answered:
    """Change it."""
    return at.set_policy(by, name, data.content)


@post("/municipalities/{name:str}/reserve", status_code=200, sync_to_thread=True)
def fund_reserve(at: At, by: By, once: Once, name: Name, data: JSONBody[ReserveForm]) -> Answered:
    """Set money aside for losses within policy."""
    return once(Answered, lambda: at.fund_reserve(by, name, data))


@get("/organisations", sync_to_thread=True)
def list_organisations(at: At, by: By, pages: Pages) -> Response[list[OrganisationRow]]:
    """List every organisation that was approved."""
    return pages(at.organisations(by, pages.page))


@post("/organisations", status_code=200, sync_to_thread=True)
def add_organisation(at: At, by: By, data: JSONBody[OrganisationForm]) -> Answered:
    """Let an organisation apply."""
    return at.add_organisation(by, data)


@post("/organisations/{name:str}/acceptances", status_code=200, sync_to_thread=True)
def accept_organisation(at: At, by: By, name: Name, data: JSONBody[AcceptForm]) -> Answered:
    """Let it take a town's points."""
    return at.accept_organisation(by, name, data.municipality)


@put("/organisations/{name:str}/account", sync_to_thread=True)
def change_account(at: At, by: By, once: Once, name: Name, data: JSONBody[BankForm]) -> Answered:
    """Change its bank account from the next window on."""
    return once(Answered, lambda: at.change_account(by, name, data))


@get("/nodes", sync_to_thread=True)
def list_nodes(at: At, by: By, pages: Pages) -> Response[list[NodeRow]]:
    """List terminals."""
    return pages(at.nodes(by, pages.page))


@post("/nodes", status_code=200, sync_to_thread=True)
def invite(at: At, by: By, data: JSONBody[InviteForm]) -> Answered:
    """Invite a terminal."""
    return at.invite(by, data)


@post("/nodes/{name:str}/confirmation", status_code=200, sync_to_thread=True)
def confirm(at: At, by: By, name: Name, data: JSONBody[ConfirmForm]) -> Answered:
    """Compare the fingerprint and let it sell."""
    return at.confirm(by, name, data.fingerprint)


@post("/nodes/{name:str}/revocation", status_code=200, sync_to_thread=True)
def revoke_node(at: At, by: By, name: Name, data: JSONBody[WhyForm]) -> Answered:
    """Let it hand in what it has, and nothing else."""
    return at.revoke_node(by, name, data.why)


@put("/nodes/{name:str}/float", sync_to_thread=True)
def set_float(at: At, by: By, name: Name, data: JSONBody[FloatForm]) -> Answered:
    """Set how much it may take offline."""
    return at.set_float(by, name, data)


def policy_members(policy: Policy) -> dict[str, int]:
    """A policy as people read it: names and numbers."""
    return {name: getattr(policy, name) for name in policy.__struct_fields__}


OPEN: tuple[ControllerRouterHandler, ...] = (join,)
"""Without a token."""
SIGNED_IN: tuple[ControllerRouterHandler, ...] = (
    list_operators,
    add_operator,
    revoke_operator,
    list_pending,
    approve,
    decline,
    list_municipalities,
    add_municipality,
    change_payer,
    set_calendar,
    show_policy,
    set_policy,
    fund_reserve,
    list_organisations,
    add_organisation,
    accept_organisation,
    change_account,
    list_nodes,
    invite,
    confirm,
    revoke_node,
    set_float,
)
