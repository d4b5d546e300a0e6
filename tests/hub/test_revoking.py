"""A hub takes its issuers' lists: when told to, at its start, daily, hourly while that fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.mykey.revocation import InForce
from hub.people import Role
from hub.revoking import Attempt, due_at
from hub.serve import Lists
from hub.views import OfferedRow
from sync.certificate import check_certificate
from sync.democa import DemoCa
from sync.demolist import list_of
from sync.errors import Malformed
from sync.revocation import Kind
from sync.values import DAY, HOUR, CardState, Millis, MyKeyId
from tests.hub.refusals import refused
from tests.hub.shells import Shells, shells
from tests.hub.townhall import Holder, Townhall, holder, townhall

HANA = MyKeyId("HANA2026")


@dataclass
class Issuer:
    """A demo CA that drops its lists into a folder."""

    ca: DemoCa
    folder: Path
    hall: Townhall

    def drops(self, number: int, *held: int, name: str = "all.crl", life: Millis = DAY) -> None:
        entries = dict.fromkeys(held, Kind.HELD)
        at = self.hall.clock.now()
        (self.folder / name).write_bytes(list_of(self.ca, entries, number=number, at=at, life=life))


@pytest.fixture
def ca(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> DemoCa:
    return DemoCa.create(tmp_path / "ca", at=Millis(1_767_225_600_000), key=card_keys[1])


@pytest.fixture
def hall(tmp_path: Path, ca: DemoCa) -> Townhall:
    return townhall(tmp_path, ca.roots)


@pytest.fixture
def issuer(tmp_path: Path, ca: DemoCa, hall: Townhall) -> Issuer:
    (tmp_path / "lists").mkdir()
    return Issuer(ca, tmp_path / "lists", hall)


@pytest.fixture
def hana(hall: Townhall, ca: DemoCa, card_keys: list[RSAPrivateKey]) -> Holder:
    """Hana, who registered."""
    made = holder(ca, card_keys[0])
    hall.hub.mykey.register(hall.hub.mykey.check(made.certificate), HANA, consent_points=True)
    return made


@pytest.fixture
def shell(hall: Townhall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shells]:
    with shells(hall, monkeypatch) as opened:
        yield opened


def serial_of(hall: Townhall, who: Holder, ca: DemoCa) -> int:
    return check_certificate(who.certificate, ca.roots, hall.clock.now()).serial


def outcomes(hall: Townhall) -> list[str]:
    [last] = hall.hub.revoking.show(hall.sato).last
    return [row.outcome for row in last.offered]


def test_a_list_in_the_folder_closes_a_card(hall: Townhall, issuer: Issuer, hana: Holder) -> None:
    revoking = hall.hub.revoking
    issuer.drops(1, serial_of(hall, hana, issuer.ca))
    revoking.set_source(hall.sato, f"dir:{issuer.folder}")

    view = revoking.load(hall.sato)

    assert hall.hub.mykey.state_of(hana.card) is CardState.REVOKED
    assert (view.source, [(row.number, row.lapsed) for row in view.lists]) == (
        f"dir:{issuer.folder}",
        [(1, False)],
    )
    assert [row.outcome for attempt in view.last for row in attempt.offered] == ["taken"]
    assert hall.hub.mykey.audit() == []


def test_the_newest_list_of_a_folder_counts_and_the_rest_is_told(
    hall: Townhall, issuer: Issuer
) -> None:
    for place, number in (("a", 2), ("b", 3), ("c", 1)):
        issuer.drops(number, name=f"{place}.crl")
    (issuer.folder / "readme.txt").write_text("lists come here")
    hall.hub.revoking.set_source(hall.sato, f"dir:{issuer.folder}")

    view = hall.hub.revoking.load(hall.sato)

    assert [row.number for row in view.lists] == [3]
    rows = {Path(row.name).name: row.outcome for row in view.last[0].offered}
    assert rows == {
        "a.crl": "older",
        "b.crl": "taken",
        "c.crl": "older",
        "readme.txt": "not-believed",
    }
    assert view.last[0].worked


def test_a_load_that_fails_keeps_the_list_in_force_and_is_told(
    hall: Townhall, issuer: Issuer, hana: Holder
) -> None:
    issuer.drops(1, serial_of(hall, hana, issuer.ca))
    hall.hub.revoking.set_source(hall.sato, f"file:{issuer.folder}/all.crl")
    hall.hub.revoking.load(hall.sato)
    (issuer.folder / "all.crl").unlink()

    view = hall.hub.revoking.load(hall.sato)

    assert [row.number for row in view.lists] == [1]
    assert (view.last[0].worked, outcomes(hall)) == (False, ["not-read"])
    assert hall.hub.mykey.state_of(hana.card) is CardState.REVOKED
    hall.clock.turn(days=2)
    assert [row.lapsed for row in hall.hub.revoking.show(hall.sato).lists] == [True]


def test_only_who_runs_the_platform_sets_and_loads(hall: Townhall) -> None:
    clerk = hall.person("Kato", Role.CLERK)
    auditor = hall.person("Mori", Role.AUDITOR)

    for person in (clerk, auditor):
        assert refused(partial(hall.hub.revoking.set_source, person, "none")) == "not-allowed"
        assert refused(partial(hall.hub.revoking.load, person)) == "not-allowed"
        assert hall.hub.revoking.show(person).source == "none"
    assert refused(lambda: hall.hub.revoking.load(hall.sato)) == "no-revocation-source"
    with pytest.raises(Malformed, match="source"):
        hall.hub.revoking.set_source(hall.sato, "somewhere")


def test_one_person_alone_does_not_turn_the_lists_off(hall: Townhall, issuer: Issuer) -> None:
    revoking, source = hall.hub.revoking, f"dir:{issuer.folder}"
    assert revoking.set_source(hall.sato, "none").outcome == "done", "there is none yet"
    assert revoking.set_source(hall.sato, source).outcome == "done"

    asked = revoking.set_source(hall.sato, "none")

    assert (asked.outcome, revoking.show(hall.sato).source) == ("waiting", source)
    [waiting] = hall.hub.office.pending(hall.suzuki)
    assert (waiting.what["source"], waiting.what["source_now"]) == ("none", source)
    assert refused(partial(hall.hub.office.approve, hall.sato, asked.pending)) == "second-person"
    hall.hub.office.approve(hall.suzuki, asked.pending)
    assert revoking.show(hall.sato).source == "none"


def test_the_hub_loads_at_its_start_then_daily(hall: Townhall, issuer: Issuer) -> None:
    issuer.drops(1, life=Millis(3 * DAY))
    hall.hub.revoking.set_source(hall.sato, f"dir:{issuer.folder}")
    assert hall.hub.revoking.show(hall.sato).last == []

    hall.hub.revoking.round()
    assert outcomes(hall) == ["taken"]
    issuer.drops(2, life=Millis(3 * DAY))
    hall.clock.turn(hours=23)
    hall.hub.revoking.round()
    assert [row.number for row in hall.hub.revoking.show(hall.sato).lists] == [1]
    hall.clock.turn(hours=1)
    hall.hub.revoking.round()
    assert [row.number for row in hall.hub.revoking.show(hall.sato).lists] == [2]


def test_a_thread_of_its_own_loads_and_stops(hall: Townhall, issuer: Issuer) -> None:
    issuer.drops(1)
    hall.hub.revoking.set_source(hall.sato, f"dir:{issuer.folder}")
    lists = Lists(hall.hub)

    lists.start()
    hall.hub.revoking.loaded.wait(timeout=30)
    lists.stop()

    assert outcomes(hall) == ["taken"]
    assert not lists.is_alive()
    issuer.drops(2, life=Millis(3 * DAY))
    hall.clock.turn(days=1)
    hall.hub.revoking.round()
    assert [row.number for row in hall.hub.revoking.show(hall.sato).lists] == [1], "it is over"


NOW = Millis(1_790_000_000_000)
GOOD, BAD = (OfferedRow(name="x", outcome=outcome, words="") for outcome in ("taken", "not-read"))


def attempt(row: OfferedRow, source: str = "dir:/x") -> Attempt:
    return Attempt(at=NOW, source=source, rows=(row,))


def lapsing(after: int) -> InForce:
    return InForce(
        issuer_key_id=b"root",
        number=1,
        this_update=Millis(0),
        next_update=Millis(NOW + after),
        entries=0,
        taken_at=NOW,
    )


@pytest.mark.parametrize(
    ("last", "source", "lists", "due"),
    [
        (None, "dir:/x", (), 0),
        (attempt(GOOD), "dir:/other", (lapsing(3 * DAY),), 0),
        (attempt(GOOD), "dir:/x", (lapsing(3 * DAY),), NOW + DAY),
        (attempt(BAD), "dir:/x", (lapsing(3 * DAY),), NOW + HOUR),
        (attempt(GOOD), "dir:/x", (lapsing(5 * HOUR), lapsing(3 * DAY)), NOW + 5 * HOUR),
        (attempt(GOOD), "dir:/x", (lapsing(60_000),), NOW + HOUR),
        (attempt(GOOD), "dir:/x", (lapsing(-DAY),), NOW + HOUR),
    ],
    ids=["start", "new source", "daily", "failed", "lapses", "lapses soon", "lapsed"],
)
def test_a_load_is_due_daily_and_hourly_where_it_is_late(
    last: Attempt | None, source: str, lists: tuple[InForce, ...], due: int
) -> None:
    assert due_at(last, source, lists) == due


def test_lists_at_the_shell(shell: Shells, issuer: Issuer) -> None:
    issuer.drops(1)
    source = f"dir:{issuer.folder}"
    assert shell.say("revocation source", source) == f"revocation lists come from {source}\n"
    assert "list 1 is in force: 0 entries" in shell.say("revocation load")
    [shown] = shell.rows("revocation show")
    assert [row["number"] for row in shown["lists"]] == [1]
    assert "next_update: 2026-11-03" in shell.say("revocation show")

    (issuer.folder / "all.crl").write_bytes(b"no list")
    failed = shell.type("revocation load")
    assert failed.exit_code == 5
    assert "not a revocation list" in failed.stdout
