"""Coming in and going out: sessions, what people sign in with, tokens of scripts."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from hub.access import Access
from hub.api.paged import Paged
from hub.forms import Answered
from hub.people import Person
from hub.signin_forms import SessionForm, SessionView, SignInForm, TokenForm, TokenRow, WhoView

Door = NamedDependency[Access]
By = NamedDependency[Person]
Pages = NamedDependency[Paged]
_DONE = Answered(outcome="done")


@post("/session", status_code=200, sync_to_thread=True)
def sign_in(
    request: Request[Any, Any, Any], door: Door, data: JSONBody[SessionForm]
) -> SessionView:
    """Sign in with name, password and code; the token opens everything else."""
    return door.sign_in(data, address_of(request))


@get("/session", sync_to_thread=True)
def who(door: Door, by: By) -> WhoView:
    """Say whose token this is."""
    return door.who(by)


@delete("/session", status_code=200, sync_to_thread=True)
def sign_out(door: Door, by: By) -> Answered:
    """Sign out: the session's token opens nothing any more."""
    door.sign_out(by)
    return _DONE


@put("/sign-in", sync_to_thread=True)
def set_up(
    request: Request[Any, Any, Any], door: Door, by: By, data: JSONBody[SignInForm]
) -> Answered:
    """Choose or change what one signs in with."""
    door.set_up(by, data, address_of(request))
    return _DONE


@get("/tokens", sync_to_thread=True)
def list_tokens(door: Door, by: By, pages: Pages) -> Response[list[TokenRow]]:
    """List one's own sessions and scripts."""
    return pages.of(door.tokens(by), lambda row: (row.label, row.made_at))


@post("/tokens", status_code=200, sync_to_thread=True)
def add_token(door: Door, by: By, data: JSONBody[TokenForm]) -> TokenRow:
    """Let a script of one's own in."""
    return door.add_token(by, data)


@delete("/tokens/{name:str}", status_code=200, sync_to_thread=True)
def end_token(door: Door, by: By, name: FromPath[str]) -> Answered:
    """End a script's token."""
    door.end_token(by, name)
    return _DONE


def address_of(request: Request[Any, Any, Any]) -> str:
    """Where a call comes from; a proxy on this machine says so for its callers."""
    return "" if request.client is None else request.client.host


OPEN: tuple[ControllerRouterHandler, ...] = (sign_in,)
"""Without a token."""
SIGNED_IN: tuple[ControllerRouterHandler, ...] = (
    who,
    sign_out,
    set_up,
    list_tokens,
    add_token,
    end_token,
)
