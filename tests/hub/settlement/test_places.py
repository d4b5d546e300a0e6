"""An association is paid once, with a list by place: what each of its terminals earned."""

import csv
import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.bodies import WindowResult
from hub.desk import Desk
from hub.people import Person, Role
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.settlement.places import Place, places
from hub.settlement.windows import SHOPS, WindowName
from hub.treasury import Treasury
from sync.policy import Policy
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident, corner

ASSOCIATION = GREENGROCER
SATO = Person(name="Sato", role=Role.PLATFORM, municipality=None)


@pytest.fixture
def town() -> Corner:
    return corner()


@pytest.fixture
def hana(town: Corner, card_keys: list[RSAPrivateKey]) -> Resident:
    who = town.resident(card_keys[0])
    town.grant(who, 6_000)
    return who


def sell(town: Corner, hana: Resident, *sums: tuple[str, str, int]) -> None:
    """Sales at the association's terminals, each in its place."""
    for terminal, place, points in sums:
        name = f"{ASSOCIATION}-{terminal}"
        shop = next((pen for node, pen in town.pens.items() if node == name), None)
        shop = shop or town.node(ASSOCIATION, terminal, place=place)
        town.feed(shop, available=6_000)
        shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
        town.put(shop)


def earned(town: Corner, window: int) -> list[tuple[str, int]]:
    with town.core.database.read() as tx:
        found = places(tx, WindowName(KAWASAKI, SHOPS, window), ASSOCIATION)
    return [(each.place, each.points) for each in found]


def treasury(town: Corner, folder: Path) -> Treasury:
    """The desk of the street corner's hub."""
    settlement = Settlement(town.core, Journal(folder, town.core.keys.signing))
    return Treasury(town.core, town.mykey, Desk(town.core), settlement)


def test_the_association_is_paid_once_and_knows_what_each_place_earned(
    town: Corner, hana: Resident, tmp_path: Path
) -> None:
    sell(town, hana, ("1111", "八百屋", 700), ("1112", "豆腐屋", 300), ("1111", "八百屋", 200))
    fish = town.node(FISH_SHOP)
    town.feed(fish, available=6_000)
    fish.spend(hana.card, town.account(hana), 50, town=KAWASAKI)
    town.put(fish)
    window = town.close_window()
    town.release_window(window)

    told = treasury(town, tmp_path).notice(SATO, f"{KAWASAKI}-{SHOPS}-{window}", ASSOCIATION)

    assert told.paid == 1_200
    assert [(each.place, each.points) for each in told.places] == [("八百屋", 900), ("豆腐屋", 300)]
    table = list(csv.reader(io.StringIO(told.file.decode("utf-8-sig"), newline="")))
    start = table.index(["場所", "端末ID", "当期ポイント"])
    assert table[start + 1 :] == [
        ["八百屋", f"{ASSOCIATION}-1111", "900"],
        ["豆腐屋", f"{ASSOCIATION}-1112", "300"],
    ]


def test_a_sale_that_was_taken_back_is_taken_off_its_own_place(
    town: Corner, hana: Resident
) -> None:
    sell(town, hana, ("1111", "八百屋", 700), ("1112", "豆腐屋", 300))
    tofu = town.pens[next(node for node in town.pens if node.endswith("1112"))]
    tofu.reverse(tofu.seq, 300, town=KAWASAKI)
    town.put(tofu)
    assert earned(town, 1) == [("八百屋", 700)]


def test_what_people_decided_to_pay_belongs_to_the_place_whose_record_it_is(
    town: Corner, hana: Resident
) -> None:
    town.fund(5_000)
    shop = town.node(ASSOCIATION, place="八百屋")
    town.feed(shop, available=1_000)
    limit = Policy().most_per_spend
    seq = shop.spend(hana.card, town.account(hana), limit + 7_000, town=KAWASAKI)
    assert town.verdict(shop, seq).reason == "over-spend-limit"
    assert earned(town, 1) == [("八百屋", 6_000)]
    town.decide(1, "pay")
    assert earned(town, 1) == [("八百屋", 8_000)]


def test_a_payment_that_came_back_comes_from_no_terminal(town: Corner, hana: Resident) -> None:
    sell(town, hana, ("1111", "八百屋", 700))
    window = town.close_window()
    town.release_window(window)
    town.enact(WindowResult(KAWASAKI, SHOPS, window, ((1, "returned", "closed"),)), "Sato")
    sell(town, hana, ("1111", "八百屋", 100))
    assert earned(town, window) == [("八百屋", 700)]
    assert earned(town, window + 1) == [("", 700), ("八百屋", 100)]
    with town.core.database.read() as tx:
        found = places(tx, WindowName(KAWASAKI, SHOPS, window + 1), ASSOCIATION)
    assert found[0] == Place(node="", place="", points=700)


def test_the_association_is_told_that_its_payment_came_back(
    town: Corner, hana: Resident, tmp_path: Path
) -> None:
    sell(town, hana, ("1111", "八百屋", 700))
    window = town.close_window()
    town.release_window(window)
    desk = treasury(town, tmp_path)
    name = f"{KAWASAKI}-{SHOPS}-{window}"
    assert (desk.notice(SATO, name, ASSOCIATION).paid, desk.windows(SATO)[0].paid) == (700, 700)

    town.enact(WindowResult(KAWASAKI, SHOPS, window, ((1, "returned", "closed"),)), "Sato")

    told, [row], [line] = (
        desk.notice(SATO, name, ASSOCIATION),
        desk.windows(SATO),
        desk.sheet(SATO, name).lines,
    )
    assert row.state == "returned"
    assert {(each.paid, each.returned) for each in (told, row, line)} == {(0, 700)}
