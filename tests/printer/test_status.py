"""What a printer's answers mean, bit by bit, also where they come in pieces."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.status import Conversation, process_id

JOB = b"a sheet"
DONE = b"\x37\x22" + process_id(JOB) + b"\x00"


@dataclass
class Says:
    """A connection that answers each question with the next of these, read by read."""

    script: list[list[bytes]]
    name: str = "played"
    speed: int = 10_000
    reads: list[bytes] = field(default_factory=list)

    def send(self, data: bytes, wait: float) -> None:
        """Take it, and have the next answer ready."""
        del data, wait
        self.reads = self.script.pop(0) if self.script else []

    def receive(self, wait: float) -> bytes:
        """The next piece of the answer."""
        del wait
        return self.reads.pop(0) if self.reads else b""

    def close(self) -> None:
        """Nothing to let go of."""


def talk(*script: list[bytes]) -> Conversation:
    return Conversation(printer=Says(list(script)), answers="status", timeout=0.1)


@pytest.mark.parametrize("paper", [b"\x32", b"\x52", b"\x72"], ids=["bit 5", "bit 6", "both"])
def test_either_sensor_of_the_rolls_end_is_paper_out(paper: bytes) -> None:
    with pytest.raises(NotPrinted) as told:
        talk([b"\x12"], [paper]).ready()
    assert told.value.trouble is Trouble.PAPER_OUT


@pytest.mark.parametrize("paper", [b"\x16", b"\x1a", b"\x1e"], ids=["bit 2", "bit 3", "both"])
def test_either_sensor_of_a_roll_that_nears_its_end_is_a_warning(paper: bytes) -> None:
    assert talk([b"\x12"], [paper], [b"\x12"]).ready() is Trouble.NEAR_END


def test_a_status_that_was_asked_for_before_is_no_word_that_the_sheet_is_done() -> None:
    with pytest.raises(MayHavePrinted) as told:
        talk([b"\x12"], [b"\x12"]).done(JOB, 0.1)
    assert told.value.trouble is Trouble.UNCONFIRMED


@pytest.mark.parametrize(
    "pieces",
    [
        lambda said: [said],
        lambda said: [said[:3], said[3:]],
        lambda said: [bytes([byte]) for byte in b"\x14\x00\x00" + said],
    ],
    ids=["whole", "in two", "byte by byte, behind a report"],
)
def test_the_word_that_a_job_is_done_may_come_in_pieces(
    pieces: Callable[[bytes], list[bytes]],
) -> None:
    by_id = replace(talk(pieces(DONE)), answers="jobs")

    by_id.done(JOB, 0.1)


def test_the_word_about_another_job_is_none_about_this_one() -> None:
    with pytest.raises(MayHavePrinted):
        replace(talk([DONE]), answers="jobs").done(b"another", 0.1)
