"""A software card on a virtual reader: what the reader says, and what the card does."""

import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Self

import pytest

from node.card import vpcd
from node.card.apdu import Octets
from node.card.cardfile import CardFile
from node.card.errors import CardInUse, CardUnreadable, NoReader, WrongPin
from node.card.jpki import UserAuthentication
from node.card.softcard import Knobs, SoftCard
from node.card.tap import CardAddress, Tap
from node.card.vpcd import ATR, Control, PowerOn, attach, reach, serve
from sync.certificate import verify_signature
from tests.node.card.conftest import PIN

_PATIENCE = 10.0


class Reader:
    """The reader's side of vpcd: it listens, and one card comes."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(_PATIENCE)
        self.port: int = self._door.getsockname()[1]
        self._line: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._door.close()

    def take(self) -> None:
        """Wait for the card that is being laid down."""
        self._line, _ = self._door.accept()
        self._line.settimeout(_PATIENCE)

    def say(self, message: Octets) -> None:
        self.write(len(message).to_bytes(2, "big") + message)

    def write(self, wire: bytes) -> None:
        assert self._line is not None
        self._line.sendall(wire)

    def hear(self) -> bytes:
        return self._read(int.from_bytes(self._read(2), "big"))

    def control(self, control: Control) -> None:
        self.say(bytes((control,)))

    def atr(self) -> bytes:
        self.control(Control.GET_ATR)
        return self.hear()

    def transmit(self, command: Octets) -> bytes:
        """A command to the card: with this a reader is a transport."""
        self.say(command)
        return self.hear()

    def close(self) -> None:
        """End a tap. The card has heard it when its next answer has come."""
        self.control(Control.POWER_OFF)
        assert self.atr() == ATR

    def is_empty(self) -> bool:
        """Whether the card has hung up."""
        assert self._line is not None
        try:
            return self._line.recv(1) == b""
        except ConnectionResetError:
            return True

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()

    def _read(self, count: int) -> bytes:
        assert self._line is not None
        read = b""
        while len(read) < count:
            more = self._line.recv(count - len(read))
            assert more, "the card hung up"
            read += more
        return read


@pytest.fixture
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


Lay = Callable[[PowerOn], "Future[None]"]


@pytest.fixture
def lay(reader: Reader) -> Iterator[Lay]:
    """Lay a card on the reader; what ``attach`` ends with is the future's."""
    threads = ThreadPoolExecutor(max_workers=1)

    def lay(power_on: PowerOn) -> "Future[None]":
        attached = threads.submit(attach, power_on, port=reader.port)
        reader.take()
        return attached

    yield lay
    reader.hang_up()
    threads.shutdown()


def is_free(card: Path) -> bool:
    try:
        CardFile(card).close()
    except CardInUse:
        return False
    return True


def test_the_card_is_there_before_it_has_power(reader: Reader, lay: Lay, card: Path) -> None:
    lay(lambda: SoftCard(card))

    assert reader.atr() == ATR
    assert is_free(card)


def test_the_atr_says_what_this_is_and_fits_its_check_byte() -> None:
    historical = ATR[1] & 0x0F

    assert ATR[0] == 0x3B  # direct convention
    assert len(ATR) == 3 + historical + 1
    assert ATR[2] == 0x01  # T=1, nothing follows
    assert b"machikado" in ATR[3 : 3 + historical]
    assert reduce(xor, ATR[1:]) == 0


def test_with_power_the_card_is_the_readers_and_without_it_is_free(
    reader: Reader, lay: Lay, card: Path
) -> None:
    lay(lambda: SoftCard(card))

    reader.control(Control.POWER_ON)
    reader.atr()
    assert not is_free(card)
    reader.control(Control.POWER_OFF)
    reader.atr()
    assert is_free(card)


def test_a_whole_tap_goes_over_the_virtual_reader(reader: Reader, lay: Lay, card: Path) -> None:
    lay(lambda: SoftCard(card))

    def connect(_: CardAddress) -> Reader:
        reader.control(Control.POWER_ON)
        return reader

    with Tap("pcsc", connect=connect) as tap:
        tap.verify(bytearray(PIN))
        signed = tap.sign_record(b"300 points")

        verify_signature(tap.key.spki, signed.algorithm, signed.signature, b"300 points")
    with closing(CardFile(card)) as held:
        assert tap.certificate == held.certificate


@pytest.mark.parametrize("forgets", [[Control.RESET], [Control.POWER_OFF, Control.POWER_ON]])
def test_a_reset_and_a_loss_of_power_make_the_card_forget_the_pin(
    reader: Reader, lay: Lay, card: Path, forgets: list[Control]
) -> None:
    lay(lambda: SoftCard(card))
    reader.control(Control.POWER_ON)
    UserAuthentication.open(reader).verify(bytearray(PIN))
    select_key = bytes.fromhex("00A4020C020017")
    sign = bytes.fromhex("802A00800468617368") + b"\x00"  # the card signs what it is given
    assert reader.transmit(select_key) == b"\x90\x00"
    assert reader.transmit(sign).endswith(b"\x90\x00")

    for control in forgets:
        reader.control(control)

    UserAuthentication.open(reader)
    assert reader.transmit(select_key) == b"\x90\x00"
    assert reader.transmit(sign) == b"\x69\x82"


def test_a_wrong_pin_is_counted_in_the_file(reader: Reader, lay: Lay, card: Path) -> None:
    lay(lambda: SoftCard(card))
    reader.control(Control.POWER_ON)

    with pytest.raises(WrongPin):
        UserAuthentication.open(reader).verify(bytearray(b"0000"))

    reader.close()
    with closing(CardFile(card)) as held:
        assert held.tries == 2


def test_a_card_without_power_says_so_and_answers_again_with_it(
    reader: Reader, lay: Lay, card: Path
) -> None:
    lay(lambda: SoftCard(card))
    ask = bytes.fromhex("00200080")

    assert reader.transmit(ask) == b"\x6f\x00"
    reader.control(Control.POWER_ON)
    assert reader.transmit(ask) != b"\x6f\x00"


def test_a_card_that_another_program_holds_stays_without_power_until_it_is_let_go(
    reader: Reader, lay: Lay, card: Path
) -> None:
    lay(lambda: SoftCard(card))

    with closing(CardFile(card)):
        reader.control(Control.POWER_ON)
        assert reader.atr() == ATR
        assert reader.transmit(bytes.fromhex("00200080")) == b"\x6f\x00"
    reader.control(Control.POWER_ON)

    assert UserAuthentication.open(reader).tries_left() == 3


def test_a_message_that_comes_in_pieces_is_one_message(
    reader: Reader, lay: Lay, card: Path
) -> None:
    lay(lambda: SoftCard(card))
    wire = struct.pack(">HB", 1, Control.POWER_ON) + struct.pack(">HB", 1, Control.GET_ATR)

    for octet in wire:
        reader.write(bytes((octet,)))

    assert reader.hear() == ATR
    assert not is_free(card)


@pytest.mark.parametrize("odd", [b"", b"\x03", b"\x00\xa4", bytes(0xFFFF)], ids=len)
def test_bytes_that_are_no_command_are_answered_as_a_wrong_length(
    reader: Reader, lay: Lay, card: Path, odd: bytes
) -> None:
    lay(lambda: SoftCard(card))
    reader.control(Control.POWER_ON)

    assert reader.transmit(odd) == b"\x67\x00"
    assert reader.atr() == ATR


def test_a_reader_that_hangs_up_takes_the_power_away(reader: Reader, lay: Lay, card: Path) -> None:
    attached = lay(lambda: SoftCard(card))
    reader.control(Control.POWER_ON)
    reader.atr()
    reader.write(b"\x00")  # and it goes in the middle of a message

    reader.hang_up()

    attached.result(_PATIENCE)
    assert is_free(card)


def test_a_card_that_leaves_the_field_leaves_the_reader_empty(
    reader: Reader, lay: Lay, card: Path
) -> None:
    attached = lay(lambda: SoftCard(card, Knobs(leaves_at=2)))
    reader.control(Control.POWER_ON)
    UserAuthentication.open(reader)

    reader.say(bytes.fromhex("00200080"))

    attached.result(_PATIENCE)
    assert reader.is_empty()
    assert is_free(card)


def test_a_card_is_taken_off_by_shutting_its_line(reader: Reader, card: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as threads, reach(port=reader.port) as line:
        reader.take()
        served = threads.submit(serve, line, lambda: SoftCard(card))
        reader.control(Control.POWER_ON)
        reader.atr()

        line.shutdown(socket.SHUT_RDWR)

        served.result(_PATIENCE)
    assert is_free(card)


def test_a_card_that_leaves_shuts_its_line_whoever_keeps_it(reader: Reader, card: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as threads, reach(port=reader.port) as line:
        reader.take()
        served = threads.submit(serve, line, lambda: SoftCard(card, Knobs(leaves_at=1)))
        reader.control(Control.POWER_ON)

        reader.say(bytes.fromhex("00200080"))

        assert reader.is_empty()
        served.result(_PATIENCE)


def test_a_file_that_is_no_card_is_told_when_power_comes(
    reader: Reader, lay: Lay, tmp_path: Path
) -> None:
    attached = lay(lambda: SoftCard(tmp_path / "nobody.card"))

    reader.control(Control.POWER_ON)

    with pytest.raises(CardUnreadable, match="no software card"):
        attached.result(_PATIENCE)
    assert reader.is_empty()


def test_ctrl_c_takes_the_card_off_and_lets_go_of_it(reader: Reader, lay: Lay, card: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    attached = lay(lambda: SoftCard(card, Knobs(before_answer=interrupted)))
    reader.control(Control.POWER_ON)
    reader.say(bytes.fromhex("00200080"))

    assert isinstance(attached.exception(_PATIENCE), KeyboardInterrupt)
    assert reader.is_empty()
    assert is_free(card)


def test_where_nobody_listens_the_words_say_what_to_start(card: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

    with pytest.raises(NoReader, match=f"127.0.0.1:{port} .*start pcscd"):
        attach(lambda: SoftCard(card), port=port)


def test_small_messages_do_not_wait_for_each_other(reader: Reader) -> None:
    with reach(port=reader.port) as line:
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert line.gettimeout() is None  # a reader may be silent for days


def test_no_pin_stays_in_what_was_read_from_the_line(
    reader: Reader, lay: Lay, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytearray] = []
    receive = vpcd._receive

    def keep(line: socket.socket) -> bytearray:
        kept.append(receive(line))
        return kept[-1]

    monkeypatch.setattr(vpcd, "_receive", keep)
    lay(lambda: SoftCard(card))
    reader.control(Control.POWER_ON)
    UserAuthentication.open(reader).verify(bytearray(PIN))
    reader.close()

    assert len(kept) > 4
    assert not any(any(message) for message in kept[:-1])


ATTACH = [sys.executable, "-c", "from tui.cli import main; main()", "card", "attach"]


@pytest.mark.processes
def test_the_command_lays_a_card_down_until_ctrl_c(reader: Reader, card: Path) -> None:
    with subprocess.Popen(
        [*ATTACH, str(card), "--port", str(reader.port)], stderr=subprocess.PIPE, text=True
    ) as program:
        reader.take()
        reader.control(Control.POWER_ON)
        assert UserAuthentication.open(reader).tries_left() == 3
        assert not is_free(card)

        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=_PATIENCE)

    assert program.returncode == 0
    assert said.splitlines() == [
        f"{card} lies on the virtual reader; Ctrl+C takes it off",
        f"{card} is off the virtual reader",
    ]
    assert is_free(card)


@pytest.mark.processes
def test_the_command_says_what_is_missing(card: Path, tmp_path: Path) -> None:
    def ended(file: Path) -> tuple[int, str]:
        program = subprocess.run(
            [*ATTACH, str(file), "--port", str(port)], capture_output=True, text=True, check=False
        )
        return program.returncode, program.stderr

    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

    no_reader, no_card = ended(card), ended(tmp_path / "nobody.card")

    assert (no_reader[0], "start pcscd" in no_reader[1]) == (4, True)
    assert (no_card[0], "no software card" in no_card[1]) == (4, True)
