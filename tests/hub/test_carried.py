"""Records on a stick: anybody may bring them, and nothing that is not signed is believed."""

import pytest

from hub.carried import Carried
from hub.desk import Desk
from hub.forms import CarriedRow, ParcelForm
from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier
from hub.people import Person, Role
from sync.errors import Malformed, RefusedByRule
from sync.records import Tier
from sync.values import EpochId
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident

CLERK = Person(name="Sato", role=Role.CLERK, municipality=KAWASAKI)


def parcel(pen: Pen, first: int = 1, body: bytes | None = None) -> ParcelForm:
    data = pen.batch(first) if body is None else body
    return ParcelForm(node=pen.node, epoch=pen.epoch, first=first, body=data)


def bring(town: Corner, form: ParcelForm, person: Person = CLERK) -> CarriedRow:
    judging = Judging(town.core, town.identities, InlineVerifier())
    return Carried(town.core, Desk(town.core), judging).take(person, form)


@pytest.fixture
def shop(town: Corner, hana: Resident) -> Pen:
    """The fish shop took 300 points from Hana and could not say so."""
    shop = town.node(FISH_SHOP)
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    return shop


def log(town: Corner) -> list[tuple[str, str]]:
    with town.core.database.read() as tx:
        sql = "SELECT person, kind FROM chronicle WHERE kind='hub.records.carried'"
        return [(person, kind) for person, kind in tx.rows(sql)]


def test_what_a_stick_brings_is_judged_once(town: Corner, hana: Resident, shop: Pen) -> None:
    row = bring(town, parcel(shop))

    assert (row.first, row.last, row.new) == (1, shop.seq, shop.seq)
    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert bring(town, parcel(shop)).new == 0
    town.put(shop)
    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert log(town) == [("Sato", "hub.records.carried")] * 2
    assert town.audit() == []


def test_a_stick_that_begins_with_what_the_hub_has_brings_the_rest(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    town.put(shop)
    shop.spend(hana.card, town.account(hana), 200, town=KAWASAKI)

    assert bring(town, parcel(shop)).new == 1
    assert town.wallet(hana) == 500


def test_a_stick_with_a_gap_before_it_is_refused_and_leaves_nothing(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    shop.spend(hana.card, town.account(hana), 200, town=KAWASAKI)

    with pytest.raises(RefusedByRule, match="up to 0, and these begin at 3") as refused:
        bring(town, parcel(shop, 3))

    assert refused.value.reason == "records-missing"
    assert log(town) == []
    assert town.wallet(hana) == 1_000


def test_records_of_a_life_that_is_over_still_count(town: Corner, shop: Pen) -> None:
    fresh = town.next_life(shop)

    bring(town, parcel(shop))
    bring(town, parcel(fresh))

    assert town.owed(shop) == 300
    assert town.audit() == []


def test_the_carrier_cannot_end_an_attempt_or_a_life(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    town.put(shop)
    n, asked = town.hold(shop, hana, 400)
    assert asked.granted
    shop.spend(hana.card, town.account(hana), 50, town=KAWASAKI)

    bring(town, parcel(shop, body=shop.batch(ended=(n,), closed=True)))

    held = [points for name, points in town.balances().items() if name.startswith("hold:")]
    assert held == [400]
    shop.spend(hana.card, town.account(hana), 400, town=KAWASAKI, tier=Tier.T0, hold=n)
    town.put(shop)
    assert town.owed(shop) == 750


def test_records_that_were_changed_or_are_anothers_are_refused_in_words(
    town: Corner, shop: Pen
) -> None:
    other = town.node(GREENGROCER)
    forms = [
        parcel(shop, body=other.batch()),
        parcel(shop, first=2, body=shop.batch(1)),
        ParcelForm(node=shop.node, epoch=other.epoch, first=1, body=shop.batch()),
        ParcelForm(node="141305-B2109-9999", epoch=shop.epoch, first=1, body=shop.batch()),
        ParcelForm(node=shop.node, epoch=EpochId("9-" + "0" * 16), first=1, body=shop.batch()),
    ]
    reasons = []
    for form in forms:
        with pytest.raises(RefusedByRule) as refused:
            bring(town, form)
        reasons.append(refused.value.reason)

    assert reasons == [
        "records-not-authentic",
        "records-not-authentic",
        "unknown-epoch",
        "node-unknown",
        "unknown-epoch",
    ]
    for body in (b"", b"junk", shop.batch()[:-1], shop.batch(first=shop.seq + 1)):
        with pytest.raises(Malformed):
            bring(town, parcel(shop, body=body))
    assert log(town) == []


def test_an_auditor_and_another_towns_clerk_bring_nothing(town: Corner, shop: Pen) -> None:
    for person in (
        Person(name="Mori", role=Role.AUDITOR, municipality=None),
        Person(name="Kato", role=Role.CLERK, municipality=TOSHIMA),
    ):
        with pytest.raises(RefusedByRule) as refused:
            bring(town, parcel(shop), person)
        assert refused.value.reason == "not-allowed"
