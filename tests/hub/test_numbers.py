"""Service numbers from a file, as an operator loads them: tried first, all or nothing, by whom."""

from functools import partial
from pathlib import Path
from time import perf_counter

import pytest

from hub.forms import NumbersForm
from hub.mykey.bodies import MyKeyRecord, NumbersLinked
from hub.mykey.reasons import Cancellation, Change
from hub.mykey.records import chain
from hub.people import Person, Role
from hub.views import NumbersLoaded
from sync.errors import Malformed
from sync.services import ServiceNumber
from sync.values import MyKeyId, OrganisationId
from tests.hub.mykey.people import HANA, JIRO, card
from tests.hub.refusals import refused
from tests.hub.shells import Shells
from tests.hub.townhall import GREENGROCER, KAWASAKI, TOSHIMA, Townhall, townhall

SHOP = OrganisationId(GREENGROCER)
GOOD = f"MyKey ID,number\n{HANA},789145\n{JIRO},456578\n".encode()


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    """Hana and Jiro are registered; Toshima has joined as well."""
    hall = townhall(tmp_path)
    hall.join(TOSHIMA, "豊島区")
    for who, name in (("hana", HANA), ("jiro", JIRO)):
        hall.hub.mykey.register(card(who), name, consent_points=True)
    return hall


def load(hall: Townhall, person: Person, data: bytes, *, apply: bool = True) -> NumbersLoaded:
    """Load a file for the greengrocer."""
    return hall.hub.numbers.load(person, SHOP, NumbersForm(file=data, apply=apply))


def number(hall: Townhall, who: str) -> str:
    """What the greengrocer hears of somebody's card."""
    return hall.hub.numbers._services.number_of(card(who).digest, SHOP)[1]


def records(hall: Townhall) -> list[MyKeyRecord]:
    with hall.hub.mykey._database.read() as tx:
        return chain(tx)


def test_a_file_is_tried_first_and_changes_nothing(hall: Townhall, kato: Person) -> None:
    before = records(hall)

    tried = load(hall, kato, GOOD, apply=False)

    assert (tried.rows, tried.new, tried.changed, tried.same, tried.applied) == (2, 2, 0, 0, False)
    assert records(hall) == before
    assert number(hall, "hana") == ""


def test_a_loaded_file_is_one_record_with_the_person(hall: Townhall, kato: Person) -> None:
    done = load(hall, kato, GOOD)

    assert (done.new, done.applied) == (2, True)
    assert (number(hall, "hana"), number(hall, "jiro")) == ("789145", "456578")
    body = records(hall)[-1].body
    assert isinstance(body, NumbersLinked)
    assert (body.organisation, body.person, len(body.numbers)) == (SHOP, "Kato", 2)
    assert hall.hub.mykey.audit() == []


def test_the_same_file_again_changes_nothing(hall: Townhall, kato: Person) -> None:
    load(hall, kato, GOOD)
    before = records(hall)

    again = load(hall, kato, GOOD)

    assert (again.new, again.changed, again.same, again.applied) == (0, 0, 2, True)
    assert records(hall) == before


def test_two_people_may_change_their_numbers_with_each_other(hall: Townhall, kato: Person) -> None:
    load(hall, kato, GOOD)

    done = load(hall, kato, f"{HANA},456578\n{JIRO},789145\n".encode())

    assert (done.changed, done.applied) == (2, True)
    assert (number(hall, "hana"), number(hall, "jiro")) == ("456578", "789145")
    assert hall.hub.mykey.audit() == []


def test_who_does_not_stand_in_a_file_keeps_the_number(hall: Townhall, kato: Person) -> None:
    load(hall, kato, GOOD)

    load(hall, kato, f"{HANA},1\n".encode())

    assert (number(hall, "hana"), number(hall, "jiro")) == ("1", "456578")


def test_a_number_of_somebody_outside_the_file_is_not_given_twice(
    hall: Townhall, kato: Person
) -> None:
    load(hall, kato, GOOD)

    done = load(hall, kato, f"{HANA},456578\n".encode())

    [bad] = done.bad
    assert (done.applied, bad.line) == (False, 1)
    assert "does not stand in this file" in bad.what
    assert number(hall, "hana") == "789145"


def test_one_wrong_line_and_nothing_is_loaded(hall: Townhall, kato: Person) -> None:
    hall.hub.mykey.register(card("left"), MyKeyId("LEFT0001"), consent_points=False)
    hall.hub.mykey.cancel(MyKeyId("LEFT0001"), Cancellation.ASKED, person="Sato")
    hall.hub.mykey.change_id(JIRO, "JIRO2026", Change.KNOWN, person="Sato")
    lines = f"NOBODY01,1\nLEFT0001,2\n{JIRO},3\nabc12345,4\n"

    done = load(hall, kato, GOOD.replace(JIRO.encode(), b"JIRO2026") + lines.encode())

    assert [(bad.line, bad.what.split(":")[0]) for bad in done.bad] == [
        (4, "nobody is registered as NOBODY01"),
        (5, "LEFT0001 was cancelled"),
        (6, f"{JIRO} is nobody's ID any more"),
        (7, "MyKey ID 'abc12345'"),
    ]
    assert (done.bad_lines, done.applied) == (4, False)
    assert number(hall, "hana") == ""


def test_only_who_works_for_the_town_loads_and_an_auditor_only_looks(hall: Townhall) -> None:
    mori = hall.person("Mori", Role.CLERK, TOSHIMA)
    ito = hall.person("Ito", Role.AUDITOR, KAWASAKI)

    for person in (mori, ito):
        assert refused(partial(load, hall, person, GOOD)) == "not-allowed"
    assert refused(lambda: hall.hub.numbers.show(mori, SHOP)) == "not-allowed"
    assert hall.hub.numbers.show(ito, SHOP).numbers == 0


def test_an_organisation_that_is_none_has_no_numbers(hall: Townhall, kato: Person) -> None:
    numbers, form = hall.hub.numbers, NumbersForm(file=GOOD, apply=True)

    unknown = refused(lambda: numbers.load(kato, "141305-ZZ9", form))

    assert unknown == "organisation-unknown"
    with pytest.raises(Malformed):
        numbers.load(kato, "greengrocer", form)


def test_ten_thousand_numbers_take_a_moment(hall: Townhall, kato: Person) -> None:
    names = [f"N{place:07}" for place in range(10_000)]
    with hall.hub.mykey._database.write() as tx:
        tx.many(
            "INSERT INTO member (mykey_id, state, generated, changed)"
            " VALUES (?, 'active', TRUE, 0)",
            [(name,) for name in names],
        )
    data = "".join(f"{name},{place}\n" for place, name in enumerate(names)).encode()

    begun = perf_counter()
    done = load(hall, kato, data)

    assert (done.new, done.applied) == (10_000, True)
    assert perf_counter() - begun < 10, "set by set, not one by one: about half a second"


def test_an_operator_loads_a_file_from_the_shell(
    shell: Shells, hall: Townhall, tmp_path: Path
) -> None:
    file = tmp_path / "numbers.csv"
    file.write_bytes(f"マイキーID,番号\r\n{HANA},789145\r\n".encode("cp932"))

    assert "nothing was changed, say --apply" in shell.say(f"services load {SHOP}", str(file))
    assert number(hall, "hana") == ""
    assert "1 numbers of 141305-B2108 are linked: 1 new" in shell.say(
        f"services load {SHOP}", str(file), "--apply"
    )
    assert shell.rows(f"services show {SHOP}") == [{"organisation": SHOP, "numbers": 1}]
    assert number(hall, "hana") == ServiceNumber("789145")


def test_a_bad_file_is_said_line_by_line_with_an_exit_code(shell: Shells, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text(f"{HANA},1\nNOBODY01,2\n")

    done = shell.type(f"services load {SHOP}", str(file), "--apply")

    assert done.exit_code == 3
    assert "line 2: nobody is registered as NOBODY01" in done.stdout
    assert "1 lines cannot be loaded: nothing was changed" in done.stdout
    assert shell.rows(f"services show {SHOP}")[0]["numbers"] == 0
