"""Who may ask for what, and what one person alone cannot do."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from hub import town
from hub.audit import audit
from hub.bodies import AnyHubBody, DayEnded, EpochGranted, Granted, NodeEnrolled
from hub.chronicle import chain_of
from hub.desk import APPLY, ASKS, ONLY_KEPT, Desk, Done, Rules, Waiting
from hub.forms import (
    BankForm,
    CloseForm,
    DecisionForm,
    FloatForm,
    GrantForm,
    OrganisationForm,
    PayerForm,
    ProgrammeForm,
    ReserveForm,
)
from hub.intake.verify import InlineVerifier
from hub.money import APPLY_MONEY
from hub.people import Role
from hub.recovery import recover
from hub.store import schema
from sync.certificate import Algorithm, CardKey
from sync.errors import Malformed
from sync.values import PLATFORM, KeyDigest, MunicipalityCode
from tests.doubles.clocks import at
from tests.hub.refusals import refused
from tests.hub.townhall import (
    BANK,
    GREENGROCER,
    KAWASAKI,
    OTHER_BANK,
    TOSHIMA,
    Townhall,
    townhall,
)


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


def test_an_organisation_needs_two_people(hall: Townhall) -> None:
    office = hall.hub.office
    form = OrganisationForm(organisation="141305-B2109", name="魚屋", account=BANK)

    asked = office.add_organisation(hall.sato, form)

    assert [each.organisation for each in office.organisations(hall.sato)] == [GREENGROCER]
    assert [each.id for each in office.pending(hall.suzuki)] == [asked.pending]
    assert refused(lambda: office.approve(hall.sato, asked.pending)) == "second-person"
    office.approve(hall.suzuki, asked.pending)
    assert len(office.organisations(hall.sato)) == 2
    assert office.pending(hall.suzuki) == []


def test_approving_twice_is_one_approval(hall: Townhall) -> None:
    asked = hall.hub.office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="x"))
    first = hall.hub.desk.approve(hall.suzuki, asked.pending)
    assert hall.hub.desk.approve(hall.suzuki, asked.pending) == first
    assert reserve(hall) == 500


def test_requests_of_a_town_are_numbered_one_behind_the_other(hall: Townhall) -> None:
    """Whatever became of those before, and whatever other towns ask for."""
    hall.join(TOSHIMA, "豊島区")
    office, form = hall.hub.office, ReserveForm(points=500, why="x")
    first = office.fund_reserve(hall.sato, KAWASAKI, form).pending
    begins = int(first.removeprefix(f"{KAWASAKI}-"))
    names = [first]
    for _ in range(8):
        office.decline(hall.suzuki, names[-1], "no budget")
        office.fund_reserve(hall.sato, TOSHIMA, form)
        names.append(office.fund_reserve(hall.sato, KAWASAKI, form).pending)

    assert names == [f"{KAWASAKI}-{number}" for number in range(begins, begins + 9)]


def test_what_was_declined_is_not_done(hall: Townhall) -> None:
    office = hall.hub.office
    asked = office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="x"))
    office.decline(hall.suzuki, asked.pending, "no budget")
    assert refused(lambda: office.approve(hall.suzuki, asked.pending)) == "pending-closed"
    assert reserve(hall) == 0


def test_who_asked_may_take_it_back(hall: Townhall) -> None:
    clerk = hall.person("Tanaka", Role.CLERK, KAWASAKI)
    other = hall.person("Kato", Role.CLERK, KAWASAKI)
    asked = hall.hub.office.fund_reserve(clerk, KAWASAKI, ReserveForm(points=500, why="x"))
    decline = hall.hub.office.decline
    assert refused(lambda: decline(other, asked.pending, "mine")) == "not-allowed"
    decline(clerk, asked.pending, "wrong amount")
    assert hall.hub.office.pending(hall.sato) == []


def test_a_clerk_is_never_the_second_person(hall: Townhall) -> None:
    clerk = hall.person("Tanaka", Role.CLERK, KAWASAKI)
    asked = hall.hub.office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="x"))
    assert refused(lambda: hall.hub.office.approve(clerk, asked.pending)) == "not-allowed"


def test_what_a_revoked_person_asked_for_is_not_approved(hall: Townhall) -> None:
    clerk = hall.person("Tanaka", Role.CLERK, KAWASAKI)
    asked = hall.hub.office.fund_reserve(clerk, KAWASAKI, ReserveForm(points=500, why="x"))
    hall.hub.office.revoke_operator(hall.sato, "Tanaka")
    assert refused(lambda: hall.hub.office.approve(hall.suzuki, asked.pending)) == "asker-revoked"


def test_what_cannot_be_done_is_refused_when_it_is_asked(hall: Townhall) -> None:
    form = OrganisationForm(organisation=GREENGROCER, name="八百屋", account=BANK)
    ask = hall.hub.office.add_organisation
    assert refused(lambda: ask(hall.sato, form)) == "organisation-exists"
    assert hall.hub.office.pending(hall.sato) == []


def test_what_became_impossible_meanwhile_is_refused_when_it_is_approved(hall: Townhall) -> None:
    office = hall.hub.office
    form = OrganisationForm(organisation="141305-B2109", name="魚屋", account=BANK)
    first = office.add_organisation(hall.sato, form)
    second = office.add_organisation(hall.suzuki, form)
    office.approve(hall.suzuki, first.pending)
    assert refused(lambda: office.approve(hall.sato, second.pending)) == "organisation-exists"


def test_a_rehearsal_leaves_nothing_behind(hall: Townhall) -> None:
    before = everything(hall)
    hall.hub.office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="x"))
    after = everything(hall)
    assert after.pop("pending") != before.pop("pending")
    assert after == before


def test_a_float_is_raised_by_two_and_lowered_by_one(hall: Townhall) -> None:
    node = hall.terminal().node
    office = hall.hub.office
    assert office.set_float(hall.sato, node, FloatForm(points=30_001)).outcome == "waiting"
    assert office.set_float(hall.sato, node, FloatForm(points=10_000)).outcome == "done"
    # Back to what the policy says is 30,000 again: raised.
    asked = office.set_float(hall.sato, node, FloatForm(points=0))
    assert asked.outcome == "waiting"
    assert [each.float_points for each in office.nodes(hall.sato)] == [10_000]
    office.approve(hall.suzuki, asked.pending)
    assert [each.float_points for each in office.nodes(hall.sato)] == [30_000]
    assert office.set_float(hall.sato, node, FloatForm(points=0)).outcome == "done"


def test_a_large_grant_needs_a_second_person(hall: Townhall) -> None:
    name = registered(hall)
    hall.hub.treasury.add_programme(hall.sato, programme())
    grant = hall.hub.treasury.grant

    def give(points: int) -> str:
        form = GrantForm(mykey_id=name, municipality=KAWASAKI, points=points, programme="001")
        return grant(hall.sato, form).outcome

    assert (give(10_000), give(10_001)) == ("done", "waiting")
    [row] = hall.hub.treasury.balances(hall.sato, name)
    assert (row.available, row.held, row.exact) == (10_000, 0, True)


def test_the_largest_grant_is_data(hall: Townhall) -> None:
    name = registered(hall)
    hall.hub.treasury.add_programme(hall.sato, programme())
    account = hall.hub.mykey.account_for(name, MunicipalityCode(KAWASAKI))  # type: ignore[arg-type]
    body = Granted(MunicipalityCode(KAWASAKI), account, 100, "001", "")  # type: ignore[arg-type]
    strict = Desk(hall.hub.core, Rules(largest_grant=99))
    assert isinstance(strict.do(hall.sato, body), Waiting)
    assert isinstance(hall.hub.desk.do(hall.sato, body), Done)


def test_a_new_account_waits_for_two_people_and_the_next_window(hall: Townhall) -> None:
    office = hall.hub.office
    asked = office.change_account(hall.sato, GREENGROCER, OTHER_BANK)
    assert accounts(hall) == (b"1234567", False)
    office.approve(hall.suzuki, asked.pending)
    assert accounts(hall) == (b"1234567", True)


def test_a_town_pays_from_another_account_when_two_people_say_so(hall: Townhall) -> None:
    office = hall.hub.office
    form = PayerForm(requester="9876543210", account=OTHER_BANK)
    asked = office.change_payer(hall.sato, KAWASAKI, form)
    assert payer(hall) == ("1234567890", "1234567")
    assert refused(lambda: office.approve(hall.sato, asked.pending)) == "second-person"
    office.approve(hall.suzuki, asked.pending)
    assert payer(hall) == ("9876543210", "7654321")


def test_what_people_changed_comes_out_the_same_when_it_is_played_again(
    hall: Townhall, tmp_path: Path
) -> None:
    office = hall.hub.office
    form = PayerForm(requester="9876543210", account=OTHER_BANK)
    office.approve(hall.suzuki, office.change_payer(hall.sato, KAWASAKI, form).pending)
    recover(hall.hub, "Suzuki", tmp_path / "token")
    hall.hub.treasury.decide(
        hall.sato, f"{KAWASAKI}-1", DecisionForm(decision="noted", why="stolen")
    )
    assert audit(hall.hub.core, hall.hub.mykey, InlineVerifier()) == []


@pytest.mark.parametrize("far", ["9999-12-31", "2200-01-01", "1999-12-31", "0001-01-01"])
def test_a_day_that_nobody_can_mean_is_refused(hall: Townhall, far: str) -> None:
    form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃", use_until=far)
    with pytest.raises(Malformed, match="between 2000-01-01 and 2199-12-31"):
        hall.hub.treasury.add_programme(hall.sato, form)
    with pytest.raises(Malformed, match="between 2000-01-01 and 2199-12-31"):
        hall.hub.treasury.close_window(hall.sato, KAWASAKI, CloseForm(until=far))


def test_a_town_does_not_pay_from_savings(hall: Townhall) -> None:
    savings = BankForm(
        bank="0001", branch="001", account_type="4", account="1234567", holder="トシマ"
    )
    with pytest.raises(Malformed, match="savings"):
        hall.join(TOSHIMA, "豊島区", savings)
    form = PayerForm(requester="1234567890", account=savings)
    with pytest.raises(Malformed, match="savings"):
        hall.hub.office.change_payer(hall.sato, KAWASAKI, form)
    # An organisation may be paid there.
    organisation = OrganisationForm(organisation="141305-B2110", name="魚屋", account=savings)
    assert hall.hub.office.add_organisation(hall.sato, organisation).outcome == "waiting"


def test_another_town_accepts_an_organisation(hall: Townhall) -> None:
    hall.join(TOSHIMA, "豊島区")
    office = hall.hub.office
    office.accept_organisation(hall.sato, GREENGROCER, TOSHIMA)
    [row] = office.organisations(hall.sato)
    assert row.accepted_by == (TOSHIMA, KAWASAKI)
    again = office.accept_organisation
    assert refused(lambda: again(hall.sato, GREENGROCER, TOSHIMA)) == "accepted-already"


def test_a_town_joins_once_and_the_platform_is_no_town(hall: Townhall) -> None:
    assert refused(lambda: hall.join(KAWASAKI, "川崎市")) == "municipality-exists"
    assert refused(lambda: hall.join(PLATFORM, "x")) == "municipality-reserved"
    with pytest.raises(Malformed, match="check digit"):
        hall.join("141306", "川崎市")


def test_a_clerk_of_one_town_does_nothing_in_another(hall: Townhall) -> None:
    hall.join(TOSHIMA, "豊島区")
    clerk = hall.person("Tanaka", Role.CLERK, TOSHIMA)
    office = hall.hub.office
    asked = office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="x"))
    fund = office.fund_reserve
    assert refused(lambda: fund(clerk, KAWASAKI, ReserveForm(points=5, why="x"))) == "not-allowed"
    assert office.pending(clerk) == []
    assert refused(lambda: office.approve(clerk, asked.pending)) == "pending-unknown"
    assert office.nodes(clerk) == []


@pytest.mark.parametrize("kind", ASKS, ids=lambda kind: kind.__name__)
def test_an_auditor_changes_nothing(kind: type) -> None:
    assert Role.AUDITOR not in ASKS[kind].roles


@pytest.mark.parametrize("kind", [NodeEnrolled, EpochGranted, DayEnded])
def test_what_nodes_and_jobs_do_nobody_may_ask_for(kind: type) -> None:
    assert kind not in ASKS


def test_every_command_has_somebody_who_applies_it_or_is_only_kept() -> None:
    for kind in get_args(AnyHubBody):
        assert [kind in APPLY, kind in APPLY_MONEY, kind in ONLY_KEPT].count(True) == 1, kind


def test_the_chronicle_says_who_asked_and_who_approved(hall: Townhall) -> None:
    asked = hall.hub.office.fund_reserve(hall.sato, KAWASAKI, ReserveForm(points=500, why="x"))
    hall.hub.office.approve(hall.suzuki, asked.pending)
    with hall.hub.core.database.read() as tx:
        record = chain_of(tx, MunicipalityCode(KAWASAKI))[-1][0]
    assert record.persons == ("Sato", "Suzuki")


# -- files that people write


@pytest.mark.parametrize(
    "content", ["", "[]", '{"float": 1}', '{"float_points": -1}', '{"float_points": 1.5}', "\x00"]
)
def test_a_policy_with_other_words_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        town.policy_set(MunicipalityCode(KAWASAKI), content.encode())


def test_a_policy_keeps_what_its_file_does_not_name(hall: Townhall) -> None:
    office = hall.hub.office
    asked = office.set_policy(hall.sato, KAWASAKI, '{"most_per_spend": 500}')
    office.approve(hall.suzuki, asked.pending)
    policy = office.policy(hall.sato, KAWASAKI)
    assert (policy.most_per_spend, policy.float_points) == (500, 30_000)


@pytest.mark.parametrize(
    ("field", "value"),
    [("bank", "9999"), ("branch", "000"), ("account", "12345678"), ("account_type", "3")],
)
def test_a_bank_account_that_cannot_be_is_refused(field: str, value: str) -> None:
    parts = {
        "bank": "0001",
        "branch": "001",
        "kind": "1",
        "number": "1234567",
        "holder": "ヤオヤ",
    }
    parts[{"account": "number", "account_type": "kind"}.get(field, field)] = value
    with pytest.raises(Malformed):
        town.bank_details(*parts.values())


def registered(hall: Townhall) -> str:
    card = CardKey(
        digest=KeyDigest(b"c" * 32),
        algorithm=Algorithm.RS256,
        public_key=b"spki",
        issuer_key_id=b"demo",
        serial=0,
        not_after=at("2030-01-01 00:00"),
    )
    return hall.hub.mykey.register(card, "MY123456", consent_points=True).mykey_id


def programme() -> ProgrammeForm:
    return ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")


def reserve(hall: Townhall) -> int:
    with hall.hub.core.database.read() as tx:
        return int(tx.scalar("SELECT points FROM balance WHERE account='reserve'") or 0)


def accounts(hall: Townhall) -> tuple[bytes, bool]:
    with hall.hub.core.database.read() as tx:
        row = tx.one("SELECT account, next_account FROM organisation")
    assert row is not None
    number = b"1234567" if b"1234567" in row["account"] else b""
    return number, b"7654321" in row["next_account"]


def payer(hall: Townhall) -> tuple[str, str]:
    with hall.hub.core.database.read() as tx:
        found = town.payer_of(tx, MunicipalityCode(KAWASAKI))
    return found.requester, found.account.number


def everything(hall: Townhall) -> dict[str, list[tuple[object, ...]]]:
    with hall.hub.core.database.read() as tx:
        return {name: tx.rows(f"SELECT * FROM {name}") for name in schema.metadata.tables}


def records_written_out(hall: Townhall, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many bodies the audit writes out to compare them, and it finds nothing."""
    written: list[object] = []

    def encode(body: object) -> bytes:
        written.append(body)
        return msgspec.msgpack.encode(body)

    monkeypatch.setattr("hub.audit.encode", encode)
    assert audit(hall.hub.core, hall.hub.mykey, InlineVerifier()) == []
    return len(written)


def test_the_audit_holds_each_approval_against_what_was_asked_once(
    hall: Townhall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, also of the same words by the same person."""
    office, form = hall.hub.office, ReserveForm(points=500, why="x")
    before = records_written_out(hall, monkeypatch)
    for _ in range(10):
        office.approve(hall.suzuki, office.fund_reserve(hall.sato, KAWASAKI, form).pending)

    assert records_written_out(hall, monkeypatch) == before + 10
