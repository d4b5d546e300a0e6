"""A resident's own MyKey ID at a counter: each step one tap, one signature, nothing kept here."""

import pytest

from node.card.errors import CardRemoved
from node.card.tap import Tap
from node.outcome import Refused, SeenMember
from sync.errors import Malformed
from sync.members import MemberStep
from tests.node.conftest import Shop, pin

HANA = "HANAKO01"


@pytest.fixture
def hanas(shop: Shop) -> Shop:
    """Hanako has an ID."""
    shop.hub.mykeys[shop.key] = HANA
    return shop


def taken(shop: Shop, step: MemberStep, name: str = "") -> SeenMember:
    answer = shop.counter.member(shop.card, pin(), step, name)
    assert isinstance(answer, SeenMember), answer
    return answer


def refused(shop: Shop, step: MemberStep, name: str = "") -> Refused:
    answer = shop.counter.member(shop.card, pin(), step, name)
    assert isinstance(answer, Refused), answer
    return answer


def asked(shop: Shop) -> int:
    """How often the hub was asked for a step."""
    return sum(each.endswith("/members") for each in shop.hub.requests)


def test_who_forgot_the_id_sees_it_with_what_is_there(hanas: Shop) -> None:
    seen = taken(hanas, MemberStep.SEE)

    assert (seen.mykey_id, seen.state, seen.cards) == (HANA, "active", 1)
    assert seen.has_points
    assert [(row.town, row.available, row.exact) for row in seen.left] == [("川崎市", 5_000, True)]


def test_a_life_with_the_card(hanas: Shop) -> None:
    assert taken(hanas, MemberStep.SUSPEND).state == "suspended"
    assert taken(hanas, MemberStep.RESUME).state == "active"
    assert taken(hanas, MemberStep.CHANGE, "HANA2026").mykey_id == "HANA2026"
    assert taken(hanas, MemberStep.CHANGE).generated
    assert taken(hanas, MemberStep.CANCEL, "GENERATE").state == "cancelled"
    assert hanas.counter.history() == ()


def test_a_wrong_pin_asks_for_nothing_and_says_the_tries_left(hanas: Shop) -> None:
    wrong = bytearray(b"9999")
    answer = hanas.counter.member(hanas.card, wrong, MemberStep.CANCEL, HANA)

    assert isinstance(answer, Refused)
    assert (answer.reason, answer.tries_left) == ("wrong-pin", 2)
    assert (bytes(wrong), asked(hanas)) == (bytes(4), 0)


def test_a_locked_card_is_told_before_the_hub_is_asked(hanas: Shop) -> None:
    for _ in range(3):
        hanas.counter.member(hanas.card, bytearray(b"9999"), MemberStep.SEE)
    before = len(hanas.hub.requests)

    assert refused(hanas, MemberStep.SEE).reason == "pin-locked"
    assert len(hanas.hub.requests) == before


def test_a_silent_hub_is_told_before_a_pin_is_given(hanas: Shop) -> None:
    hanas.cut()

    typed = pin()
    answer = hanas.counter.member(hanas.card, typed, MemberStep.SUSPEND)

    assert isinstance(answer, Refused)
    assert (answer.reason, bytes(typed)) == ("hub-silent", bytes(4))


def test_an_answer_that_is_lost_is_told_as_what_it_is(hanas: Shop) -> None:
    """The step may be done: a person looks before doing it once more."""
    for step, reason in (
        (MemberStep.SUSPEND, "answer-lost"),
        (MemberStep.CANCEL, "answer-lost"),
        (MemberStep.SEE, "hub-silent"),
    ):
        hanas.hub.lose_answers_to = "/members"
        assert refused(hanas, step, HANA if step is MemberStep.CANCEL else "").reason == reason
        hanas.hub.lose_answers_to = ""
        hanas.counter.probe()

    assert taken(hanas, MemberStep.SEE).state == "cancelled"


def test_an_id_in_use_and_a_card_that_nobody_knows_are_told(shop: Shop) -> None:
    assert refused(shop, MemberStep.SEE).reason == "card-unknown"
    shop.hub.mykeys[shop.key] = HANA
    shop.hub.mykeys[type(shop.key)(bytes(32))] = "HANA2026"
    assert refused(shop, MemberStep.CHANGE, "HANA2026").reason == "mykey-id-taken"


def test_an_id_of_another_shape_is_told_before_the_card_is_touched(hanas: Shop) -> None:
    typed = pin()
    with pytest.raises(Malformed):
        hanas.counter.member(hanas.card, typed, MemberStep.CHANGE, "hana")
    assert (bytes(typed), asked(hanas)) == (bytes(4), 0)


def test_a_card_taken_away_too_early_asks_for_nothing(
    hanas: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_tap: Tap, _message: bytes) -> None:
        raise CardRemoved

    monkeypatch.setattr(Tap, "sign_look", gone)
    with pytest.raises(CardRemoved):
        hanas.counter.member(hanas.card, pin(), MemberStep.CANCEL, HANA)
    assert asked(hanas) == 0
