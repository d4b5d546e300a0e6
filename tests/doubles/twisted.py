"""A card that is good but for what it answers at some commands: what fuzzers lay on the reader.

A twist makes one answer of another: other bytes, fewer, more, one bit less, another status word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from node.card.apdu import Octets
from node.card.tap import Connection

Twist = Callable[[bytes], bytes]

STATUS_WORDS = tuple(
    int(word, 16)
    for word in [
        "9000",
        "6100",
        "61FF",
        "6101",
        "6C00",
        "6CFF",
        "6C01",
        "6282",
        "6300",
        "63C0",
        "63C1",
        "63C3",
        "63CF",
        "6700",
        "6981",
        "6982",
        "6983",
        "6984",
        "6985",
        "6A82",
        "6B00",
        "6D00",
        "6E00",
        "6F00",
        "0000",
        "FFFF",
    ]
)
"""Those that mean something to a tap, and some that mean nothing."""


@dataclass(frozen=True)
class Replaced:
    """Other bytes instead."""

    by: bytes

    def __call__(self, _: bytes) -> bytes:
        return self.by


@dataclass(frozen=True)
class Cut:
    """Only the first bytes."""

    to: int

    def __call__(self, answer: bytes) -> bytes:
        return answer[: self.to]


@dataclass(frozen=True)
class Lengthened:
    """More bytes before the status word."""

    by: bytes

    def __call__(self, answer: bytes) -> bytes:
        return answer[:-2] + self.by + answer[-2:]


@dataclass(frozen=True)
class Flipped:
    """One bit another."""

    bit: int

    def __call__(self, answer: bytes) -> bytes:
        if not answer:
            return answer
        place, bit = divmod(self.bit % (8 * len(answer)), 8)
        return answer[:place] + bytes([answer[place] ^ 1 << bit]) + answer[place + 1 :]


@dataclass(frozen=True)
class Status:
    """The same data with another status word."""

    word: int

    def __call__(self, answer: bytes) -> bytes:
        return answer[:-2] + self.word.to_bytes(2, "big")


def heads() -> st.SearchStrategy[bytes]:
    """Heads of certificate files that claim any length."""
    return st.integers(0, 0xFFFF).map(lambda n: b"\x30\x82" + n.to_bytes(2, "big") + b"\x90\x00")


def twists() -> st.SearchStrategy[Twist]:
    """Any of them."""
    return st.one_of(
        st.binary(max_size=300).map(Replaced),
        heads().map(Replaced),
        st.integers(0, 260).map(Cut),
        st.binary(min_size=1, max_size=300).map(Lengthened),
        st.integers(0, 8 * 258).map(Flipped),
        st.sampled_from(STATUS_WORDS).map(Status),
        st.integers(0, 0xFFFF).map(Status),
    )


def plans(most: int) -> st.SearchStrategy[Mapping[int, Twist]]:
    """Which of the first ``most`` answers are twisted, and how; counted from 1."""
    return st.dictionaries(st.integers(1, most), twists(), min_size=1, max_size=4)


class TooMany(AssertionError):
    """The card was asked more often than the bound that is claimed."""


@dataclass
class Twisted:
    """``card`` with some answers twisted, and perhaps every one from the command ``always_from``.

    It keeps count: how many commands came, and how many of them carried a PIN.
    """

    card: Connection
    plan: Mapping[int, Twist]
    always_from: int | None = None
    always: Twist | None = None
    most: int | None = None
    commands: int = field(default=0, init=False)
    pins: int = field(default=0, init=False)
    powered: bool = field(default=True, init=False)

    def transmit(self, command: Octets) -> bytes:
        self.commands += 1
        if self.most is not None and self.commands > self.most:
            raise TooMany(f"more than {self.most} commands")
        self.pins += command[1:2] == b"\x20" and len(command) > 5
        answer = self.card.transmit(command)
        twist = self.plan.get(self.commands)
        if self.always_from is not None and self.commands >= self.always_from:
            twist = self.always
        return answer if twist is None else twist(answer)

    def close(self) -> None:
        self.powered = False
        self.card.close()


class Remembered:
    """A good tap's answers, played again: as quick as a fuzzer wants it."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self.answers = answers

    def transmit(self, command: Octets) -> bytes:
        return self.answers.get(bytes(command), b"\x6f\x00")

    def close(self) -> None:
        """Nothing is held."""
