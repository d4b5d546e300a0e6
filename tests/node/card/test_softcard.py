"""The software card is a card: it is asked in bytes and answers in bytes, as plastic does."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.card import cardfile
from node.card.errors import CardRemoved, CardUnreadable
from node.card.jpki import to_be_signed
from node.card.softcard import Knobs, SoftCard
from sync.cardkey import CURVES, Algorithm, canonical, verifying
from sync.certificate import verify_signature
from sync.democa import DemoCa

SELECT_APPLICATION = "00A4040C0AD392F000260100000001"
SELECT_PIN, SELECT_KEY, SELECT_CERTIFICATE = "00A4020C020018", "00A4020C020017", "00A4020C02000A"
ASK_TRIES, RIGHT, WRONG = "00200080", "002000800434363439", "002000800430303030"
SIGN = "802A008033" + to_be_signed(Algorithm.RS256, b"100").hex() + "00"

Send = Callable[..., str]


def sender(card: SoftCard) -> Send:
    def send(*commands: str) -> str:
        """Send commands, give the last answer in hexadecimal."""
        return [card.transmit(bytes.fromhex(command)).hex().upper() for command in commands][-1]

    return send


@pytest.fixture(name="powered")
def powered_card(card: Path) -> Iterator[SoftCard]:
    softcard = SoftCard(card)
    yield softcard
    softcard.close()


@pytest.fixture
def send(powered: SoftCard) -> Send:
    return sender(powered)


def test_only_our_application_is_there(send: Send) -> None:
    my_number = "00A4040C0AD392F000260100000002"

    assert send(my_number) == "6A82"
    assert send(SELECT_PIN) == "6A82"  # no file outside an application
    assert send(SELECT_APPLICATION) == "9000"
    assert send(my_number) == "6A82"
    assert send(SELECT_PIN) == "9000"  # and the application is still selected


@pytest.mark.parametrize("file", ["0018", "0017", "000A", "000B", "0006", "0008", "001B"])
def test_the_files_that_drivers_ask_for_are_there(send: Send, file: str) -> None:
    assert send(SELECT_APPLICATION, f"00A4020C02{file}") == "9000"
    assert send("00A4020C020099") == "6A82"


def test_the_certificates_are_read_without_a_pin(send: Send, ca: DemoCa) -> None:
    head = send(SELECT_APPLICATION, SELECT_CERTIFICATE, "00B0000004")

    assert head.startswith("3082")
    assert head.endswith("9000")
    assert send("00A4020C02000B", "00B0000000") == ca.root[:256].hex().upper() + "9000"
    assert send("00A4020C020006", "00B0000020").startswith(b"JPKIAPICCTOKEN2".hex().upper())


def test_the_end_of_a_file_is_told(send: Send, ca: DemoCa) -> None:
    size = len(ca.root)
    send(SELECT_APPLICATION, "00A4020C02000B")

    assert send(f"00B0{size:04X}01") == "6B00"
    assert send(f"00B0{size - 2:04X}00") == ca.root[-2:].hex().upper() + "6282"


def test_a_contact_card_announces_and_corrects_lengths(card: Path, ca: DemoCa) -> None:
    powered = SoftCard(card, Knobs(by_pieces=True))
    send = sender(powered)
    send(SELECT_APPLICATION, "00A4020C02000B")

    assert send(f"00B0{len(ca.root) - 2:04X}00") == "6C02"
    assert send(SELECT_PIN, RIGHT, SELECT_KEY, SIGN) == "6100"
    powered.close()


def test_what_cannot_be_read_is_refused(send: Send) -> None:
    assert send(SELECT_APPLICATION, "00B0000004") == "6986"
    assert send(SELECT_KEY, "00B0000004") == "6981"
    assert send(SELECT_PIN, "00B0000004") == "6981"
    assert send(SELECT_CERTIFICATE, "00B00000") == "6700"
    assert send("00B08A0004") == "6A86"


def test_a_wrong_pin_counts_down_and_a_right_one_counts_up_again(send: Send) -> None:
    send(SELECT_APPLICATION, SELECT_PIN)

    assert [send(command) for command in (ASK_TRIES, ASK_TRIES)] == ["63C3", "63C3"]
    assert [send(command) for command in (WRONG, ASK_TRIES)] == ["63C2", "63C2"]
    assert [send(command) for command in (RIGHT, ASK_TRIES)] == ["9000", "63C3"]


def test_a_pin_of_another_length_is_a_wrong_one(send: Send) -> None:
    assert send(SELECT_APPLICATION, SELECT_PIN, "0020008003343634") == "63C2"


def test_three_wrong_pins_lock_the_card_for_the_right_one_too(send: Send) -> None:
    send(SELECT_APPLICATION, SELECT_PIN)

    assert [send(WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6984"]
    assert send(RIGHT) == "6984"
    assert send(ASK_TRIES) == "63C0"


def test_the_tries_survive_the_program(card: Path) -> None:
    for expected in ("63C2", "63C1"):
        powered = SoftCard(card)
        assert sender(powered)(SELECT_APPLICATION, SELECT_PIN, WRONG) == expected
        powered.close()

    again = SoftCard(card)
    assert sender(again)(SELECT_APPLICATION, SELECT_PIN, ASK_TRIES) == "63C1"
    again.close()


def test_a_key_is_looked_through_when_its_card_comes_first_and_one_that_is_spoilt_each_time(
    card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_through: list[bytes] = []

    def load(pkcs8: bytes, password: None) -> PrivateKeyTypes:
        looked_through.append(pkcs8)
        return load_der_private_key(pkcs8, password)

    cardfile._load_key.cache_clear()
    monkeypatch.setattr(serialization, "load_der_private_key", load)

    for _ in range(2):
        SoftCard(card).close()
    with closing(sqlite3.connect(card)) as base, base:
        base.execute("UPDATE card SET key=zeroblob(9)")
    for _ in range(2):
        with pytest.raises(CardUnreadable):
            SoftCard(card)

    assert [len(set(looked_through)), len(looked_through)] == [2, 3]


def test_a_try_is_on_the_disk_before_the_answer_leaves(card: Path) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(watched._file.tries)

    watched = SoftCard(card, Knobs(before_answer=look))
    sender(watched)(SELECT_APPLICATION, SELECT_PIN, WRONG)
    watched.close()

    assert seen == [3, 3, 2]


def test_cutting_the_power_during_the_comparison_buys_no_try_back(card: Path) -> None:
    powered = SoftCard(card)
    send = sender(powered)
    send(SELECT_APPLICATION, SELECT_PIN)

    def cut(_digits: bytes) -> bool:
        raise CardRemoved

    powered._file.has_pin = cut  # type: ignore[method-assign,assignment]
    with pytest.raises(CardRemoved):
        send(RIGHT)
    powered.close()

    again = SoftCard(card)
    assert again._file.tries == 2
    again.close()


def test_the_signature_pin_is_there_and_always_locked(send: Send) -> None:
    send(SELECT_APPLICATION, "00A4020C02001B")

    assert send(ASK_TRIES) == "63C0"
    assert send(RIGHT) == "6984"
    assert send(SELECT_PIN, ASK_TRIES) == "63C3"


def test_the_key_signs_what_it_is_given_after_the_pin(send: Send, card_key: RSAPrivateKey) -> None:
    assert send(SELECT_APPLICATION, SELECT_KEY, SIGN) == "6982"
    answer = bytes.fromhex(send(SELECT_PIN, RIGHT, SELECT_KEY, SIGN))

    assert answer[256:] == b"\x90\x00"
    card_key.public_key().verify(answer[:256], b"100", PKCS1v15(), SHA256())


def test_the_pin_is_forgotten_when_the_application_is_selected_again(send: Send) -> None:
    send(SELECT_APPLICATION, SELECT_PIN, RIGHT)

    assert send(SELECT_APPLICATION, SELECT_KEY, SIGN) == "6982"


def test_the_pin_is_forgotten_after_a_wrong_one_and_without_power(card: Path) -> None:
    first = SoftCard(card)
    assert sender(first)(SELECT_APPLICATION, SELECT_PIN, RIGHT, WRONG, SELECT_KEY, SIGN) == "6982"
    sender(first)(SELECT_PIN, RIGHT)
    first.close()

    second = SoftCard(card)
    assert sender(second)(SELECT_APPLICATION, SELECT_KEY, SIGN) == "6982"
    second.close()
    with pytest.raises(CardRemoved):
        sender(first)(SELECT_APPLICATION)


def test_a_signature_without_a_wanted_length_waits_to_be_fetched(send: Send) -> None:
    send(SELECT_APPLICATION, SELECT_PIN, RIGHT, SELECT_KEY)
    whole = send(SIGN)

    assert send(SIGN[:-2]) == "6100"
    first = send("00C00000F0")
    assert first.endswith("6110")
    assert first[:-4] + send("00C0000010") == whole
    assert send("00C0000001") == "6985"
    send(SIGN[:-2])
    assert send("00C00000") == "6700"  # asked for nothing: it goes on waiting
    assert send(ASK_TRIES, "00C0000000") == "6985"  # another command throws away what waited


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00", "6700"),
        ("00A4040C0AD3", "6700"),
        ("00CA000000", "6D00"),
        ("80A40000", "6D00"),
        ("902A0080", "6E00"),
        ("00A4000C023F00", "6A86"),
        ("00200081", "6A86"),
        ("00200080", "6986"),
        ("802A9E9A00", "6A86"),
        (SIGN, "6986"),
        ("00C00000", "6985"),
    ],
)
def test_what_it_does_not_know_it_refuses_with_the_standards_word(
    send: Send, command: str, status: str
) -> None:
    assert send(SELECT_APPLICATION, command) == status


def test_the_key_signs_no_more_than_fits_its_padding(send: Send) -> None:
    send(SELECT_APPLICATION, SELECT_PIN, RIGHT, SELECT_KEY)

    assert send("802A0080F5" + "AA" * 245 + "00").endswith("9000")
    assert send("802A0080F6" + "AA" * 246 + "00") == "6700"
    assert send("802A008000") == "6700"


def test_the_next_card_signs_a_bare_digest_after_the_pin(
    next_card: Path, curve_key: EllipticCurvePrivateKey
) -> None:
    powered, key = SoftCard(next_card), verifying(curve_key.public_key())
    send = sender(powered)
    digest = to_be_signed(key.algorithm, b"100")
    sign = f"802A0080{len(digest):02X}{digest.hex()}00"

    assert send(SELECT_APPLICATION, SELECT_KEY, sign) == "6982"
    answer = bytes.fromhex(send(SELECT_PIN, RIGHT, SELECT_KEY, sign))
    powered.close()

    assert answer.endswith(b"\x90\x00")
    assert len(answer) == 2 * CURVES[key.algorithm].size + 2
    signature = canonical(key.algorithm, answer[:-2])
    verify_signature(key.spki, key.algorithm, signature, b"100")


def test_the_next_card_writes_the_s_that_comes_and_not_always_the_low_one(
    next_card: Path, curve_key: EllipticCurvePrivateKey
) -> None:
    powered, curve = SoftCard(next_card), CURVES[verifying(curve_key.public_key()).algorithm]
    send = sender(powered)
    send(SELECT_APPLICATION, SELECT_PIN, RIGHT, SELECT_KEY)

    lows = set()
    for n in range(40):  # all of one kind: less often than once in 10^11 keys
        digest = n.to_bytes(curve.size, "big").hex()
        answer = bytes.fromhex(send(f"802A0080{curve.size:02X}{digest}00"))
        lows.add(curve.is_low(curve.split(answer[:-2])[1]))
    powered.close()
    assert lows == {True, False}


def test_the_next_card_signs_only_what_is_as_long_as_its_digest(
    next_card: Path, curve_key: EllipticCurvePrivateKey
) -> None:
    powered = SoftCard(next_card)
    send = sender(powered)
    send(SELECT_APPLICATION, SELECT_PIN, RIGHT, SELECT_KEY)
    size = CURVES[verifying(curve_key.public_key()).algorithm].size

    for length in (1, size - 1, size + 1, 51):
        assert send(f"802A0080{length:02X}{'AA' * length}00") == "6700"
    assert send("802A008000") == "6700"
    assert send(f"802A0080{size:02X}{'AA' * size}00").endswith("9000")
    powered.close()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=20) | st.sampled_from([SELECT_PIN, SELECT_KEY, SIGN])))
def test_any_bytes_get_an_answer(powered: SoftCard, commands: list[bytes | str]) -> None:
    for command in commands:
        wire = bytes.fromhex(command) if isinstance(command, str) else command
        assert 2 <= len(powered.transmit(wire)) <= 258
