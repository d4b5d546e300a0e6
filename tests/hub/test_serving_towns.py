"""Several hubs on one server's ledger, out of one folder, each for towns of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.audit import audit_hub
from hub.core import read_towns
from hub.hub import Hub, copy_of, init_hub, open_hub
from hub.intake.receive import receive
from hub.intake.verify import InlineVerifier
from hub.keys import KeyRing
from sync.certificate import CardKey
from sync.errors import InUse, Malformed, RefusedByRule
from sync.values import PLATFORM
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Card, Pen
from tests.hub.corner import (
    BOOKSHOP,
    GREENGROCER,
    ISSUER,
    KAWASAKI,
    ORIGIN,
    TOSHIMA,
    Corner,
    furnish,
    serial_of,
)

Opens = Callable[..., Hub]


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(at("2026-11-02 10:00"))


@pytest.fixture
def folder(tmp_path: Path, url: str, clock: TurnedClock) -> Path:
    """A hub on a server; two towns have joined."""
    made = tmp_path / "hub"
    init_hub(made, origin=ORIGIN, demo=True, database=url, clock=clock)
    with closing(open_hub(made, clock)) as hub:
        furnish(Corner(clock, hub.core, hub.mykey))
    return made


@pytest.fixture
def opens(folder: Path, clock: TurnedClock) -> Iterator[Opens]:
    """Opens a hub of some towns; those that are still open at the end are closed."""
    opened: list[Hub] = []

    def one(*towns: str) -> Hub:
        hub = open_hub(folder, clock, serves=frozenset(towns) if towns else None)
        opened.append(hub)
        return hub

    yield one
    for hub in opened:
        hub.close()


def sold(hub: Hub, clock: TurnedClock, keys: list[RSAPrivateKey]) -> list[Pen]:
    """A greengrocer of Kawasaki and a bookshop of Toshima take both towns' points offline."""
    corner = Corner(clock, hub.core, hub.mykey)
    who = corner.resident(keys[0])
    for town in (KAWASAKI, TOSHIMA):
        corner.grant(who, 1_000, town=town)
    pens = [corner.node(shop) for shop in (GREENGROCER, BOOKSHOP)]
    for pen in pens:
        corner.feed(pen, available=1_000)
        for town in (KAWASAKI, TOSHIMA):
            pen.spend(who.card, corner.account(who, town), 300, town=town)
    return pens


def test_each_hub_takes_in_and_posts_what_is_its_towns(
    folder: Path, opens: Opens, clock: TurnedClock, card_keys: list[RSAPrivateKey]
) -> None:
    whole = opens()
    greengrocer, bookshop = sold(whole, clock, card_keys)
    whole.close()
    kawasaki, toshima = opens(KAWASAKI), opens(TOSHIMA, PLATFORM)

    for hub, pen in ((kawasaki, greengrocer), (toshima, bookshop)):
        receive(hub.core, pen.node, pen.epoch, 1, pen.batch())
    corner = Corner(clock, kawasaki.core, kawasaki.mykey)
    kawasaki.round()
    assert corner.owed(greengrocer, KAWASAKI) == 300
    assert corner.owed(bookshop, KAWASAKI) == 0  # waits for its own home to hand it over
    toshima.round()
    assert corner.waiting() == 1
    kawasaki.round()

    assert corner.waiting() == 0
    for town in (KAWASAKI, TOSHIMA):
        assert [corner.owed(pen, town) for pen in (greengrocer, bookshop)] == [300, 300]
    with copy_of(folder) as copy:
        assert audit_hub(copy, InlineVerifier()) == []


def test_a_town_is_served_by_one_hub_and_then_by_whoever_stood_by(opens: Opens) -> None:
    first = opens(KAWASAKI)
    opens(TOSHIMA, PLATFORM)

    with pytest.raises(InUse, match="141305 is served by another hub"):
        opens(KAWASAKI)
    with pytest.raises(InUse):  # the whole ledger
        opens()
    first.close()
    opens(KAWASAKI)


def test_hubs_of_towns_wait_for_the_one_of_all(opens: Opens) -> None:
    whole = opens()

    with pytest.raises(InUse):
        opens(KAWASAKI)
    whole.close()
    opens(KAWASAKI)


def test_a_refused_hub_leaves_no_town_taken(opens: Opens) -> None:
    opens(TOSHIMA)
    with pytest.raises(InUse):
        opens(KAWASAKI, TOSHIMA)

    opens(KAWASAKI)


def test_of_two_who_wish_for_one_id_at_two_hubs_one_gets_it(
    opens: Opens, card_keys: list[RSAPrivateKey]
) -> None:
    hubs, gate = [opens(KAWASAKI), opens(TOSHIMA)], Barrier(2)
    cards = [
        CardKey(
            digest=card.digest,
            algorithm=card.algorithm,
            public_key=card.spki,
            issuer_key_id=ISSUER,
            serial=serial_of(card.digest),
            not_after=at("2036-01-01 00:00"),
        )
        for card in map(Card, card_keys)
    ]

    def register(place: int) -> str:
        gate.wait()
        try:
            return (
                hubs[place].mykey.register(cards[place], "HANAKO01", consent_points=True).mykey_id
            )
        except RefusedByRule as no:
            return no.reason

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(register, range(2))) == ["HANAKO01", "mykey-id-taken"]


def test_what_comes_to_the_wrong_hub_is_sent_away_and_nothing_is_done(opens: Opens) -> None:
    kawasaki = opens(KAWASAKI)
    with TestClient(make_app(kawasaki)) as http:
        other_town = http.get(f"/v1/nodes/{BOOKSHOP}-1111/feed?after=1-x:0")
        desk = http.get("/v1/desk/municipalities")
        own = http.get(f"/v1/nodes/{GREENGROCER}-1111/feed?after=1-x:0")
        everybody = http.get("/v1/time")

    for answer in (other_town, desk):
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:machikado:served-elsewhere"
        assert int(answer.headers["retry-after"]) > 0
    assert own.status_code == 401  # it is not signed
    assert everybody.status_code == 200


def test_each_hub_ends_the_days_of_its_own_towns(opens: Opens, clock: TurnedClock) -> None:
    clock.turn(days=1)
    kawasaki, toshima, desk = opens(KAWASAKI), opens(TOSHIMA), opens(PLATFORM)

    def ended() -> set[str]:
        with kawasaki.core.database.read() as tx:
            rows = tx.rows("SELECT municipality FROM chronicle WHERE kind='hub.day.ended'")
        return {town for (town,) in rows}

    kawasaki.nights.before()
    assert ended() == {KAWASAKI}
    toshima.nights.before()
    assert ended() == {KAWASAKI, TOSHIMA}

    clock.turn(days=1)
    desk.nights.before()  # nobody has come to the other two today
    kawasaki.nights.before()
    with desk.core.database.read() as tx:
        rows = tx.rows("SELECT municipality FROM chronicle WHERE kind='hub.day.ended' ORDER BY 1")
    assert [town for (town,) in rows] == [TOSHIMA, TOSHIMA, KAWASAKI, KAWASAKI]


def test_hubs_that_begin_a_month_at_the_same_moment_have_one_key(tmp_path: Path) -> None:
    """Evidence that is sealed for one of them has to open at the other."""
    rings = [KeyRing(tmp_path, SeededRandomness(name)) for name in ("one", "other")]
    gate = Barrier(len(rings))
    begun: list[bytes] = []

    def begin(ring: KeyRing) -> None:
        gate.wait()
        begun.append(ring.begin_month("2026-12"))

    threads = [Thread(target=begin, args=(ring,)) for ring in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(begun)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["sealing-2026-12.key"]


def test_a_key_that_another_hub_made_meanwhile_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (KeyRing(tmp_path, SeededRandomness(name)) for name in ("one", "other"))
    made = one.begin_month("2026-12")
    monkeypatch.setattr(other, "_is_there", lambda _name: False)  # as it looked a moment before

    assert other.begin_month("2026-12") == made


def test_a_ledger_in_a_file_has_one_hub(tmp_path: Path, clock: TurnedClock) -> None:
    init_hub(tmp_path / "hub", origin=ORIGIN, demo=True, clock=clock)

    with pytest.raises(Malformed, match="PostgreSQL"):
        open_hub(tmp_path / "hub", clock, serves=frozenset({KAWASAKI}))
    open_hub(tmp_path / "hub", clock).close()


def test_towns_are_named_by_their_codes() -> None:
    assert read_towns("") is None
    assert read_towns("141305, 000000") == frozenset[str]({KAWASAKI, PLATFORM})
    assert read_towns("131164") == frozenset[str]({TOSHIMA})
    with pytest.raises(Malformed):
        read_towns("141305,Toshima")
    with pytest.raises(Malformed):
        read_towns("141305,")
