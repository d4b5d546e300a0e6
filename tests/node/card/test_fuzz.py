"""Cards, readers and lines out of their mind: a tap ends in words, soon, and spends no second try.

Each answer of a tap is replaced, cut, lengthened, flipped or given another status word; each
function of PC/SC returns each code at each call; the virtual reader's line brings any bytes.
"""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
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
from node.card.pcsc import Code, PcscConnection
from node.card.pinpad import expect_entered, features
from node.card.softcard import SoftCard
from node.card.tap import Connection, ReaderAddress, Tap
from node.card.vpcd import serve
from node.card.watch import CardThere, Event, Seen, Slot, Watch, events, slots_of
from tests.doubles.scard import FakeScard
from tests.doubles.twisted import Replaced, Status, Twist, Twisted, plans, twists
from tests.node.card.conftest import PIN
from tests.node.card.test_watch import Told

READER = "Sony RC-S300/P 00 00"
MESSAGE = b"300 points"
USUAL = 16
"""Commands of a tap with a look and a payment."""
AN_EXCHANGE = 2 + MOST_ROUNDS
"""The command, once more with the right length, and its rounds."""
BOUND = AN_EXCHANGE * (1 + 2 + 2 + MOST_PIECES + 3 + 2 + 2)
"""Open, tries, certificate (file, head, pieces), PIN, look, payment: more is never sent."""

wild = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Remembered:
    """A good tap's answers, played again: as quick as a fuzzer wants it."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self.answers = answers

    def transmit(self, command: Octets) -> bytes:
        return self.answers.get(bytes(command), b"\x6f\x00")

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture(scope="module")
def good(new_card_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, bytes]:
    """Each command of a whole tap with the answer of a good card."""
    path = Path(shutil.copy(new_card_file, tmp_path_factory.mktemp("good") / "taro.card"))
    heard: dict[bytes, bytes] = {}

    class Listening(SoftCard):
        def transmit(self, command: Octets) -> bytes:
            asked = bytes(command)
            heard[asked] = super().transmit(command)
            return heard[asked]

    tap_of(Listening(path))
    assert len(heard) < USUAL  # both signatures select the key's file
    return heard


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


# -- PC/SC


class Failing(FakeScard):
    """A service whose n-th call of one function returns a code of one's choice."""

    def fail(self, function: str, at: int, code: int) -> None:
        self.plan = (function, at, code)
        self.count = 0
        self.failed = threading.Event()

    def _code(self, function: str, context: int | None = None) -> int:
        told = super()._code(function, context)
        wanted, at, code = self.plan
        if function == wanted:
            self.count += 1
            if self.count == at:
                self.failed.set()
                return code
        return told


FUNCTIONS = [
    "SCardEstablishContext",
    "SCardListReaders",
    "SCardConnect",
    "SCardTransmit",
    "SCardDisconnect",
    "SCardReleaseContext",
]
codes = st.sampled_from([code.value for code in Code]) | st.integers(0, 2**32 - 1)


@settings(wild, max_examples=300)
@given(
    function=st.sampled_from(FUNCTIONS),
    at=st.integers(1, USUAL),
    code=codes,
    negative=st.booleans(),
)
def test_any_code_at_any_call_ends_a_tap_in_words_and_leaves_nothing_open(
    good: dict[bytes, bytes], function: str, at: int, code: int, *, negative: bool
) -> None:
    cards: list[Twisted] = []

    def power_on() -> Twisted:
        cards.append(Twisted(Remembered(good), {}))
        return cards[-1]

    service = Failing()
    service.fail(function, at, code - 2**32 if negative and code >= 2**31 else code)
    service.plug(READER, power_on)
    with suppress(CardError):
        tap_of(PcscConnection.open(functions=service))

    assert service.contexts == set()
    assert sum(card.pins for card in cards) <= 1
    assert len(cards) <= 1


@given(
    st.lists(st.tuples(st.text(max_size=6), st.integers(0, 2**32 - 1), st.just(())), max_size=4),
    st.none() | st.dictionaries(st.text(max_size=6), st.builds(Slot, card=st.booleans())),
)
def test_any_states_of_readers_make_events(
    states: list[tuple[str, int, tuple[()]]], before: dict[str, Slot] | None
) -> None:
    now = Seen(slots=slots_of(states))
    told: tuple[Event, ...] = events(None if before is None else Seen(slots=before), now)

    cards = [event.reader for event in told if isinstance(event, CardThere)]
    assert set(cards) <= {name for name, slot in now.slots.items() if slot.card}


WATCHED = ["SCardEstablishContext", "SCardListReaders", "SCardGetStatusChange"]


@pytest.mark.parametrize("function", WATCHED)
@pytest.mark.parametrize("code", [code for code in Code if code != Code.SUCCESS] + [0x80100001, 1])
def test_a_watch_outlives_any_code(function: str, code: int) -> None:
    service, told = Failing(), Told()
    service.fail(function, 1, code)
    service.plug(READER)
    watch = Watch(told, functions=service, pause=0.001)
    watch.start()
    try:
        assert service.failed.wait(10)
        service.plug("another", lambda: Remembered({}))
        while told.next() != CardThere("another"):
            pass
    finally:
        watch.stop()


# -- the keypad and the line


@given(st.binary(max_size=300))
def test_any_bytes_of_a_reader_with_keys_are_read(answer: bytes) -> None:
    assert all(isinstance(code, int) for code in features(answer).values())
    with suppress(CardError):
        assert expect_entered(answer) == answer


@pytest.fixture(scope="module")
def door() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


messages = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"\x00", b"\x01", b"\x02", b"\x04", b"\x03", b"", b"\x00\x20\x00\x80"]),
).map(lambda body: len(body).to_bytes(2, "big") + body)


@settings(wild, max_examples=150)
@given(stream=st.lists(messages, max_size=12).map(b"".join) | st.binary(max_size=600))
def test_any_bytes_from_the_virtual_reader_leave_the_card_without_power(
    door: socket.socket, good: dict[bytes, bytes], stream: bytes
) -> None:
    cards: list[Twisted] = []

    def power_on() -> Twisted:
        cards.append(Twisted(Remembered(good), {}))
        return cards[-1]

    with socket.create_connection(door.getsockname()) as line:
        reader, _ = door.accept()
        with reader:
            reader.sendall(stream)
            reader.shutdown(socket.SHUT_WR)
            serve(line, power_on)
            while reader.recv(65_536):
                pass
    assert not any(card.powered for card in cards)
