"""Joining cards to members: who may, what is said, what stands in the chain."""

from collections.abc import Callable
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mykey.audit import audit
from hub.mykey.bodies import CardJoined, JoinRefused
from hub.mykey.joins import MOST_WAITING
from hub.mykey.reasons import Cancellation, Change, Evidence, NotJoined, Suspension
from hub.mykey.records import chain
from hub.mykey.registry import MyKey
from hub.store.database import Database
from sync.certificate import CardKey, Roots
from sync.errors import RefusedByRule
from sync.revocation import Kind, RevocationList
from sync.signing import in_groups
from sync.values import CardState, Digest, MyKeyId, NodeId
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import HANA, JIRO, KAWASAKI, TOSHIMA, card
from tests.hub.refusals import refused

HERE, THERE = NodeId("141305-B2108-1111"), NodeId("141305-B2108-2222")
OLD, NEW, PHONE, JIROS = card("hana"), card("renewed"), card("phone"), card("jiro")
OTHER = MyKeyId("HANA2026")
CLOCK_AT = "2026-11-02 10:00"


@pytest.fixture
def database() -> Database:
    return databases.identities()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(at(CLOCK_AT))


@pytest.fixture
def registry(database: Database, clock: TurnedClock) -> MyKey:
    """Hana and Jiro are registered; Hana has an account in Kawasaki."""
    return people(database, clock)


def people(database: Database, clock: TurnedClock) -> MyKey:
    found = MyKey(
        database, Roots({}), secret=bytes(32), clock=clock, randomness=SeededRandomness("cards")
    )
    found.register(OLD, HANA, consent_points=True)
    found.register(JIROS, JIRO, consent_points=True)
    found.account_for(HANA, KAWASAKI)
    return found


def vouch(registry: MyKey, new: CardKey = NEW, old: CardKey = OLD, *, keep: bool = False) -> str:
    """What comes of a voucher."""
    answer = registry.joins.vouched(new, old.digest, keep=keep, person=f"counter {HERE}")
    return answer.mykey_id


def ask(registry: MyKey, new: CardKey = NEW, said: MyKeyId = HANA, node: NodeId = HERE) -> str:
    """How a card stands that asks."""
    return registry.joins.ask(new, said, node=node).state


def accept(
    registry: MyKey, name: MyKeyId = HANA, new: CardKey = NEW, *, keep: bool = False
) -> None:
    fingerprint = in_groups(new.digest)
    registry.joins.accept(name, fingerprint, Evidence.IDENTITY, keep=keep, person="Kato")


def refuse(registry: MyKey, name: MyKeyId = HANA, new: CardKey = NEW) -> None:
    registry.joins.refuse(name, in_groups(new.digest), NotJoined.UNPROVED, person="Kato")


def entered(database: Database) -> int:
    with database.read() as tx:
        return len(chain(tx))


# -- by the earlier card


def test_the_new_card_has_what_the_earlier_one_had(registry: MyKey) -> None:
    accounts = registry.accounts_of(HANA)

    assert vouch(registry) == HANA

    assert registry.holders([NEW.digest])[NEW.digest].accounts == accounts
    assert registry.state_of(NEW.digest) is CardState.ACTIVE
    assert registry.state_of(OLD.digest) is CardState.REPLACED
    assert registry.public_key(NEW.digest) == ("RS256", b"renewed")


def test_what_the_earlier_card_signed_stays_its_holders(registry: MyKey) -> None:
    before = registry.accounts_of(HANA)[KAWASAKI]

    vouch(registry)

    assert registry.account_of(OLD.digest, KAWASAKI) == before
    assert registry.public_key(OLD.digest) == ("RS256", b"hana")
    assert set(registry.cards_of(KAWASAKI, [before])[before]) == {OLD.digest, NEW.digest}


def test_a_replaced_card_makes_no_account(registry: MyKey) -> None:
    vouch(registry)

    assert registry.account_of(OLD.digest, TOSHIMA) is None
    assert registry.account_of(NEW.digest, TOSHIMA) is not None


def test_nodes_hear_of_both_cards(registry: MyKey) -> None:
    seen, _ = registry.changes(0)

    vouch(registry)

    assert set(registry.changes(seen)[1]) == {OLD.digest, NEW.digest}
    assert registry.beside(NEW.digest) == (OLD.digest,)


def test_the_same_voucher_twice_enters_nothing(registry: MyKey, database: Database) -> None:
    vouch(registry)
    before = entered(database)

    assert vouch(registry) == HANA
    assert vouch(registry, keep=True) == HANA
    assert entered(database) == before


def test_a_vouchers_word_stands_in_the_chain_with_its_counter(
    registry: MyKey, database: Database
) -> None:
    vouch(registry)

    with database.read() as tx:
        [joined] = [each.body for each in chain(tx) if isinstance(each.body, CardJoined)]
    assert (joined.mykey_id, joined.card, joined.replaces) == (HANA, NEW.digest, (OLD.digest,))
    [step] = registry.member(HANA).steps
    assert (step.what, step.why, step.person) == (
        "card-joined",
        "earlier-card-signed",
        f"counter {HERE}",
    )


def test_a_card_of_a_member_who_left_may_be_joined_to_another(registry: MyKey) -> None:
    was = registry.account_for(JIRO, KAWASAKI)
    registry.cancel(JIRO, Cancellation.ASKED, person="Kato")

    assert vouch(registry, new=JIROS, keep=True) == HANA

    assert registry.state_of(JIROS.digest) is CardState.ACTIVE
    assert registry.holders([JIROS.digest])[JIROS.digest].accounts == registry.accounts_of(HANA)
    assert registry.cards_of(KAWASAKI, [was]) == {was: (JIROS.digest,)}, "what it signed then"


REFUSED: dict[str, Callable[[MyKey], object]] = {
    "same-card": lambda registry: vouch(registry, new=OLD),
    "earlier-card-unknown": lambda registry: vouch(registry, old=PHONE),
    "card-has-an-id": lambda registry: vouch(registry, new=JIROS),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_card_is_not_joined(registry: MyKey, database: Database, reason: str) -> None:
    before = entered(database)

    assert refused(lambda: REFUSED[reason](registry)) == reason
    assert entered(database) == before


def test_a_closed_card_vouches_for_nobody(registry: MyKey) -> None:
    registry.suspend(HANA, Suspension.STOLEN, person="Kato")
    assert refused(lambda: vouch(registry)) == "not-active"

    registry.cancel(HANA, Cancellation.ASKED, person="Kato")
    assert refused(lambda: vouch(registry)) == "mykey-id-cancelled"


def test_a_replaced_card_neither_vouches_nor_registers_nor_comes_back(registry: MyKey) -> None:
    vouch(registry)

    assert refused(lambda: vouch(registry, new=PHONE)) == "card-replaced"
    assert refused(lambda: vouch(registry, new=OLD, old=NEW)) == "card-replaced"
    assert refused(lambda: registry.register(OLD, "", consent_points=True)) == "card-replaced"


# -- by the desk


def test_whoever_knows_an_id_has_nothing_yet(registry: MyKey) -> None:
    assert ask(registry) == "waiting"

    assert registry.state_of(NEW.digest) is CardState.CANCELLED, "nobody registered it"
    assert registry.holders([NEW.digest])[NEW.digest].accounts == {}
    assert registry.member(HANA).cards == 1


def test_the_desk_joins_it_and_ends_the_cards_of_before(registry: MyKey) -> None:
    vouch(registry, new=PHONE, keep=True)
    ask(registry)

    accept(registry)

    assert ask(registry) == "joined"
    assert registry.joins.wishes() == ()
    states = {each.digest: registry.state_of(each.digest) for each in (OLD, PHONE, NEW)}
    assert states == {
        OLD.digest: CardState.REPLACED,
        PHONE.digest: CardState.REPLACED,
        NEW.digest: CardState.ACTIVE,
    }
    assert registry.member(HANA).steps[-1].why == "identity-document-seen"


def test_the_desk_may_leave_the_cards_of_before(registry: MyKey) -> None:
    ask(registry)

    accept(registry, keep=True)

    assert registry.member(HANA).cards == 2
    assert registry.state_of(OLD.digest) is CardState.ACTIVE


def test_the_desk_says_no_and_the_counter_hears_it(registry: MyKey, database: Database) -> None:
    ask(registry)

    refuse(registry)

    assert ask(registry) == "refused"
    assert registry.joins.wishes()[0].state == "refused"
    assert registry.member(HANA).cards == 1
    with database.read() as tx:
        [no] = [each.body for each in chain(tx) if isinstance(each.body, JoinRefused)]
    assert (no.why, no.person, no.card) == ("no-evidence", "Kato", NEW.digest)


def test_a_no_by_mistake_is_put_right_at_the_desk(registry: MyKey) -> None:
    ask(registry)
    refuse(registry)

    accept(registry)

    assert ask(registry) == "joined"


@pytest.mark.parametrize("decide", [accept, refuse])
def test_deciding_twice_enters_nothing(
    registry: MyKey, database: Database, decide: Callable[[MyKey], None]
) -> None:
    ask(registry)
    decide(registry)
    before = entered(database)

    decide(registry)

    assert entered(database) == before


def test_asking_twice_is_one_wish_and_another_id_takes_its_place(
    registry: MyKey, database: Database
) -> None:
    ask(registry)
    before = entered(database)
    assert ask(registry) == "waiting"
    assert entered(database) == before

    assert ask(registry, said=JIRO) == "waiting"

    assert [wish.mykey_id for wish in registry.joins.wishes()] == [JIRO]
    assert refused(lambda: accept(registry)) == "no-such-join"


def test_a_wish_tells_only_whether_anybody_has_or_had_the_id(registry: MyKey) -> None:
    assert refused(lambda: ask(registry, said=MyKeyId("NOBODY00"))) == "no-such-mykey-id"

    registry.suspend(HANA, Suspension.MISUSE, person="Kato")
    assert ask(registry) == "waiting"
    registry.change_id(HANA, OTHER, Change.KNOWN, person="Kato")
    assert ask(registry, new=PHONE) == "waiting", "the ID that was left"
    registry.cancel(JIRO, Cancellation.DIED, person="Kato")
    assert ask(registry, new=card("another"), said=JIRO) == "waiting"


def test_a_wish_for_an_id_that_was_changed_finds_its_holder(registry: MyKey) -> None:
    ask(registry)
    registry.change_id(HANA, OTHER, Change.ASKED, person="Kato")

    assert [wish.mykey_id for wish in registry.joins.wishes()] == [OTHER]
    assert refused(lambda: accept(registry)) == "mykey-id-changed"
    accept(registry, OTHER)

    assert ask(registry, said=HANA) == "joined"
    assert registry.holders([NEW.digest])[NEW.digest].accounts == registry.accounts_of(OTHER)


def test_nobody_is_joined_to_who_left(registry: MyKey) -> None:
    ask(registry)
    registry.cancel(HANA, Cancellation.DIED, person="Kato")

    assert refused(lambda: accept(registry)) == "mykey-id-cancelled"
    refuse(registry)
    assert ask(registry) == "refused"


def test_a_suspended_member_may_get_a_card_which_opens_nothing_yet(registry: MyKey) -> None:
    registry.suspend(HANA, Suspension.LOST, person="Kato")
    ask(registry)

    accept(registry)

    assert registry.state_of(NEW.digest) is CardState.SUSPENDED
    assert registry.state_of(OLD.digest) is CardState.REPLACED


def test_only_the_desk_brings_a_replaced_card_back(registry: MyKey) -> None:
    vouch(registry)
    assert ask(registry, new=OLD) == "waiting"

    accept(registry, new=OLD, keep=True)

    assert registry.state_of(OLD.digest) is CardState.ACTIVE
    assert registry.state_of(NEW.digest) is CardState.ACTIVE


def test_who_registered_meanwhile_waits_no_more(registry: MyKey) -> None:
    ask(registry)
    registry.register(NEW, OTHER, consent_points=True)

    assert registry.joins.wishes() == ()
    assert refused(lambda: accept(registry)) == "no-such-join"
    assert refused(lambda: ask(registry)) == "card-has-an-id"


def test_a_card_that_is_taken_back_while_it_waits_is_not_joined(registry: MyKey) -> None:
    ask(registry)
    found = RevocationList(
        issuer_key_id=NEW.issuer_key_id,
        number=1,
        this_update=at(CLOCK_AT),
        next_update=at("2026-11-03 10:00"),
        digest=Digest(b"list".ljust(32)),
        entries=MappingProxyType({NEW.serial: Kind.REVOKED}),
    )
    registry.revocations.take(found)

    assert refused(lambda: accept(registry)) == "card-revoked"
    assert registry.member(HANA).cards == 1


def test_a_wish_ends_after_thirty_days(registry: MyKey, clock: TurnedClock) -> None:
    ask(registry)
    refuse(registry)
    clock.turn(days=30)

    assert registry.joins.wishes() == ()
    assert refused(lambda: accept(registry)) == "no-such-join"
    assert ask(registry) == "waiting", "and may be made again"


def test_of_a_wish_that_ended_nothing_is_kept_beside_the_chain(
    registry: MyKey, database: Database, clock: TurnedClock
) -> None:
    ask(registry)
    clock.turn(days=30)
    ask(registry, new=PHONE)

    with database.read() as tx:
        assert tx.rows("SELECT digest FROM join_request") == [(PHONE.digest,)]


def test_a_counter_has_so_many_wishes_and_no_more(registry: MyKey, clock: TurnedClock) -> None:
    for count in range(MOST_WAITING):
        ask(registry, new=card(f"card {count}"))

    assert refused(lambda: ask(registry)) == "too-many-joins"
    assert ask(registry, node=THERE) == "waiting"
    refuse(registry, new=card("card 0"))
    assert ask(registry, new=PHONE) == "waiting", "one that was decided makes room"
    clock.turn(days=30)
    assert ask(registry, new=card("later")) == "waiting"


# -- every time

CARDS = {each.digest: each for each in (OLD, NEW, PHONE, JIROS)}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["vouch", "keep", "ask", "accept", "refuse", "cancel", "change", "register"]
        ),
        st.sampled_from(list(CARDS.values())),
        st.sampled_from(list(CARDS.values())),
        st.sampled_from([HANA, JIRO, OTHER]),
    ),
    max_size=14,
)


@given(STEPS)
def test_whatever_happens_to_cards_follows_from_the_chain(
    steps: list[tuple[str, CardKey, CardKey, MyKeyId]],
) -> None:
    database = databases.identities()
    registry = people(database, TurnedClock(at(CLOCK_AT)))
    account = registry.accounts_of(HANA)[KAWASAKI]
    for step, one, other, name in steps:
        try:
            happens(registry, step, one, other, name)
        except RefusedByRule:
            continue

    with database.read() as tx:
        assert list(audit(tx)) == []
    assert OLD.digest in registry.cards_of(KAWASAKI, [account])[account], "the history stays"
    database.close()


def happens(registry: MyKey, step: str, one: CardKey, other: CardKey, name: MyKeyId) -> None:
    """One thing that may happen to cards."""
    match step:
        case "vouch" | "keep":
            vouch(registry, one, other, keep=step == "keep")
        case "ask":
            ask(registry, one, name)
        case "accept":
            accept(registry, name, one)
        case "refuse":
            refuse(registry, name, one)
        case "cancel":
            registry.cancel(name, Cancellation.ASKED, person="Kato")
        case "change":
            registry.change_id(name, OTHER, Change.ASKED, person="Kato")
        case _:
            registry.register(one, "", consent_points=True)
