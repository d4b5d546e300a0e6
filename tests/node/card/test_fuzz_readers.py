"""Readers and lines out of their mind: PC/SC, keypads and the virtual reader say what they like.

Each function of PC/SC returns each code at each call, a reader with keys answers any bytes, and the
virtual reader's line brings any: a tap ends in words, the watch goes on, the card loses its power.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.card.errors import CardError
from node.card.pcsc import Code, PcscConnection
from node.card.pin import OnPad
from node.card.pinpad import expect_entered, features
from node.card.tap import CardAddress, ReaderAddress, Tap
from node.card.vpcd import serve
from node.card.watch import CardThere, Event, Seen, Slot, Watch, events, slots_of
from tests.doubles.scard import FakeScard
from tests.doubles.twisted import STATUS_WORDS, Remembered, Twisted
from tests.node.card.conftest import MESSAGE
from tests.node.card.test_fuzz import READER, USUAL, tap_of, wild
from tests.node.card.test_watch import Told


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


@settings(wild, max_examples=150)
@given(
    answer=st.sampled_from([word.to_bytes(2, "big") for word in (*STATUS_WORDS, 0x6400, 0x6403)])
    | st.binary(max_size=300),
    at=st.integers(1, 4),
    code=st.just(0) | codes,
)
def test_a_reader_with_keys_is_asked_for_one_pin_whatever_it_answers(
    good: dict[bytes, bytes], answer: bytes, at: int, code: int
) -> None:
    asked: list[bytes] = []

    def pad(structure: bytes) -> bytes:
        asked.append(structure)
        return answer

    service = Failing()
    service.fail("SCardControl", at, code)
    service.plug(READER, lambda: Remembered(good)).pad = pad

    def connect(_: CardAddress) -> PcscConnection:
        return PcscConnection.open(functions=service)

    with suppress(CardError), Tap(ReaderAddress(), connect=connect) as tap:
        tap.verify(OnPad())
        assert answer == b"\x90\x00"
        tap.sign_record(MESSAGE)

    assert len(asked) <= 1
    assert service.contexts == set()
    assert not any(each[1] == 0x20 and len(each) > 5 for each in service.transmitted)


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
