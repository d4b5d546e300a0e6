"""People's endpoint for records that came on a stick."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from hub.carried import Carried
from hub.forms import CarriedRow, ParcelForm
from hub.people import Person

Into = NamedDependency[Carried]
By = NamedDependency[Person]


@post("/parcels", status_code=200, sync_to_thread=True)
def take_parcel(into: Into, by: By, data: JSONBody[ParcelForm]) -> CarriedRow:
    """Take records that came on a stick."""
    return into.take(by, data)


SIGNED_IN: tuple[ControllerRouterHandler, ...] = (take_parcel,)
