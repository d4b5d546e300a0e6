"""What people should see: an entry in the list of a town."""

from hub.core import Core
from hub.points.books import Source
from hub.points.case import line_of
from hub.store import schema
from hub.store.database import Tx
from sync.receipt import Bearer
from sync.values import MunicipalityCode

TYPED_NUMBERS = "typed-numbers"
"""The incident of a node that has typed more ticket numbers than anybody reads from paper."""


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
    tx.require(town)
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


def other_record(tx: Tx, town: MunicipalityCode, number: str, source: Source) -> str:
    """The other record about a paper ticket: its applied redemption, or what voided it."""
    rows = tx.rows(
        "SELECT redeemed_by, voided_by FROM ticket WHERE municipality=? AND number=?",
        [town, number],
    )
    return next((one for one in (rows[0] if rows else ()) if one not in ("", str(source))), "")


def tell_voider(
    core: Core, tx: Tx, town: MunicipalityCode, number: str, redemption: Source
) -> None:
    """Where a redemption spoilt a void, enter the void too: its own node's people should know."""
    rows = tx.rows(
        "SELECT voided_by, points FROM ticket WHERE municipality=? AND number=? AND voided_by<>''",
        [town, number],
    )
    for voided_by, points in rows:
        void = Source.read(voided_by)
        line = line_of(void)
        reason = tx.scalar(
            "SELECT reason FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
            " AND branch=:branch AND seq=:seq AND outcome='exception'",
            seq=void.seq,
            **line._asdict(),
        )
        if reason is not None:
            enter(
                core,
                tx,
                kind="exception",
                source=void,
                town=town,
                reason=reason,
                points=points,
                other=str(redemption),
            )
