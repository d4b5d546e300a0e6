"""Cards out of their mind: a tap ends in words, soon, and spends no second try.

Each answer of a tap is replaced, cut, lengthened, flipped or given another status word.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.card.apdu import MOST_ROUNDS, Octets
from node.card.cardfile import CardFile
from node.card.errors import CardError, CardRemoved, TapSpent
from node.card.jpki import MOST_PIECES
from node.card.softcard import SoftCard
from node.card.tap import Connection, ReaderAddress, Tap
from tests.doubles.twisted import Remembered, Replaced, Status, Twist, Twisted, plans, twists
from tests.node.card.conftest import MESSAGE, PIN

READER = "Sony RC-S300/P 00 00"
USUAL = 16
"""Commands of a tap with a look and a payment."""
AN_EXCHANGE = 2 + MOST_ROUNDS
"""The command, once more with the right length, and its rounds."""
BOUND = AN_EXCHANGE * (1 + 2 + 2 + MOST_PIECES + 3 + 2 + 2)
"""Open, tries, certificate (file, head, pieces), PIN, look, payment: more is never sent."""

wild = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def tap_of(card: Connection) -> None:
    """A whole tap; its PIN is zeros at the end, whatever happens."""
    typed, entered = bytearray(PIN), False
    try:
        with Tap(ReaderAddress(), connect=lambda _: card) as tap:
            entered = True
            tap.verify(typed)
            tap.sign_look(MESSAGE)
            tap.sign_record(MESSAGE)
    finally:
        assert any(typed) is not entered


def ends_in_words(card: Twisted) -> None:
    with suppress(CardError):
        tap_of(card)
    assert card.pins <= 1
    assert not card.powered


def test_a_good_card_needs_no_more_than_the_usual(good: dict[bytes, bytes]) -> None:
    card = Twisted(Remembered(good), {}, most=USUAL)
    tap_of(card)
    assert (card.commands, card.pins) == (USUAL, 1)


@settings(wild, max_examples=400)
@given(plan=plans(USUAL + 4))
def test_answers_that_are_twisted_end_a_tap_in_words(
    good: dict[bytes, bytes], plan: dict[int, Twist]
) -> None:
    ends_in_words(Twisted(Remembered(good), plan, most=BOUND))


@settings(wild, max_examples=200)
@given(always=twists(), begins=st.integers(1, USUAL))
def test_a_card_that_never_stops_is_stopped(
    good: dict[bytes, bytes], always: Twist, begins: int
) -> None:
    ends_in_words(Twisted(Remembered(good), {}, always_from=begins, always=always, most=BOUND))


@pytest.mark.parametrize("begins", range(1, USUAL + 1))
@pytest.mark.parametrize(
    "always",
    [Status(0x6100), Status(0x61FF), Status(0x6C00), Status(0x6C01), Replaced(b"\x41\x90\x00")],
    ids=["6100", "61FF", "6C00", "6C01", "one-byte"],
)
def test_endless_announcements_are_stopped_at_each_command(
    good: dict[bytes, bytes], begins: int, always: Twist
) -> None:
    card = Twisted(Remembered(good), {}, always_from=begins, always=always, most=BOUND)
    with pytest.raises(CardError):
        tap_of(card)
    assert card.pins <= 1


def test_a_certificate_given_byte_by_byte_is_given_up() -> None:
    class Drop:
        """Says that its certificate has 8,192 bytes, and gives one at a time."""

        def __init__(self) -> None:
            self.commands = 0

        def transmit(self, command: Octets) -> bytes:
            self.commands += 1
            if command[1] == 0x20:
                return b"\x63\xc3"
            if command[1] != 0xB0:
                return b"\x90\x00"
            at_its_head = command[2] == 0 and command[3] == 0
            return (b"\x30\x82\x1f\xfc" if at_its_head else b"\x00") + b"\x90\x00"

        def close(self) -> None:
            """Nothing is held."""

    card = Drop()
    with pytest.raises(CardError, match="too many pieces"):
        tap_of(card)
    assert card.commands <= 1 + 2 + 2 + MOST_PIECES


KEYS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "rsa-1024": lambda: rsa.generate_private_key(public_exponent=65_537, key_size=1024),  # noqa: S505  weak on purpose
    "rsa-3": lambda: rsa.generate_private_key(public_exponent=3, key_size=2048),
    "rsa-3072": lambda: rsa.generate_private_key(public_exponent=65_537, key_size=3072),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "p-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", sorted(KEYS))
@pytest.mark.parametrize("signature", [b"", bytes(64), b"\xff" * 256])
def test_a_certificate_of_any_other_key_ends_the_tap_in_words(
    good: dict[bytes, bytes], kind: str, signature: bytes
) -> None:
    card = Showing(good, certificate_of(KEYS[kind]()), signature)
    with pytest.raises(CardError):
        tap_of(card)


@dataclass
class Showing:
    """A card that shows a certificate of its own, and signs as it likes."""

    good: dict[bytes, bytes]
    certificate: bytes
    signature: bytes

    def transmit(self, command: Octets) -> bytes:
        if command[1] == 0xB0:
            begin = command[2] << 8 | command[3]
            return self.certificate[begin : begin + (command[4] or 256)] + b"\x90\x00"
        if command[1] == 0x2A:
            return self.signature + b"\x90\x00"
        return self.good.get(bytes(command), b"\x6f\x00")

    def close(self) -> None:
        """Nothing is held."""


def certificate_of(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """What somebody made for himself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    builder = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(Encoding.DER)


@settings(wild, max_examples=25)
@given(plan=plans(USUAL + 4))
def test_a_real_cards_tries_are_all_there_after_any_twist(
    card: Path, plan: dict[int, Twist]
) -> None:
    ends_in_words(Twisted(SoftCard(card), plan, most=BOUND))

    with closing(CardFile(card)) as held:
        assert held.tries == 3  # the right PIN was sent once, or never


def test_an_answer_after_the_power_went_is_not_asked_for(card: Path) -> None:
    lying = Twisted(SoftCard(card), {})
    with Tap(ReaderAddress(), connect=lambda _: lying) as tap:
        tap.verify(bytearray(PIN))
    asked = lying.commands

    with pytest.raises(TapSpent):
        tap.sign_record(MESSAGE)
    with pytest.raises(CardRemoved):
        lying.transmit(b"\x00\x20\x00\x80")
    assert lying.commands == asked + 1
