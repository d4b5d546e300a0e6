"""Every point of a town accounted for: the figures of the towns' own documents."""

from pathlib import Path

import pytest

from hub import totals
from hub.forms import GrantForm, ProgrammeForm
from hub.paging import asked
from hub.people import Role
from hub.store.database import Tx
from hub.views import AccountRow
from sync.certificate import Algorithm, CardKey
from sync.values import KeyDigest, MunicipalityCode
from tests.doubles.clocks import at
from tests.doubles.listening import listening
from tests.hub.corner import FISH_SHOP, GREENGROCER, Corner, Resident
from tests.hub.refusals import refused
from tests.hub.shells import Shells
from tests.hub.townhall import KAWASAKI, TOSHIMA, Townhall, townhall

SHIBUYA = "131130"
PROGRAMMES = (
    ("101", "清掃", "環境局"),
    ("102", "体操", "健康福祉局"),
    ("103", "講座", "健康福祉局"),
)


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    """Kawasaki with the programmes of two departments, Toshima and Shibuya with one each."""
    hall = townhall(tmp_path)
    hall.join(TOSHIMA, "豊島区")
    hall.join(SHIBUYA, "渋谷区")
    for code, name, department in PROGRAMMES:
        begin(hall, KAWASAKI, code, name, department)
    for code in (TOSHIMA, SHIBUYA):
        begin(hall, code, "101", "清掃", "環境課")
    return hall


def test_each_town_knows_what_all_residents_have_of_its_points(
    hall: Townhall, shell: Shells
) -> None:
    """A01 has 4,000 of Kawasaki and 5,000 of Toshima; C05 has 12,000 and 1,000 of another town."""
    for name, code, points in (
        ("AAAAAA01", KAWASAKI, 4_000),
        ("AAAAAA01", TOSHIMA, 5_000),
        ("CCCCCC05", KAWASAKI, 12_000),
        ("CCCCCC05", SHIBUYA, 1_000),
    ):
        give(hall, name, code, points)

    rows = shell.rows("account totals")

    assert {row["name"]: row["points"] for row in rows} == {
        "川崎市": 16_000,
        "豊島区": 5_000,
        "渋谷区": 1_000,
    }
    assert {row["name"]: row["residents"] for row in rows} == {
        "川崎市": 2,
        "豊島区": 1,
        "渋谷区": 1,
    }
    shown = {row["municipality"]: row["available"] for row in balance(shell, "AAAAAA01")}
    assert shown == {KAWASAKI: 4_000, TOSHIMA: 5_000}


def test_a_page_of_totals_adds_up_its_own_towns_only(
    hall: Townhall, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[str] = []
    as_it_is = totals.accounts

    def noted(tx: Tx, code: MunicipalityCode) -> list[AccountRow]:
        added.append(code)
        return as_it_is(tx, code)

    monkeypatch.setattr(totals, "accounts", noted)
    first = hall.hub.treasury.town_totals(hall.sato, asked("", 2))
    assert added == [SHIBUYA, TOSHIMA]
    second = hall.hub.treasury.town_totals(hall.sato, asked(first.next, 2))

    assert [row.municipality for row in (*first, *second)] == [SHIBUYA, TOSHIMA, KAWASAKI]
    assert added == [SHIBUYA, TOSHIMA, KAWASAKI]


def test_cleaning_gymnastics_and_a_course_are_620_and_each_department_knows_its_own(
    hall: Townhall, shell: Shells
) -> None:
    for programme, points, purpose in (
        ("101", 100, "駅前の清掃"),
        ("102", 20, "朝の体操"),
        ("103", 500, "健康講座"),
    ):
        give(hall, "AAAAAA01", KAWASAKI, points, programme=programme, why=purpose)
    give(hall, "CCCCCC05", KAWASAKI, 100)

    granted = shell.rows("grant list --mykey-id AAAAAA01")
    assert [(row["department"], row["name"], row["points"]) for row in granted] == [
        ("環境局", "清掃", 100),
        ("健康福祉局", "体操", 20),
        ("健康福祉局", "講座", 500),
    ]
    assert [row["available"] for row in balance(shell, "AAAAAA01")] == [620]
    assert [row["persons"] for row in granted] == [["Sato"]] * 3
    totals = {row["department"]: row["granted"] for row in shell.rows("grant totals")}
    assert totals == {"環境局": 200, "健康福祉局": 520, "環境課": 0}
    by_programme = {
        (row["municipality"], row["programme"]): row["granted"]
        for row in shell.rows("programme list")
    }
    assert by_programme[KAWASAKI, "101"] == 200


def test_a_look_at_what_somebody_was_granted_is_entered(hall: Townhall, shell: Shells) -> None:
    give(hall, "AAAAAA01", KAWASAKI, 100)
    shell.rows("grant list --mykey-id AAAAAA01", person="Suzuki")
    with hall.hub.core.database.read() as tx:
        assert tx.rows("SELECT person FROM chronicle WHERE kind='hub.looked'") == [("Suzuki",)]


def test_the_accounts_of_a_town_are_zero_together_and_name_no_resident(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    from hub.totals import accounts, flows

    town.grant(jiro, 300)
    town.ticket(town.node(FISH_SHOP), hana, 400)
    for shop, points in ((town.node(GREENGROCER), 250), (town.node(GREENGROCER, "1112"), 20)):
        town.feed(shop, available=300)
        shop.spend(jiro.card, town.account(jiro), points, town=code(KAWASAKI))
        town.put(shop)

    with town.core.database.read() as tx:
        held = {row.account: (row.count, row.points) for row in accounts(tx, code(KAWASAKI))}
        went = flows(tx, code(KAWASAKI))

    assert held == {
        "issuer": (1, -1_300),
        "outstanding:101": (1, 400),
        "payable:141305-B2108": (1, 270),
        "wallet": (2, 630),
    }
    assert len(went) == 4
    assert {(row.source, row.target): row.points for row in went} == {
        ("issuer", "wallet"): 1_300,
        ("hold", "outstanding"): 400,
        ("wallet", "hold"): 400,
        ("wallet", "payable"): 270,
    }


def test_a_clerk_sees_the_totals_of_the_own_town(hall: Townhall, shell: Shells) -> None:
    hall.person("Mori", Role.CLERK, TOSHIMA)
    assert [row["name"] for row in shell.rows("account totals", person="Mori")] == ["豊島区"]
    assert [row["department"] for row in shell.rows("grant totals", person="Mori")] == ["環境課"]
    mori = hall.hub.office.sign_in(hall.tokens["Mori"])
    for ask in (hall.hub.treasury.accounts, hall.hub.treasury.flows):
        assert refused(lambda ask=ask: ask(mori, KAWASAKI)) == "not-allowed"  # type: ignore[misc]
        assert ask(mori, TOSHIMA) == []


def test_a_town_that_never_joined_has_no_accounts(shell: Shells) -> None:
    for words in ("account list 131041", "account flows 131041"):
        done = shell.type(words)
        assert "no municipality 131041 has joined" in str(done.exception)


def begin(hall: Townhall, town: str, programme: str, name: str, department: str) -> None:
    form = ProgrammeForm(programme=programme, municipality=town, name=name, department=department)
    hall.hub.treasury.add_programme(hall.sato, form)


def test_a_page_of_grants_asks_no_more_than_one_grant(hall: Townhall) -> None:
    give(hall, "AAAAAA01", KAWASAKI, 100)
    with listening(hall.hub.core.database) as one:
        grants(hall, "AAAAAA01")
    for town, programme, points in (
        (KAWASAKI, "102", 200),
        (KAWASAKI, "101", 300),
        (KAWASAKI, "103", 400),
    ):
        give(hall, "AAAAAA01", town, points, programme=programme, why="祭り")

    with listening(hall.hub.core.database) as four:
        told = grants(hall, "AAAAAA01")

    assert told == [
        ("清掃", "環境局", 100, ""),
        ("体操", "健康福祉局", 200, "祭り"),
        ("清掃", "環境局", 300, "祭り"),
        ("講座", "健康福祉局", 400, "祭り"),
    ]
    assert len(four.asked) == len(one.asked)


def grants(hall: Townhall, name: str) -> list[tuple[str, str, int, str]]:
    """What a resident was granted, as the desk is told."""
    return [
        (row.name, row.department, row.points, row.purpose)
        for row in hall.hub.treasury.grants(hall.sato, name)
    ]


def give(
    hall: Townhall, name: str, town: str, points: int, *, programme: str = "101", why: str = ""
) -> None:
    card = CardKey(
        digest=KeyDigest(name.encode() * 4),
        algorithm=Algorithm.RS256,
        public_key=b"spki",
        issuer_key_id=b"demo",
        serial=0,
        not_after=at("2030-01-01 00:00"),
    )
    hall.hub.mykey.register(card, name, consent_points=True)
    form = GrantForm(
        mykey_id=name, municipality=town, points=points, programme=programme, purpose=why
    )
    asked = hall.hub.treasury.grant(hall.sato, form)
    if asked.pending:
        hall.hub.office.approve(hall.suzuki, asked.pending)


def balance(shell: Shells, name: str) -> list[dict[str, object]]:
    return shell.rows(f"balance show --mykey-id {name}")


def code(town: str) -> MunicipalityCode:
    return MunicipalityCode(town)
