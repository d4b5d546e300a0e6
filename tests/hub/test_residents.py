"""What may happen to a MyKey ID at the desk: who may do it, what is said, what it changes."""

from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit_hub
from hub.bodies import Looked
from hub.chronicle import chain_of
from hub.forms import GrantForm, NewIdForm, ProgrammeForm
from hub.intake.verify import InlineVerifier
from hub.mykey.reasons import Cancellation, Change, Resumption, Suspension
from hub.people import Person, Role
from sync.certificate import Algorithm, CardKey
from sync.errors import Malformed
from sync.values import MunicipalityCode, MyKeyId
from tests.doubles.clocks import at
from tests.doubles.pen import Card
from tests.hub.refusals import refused
from tests.hub.shells import Shells
from tests.hub.townhall import KAWASAKI, TOSHIMA, Townhall, townhall

HANA, OTHER = "MY123456", "HANA2026"
KAWASAKIS = MunicipalityCode(KAWASAKI)


@pytest.fixture
def hall(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> Townhall:
    """Hana has 500 points of Kawasaki; Toshima has joined as well."""
    hall = townhall(tmp_path)
    hall.join(TOSHIMA, "豊島区")
    register(hall, card_keys[0], HANA)
    form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")
    hall.hub.treasury.add_programme(hall.sato, form)
    grant(hall, HANA, 500)
    return hall


# -- who may


def test_a_clerk_of_a_town_where_the_resident_has_points_may(hall: Townhall, kato: Person) -> None:
    desk = hall.hub.residents

    assert desk.suspend(kato, HANA, "asked-by-phone").state == "suspended"
    assert desk.resume(kato, HANA, "cleared-up").state == "active"
    assert desk.change_id(kato, HANA, NewIdForm(new_id=OTHER, why="asked-here")).mykey_id == OTHER
    assert desk.cancel(kato, OTHER, "asked-here").state == "cancelled"
    assert audit_hub(hall.hub, InlineVerifier()) == []


def test_a_clerk_of_another_town_and_an_auditor_may_only_look(hall: Townhall, mori: Person) -> None:
    desk, wish = hall.hub.residents, NewIdForm(new_id=OTHER, why="asked-here")
    for person in (mori, hall.person("Ito", Role.AUDITOR)):
        acts = (
            partial(desk.suspend, person, HANA, "card-lost"),
            partial(desk.resume, person, HANA, "card-found"),
            partial(desk.change_id, person, HANA, wish),
            partial(desk.cancel, person, HANA, "asked-here"),
        )
        assert {refused(act) for act in acts} == {"not-allowed"}
        assert desk.show(person, HANA).state == "active"


def test_who_has_no_points_anywhere_yet_is_every_towns(
    hall: Townhall, mori: Person, card_keys: list[RSAPrivateKey]
) -> None:
    register(hall, card_keys[1], OTHER)

    assert hall.hub.residents.suspend(mori, OTHER, "card-lost").state == "suspended"


def test_who_asks_again_for_another_id_still_may(
    hall: Townhall, kato: Person, mori: Person
) -> None:
    desk, form = hall.hub.residents, NewIdForm(new_id=OTHER, why="asked-here")
    first = desk.change_id(kato, HANA, form)

    assert desk.change_id(kato, HANA, form) == first
    assert refused(lambda: desk.change_id(mori, HANA, form)) == "not-allowed"


def test_a_reason_in_other_words_is_not_taken(hall: Townhall, kato: Person) -> None:
    with pytest.raises(Malformed, match="one of card-lost, card-stolen"):
        hall.hub.residents.suspend(kato, HANA, "her sister called from Osaka")
    assert hall.hub.residents.show(kato, HANA).steps == []


# -- points


def test_a_suspended_residents_points_still_grow(hall: Townhall) -> None:
    hall.hub.residents.suspend(hall.sato, HANA, "card-lost")

    grant(hall, HANA, 20)

    assert [row.available for row in hall.hub.treasury.balances(hall.sato, HANA)] == [520]


def test_who_leaves_is_told_what_stays_and_gets_no_more(hall: Townhall, kato: Person) -> None:
    ended = hall.hub.residents.cancel(kato, HANA, "asked-here")

    assert [(row.municipality, row.available) for row in ended.left] == [(KAWASAKI, 500)]
    assert looks(hall) == [("Kato",)]
    assert refused(lambda: grant(hall, HANA, 20)) == "mykey-id-cancelled"
    again = hall.hub.residents.cancel(kato, HANA, "asked-here")
    assert [row.available for row in again.left] == [500]
    assert audit_hub(hall.hub, InlineVerifier()) == []


def test_only_the_own_towns_points_are_said_to_who_works_for_one(
    hall: Townhall, kato: Person
) -> None:
    hall.hub.mykey.account_for(MyKeyId(HANA), MunicipalityCode(TOSHIMA))

    ended = hall.hub.residents.cancel(kato, HANA, "asked-here")

    assert [row.municipality for row in ended.left] == [KAWASAKI]


def test_a_grant_that_waited_too_long_is_not_approved(hall: Townhall) -> None:
    asked = hall.hub.treasury.grant(hall.sato, form(HANA, 10_001))
    hall.hub.residents.cancel(hall.sato, HANA, "died")

    approve = hall.hub.office.approve
    assert refused(lambda: approve(hall.suzuki, asked.pending)) == "mykey-id-cancelled"
    hall.hub.office.decline(hall.suzuki, asked.pending, "she died")
    assert hall.hub.office.pending(hall.suzuki) == []


def test_a_grant_that_waited_reaches_who_is_called_otherwise_now(hall: Townhall) -> None:
    asked = hall.hub.treasury.grant(hall.sato, form(HANA, 10_001))
    hall.hub.residents.change_id(hall.sato, HANA, NewIdForm(new_id=OTHER, why="known-to-others"))

    [waiting] = hall.hub.office.pending(hall.suzuki)
    hall.hub.office.approve(hall.suzuki, asked.pending)

    assert waiting.what["mykey_id"] == OTHER
    assert [row.available for row in hall.hub.treasury.balances(hall.sato, OTHER)] == [10_501]


# -- at a shell


def test_a_life_at_the_shell(shell: Shells) -> None:
    suspend = ("resident suspend", HANA, "--why", "card-lost")
    assert shell.say(*suspend) == f"{HANA} is suspended\n"
    assert shell.rows(*suspend) == shell.rows("resident show", HANA)
    assert shell.say("resident resume", HANA, "--why", "card-found") == f"{HANA} is active\n"
    changed = shell.say("resident change-id", HANA, "--to", OTHER, "--why", "known-to-others")
    assert changed == f"{HANA} is {OTHER} from now on\n"
    assert shell.say("resident cancel", OTHER, "--why", "asked-here") == (
        f"{OTHER} is cancelled\n500 points of {KAWASAKI} are left, until they lapse\n"
    )
    [shown] = shell.rows("resident show", OTHER)
    assert [(each["what"], each["why"], each["person"]) for each in shown["steps"]] == [
        ("suspended", "card-lost", "Sato"),
        ("resumed", "card-found", "Sato"),
        ("id-changed", "known-to-others", "Sato"),
        ("cancelled", "asked-here", "Sato"),
    ]
    [ended] = shell.rows("resident cancel", OTHER, "--why", "asked-here")
    assert (ended["state"], ended["left"][0]["available"]) == ("cancelled", 500)


def test_an_id_is_made_where_none_is_wished(shell: Shells) -> None:
    [made] = shell.rows("resident change-id", HANA, "--why", "known-to-others")

    assert made["generated"]
    assert made["mykey_id"] != HANA


def test_the_shell_names_the_reasons_that_there_are(shell: Shells) -> None:
    wrong = shell.type("resident suspend", HANA, "--why", "noise")

    assert wrong.exit_code == 2
    for kind, verb in (
        (Suspension, "suspend"),
        (Resumption, "resume"),
        (Change, "change-id"),
        (Cancellation, "cancel"),
    ):
        told = shell.type(f"resident {verb} --help").output.replace("\n", "").replace(" ", "")
        assert "|".join(kind) in told


def register(hall: Townhall, key: RSAPrivateKey, name: str) -> None:
    """Somebody's card was believed, and its holder agreed to points."""
    card = Card(key)
    believed = CardKey(
        digest=card.digest,
        algorithm=Algorithm.RS256,
        public_key=card.spki,
        issuer_key_id=b"demo",
        serial=0,
        not_after=at("2036-01-01 00:00"),
    )
    hall.hub.mykey.register(believed, name, consent_points=True)


def form(name: str, points: int) -> GrantForm:
    return GrantForm(mykey_id=name, municipality=KAWASAKI, points=points, programme="001")


def grant(hall: Townhall, name: str, points: int) -> None:
    hall.hub.treasury.grant(hall.sato, form(name, points))


def looks(hall: Townhall) -> list[tuple[str, ...]]:
    """Who looked at anybody's points in Kawasaki."""
    with hall.hub.core.database.read() as tx:
        return [
            record.persons
            for record, _, _ in chain_of(tx, KAWASAKIS)
            if isinstance(record.body, Looked)
        ]
