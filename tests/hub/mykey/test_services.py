"""S1: an organisation asks with a card and hears its own number for the person, never another's.

The documents' own table: MY123456 is 789145 at A1 and 234209 at B1; MY654321 is 456578 at A1.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mykey import schema as identity_schema
from hub.mykey.audit import audit
from hub.mykey.reasons import Cancellation, Change, Resumption, Suspension
from hub.mykey.registry import MyKey
from hub.mykey.services import Services
from hub.store import schema
from hub.throttle import AT_ONCE
from sync.calls import HubCalls
from sync.certificate import Roots
from sync.democa import DemoCa
from sync.errors import Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.services import NumberQuestion, service_number
from sync.values import KeyDigest, MyKeyId, OrganisationId
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import HANA, JIRO, SECRET, card
from tests.hub.refusals import refused
from tests.hub.townhall import Holder, Townhall, townhall

A1, B1 = OrganisationId("141305-A1"), OrganisationId("141305-B1")


@pytest.fixture
def hall(tmp_path: Path, ca: DemoCa) -> Townhall:
    """A hub where A1 and B1 have applied."""
    hall = townhall(tmp_path, ca.roots)
    for name in (A1, B1):
        hall.organisation(name)
    return hall


@pytest.fixture
def a1(hall: Townhall) -> HubCalls:
    return hall.terminal(A1)


@pytest.fixture
def b1(hall: Townhall) -> HubCalls:
    return hall.terminal(B1)


@pytest.fixture
def table(a1: HubCalls, b1: HubCalls, hana: Holder, jiro: Holder) -> None:
    """The documents' table, made at the counters."""
    a1.register(hana.registration(a1, HANA))
    b1.register(jiro.registration(b1, JIRO))
    a1.change_number(hana.number(a1, "789145"))
    b1.change_number(hana.number(b1, "234209"))
    a1.change_number(jiro.number(a1, "456578"))


def asked(calls: HubCalls, who: Holder) -> str:
    """What an organisation hears when somebody's card is shown to it."""
    return calls.number(NumberQuestion(who.card)).number


@pytest.mark.usefixtures("table")
def test_each_organisation_hears_its_own_number(
    a1: HubCalls, b1: HubCalls, hana: Holder, jiro: Holder
) -> None:
    assert asked(a1, hana) == "789145"
    assert asked(b1, hana) == "234209"
    assert asked(a1, jiro) == "456578"
    not_registered = b1.number(NumberQuestion(jiro.card))
    assert (not_registered.registered, not_registered.number) == (True, "")


def test_a_card_that_nobody_registered_is_not_registered(a1: HubCalls, hana: Holder) -> None:
    found = a1.number(NumberQuestion(hana.card))

    assert (found.registered, found.organisation, found.number) == (False, A1, "")


@pytest.mark.usefixtures("table")
def test_nobody_links_for_another_organisation(a1: HubCalls, b1: HubCalls, hana: Holder) -> None:
    foreign = hana.number(a1, "999", organisation=B1)

    with pytest.raises(NotAuthentic):
        a1.change_number(foreign)

    assert asked(b1, hana) == "234209"


@pytest.mark.usefixtures("table")
def test_a_link_needs_the_card_and_its_pin(a1: HubCalls, hana: Holder, jiro: Holder) -> None:
    stolen = Holder(jiro.key, hana.certificate)

    with pytest.raises(NotAuthentic):
        a1.change_number(stolen.number(a1, "111"))

    assert asked(a1, hana) == "789145"


@pytest.mark.usefixtures("table")
def test_a_number_is_one_persons(a1: HubCalls, hana: Holder, jiro: Holder) -> None:
    taken = jiro.number(a1, "789145")

    assert refused(lambda: a1.change_number(taken)) == "number-taken"

    a1.change_number(hana.number(a1, "789999"))
    assert asked(a1, hana) == "789999", "another number takes the place of the one before"
    a1.change_number(jiro.number(a1, "789145"))
    assert asked(a1, jiro) == "789145", "and leaves that one free"


@pytest.mark.usefixtures("table")
def test_a_number_is_taken_back(hall: Townhall, a1: HubCalls, b1: HubCalls, hana: Holder) -> None:
    for _ in range(2):
        assert a1.change_number(hana.number(a1, "")).number == ""

    assert (asked(a1, hana), asked(b1, hana)) == ("", "234209")
    assert hall.hub.mykey.audit() == []


@pytest.mark.usefixtures("table")
def test_a_changed_id_takes_its_numbers_along(
    hall: Townhall, a1: HubCalls, b1: HubCalls, hana: Holder
) -> None:
    hall.hub.mykey.change_id(HANA, "HANA2026", Change.KNOWN, person="Sato")

    assert (asked(a1, hana), asked(b1, hana)) == ("789145", "234209")
    assert hall.hub.mykey.audit() == []


@pytest.mark.usefixtures("table")
def test_who_is_suspended_is_nobody_anywhere_until_resumed(
    hall: Townhall, a1: HubCalls, hana: Holder
) -> None:
    hall.hub.mykey.suspend(HANA, Suspension.LOST, person="Sato")
    link = hana.number(a1, "1")
    assert refused(lambda: asked(a1, hana)) == "not-active"
    assert refused(lambda: a1.change_number(link)) == "not-active"

    hall.hub.mykey.resume(HANA, Resumption.FOUND, person="Sato")
    assert asked(a1, hana) == "789145"


@pytest.mark.usefixtures("table")
def test_who_left_leaves_the_number_to_others(
    hall: Townhall, a1: HubCalls, hana: Holder, jiro: Holder
) -> None:
    hall.hub.mykey.cancel(HANA, Cancellation.ASKED, person="Sato")

    assert not a1.number(NumberQuestion(hana.card)).registered
    assert a1.change_number(jiro.number(a1, "789145")).number == "789145"
    a1.register(hana.registration(a1))
    assert asked(a1, hana) == "", "she is a new member"
    assert hall.hub.mykey.audit() == []


@pytest.mark.usefixtures("table")
def test_looking_leaves_no_trace_at_all(hall: Townhall, a1: HubCalls, hana: Holder) -> None:
    def kept() -> list[object]:
        found: list[object] = []
        for database, tables in (
            (hall.hub.core.database, schema.metadata.tables),
            (hall.hub.mykey._database, identity_schema.metadata.tables),
        ):
            with database.read() as tx:
                found += [tx.rows(f"SELECT * FROM {name}") for name in sorted(tables)]
        return found

    before = kept()
    assert asked(a1, hana) == "789145"
    assert kept() == before


@pytest.mark.usefixtures("table")
def test_the_same_signed_link_undoes_nothing_that_came_since(a1: HubCalls, hana: Holder) -> None:
    link = hana.number(a1, "111111")
    first = a1.change_number(link)
    a1.change_number(hana.number(a1, ""))

    assert a1.change_number(link) == first, "as it was answered"

    assert asked(a1, hana) == ""


def test_a_terminal_that_goes_through_cards_is_made_to_wait(a1: HubCalls, hana: Holder) -> None:
    for _ in range(AT_ONCE):
        asked(a1, hana)

    with pytest.raises(Unreachable):
        asked(a1, hana)


def test_a_card_without_an_id_is_sent_to_register(a1: HubCalls, hana: Holder) -> None:
    link = hana.number(a1, "789145")

    assert refused(lambda: a1.change_number(link)) == "card-unknown"


@pytest.mark.parametrize("written", ["", " ", "7 8", "１２　３", "a" * 21, "山", "7\t8", "7\x008"])
def test_what_can_be_no_number_is_refused(written: str) -> None:
    with pytest.raises(Malformed, match="no spaces"):
        service_number(written)


@pytest.mark.parametrize(
    ("written", "read"), [(" ７８９１４５\n", "789145"), ("A-1/b", "A-1/b"), ("9" * 20, "9" * 20)]
)
def test_full_width_numbers_are_numbers(written: str, read: str) -> None:
    assert service_number(written) == read


# -- whatever is linked, nobody hears another's number

WHO = {"hana": HANA, "jiro": JIRO, "mei": MyKeyId("MEI00001")}
change = st.tuples(
    st.sampled_from(sorted(WHO)), st.sampled_from([A1, B1]), st.sampled_from(["", "1", "2", "3"])
)


@given(st.lists(change, max_size=30))
def test_whatever_is_linked_an_organisation_hears_what_was_linked_there_last(
    changes: list[tuple[str, OrganisationId, str]],
) -> None:
    database = databases.identities()
    clock = TurnedClock(at("2026-11-02 10:00"))
    registry = MyKey(
        database, Roots({}), secret=SECRET, clock=clock, randomness=SeededRandomness("numbers")
    )
    services = Services(database, clock)
    for who, name in WHO.items():
        registry.register(card(who), name, consent_points=False)
    linked: dict[tuple[OrganisationId, KeyDigest], str] = {}
    for who, organisation, number in changes:
        digest = card(who).digest
        others = {n for (o, c), n in linked.items() if (o, c != digest) == (organisation, True)}
        if not number:
            services.unlink(digest, organisation)
            linked.pop((organisation, digest), None)
        elif number in others:
            with pytest.raises(RefusedByRule):
                services.link(digest, organisation, service_number(number))
        else:
            services.link(digest, organisation, service_number(number))
            linked[organisation, digest] = number

    for who in WHO:
        for organisation in (A1, B1):
            told = services.number_of(card(who).digest, organisation)
            assert told == (True, linked.get((organisation, card(who).digest), ""))
    with database.read() as tx:
        assert list(audit(tx)) == []
