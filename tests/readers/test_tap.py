"""Our own counter against the real card service: a lock that holds, cards and services lost."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

import pytest

from node.card.apdu import PIN_NOT_PRESENTED, Command, exchange
from node.card.cardfile import CardFile
from node.card.errors import CardInUse, CardRemoved, NoCard, NoReaderService, WrongPin
from node.card.jpki import UserAuthentication
from node.card.softcard import Knobs, SoftCard
from node.card.tap import Tap
from node.card.vpcd import reach, serve
from node.card.watch import CardGone, CardThere, Event, ReaderThere, ServiceDown, Watch
from sync.certificate import verify_signature
from tests.readers.conftest import PIN, OnReader
from tests.readers.opensc import OpenSC
from tests.readers.service import NAME, Service, laid, until

if os.environ.get("CI") != "true":  # there, its absence fails
    pytest.importorskip("smartcard", reason="pyscard is not installed: make card")
pytestmark = [pytest.mark.readers, pytest.mark.processes]

READER = f"{NAME} 00 00"
ADDRESS = f"pcsc:{READER}"
MESSAGE = b"300 points for the fish shop"
SELECT_KEY = Command(ins=0xA4, p1=0x02, p2=0x0C, data=bytes.fromhex("0017"))
SIGN = Command(
    cla=0x80,
    ins=0x2A,
    p2=0x80,
    data=bytes.fromhex("3031300d060960864801650304020105000420") + bytes(32),
    le=256,
)
PATIENCE = 20


def tries_in_the_file(card: Path) -> int:
    with closing(CardFile(card)) as held:
        return held.tries


def pay(address: str = ADDRESS) -> bytes:
    with Tap(address) as tap:
        tap.verify(bytearray(PIN))
        signed = tap.sign_record(MESSAGE)
        verify_signature(tap.key.spki, signed.algorithm, signed.signature, MESSAGE)
        return signed.signature


def test_a_whole_tap_over_the_service_is_the_same_as_without(
    on_reader: OnReader, card: Path
) -> None:
    with on_reader():
        over_the_service = pay()

    assert over_the_service == pay(f"soft:{card}")


def test_a_wrong_pin_costs_one_try(on_reader: OnReader, card: Path) -> None:
    with on_reader(), Tap(ADDRESS) as tap, pytest.raises(WrongPin, match="2"):
        tap.verify(bytearray(b"0000"))

    assert tries_in_the_file(card) == 2


def test_no_other_program_can_use_the_pin_of_a_tap(on_reader: OnReader, opensc: OpenSC) -> None:
    with on_reader():
        with Tap(ADDRESS) as tap:
            tap.verify(bytearray(PIN))
            assert opensc.try_to_sign(MESSAGE, PIN.decode()).code != 0
            assert another_counter() == "CardInUse"
            with pytest.raises(CardInUse), Tap(ADDRESS):
                pass
            assert tap.sign_record(MESSAGE).signature
        assert len(opensc.sign(MESSAGE, PIN.decode())) == 256


def another_counter() -> str:
    """The name of the error that a tap in another process ends with."""
    script = (
        "from node.card.tap import Tap\n"
        "try:\n"
        f"    with Tap({ADDRESS!r}): pass\n"
        "except Exception as problem: print(type(problem).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    return done.stdout.strip()


def test_after_a_tap_the_card_asks_for_its_pin_again(on_reader: OnReader) -> None:
    from node.card.pcsc import PcscConnection

    with on_reader():
        pay()
        with closing(PcscConnection.open(READER)) as connection:
            UserAuthentication.open(connection)
            exchange(connection, SELECT_KEY)
            assert exchange(connection, SIGN).status == PIN_NOT_PRESENTED


def test_two_hundred_taps_in_a_row(on_reader: OnReader) -> None:
    with on_reader():
        signatures = {pay() for _ in range(200)}

    assert len(signatures) == 1


def test_a_reader_without_keys_is_known(on_reader: OnReader) -> None:
    from node.card.pcsc import PcscConnection

    with on_reader(), closing(PcscConnection.open(READER)) as connection:
        assert connection.pin_pad() is None


@contextmanager
def lying(service: Service, opensc: OpenSC, card: Path, knobs: Knobs) -> Iterator[None]:
    """A card that takes itself off the reader, as its knobs say, and is off it at the end."""

    def lie(line: socket.socket) -> None:
        with line:  # the reader notices by this that nothing lies there any more
            serve(line, lambda: SoftCard(card, knobs))

    until(lambda: NAME in opensc.readers(), "the virtual reader")
    line = reach(port=service.port)
    with ThreadPoolExecutor(max_workers=1) as threads:
        lain = threads.submit(lie, line)
        try:
            until(lambda: opensc.sees_a_card(NAME), "the card on the virtual reader")
            yield
        finally:
            with suppress(OSError):  # it left by itself
                line.shutdown(socket.SHUT_RDWR)
        lain.result(PATIENCE)
    service.stop()  # vpcd is slow to believe in the next card after one that left in mid-command
    service.start()


@pytest.mark.parametrize("at", range(1, 15))
def test_a_card_pulled_at_any_command_spends_no_try(
    service: Service, opensc: OpenSC, card: Path, at: int
) -> None:
    with lying(service, opensc, card, Knobs(leaves_at=at)), pytest.raises(CardRemoved):
        pay()
    assert tries_in_the_file(card) == 3


# -- the watch


@contextmanager
def watching() -> Iterator[Callable[[], Event]]:
    told: SimpleQueue[Event] = SimpleQueue()
    watch = Watch(told.put, reader=READER)
    watch.start()
    try:
        yield lambda: told.get(timeout=PATIENCE)
    finally:
        watch.stop()
    assert told.empty()


def test_the_watch_tells_of_cards_and_a_tap_is_no_news(service: Service, card: Path) -> None:
    with watching() as told:
        assert told() == ReaderThere(READER)
        with laid(lambda: SoftCard(card), service.port):
            assert told() == CardThere(READER)
            pay()
        assert told() == CardGone(READER)
        with pytest.raises(NoCard), Tap(ADDRESS):
            pass


def test_the_service_is_killed_and_started_again_ten_times(service: Service, card: Path) -> None:
    with watching() as told:
        for _ in range(10):
            assert told() == ReaderThere(READER)
            with laid(lambda: SoftCard(card), service.port):
                assert told() == CardThere(READER)
                with Tap(ADDRESS) as tap:
                    service.kill()
                    with pytest.raises(NoReaderService):
                        tap.verify(bytearray(PIN))
                assert [told(), told()] == [CardGone(READER), ServiceDown()]
            with pytest.raises(NoReaderService), Tap(ADDRESS):
                pass
            service.start()
        assert told() == ReaderThere(READER)
    assert tries_in_the_file(card) == 3
