"""The own MyKey ID over a real counter and a real hub: what the card does, and opens then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.outcome import ChosenId, Refused, SeenMember
from sync.members import MemberStep
from sync.records import Tier
from sync.request import Request, Response
from sync.values import MyKeyId
from tests.faults.corner import GRANTED
from tests.faults.programs import PIN
from tests.hub.greengrocer import PRICE, Shop, greengrocer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with greengrocer(tmp_path) as opened:
        yield opened


def take(shop: Shop, step: MemberStep, name: str = "") -> SeenMember:
    """Hanako does it, with card and PIN."""
    answer = shop.counter.member(shop.card, bytearray(PIN), step, name)
    assert isinstance(answer, SeenMember), answer
    return answer


def refusal(shop: Shop, step: MemberStep, name: str = "") -> str:
    """Why it does not go through."""
    answer = shop.counter.member(shop.card, bytearray(PIN), step, name)
    assert isinstance(answer, Refused), answer
    return answer.reason


def test_a_pause_closes_the_card_here_at_once_also_without_the_line(shop: Shop) -> None:
    assert shop.sold(offline=False) is Tier.T0

    assert take(shop, MemberStep.SUSPEND).state == "suspended"

    assert shop.refused(offline=True) == "not-active"
    assert shop.refused(offline=False) == "not-active"
    assert take(shop, MemberStep.SEE).left == ()

    assert take(shop, MemberStep.RESUME).state == "active"
    assert shop.sold(offline=True) is Tier.T2
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE


def test_what_the_desk_suspended_is_resumed_by_who_found_the_card(shop: Shop) -> None:
    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "asked-by-phone")
    assert shop.refused(offline=False) == "not-active"

    assert take(shop, MemberStep.RESUME).state == "active"

    assert shop.sold(offline=False) is Tier.T0
    steps = shop.hub.residents.show(shop.operator, shop.mykey_id).steps
    node = shop.counter.status().node
    assert [(each.what, each.person) for each in steps[-2:]] == [
        ("suspended", shop.operator.name),
        ("resumed", f"counter {node}"),
    ]


def test_a_thief_with_card_and_pin_does_not_open_it_again(shop: Shop) -> None:
    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "card-stolen")

    assert take(shop, MemberStep.SEE).at_desk
    assert refusal(shop, MemberStep.RESUME) == "resume-at-desk"
    assert refusal(shop, MemberStep.CHANGE) == "not-active"
    assert refusal(shop, MemberStep.CANCEL, shop.mykey_id) == "not-active"
    assert shop.refused(offline=False) == "not-active"


def test_a_thief_who_pauses_it_first_does_not_open_it_after_the_theft_was_told(shop: Shop) -> None:
    take(shop, MemberStep.SUSPEND)
    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "card-stolen")

    assert refusal(shop, MemberStep.RESUME) == "resume-at-desk"

    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "card-lost")
    take(shop, MemberStep.SUSPEND)
    assert refusal(shop, MemberStep.RESUME) == "resume-at-desk", "a lesser reason lifts nothing"
    steps = shop.hub.residents.show(shop.operator, shop.mykey_id).steps
    assert [each.why for each in steps] == ["asked-here", "card-stolen"]


def test_another_id_changes_nothing_at_the_till(shop: Shop) -> None:
    changed = take(shop, MemberStep.CHANGE, "HANA2026")
    assert [row.available for row in changed.left] == [GRANTED]

    shop.mykey_id = MyKeyId("HANA2026")
    assert shop.sold(offline=False) is Tier.T0
    assert shop.sold(offline=True) is Tier.T2
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE


def test_who_leaves_sees_first_what_stays_and_then_spends_nothing_more(shop: Shop) -> None:
    seen = take(shop, MemberStep.SEE)
    assert [(row.town, row.available) for row in seen.left] == [("川崎市", GRANTED)]

    ended = take(shop, MemberStep.CANCEL, seen.mykey_id)

    assert (ended.state, ended.left[0].available) == ("cancelled", GRANTED)
    assert shop.refused(offline=True) == "mykey-id-cancelled"
    assert shop.refused(offline=False) == "mykey-id-cancelled"
    shop.line.cut = False
    shop.counter.probe()
    assert take(shop, MemberStep.CANCEL, seen.mykey_id) == ended, "asked once more"
    assert shop.points() == GRANTED

    chosen = shop.counter.choose_id(["HANA2026"])
    assert isinstance(chosen, ChosenId)
    made = shop.counter.register(shop.card, bytearray(PIN), chosen, consent=True)
    assert not isinstance(made, Refused)
    assert not made.known_before
    assert refusal(shop, MemberStep.CANCEL, seen.mykey_id) == "other-card"
    assert take(shop, MemberStep.SEE).mykey_id == "HANA2026"


def test_an_answer_that_is_lost_is_found_by_a_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub did it: whoever looks then, sees that; whoever asks once more, changes nothing."""
    through = shop.line.send

    def losing(request: Request) -> Response:
        answer = through(request)
        if request.path_with_query.endswith("/members"):
            shop.line.cut = True
            return through(request)
        return answer

    with monkeypatch.context() as breaking:
        breaking.setattr(shop.line, "send", losing)
        assert refusal(shop, MemberStep.SUSPEND) == "answer-lost"
    shop.line.cut = False
    shop.counter.probe()

    assert take(shop, MemberStep.SEE).state == "suspended"
    take(shop, MemberStep.SUSPEND)
    steps = shop.hub.residents.show(shop.operator, shop.mykey_id).steps
    assert [each.what for each in steps] == ["suspended"]


def test_without_the_line_nothing_is_asked_and_no_try_is_spent(shop: Shop) -> None:
    shop.line.cut = True
    shop.counter.probe()

    for _ in range(4):
        answer = shop.counter.member(shop.card, bytearray(b"0000"), MemberStep.SEE)
        assert isinstance(answer, Refused)
        assert answer.reason == "hub-silent"
    assert shop.counter.look_up(shop.card).tries_left == 3
