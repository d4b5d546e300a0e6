"""Whose card it is reaches no ledger, no counter and no log, whatever people do with their cards.

A life at two counters and the desk: registered, numbered, paused, renamed, renewed, lost, revoked.
Only the database of identities knows an ID and a number, and no database what lists
call a card.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.forms import JoinCardForm
from hub.mykey import schema as identities
from hub.store import schema as ledger
from hub.store.database import Database
from node.card.demo import take_back
from node.card.tap import Tap
from node.outcome import JoinedCard, NumberLook, SeenMember
from sync import demolist
from sync.batch import unpack
from sync.members import MemberStep
from sync.revocation import Kind
from tests.hub.twoshops import MEI, Street, joined, pin, two_shops
from tests.node.test_canary import holds

RENAMED, NUMBER = "MEI20260", "CANARY-789145"


@dataclass(frozen=True, slots=True)
class Lived:
    """What must not be found: who people are, and what only their certificates say."""

    street: Street
    who: list[bytes]
    cards: list[bytes]


@pytest.fixture
def lived(
    tmp_path: Path, card_keys: list[RSAPrivateKey], caplog: pytest.LogCaptureFixture
) -> Iterator[Lived]:
    caplog.set_level(logging.DEBUG)
    with two_shops(tmp_path, card_keys[0]) as street:
        here, desk, sato = street.here.counter, street.hall.hub.residents, street.hall.sato
        first, second, third, waiting = street.registered(), *(street.card() for _ in range(3))
        assert isinstance(here.set_number(first, pin(), NUMBER), NumberLook)
        desk.suspend(sato, MEI, "asked-by-phone")
        assert isinstance(here.member(first, pin(), MemberStep.RESUME), SeenMember)
        assert isinstance(here.member(first, pin(), MemberStep.CHANGE, RENAMED), SeenMember)
        assert joined(street.here.renew(second, first)) == "joined"
        asked = here.join(third, pin(), MEI)
        assert isinstance(asked, JoinedCard)
        form = JoinCardForm(card=asked.fingerprint, evidence="identity-document-seen")
        desk.join(sato, RENAMED, form)
        assert joined(here.join(waiting, pin(), RENAMED)) == "waiting"
        _revoke(street, third)
        street.here.sync()
        street.elsewhere.sync()
        assert street.here.spend(third, offline=True) == "card-revoked"
        street.here.sync()
        yield Lived(
            street,
            [MEI.encode(), RENAMED.encode(), NUMBER.encode()],
            [needle for card in (first, second, third, waiting) for needle in _needles(card)],
        )


def test_all_that_happened_left_its_rows(lived: Lived) -> None:
    """Else nothing would be looked through."""
    hub = lived.street.hall.hub
    assert _rows(hub.core.database, "told_card")
    for table in ("card_mark", "listed", "join_request", "service_number", "former_id", "step"):
        assert _rows(hub.mykey._database, table), table


def test_the_identities_know_the_id_and_the_number_and_of_a_certificate_nothing(
    lived: Lived,
) -> None:
    database = lived.street.hall.hub.mykey._database
    values = [value for table in identities.metadata.tables for value in _rows(database, table)]

    for needle in lived.who:
        assert any(holds(value, [needle]) for value in values), needle
    assert not [value[:40] for value in values if holds(value, lived.cards)]


def test_ledger_counters_and_log_know_neither(
    lived: Lived, caplog: pytest.LogCaptureFixture
) -> None:
    database, folder = lived.street.hall.hub.core.database, lived.street.folder
    values = [value for table in ledger.metadata.tables for value in _rows(database, table)]
    with database.read() as tx:
        batches = [unpack(body) for (body,) in tx.rows("SELECT body FROM inbox")]
    values += [part for batch in batches for part in (batch.facts, batch.evidence)]
    stored = [
        path.read_bytes()
        for name in ("here", "elsewhere", "hub")
        for path in (folder / name).rglob("*")
        if path.is_file()
    ]
    log = [record.getMessage().encode() for record in caplog.get_records("setup")]

    assert len(values) > 300
    assert len(stored) > 4
    assert any(b"revocation list" in line for line in log)
    for found in (values, stored, log):
        assert not [each[:40] for each in found if holds(each, lived.who + lived.cards)]


def _revoke(street: Street, card: str) -> None:
    """Its issuer takes a card back, and the hub hears of it."""
    lists, now = street.folder / "lists", street.hall.clock.now()
    take_back(Path(card.removeprefix("soft:")), street.folder / "ca", Kind.REVOKED, at=now)
    lists.write_bytes(demolist.make_list(street.folder / "ca", at=now))
    revoking, sato = street.hall.hub.revoking, street.hall.sato
    revoking.set_source(sato, f"file:{lists}")
    [last] = revoking.load(sato).last
    assert last.worked


def _needles(card: str) -> list[bytes]:
    """The certificate's signature, its serial number and its name."""
    with Tap(card) as tap:
        certificate = tap.certificate
    read = x509.load_der_x509_certificate(certificate)
    serial = read.serial_number
    name = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    common = name if isinstance(name, bytes) else name.encode()
    return [
        certificate[-120:-60],
        serial.to_bytes((serial.bit_length() + 7) // 8, "big"),
        str(serial).encode(),
        common,
    ]


def _rows(database: Database, table: str) -> list[bytes]:
    """Every value of a table."""
    with database.read() as tx:
        return [
            value if isinstance(value, bytes) else str(value).encode()
            for row in tx.rows(f"SELECT * FROM {table}")
            for value in row
        ]
