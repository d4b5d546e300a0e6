"""Joining a card at the hub's door: who signed what, where, and for which card."""

from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.mykey.reasons import Evidence
from hub.throttle import AT_ONCE
from sync.calls import HubCalls, JoinRequest, JoinState, VouchRequest
from sync.democa import DemoCa
from sync.errors import Malformed, NotAuthentic, Unreachable
from sync.signing import in_groups
from sync.values import CardState, MyKeyId
from sync.wire import write
from tests.doubles.clocks import at
from tests.hub.refusals import refused
from tests.hub.townhall import Holder, Townhall, holder

MEI = "MEI00001"


@pytest.fixture(scope="module")
def next_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def renewed(ca: DemoCa, next_key: RSAPrivateKey) -> Holder:
    """Hana's next card."""
    return holder(ca, next_key)


@pytest.fixture
def registered(counter: HubCalls, hana: Holder) -> Holder:
    """Hana's card, which has an ID."""
    counter.register(hana.registration(counter, MEI))
    return hana


def records(hall: Townhall) -> int:
    with hall.hub.mykey._database.read() as tx:
        return int(tx.scalar("SELECT count(*) FROM chronicle"))


def test_the_earlier_card_joins_the_new_one(
    counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    voucher = registered.voucher(counter, renewed.card)

    joined = counter.join(renewed.joining(counter, voucher))

    assert (joined.card, joined.mykey_id, joined.state) == (renewed.card, MEI, JoinState.JOINED)
    assert counter.look(renewed.look(counter)).rows == ()
    look = registered.look(counter)
    assert refused(lambda: counter.look(look)) == "card-replaced"


def test_the_same_signed_request_changes_nothing_whatever_came_since(
    hall: Townhall, counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    joining = renewed.joining(counter, registered.voucher(counter, renewed.card))
    first = counter.join(joining)
    back = registered.joining(counter, said=MEI)
    counter.join(back)
    hall.hub.mykey.joins.accept(
        MyKeyId(MEI), in_groups(registered.card), Evidence.RETURNED, keep=False, person="Kato"
    )
    before = records(hall)

    assert counter.join(joining) == first
    assert counter.join(back).state is JoinState.WAITING, "as it was answered"

    assert records(hall) == before
    assert hall.hub.mykey.state_of(renewed.card) is CardState.REPLACED
    assert hall.hub.mykey.state_of(registered.card) is CardState.ACTIVE


def test_a_voucher_is_for_one_card(
    counter: HubCalls, registered: Holder, renewed: Holder, jiro: Holder
) -> None:
    voucher = registered.voucher(counter, renewed.card)

    stolen = jiro.joining(counter, voucher)

    assert refused(lambda: counter.join(stolen)) == "voucher-for-another"


def test_a_voucher_that_another_card_signed_is_none(
    counter: HubCalls, registered: Holder, renewed: Holder, jiro: Holder
) -> None:
    challenge = counter.challenge().challenge
    request = write(VouchRequest(challenge, registered.card, renewed.card, keeps=False))
    forged = jiro.signs(counter.node, "vouch", request, challenge)
    joining = renewed.joining(counter, forged)

    with pytest.raises(NotAuthentic):
        counter.join(joining)


def test_what_a_card_signed_for_something_else_is_no_voucher(
    counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    challenge = counter.challenge().challenge
    request = write(VouchRequest(challenge, registered.card, renewed.card, keeps=False))
    turned = registered.signs(counter.node, "look", request, challenge)
    joining = renewed.joining(counter, turned)

    with pytest.raises(NotAuthentic):
        counter.join(joining)


def test_a_found_certificate_without_its_card_is_joined_to_nobody(
    counter: HubCalls, registered: Holder, renewed: Holder, jiro: Holder
) -> None:
    found = replace(renewed, key=jiro.key)
    joining = found.joining(counter, registered.voucher(counter, renewed.card))

    with pytest.raises(NotAuthentic):
        counter.join(joining)


def test_a_voucher_from_another_counter_is_refused(
    hall: Townhall, counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    elsewhere = hall.calls("141305-B2108-9999", counter.epoch, counter._key)
    challenge = counter.challenge().challenge
    request = write(VouchRequest(challenge, registered.card, renewed.card, keeps=False))
    voucher = registered.signs(elsewhere.node, "vouch", request, challenge)
    joining = renewed.joining(counter, voucher)

    with pytest.raises(NotAuthentic):
        counter.join(joining)


def test_a_request_with_neither_voucher_nor_id_is_malformed(
    counter: HubCalls, renewed: Holder
) -> None:
    nothing, nine = renewed.joining(counter), renewed.joining(counter, said="mei00001")

    for each in (nothing, nine):
        with pytest.raises(Malformed, match="8 half-width characters"):
            counter.join(each)


def test_a_certificate_that_no_root_vouches_for_is_not_joined(
    tmp_path_factory: pytest.TempPathFactory,
    counter: HubCalls,
    registered: Holder,
    next_key: RSAPrivateKey,
) -> None:
    other = DemoCa.create(tmp_path_factory.mktemp("other") / "ca", at=at("2026-01-01 00:00"))
    foreign = holder(other, next_key)
    joining = foreign.joining(counter, registered.voucher(counter, foreign.card))

    with pytest.raises(NotAuthentic):
        counter.join(joining)


def test_a_voucher_lives_ten_minutes_and_a_joining_two(
    hall: Townhall, counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    voucher = registered.voucher(counter, renewed.card, keep=True)
    hall.clock.turn(minutes=9)
    assert counter.join(renewed.joining(counter, voucher)).state is JoinState.JOINED
    slow = renewed.joining(counter, registered.voucher(counter, renewed.card))
    hall.clock.turn(minutes=1)
    late = renewed.joining(counter, voucher)
    assert refused(lambda: counter.join(late)) == "challenge-gone"
    hall.clock.turn(minutes=1)
    assert refused(lambda: counter.join(slow)) == "challenge-gone"


def test_a_wish_says_how_it_stands(
    hall: Townhall, counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    def asked() -> JoinState:
        return counter.join(renewed.joining(counter, said=MEI)).state

    assert registered.card != renewed.card
    assert asked() is JoinState.WAITING
    hall.hub.mykey.joins.accept(
        MyKeyId(MEI), in_groups(renewed.card), Evidence.ANSWERED, keep=False, person="Kato"
    )
    assert asked() is JoinState.JOINED
    assert refused(lambda: counter.look(registered.look(counter))) == "card-replaced"


def test_a_voucher_beside_an_id_counts_and_the_id_does_not(
    counter: HubCalls, registered: Holder, renewed: Holder
) -> None:
    challenge = counter.challenge().challenge
    voucher = registered.voucher(counter, renewed.card)
    request = write(JoinRequest(challenge, renewed.certificate, voucher, "OTHER000"))

    joined = counter.join(renewed.signs(counter.node, "join", request, challenge))

    assert joined.mykey_id == MEI


def test_nobody_makes_a_list_of_ids(counter: HubCalls, registered: Holder, renewed: Holder) -> None:
    def ask(number: int) -> None:
        counter.join(renewed.joining(counter, said=f"LIST{number:04}"))

    for number in range(AT_ONCE - 1):  # to register Hana's wish was one as well
        assert refused(partial(ask, number)) == "no-such-mykey-id"
    with pytest.raises(Unreachable):
        ask(AT_ONCE)
    voucher = registered.voucher(counter, renewed.card)
    assert counter.join(renewed.joining(counter, voucher)).state is JoinState.JOINED
