"""What people should see: an entry in the list of a town."""

from hub.core import Core
from hub.points.books import Source
from hub.store import schema
from hub.store.database import Tx
from sync.receipt import Bearer
from sync.values import MunicipalityCode


def enter(
    core: Core,
    tx: Tx,
    *,
    kind: str,
    source: Source,
    town: MunicipalityCode,
    reason: str,
    points: int = 0,
    bearer: Bearer = Bearer.NOBODY,
    other: str = "",
) -> int:
    """Put something on the list of the town that decides; gives its number there.

    The same thing is entered once.
    """
    epoch, _, branch = source.epoch.partition("/")
    known = tx.scalar(
        "SELECT id FROM incident WHERE municipality=:town AND kind=:kind AND node=:node"
        " AND epoch=:epoch AND branch=:branch AND seq=:seq",
        town=town,
        kind=kind,
        node=source.name,
        epoch=epoch,
        branch=branch,
        seq=source.seq,
    )
    if known is not None:
        return int(known)
    last = tx.scalar("SELECT max(id) FROM incident WHERE municipality=:town", town=town)
    number = (last or 0) + 1
    tx.insert(
        schema.incident,
        municipality=town,
        id=number,
        kind=kind,
        node=source.name,
        epoch=epoch,
        branch=branch,
        seq=source.seq,
        town=town,
        points=points,
        reason=reason,
        bearer=bearer,
        at=core.clock.now(),
        other=other,
        state="open",
        decision="",
    )
    return int(number)
