"""A day ends before anything of the next one: by itself, or ahead of whoever comes first."""

from pathlib import Path

import pytest
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.bodies import Granted, ProgrammeAdded
from hub.client import HubClient
from hub.desk import enact
from hub.store.database import Tx
from sync.certificate import Algorithm, CardKey
from sync.errors import Damaged
from sync.values import KeyDigest, MunicipalityCode, MyKeyId, Points
from tests.doubles.clocks import at
from tests.hub.shells import ClientDoor
from tests.hub.townhall import KAWASAKI, Townhall, townhall

TOWN = MunicipalityCode(KAWASAKI)
LAST_DAY = "2026-11-30"


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    """A hub where Hana has 700 points that may be used until the end of November."""
    hall = townhall(tmp_path)
    card = CardKey(
        digest=KeyDigest(b"1" * 32),
        algorithm=Algorithm.RS256,
        public_key=b"public",
        issuer_key_id=b"demo",
        serial=0,
        not_after=at("2036-01-01 00:00"),
    )
    name = hall.hub.mykey.register(card, "HANA2026", consent_points=True).mykey_id
    account = hall.hub.mykey.account_for(name, TOWN)
    programme = ProgrammeAdded(
        TOWN, "101", "清掃", "環境局", 0, LAST_DAY, LAST_DAY, LAST_DAY, LAST_DAY
    )
    with hall.hub.core.database.write() as tx:
        enact(hall.hub.core, tx, programme, ("Sato",))
        enact(hall.hub.core, tx, Granted(TOWN, account, Points(700), "101", "x"), ("Sato",))
    return hall


def expired(hall: Townhall) -> int:
    with hall.hub.core.database.read() as tx:
        sql = "SELECT points FROM balance WHERE municipality=:town AND account LIKE 'wallet:%'"
        return 700 - int(tx.scalar(sql, town=TOWN))


def test_a_person_who_asks_on_a_new_day_sees_what_expired(hall: Townhall) -> None:
    with TestClient(make_app(hall.hub)) as http:
        sato = HubClient(ClientDoor(http), hall.tokens["Sato"])
        assert [row.available for row in sato.balances(MyKeyId("HANA2026"))] == [700]

        hall.clock.turn(days=29)  # the first of December

        assert [row.available for row in sato.balances(MyKeyId("HANA2026"))] == [0]


def test_the_hub_ends_a_day_by_itself(hall: Townhall) -> None:
    hall.hub.round()
    assert expired(hall) == 0

    hall.clock.turn(days=29)
    hall.hub.round()

    assert expired(hall) == 700


def test_a_town_whose_night_fails_stands_aside_and_people_are_told(
    hall: Townhall, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.join("131164", "豊島区")

    def fail(*_: object) -> None:
        raise Damaged("a lot without its grant")

    with monkeypatch.context() as broken:
        broken.setattr("hub.nightly.free_silent", _only_in(TOWN, fail))
        hall.clock.turn(days=29)
        hall.hub.round()

    assert expired(hall) == 0
    listed = hall.hub.treasury.exceptions(hall.sato)
    assert [each.reason for each in listed] == ["posting-stopped"]
    with hall.hub.core.database.read() as tx:
        assert _ended_until(tx, "131164") > _ended_until(tx, TOWN)


def _only_in(town: str, fail: object) -> object:
    def night(core: object, tx: object, here: str, *rest: object) -> None:
        if here == town:
            assert callable(fail)
            fail(core, tx, here, *rest)

    return night


def _ended_until(tx: Tx, town: str) -> int:
    sql = "SELECT expired_until FROM municipality WHERE municipality=:town"
    return int(tx.scalar(sql, town=town))
