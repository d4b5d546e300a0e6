"""A tap over PC/SC, with a service that is killed, readers that are unplugged, cards that leave."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.card import pcsc
from node.card.apdu import Command, Response, exchange
from node.card.errors import (
    BadAnswer,
    BadPin,
    CardError,
    CardInUse,
    CardRemoved,
    CardSilent,
    CardUnreadable,
    NoCard,
    NoReader,
    NoReaderService,
    NoReaderSupport,
    PinNotEntered,
    ReaderForbidden,
    SeveralReaders,
)
from node.card.jpki import UserAuthentication
from node.card.pcsc import (
    PROTOCOL_T0,
    PROTOCOL_T1,
    Code,
    PcscConnection,
    as_tpdu,
    chosen,
    code_of,
    fitting,
    trouble_before,
    trouble_within,
)
from node.card.softcard import SoftCard
from node.card.tap import Connection, ReaderAddress, Tap, card_address, connect
from sync.certificate import verify_signature
from tests.doubles.scard import FakeScard
from tests.node.card.conftest import PIN

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + bytes(32)
SELECT_KEY = Command(ins=0xA4, p1=0x02, p2=0x0C, data=bytes.fromhex("0017"))
SIGN = Command(cla=0x80, ins=0x2A, p2=0x80, data=DIGEST_INFO, le=256)
READER = "Sony RC-S300/P 00 00"


@pytest.fixture
def pc(card: Path) -> FakeScard:
    """A PC with one reader, and Taro's card on it."""
    service = FakeScard()
    service.plug(READER, lambda: SoftCard(card))
    return service


def tap_on(service: FakeScard, part: str | None = None) -> Tap:
    return Tap(ReaderAddress(part), connect=lambda _: PcscConnection.open(part, functions=service))


def test_a_whole_tap_and_the_card_forgets_its_pin(pc: FakeScard) -> None:
    with tap_on(pc) as tap:
        tap.verify(bytearray(PIN))
        signed = tap.sign_record(b"300 points")
        verify_signature(tap.key.spki, signed.algorithm, signed.signature, b"300 points")

    assert pc.unpowered == [READER]
    assert pc.contexts == set()
    with tap_on(pc) as again:
        assert again.tries_left == 3


def test_the_address_of_a_reader_opens_it(pc: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "scard", lambda: pc)

    connection = connect(card_address("pcsc:sony"))

    assert isinstance(connection, PcscConnection)
    assert connection.reader == READER
    connection.close()


def test_without_pyscard_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)

    with pytest.raises(NoReaderSupport, match="make card"), Tap("pcsc"):
        pass


# -- which reader


def test_a_reader_is_found_by_a_part_of_its_name() -> None:
    names = [READER, "ACS ACR39U ICC Reader 00 00"]

    assert chosen(names, "rc-s300") == READER
    assert chosen(names, "ACR39") == names[1]
    assert chosen([READER], None) == READER


def test_a_whole_name_is_taken_by_its_word() -> None:
    assert chosen(["Reader 2", "Reader"], "Reader") == "Reader"


def test_several_readers_are_told_by_name_and_none_is_guessed() -> None:
    with pytest.raises(SeveralReaders, match="Virtual 00 00, Virtual 00 01; name one") as told:
        chosen(["Virtual 00 00", "Sony", "Virtual 00 01"], "virtual")
    assert "Sony" not in str(told.value)
    with pytest.raises(SeveralReaders):
        chosen(["A", "B"], None)


def test_no_reader_and_none_of_that_name_are_told_apart() -> None:
    with pytest.raises(NoReader, match="plug it in"):
        chosen([], "Sony")
    with pytest.raises(NoReader, match="'Sony' in its name; there is ACS"):
        chosen(["ACS"], "Sony")


@given(st.lists(st.text(max_size=8), unique=True), st.none() | st.text(max_size=4))
def test_what_fits_is_always_there(names: list[str], part: str | None) -> None:
    found = fitting(names, part)

    assert set(found) <= set(names)
    assert part is not None or found == names


# -- before the tap


@pytest.mark.parametrize(
    ("function", "code", "kind", "words"),
    [
        ("SCardEstablishContext", 0x8010001D, NoReaderService, "systemctl start pcscd"),
        ("SCardEstablishContext", 0x8010001E, NoReaderService, "Smart Card on Windows"),
        ("SCardEstablishContext", 0x8010006A, ReaderForbidden, "may not use card readers"),
        ("SCardListReaders", 0x8010001E, NoReaderService, "not running"),
        ("SCardListReaders", 0x8010002E, NoReader, "plug it in"),
        ("SCardConnect", 0x8010000B, CardInUse, "another program"),
        ("SCardConnect", 0x8010000C, NoCard, "put the card on it"),
        ("SCardConnect", 0x80100069, NoCard, "put the card on it"),
        ("SCardConnect", 0x80100066, CardSilent, "upside down"),
        ("SCardConnect", 0x8010000F, CardSilent, "another kind of card"),
        ("SCardConnect", 0x80100009, NoReader, "plug it in again"),
        ("SCardConnect", 0x80100017, NoReader, "plug it in again"),
        ("SCardConnect", 0x80100001, CardUnreadable, "80100001"),
    ],
)
def test_why_no_tap_begins_is_said_and_nothing_is_left_open(
    pc: FakeScard, function: str, code: int, kind: type[CardError], words: str
) -> None:
    pc.codes[function] = code

    with pytest.raises(kind, match=words) as told, tap_on(pc):
        pass

    assert type(told.value) is kind
    assert pc.contexts == set()


def test_a_code_is_the_same_where_pyscard_gives_it_negative() -> None:
    assert code_of(-2146435068) == 0x80100004
    assert code_of(0x80100069 - 2**32) == Code.REMOVED_CARD
    assert code_of(0x80100069) == Code.REMOVED_CARD


def test_a_second_program_is_refused_until_the_tap_is_over(pc: FakeScard) -> None:
    with tap_on(pc) as tap:
        tap.verify(bytearray(PIN))
        with pytest.raises(CardInUse, match=READER), tap_on(pc):
            pass
        assert tap.sign_record(b"still ours").signature
    with tap_on(pc):
        pass


def test_a_card_that_another_program_just_reads_is_waited_for(
    pc: FakeScard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows does with every card that is put down."""
    monkeypatch.setattr(pcsc, "_BETWEEN_LOOKS", 0)
    looks: list[int] = []
    real = pc.SCardConnect

    def busy_at_first(context: int, reader: str, share: int, protocols: int) -> object:
        looks.append(context)
        return (
            (Code.SHARING_VIOLATION, 0, 0)
            if len(looks) < 3
            else real(context, reader, share, protocols)
        )

    pc.SCardConnect = busy_at_first  # type: ignore[method-assign, assignment]
    with tap_on(pc) as tap:
        assert tap.tries_left == 3
    assert len(looks) == 3


def test_a_pc_without_a_reader_a_card_or_a_service(pc: FakeScard) -> None:
    pc.lift(READER)
    with pytest.raises(NoCard), tap_on(pc):
        pass
    pc.unplug(READER)
    with pytest.raises(NoReader), tap_on(pc):
        pass
    pc.kill()
    with pytest.raises(NoReaderService), tap_on(pc):
        pass


# -- in mid-tap


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x80100069, CardRemoved),
        (0x80100068, CardRemoved),
        (0x80100016, CardRemoved),
        (0x8010002F, CardRemoved),
        (0x80100017, CardRemoved),
        (0x80100003, CardRemoved),
        (0x8010001D, NoReaderService),
        (0x8010001E, NoReaderService),
        (0x80100001, CardUnreadable),
    ],
)
def test_a_command_that_fails_is_sent_once_and_the_card_let_go(
    pc: FakeScard, code: int, kind: type[CardError]
) -> None:
    with tap_on(pc) as tap:
        pc.asked.clear()
        pc.codes["SCardTransmit"] = code
        with pytest.raises(kind):
            tap.verify(bytearray(PIN))

    assert pc.asked == ["SCardTransmit", "SCardDisconnect", "SCardReleaseContext"]
    assert pc.contexts == set()
    pc.codes.clear()
    with tap_on(pc) as again:
        assert again.tries_left == 3


def test_a_service_killed_in_mid_tap_ends_the_tap_only(pc: FakeScard) -> None:
    with tap_on(pc) as tap:
        pc.kill()
        with pytest.raises(NoReaderService):
            tap.verify(bytearray(PIN))
    pc.start()
    with tap_on(pc) as tap:
        pc.kill()
        pc.start()  # between two commands: it knows nothing of this tap
        with pytest.raises(CardRemoved):
            tap.verify(bytearray(PIN))
    with tap_on(pc) as tap:
        assert tap.tries_left == 3


def test_an_answer_of_no_bytes_is_a_card_that_left(pc: FakeScard) -> None:
    connection = PcscConnection.open(functions=pc)
    pc.SCardTransmit = lambda *_: (0, [])  # type: ignore[method-assign]

    with pytest.raises(CardRemoved):
        connection.transmit(b"\x00\xa4\x04\x0c")
    connection.close()


@given(st.integers(1, 2**32 - 1))
def test_every_code_has_words(code: int) -> None:
    for trouble in (trouble_before(code, READER), trouble_within(code, READER)):
        assert isinstance(trouble, CardError)
        assert str(trouble)


@given(st.sampled_from([code for code in Code if code != Code.SUCCESS]))
def test_no_known_code_asks_to_go_on(code: Code) -> None:
    assert not isinstance(trouble_before(code, READER), CardRemoved)
    assert str(trouble_within(code, READER))


def test_closing_twice_or_without_a_service_harms_nobody(pc: FakeScard) -> None:
    connection = PcscConnection.open(functions=pc)
    pc.kill()
    connection.close()
    connection.close()

    with pytest.raises(CardRemoved):
        connection.transmit(b"\x00\xa4\x04\x0c")
    assert pc.asked.count("SCardDisconnect") == 1


def test_a_reader_that_answers_no_bytes_is_told(pc: FakeScard) -> None:
    connection = PcscConnection.open(functions=pc)
    pc.SCardTransmit = lambda *_: (0, [0x90, 256])  # type: ignore[method-assign]

    with pytest.raises(BadAnswer, match="no bytes"):
        connection.transmit(b"\x00\xa4\x04\x0c")
    connection.close()


def test_the_pin_is_wiped_from_what_went_to_the_reader(pc: FakeScard) -> None:
    connection = PcscConnection.open(functions=pc)
    kept: list[object] = []

    def keep(_card: int, _protocol: int, command: object) -> tuple[int, list[int]]:
        kept.append(command)
        return 0, [0x90, 0x00]

    pc.SCardTransmit = keep  # type: ignore[method-assign, assignment]
    exchange(connection, Command(ins=0x20, p2=0x80, data=bytearray(PIN)))

    assert kept == [[0] * 9]
    connection.close()


# -- T=0


@pytest.mark.parametrize(
    ("command", "tpdu"),
    [
        ("00200080", "0020008000"),  # case 1
        ("00B0000004", "00B0000004"),  # case 2
        ("00A4020C020018", "00A4020C020018"),  # case 3
        ("802A00800301020300", "802A008003010203"),  # case 4: the answer is fetched
    ],
)
def test_a_command_takes_the_form_that_its_protocol_wants(command: str, tpdu: str) -> None:
    apdu = bytes.fromhex(command)

    assert bytes(as_tpdu(apdu, PROTOCOL_T0)) == bytes.fromhex(tpdu)
    assert bytes(as_tpdu(apdu, PROTOCOL_T1)) == apdu


class _ByteForByte:
    """A T=0 card: never more than a status word to a command with data; the rest is fetched."""

    def __init__(self, card: Connection) -> None:
        self._card = card
        self._kept = b""

    def transmit(self, command: bytes) -> bytes:
        if command[1] == 0xC0:
            kept, self._kept = self._kept, b""
            return kept + b"\x90\x00"
        if len(command) == 5 and command[4] == 0:
            command = command[:4] if command[1] == 0x20 else command
        if command[1] == 0x2A:
            answer = Response.decode(self._card.transmit(command + b"\x00"))
            self._kept = answer.data
            return b"\x61\x00" if answer.data else answer.encode()
        return self._card.transmit(command)

    def close(self) -> None:
        self._card.close()


def test_a_contact_card_of_the_old_protocol_gives_the_same_signature(
    pc: FakeScard, card: Path
) -> None:
    pc.protocol = PROTOCOL_T0
    pc.put(READER, lambda: _ByteForByte(SoftCard(card)))  # type: ignore[arg-type, return-value]

    with tap_on(pc) as tap:
        tap.verify(bytearray(PIN))
        assert tap.sign_record(b"300 points").signature


# -- a reader with keys


def with_pad(service: FakeScard, pad: Callable[[bytes], bytes]) -> PcscConnection:
    service.slots[READER].pad = pad
    return PcscConnection.open(functions=service)


def test_the_pin_is_typed_on_the_reader_and_never_enters_the_pc(pc: FakeScard) -> None:
    sent: list[bytes] = []
    held: list[PcscConnection] = []

    def pad(structure: bytes) -> bytes:
        """The person types 4649; the reader puts it into the command behind the structure."""
        sent.append(structure)
        return held[0].transmit(structure[19:24] + PIN)

    held.append(with_pad(pc, pad))
    application = UserAuthentication.open(held[0])
    assert application.tries_left() == 3

    assert held[0].verify_on_pad() == b"\x90\x00"
    assert exchange(held[0], SELECT_KEY).status == exchange(held[0], SIGN).status == 0x9000
    assert PIN not in sent[0]
    held[0].close()


@pytest.mark.parametrize(
    ("said", "kind"), [("6401", PinNotEntered), ("6400", PinNotEntered), ("6403", BadPin)]
)
def test_nothing_typed_on_the_reader_is_no_try(
    pc: FakeScard, said: str, kind: type[CardError]
) -> None:
    connection = with_pad(pc, lambda _: bytes.fromhex(said))

    with pytest.raises(kind):
        connection.verify_on_pad()
    connection.close()


def test_a_wrong_pin_on_the_reader_is_the_cards_to_tell(pc: FakeScard) -> None:
    connection = with_pad(pc, lambda _: b"\x63\xc1")

    assert Response.decode(connection.verify_on_pad()).tries_left == 1
    connection.close()


def test_a_reader_without_keys_says_so(pc: FakeScard) -> None:
    connection = PcscConnection.open(functions=pc)

    assert connection.pin_pad() is None
    with pytest.raises(NoReader, match="type it on the PC"):
        connection.verify_on_pad()
    pc.codes["SCardControl"] = Code.NOT_TRANSACTED
    assert connection.pin_pad() is None
    connection.close()


def test_a_card_lifted_while_the_person_types_ends_the_tap(pc: FakeScard) -> None:
    connection = with_pad(pc, lambda _: b"")
    pc.SCardControl = lambda _card, code, _sent: (  # type: ignore[method-assign, assignment]
        (Code.SUCCESS, bytes.fromhex("060442330006"))
        if code == pc.SCARD_CTL_CODE(3400)
        else (Code.REMOVED_CARD, [])
    )

    with pytest.raises(CardRemoved):
        connection.verify_on_pad()
    connection.close()
