"""Where a programme's tickets can be used: at the counters of its zones, or everywhere."""

from collections.abc import Collection

import msgspec

from hub.points.books import Books


def zones_of(books: Books, programme: str) -> tuple[str, ...]:
    """The zones of a programme of this town; none: everywhere the town has accepted."""
    found = books.tx.scalar(
        "SELECT zones FROM programme WHERE municipality=:town AND programme=:programme",
        town=books.town,
        programme=programme,
    )
    return () if found is None else msgspec.msgpack.decode(found, type=tuple[str, ...])


def is_within(zone: str, zones: Collection[str]) -> bool:
    """Whether tickets of some zones can be used at a counter of a zone."""
    return not zones or zone in zones
