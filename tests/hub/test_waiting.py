"""The second person sees for whom, how much, and what it takes the place of."""

from pathlib import Path

import pytest

from hub.bodies import ExceptionDecided
from hub.forms import FloatForm, GrantForm, PayerForm, ProgrammeForm, ReserveForm
from hub.people import Role
from hub.waiting import in_words
from sync.certificate import Algorithm, CardKey
from sync.errors import RefusedByRule
from sync.values import KeyDigest, MyKeyId
from tests.doubles.clocks import at
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident
from tests.hub.townhall import OTHER_BANK, Townhall, townhall


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


def waiting(hall: Townhall) -> dict[str, str]:
    """What Mr Suzuki is shown of the one thing that waits."""
    [row] = hall.hub.office.pending(hall.suzuki)
    return row.what


def test_a_large_grant_names_the_resident_the_programme_and_the_points(hall: Townhall) -> None:
    hanako = registered(hall)
    treasury = hall.hub.treasury
    treasury.add_programme(
        hall.sato, ProgrammeForm(programme="101", municipality=KAWASAKI, name="転入祝い")
    )
    form = GrantForm(
        mykey_id=hanako, municipality=KAWASAKI, points=20_000, programme="101", purpose="moved in"
    )
    treasury.grant(hall.sato, form)
    assert waiting(hall) == {
        "town": KAWASAKI,
        "mykey_id": hanako,
        "points": "20000",
        "programme": "101 転入祝い",
        "purpose": "moved in",
    }


def test_a_changed_account_shows_the_old_one(hall: Townhall) -> None:
    hall.hub.office.change_account(hall.sato, GREENGROCER, OTHER_BANK)
    said = waiting(hall)
    assert (said["organisation"], said["name"]) == (GREENGROCER, "A商店街")
    assert said["account"] == "0001 001 1 7654321 ﾔｵﾔ"
    assert said["account_now"] == "0001 001 1 1234567 ﾔｵﾔ"


def test_a_towns_other_account_shows_the_old_one(hall: Townhall) -> None:
    form = PayerForm(requester="9876543210", account=OTHER_BANK)
    hall.hub.office.change_payer(hall.sato, KAWASAKI, form)
    said = waiting(hall)
    assert (said["requester"], said["requester_now"]) == ("9876543210", "1234567890")
    assert (said["account"].split()[3], said["account_now"].split()[3]) == ("7654321", "1234567")


def test_a_float_back_to_the_policys_says_how_much_that_is(hall: Townhall) -> None:
    node = hall.terminal().node
    hall.hub.office.set_float(hall.sato, node, FloatForm(points=5_000))
    hall.hub.office.set_float(hall.sato, node, FloatForm(points=0))
    said = waiting(hall)
    assert (said["node"], said["points"], said["points_now"]) == (node, "30000", "5000")


def test_a_policy_shows_what_it_changes(hall: Townhall) -> None:
    hall.hub.office.set_policy(hall.sato, KAWASAKI, '{"most_per_spend": 500}')
    assert waiting(hall) == {"town": KAWASAKI, "most_per_spend": "500 (now 1000)"}


def test_other_things_are_shown_as_they_were_asked_for(hall: Townhall) -> None:
    hall.hub.office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="festival"))
    assert waiting(hall) == {"town": KAWASAKI, "points": "500", "why": "festival"}


def test_a_decision_says_what_happened_where(town: Corner, hana: Resident) -> None:
    shops = (town.node(FISH_SHOP), town.node(GREENGROCER))
    for shop in shops:
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for shop in shops:
        town.put(shop)
    with town.core.database.read() as tx:
        said = in_words(tx, town.mykey, ExceptionDecided(KAWASAKI, 1, "write-off", "moved away"))
    assert said == {
        "town": KAWASAKI,
        "incident": "141305-1",
        "decision": "write-off",
        "why": "moved away",
        "node": "141305-B2108-1111",
        "kind": "exception",
        "reason": "overspend",
        "bearer": "reserve",
        "points": "700",
    }


def test_a_clerk_of_another_town_is_not_told_whom_a_grant_is_for(hall: Townhall) -> None:
    hall.join("131164", "豊島区")
    clerk = hall.person("Mori", Role.APPROVER, "131164")
    hall.hub.office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="festival"))
    assert hall.hub.office.pending(clerk) == []
    with pytest.raises(RefusedByRule, match="nothing waits"):
        hall.hub.office.approve(clerk, "141305-2")


def registered(hall: Townhall) -> MyKeyId:
    card = CardKey(
        digest=KeyDigest(b"c" * 32),
        algorithm=Algorithm.RS256,
        public_key=b"spki",
        issuer_key_id=b"demo",
        serial=0,
        not_after=at("2030-01-01 00:00"),
    )
    return hall.hub.mykey.register(card, "HANAKO01", consent_points=True).mykey_id
