"""How one of the hub's own records becomes state: the shape of an applier.

An applier looks at the database and the record only, so that playing the chronicle again gives
the same state; whatever is random or made by a clock stands in the body or is ``record.at``.
"""

from collections.abc import Callable
from typing import TypeVar

from hub.bodies import HubBody, HubRecord, kind_of
from hub.core import Core
from hub.store.database import Tx
from sync.errors import Damaged

Applier = Callable[[Core, Tx, HubRecord], None]
"""Changes the state by a record, or raises RefusedByRule or Malformed and changes nothing."""
B = TypeVar("B", bound=HubBody)


def body_of(record: HubRecord, kind: type[B]) -> B:
    """The record's body, which must be of this kind; raises Damaged."""
    if not isinstance(record.body, kind):
        raise Damaged(f"a record of {kind_of(record.body)} where {kind.__name__} was expected")
    return record.body
