"""A card file is one card: made once, held by one, and never half a card."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from node.card.cardfile import CardFile, create
from node.card.errors import BadPin, CardInUse, CardUnreadable
from sync.cardkey import Algorithm, verifying
from sync.certificate import check_certificate
from sync.democa import DemoCa
from sync.errors import InUse, RefusedByRule
from tests.node.card.conftest import NOW, PIN


def test_a_new_card_has_all_its_tries_and_only_its_owner_reads_it(card: Path) -> None:
    held = CardFile(card)

    assert held.tries == 3
    assert held.has_pin(PIN)
    assert not held.has_pin(b"0000")
    held.close()
    assert stat.S_IMODE(card.stat().st_mode) == 0o600
    assert PIN not in card.read_bytes()
    assert [path.name for path in card.parent.iterdir()] == [card.name]


def test_a_card_is_held_by_one(card: Path) -> None:
    held = CardFile(card)

    with pytest.raises(CardInUse, match="another program") as busy:
        CardFile(card)
    assert isinstance(busy.value, InUse)
    held.close()
    CardFile(card).close()


@pytest.mark.processes
def test_another_program_cannot_have_it_either_until_we_let_go(card: Path) -> None:
    asks = (
        "import sys\nfrom pathlib import Path\nfrom node.card.cardfile import CardFile\n"
        "try: CardFile(Path(sys.argv[1])).close()\n"
        "except Exception as problem: print(type(problem).__name__)\n"
        "else: print('taken')"
    )

    def another_program() -> str:
        run = [sys.executable, "-c", asks, str(card)]
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()

    held = CardFile(card)
    assert another_program() == "CardInUse"
    held.close()
    assert another_program() == "taken"


def test_a_card_is_never_written_over(card: Path, ca: DemoCa, card_key: RSAPrivateKey) -> None:
    before, pin = card.read_bytes(), bytearray(b"0000")

    with pytest.raises(RefusedByRule) as refused:
        create(card, ca, pin, at=NOW, key=card_key)
    assert refused.value.reason == "card-exists"
    assert card.read_bytes() == before
    assert not any(pin)


@pytest.mark.parametrize("typed", [b"464", b"46490", b"46a9"])
def test_a_card_gets_a_pin_of_four_digits(tmp_path: Path, ca: DemoCa, typed: bytes) -> None:
    pin = bytearray(typed)

    with pytest.raises(BadPin):
        create(tmp_path / "new.card", ca, pin, at=NOW)
    assert not any(pin)
    assert not (tmp_path / "new.card").exists()


def test_a_card_that_cannot_be_written_is_told(
    tmp_path: Path, ca: DemoCa, card_key: RSAPrivateKey
) -> None:
    with pytest.raises(CardUnreadable, match="cannot be written"):
        create(tmp_path / "nowhere" / "new.card", ca, bytearray(PIN), at=NOW, key=card_key)


def test_a_card_makes_its_own_key(tmp_path: Path, ca: DemoCa) -> None:
    create(tmp_path / "new.card", ca, bytearray(PIN), at=NOW)

    held = CardFile(tmp_path / "new.card")
    assert held.key.key_size == 2048
    held.close()


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_card_is_made_for_each_algorithm(
    tmp_path: Path, ca: DemoCa, algorithm: Algorithm
) -> None:
    create(tmp_path / "new.card", ca, bytearray(PIN), at=NOW, algorithm=algorithm)

    held = CardFile(tmp_path / "new.card")
    believed = check_certificate(held.certificate, ca.roots, NOW)
    assert verifying(held.key.public_key()).spki == believed.public_key
    assert believed.algorithm is algorithm
    held.close()


def test_no_card_and_half_a_card_are_told(tmp_path: Path, card: Path) -> None:
    with pytest.raises(CardUnreadable, match="no software card"):
        CardFile(tmp_path / "nobody.card")
    for content in (b"", b"not a card", card.read_bytes()[:1500]):
        broken = tmp_path / "broken.card"
        broken.write_bytes(content)
        with pytest.raises(CardUnreadable):
            CardFile(broken)
    with pytest.raises(CardUnreadable):
        CardFile(tmp_path)


FOREIGN_KEYS = [
    key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    for key in (ec.generate_private_key(ec.SECP521R1()), ed25519.Ed25519PrivateKey.generate())
]


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ("PRAGMA application_id = 1", ()),
        ("DELETE FROM card", ()),
        ("UPDATE card SET key = ?", (b"noise",)),
        *(("UPDATE card SET key = ?", (key,)) for key in FOREIGN_KEYS),
    ],
)
def test_a_file_that_was_tampered_with_is_told(
    card: Path, change: str, values: tuple[bytes, ...]
) -> None:
    base = sqlite3.connect(card)
    base.execute(change, values)
    base.commit()
    base.close()

    with pytest.raises(CardUnreadable) as told:
        CardFile(card)
    base = sqlite3.connect(card, timeout=0)
    base.execute("BEGIN EXCLUSIVE")  # it was let go, though its error is still being looked at
    base.close()
    assert str(card) in str(told.value)


def test_tries_outside_their_bounds_are_never_stored(card: Path) -> None:
    held = CardFile(card)

    with pytest.raises(CardUnreadable):
        held.tries = 4
    assert held.tries == 3
    held.close()


def test_another_programs_database_is_no_card_even_while_it_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "songs.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("CREATE TABLE songs (title TEXT)")
        base.execute("BEGIN EXCLUSIVE")

        with pytest.raises(CardUnreadable, match="no software card"):
            CardFile(path)
