"""A MyKey ID after its registration: suspended, resumed, changed, cancelled."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mykey.audit import audit
from hub.mykey.bodies import MemberChanged
from hub.mykey.reasons import Cancellation, Change, Resumption, Suspension, reason
from hub.mykey.records import chain
from hub.mykey.registry import MyKey
from hub.store.database import Database
from sync.certificate import Roots
from sync.errors import Malformed, RefusedByRule
from sync.values import CardState, MyKeyId
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import HANA, JIRO, KAWASAKI, SECRET, TOSHIMA, card
from tests.hub.refusals import refused

HANAS = card("hana")
OTHER = MyKeyId("HANA2026")


@pytest.fixture
def database() -> Database:
    return databases.identities()


@pytest.fixture
def registry(database: Database) -> MyKey:
    """Hana and Jiro are registered; Hana has an account in Kawasaki."""
    return people(database)


def people(database: Database) -> MyKey:
    found = MyKey(
        database,
        Roots({}),
        secret=SECRET,
        clock=TurnedClock(at("2026-11-02 10:00")),
        randomness=SeededRandomness("a life"),
    )
    found.register(HANAS, HANA, consent_points=True)
    found.register(card("jiro"), JIRO, consent_points=True)
    found.account_for(HANA, KAWASAKI)
    return found


# -- suspended, resumed


def test_a_suspended_members_cards_open_nothing_and_everything_stays(registry: MyKey) -> None:
    before = registry.accounts_of(HANA)

    told = registry.suspend(HANA, Suspension.LOST, person="Kato")

    assert told.state == "suspended"
    assert registry.state_of(HANAS.digest) is CardState.SUSPENDED
    assert registry.state_of(card("jiro").digest) is CardState.ACTIVE
    assert registry.accounts_of(HANA) == before
    assert registry.account_of(HANAS.digest, KAWASAKI) == before[KAWASAKI]
    assert registry.public_key(HANAS.digest) == ("RS256", b"hana")


def test_a_suspended_card_makes_no_account_but_the_town_may(registry: MyKey) -> None:
    registry.suspend(HANA, Suspension.LOST, person="Kato")

    assert registry.account_of(HANAS.digest, TOSHIMA) is None
    assert registry.account_for(HANA, TOSHIMA) == registry.accounts_of(HANA)[TOSHIMA]


def test_a_suspended_card_does_not_register(registry: MyKey) -> None:
    registry.suspend(HANA, Suspension.STOLEN, person="Kato")

    assert refused(lambda: registry.register(HANAS, "", consent_points=True)) == "not-active"
    registry.resume(HANA, Resumption.FOUND, person="Kato")
    assert registry.register(HANAS, "", consent_points=True).mykey_id == HANA


def test_a_resumed_member_is_as_before(registry: MyKey) -> None:
    registry.suspend(HANA, Suspension.LOST, person="Kato")

    told = registry.resume(HANA, Resumption.FOUND, person="Mori")

    assert told.state == "active"
    assert registry.state_of(HANAS.digest) is CardState.ACTIVE


# -- another ID


def test_a_changed_id_keeps_cards_accounts_and_consents(registry: MyKey) -> None:
    before = registry.member(HANA)
    accounts = registry.accounts_of(HANA)

    told = registry.change_id(HANA, OTHER, Change.KNOWN, person="Kato")

    assert (told.mykey_id, told.generated) == (OTHER, False)
    assert (told.cards, told.consents) == (before.cards, before.consents)
    assert registry.accounts_of(OTHER) == accounts
    assert registry.holders([HANAS.digest])[HANAS.digest].accounts == accounts
    assert registry.holder_of(KAWASAKI, accounts[KAWASAKI]) == OTHER
    assert registry.register(HANAS, "", consent_points=False).mykey_id == OTHER


def test_an_id_that_was_left_is_nobodys_and_free_for_nobody_else(registry: MyKey) -> None:
    registry.change_id(HANA, OTHER, Change.KNOWN, person="Kato")

    assert refusals(
        lambda: registry.member(HANA),
        lambda: registry.account_for(HANA, KAWASAKI),
        lambda: registry.accounts_of(HANA),
        lambda: registry.suspend(HANA, Suspension.LOST, person="Kato"),
        lambda: registry.cancel(HANA, Cancellation.ASKED, person="Kato"),
    ) == {"mykey-id-changed"}
    assert refusals(
        lambda: registry.register(card("saburo"), HANA, consent_points=True),
        lambda: registry.change_id(JIRO, HANA, Change.ASKED, person="Kato"),
        lambda: registry.change_id(JIRO, OTHER, Change.ASKED, person="Kato"),
    ) == {"mykey-id-taken"}


def test_who_left_an_id_by_mistake_may_have_it_back(registry: MyKey) -> None:
    registry.change_id(HANA, OTHER, Change.MISTAKE, person="Kato")
    registry.change_id(OTHER, "HANA2027", Change.MISTAKE, person="Kato")

    told = registry.change_id(MyKeyId("HANA2027"), HANA, Change.MISTAKE, person="Kato")

    assert told.mykey_id == registry.member(HANA).mykey_id == HANA
    assert registry.now_called(OTHER) == HANA
    assert refused(lambda: registry.member(OTHER)) == "mykey-id-changed"


def test_a_made_id_is_one_that_nobody_ever_had(registry: MyKey) -> None:
    made = registry.change_id(HANA, "", Change.KNOWN, person="Kato")

    assert made.generated
    assert made.mykey_id not in {HANA, JIRO}


# -- leaving


def test_who_leaves_keeps_the_history_and_nothing_else(registry: MyKey) -> None:
    accounts = registry.accounts_of(HANA)

    told = registry.cancel(HANA, Cancellation.ASKED, person="Kato")

    assert told.state == "cancelled"
    assert registry.state_of(HANAS.digest) is CardState.CANCELLED
    assert registry.accounts_of(HANA) == accounts
    assert refusals(
        lambda: registry.account_for(HANA, KAWASAKI),
        lambda: registry.suspend(HANA, Suspension.LOST, person="Kato"),
        lambda: registry.resume(HANA, Resumption.MISTAKE, person="Kato"),
        lambda: registry.change_id(HANA, OTHER, Change.ASKED, person="Kato"),
    ) == {"mykey-id-cancelled"}


def test_the_same_card_registers_as_a_new_member(registry: MyKey) -> None:
    before = registry.accounts_of(HANA)[KAWASAKI]
    registry.cancel(HANA, Cancellation.ASKED, person="Kato")
    assert refused(lambda: registry.register(HANAS, HANA, consent_points=True)) == "mykey-id-taken"

    made = registry.register(HANAS, OTHER, consent_points=True)

    assert (made.mykey_id, made.known_before) == (OTHER, False)
    after = registry.account_of(HANAS.digest, KAWASAKI)
    assert after != before
    assert registry.state_of(HANAS.digest) is CardState.ACTIVE
    assert registry.member(HANA).state == "cancelled"


def test_what_a_card_signed_before_its_holder_left_stays_its_own(registry: MyKey) -> None:
    before = registry.accounts_of(HANA)[KAWASAKI]
    assert registry.public_keys([HANAS.digest]) == {HANAS.digest: b"hana"}
    for wish in (OTHER, "HANA2027"):
        registry.cancel(registry_name(registry), Cancellation.ASKED, person="Kato")
        registry.register(HANAS, wish, consent_points=True)

    assert registry.cards_of(KAWASAKI, [before]) == {before: (HANAS.digest,)}
    assert registry.public_keys([HANAS.digest]) == {HANAS.digest: b"hana"}


def registry_name(registry: MyKey) -> MyKeyId:
    """What Hana is called now."""
    return next(name for name in (HANA, OTHER) if registry.member(name).state != "cancelled")


# -- every time


@pytest.mark.parametrize(
    "step",
    [
        lambda registry: registry.suspend(HANA, Suspension.LOST, person="Kato"),
        lambda registry: registry.resume(HANA, Resumption.FOUND, person="Kato"),
        lambda registry: registry.change_id(HANA, "", Change.KNOWN, person="Kato"),
        lambda registry: registry.change_id(HANA, OTHER, Change.KNOWN, person="Kato"),
        lambda registry: registry.change_id(HANA, HANA, Change.KNOWN, person="Kato"),
        lambda registry: registry.cancel(HANA, Cancellation.ASKED, person="Kato"),
    ],
)
def test_asking_twice_gives_the_same_answer_and_enters_nothing(
    registry: MyKey, database: Database, step: Callable[[MyKey], object]
) -> None:
    first = step(registry)
    entered = records(database)

    assert step(registry) == first
    assert records(database) == entered


def test_a_second_reason_does_not_take_the_firsts_place(registry: MyKey) -> None:
    registry.suspend(HANA, Suspension.PHONED, person="Kato")
    [step] = registry.suspend(HANA, Suspension.LOST, person="Mori").steps
    assert (step.why, step.person) == ("asked-by-phone", "Kato")


def test_a_reason_that_only_the_desk_lifts_takes_the_place_of_a_lesser_one(
    registry: MyKey,
) -> None:
    assert not registry.suspend(HANA, Suspension.PHONED, person="Kato").for_desk
    assert registry.suspend(HANA, Suspension.MISUSE, person="Mori").for_desk
    told = registry.suspend(HANA, Suspension.STOLEN, person="Mori")
    assert [step.why for step in told.steps] == ["asked-by-phone", "misuse"]

    assert not registry.resume(HANA, Resumption.CLEARED, person="Mori").for_desk
    assert not registry.suspend(HANA, Suspension.LOST, person="Mori").for_desk, "a new one"


def test_each_step_stands_in_the_chain_with_its_reason_and_the_person(
    registry: MyKey, database: Database
) -> None:
    registry.suspend(HANA, Suspension.PHONED, person="Kato")
    registry.resume(HANA, Resumption.CLEARED, person="Mori")
    registry.change_id(HANA, OTHER, Change.ASKED, person="Kato")
    registry.cancel(OTHER, Cancellation.DIED, person="Sato")

    with database.read() as tx:
        bodies = [each.body for each in chain(tx) if isinstance(each.body, MemberChanged)]
    assert [(each.mykey_id, each.why, each.person) for each in bodies] == [
        (HANA, "asked-by-phone", "Kato"),
        (HANA, "cleared-up", "Mori"),
        (HANA, "asked-here", "Kato"),
        (OTHER, "died", "Sato"),
    ]
    steps = registry.member(OTHER).steps
    assert [(each.what, each.why, each.person) for each in steps] == [
        ("suspended", "asked-by-phone", "Kato"),
        ("resumed", "cleared-up", "Mori"),
        ("id-changed", "asked-here", "Kato"),
        ("cancelled", "died", "Sato"),
    ]
    assert {each.at for each in steps} == {at("2026-11-02 10:00")}


def test_a_stranger_has_no_life(registry: MyKey) -> None:
    stranger = MyKeyId("NOBODY00")
    assert refusals(
        lambda: registry.suspend(stranger, Suspension.LOST, person="Kato"),
        lambda: registry.resume(stranger, Resumption.FOUND, person="Kato"),
        lambda: registry.change_id(stranger, "", Change.ASKED, person="Kato"),
        lambda: registry.cancel(stranger, Cancellation.ASKED, person="Kato"),
        lambda: registry.now_called(stranger),
    ) == {"resident-unknown"}


def test_the_news_names_the_cards_that_stand_otherwise_since(registry: MyKey) -> None:
    assert registry.changes(0) == (0, ())
    registry.suspend(HANA, Suspension.LOST, person="Kato")
    first, cards = registry.changes(0)
    assert cards == (HANAS.digest,)
    assert registry.changes(first) == (first, ())

    registry.cancel(HANA, Cancellation.ASKED, person="Kato")
    second, _ = registry.changes(first)
    registry.register(HANAS, "", consent_points=True)

    assert registry.changes(second)[1] == (HANAS.digest,)


@pytest.mark.parametrize("kind", [Suspension, Resumption, Change, Cancellation])
def test_a_reason_is_one_of_its_list(
    kind: type[Suspension | Resumption | Change | Cancellation],
) -> None:
    assert reason(kind, str(next(iter(kind)))) is next(iter(kind))
    with pytest.raises(Malformed, match="one of"):
        reason(kind, "called from her sister's phone")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["suspend", "resume", "cancel", "change", "register", "account"]),
        st.sampled_from([HANA, JIRO, OTHER, MyKeyId("")]),
        st.sampled_from([HANA, JIRO, OTHER, MyKeyId("")]),
    ),
    max_size=12,
)


@given(STEPS)
def test_whatever_a_life_brings_it_follows_from_the_chain(
    steps: list[tuple[str, MyKeyId, MyKeyId]],
) -> None:
    database = databases.identities()
    registry = people(database)
    accounts = registry.accounts_of(HANA)
    for step, name, other in steps:
        try:
            live(registry, step, name, other)
        except RefusedByRule:
            continue

    with database.read() as tx:
        assert list(audit(tx)) == []
    assert registry.cards_of(KAWASAKI, accounts.values())[accounts[KAWASAKI]] == (HANAS.digest,)
    database.close()


def live(registry: MyKey, step: str, name: MyKeyId, other: MyKeyId) -> None:
    """One thing that may happen to a member."""
    match step:
        case "suspend":
            registry.suspend(name, Suspension.LOST, person="Kato")
        case "resume":
            registry.resume(name, Resumption.FOUND, person="Kato")
        case "cancel":
            registry.cancel(name, Cancellation.ASKED, person="Kato")
        case "change":
            registry.change_id(name, other, Change.ASKED, person="Kato")
        case "register":
            registry.register(HANAS, other, consent_points=True)
        case _:
            registry.account_of(HANAS.digest, KAWASAKI)


def refusals(*asked: Callable[[], object]) -> set[str]:
    return {refused(each) for each in asked}


def records(database: Database) -> int:
    with database.read() as tx:
        return len(chain(tx))
