"""A resident's own MyKey ID at the hub's door: what a card may sign, and what it cannot be made to.

The registry behind it is tested in test_life; the way from a node in test_own_id_at_a_counter.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from hub.audit import audit_hub
from hub.forms import GrantForm, ProgrammeForm
from hub.intake.verify import InlineVerifier
from hub.mykey.with_card import check
from sync.calls import CardSigned, HubCalls, MemberSeen
from sync.chain import digest
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.members import MemberRequest, MemberStep
from sync.values import CardState, NodeId
from sync.wire import write
from tests.hub.refusals import refused
from tests.hub.townhall import GREENGROCER, KAWASAKI, Holder, Townhall, node_key

HANA, OTHER = "MY123456", "HANA2026"
SEE, AGREE, SUSPEND, RESUME, CHANGE, CANCEL = MemberStep


@pytest.fixture
def own(hall: Townhall, counter: HubCalls, hana: Holder) -> Iterator["Own"]:
    """Hana has 500 points of Kawasaki."""
    counter.register(hana.registration(counter, HANA))
    form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")
    hall.hub.treasury.add_programme(hall.sato, form)
    grant = GrantForm(mykey_id=HANA, municipality=KAWASAKI, points=500, programme="001")
    hall.hub.treasury.grant(hall.sato, grant)
    yield Own(hall, counter, hana)
    assert audit_hub(hall.hub, InlineVerifier()) == []


class Own:
    """Hana, her card, and the counter where she stands."""

    def __init__(self, hall: Townhall, counter: HubCalls, hana: Holder) -> None:
        self.hall, self.counter, self.hana = hall, counter, hana

    def signed(self, what: str, name: str = "", at: NodeId | None = None) -> CardSigned:
        """Her card signs a step, here or somewhere else."""
        return self.hana.member(self.counter, MemberStep(what), name, at)

    def take(self, what: str, name: str = "") -> MemberSeen:
        """She signs a step, and it is taken."""
        return self.counter.member(self.signed(what, name))

    def steps(self, name: str = HANA) -> list[tuple[str, str, str]]:
        """What was done to her, as the desk sees it."""
        shown = self.hall.hub.residents.show(self.hall.sato, name)
        return [(each.what, each.why, each.person) for each in shown.steps]

    def entered(self) -> int:
        """How long the chain of identities is."""
        with self.hall.hub.mykey._database.read() as tx:
            return int(tx.scalar("SELECT count(*) FROM chronicle"))


# -- what it comes to


def test_who_forgot_the_id_sees_it_and_leaves_no_trace(own: Own) -> None:
    before = own.entered()

    seen = own.take(SEE)

    assert (seen.mykey_id, seen.state, seen.cards) == (HANA, "active", 1)
    assert (seen.generated, seen.consents, seen.at_desk) == (False, ("points",), False)
    assert [(row.municipality, row.available) for row in seen.points] == [(KAWASAKI, 500)]
    assert own.entered() == before


def test_a_pause_stands_with_the_counters_name(own: Own) -> None:
    told = own.take(SUSPEND)

    assert (told.state, told.points) == ("suspended", ())
    assert own.steps() == [("suspended", "asked-here", f"counter {own.counter.node}")]
    assert refused(lambda: own.counter.look(own.hana.look(own.counter))) == "not-active"
    assert own.take(SEE).state == "suspended"

    assert own.take(RESUME).state == "active"
    assert own.steps()[1:] == [("resumed", "asked-here", f"counter {own.counter.node}")]


def test_another_id_is_chosen_or_made_and_the_rest_stays(own: Own) -> None:
    chosen = own.take(CHANGE, OTHER)
    assert (chosen.mykey_id, chosen.generated) == (OTHER, False)
    assert [row.available for row in chosen.points] == [500]

    made = own.take(CHANGE)
    assert made.generated
    assert made.mykey_id not in {HANA, OTHER}
    assert [each[0] for each in own.steps(made.mykey_id)] == ["id-changed", "id-changed"]


def test_an_id_that_is_somebodys_is_not_given(own: Own, jiro: Holder) -> None:
    own.counter.register(jiro.registration(own.counter, OTHER))

    assert refused(lambda: own.take(CHANGE, OTHER)) == "mykey-id-taken"
    with pytest.raises(Malformed, match="8 half-width characters"):
        own.take(CHANGE, "hana")
    assert own.take(SEE).mykey_id == HANA


def test_who_leaves_is_told_what_stays_and_may_come_back_as_somebody_new(own: Own) -> None:
    ended = own.take(CANCEL, HANA)

    assert ended.state == "cancelled"
    assert [row.available for row in ended.points] == [500]
    assert own.take(CANCEL, HANA) == ended, "asked once more, because the answer was lost"
    assert own.steps() == [("cancelled", "asked-here", f"counter {own.counter.node}")]
    again = own.counter.register(own.hana.registration(own.counter, OTHER))
    assert (again.mykey_id, again.known_before) == (OTHER, False)
    assert own.take(SEE).points == ()


def test_the_consent_may_be_given_later_and_is_recorded(
    hall: Townhall, counter: HubCalls, hana: Holder
) -> None:
    counter.register(hana.registration(counter, HANA, points=False))
    own = Own(hall, counter, hana)
    assert own.take(SEE).consents == ()

    assert own.take(AGREE).consents == ("points",)
    entered = own.entered()
    assert own.take(AGREE).consents == ("points",)

    assert own.entered() == entered
    assert hall.hub.residents.show(hall.sato, HANA).consents == ("points",)


# -- who may


@pytest.mark.parametrize("why", ["card-stolen", "misuse"])
def test_what_was_stolen_or_misused_only_the_desk_lifts(own: Own, why: str) -> None:
    own.hall.hub.residents.suspend(own.hall.sato, HANA, why)

    assert own.take(SEE).at_desk
    assert refused(lambda: own.take(RESUME)) == "resume-at-desk"
    own.hall.hub.residents.resume(own.hall.sato, HANA, "cleared-up")
    assert not own.take(SUSPEND).at_desk, "this time she asked for it herself"
    assert own.take(RESUME).state == "active"


@pytest.mark.parametrize("why", ["card-lost", "asked-by-phone", "asked-here"])
def test_what_was_lost_is_found_by_who_has_it(own: Own, why: str) -> None:
    own.hall.hub.residents.suspend(own.hall.sato, HANA, why)

    assert not own.take(SEE).at_desk
    assert own.take(RESUME).state == "active"


STANDS = {
    "active": {SEE: "", AGREE: "", SUSPEND: "", RESUME: "", CHANGE: "", CANCEL: ""},
    "suspended": {
        SEE: "",
        AGREE: "not-active",
        SUSPEND: "",
        RESUME: "",
        CHANGE: "not-active",
        CANCEL: "not-active",
    },
    "cancelled": {
        SEE: "",
        AGREE: "mykey-id-cancelled",
        SUSPEND: "mykey-id-cancelled",
        RESUME: "mykey-id-cancelled",
        CHANGE: "mykey-id-cancelled",
        CANCEL: "",
    },
}


@pytest.mark.parametrize("state", STANDS)
@pytest.mark.parametrize("step", MemberStep)
def test_what_a_card_may_do_depends_on_how_its_id_stands(
    own: Own, state: str, step: MemberStep
) -> None:
    if state != "active":
        own.take({"suspended": SUSPEND, "cancelled": CANCEL}[state], HANA)
    before = own.entered()
    try:
        own.take(step, {CHANGE: OTHER, CANCEL: HANA}.get(step, ""))
        said = ""
    except RefusedByRule as no:
        said = no.reason

    assert said == STANDS[state][step]
    member = own.hall.hub.mykey.member_of(own.hana.card)
    assert member is not None
    if said:
        assert own.entered() == before
        with pytest.raises(RefusedByRule):
            check(CardState(state), member, step)


@pytest.mark.parametrize("state", [CardState.REVOKED, CardState.REPLACED])
def test_a_card_that_is_closed_itself_may_not_even_look(own: Own, state: CardState) -> None:
    member = own.hall.hub.mykey.member_of(own.hana.card)
    assert member is not None
    for step in MemberStep:
        assert refused(partial(check, state, member, step)) == f"card-{state}"


def test_the_newer_card_has_the_id_and_the_earlier_one_nothing(own: Own, jiro: Holder) -> None:
    voucher = own.hana.voucher(own.counter, jiro.card)
    own.counter.join(jiro.joining(own.counter, voucher))

    assert {refused(partial(own.take, step, HANA)) for step in MemberStep} == {"card-replaced"}
    own.hana = jiro
    assert (own.take(SEE).mykey_id, own.take(SEE).cards) == (HANA, 1)
    assert own.take(SUSPEND).state == "suspended"


def test_a_card_that_nobody_registered_has_no_id(
    counter: HubCalls, hana: Holder, hall: Townhall
) -> None:
    own = Own(hall, counter, hana)
    assert {refused(partial(own.take, step)) for step in MemberStep} == {"card-unknown"}


# -- what a signature cannot be made to do


def test_the_same_request_again_does_nothing_again(own: Own) -> None:
    for asked in (own.signed(CHANGE), own.signed(SUSPEND)):
        first = own.counter.member(asked)
        entered = own.entered()
        assert own.counter.member(asked) == first
        assert own.entered() == entered

    pause, back = own.signed(SUSPEND), own.signed(RESUME)
    own.counter.member(pause)
    own.counter.member(back)
    own.counter.member(pause)
    assert own.take(SEE).state == "active", "a pause that was signed once is one pause"


def test_a_cancellation_that_is_sent_again_does_not_end_the_next_membership(own: Own) -> None:
    asked = own.signed(CANCEL, HANA)
    own.counter.member(asked)
    own.counter.register(own.hana.registration(own.counter, OTHER))

    assert own.counter.member(asked).mykey_id == HANA
    assert own.take(SEE).state == "active"


def test_a_look_cannot_be_made_into_a_cancellation(own: Own) -> None:
    honest = own.signed(SEE)
    challenge = own.counter.challenge().challenge
    forged = write(MemberRequest(challenge, own.hana.card, CANCEL, HANA))

    with pytest.raises(NotAuthentic, match="does not fit"):
        own.counter.member(CardSigned(forged, honest.algorithm, honest.signature))
    with pytest.raises(NotAuthentic, match="does not fit"):
        own.counter.member(own.hana.signs(own.counter.node, "look", forged, challenge))
    assert own.take(SEE).state == "active"


def test_only_the_id_that_was_seen_ends(own: Own) -> None:
    for name in ("", OTHER):
        assert refused(partial(own.take, CANCEL, name)) == "other-card"
    assert own.take(SEE).state == "active"


def test_what_was_signed_at_one_counter_is_nothing_at_another(own: Own) -> None:
    other = own.hall.enrol(own.hall.invitation(), node_key("second terminal"))
    assert other.node.startswith(GREENGROCER)

    with pytest.raises(NotAuthentic, match="does not fit"):
        other.member(own.signed(CANCEL, HANA))
    assert (
        refused(lambda: other.member(own.signed(CANCEL, HANA, at=other.node))) == "challenge-gone"
    )
    assert own.take(SEE).state == "active"


def test_a_signature_is_good_for_two_minutes(own: Own) -> None:
    asked = own.signed(CANCEL, HANA)
    own.hall.clock.turn(minutes=2)

    assert refused(lambda: own.counter.member(asked)) == "challenge-gone"
    assert own.take(SEE).state == "active"


def test_a_step_that_there_is_not_is_refused(own: Own) -> None:
    challenge = own.counter.challenge().challenge
    good = write(MemberRequest(challenge, own.hana.card, SEE, ""))
    strange = good.replace(b"see", b"fly")
    assert digest(strange) != digest(good)

    with pytest.raises(Malformed):
        own.counter.member(own.hana.signs(own.counter.node, "member", strange, challenge))


# -- what an audit finds


def test_a_step_that_nobody_took_is_named(own: Own) -> None:
    own.take(SUSPEND)
    with own.hall.hub.mykey._database.write() as tx:
        tx.run("UPDATE step SET person='counter 141305-B2108-9999'")

    [found] = own.hall.hub.mykey.audit()
    assert (found.finding, HANA in str(found.where)) == ("step", True)
    with own.hall.hub.mykey._database.write() as tx:
        tx.run("UPDATE step SET person=:right", right=f"counter {own.counter.node}")
