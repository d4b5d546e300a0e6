"""The registry itself: who has which account, and nothing that says what anybody did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identities import Holder
from hub.mykey import schema
from hub.mykey.making import draw
from hub.mykey.records import chain
from hub.mykey.registry import MyKey
from hub.mykey.tables import apply
from hub.store.database import Database
from sync.certificate import Roots
from sync.errors import Damaged, RefusedByRule
from sync.values import AccountId, CardState, mykey_id
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import HANA, JIRO, KAWASAKI, SECRET, TOSHIMA, card


@pytest.fixture
def database() -> Database:
    return databases.identities()


@pytest.fixture
def registry(database: Database) -> MyKey:
    return MyKey(
        database,
        Roots({}),
        secret=SECRET,
        clock=TurnedClock(at("2026-11-02 10:00")),
        randomness=SeededRandomness("registry"),
    )


def test_an_account_is_random_one_a_town_and_stays(registry: MyKey) -> None:
    registry.register(card("hana"), HANA, consent_points=True)
    registry.register(card("jiro"), JIRO, consent_points=True)

    here = registry.account_of(card("hana").digest, KAWASAKI)
    there = registry.account_of(card("hana").digest, TOSHIMA)

    assert here is not None
    assert there is not None
    assert len({here, there, registry.account_for(JIRO, KAWASAKI)}) == 3
    assert registry.account_of(card("hana").digest, KAWASAKI) == here
    assert registry.account_for(HANA, KAWASAKI) == here
    holder = registry.holders([card("hana").digest])[card("hana").digest]
    assert holder == Holder(CardState.ACTIVE, {KAWASAKI: here, TOSHIMA: there})
    assert registry.accounts_of(HANA) == holder.accounts
    assert registry.cards_of(KAWASAKI, [here]) == {here: (card("hana").digest,)}


def test_a_stranger_has_no_account(registry: MyKey) -> None:
    stranger = card("stranger").digest
    assert registry.account_of(stranger, KAWASAKI) is None
    assert registry.holders([stranger])[stranger].accounts == {}
    assert registry.public_key(stranger) is None
    assert registry.known([stranger]) == frozenset()
    assert registry.state_of(stranger) is CardState.CANCELLED
    assert registry.cards_of(KAWASAKI, [AccountId("0" * 16)]) == {"0" * 16: ()}
    with pytest.raises(RefusedByRule, match="nobody"):
        registry.account_for(HANA, KAWASAKI)
    with pytest.raises(RefusedByRule, match="nobody"):
        registry.accounts_of(HANA)


def test_without_the_consent_there_is_no_account(registry: MyKey) -> None:
    registry.register(card("hana"), HANA, consent_points=False)
    assert registry.account_of(card("hana").digest, KAWASAKI) is None


def test_a_known_card_gives_its_key(registry: MyKey) -> None:
    registry.register(card("hana"), HANA, consent_points=True)
    assert registry.public_key(card("hana").digest) == ("RS256", b"hana")
    assert registry.known([card("hana").digest]) == {card("hana").digest}
    assert registry.state_of(card("hana").digest) is CardState.ACTIVE


def test_the_chain_rebuilds_every_table(registry: MyKey, database: Database) -> None:
    registry.register(card("hana"), HANA, consent_points=True)
    registry.register(card("jiro"), "", consent_points=False)
    registry.account_of(card("hana").digest, KAWASAKI)

    again = databases.identities()
    with database.read() as old, again.write() as new:
        for record in chain(old):
            apply(new, record)
    assert tables(again) == tables(database)


def test_a_changed_history_shows(registry: MyKey, database: Database) -> None:
    registry.register(card("hana"), HANA, consent_points=True)
    with database.write() as tx:
        databases.behind_its_back(tx)
        [(data,)] = tx.rows("SELECT bytes FROM chronicle WHERE seq=1")
        tx.run("UPDATE chronicle SET bytes=:data", data=data.replace(b"MY123456", b"MY123457"))
    with database.read() as tx, pytest.raises(Damaged):
        chain(tx)


def test_nothing_of_a_certificate_but_its_key_is_stored(
    registry: MyKey, database: Database
) -> None:
    registry.register(card("hana"), HANA, consent_points=True)
    stored = repr(tables(database)).encode()
    assert b"hana" in stored  # the public key: the search finds what is there
    assert str(card("hana").not_after).encode() not in stored


def test_looking_leaves_no_trace(registry: MyKey, database: Database) -> None:
    registry.register(card("hana"), HANA, consent_points=True)
    registry.account_of(card("hana").digest, KAWASAKI)
    before = tables(database)
    registry.account_of(card("hana").digest, KAWASAKI)
    registry.public_key(card("hana").digest)
    registry.member(HANA)
    registry.holders([card("hana").digest])
    assert tables(database) == before


@given(st.integers())
def test_a_drawn_id_has_the_shape_of_a_chosen_one(seed: int) -> None:
    assert mykey_id(draw(SeededRandomness(seed)))


def test_every_letter_is_drawn_as_often() -> None:
    drawn = "".join(draw(SeededRandomness(seed)) for seed in range(4_000))
    counts = [drawn.count(letter) for letter in set(drawn)]
    assert len(counts) == 36
    assert max(counts) < 1.25 * min(counts)


def tables(database: Database) -> dict[str, list[tuple[object, ...]]]:
    names = [name for name in schema.metadata.tables if name not in ("meta", "chronicle")]
    with database.read() as tx:
        return {name: sorted(tx.rows(f"SELECT * FROM {name}"), key=repr) for name in names}
