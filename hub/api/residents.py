"""People's endpoints: a MyKey ID's life after its registration."""

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from hub.api.paged import Paged
from hub.forms import JoinCardForm, NewIdForm, RefuseJoinForm, WhyForm
from hub.paging import oldest_first
from hub.people import Person
from hub.residents import Residents
from hub.views import CancelledView, JoinRow, ResidentView

Whom = NamedDependency[Residents]
By = NamedDependency[Person]
Name = FromPath[str]
Pages = NamedDependency[Paged]


@get("/residents/{name:str}", sync_to_thread=True)
def show_resident(whom: Whom, by: By, name: Name) -> ResidentView:
    """Show a MyKey ID."""
    return whom.show(by, name)


@post("/residents/{name:str}/suspension", status_code=200, sync_to_thread=True)
def suspend_resident(whom: Whom, by: By, name: Name, data: JSONBody[WhyForm]) -> ResidentView:
    """Let its cards open nothing."""
    return whom.suspend(by, name, data.why)


@post("/residents/{name:str}/resumption", status_code=200, sync_to_thread=True)
def resume_resident(whom: Whom, by: By, name: Name, data: JSONBody[WhyForm]) -> ResidentView:
    """Let them open again what they did."""
    return whom.resume(by, name, data.why)


@put("/residents/{name:str}/mykey-id", sync_to_thread=True)
def change_mykey_id(whom: Whom, by: By, name: Name, data: JSONBody[NewIdForm]) -> ResidentView:
    """Give it another ID."""
    return whom.change_id(by, name, data)


@post("/residents/{name:str}/cancellation", status_code=200, sync_to_thread=True)
def cancel_resident(whom: Whom, by: By, name: Name, data: JSONBody[WhyForm]) -> CancelledView:
    """End it for good, and say what is left."""
    return whom.cancel(by, name, data.why)


@get("/joins", sync_to_thread=True)
def list_joins(whom: Whom, by: By, pages: Pages) -> Response[list[JoinRow]]:
    """List the cards that asked at a counter to be joined to a MyKey ID."""
    return pages.of(whom.joins(by), lambda row: oldest_first(row.at, row.card))


@post("/residents/{name:str}/joins", status_code=200, sync_to_thread=True)
def join_card(whom: Whom, by: By, name: Name, data: JSONBody[JoinCardForm]) -> ResidentView:
    """Join one of them, by evidence."""
    return whom.join(by, name, data)


@post("/residents/{name:str}/join-refusals", status_code=200, sync_to_thread=True)
def refuse_join(whom: Whom, by: By, name: Name, data: JSONBody[RefuseJoinForm]) -> ResidentView:
    """Do not join one of them."""
    return whom.refuse_join(by, name, data)


SIGNED_IN: tuple[ControllerRouterHandler, ...] = (
    show_resident,
    suspend_resident,
    resume_resident,
    change_mykey_id,
    cancel_resident,
    list_joins,
    join_card,
    refuse_join,
)
"""With a token."""
