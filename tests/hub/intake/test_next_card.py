"""The next card at the hub: ECDSA signatures prove a sale as RSA ones do, and in one spelling."""

import msgspec
import pytest

from sync.cardkey import CURVES, Algorithm
from sync.cardproof import money_message
from sync.chain import digest
from sync.democa import new_card_key
from sync.receipt import Outcome, Verdict
from sync.sealing import Sealer
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident


@pytest.fixture(params=[Algorithm.ES256, Algorithm.ES384])
def mei(town: Corner, request: pytest.FixtureRequest) -> Resident:
    """A resident with the next card, on each curve, and 1,000 points in Kawasaki."""
    who = town.resident(new_card_key(request.param))
    town.grant(who, 1_000)
    return who


@pytest.fixture
def shop(town: Corner, mei: Resident) -> Pen:
    """A greengrocer that knows of Mei's 1,000 points."""
    assert town.wallet(mei) == 1_000
    pen = town.node(GREENGROCER)
    town.feed(pen, available=1_000)
    return pen


@pytest.fixture
def sale(town: Corner, shop: Pen, mei: Resident) -> int:
    """Mei has bought something for 300 points; the record's place."""
    return shop.spend(mei.card, town.account(mei), 300, town=KAWASAKI)


def signature(shop: Pen, mei: Resident, sale: int) -> bytes:
    """What Mei's card signed."""
    return mei.card.sign(money_message(shop.origin, shop.records[sale - 1]))


def hand_in(town: Corner, shop: Pen, sale: int, opened: bytes, algorithm: str) -> Verdict:
    """Hand the sale in with another signature, or under another name."""
    piece = shop.evidence[sale - 1]
    assert piece is not None
    sealed = Sealer(shop.content_key).seal(opened, digest(shop.records[sale - 1]))
    shop.evidence[sale - 1] = msgspec.structs.replace(piece, algorithm=algorithm, sealed=sealed)
    return town.verdict(shop, sale)


def test_a_sale_is_posted(town: Corner, shop: Pen, mei: Resident, sale: int) -> None:
    verdict = town.verdict(shop, sale)

    assert (verdict.outcome, verdict.paid) == (Outcome.APPLIED, 300)
    assert (town.wallet(mei), town.owed(shop)) == (700, 300)
    piece = shop.evidence[sale - 1]
    assert piece is not None
    assert piece.algorithm == mei.card.algorithm
    assert town.audit() == []


def test_cards_of_both_kinds_buy_side_by_side(
    town: Corner, shop: Pen, mei: Resident, hana: Resident, sale: int
) -> None:
    town.feed(shop, available=1_000)  # now it knows of Hana, too
    others = shop.spend(hana.card, town.account(hana), 400, town=KAWASAKI)
    verdicts = town.verdicts(town.put(shop))

    assert {verdicts[at].outcome for at in (sale, others)} == {Outcome.APPLIED}
    assert (town.wallet(mei), town.wallet(hana), town.owed(shop)) == (700, 600, 700)
    assert town.audit() == []


@pytest.mark.parametrize("where", [0, 31, -1])
def test_a_signature_with_one_bit_changed_waits_for_people(
    town: Corner, shop: Pen, mei: Resident, sale: int, where: int
) -> None:
    changed = bytearray(signature(shop, mei, sale))
    changed[where] ^= 1
    verdict = hand_in(town, shop, sale, bytes(changed), mei.card.algorithm)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "bad-signature")
    assert verdict.opened == changed
    assert (town.wallet(mei), town.owed(shop)) == (1_000, 0)
    assert town.audit() == []


@pytest.mark.parametrize("name", [*Algorithm, "ES512", "none", ""])
def test_a_signature_under_another_name_waits_for_people(
    town: Corner, shop: Pen, mei: Resident, sale: int, name: str
) -> None:
    good = name == mei.card.algorithm
    verdict = hand_in(town, shop, sale, signature(shop, mei, sale), name)

    assert (verdict.outcome == Outcome.APPLIED) is good
    assert verdict.reason == ("" if good else "bad-signature")
    assert town.owed(shop) == (300 if good else 0)


def test_the_twin_that_anybody_can_make_of_a_signature_is_not_taken(
    town: Corner, shop: Pen, mei: Resident, sale: int
) -> None:
    curve = CURVES[mei.card.algorithm]
    r, s = curve.split(signature(shop, mei, sale))
    verdict = hand_in(town, shop, sale, curve.join(r, curve.order - s), mei.card.algorithm)

    assert verdict.reason == "bad-signature"
    assert town.owed(shop) == 0


@pytest.mark.parametrize("noise", [b"", b"0", bytes(64), bytes(96), b"\xff" * 96, b"0" * 256])
def test_bytes_that_are_no_signature_wait_for_people(
    town: Corner, shop: Pen, mei: Resident, sale: int, noise: bytes
) -> None:
    verdict = hand_in(town, shop, sale, noise, mei.card.algorithm)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "bad-signature")
    assert town.audit() == []


def test_a_good_copy_heals_what_came_under_another_name(
    town: Corner, shop: Pen, mei: Resident, sale: int
) -> None:
    good = signature(shop, mei, sale)
    assert hand_in(town, shop, sale, good, Algorithm.RS256).reason == "bad-signature"

    assert hand_in(town, shop, sale, good, mei.card.algorithm).outcome == Outcome.APPLIED
    assert (town.wallet(mei), town.owed(shop)) == (700, 300)
    assert town.audit() == []
