"""Evidence that was spoilt on the way is healed, and what it proves is judged by its own past."""

import msgspec

from sync.receipt import Outcome
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident


def test_a_healed_sale_is_not_held_against_itself_nor_against_later_ones(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    for points in (300, 300, 400):
        shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
    carried = _spoilt(shop, at=3)
    verdicts = town.verdicts(town.put(carried))
    assert verdicts[3].outcome is Outcome.QUARANTINED
    assert verdicts[5].outcome is Outcome.APPLIED

    town.put(shop)

    assert town.verdict(shop, 3).outcome is Outcome.APPLIED
    assert town.owed(shop) == 1_000
    assert town.wallet(hana) == 0
    assert town.audit() == []


def test_a_healed_sale_still_counts_what_its_node_had_sold_before(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    for points in (700, 400):
        shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
    town.put(_spoilt(shop, at=4))

    town.put(shop)

    verdict = town.verdict(shop, 4)
    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "too-few-points")
    assert town.owed(shop) == 1_000
    assert town.audit() == []


def _spoilt(shop: Pen, *, at: int) -> Pen:
    """What somebody carries to the hub: one piece of evidence is scratched."""
    carried = shop.copy()
    piece = carried.evidence[at - 1]
    assert piece is not None
    carried.evidence[at - 1] = msgspec.structs.replace(piece, sealed=b"spoilt on the way")
    return carried
