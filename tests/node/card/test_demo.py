"""A demo card is made and looked at from the shell, and shows nothing it should keep."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.demo import describe, new_card, take_back
from node.card.errors import BadPin, CardInUse
from node.card.softcard import SoftCard
from node.card.tap import SoftAddress, Tap
from sync import demolist
from sync.cardkey import Algorithm
from sync.certificate import UnknownIssuer, check_certificate
from sync.democa import CARD_LIFE, DemoCa
from sync.errors import Damaged, RefusedByRule
from sync.revocation import Kind, read_list
from sync.values import Millis
from tests.node.card.conftest import NOW, PIN


def test_a_new_card_works_at_once(
    tmp_path: Path, ca: DemoCa, ca_directory: Path, card_key: RSAPrivateKey
) -> None:
    pin, file = bytearray(PIN), tmp_path / "hanako.card"
    made = new_card(file, ca_directory, pin, at=NOW, key=card_key)

    with Tap(SoftAddress(file)) as tap:
        key = check_certificate(tap.certificate, ca.roots, NOW)
        tap.verify(bytearray(PIN))
    assert made.key == key.digest.hex()[:16]
    assert (made.valid_from, made.valid_until) == (NOW, NOW + CARD_LIFE)
    assert made.tries_left == 3
    assert not any(pin)


def test_a_renewed_card_has_another_key_and_later_dates(tmp_path: Path, ca_directory: Path) -> None:
    first = new_card(tmp_path / "a.card", ca_directory, bytearray(PIN), at=NOW)
    later = Millis(NOW + CARD_LIFE)
    renewed = new_card(tmp_path / "b.card", ca_directory, bytearray(PIN), at=later)

    assert first.key != renewed.key
    assert renewed.valid_from == later


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_card_says_how_it_signs(tmp_path: Path, ca_directory: Path, algorithm: Algorithm) -> None:
    file = tmp_path / "jiro.card"

    made = new_card(file, ca_directory, bytearray(PIN), at=NOW, algorithm=algorithm)
    assert made.algorithm is algorithm
    assert describe(file) == made


def test_looking_at_a_card_costs_no_try_and_says_that_it_is_locked(card: Path) -> None:
    assert describe(card) == describe(card)
    for _ in range(3):
        powered = SoftCard(card)
        powered._file.tries -= 1
        powered.close()
    assert describe(card).tries_left == 0


def test_a_card_in_use_cannot_be_looked_at(card: Path) -> None:
    with Tap(SoftAddress(card)), pytest.raises(CardInUse):
        describe(card)


def test_what_cannot_be_made_leaves_nothing_behind(tmp_path: Path, ca_directory: Path) -> None:
    file = tmp_path / "new.card"
    for directory, typed, error in (
        (tmp_path, PIN, Damaged),
        (ca_directory, b"46", BadPin),
    ):
        pin = bytearray(typed)
        with pytest.raises(error):
            new_card(file, directory, pin, at=NOW)
        assert not any(pin)
        assert not file.exists()


def test_a_card_is_taken_back_on_hold_for_good_and_never_for_good_and_back(
    tmp_path: Path, ca: DemoCa, ca_directory: Path, card_key: RSAPrivateKey
) -> None:
    file = tmp_path / "hanako.card"
    new_card(file, ca_directory, bytearray(PIN), at=NOW, key=card_key)

    def kinds() -> list[Kind]:
        made = read_list(demolist.make_list(ca_directory, at=NOW), ca.roots, NOW)
        return list(made.entries.values())

    take_back(file, ca_directory, Kind.HELD, at=NOW)
    assert kinds() == [Kind.HELD]
    take_back(file, ca_directory, None, at=NOW)
    assert kinds() == []
    take_back(file, ca_directory, Kind.REVOKED, at=NOW)
    assert kinds() == [Kind.REVOKED]
    with pytest.raises(RefusedByRule, match="stays so"):
        take_back(file, ca_directory, None, at=NOW)


def test_another_cas_card_is_not_taken_back(
    tmp_path: Path, ca_directory: Path, card_key: RSAPrivateKey
) -> None:
    DemoCa.create(tmp_path / "other", at=NOW)
    file = tmp_path / "hanako.card"
    new_card(file, tmp_path / "other", bytearray(PIN), at=NOW, key=card_key)

    with pytest.raises(UnknownIssuer):
        take_back(file, ca_directory, Kind.REVOKED, at=NOW)
