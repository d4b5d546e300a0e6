"""What moves money is done once under its key, whatever line breaks, and whoever asks again."""

import hashlib
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from hub.api.app import make_app
from hub.client import HubClient
from hub.forms import Answered, GrantForm, ProgrammeForm
from hub.once import KEPT, Attempt, KeyMissing, KeyUsed, read_key
from hub.people import Person, Role
from sync.errors import Malformed, RefusedByRule, Unreachable
from sync.request import Door, Request, Response
from sync.values import MyKeyId
from tests.hub.mykey.people import HANA, card
from tests.hub.refusals import refused
from tests.hub.shells import ClientDoor
from tests.hub.townhall import KAWASAKI, Townhall, townhall

DONE = Answered(outcome="done")


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    """Hana is registered, and there is something to grant her points for."""
    hall = townhall(tmp_path)
    hall.hub.mykey.register(card("hana"), HANA, consent_points=True)
    programme = ProgrammeForm(programme="101", municipality=KAWASAKI, name="清掃")
    hall.hub.treasury.add_programme(hall.sato, programme)
    return hall


class Counted:
    """Something that should be done once."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Answered:
        self.times += 1
        return Answered(outcome="done", pending=f"141305-{self.times}")


def attempt(person: Person, key: str = "key-00001", asked: bytes = b"grant 500") -> Attempt:
    return Attempt(person=person, key=key, asked=asked)


def test_the_same_call_again_gets_the_same_answer_and_nothing_is_done(hall: Townhall) -> None:
    grant = Counted()
    first = hall.hub.once.do(attempt(hall.sato), Answered, grant)
    again = hall.hub.once.do(attempt(hall.sato), Answered, grant)
    assert (first, grant.times) == (again, 1)


def test_another_call_under_the_same_key_is_not_done(hall: Townhall) -> None:
    hall.hub.once.do(attempt(hall.sato), Answered, Counted())
    other = Counted()
    with pytest.raises(KeyUsed, match="stands for another call"):
        hall.hub.once.do(attempt(hall.sato, asked=b"grant 501"), Answered, other)
    assert other.times == 0


def test_a_key_is_its_persons_own(hall: Townhall, kato: Person) -> None:
    grant = Counted()
    for person in (hall.sato, hall.suzuki, kato):
        hall.hub.once.do(attempt(person), Answered, grant)
    assert grant.times == 3


def test_what_was_refused_may_be_asked_again(hall: Townhall) -> None:
    def refuses() -> Answered:
        raise RefusedByRule("over-budget", "the budget is used up")

    assert refused(lambda: hall.hub.once.do(attempt(hall.sato), Answered, refuses)) == "over-budget"
    grant = Counted()
    hall.hub.once.do(attempt(hall.sato), Answered, grant)
    assert grant.times == 1


def test_what_fails_half_way_leaves_neither_a_key_nor_what_it_did(hall: Townhall) -> None:
    form = GrantForm(mykey_id=HANA, municipality=KAWASAKI, points=500, programme="101")

    def breaks() -> Answered:
        hall.hub.treasury.grant(hall.sato, form)
        raise Unreachable("the database went away")

    with pytest.raises(Unreachable):
        hall.hub.once.do(attempt(hall.sato), Answered, breaks)
    assert granted(hall) == 0
    hall.hub.once.do(attempt(hall.sato), Answered, lambda: hall.hub.treasury.grant(hall.sato, form))
    assert granted(hall) == 500


def test_a_key_is_forgotten_after_a_week(hall: Townhall) -> None:
    grant = Counted()
    hall.hub.once.do(attempt(hall.sato), Answered, grant)
    hall.clock.turn(ms=KEPT - 1)
    hall.hub.once.do(attempt(hall.sato), Answered, grant)
    assert grant.times == 1
    hall.clock.turn(ms=1)
    hall.hub.once.do(attempt(hall.sato), Answered, grant)
    assert (grant.times, stored(hall)) == (2, 1)


def test_while_it_is_being_done_the_same_key_waits(hall: Townhall) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Answered:
        begun.set()
        assert go_on.wait(10)
        return DONE

    first = threading.Thread(
        target=lambda: hall.hub.once.do(attempt(hall.sato), Answered, slow), daemon=True
    )
    first.start()
    assert begun.wait(10)
    try:
        reason = refused(lambda: hall.hub.once.do(attempt(hall.sato), Answered, Counted()))
        assert reason == "key-under-way"
    finally:
        go_on.set()
        first.join(10)
    assert hall.hub.once.do(attempt(hall.sato), Answered, Counted()) == DONE


def test_nobody_reads_out_of_the_table_what_was_asked(hall: Townhall) -> None:
    """Few requests are possible: a bare digest would tell which one it was."""
    asked = b"POST\0/v1/desk/grants\0HANA"
    hall.hub.once.do(attempt(hall.sato, asked=asked), Answered, Counted())
    with hall.hub.core.database.read() as tx:
        kept = bytes(tx.scalar("SELECT asked FROM answered"))
    assert len(kept) == 32
    assert kept != hashlib.sha256(asked).digest()
    assert kept != hashlib.sha256(b"idempotency/1" + asked).digest()


class Breaking:
    """A line that loses every answer once, so that the request is sent again."""

    def __init__(self, line: Door) -> None:
        self._line = line

    def send(self, request: Request) -> Response:
        """As :class:`sync.http.HttpDoor` does where a connection breaks."""
        self._line.send(request)
        return self._line.send(request)


def test_a_grant_whose_answer_is_lost_is_made_once(hall: Townhall) -> None:
    with TestClient(make_app(hall.hub)) as http:
        sato = HubClient(Breaking(ClientDoor(http)), hall.tokens["Sato"])
        form = GrantForm(mykey_id=HANA, municipality=KAWASAKI, points=500, programme="101")
        assert sato.grant(form).outcome == "done"
        assert granted(hall) == 500
        assert sato.grant(form).outcome == "done"  # somebody means it once more
    assert granted(hall) == 1_000


def test_a_large_grant_waits_once_for_the_second_person(hall: Townhall) -> None:
    with TestClient(make_app(hall.hub)) as http:
        sato = HubClient(Breaking(ClientDoor(http)), hall.tokens["Sato"])
        form = GrantForm(mykey_id=HANA, municipality=KAWASAKI, points=20_000, programme="101")
        pending = sato.grant(form).pending
    assert [each.id for each in hall.hub.office.pending(hall.suzuki)] == [pending]


def test_somebody_whose_right_ended_hears_no_earlier_answer(hall: Townhall) -> None:
    hall.person("Ueno", Role.PLATFORM)
    with TestClient(make_app(hall.hub)) as http:
        headers = {
            "Authorization": f"Bearer {hall.tokens['Ueno']}",
            "Idempotency-Key": '"12345678"',
        }
        body = b'{"mykey_id":"%s","municipality":"141305","points":5,"programme":"101"}' % (
            HANA.encode()
        )
        assert http.post("/v1/desk/grants", headers=headers, content=body).status_code == 200
        hall.hub.office.revoke_operator(hall.sato, "Ueno")
        assert http.post("/v1/desk/grants", headers=headers, content=body).status_code == 401


@pytest.mark.parametrize("header", ["", "  "])
def test_a_call_that_moves_money_needs_a_key(header: str) -> None:
    with pytest.raises(KeyMissing, match="draw anew"):
        read_key(header)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=150))
def test_any_header_is_a_key_or_is_refused(header: str) -> None:
    key = ""
    with suppress(Malformed):
        key = read_key(header)
    assert key == "" or header.strip() == f'"{key}"'
    assert key == "" or (8 <= len(key) <= 128 and key.isascii())


def granted(hall: Townhall) -> int:
    """What Hana has got."""
    return sum(row.points for row in hall.hub.treasury.grants(hall.sato, MyKeyId(HANA)))


def stored(hall: Townhall) -> int:
    with hall.hub.core.database.read() as tx:
        return int(tx.scalar("SELECT count(*) FROM answered"))
