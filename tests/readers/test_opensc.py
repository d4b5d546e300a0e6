"""OpenSC is the witness that is not ours: what it reads, signs and counts is what we do."""

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from node.card.cardfile import CardFile
from node.card.errors import PinLocked, WrongPin
from node.card.softcard import Knobs
from node.card.tap import Tap
from node.card.vpcd import ATR
from tests.readers.conftest import PIN, OnReader
from tests.readers.doors import OverPcscd
from tests.readers.opensc import OpenSC
from tests.readers.service import NAME, Service, until

pytestmark = [pytest.mark.readers, pytest.mark.processes]
MESSAGE = b"300 points for the fish shop"
RIGHT, WRONG = PIN.decode(), "0000"


def tries_in_the_file(card: Path) -> int:
    with closing(CardFile(card)) as held:
        return held.tries


def certificate_in_the_file(card: Path) -> bytes:
    with closing(CardFile(card)) as held:
        return held.certificate


def test_opensc_knows_the_card_by_its_application(on_reader: OnReader, opensc: OpenSC) -> None:
    with on_reader():
        assert opensc.atr() == ATR
        assert opensc.driver() == "jpki"


def test_opensc_reads_our_certificate_byte_for_byte(
    on_reader: OnReader, opensc: OpenSC, card: Path
) -> None:
    with on_reader():
        read = opensc.certificate()

    assert read == certificate_in_the_file(card)


def test_what_the_card_signs_for_opensc_openssl_verifies(
    on_reader: OnReader, opensc: OpenSC
) -> None:
    with on_reader():
        signature = opensc.sign(MESSAGE, RIGHT)
        key = x509.load_der_x509_certificate(opensc.certificate()).public_key()

    assert isinstance(key, RSAPublicKey)
    key.verify(signature, MESSAGE, PKCS1v15(), SHA256())


def test_the_card_signs_the_very_same_for_opensc_and_for_a_tap(
    on_reader: OnReader, opensc: OpenSC, card: Path
) -> None:
    with on_reader():
        theirs = opensc.sign(MESSAGE, RIGHT)

    with Tap(f"soft:{card}") as tap:
        tap.verify(bytearray(PIN))
        ours = tap.sign_record(MESSAGE).signature
    assert theirs == ours  # PKCS#1 v1.5 has no salt


def test_a_wrong_pin_counts_down_for_both(on_reader: OnReader, opensc: OpenSC, card: Path) -> None:
    with on_reader():
        assert opensc.tries_left() == 3
        refused = opensc.try_to_sign(MESSAGE, WRONG)
        assert opensc.tries_left() == 2
    assert "CKR_PIN_INCORRECT" in refused.words
    assert tries_in_the_file(card) == 2

    with Tap(f"soft:{card}") as tap, pytest.raises(WrongPin):
        tap.verify(bytearray(WRONG.encode()))

    with on_reader():
        assert opensc.tries_left() == 1
        assert "final user PIN try" in opensc.token_flags()
    assert tries_in_the_file(card) == 1


def test_the_right_pin_gives_the_tries_back_for_both(
    on_reader: OnReader, opensc: OpenSC, card: Path
) -> None:
    with on_reader():
        opensc.try_to_sign(MESSAGE, WRONG)
        opensc.sign(MESSAGE, RIGHT)

        assert opensc.tries_left() == 3
    assert tries_in_the_file(card) == 3


def test_a_card_that_opensc_blocked_is_blocked_for_us(
    on_reader: OnReader, opensc: OpenSC, card: Path
) -> None:
    with on_reader():
        for _ in range(3):
            opensc.try_to_sign(MESSAGE, WRONG)
        assert "user PIN locked" in opensc.token_flags()
        assert opensc.try_to_sign(MESSAGE, RIGHT).code != 0

    with Tap(f"soft:{card}") as tap, pytest.raises(PinLocked):
        tap.verify(bytearray(PIN))
    assert tries_in_the_file(card) == 0


def test_a_card_that_we_blocked_is_blocked_for_opensc(
    on_reader: OnReader, opensc: OpenSC, card: Path
) -> None:
    for _ in range(3):
        with Tap(f"soft:{card}") as tap, pytest.raises((WrongPin, PinLocked)):
            tap.verify(bytearray(WRONG.encode()))

    with on_reader():
        assert opensc.tries_left() == 0
        assert "user PIN locked" in opensc.token_flags()
        assert opensc.try_to_sign(MESSAGE, RIGHT).code != 0
    assert tries_in_the_file(card) == 0


def test_a_card_of_the_contact_kind_is_the_same_card(
    on_reader: OnReader, opensc: OpenSC, card: Path
) -> None:
    with on_reader(Knobs(by_pieces=True)):
        read = opensc.certificate()
        assert len(opensc.sign(MESSAGE, RIGHT)) == 256

    assert read == certificate_in_the_file(card)


def test_the_command_attach_lays_the_card_on_the_real_service(
    service: Service, opensc: OpenSC, over_pcscd: OverPcscd, card: Path
) -> None:
    over_pcscd.wait_until_empty()
    door = [sys.executable, "-c", "from tui.cli import main; main()"]
    with subprocess.Popen([*door, "card", "attach", str(card), "--port", str(service.port)]) as it:
        try:
            until(lambda: opensc.sees_a_card(NAME), "the card on the virtual reader")
            read = opensc.certificate()
            it.send_signal(signal.SIGINT)
            assert it.wait(20) == 0
        finally:
            it.kill()

    assert read == certificate_in_the_file(card)
