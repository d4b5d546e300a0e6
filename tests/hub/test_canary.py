"""Nobody's certificate, name or MyKey ID in anything the hub keeps about points.

Every file of a hub's folder, every value of its ledger, what its nodes are told and what its log
says are opened as far as they open. The search first proves that it finds a planted needle. Only
``mykey.db`` may know a MyKey ID and a public key, and even it keeps no certificate. A PIN never
leaves the counter.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.feed import lone, page
from hub.mykey import schema as identity_schema
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.settlement.windows import SHOPS, WindowName
from hub.store import schema
from sync.batch import EvidenceBook, pack, read_evidence, unpack
from sync.cardproof import SealedCertificate
from sync.certificate import check_certificate
from sync.democa import DemoCa
from sync.demolist import list_of
from sync.revocation import Kind, read_list
from sync.sealing import Sealer, certificate_name
from sync.values import MyKeyId
from sync.wire import write
from tests.doubles.pen import Card, Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident, corner
from tests.node.test_canary import holds

MYKEY_ID = b"CANARY77"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Corner]:
    """A hub in a folder, with Hana's real certificate and everything that may follow."""
    town = corner(tmp_path)
    yield town
    town.core.database.close()
    town.mykey.close()


@pytest.fixture
def certificate(tmp_path: Path, card_keys: list[RSAPrivateKey], kept: Corner) -> bytes:
    """Hana's certificate (DER), from a demo's authority, which took it back for a while."""
    authority = DemoCa.create(tmp_path.parent / f"{tmp_path.name}-ca", at=kept.clock.now())
    made = authority.issue(card_keys[0].public_key(), at=kept.clock.now())
    key = check_certificate(made, authority.roots, kept.clock.now())
    kept.mykey.register(key, MYKEY_ID.decode(), consent_points=True)
    for number, listed in enumerate(({key.serial: Kind.HELD}, {}), 1):
        der = list_of(authority, listed, number=number, at=kept.clock.now())
        found = read_list(der, authority.roots, kept.clock.now())
        assert kept.mykey.revocations.take(found).revoked == len(listed)
    return made


def test_the_search_finds_what_was_planted_in_a_batch(
    kept: Corner, tmp_path: Path, certificate: bytes, card_keys: list[RSAPrivateKey]
) -> None:
    shop = _lived(kept, tmp_path, certificate, Card(card_keys[0]))
    digest = Card(card_keys[0]).digest
    book = EvidenceBook((), (SealedCertificate(2, digest, certificate),))
    planted = msgspec.structs.replace(unpack(shop.batch()), evidence=write(book))
    with kept.core.database.write() as tx:
        changed = tx.run(
            "UPDATE inbox SET body=:body WHERE node=:node", body=pack(planted), node=shop.node
        )

    assert changed
    assert _found(_values(kept), _needles(certificate))


def test_the_search_finds_what_was_planted_in_a_file(
    kept: Corner, tmp_path: Path, certificate: bytes, card_keys: list[RSAPrivateKey]
) -> None:
    shop = _lived(kept, tmp_path, certificate, Card(card_keys[0]))
    with kept.core.database.write() as tx:
        tx.run("UPDATE inbox SET head=:head WHERE node=:node", head=certificate, node=shop.node)

    assert _found(_files(tmp_path), _needles(certificate))


def test_nothing_about_points_says_who_it_was(
    kept: Corner,
    tmp_path: Path,
    certificate: bytes,
    card_keys: list[RSAPrivateKey],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    shop = _lived(kept, tmp_path, certificate, Card(card_keys[0]))
    hana = Card(card_keys[0]).digest
    told = [
        write(page(kept.core, kept.mykey, shop.node, str(kept.core.incarnation), 0)),
        write(lone(kept.core, kept.mykey, shop.node, hana)),
        write(kept.put(shop)),
    ]
    values, needles = _values(kept), _needles(certificate)
    log = [record.getMessage().encode() for record in caplog.records]
    kept.core.database.close()

    assert len(values) > 500
    assert not _found(values, needles)
    assert not _found(told, needles)
    assert not _found(log, needles)
    files = {file.name: file.read_bytes() for file in _paths(tmp_path)}
    assert {"hub.db", "mykey.db", "released.jsonl"} <= files.keys()
    knows = {name for name, data in files.items() if holds(data, needles)}
    assert {name.removesuffix("-wal").removesuffix("-shm") for name in knows} == {"mykey.db"}


def test_the_place_that_knows_the_mykey_id_keeps_no_certificate(
    kept: Corner, tmp_path: Path, certificate: bytes, card_keys: list[RSAPrivateKey]
) -> None:
    _lived(kept, tmp_path, certificate, Card(card_keys[0]))
    files = [file.read_bytes() for file in _paths(tmp_path) if file.name.startswith("mykey.db")]

    assert _found(files, [MYKEY_ID])
    assert not _found(files, _needles(certificate)[2:])


def test_the_ledger_and_the_identities_share_no_table() -> None:
    both = set(schema.metadata.tables) & set(identity_schema.metadata.tables)

    assert both == {"meta", "chronicle"}  # a version, and a chain of its own each


def _lived(town: Corner, folder: Path, certificate: bytes, card: Card) -> Pen:
    """Hana spends, hands a ticket back, loses one; a stranger's card is shown, a window is paid."""
    hana = Resident(card, MyKeyId(MYKEY_ID.decode()))
    town.grant(hana, 1_000)
    counter = town.node(GREENGROCER, "2222")
    handed_in, lost = town.ticket(counter, hana, 100), town.ticket(counter, hana, 100)
    town.void(counter, handed_in, 100)
    town.lose(counter, hana, lost)
    shop = town.node(GREENGROCER)
    town.feed(shop, available=800)
    shop.spend(card, town.account(hana), 300, town=KAWASAKI)
    town.put(shop, _with_certificate(shop, certificate, card))
    number = town.close_window()
    town.release_window(number)
    journal = Journal(folder / "journal", town.core.keys.signing)
    Settlement(town.core, journal).file(
        lambda body: town.enact(body, "Sato"), WindowName(KAWASAKI, SHOPS, number)
    )
    return shop


def _with_certificate(shop: Pen, certificate: bytes, card: Card) -> bytes:
    """What a node sends when the hub does not know the card: its certificate, sealed."""
    batch = unpack(shop.batch())
    sealed = Sealer(shop.content_key).seal(certificate, certificate_name(card.digest))
    book = EvidenceBook(
        read_evidence(batch.evidence, shop.seq).pieces,
        (SealedCertificate(2, card.digest, sealed),),
    )
    return pack(msgspec.structs.replace(batch, evidence=write(book)))


def _needles(certificate: bytes) -> list[bytes]:
    """The MyKey ID, a piece of the public key, and what only the certificate says."""
    read = x509.load_der_x509_certificate(certificate)
    serial = read.serial_number.to_bytes(8, "big")
    name = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    common = name if isinstance(name, bytes) else name.encode()
    key, signature = certificate[200:260], certificate[-120:-60]
    return [MYKEY_ID, key, signature, certificate, serial, common]


def _values(town: Corner) -> list[bytes]:
    """Every value of the ledger's database, and what batches hold under their compression."""
    with town.core.database.read() as tx:
        batches = [unpack(body) for (body,) in tx.rows("SELECT body FROM inbox")]
        values = [
            value if isinstance(value, bytes) else str(value).encode()
            for table in schema.metadata.tables
            for row in tx.rows(f"SELECT * FROM {table}")
            for value in row
        ]
    return values + [part for batch in batches for part in (batch.facts, batch.evidence)]


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in _paths(folder)]


def _found(contents: list[bytes], needles: list[bytes]) -> list[bytes]:
    return [content[:40] for content in contents if holds(content, needles)]
