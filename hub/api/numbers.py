"""People's endpoints: an organisation's service numbers, from a file."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from hub.forms import NumbersForm
from hub.numbers import Numbers
from hub.people import Person
from hub.views import NumbersLoaded, NumbersRow

Of = NamedDependency[Numbers]
By = NamedDependency[Person]
Name = FromPath[str]


@get("/organisations/{name:str}/numbers", sync_to_thread=True)
def show_numbers(numbers: Of, by: By, name: Name) -> NumbersRow:
    """How many people it has a number of."""
    return numbers.show(by, name)


@post("/organisations/{name:str}/numbers", status_code=200, sync_to_thread=True)
def load_numbers(numbers: Of, by: By, name: Name, data: JSONBody[NumbersForm]) -> NumbersLoaded:
    """Link the numbers of a file, or say what that would do."""
    return numbers.load(by, name, data)


SIGNED_IN: tuple[ControllerRouterHandler, ...] = (show_numbers, load_numbers)
"""With a token."""
