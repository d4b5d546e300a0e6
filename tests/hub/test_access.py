"""People sign in, sign out, change what they sign in with, and let their scripts in."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hub import people
from hub.access import BELOW, IDLE, LIFE
from hub.forms import CloseForm, OperatorForm, ReserveForm
from hub.people import Means, Person, Role, fresh_token
from hub.recovery import recover
from hub.signin import Proofs, digest_of_code, fresh_codes
from hub.signin_forms import ProofForm, SessionForm, SessionView, SignInForm, TokenForm
from sync.errors import NotAuthentic, TooMany
from sync.values import DAY
from tests.doubles.clocks import SeededRandomness
from tests.hub.authenticator import PASSWORD, Authenticator
from tests.hub.refusals import refused
from tests.hub.townhall import KAWASAKI, Townhall, townhall

HOME = "192.0.2.7"
OTHER = "seven cranes over the Tama river"
CODES = fresh_codes(SeededRandomness("Sato's codes"))


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    return townhall(tmp_path)


@pytest.fixture
def phone(hall: Townhall) -> Authenticator:
    """Sato's telephone, which Sato signs in with."""
    phone = Authenticator(hall.clock)
    choose(hall, phone)
    return phone


def choose(hall: Townhall, phone: Authenticator, person: Person | None = None) -> None:
    form = SignInForm(
        password=PASSWORD,
        secret=phone.written,
        code=phone.code(),
        recovery=tuple(digest_of_code(code).hex() for code in CODES),
    )
    hall.hub.access.set_up(person or hall.sato, form, HOME)


def sign_in(
    hall: Townhall, code: str, *, password: str = PASSWORD, name: str = "Sato", address: str = HOME
) -> SessionView:
    form = SessionForm(name=name, password=password, code=code)
    return hall.hub.access.sign_in(form, address)


def proof(phone: Authenticator) -> ProofForm:
    return ProofForm(password=PASSWORD, code=phone.next_code())


def wrong(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except NotAuthentic:
        return True
    return False


# -- coming in and going out


def test_who_signs_in_is_known_until_signing_out(hall: Townhall, phone: Authenticator) -> None:
    session = sign_in(hall, phone.next_code())

    person = hall.hub.office.sign_in(session.token)
    assert (person.name, person.role, person.means) == ("Sato", Role.PLATFORM, Means.SESSION)
    assert (session.role, session.municipality, session.codes_left) == ("platform", "", len(CODES))
    hall.hub.access.sign_out(person)
    assert wrong(lambda: hall.hub.office.sign_in(session.token))


@pytest.mark.parametrize(
    ("name", "password", "right_code"),
    [
        ("Sato", OTHER, True),
        ("Sato", PASSWORD, False),
        ("Sato", "", True),
        ("Suzuki", PASSWORD, True),
        ("Nobody", PASSWORD, True),
        ("", PASSWORD, True),
    ],
)
def test_whatever_is_wrong_sounds_the_same(
    hall: Townhall, phone: Authenticator, name: str, password: str, *, right_code: bool
) -> None:
    code = phone.next_code()
    with pytest.raises(NotAuthentic) as caught:
        sign_in(hall, code if right_code else "000000", password=password, name=name)
    assert str(caught.value).startswith("name, password or code is not right")


def test_a_code_opens_once(hall: Townhall, phone: Authenticator) -> None:
    code = phone.next_code()
    sign_in(hall, code)
    assert wrong(lambda: sign_in(hall, code))
    assert wrong(lambda: sign_in(hall, phone.code(steps=-1))), "nor one from before"
    assert sign_in(hall, phone.code(steps=1))


def test_the_code_that_showed_the_authenticator_works_is_used_up(
    hall: Townhall, phone: Authenticator
) -> None:
    assert wrong(lambda: sign_in(hall, phone.code()))


def test_a_session_ends_after_half_an_hour_of_silence_and_after_a_day_of_work(
    hall: Townhall, phone: Authenticator
) -> None:
    session = sign_in(hall, phone.next_code())
    begun = hall.clock.now()
    while hall.clock.now() + IDLE - 60_000 < begun + LIFE:
        hall.clock.turn(ms=IDLE - 60_000)
        hall.hub.office.sign_in(session.token)
    hall.clock.set(session.ends_at)
    assert wrong(lambda: hall.hub.office.sign_in(session.token))

    idle = sign_in(hall, phone.next_code())
    hall.clock.turn(ms=IDLE)
    assert wrong(lambda: hall.hub.office.sign_in(idle.token))


def test_a_question_within_a_minute_writes_nothing(hall: Townhall, phone: Authenticator) -> None:
    session = sign_in(hall, phone.next_code())
    used = used_at(hall)
    hall.clock.turn(ms=59_000)
    hall.hub.office.sign_in(session.token)
    assert used_at(hall) == used
    hall.clock.turn(ms=1_000)
    hall.hub.office.sign_in(session.token)
    assert used_at(hall) == used + 60_000


def test_who_is_revoked_is_out_at_once_and_comes_back_with_nothing(
    hall: Townhall, phone: Authenticator
) -> None:
    hall.person("Ito", Role.PLATFORM)
    session = sign_in(hall, phone.next_code())
    script = token_for(hall, hall.sato)
    hall.hub.office.revoke_operator(hall.suzuki, "Sato")
    for token in (session.token, script):
        assert wrong(partial(hall.hub.office.sign_in, token))
    assert wrong(lambda: sign_in(hall, phone.next_code()))

    hall.person("Sato", Role.CLERK)  # another of that name
    for token in (session.token, script):
        assert wrong(partial(hall.hub.office.sign_in, token))
    assert wrong(lambda: sign_in(hall, phone.next_code()))


def test_what_is_over_is_thrown_away_when_somebody_comes_in(
    hall: Townhall, phone: Authenticator
) -> None:
    sign_in(hall, phone.next_code())
    hall.clock.turn(ms=LIFE)
    sign_in(hall, phone.next_code())
    with hall.hub.core.database.read() as tx:
        assert tx.scalar("SELECT count(*) FROM access") == 1


# -- trying


def test_who_tries_often_waits(hall: Townhall, phone: Authenticator) -> None:
    for _ in range(5):
        assert wrong(lambda: sign_in(hall, "000000"))
    with pytest.raises(TooMany) as caught:
        sign_in(hall, phone.code(steps=1))
    assert caught.value.retry_after
    hall.clock.turn(ms=30_000)
    assert sign_in(hall, phone.code())


def test_a_stranger_elsewhere_does_not_lock_anybody_out(
    hall: Townhall, phone: Authenticator
) -> None:
    for _ in range(5):
        assert wrong(lambda: sign_in(hall, "000000", address="203.0.113.9"))
    with pytest.raises(TooMany):
        sign_in(hall, "000000", address="203.0.113.9")
    assert sign_in(hall, phone.next_code())


def test_many_strangers_together_are_slowed_down(hall: Townhall, phone: Authenticator) -> None:
    del phone
    for n in range(30):
        assert wrong(partial(sign_in, hall, "000000", address=f"203.0.113.{n}"))
    with pytest.raises(TooMany):
        sign_in(hall, "000000", address="203.0.113.99")


def test_one_address_that_tries_many_names_is_slowed_down(hall: Townhall) -> None:
    for n in range(60):
        assert wrong(partial(sign_in, hall, "000000", name=f"name {n}"))
    with pytest.raises(TooMany):
        sign_in(hall, "000000", name="one more")


# -- choosing and changing


def test_a_password_is_changed_with_the_one_of_today(hall: Townhall, phone: Authenticator) -> None:
    first, second = (sign_in(hall, phone.next_code()) for _ in range(2))
    script = token_for(hall, hall.sato)
    person = hall.hub.office.sign_in(first.token)
    change = SignInForm(password=OTHER, now=proof(phone))
    hall.hub.access.set_up(person, change, HOME)

    assert hall.hub.office.sign_in(first.token), "who changes it stays"
    assert wrong(lambda: hall.hub.office.sign_in(second.token)), "all other sessions end"
    assert hall.hub.office.sign_in(script), "scripts go on"
    assert wrong(lambda: sign_in(hall, phone.next_code()))
    assert sign_in(hall, phone.next_code(), password=OTHER).codes_left == len(CODES)


def test_a_password_that_was_changed_at_this_moment_opens_nothing(
    hall: Townhall, phone: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = Proofs.fits
    change = SignInForm(password=OTHER, now=proof(phone))

    def meanwhile(proofs: Proofs, kept: str | None, password: str) -> bool:
        """The right one; but before the code is looked at, it is changed on another PC."""
        found = fits(proofs, kept, password)
        monkeypatch.undo()
        hall.hub.access.set_up(hall.sato, change, HOME)
        return found

    monkeypatch.setattr(Proofs, "fits", meanwhile)
    assert wrong(lambda: sign_in(hall, phone.code(steps=1)))


def test_nothing_is_changed_without_the_one_of_today(hall: Townhall, phone: Authenticator) -> None:
    person = hall.hub.office.sign_in(sign_in(hall, phone.next_code()).token)
    bare = SignInForm(password=OTHER)
    assert refused(lambda: hall.hub.access.set_up(person, bare, HOME)) == "proof-needed"
    assert refused(lambda: hall.hub.access.set_up(hall.sato, bare, HOME)) == "proof-needed"
    for now in (
        ProofForm(password=OTHER, code=phone.next_code()),
        ProofForm(password=PASSWORD, code="000000"),
    ):
        form = SignInForm(password=OTHER, now=now)
        assert wrong(partial(hall.hub.access.set_up, person, form, HOME))
    assert sign_in(hall, phone.next_code())


def test_another_telephone_needs_a_code_of_its_own(hall: Townhall, phone: Authenticator) -> None:
    new = Authenticator(hall.clock, b"another telephone 20")
    person = hall.hub.office.sign_in(sign_in(hall, phone.next_code()).token)
    bad = SignInForm(password=PASSWORD, secret=new.written, code="000000", now=proof(phone))
    assert refused(lambda: hall.hub.access.set_up(person, bad, HOME)) == "wrong-code"
    now = proof(phone)
    form = SignInForm(password=PASSWORD, secret=new.written, code=new.code(), now=now)
    hall.hub.access.set_up(person, form, HOME)
    assert wrong(lambda: sign_in(hall, phone.next_code()))
    assert sign_in(hall, new.next_code()).codes_left == 0, "new ones come with a new telephone"


def test_the_first_time_an_authenticator_belongs_to_it(hall: Townhall) -> None:
    form = SignInForm(password=PASSWORD)
    assert refused(lambda: hall.hub.access.set_up(hall.sato, form, HOME)) == "authenticator-needed"
    weak = SignInForm(password="short")
    assert refused(lambda: hall.hub.access.set_up(hall.sato, weak, HOME)) == "weak-password"


def test_a_recovery_code_opens_once_with_the_password(hall: Townhall, phone: Authenticator) -> None:
    del phone
    assert wrong(lambda: sign_in(hall, CODES[0], password=OTHER))
    assert sign_in(hall, CODES[0]).codes_left == len(CODES) - 1
    assert wrong(lambda: sign_in(hall, CODES[0]))
    hall.clock.turn(minutes=5)
    assert sign_in(hall, CODES[1].lower()).codes_left == len(CODES) - 2


def test_who_is_recovered_chooses_anew(
    hall: Townhall, phone: Authenticator, tmp_path: Path
) -> None:
    session = sign_in(hall, phone.next_code())
    recover(hall.hub, "Sato", tmp_path / "token")
    assert wrong(lambda: hall.hub.office.sign_in(session.token))
    assert wrong(lambda: sign_in(hall, phone.next_code()))

    again = hall.hub.office.sign_in((tmp_path / "token").read_text())
    choose(hall, phone, again)
    assert sign_in(hall, phone.next_code())


def test_the_token_of_joining_goes_on_until_it_is_given_up(
    hall: Townhall, phone: Authenticator
) -> None:
    assert hall.hub.office.sign_in(hall.tokens["Sato"]).means is Means.JOINED
    person = hall.hub.office.sign_in(sign_in(hall, phone.next_code()).token)
    assert [row.kind for row in hall.hub.access.tokens(person)] == ["joined", "session"]

    form = SignInForm(password=PASSWORD, now=proof(phone), keep_token=False)
    hall.hub.access.set_up(person, form, HOME)

    assert wrong(lambda: hall.hub.office.sign_in(hall.tokens["Sato"]))
    assert hall.hub.office.sign_in(hall.tokens["Suzuki"]), "everybody for themselves"
    assert [row.kind for row in hall.hub.access.tokens(person)] == ["session"]


def test_older_hashes_are_made_anew_when_somebody_comes_in(
    hall: Townhall, phone: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hash_of(hall)
    sign_in(hall, phone.next_code())
    assert hash_of(hall) == before
    monkeypatch.setattr(type(hall.hub.access._proofs), "outdated", lambda *_: True)
    sign_in(hall, phone.next_code())
    assert hash_of(hall) != before


# -- scripts


def test_a_script_does_what_its_role_may_and_signs_as_a_script(hall: Townhall) -> None:
    token = token_for(hall, hall.sato, role="clerk")
    script = hall.hub.office.sign_in(token)
    assert (script.name, script.role, script.owner) == (
        "Sato (script nightly)",
        Role.CLERK,
        "Sato",
    )
    asked = hall.hub.office.fund_reserve(script, KAWASAKI, ReserveForm(points=1, why="x"))
    assert refused(lambda: hall.hub.office.approve(script, asked.pending)) == "not-allowed"
    assert refused(lambda: hall.hub.office.approve(hall.sato, asked.pending)) == "second-person"
    hall.hub.office.approve(hall.suzuki, asked.pending)
    with hall.hub.core.database.read() as tx:
        signed = tx.scalar("SELECT person FROM chronicle WHERE kind='hub.reserve.funded'")
    assert signed == "Sato (script nightly),Suzuki"


def test_what_a_script_asked_for_falls_with_its_person(hall: Townhall) -> None:
    hall.person("Ito", Role.PLATFORM)
    script = hall.hub.office.sign_in(token_for(hall, hall.sato, role="clerk"))
    asked = hall.hub.office.fund_reserve(script, KAWASAKI, ReserveForm(points=1, why="x"))
    hall.hub.office.revoke_operator(hall.suzuki, "Sato")
    assert refused(lambda: hall.hub.office.approve(hall.suzuki, asked.pending)) == "asker-revoked"


def test_who_let_a_script_close_a_window_does_not_approve_the_payment(hall: Townhall) -> None:
    treasury = hall.hub.treasury
    script = hall.hub.office.sign_in(token_for(hall, hall.sato, role="clerk"))
    closed = treasury.close_window(script, KAWASAKI, CloseForm())
    treasury.review_window(script, closed.window)
    assert refused(lambda: treasury.approve_window(hall.sato, closed.window)) == "second-person"
    assert refused(lambda: treasury.approve_window(script, closed.window)) == "not-allowed"
    assert treasury.approve_window(hall.suzuki, closed.window).needs == "file"


def test_a_person_takes_back_what_the_own_script_asked_for(hall: Townhall) -> None:
    clerk = hall.person("Tanaka", Role.CLERK)
    script = hall.hub.office.sign_in(token_for(hall, clerk, role="clerk"))
    asked = hall.hub.office.fund_reserve(script, KAWASAKI, ReserveForm(points=1, why="x"))
    hall.hub.office.decline(clerk, asked.pending, "a mistake")


@pytest.mark.parametrize("role", list(Role))
def test_no_script_is_above_its_person_and_none_approves(hall: Townhall, role: Role) -> None:
    person = hall.person("Tanaka", role)
    for wish in Role:
        allowed = wish in BELOW[role]
        form = made(token=fresh_token(SeededRandomness(wish)), label=str(wish), role=wish)
        if allowed:
            assert hall.hub.access.add_token(person, form).role == wish
        else:
            assert refused(partial(hall.hub.access.add_token, person, form)) == "not-allowed"
    assert not BELOW[role] & people.SECOND


def test_a_script_changes_nothing_that_people_come_in_with(
    hall: Townhall, phone: Authenticator
) -> None:
    script = hall.hub.office.sign_in(token_for(hall, hall.sato))
    form = SignInForm(password=OTHER, now=proof(phone))
    access = hall.hub.access
    assert refused(lambda: access.set_up(script, form, HOME)) == "script"
    assert refused(lambda: access.add_token(script, made(label="more"))) == "script"
    assert refused(lambda: access.end_token(script, "nightly")) == "script"
    assert refused(lambda: access.sign_out(script)) == "no-session"
    assert [row.label for row in access.tokens(script)] == ["", "nightly"]


def test_a_script_has_a_last_day_and_can_be_ended(hall: Townhall) -> None:
    token = token_for(hall, hall.sato, days=30)
    hall.clock.turn(ms=30 * DAY - 1)
    assert hall.hub.office.sign_in(token), "however long it was silent"
    hall.clock.turn(ms=1)
    assert wrong(lambda: hall.hub.office.sign_in(token))

    token = token_for(hall, hall.sato, label="other")
    assert refused(lambda: hall.hub.access.end_token(hall.suzuki, "other")) == "token-unknown"
    hall.hub.access.end_token(hall.sato, "other")
    assert wrong(lambda: hall.hub.office.sign_in(token))
    assert refused(lambda: hall.hub.access.end_token(hall.sato, "other")) == "token-unknown"


def test_asking_for_the_same_token_again_is_the_same(hall: Townhall) -> None:
    first = hall.hub.access.add_token(hall.sato, made())
    assert hall.hub.access.add_token(hall.sato, made()) == first
    for other in (made(token="E" * 52), made(label="another")):
        ask = partial(hall.hub.access.add_token, hall.sato, other)
        assert refused(ask) == "token-exists"


def test_nobody_is_called_like_a_script(hall: Townhall) -> None:
    form = OperatorForm(name="Sato (script x)", role="clerk")
    with pytest.raises(Exception, match="cannot stand in records"):
        hall.hub.office.add_operator(hall.sato, form)


# -- nothing of it stands where it must not


def test_no_record_and_no_row_holds_a_secret(hall: Townhall, phone: Authenticator) -> None:
    session = sign_in(hall, phone.next_code())
    script = token_for(hall, hall.sato)
    with hall.hub.core.database.read() as tx:
        chronicle = b"".join(bytes(data) for (data,) in tx.rows("SELECT bytes FROM chronicle"))
        rows = repr([tx.rows(f"SELECT * FROM {table}") for table in ("sign_in", "access")])
    needles = [PASSWORD, phone.written, session.token, script, *CODES]
    assert not [each for each in needles if each in rows or each.encode() in chronicle]
    assert repr(phone.secret)[2:-1] not in rows
    assert phone.secret not in chronicle
    for secret in (digest_of_code(CODES[0]), people.digest_of(script)):
        assert secret not in chronicle, "not even its digest: it must be possible to forget it"


def token_for(
    hall: Townhall, person: Person, *, label: str = "nightly", role: str = "auditor", days: int = 90
) -> str:
    """A script's token."""
    token = fresh_token(SeededRandomness(f"{person.name} {label}"))
    hall.hub.access.add_token(person, made(token=token, label=label, role=role, days=days))
    return token


def made(
    *, token: str = "A" * 52, label: str = "nightly", role: str = "auditor", days: int = 90
) -> TokenForm:
    return TokenForm(label=label, role=role, days=days, token_digest=people.digest_of(token).hex())


def used_at(hall: Townhall) -> int:
    with hall.hub.core.database.read() as tx:
        return int(tx.scalar("SELECT used_at FROM access"))


def hash_of(hall: Townhall) -> str:
    with hall.hub.core.database.read() as tx:
        return hashlib.sha256(tx.scalar("SELECT password FROM sign_in").encode()).hexdigest()
