"""Issuers take certificates back: registered cards are found by their marks, and nobody else."""

import hashlib
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mykey import schema
from hub.mykey.bodies import CardRestored, CardRevoked, RevocationListTaken
from hub.mykey.reasons import Cancellation, Suspension
from hub.mykey.records import chain
from hub.mykey.registry import MyKey
from hub.mykey.revocation import Taken
from hub.store.database import Database
from sync.certificate import CardKey, Roots
from sync.revocation import Kind, RevocationList
from sync.values import DAY, CardState, Digest, Millis, NodeId
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import HANA, JIRO, SECRET, card, serial_of
from tests.hub.refusals import refused

NOW = at("2026-11-02 10:00")
HANAS, JIROS, YUKIS = card("hana"), card("jiro"), card("yuki")
REVOKED, HELD = Kind.REVOKED, Kind.HELD


@pytest.fixture
def database() -> Database:
    return databases.identities()


@pytest.fixture
def registry(database: Database) -> MyKey:
    """Hana and Jiro, each with a card."""
    return registry_of(database)


def nobodys(database: Database, secret: bytes = SECRET) -> MyKey:
    """A registry that has no cards yet."""
    return MyKey(
        database,
        Roots({}),
        secret=secret,
        clock=TurnedClock(NOW),
        randomness=SeededRandomness("lists"),
    )


def registry_of(database: Database, secret: bytes = SECRET) -> MyKey:
    found = nobodys(database, secret)
    found.register(HANAS, HANA, consent_points=True)
    found.register(JIROS, JIRO, consent_points=True)
    return found


def listing(number: int, root: bytes = b"root", **named: Kind) -> RevocationList:
    """An issuer's list of the certificates of people, by name."""
    entries = {serial_of(name): kind for name, kind in named.items()}
    content = repr((root, number, sorted(named.items()))).encode()
    return RevocationList(
        issuer_key_id=root,
        number=number,
        this_update=Millis(NOW + number),
        next_update=Millis(NOW + number + DAY),
        digest=Digest(hashlib.sha256(content).digest()),
        entries=MappingProxyType(entries),
    )


def states(registry: MyKey, *cards: CardKey) -> list[CardState]:
    return [registry.state_of(each.digest) for each in cards or (HANAS, JIROS)]


def test_a_card_on_the_list_is_closed_and_no_other(registry: MyKey) -> None:
    taken = registry.revocations.take(listing(1, hana=REVOKED, stranger=REVOKED))

    assert taken == Taken(new=True, revoked=1, restored=0)
    assert states(registry) == [CardState.REVOKED, CardState.ACTIVE]
    assert registry.audit() == []


def test_the_same_list_again_enters_nothing(registry: MyKey, database: Database) -> None:
    first = listing(1, hana=REVOKED)
    registry.revocations.take(first)
    before = entered(database)

    assert registry.revocations.take(first) == Taken(new=False, revoked=0, restored=0)
    assert entered(database) == before


def test_a_later_list_that_says_the_same_is_entered_alone(
    registry: MyKey, database: Database
) -> None:
    registry.revocations.take(listing(1, hana=REVOKED))
    before = entered(database)

    assert registry.revocations.take(listing(2, hana=REVOKED)).revoked == 0
    assert entered(database) == [*before, RevocationListTaken]


def test_an_older_list_is_refused_and_changes_nothing(registry: MyKey) -> None:
    newest = listing(5, hana=REVOKED)
    registry.revocations.take(newest)
    earlier = replace(listing(6), this_update=Millis(newest.this_update - 1))

    for older in (listing(4), replace(listing(5), digest=Digest(b"x" * 32)), earlier):
        assert refused(partial(registry.revocations.take, older)) == "revocation-list-older"
    assert states(registry) == [CardState.REVOKED, CardState.ACTIVE]
    assert [each.number for each in registry.revocations.in_force()] == [5]


def test_a_hold_that_ends_opens_the_card_again(registry: MyKey) -> None:
    registry.revocations.take(listing(1, hana=HELD, jiro=HELD))
    assert states(registry) == [CardState.REVOKED, CardState.REVOKED]

    taken = registry.revocations.take(listing(2, jiro=REVOKED))

    assert taken == Taken(new=True, revoked=1, restored=1)
    assert states(registry) == [CardState.ACTIVE, CardState.REVOKED]
    assert registry.audit() == []


def test_what_was_taken_back_for_good_never_comes_back(registry: MyKey) -> None:
    """Lists drop certificates that have expired since (RFC 5280, 3.3)."""
    registry.revocations.take(listing(1, hana=REVOKED))
    registry.revocations.take(listing(2))
    assert states(registry, HANAS) == [CardState.REVOKED]

    registry.revocations.take(listing(3, hana=HELD))
    registry.revocations.take(listing(4))
    assert states(registry, HANAS) == [CardState.REVOKED]


def test_one_issuers_list_says_nothing_of_anothers_cards(registry: MyKey) -> None:
    registry.revocations.take(listing(9, hana=REVOKED))
    registry.revocations.take(listing(1, root=b"next generation", jiro=REVOKED))

    assert states(registry) == [CardState.REVOKED, CardState.ACTIVE]
    assert len(registry.revocations.in_force()) == 2
    registry.revocations.take(listing(10))
    assert states(registry) == [CardState.REVOKED, CardState.ACTIVE]


def test_a_card_that_comes_later_is_found_on_the_list_in_force(registry: MyKey) -> None:
    registry.revocations.take(listing(1, yuki=HELD))
    registration = partial(registry.register, YUKIS, "", consent_points=True)

    assert refused(registration) == "card-revoked"
    assert registry.public_key(YUKIS.digest) is None, "nothing was entered"

    registry.revocations.take(listing(2))
    assert registration().known_before is False
    assert registry.audit() == []


def test_a_card_taken_back_for_good_while_it_waited_registers_for_nothing(registry: MyKey) -> None:
    registry.joins.ask(YUKIS, HANA, node=NodeId("141305-B2108-1111"))
    registry.revocations.take(listing(1, yuki=REVOKED))
    registry.revocations.take(listing(2))

    registration = partial(registry.register, YUKIS, "", consent_points=True)
    assert refused(registration) == "card-revoked"


def test_a_card_is_marked_by_issuer_and_number_under_the_hubs_secret() -> None:
    def marks(secret: bytes) -> set[bytes]:
        database = databases.identities()
        registry = registry_of(database, secret)
        same_number = replace(YUKIS, issuer_key_id=b"next generation", serial=HANAS.serial)
        registry.register(same_number, "", consent_points=True)
        with database.read() as tx:
            found = {mark for (mark,) in tx.rows("SELECT mark FROM card_mark")}
        registry.close()
        return found

    assert len(marks(SECRET) | marks(b"x" * 32)) == 6


def test_lists_are_good_until_the_first_of_those_lapses_that_known_cards_need(
    registry: MyKey,
) -> None:
    assert registry.good_until() == 0, "none was taken"

    registry.revocations.take(listing(5))
    registry.revocations.take(listing(1, root=b"nobody's"))
    assert registry.good_until() == NOW + 5 + DAY, "nobody's card is of the other issuer"

    registry.register(replace(YUKIS, issuer_key_id=b"new"), "", consent_points=True)
    assert registry.good_until() == 0, "one issuer's list is lacking"
    registry.revocations.take(listing(2, root=b"new"))
    assert registry.good_until() == NOW + 2 + DAY


def test_before_anybody_has_a_card_every_list_counts(database: Database) -> None:
    registry = nobodys(database)
    registry.revocations.take(listing(5))
    registry.revocations.take(listing(1, root=b"new"))

    assert registry.good_until() == NOW + 1 + DAY


def test_a_closed_card_registers_for_nothing_though_its_holder_left(registry: MyKey) -> None:
    registry.revocations.take(listing(1, hana=REVOKED))
    registry.cancel(HANA, Cancellation.ASKED, person="Kato")

    assert states(registry, HANAS) == [CardState.REVOKED]
    assert refused(lambda: registry.register(HANAS, "", consent_points=True)) == "card-revoked"


def test_a_card_taken_back_says_so_though_its_id_is_suspended(registry: MyKey) -> None:
    """Resuming the ID would not open the card: the town's counter comes first."""
    registry.suspend(HANA, Suspension.LOST, person="Kato")
    registry.revocations.take(listing(1, hana=REVOKED))

    assert states(registry, HANAS) == [CardState.REVOKED]


def test_a_replaced_card_says_so_though_its_issuer_takes_it_back(registry: MyKey) -> None:
    """Which it does with each renewal: the newer card is what helps."""
    registry.joins.vouched(YUKIS, HANAS.digest, keep=False, person="counter")
    registry.revocations.take(listing(1, hana=REVOKED))

    assert states(registry, HANAS, YUKIS) == [CardState.REPLACED, CardState.ACTIVE]


def test_a_card_on_the_list_neither_joins_nor_waits_nor_vouches(registry: MyKey) -> None:
    registry.revocations.take(listing(1, yuki=REVOKED, jiro=REVOKED))
    joins, other = registry.joins, card("another")

    vouched = partial(joins.vouched, keep=False, person="counter")
    assert refused(partial(vouched, YUKIS, HANAS.digest)) == "card-revoked"
    assert refused(partial(vouched, other, JIROS.digest)) == "card-revoked"
    node = NodeId("141305-B2108-1111")
    assert refused(partial(joins.ask, YUKIS, HANA, node=node)) == "card-revoked"
    assert registry.audit() == []


def test_the_news_names_exactly_the_cards_that_changed(registry: MyKey) -> None:
    place, _ = registry.changes(0)
    registry.revocations.take(listing(1, hana=REVOKED, stranger=REVOKED))
    place, revoked = registry.changes(place)
    registry.revocations.take(listing(2, hana=REVOKED))
    place, quiet = registry.changes(place)
    registry.revocations.take(listing(3, hana=REVOKED, jiro=HELD))
    place, held = registry.changes(place)
    registry.revocations.take(listing(4, hana=REVOKED))
    _, restored = registry.changes(place)

    assert (revoked, quiet, held, restored) == (
        (HANAS.digest,),
        (),
        (JIROS.digest,),
        (JIROS.digest,),
    )


def test_no_serial_number_is_kept_and_marks_are_nothing_without_the_secret(
    registry: MyKey, database: Database
) -> None:
    registry.revocations.take(listing(1, hana=REVOKED, stranger=REVOKED))
    with database.read() as tx:
        kept = b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for name in schema.metadata.tables
            for row in tx.rows(f"SELECT * FROM {name}")
            for value in row
        )
        [mark] = tx.rows("SELECT mark FROM card_mark WHERE digest=?", [HANAS.digest])[0]
    for name in ("hana", "jiro", "stranger"):
        serial = serial_of(name)
        for spelling in (
            serial.to_bytes(8, "big"),
            serial.to_bytes(8, "little"),
            str(serial).encode(),
            f"{serial:x}".encode(),
            f"{serial:X}".encode(),
        ):
            assert spelling not in kept
    assert len(mark) == 16
    assert mark in kept


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE card_mark SET revoked='' WHERE revoked<>''", "card_mark"),
        ("DELETE FROM card_mark WHERE revoked<>''", "card_mark-missing"),
        ("UPDATE revocation_list SET next_update=next_update+1", "revocation_list"),
        ("DELETE FROM revocation_list", "revocation_list-missing"),
        ("DELETE FROM listed WHERE kind='held'", "listed"),
        ("UPDATE listed SET kind='revoked' WHERE kind='held'", "listed"),
    ],
)
def test_the_audit_names_what_was_changed_behind_the_chain(
    registry: MyKey, database: Database, statement: str, finding: str
) -> None:
    registry.revocations.take(listing(1, hana=REVOKED, stranger=HELD))
    assert registry.audit() == []
    with database.write() as tx:
        assert tx.run(statement) > 0

    assert {each.finding for each in registry.audit()} == {finding}


_KINDS = st.dictionaries(st.sampled_from(["hana", "jiro", "stranger"]), st.sampled_from(Kind))


@given(st.lists(_KINDS, max_size=6))
def test_after_any_lists_a_card_is_closed_if_it_is_listed_or_was_for_good(
    lists: list[dict[str, Kind]],
) -> None:
    database = databases.identities()
    registry = registry_of(database)
    for number, named in enumerate(lists, 1):
        registry.revocations.take(listing(number, b"root", **named))

    for name, each in (("hana", HANAS), ("jiro", JIROS)):
        is_closed = registry.state_of(each.digest) is CardState.REVOKED
        for_good = any(named.get(name) is REVOKED for named in lists)
        assert is_closed == (for_good or (bool(lists) and name in lists[-1]))
    assert registry.audit() == []
    registry.close()


def entered(database: Database) -> list[type]:
    """The kinds of what the chain has, from the first list on."""
    kinds = (RevocationListTaken, CardRevoked, CardRestored)
    with database.read() as tx:
        return [type(each.body) for each in chain(tx) if isinstance(each.body, kinds)]
