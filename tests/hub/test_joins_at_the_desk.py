"""New cards of people who no longer have the earlier one, as the desk decides on them."""

from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.forms import JoinCardForm, RefuseJoinForm
from hub.mykey.reasons import Evidence, NotJoined
from hub.people import Person, Role
from sync.calls import HubCalls, JoinState
from sync.democa import DemoCa
from sync.errors import Malformed
from sync.signing import in_groups
from sync.values import MunicipalityCode, MyKeyId
from tests.doubles.clocks import at
from tests.hub.refusals import refused
from tests.hub.shells import Shells
from tests.hub.townhall import KAWASAKI, TOSHIMA, Holder, Townhall, holder, townhall

MEI = "MEI00001"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> DemoCa:
    return DemoCa.create(tmp_path_factory.mktemp("ca") / "ca", at=at("2026-01-01 00:00"))


@pytest.fixture
def hall(tmp_path_factory: pytest.TempPathFactory, ca: DemoCa) -> Townhall:
    """Kawasaki and Toshima have joined."""
    hall = townhall(tmp_path_factory.mktemp("hub"), ca.roots)
    hall.join(TOSHIMA, "豊島区")
    return hall


@pytest.fixture
def counter(hall: Townhall) -> HubCalls:
    return hall.terminal()


@pytest.fixture
def new(hall: Townhall, counter: HubCalls, ca: DemoCa, card_keys: list[RSAPrivateKey]) -> Holder:
    """Mei, of Kawasaki, has lost her card; the new one waits."""
    lost, new = holder(ca, card_keys[0]), holder(ca, card_keys[1])
    counter.register(lost.registration(counter, MEI))
    hall.hub.mykey.account_for(MyKeyId(MEI), MunicipalityCode(KAWASAKI))
    assert asked(counter, new) is JoinState.WAITING
    return new


def asked(counter: HubCalls, card: Holder) -> JoinState:
    """How the card stands, as the counter hears it."""
    return counter.join(card.joining(counter, said=MEI)).state


def yes(card: Holder) -> JoinCardForm:
    return JoinCardForm(card=in_groups(card.card), evidence="identity-document-seen")


def no(card: Holder) -> RefuseJoinForm:
    return RefuseJoinForm(card=in_groups(card.card), why="another-person")


def test_the_desk_sees_what_the_counter_showed(
    hall: Townhall, counter: HubCalls, new: Holder, kato: Person
) -> None:
    [row] = hall.hub.residents.joins(kato)

    assert (row.mykey_id, row.card, row.node, row.state, row.at) == (
        MEI,
        in_groups(new.card),
        counter.node,
        "waiting",
        hall.clock.now(),
    )


def test_a_clerk_of_the_residents_town_decides(
    hall: Townhall, counter: HubCalls, new: Holder, kato: Person
) -> None:
    seen = hall.hub.residents.join(kato, MEI, yes(new))

    assert (seen.cards, [(each.what, each.why, each.person) for each in seen.steps]) == (
        1,
        [("card-joined", "identity-document-seen", "Kato")],
    )
    assert asked(counter, new) is JoinState.JOINED
    assert hall.hub.residents.joins(kato) == []


def test_a_no_is_told_at_the_counter(
    hall: Townhall, counter: HubCalls, new: Holder, kato: Person
) -> None:
    seen = hall.hub.residents.refuse_join(kato, MEI, no(new))

    assert [(each.what, each.why) for each in seen.steps] == [("join-refused", "another-person")]
    assert asked(counter, new) is JoinState.REFUSED
    assert [row.state for row in hall.hub.residents.joins(kato)] == ["refused"]


def test_another_towns_clerk_sees_nothing_and_an_auditor_only_sees(
    hall: Townhall, new: Holder, mori: Person
) -> None:
    desk, ito = hall.hub.residents, hall.person("Ito", Role.AUDITOR)

    assert desk.joins(mori) == []
    assert len(desk.joins(ito)) == 1
    for person in (mori, ito):
        assert refused(partial(desk.join, person, MEI, yes(new))) == "not-allowed"
        assert refused(partial(desk.refuse_join, person, MEI, no(new))) == "not-allowed"


def test_evidence_is_one_of_its_list(hall: Townhall, new: Holder, kato: Person) -> None:
    form = JoinCardForm(card=in_groups(new.card), evidence="she has an honest face")

    with pytest.raises(Malformed, match="one of identity-document-seen"):
        hall.hub.residents.join(kato, MEI, form)


# -- at a shell


def test_a_card_is_joined_at_the_shell(shell: Shells, counter: HubCalls, new: Holder) -> None:
    fingerprint = in_groups(new.card)
    assert fingerprint in shell.say("resident joins")
    [row] = shell.rows("resident joins")
    assert (row["mykey_id"], row["card"], row["state"]) == (MEI, fingerprint, "waiting")

    join = ("resident join", MEI, "--card", fingerprint, "--evidence", "earlier-card-returned")
    said = shell.say(*join)

    assert said == f"{fingerprint} opens what {MEI} has; {MEI} is active\n"
    assert shell.rows(*join) == shell.rows("resident show", MEI)
    assert shell.say("resident joins") == "nothing\n"
    assert asked(counter, new) is JoinState.JOINED


def test_the_cards_of_before_stay_where_that_is_said(shell: Shells, new: Holder) -> None:
    [seen] = shell.rows(
        "resident join",
        MEI,
        *("--card", in_groups(new.card), "--evidence", "answered-question", "--keep-earlier"),
    )

    assert seen["cards"] == 2


def test_a_card_is_refused_at_the_shell(shell: Shells, counter: HubCalls, new: Holder) -> None:
    fingerprint = in_groups(new.card)

    said = shell.say("resident refuse-join", MEI, "--card", fingerprint, "--why", "no-evidence")

    assert said == f"{fingerprint} is not joined to {MEI}\n"
    assert asked(counter, new) is JoinState.REFUSED


def test_a_card_that_did_not_ask_is_not_joined(shell: Shells, new: Holder) -> None:
    wrong = ("--card", "0000-0000-0000-0000", "--evidence", "answered-question")

    assert refused(lambda: shell.say("resident join", MEI, *wrong)) == "no-such-join"
    assert in_groups(new.card) in shell.say("resident joins")


def test_the_shell_names_the_evidence_that_there_is(shell: Shells) -> None:
    for kind, verb in ((Evidence, "join"), (NotJoined, "refuse-join")):
        told = shell.type(f"resident {verb} --help").output.replace("\n", "").replace(" ", "")
        assert "|".join(kind) in told
