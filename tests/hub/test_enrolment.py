"""A terminal comes to life, loses its disk, is copied, and is revoked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.forms import InviteForm
from hub.nodes import epochs
from sync.batch import Batch, Coding, EvidenceBook, pack
from sync.calls import EnrolmentRequest, HubCalls
from sync.errors import NotAuthentic, RefusedByRule
from sync.invitation import read_invitation
from sync.signing import fingerprint
from sync.values import KeyDigest, NodeId
from sync.wire import write
from tests.hub.townhall import GREENGROCER, Townhall, node_key, townhall

NODE = NodeId(f"{GREENGROCER}-1111")
EMPTY = pack(
    Batch(b"", write(EvidenceBook((), ())), None, (), closed=False, receipted=0, decisions=0)
)


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


def test_a_terminal_is_invited_looked_at_enrolled_and_confirmed(hall: Townhall) -> None:
    invitation = read_invitation(hall.invitation())
    key = node_key("first disk")

    shown = hall.doorstep().invited(invitation.code)
    assert (shown.node, shown.organisation_name, shown.place, shown.town) == (
        NODE,
        "A商店街",
        "八百屋",
        "川崎市",
    )

    enrolled = hall.doorstep().enrol(EnrolmentRequest(invitation.code, key.public))
    calls = hall.calls(enrolled.node, enrolled.epoch, key)
    assert refused(lambda: calls.feed("", 0)) == "node-not-confirmed"
    assert refused(lambda: calls.put_records(enrolled.epoch, 1, EMPTY)) == "node-not-confirmed"

    hall.hub.office.confirm(hall.suzuki, NODE, fingerprint(key.public))
    assert calls.feed("", 0).node == NODE
    codings = [calls.coding]
    assert calls.put_records(enrolled.epoch, 1, EMPTY).state == "open"
    assert [*codings, calls.coding] == [Coding.ROWS, Coding.COLUMNS]


def test_a_lost_answer_to_the_enrolment_is_asked_for_again(hall: Townhall) -> None:
    code = read_invitation(hall.invitation()).code
    request = EnrolmentRequest(code, node_key("first disk").public)
    first = hall.doorstep().enrol(request)
    assert hall.doorstep().enrol(request) == first
    assert hall.doorstep().invited(code).node == NODE


def test_an_invitation_works_for_one_key_only(hall: Townhall) -> None:
    code = read_invitation(hall.invitation()).code
    hall.doorstep().enrol(EnrolmentRequest(code, node_key("first disk").public))
    thief = EnrolmentRequest(code, node_key("thief").public)
    assert refused(lambda: hall.doorstep().enrol(thief)) == "invitation-used"


def test_nobody_is_asked_again_once_the_terminal_is_active(hall: Townhall) -> None:
    invitation = hall.invitation()
    hall.enrol(invitation, node_key("first disk"))
    code = read_invitation(invitation).code
    assert refused(lambda: hall.doorstep().invited(code)) == "invitation-used"


def test_an_unknown_code_opens_nothing(hall: Townhall) -> None:
    with pytest.raises(NotAuthentic, match="not known"):
        hall.doorstep().invited("0" * 32)


@pytest.mark.parametrize("kind", ["shop", "booth", "counter", "library"])
def test_what_kind_a_terminal_was_invited_as_is_told_to_it_and_listed(
    hall: Townhall, kind: str
) -> None:
    office = hall.hub.office
    asked = office.invite(hall.sato, InviteForm(organisation=GREENGROCER, kind=kind))
    code = read_invitation(asked.invitation).code
    key = node_key("first disk").public

    assert hall.doorstep().invited(code).kind == kind
    assert hall.doorstep().enrol(EnrolmentRequest(code, key)).kind == kind
    assert [row.kind for row in office.nodes(hall.sato)] == [kind]

    again = InviteForm(organisation=GREENGROCER, kind="counter", again=asked.node)
    assert office.invite(hall.suzuki, again).node == asked.node
    assert [row.kind for row in office.nodes(hall.sato)] == [kind]


def test_a_new_terminal_has_a_name_that_no_other_ever_had(hall: Townhall) -> None:
    office, longer = hall.hub.office, f"{GREENGROCER}0"
    hall.organisation(longer)

    def invited(organisation: str) -> str:
        return office.invite(hall.sato, InviteForm(organisation=organisation)).node

    assert [invited(longer) for _ in range(2)] == [f"{longer}-1111", f"{longer}-1112"]
    first = invited(GREENGROCER)
    office.revoke_node(hall.sato, first, "stolen")
    assert (first, invited(GREENGROCER)) == (f"{GREENGROCER}-1111", f"{GREENGROCER}-1112")
    assert invited(longer) == f"{longer}-1113"


def test_another_fingerprint_is_not_confirmed(hall: Townhall) -> None:
    calls = hall.enrol(hall.invitation(), node_key("first disk"), confirm=False)
    office, stranger = hall.hub.office, fingerprint(node_key("thief").public)
    assert refused(lambda: office.confirm(hall.sato, NODE, stranger)) == "fingerprint-differs"
    assert refused(lambda: calls.feed("", 0)) == "node-not-confirmed"


def test_an_organisation_nobody_approved_gets_no_invitation(hall: Townhall) -> None:
    form = InviteForm(organisation="141305-B2109")
    ask = hall.hub.office.invite
    assert refused(lambda: ask(hall.sato, form)) == "organisation-unknown"


def test_a_restored_copy_gets_a_new_life_at_once_and_ends_the_old_one(hall: Townhall) -> None:
    old = hall.terminal()
    new_key = node_key("second disk")

    granted = old.ask_epoch(new_key.public)

    assert granted.epoch.startswith("2-")
    assert (granted.before, granted.before_seq) == (old.epoch, 0)
    assert old.ask_epoch(new_key.public) == granted
    assert refused(lambda: old.feed("", 0)) == "epoch-closed"
    assert old.put_records(old.epoch, 1, EMPTY).state == "closed"
    new = hall.calls(NODE, granted.epoch, new_key)
    assert new.feed("", 0).node == NODE
    assert states(hall) == ["closed", "open"]
    [incident] = hall.hub.treasury.exceptions(hall.sato)
    assert (incident.kind, incident.other) == ("epoch", granted.epoch)


def test_a_life_that_has_begun_is_not_granted_again_to_an_older_copy(hall: Townhall) -> None:
    old, new_key = hall.terminal(), node_key("second disk")
    granted = old.ask_epoch(new_key.public)
    with hall.hub.core.database.write() as tx:
        tx.run(  # its later self has handed record 1 in
            "INSERT INTO cursor VALUES ('141305', :node, :epoch, '', 0, 1, :head, 0)",
            node=NODE,
            epoch=granted.epoch,
            head=b"\0",
        )

    assert refused(lambda: old.ask_epoch(new_key.public)) == "life-begun"
    assert old.ask_epoch(node_key("third disk").public).epoch.startswith("3-")


def test_a_new_disk_needs_a_new_invitation_and_a_new_comparison(hall: Townhall) -> None:
    hall.terminal()
    key = node_key("second disk")

    again = hall.invitation(again=NODE)
    new = hall.enrol(again, key, confirm=False)

    assert new.epoch.startswith("2-")
    assert refused(lambda: new.feed("", 0)) == "node-not-confirmed"
    assert refused(lambda: new.put_records(new.epoch, 1, EMPTY)) == "node-not-confirmed"
    hall.hub.office.confirm(hall.sato, NODE, fingerprint(key.public))
    assert new.feed("", 0).node == NODE
    assert states(hall) == ["closed", "open"]


def test_what_an_old_disk_still_holds_is_taken_while_the_new_one_waits(hall: Townhall) -> None:
    old = hall.terminal()
    hall.enrol(hall.invitation(again=NODE), node_key("second disk"), confirm=False)
    assert old.put_records(old.epoch, 1, EMPTY).state == "closed"
    assert refused(lambda: old.feed("", 0)) == "node-not-confirmed"


def test_a_revoked_terminal_may_hand_in_and_nothing_else(hall: Townhall) -> None:
    calls = hall.terminal()
    hall.hub.office.revoke_node(hall.sato, NODE, "stolen")

    assert calls.put_records(calls.epoch, 1, EMPTY).state == "closed"
    for ask in everything_but_handing_in(calls):
        assert refused(ask) == "node-revoked"
    assert refused(lambda: hall.invitation(again=NODE)) == "node-revoked"


def everything_but_handing_in(calls: HubCalls) -> list[Callable[[], object]]:
    return [
        lambda: calls.feed("", 0),
        lambda: calls.ask_epoch(node_key("second disk").public),
        lambda: calls.held_records(calls.epoch, 1),
        calls.challenge,
        lambda: calls.standing(KeyDigest(b"k" * 32)),
    ]


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(RefusedByRule) as caught:
        ask()
    return caught.value.reason


def states(hall: Townhall) -> list[str]:
    with hall.hub.core.database.read() as tx:
        return [each.state for each in epochs(tx, NODE)]


def test_custody_is_answered_whatever_judging_meets(
    hall: Townhall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> int:
        raise ZeroDivisionError

    calls = hall.terminal()
    monkeypatch.setattr("hub.handing_in.post_all", broken)
    assert calls.put_records(calls.epoch, 1, EMPTY).state == "open"
    assert "judging stopped" in caplog.text
