"""Where a programme's tickets can be used: at the counters of its zones, or everywhere."""

from collections.abc import Collection

import msgspec

from hub.points.books import Books
from sync.values import NodeId, home_of


def zones_of(books: Books, programme: str) -> tuple[str, ...]:
    """The zones of a programme of this town; none: everywhere the town has accepted."""
    found = books.tx.scalar(
        "SELECT zones FROM programme WHERE municipality=:town AND programme=:programme",
        town=books.town,
        programme=programme,
    )
    return () if found is None else msgspec.msgpack.decode(found, type=tuple[str, ...])


def zone_of(books: Books, node: NodeId) -> str:
    """Where a counter stands."""
    return str(
        books.tx.scalar(
            "SELECT zone FROM node WHERE municipality=:home AND node=:node",
            home=home_of(node),
            node=node,
        )
    )


def is_within(zone: str, zones: Collection[str]) -> bool:
    """Whether tickets of some zones can be used at a counter of a zone."""
    return not zones or zone in zones
