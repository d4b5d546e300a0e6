"""Commands and answers as ISO/IEC 7816-4 writes them; what is never sent or shown twice."""

import logging
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.card import apdu
from node.card.apdu import Command, Octets, Response, exchange, meaning
from node.card.errors import BadAnswer, CardError, CardSaysNo


class Script:
    """A card that answers from a list and remembers what it was sent."""

    def __init__(self, answers: Iterable[str]) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.sent: list[str] = []
        self.wires: list[Octets] = []

    def transmit(self, command: Octets) -> bytes:
        self.sent.append(command.hex().upper())
        self.wires.append(command)
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (Command(ins=0x20, p2=0x80), "00200080"),
        (Command(ins=0xB0, le=4), "00B0000004"),
        (Command(ins=0xB0, p1=1, le=256), "00B0010000"),
        (Command(ins=0xA4, p1=2, p2=0x0C, data=b"\x00\x18"), "00A4020C020018"),
        (Command(cla=0x80, ins=0x2A, p2=0x80, data=b"\x30" * 3, le=256), "802A00800330303000"),
    ],
)
def test_the_four_cases_are_written_as_the_standard_says(command: Command, wire: str) -> None:
    assert command.encode() == bytes.fromhex(wire)
    assert Command.decode(bytes.fromhex(wire)) == command


octet = st.integers(0, 255)
commands = st.builds(
    Command,
    cla=octet,
    ins=octet,
    p1=octet,
    p2=octet,
    data=st.binary(max_size=255),
    le=st.none() | st.integers(1, 256),
)


@given(commands)
def test_what_is_written_is_what_is_read(command: Command) -> None:
    assert Command.decode(command.encode()) == command


@given(st.binary(max_size=300))
def test_bytes_are_one_command_or_none(wire: bytes) -> None:
    try:
        command = Command.decode(wire)
    except ValueError:
        return
    assert command.encode() == wire


@pytest.mark.parametrize("le", [0, 257])
def test_a_command_that_has_no_short_form_is_not_made(le: int) -> None:
    with pytest.raises(ValueError, match="Le"):
        Command(ins=0xB0, le=le)
    with pytest.raises(ValueError, match="255"):
        Command(ins=0xB0, data=bytes(256))
    with pytest.raises(ValueError, match="one byte"):
        Command(ins=0x100)


@pytest.mark.parametrize("wire", ["", "90", "00" * 259])
def test_an_answer_that_is_none_is_refused(wire: str) -> None:
    with pytest.raises(BadAnswer):
        Response.decode(bytes.fromhex(wire))


def test_an_answer_announced_in_pieces_is_fetched_whole() -> None:
    card = Script(["6102", "AABB6101", "CC9000"])

    answer = exchange(card, Command(ins=0x2A, data=b"x"))

    assert answer == Response(data=b"\xaa\xbb\xcc", status=apdu.OK)
    assert card.sent[1:] == ["00C0000002", "00C0000001"]


def test_6100_announces_256_bytes() -> None:
    card = Script(["6100", "AA" * 256 + "9000"])

    assert len(exchange(card, Command(ins=0x2A)).data) == 256
    assert card.sent[1] == "00C0000000"


def test_a_wrong_length_is_corrected_once() -> None:
    card = Script(["6C02", "AABB9000"])
    stubborn = Script(["6C02", "6C03"])

    assert exchange(card, Command(ins=0xB0, le=256)).data == b"\xaa\xbb"
    assert card.sent == ["00B0000000", "00B0000002"]
    with pytest.raises(BadAnswer):
        exchange(stubborn, Command(ins=0xB0, le=256))


def test_a_pin_is_never_sent_twice_even_where_the_card_asks_for_it() -> None:
    card = Script(["6C04", "9000"])

    with pytest.raises(BadAnswer):
        exchange(card, Command(ins=apdu.VERIFY, p2=0x80, data=b"4649"))
    assert len(card.sent) == 1


def test_a_card_that_never_comes_to_an_end_is_stopped() -> None:
    card = Script(["6101"] + ["AA6101"] * 1000)

    with pytest.raises(BadAnswer, match="end"):
        exchange(card, Command(ins=0x2A))
    assert len(card.sent) < 100


def test_the_bytes_on_the_wire_are_overwritten_after_the_answer() -> None:
    card = Script(["63C2"])

    exchange(card, Command(ins=apdu.VERIFY, p2=0x80, data=b"4649"))

    assert card.sent == ["002000800434363439"]
    assert not any(card.wires[0])


@pytest.mark.parametrize("ins", [0x20, 0x21, 0x24, 0x2C])
def test_neither_repr_nor_log_shows_a_pin(ins: int, caplog: pytest.LogCaptureFixture) -> None:
    command = Command(ins=ins, p2=0x80, data=b"4649")

    with caplog.at_level(logging.DEBUG):
        exchange(Script(["63C2"]), command)

    shown = repr(command) + str(command) + caplog.text
    assert "63C2" in shown
    assert "<4 bytes>" in shown
    assert not any(pin in shown for pin in ("4649", "34363439", "34 36 34 39"))


def test_the_log_shows_other_commands_but_never_what_the_card_gave(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        exchange(Script(["CAFE9000"]), Command(ins=0xA4, data=b"\x00\x0a", le=2))

    assert "000a" in caplog.text
    assert "cafe" not in caplog.text.lower()


def test_a_refusal_names_what_was_done_and_what_the_card_said() -> None:
    with pytest.raises(CardSaysNo, match=r"reading: .*6A82 .*not found") as refused:
        Response(status=0x6A82).expect_ok("reading")
    assert (refused.value.status, refused.value.reason) == (0x6A82, "card-says-no")
    assert meaning(0x63C2) == "wrong PIN, tries left: 2"
    assert "meaning" in meaning(0x1234)


@given(st.lists(st.binary(max_size=300), min_size=1), commands)
def test_no_answer_whatever_makes_more_than_a_card_error(
    answers: list[bytes], command: Command
) -> None:
    class Noise:
        def __init__(self) -> None:
            self.turn = 0

        def transmit(self, command: Octets) -> bytes:
            self.turn += 1
            return answers[(self.turn + len(command)) % len(answers)]

    try:
        answer = exchange(Noise(), command)
    except CardError:
        return
    assert answer.status >> 8 not in (0x61, 0x6C)
