"""Who runs the hub: joining with a token of one's own, leaving, and being let in again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import people
from hub.chronicle import chain_of
from hub.forms import DecisionForm, OperatorForm
from hub.people import Role, fresh_token
from hub.recovery import recover
from hub.signin_forms import JoinForm
from hub.store import schema
from sync.errors import InUse, Malformed, NotAuthentic, RefusedByRule
from sync.values import PLATFORM
from tests.doubles.clocks import SeededRandomness
from tests.hub.refusals import refused
from tests.hub.shells import Shells
from tests.hub.townhall import KAWASAKI, TOSHIMA, Townhall, townhall


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


# -- joining


def test_a_person_joins_with_a_token_of_its_own(hall: Townhall) -> None:
    office = hall.hub.office
    token, form = invitation(hall)

    with pytest.raises(NotAuthentic, match="second person"):
        office.join(form)
    office.approve(hall.suzuki, "000000-1")
    with pytest.raises(NotAuthentic):
        office.sign_in(form.code)
    office.join(form)

    assert office.sign_in(token).role is Role.CLERK


def test_who_heard_no_answer_joins_again_and_hears_the_same(hall: Townhall) -> None:
    _, form = invitation(hall)
    hall.hub.office.approve(hall.suzuki, "000000-1")

    first = hall.hub.office.join(form)
    chain = platform_chain(hall)

    assert hall.hub.office.join(form) == first
    assert platform_chain(hall) == chain


def test_an_invitation_that_was_used_makes_no_second_token(hall: Townhall) -> None:
    _, form = invitation(hall)
    hall.hub.office.approve(hall.suzuki, "000000-1")
    hall.hub.office.join(form)
    other = people.digest_of(fresh_token(SeededRandomness("somebody else's PC"))).hex()
    with pytest.raises(NotAuthentic, match="it was used"):
        hall.hub.office.join(JoinForm(code=form.code, token_digest=other))


def test_the_database_holds_no_token(hall: Townhall) -> None:
    hall.person("Tanaka", Role.CLERK)
    secret = hall.tokens["Tanaka"]
    with hall.hub.core.database.read() as tx:
        dump = repr([tx.rows(f"SELECT * FROM {name}") for name in schema.metadata.tables]).encode()
    assert b"Tanaka" in dump
    assert secret.encode() not in dump


@pytest.mark.parametrize("name", ["hub", "a,b", " Sato", "x\ny"])
def test_a_name_that_would_blur_the_records_is_refused(hall: Townhall, name: str) -> None:
    with pytest.raises(Malformed):
        hall.hub.office.add_operator(hall.sato, OperatorForm(name=name, role="clerk"))


@given(st.text(max_size=80))
def test_no_text_but_a_token_signs_in(text: str) -> None:
    try:
        digest = people.digest_of(text)
    except Malformed:
        return
    assert len(digest) == 32


# -- leaving


def test_a_revoked_token_opens_nothing(hall: Townhall) -> None:
    hall.person("Tanaka", Role.CLERK)
    hall.hub.office.revoke_operator(hall.sato, "Tanaka")
    with pytest.raises(NotAuthentic):
        hall.hub.office.sign_in(hall.tokens["Tanaka"])


def test_two_people_who_can_approve_stay(hall: Townhall) -> None:
    revoke = hall.hub.office.revoke_operator
    assert refused(lambda: revoke(hall.sato, "Suzuki")) == "operator-last"
    hall.person("Kato", Role.APPROVER, KAWASAKI)  # of one town: cannot approve a new operator
    assert refused(lambda: revoke(hall.sato, "Suzuki")) == "operator-last"
    hall.person("Mori", Role.AUDITOR)
    assert refused(lambda: revoke(hall.sato, "Suzuki")) == "operator-last"
    hall.person("Ito", Role.APPROVER)
    assert revoke(hall.sato, "Suzuki").outcome == "done"


def test_one_of_them_runs_the_hub(hall: Townhall) -> None:
    for name in ("Ito", "Kato"):
        hall.person(name, Role.APPROVER)
    revoke = hall.hub.office.revoke_operator
    revoke(hall.sato, "Suzuki")
    assert refused(lambda: revoke(hall.sato, "Sato")) == "operator-last"


def test_who_cannot_approve_leaves_at_any_time(hall: Townhall) -> None:
    hall.person("Tanaka", Role.CLERK)
    assert hall.hub.office.revoke_operator(hall.sato, "Tanaka").outcome == "done"
    assert refused(lambda: hall.hub.office.revoke_operator(hall.sato, "Tanaka")) == (
        "operator-unknown"
    )


def test_a_clerk_sees_who_works_for_the_own_town_and_for_all(hall: Townhall) -> None:
    hall.join(TOSHIMA, "豊島区")
    clerk = hall.person("Tanaka", Role.CLERK, KAWASAKI)
    hall.person("Mori", Role.CLERK, TOSHIMA)
    assert [row.name for row in hall.hub.office.operators(clerk)] == ["Sato", "Suzuki", "Tanaka"]
    assert len(hall.hub.office.operators(hall.sato)) == 4


# -- being let in again


def test_a_lost_token_is_made_anew_and_every_town_hears_of_it(
    hall: Townhall, tmp_path: Path
) -> None:
    file = tmp_path / "Suzuki.token"

    recover(hall.hub, "Suzuki", file)

    assert hall.hub.office.sign_in(file.read_text()).name == "Suzuki"
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(NotAuthentic):
        hall.hub.office.sign_in(hall.tokens["Suzuki"])
    [row] = hall.hub.treasury.exceptions(hall.sato)
    assert (row.kind, row.reason, row.other, row.state) == (
        "operator",
        "recovered",
        "Suzuki",
        "open",
    )
    noted = DecisionForm(decision="noted", why="the PC was stolen")
    hall.hub.treasury.decide(hall.sato, row.id, noted)
    assert platform_chain(hall)[-1] == ("hub.operator.recovered", ("hub",))


def test_nobody_new_comes_in_by_a_recovery(hall: Townhall, tmp_path: Path) -> None:
    hall.person("Tanaka", Role.CLERK)
    hall.hub.office.revoke_operator(hall.sato, "Tanaka")
    for name in ("Tanaka", "Nobody"):
        with pytest.raises(RefusedByRule, match="no person called"):
            recover(hall.hub, name, tmp_path / "token")
    assert not (tmp_path / "token").exists()
    assert hall.hub.treasury.exceptions(hall.sato) == []


def test_a_token_is_recovered_with_the_hub_stopped(shell: Shells, tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    assert shell.type("init", str(folder)).exit_code == 0
    old = (folder / "operator-1.token").read_text()

    [made] = shell.rows("operator recover", str(folder), "operator-1")

    assert made == {"name": "operator-1", "token_file": str(folder / "operator-1.token")}
    assert (folder / "operator-1.token").read_text() != old
    with (folder / "lock").open("w") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        assert isinstance(
            shell.type("operator recover", str(folder), "operator-1").exception, InUse
        )


def invitation(hall: Townhall) -> tuple[str, JoinForm]:
    """Ms Tanaka's token, made at home, and what she sends to join."""
    token = fresh_token(SeededRandomness("Tanaka's own PC"))
    asked = hall.hub.office.add_operator(hall.sato, OperatorForm(name="Tanaka", role="clerk"))
    digest = people.digest_of(token).hex()
    return token, JoinForm(code=asked.invitation, token_digest=digest)


def platform_chain(hall: Townhall) -> list[tuple[str, tuple[str, ...]]]:
    with hall.hub.core.database.read() as tx:
        return [
            (str(record.body.__struct_config__.tag), record.persons)
            for record, _, _ in chain_of(tx, PLATFORM)
        ]
