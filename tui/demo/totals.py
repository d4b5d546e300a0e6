"""Whether the month adds up: what different parts say of the same points, held against each other.

    granted (programmes) + borne by the town  =  on cards + in tickets + earned by shops + lapsed
    a shop's Z-reports + its piles' receipts  =  what the bank was told to pay it

Each figure comes from where it is kept: programmes, windows and ledger accounts by the hub's API,
the nodes' Z-reports, the ticket counter's receipts, the file that the bank read. None is the
story's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.views import AccountRow, FlowRow
from sync.values import MunicipalityCode, OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class TownTotals:
    """One town's points after the month."""

    town: MunicipalityCode
    granted: int
    on_cards: int
    in_tickets: int
    """Worth of tickets that may still be used."""
    earned: int
    """What the settlement window earned the shops."""
    lapsed: int
    from_reserve: int
    """Paid to shops out of the reserve or a deficit, and not recovered."""


def town_totals(
    town: MunicipalityCode,
    *,
    granted: int,
    earned: int,
    accounts: Sequence[AccountRow],
    flows: Sequence[FlowRow],
) -> TownTotals:
    """What a town's ledger says of the month, beside what programmes granted and windows earned."""

    def held(*kinds: str) -> int:
        return sum(row.points for row in accounts if row.account.partition(":")[0] in kinds)

    def went(source: str, target: str) -> int:
        return sum(row.points for row in flows if (row.source, row.target) == (source, target))

    return TownTotals(
        town=town,
        granted=granted,
        on_cards=held("wallet", "hold"),
        in_tickets=held("outstanding"),
        earned=earned,
        # What lapsed long ago became the town's own.
        lapsed=held("lapsed") + went("lapsed", "treasury"),
        from_reserve=went("treasury", "reserve") - held("reserve", "deficit"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Two figures that should be one."""

    what: str
    one: int
    other: int


def compare(
    towns: tuple[TownTotals, ...],
    reported: Mapping[OrganisationId, int],
    paid: Mapping[OrganisationId, int],
) -> tuple[Mismatch, ...]:
    """What does not add up: of towns, and of shops between counters and bank file."""
    pairs: list[tuple[str, int, int]] = [
        (
            town.town,
            town.granted + town.from_reserve,
            town.on_cards + town.in_tickets + town.earned + town.lapsed,
        )
        for town in towns
    ]
    pairs += [
        (name, reported.get(name, 0), paid.get(name, 0)) for name in sorted({*reported, *paid})
    ]
    return tuple(
        Mismatch(what=what, one=one, other=other) for what, one, other in pairs if one != other
    )
