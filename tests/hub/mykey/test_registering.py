"""S1 and S2 at a counter: card -> PIN -> choose an ID -> registered, once a person."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.forms import GrantForm, ProgrammeForm
from hub.mykey.reasons import Cancellation, Change, Suspension
from hub.throttle import AT_ONCE
from sync.calls import Challenge, HubCalls, Registration
from sync.choosing import Offer, Wishes
from sync.democa import DemoCa
from sync.errors import Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.members import MemberStep
from sync.values import CardState, MyKeyId
from sync.wire import write
from tests.doubles.clocks import at
from tests.hub.townhall import KAWASAKI, Holder, Townhall, holder


def test_a_resident_chooses_an_id(counter: HubCalls, hana: Holder) -> None:
    made = counter.register(hana.registration(counter, "MY123456"))
    assert (made.mykey_id, made.generated, made.known_before) == ("MY123456", False, False)


def test_the_same_card_keeps_its_id_whatever_it_wishes(counter: HubCalls, hana: Holder) -> None:
    counter.register(hana.registration(counter, "MY123456"))
    again = counter.register(hana.registration(counter, "ZZ999999"))
    assert (again.mykey_id, again.known_before) == ("MY123456", True)


def test_a_taken_id_is_refused_and_a_made_one_is_free(
    counter: HubCalls, hana: Holder, jiro: Holder
) -> None:
    counter.register(hana.registration(counter, "MY123456"))
    taken = jiro.registration(counter, "MY123456")
    assert refused(lambda: counter.register(taken)) == "mykey-id-taken"

    made = counter.register(jiro.registration(counter))
    assert made.generated
    assert re.fullmatch(r"[A-Z0-9]{8}", made.mykey_id)
    assert made.mykey_id != "MY123456"


def test_a_candidate_is_told_taken_before_anybody_types_a_pin(
    counter: HubCalls, hana: Holder
) -> None:
    counter.register(hana.registration(counter, "MY123456"))

    first = counter.choose(Wishes(("MY123456",)))
    second = counter.choose(Wishes(("MY123456", "HANA2026")))

    assert first == Offer("", generated=False, taken=("MY123456",))
    assert second == Offer("HANA2026", generated=False, taken=("MY123456",))


def test_an_id_that_the_hub_made_is_kept_as_one_that_it_made(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    made = counter.choose(Wishes(()))
    assert made.generated

    name = counter.register(hana.registration(counter, made.mykey_id, generated=True)).mykey_id

    assert name == made.mykey_id
    assert hall.hub.residents.show(hall.sato, name).generated


def test_two_counters_may_be_offered_one_id_and_the_first_gets_it(
    counter: HubCalls, hana: Holder, jiro: Holder
) -> None:
    for _ in range(2):
        assert counter.choose(Wishes(("MY123456",))).mykey_id == "MY123456"
    counter.register(hana.registration(counter, "MY123456"))

    late = jiro.registration(counter, "MY123456")

    assert refused(lambda: counter.register(late)) == "mykey-id-taken"


def test_an_id_that_somebody_left_is_offered_to_nobody(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    name = MyKeyId(counter.register(hana.registration(counter, "MY123456")).mykey_id)
    hall.hub.mykey.change_id(name, "HANA2026", Change.KNOWN, person="Sato")

    assert counter.choose(Wishes(("MY123456",))).taken == ("MY123456",)


def test_nobody_makes_a_list_of_ids(counter: HubCalls) -> None:
    for _ in range(AT_ONCE):
        counter.choose(Wishes(("MY123456",)))

    with pytest.raises(Unreachable):
        counter.choose(Wishes(("MY123456",)))


def test_nor_by_registering_or_changing_what_somebody_may_have(
    counter: HubCalls, hana: Holder, jiro: Holder
) -> None:
    counter.register(hana.registration(counter, "MY123456"))
    wish = jiro.registration(counter, "MY123456")
    for _ in range(AT_ONCE - 1):
        assert refused(lambda: counter.register(wish)) == "mykey-id-taken"

    with pytest.raises(Unreachable):
        counter.register(wish)
    change = hana.member(counter, MemberStep.CHANGE, "JIRO2026")
    with pytest.raises(Unreachable):
        counter.member(change)
    made = counter.register(jiro.registration(counter))
    assert made.generated, "an ID that is made tells nothing of others"
    assert counter.member(hana.member(counter, MemberStep.CHANGE)).generated


def test_the_same_signed_request_brings_nobody_back_who_left(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    signed = hana.registration(counter)
    first = counter.register(signed)
    name = MyKeyId(first.mykey_id)
    hall.hub.mykey.cancel(name, Cancellation.ASKED, person="Sato")

    assert counter.register(signed) == first, "as it was answered"

    assert hall.hub.mykey.state_of(hana.card) is CardState.CANCELLED


@pytest.mark.parametrize("wish", ["abc12345", "ABC1234", "MY1234-6", "ＭＹ１２３４"])
def test_an_id_of_another_shape_is_refused_with_words(
    counter: HubCalls, hana: Holder, wish: str
) -> None:
    with pytest.raises(Malformed, match="8 half-width characters"):
        counter.register(hana.registration(counter, wish))


def test_an_id_of_nine_does_not_even_fit_the_form(counter: HubCalls, hana: Holder) -> None:
    with pytest.raises(Malformed):
        counter.register(hana.registration(counter, "MY1234567"))


def test_points_need_a_consent_that_is_recorded(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    name = counter.register(hana.registration(counter, points=False)).mykey_id
    assert refused(lambda: grant(hall, name, 100)) == "no-consent"

    counter.register(hana.registration(counter, points=True))
    grant(hall, name, 100)
    assert hall.hub.residents.show(hall.sato, name).consents == ("points",)


def test_a_look_shows_the_exact_points_of_all_towns(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    name = counter.register(hana.registration(counter)).mykey_id
    grant(hall, name, 4_000)
    [row] = counter.look(hana.look(counter)).rows
    assert (row.municipality, row.point_name, row.available) == (KAWASAKI, "川崎市ポイント", 4_000)


def test_a_card_nobody_registered_has_nothing_to_look_at(counter: HubCalls, hana: Holder) -> None:
    look = hana.look(counter)
    assert refused(lambda: counter.look(look)) == "card-unknown"


def test_a_suspended_card_neither_looks_nor_registers(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    name = MyKeyId(counter.register(hana.registration(counter)).mykey_id)
    hall.hub.mykey.suspend(name, Suspension.LOST, person="Sato")
    look, again = hana.look(counter), hana.registration(counter)
    assert refused(lambda: counter.look(look)) == "not-active"
    assert refused(lambda: counter.register(again)) == "not-active"

    hall.hub.mykey.cancel(name, Cancellation.ASKED, person="Sato")
    look = hana.look(counter)
    assert refused(lambda: counter.look(look)) == "mykey-id-cancelled"

    made = counter.register(hana.registration(counter))
    assert (made.mykey_id == name, made.known_before) == (False, False)
    assert counter.look(hana.look(counter)).rows == ()


# -- whoever shows a certificate holds its key, here and now


def test_a_found_certificate_without_its_card_registers_nobody(
    counter: HubCalls, hana: Holder, jiro: Holder
) -> None:
    stolen = replace(hana, key=jiro.key)
    with pytest.raises(NotAuthentic):
        counter.register(stolen.registration(counter))


def test_a_signed_look_works_for_no_other_request(counter: HubCalls, hana: Holder) -> None:
    counter.register(hana.registration(counter))
    challenge = counter.challenge()
    look = hana.look(counter, challenge)
    request = write(Registration(challenge.challenge, hana.certificate, "", True))
    turned = hana.signs(counter.node, "look", request, challenge.challenge)
    with pytest.raises(NotAuthentic):
        counter.register(turned)
    assert counter.look(look).rows == ()


def test_a_signature_for_another_counter_is_refused(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    counter.register(hana.registration(counter))
    challenge = counter.challenge()
    elsewhere = hall.calls("141305-B2108-9999", counter.epoch, counter._key)
    with pytest.raises(NotAuthentic):
        counter.look(hana.look(elsewhere, challenge))


def test_a_challenge_lives_for_two_minutes(hall: Townhall, counter: HubCalls, hana: Holder) -> None:
    counter.register(hana.registration(counter))
    slow = hana.look(counter)
    hall.clock.turn(minutes=2)
    assert refused(lambda: counter.look(slow)) == "challenge-gone"


def test_a_challenge_answers_one_request(counter: HubCalls, hana: Holder, jiro: Holder) -> None:
    counter.register(hana.registration(counter))
    counter.register(jiro.registration(counter))
    challenge = counter.challenge()
    counter.look(hana.look(counter, challenge))
    assert refused(lambda: counter.look(jiro.look(counter, challenge))) == "challenge-used"


def test_a_look_whose_answer_was_lost_is_asked_for_again(counter: HubCalls, hana: Holder) -> None:
    counter.register(hana.registration(counter))
    look = hana.look(counter)
    assert counter.look(look) == counter.look(look)


def test_a_challenge_of_ones_own_is_refused(counter: HubCalls, hana: Holder) -> None:
    counter.register(hana.registration(counter))
    own = Challenge(b"x" * 32)
    assert refused(lambda: counter.look(hana.look(counter, own))) == "challenge-gone"


# -- whom the hub believes


def test_another_ca_is_not_believed(
    counter: HubCalls, card_keys: list[RSAPrivateKey], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = DemoCa.create(tmp_path_factory.mktemp("other") / "ca", at=at("2026-01-01 00:00"))
    stranger = holder(other, card_keys[0])
    with pytest.raises(NotAuthentic, match="root"):
        counter.register(stranger.registration(counter))


def test_an_expired_card_is_not_registered(hall: Townhall, counter: HubCalls, hana: Holder) -> None:
    hall.clock.turn(days=6 * 366)
    with pytest.raises(NotAuthentic, match="expired"):
        counter.register(hana.registration(counter))


def test_bytes_that_are_no_certificate_are_refused(counter: HubCalls, hana: Holder) -> None:
    broken = replace(hana, certificate=b"\x30\x03\x02\x01\x01")
    with pytest.raises(NotAuthentic):
        counter.register(broken.registration(counter))


def grant(hall: Townhall, name: str, points: int) -> None:
    treasury = hall.hub.treasury
    if not treasury.programmes(hall.sato):
        form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")
        treasury.add_programme(hall.sato, form)
    treasury.grant(
        hall.sato,
        GrantForm(mykey_id=name, municipality=KAWASAKI, points=points, programme="001"),
    )


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(RefusedByRule) as caught:
        ask()
    return caught.value.reason
