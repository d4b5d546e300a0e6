"""Passwords, codes and seals: what is kept gives nothing away, and opens for the right one only."""

from dataclasses import replace
from pathlib import Path

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import signin
from hub.keys import KeyRing
from hub.signin import (
    STEP,
    Proofs,
    address_for,
    check_password,
    digest_of_code,
    digits,
    fresh_codes,
    secret_of,
    step_of,
    used_step,
    written,
)
from hub.signin_forms import RECOVERY_CODES
from sync.errors import Busy, Damaged, Malformed, RefusedByRule
from sync.values import Millis
from tests.doubles.clocks import SeededRandomness
from tests.hub.authenticator import HASTY

RFC_6238_SECRET = b"12345678901234567890"
"""Appendix B."""


def proofs(seed: str = "hub", parameters: argon2.Parameters = HASTY) -> Proofs:
    randomness = SeededRandomness(seed)
    return Proofs(KeyRing(None, randomness), randomness, parameters)


# -- passwords


def test_a_password_is_kept_as_argon2id_and_fits_again() -> None:
    here = proofs()
    kept = here.kept("eight herons over the river")

    assert kept.startswith("$argon2id$v=19$")
    assert here.fits(kept, "eight herons over the river")
    assert not here.fits(kept, "eight herons over the rivers")
    assert here.kept("eight herons over the river") != kept, "a salt of its own"


def test_the_real_parameters_are_rfc_9106s_second_choice() -> None:
    randomness = SeededRandomness("hub")
    kept = Proofs(KeyRing(None, randomness), randomness).kept("eight herons over the river")

    assert "$m=65536,t=3,p=4$" in kept
    assert argon2.extract_parameters(kept) == argon2.profiles.RFC_9106_LOW_MEMORY


def test_a_hash_of_older_parameters_is_told() -> None:
    stronger = replace(HASTY, time_cost=2)
    old, new = proofs(), proofs(parameters=stronger)
    kept = old.kept("eight herons over the river")

    assert not old.outdated(kept)
    assert new.outdated(kept)
    assert new.fits(kept, "eight herons over the river")


def test_a_password_opens_at_no_other_hub() -> None:
    kept = proofs("hub").kept("eight herons over the river")

    assert not proofs("another hub").fits(kept, "eight herons over the river")


def test_a_stranger_is_worked_at_as_long_as_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []
    here = proofs()
    kept = here.kept("eight herons over the river")
    verify = argon2.PasswordHasher.verify

    def noted(hasher: argon2.PasswordHasher, against: str, password: bytes) -> bool:
        worked.append(against.rpartition("$")[0].rpartition("$")[0])
        return verify(hasher, against, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)
    assert not here.fits(None, "eight herons over the river")
    assert not here.fits(None, ""), "not even what the stranger's is made of"
    assert not here.fits(kept, "wrong")
    assert len(worked) == 3
    assert len(set(worked)) == 1, "the same parameters"


def test_who_signs_in_beside_many_others_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signin, "_PATIENCE", 0.01)
    here = proofs()
    kept = here.kept("eight herons over the river")
    with here._place(), here._place(), pytest.raises(Busy):
        here.fits(kept, "eight herons over the river")
    assert here.fits(kept, "eight herons over the river")


def test_a_hash_that_cannot_be_read_opens_nothing() -> None:
    assert not proofs().fits("$argon2id$nonsense", "eight herons over the river")


def test_wide_letters_of_an_input_method_are_the_same_password() -> None:
    here = proofs()

    assert here.fits(here.kept("ｅｉｇｈｔ　ｈｅｒｏｎｓ９"), "eight herons9")


@pytest.mark.parametrize(
    "password",
    ["", "short", "elevensigns", "aaaaaaaaaaaaaaaa", "ababababababab", "sato the great", "x" * 257],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(RefusedByRule) as caught:
        check_password("Sato", password)
    assert caught.value.reason == "weak-password"
    assert password not in str(caught.value) or not password


def test_a_sentence_in_japanese_is_a_password() -> None:
    check_password("佐藤", "多摩川の上を八羽の鷺が飛ぶ")


# -- codes


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B, SHA-1, of which authenticators show the last six digits."""
    now = Millis(seconds * 1000)

    assert used_step(RFC_6238_SECRET, code[-6:], now, last=0) == seconds // 30


def test_a_clock_may_be_one_step_off_and_no_more() -> None:
    seconds = 1111111109
    for off, good in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        now = Millis(seconds * 1000 + off * STEP)
        found = used_step(RFC_6238_SECRET, "081804", now, last=0)
        assert (found == seconds // 30) is good, off


def test_a_code_is_good_once_and_none_before_it_after() -> None:
    now = Millis(1111111109_000)
    step = used_step(RFC_6238_SECRET, "081804", now, last=0)
    assert step is not None

    assert used_step(RFC_6238_SECRET, "081804", now, last=step) is None
    earlier = "050471"  # the one before, as seen from the next step
    assert used_step(RFC_6238_SECRET, earlier, now, last=step_of(now) + 1) is None


@pytest.mark.parametrize("written_so", ["081 804", "０８１８０４", " 081804\n", "081\u2009804"])
def test_a_code_is_read_as_it_was_meant(written_so: str) -> None:
    assert used_step(RFC_6238_SECRET, written_so, Millis(1111111109_000), last=0)


@given(st.text(max_size=40))
def test_no_text_that_is_not_the_code_opens_anything(text: str) -> None:
    if digits(text) not in {"081804", "050471", "094287"}:
        now = Millis(1111111109_000)
        steps = {used_step(RFC_6238_SECRET, text, now, last=0)}
        assert steps <= {None} | {
            step_of(now) + near for near in (-1, 0, 1) if len(digits(text)) == 6
        }


# -- the authenticator's secret


def test_a_secret_opens_for_its_person_at_its_hub_only() -> None:
    here = proofs()
    sealed = here.sealed("Sato", RFC_6238_SECRET)

    assert RFC_6238_SECRET not in sealed
    assert here.opened("Sato", sealed) == RFC_6238_SECRET
    for hub, name, what in (
        (here, "Suzuki", sealed),
        (proofs("another hub"), "Sato", sealed),
        (here, "Sato", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (here, "Sato", b""),
    ):
        with pytest.raises(Damaged):
            hub.opened(name, what)


def test_a_hub_from_its_folder_opens_what_it_sealed(tmp_path: Path) -> None:
    randomness = SeededRandomness("hub")
    keys = KeyRing(tmp_path / "keys", randomness)
    keys.begin_hub()
    sealed = Proofs(keys, randomness, HASTY).sealed("Sato", RFC_6238_SECRET)

    again = Proofs(KeyRing(tmp_path / "keys", randomness), randomness, HASTY)
    assert again.opened("Sato", sealed) == RFC_6238_SECRET


def test_a_secret_is_written_and_read_again() -> None:
    assert secret_of(written(RFC_6238_SECRET)) == RFC_6238_SECRET
    assert secret_of("gezd gnbv gy3t qojq gezd gnbv gy3t qojq") == RFC_6238_SECRET
    for text in ("", "GEZDGNBV", "not base32!", "1" * 40):
        with pytest.raises(Malformed):
            secret_of(text)


def test_an_authenticator_reads_whose_it_is_and_of_which_hub() -> None:
    address = address_for("佐藤", "hub.test:8443", RFC_6238_SECRET)

    assert address.startswith("otpauth://totp/")
    assert f"secret={written(RFC_6238_SECRET)}" in address
    assert "hub.test" in address


def test_recovery_codes_are_many_and_read_as_they_were_meant() -> None:
    codes = fresh_codes(SeededRandomness("codes"))

    assert len(set(codes)) == RECOVERY_CODES
    assert digest_of_code(codes[0]) == digest_of_code(codes[0].lower().replace("-", " "))
    assert digest_of_code(codes[0]) != digest_of_code(codes[1])
