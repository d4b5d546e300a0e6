"""Residents' points, tickets and exceptions, as people at the desk may see them."""

from pathlib import Path

import pytest

from hub.bodies import Looked
from hub.chronicle import chain_of
from hub.desk import Desk
from hub.forms import DecisionForm
from hub.people import Person, Role
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.store import schema
from hub.treasury import Treasury
from hub.views import ExceptionView, Side
from sync.chain import digest
from sync.signing import Head, verify_head
from sync.values import Digest, EpochId, MunicipalityCode, NodeId
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident
from tests.hub.refusals import refused

SATO = Person(name="Sato", role=Role.PLATFORM, municipality=None)
KATO = Person(name="Kato", role=Role.CLERK, municipality=KAWASAKI)
MORI = Person(name="Mori", role=Role.CLERK, municipality=TOSHIMA)


@pytest.fixture
def treasury(town: Corner, tmp_path: Path) -> Treasury:
    """The desk of the street corner's hub."""
    settlement = Settlement(town.core, Journal(tmp_path, town.core.keys.signing))
    return Treasury(town.core, town.mykey, Desk(town.core), settlement)


# -- looking


def test_a_towns_clerk_sees_what_a_resident_has_in_this_town_only(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    town.grant(hana, 500, town=TOSHIMA)
    seen = {
        who.name: [(row.municipality, row.available) for row in treasury.balances(who, hana.name)]
        for who in (SATO, KATO, MORI)
    }
    assert seen == {
        "Sato": [(TOSHIMA, 500), (KAWASAKI, 1_000)],
        "Kato": [(KAWASAKI, 1_000)],
        "Mori": [(TOSHIMA, 500)],
    }


def test_a_look_at_a_residents_points_stands_in_the_towns_chain(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    town.grant(hana, 500, town=TOSHIMA)
    treasury.balances(KATO, hana.name)
    treasury.balances(SATO, hana.name)
    assert looks(town, KAWASAKI) == [
        (town.account(hana), ("Kato",)),
        (town.account(hana), ("Sato",)),
    ]
    assert looks(town, TOSHIMA) == [(town.account(hana, TOSHIMA), ("Sato",))]
    assert town.audit() == []


def test_a_ticket_is_seen_in_its_own_town_only(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    town.ticket(town.node(GREENGROCER), hana, 500)
    with town.core.database.read() as tx:
        number = tx.scalar("SELECT number FROM ticket")
    assert treasury.ticket(KATO, number).points == 500
    assert refused(lambda: treasury.ticket(MORI, number)) == "ticket-unknown"


def test_of_two_towns_that_gave_the_same_number_each_sees_its_own(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    town.ticket(town.node(GREENGROCER), hana, 500)
    with town.core.database.write() as tx:
        row = tx.one("SELECT * FROM ticket")
        assert row is not None
        tx.insert(schema.ticket, **{**row, "municipality": TOSHIMA, "points": 300})
    number = row["number"]

    assert treasury.ticket(KATO, number).points == 500
    assert treasury.ticket(MORI, number).points == 300
    assert refused(lambda: treasury.ticket(SATO, number)) == "ticket-of-several-towns"
    assert treasury.ticket(SATO, f"{TOSHIMA}-{number}").municipality == TOSHIMA
    assert treasury.ticket(SATO, f"{KAWASAKI}-{number[:4]} {number[4:]}").points == 500
    assert refused(lambda: treasury.ticket(KATO, f"{TOSHIMA}-{number}")) == "ticket-unknown"


def test_a_clerk_sees_the_programmes_of_the_own_town(treasury: Treasury) -> None:
    assert [row.municipality for row in treasury.programmes(MORI)] == [TOSHIMA]
    assert len(treasury.programmes(SATO)) == 2


# -- exceptions


def test_a_second_redemption_shows_both_sides_and_who_decided(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    """A ticket of 500 and its photocopy: who holds which paper must be seen from the screen."""
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, 500)
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop)
        town.redeem(shop, paper)
        town.clock.turn(minutes=10)
    for shop in (fish, fruit):
        town.put(shop)
    [row] = treasury.exceptions(KATO)

    shown = treasury.exception(KATO, row.id)
    second, first = shown.sides

    assert (row.reason, first.name, second.name) == ("second-redemption", "魚屋", "八百屋")
    assert first.ticket == second.ticket == treasury.ticket(KATO, first.ticket).number
    assert (first.points, second.points, second.bearer) == (500, 500, "reserve")
    assert second.at - first.at == 10 * 60_000
    assert first.received_at == second.received_at == town.clock.now()
    assert [first.signature, second.signature] == [paper.hex()] * 2
    for side, shop in ((first, fish), (second, fruit)):
        assert side.digest == digest(shop.records[shop.seq - 1]).hex()
        assert side.basis["feed"] == str(shop.basis.feed if shop.basis else 0)
        assert head_holds(side, shop.node, shop.epoch)

    town.fund(500)
    treasury.decide(KATO, row.id, DecisionForm(decision="noted", why="a copy machine"))
    [decided] = treasury.exception(KATO, row.id).decided
    assert (decided.decision, decided.why, decided.persons) == (
        "noted",
        "a copy machine",
        ("Kato",),
    )


def test_a_fork_shows_both_records_that_stand_at_one_place(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    clone.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    town.put(shop)
    town.put(clone, clone.batch(3), first=3)
    [row] = [each for each in treasury.exceptions(KATO) if each.kind == "fork"]

    branch, chain = treasury.exception(KATO, row.id).sides

    assert (chain.points, branch.points) == (100, 200)
    assert chain.prev == branch.prev
    assert {chain.digest, branch.digest} == {
        digest(each.records[2]).hex() for each in (shop, clone)
    }
    assert chain.head_signature != branch.head_signature
    assert branch.signature  # the card's, sealed


def test_a_record_that_nobody_can_read_still_has_its_digest(
    town: Corner, treasury: Treasury
) -> None:
    shop = town.node(GREENGROCER)
    shop.records.append(b"\xc1 not a record at all")
    shop.evidence.append(None)
    shop.open(b"k" * 32, "2026-11")  # a head must name a record that can be read
    town.put(shop)
    [row] = treasury.exceptions(KATO)
    shown: ExceptionView = treasury.exception(KATO, row.id)
    [side] = shown.sides
    assert (side.kind, side.digest) == ("", digest(shop.records[2]).hex())


@pytest.mark.parametrize("name", ["141305-9", "141305-x", "141305", "", "131164-1", "141305-٣"])
def test_what_is_no_exception_of_this_town_is_said(treasury: Treasury, name: str) -> None:
    assert refused(lambda: treasury.exception(KATO, name)) == "unknown-exception"


def head_holds(side: Side, node: NodeId, epoch: EpochId) -> bool:
    """What somebody outside can check with what is shown."""
    seq, head = side.head.split()
    signature = bytes.fromhex(side.head_signature)
    signed = Head(node, epoch, int(seq), Digest(bytes.fromhex(head)), signature)
    verify_head(signed, bytes.fromhex(side.node_key))
    return True


def looks(town: Corner, code: MunicipalityCode) -> list[tuple[str, tuple[str, ...]]]:
    with town.core.database.read() as tx:
        return [
            (record.body.account, record.persons)
            for record, _, _ in chain_of(tx, code)
            if isinstance(record.body, Looked)
        ]
