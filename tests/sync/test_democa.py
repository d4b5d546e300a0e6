"""A demo makes its own certificate authority, and keeps it apart from real ones."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sync.certificate import Expired, check_certificate
from sync.democa import KEY_FILE, ROOT_FILE, DemoCa, new_key
from sync.errors import Damaged, RefusedByRule
from sync.values import DAY, Millis

NOW = Millis(1_790_000_000_000)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return new_key()


def test_what_was_made_is_what_is_read_again(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    made = DemoCa.create(tmp_path / "new" / "ca", at=NOW, key=key)
    again = DemoCa.load(tmp_path / "new" / "ca")

    assert again.root == made.root
    card = again.issue(key.public_key(), at=NOW)
    assert check_certificate(card, made.roots, NOW).issuer_key_id in made.roots.keys


def test_a_ca_makes_its_own_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = DemoCa.create(tmp_path, at=NOW)

    assert made.key.key_size == 2048
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert "key" not in repr(made)


def test_a_ca_is_never_written_over(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    before = DemoCa.create(tmp_path, at=NOW, key=key).root

    with pytest.raises(RefusedByRule) as refused:
        DemoCa.create(tmp_path, at=Millis(NOW + DAY), key=key)
    assert refused.value.reason == "demo-ca-exists"
    assert (tmp_path / ROOT_FILE).read_bytes() == before


def test_a_card_can_be_made_that_has_expired(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    ca = DemoCa.create(tmp_path, at=NOW, key=key)
    short = ca.issue(key.public_key(), at=NOW, life=DAY)

    with pytest.raises(Expired):
        check_certificate(short, ca.roots, Millis(NOW + 2 * DAY))


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_directory_without_a_whole_ca_is_told_as_damaged(
    tmp_path: Path, key: rsa.RSAPrivateKey
) -> None:
    with pytest.raises(Damaged):
        DemoCa.load(tmp_path)
    DemoCa.create(tmp_path, at=NOW, key=key)
    for foreign in (_pem(new_key()), _pem(ec.generate_private_key(ec.SECP256R1())), b"noise"):
        (tmp_path / KEY_FILE).write_bytes(foreign)
        with pytest.raises(Damaged):
            DemoCa.load(tmp_path)
