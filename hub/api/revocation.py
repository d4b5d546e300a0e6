"""People's endpoints: revocation lists."""

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from hub.forms import Answered, SourceForm
from hub.people import Person
from hub.revoking import Revoking
from hub.views import RevocationView

Lists = NamedDependency[Revoking]
By = NamedDependency[Person]


@get("/revocation", sync_to_thread=True)
def show_revocation(lists: Lists, by: By) -> RevocationView:
    """Source, lists in force, and how the last load went."""
    return lists.show(by)


@put("/revocation/source", sync_to_thread=True)
def set_source(lists: Lists, by: By, data: JSONBody[SourceForm]) -> Answered:
    """Say where lists come from."""
    return lists.set_source(by, data.source)


@post("/revocation/load", status_code=200, sync_to_thread=True)
def load_lists(lists: Lists, by: By) -> RevocationView:
    """Ask the source now."""
    return lists.load(by)


SIGNED_IN: tuple[ControllerRouterHandler, ...] = (show_revocation, set_source, load_lists)
"""With a token."""
