"""Our own counter against the real card service: a lock that holds, cards and services lost."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from node.card.errors import CardInUse, NoCard, NoReaderService
from node.card.softcard import SoftCard
from node.card.tap import Tap
from node.card.watch import CardGone, CardThere, Event, ReaderThere, ServiceDown, Watch
from sync.certificate import verify_signature
from tests.readers.conftest import PIN, OnReader
from tests.readers.doors import READER
from tests.readers.opensc import OpenSC
from tests.readers.service import Service, laid

if os.environ.get("CI") != "true":  # there, its absence fails
    pytest.importorskip("smartcard", reason="pyscard is not installed: make card")
pytestmark = [pytest.mark.readers, pytest.mark.processes]

ADDRESS = f"pcsc:{READER}"
MESSAGE = b"300 points for the fish shop"
PATIENCE = 20


def pay(address: str = ADDRESS) -> bytes:
    with Tap(address) as tap:
        tap.verify(bytearray(PIN))
        signed = tap.sign_record(MESSAGE)
        verify_signature(tap.key.spki, signed.algorithm, signed.signature, MESSAGE)
        return signed.signature


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


def test_two_hundred_taps_in_a_row(on_reader: OnReader) -> None:
    with on_reader():
        signatures = {pay() for _ in range(200)}

    assert len(signatures) == 1


def test_a_reader_without_keys_is_known(on_reader: OnReader) -> None:
    from node.card.pcsc import PcscConnection

    with on_reader(), closing(PcscConnection.open(READER)) as connection:
        assert connection.pin_pad() is None


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
    with Tap(f"soft:{card}") as tap:
        assert tap.tries_left == 3
