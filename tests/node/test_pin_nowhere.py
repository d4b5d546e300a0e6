"""The PIN is nowhere: not in a log of any level, a traceback with its locals, a file, or memory.

Sales, registrations and looks go well, go wrong in words, and break as a bug would, at every
command to the card; every logger says all it can. What was logged, printed and written is then
searched for the digits as text, bytes, hexadecimal, decimal numbers, base64 and PIN blocks. The
search first proves that it finds each of these.
"""

import base64
import io
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from rich.console import Console
from rich.traceback import Traceback

from node.card.apdu import VERIFY, Command, Octets
from node.card.cardfile import create
from node.card.errors import CardRemoved
from node.card.pcsc import PcscConnection
from node.card.softcard import SoftCard
from node.card.tap import CardAddress, Connection, SoftAddress, Tap, card_address
from node.outcome import Approved, ChosenId, Prepared, RegisteredCard
from node.store import Store
from sync.democa import DemoCa
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.doubles.scard import FakeScard
from tests.node.conftest import NOON, Shop
from tests.node.test_canary import opened
from tui import exits

RIGHT, WRONG = b"7351", b"8624"
COMMANDS = 18
"""At least as many as any of the stories sends in one tap."""
LOUD = ("asyncio", "textual", "httpx", "httpcore", "sqlalchemy", "sqlalchemy.engine", "apscheduler")


def signs_of(pin: bytes) -> re.Pattern[bytes]:
    """Whatever a PIN may look like in what people can read.

    Four digits alone, since four digits inside a long number or a digest are nobody's PIN; and
    behind the length byte of a command, as Python shows bytes.
    """
    text, hexed = pin.decode(), pin.hex()
    pairs = [hexed[n : n + 2] for n in range(0, len(hexed), 2)]
    numbers = [str(octet) for octet in pin]
    alone = rf"(?<![0-9A-Za-z.+/]){text}(?![0-9A-Za-z+/])"
    bcd = f"24{text}ffff"
    spelled = (
        alone,
        rf"\\x04{text}",
        hexed,
        *(rf"{sign.join(pairs)}\b" for sign in (" ", ":", "-", ", 0x", " 0x", r"\\x")),
        *(_in_base64(pin, shift) for shift in range(3)),
        rf"\b{', '.join(numbers)}\b",
        rf"\b{' '.join(numbers)}\b",
        bcd,
    )
    return re.compile("|".join(spelled).encode(), re.IGNORECASE)


def _in_base64(pin: bytes, shift: int) -> str:
    """The letters that a PIN is sure to become, ``shift`` bytes into a group of three."""
    whole = base64.b64encode(bytes(shift) + pin).decode().rstrip("=")
    return whole[-(-8 * shift // 6) : (8 * (shift + len(pin))) // 6]


def holds(data: bytes, pin: bytes) -> bool:
    """Whether a PIN can be read in ``data``, or in what it opens to."""
    signs, block = signs_of(pin), bytes.fromhex(f"24{pin.decode()}ffff")
    return any(
        signs.search(piece)
        or block in piece
        or (not piece.isascii() and b"\x04" + pin in piece)
        or piece == pin
        for piece in opened(data)
    )


APDU = bytes.fromhex("0020008004") + RIGHT


@pytest.mark.parametrize(
    "hidden",
    [
        b"PIN 7351.",
        b"typed='7351'",
        repr(bytearray(RIGHT)).encode(),
        repr(APDU).encode(),
        repr(list(APDU)).encode(),
        APDU,
        b"\xff\x00" + APDU + b"\x90\x00\xff",
        APDU.hex().encode(),
        APDU.hex(" ").encode(),
        APDU.hex(":").upper().encode(),
        " ".join(hex(octet) for octet in APDU).encode(),
        b"GET /?q=" + base64.b64encode(b"the pin is 7351, really") + b" HTTP",
        "暗証番号 7351".encode(),
        "pin=7351 ".encode("utf-16-le"),
        b"\x24\x73\x51\xff\xff\xff\xff\xff",
        b"247351FFFFFFFFFF",
        msgspec.msgpack.encode({"pin": RIGHT}),
        zstandard.compress(b"VERIFY " + APDU.hex().encode()),
        repr({"data": RIGHT}).encode(),
    ],
)
def test_the_search_finds_a_planted_pin(hidden: bytes) -> None:
    assert holds(hidden, RIGHT)
    assert not holds(hidden, WRONG)


@pytest.mark.parametrize(
    "harmless", [b"seq 17351", b"ab7351cd", b"digest 9f7351", b"at 1790007351000", b"0.7351"]
)
def test_the_search_takes_no_number_that_only_has_these_digits_for_a_pin(harmless: bytes) -> None:
    assert not holds(harmless, RIGHT)


# -- everything that anybody could read


@dataclass(repr=False)  # it would tell of itself for ever
class Readable:
    """What was logged and told, to be searched."""

    logged: io.StringIO
    told: list[str]

    def tell(self, problem: BaseException) -> None:
        """Keep a problem as a curious developer would show it: each frame with its locals."""
        below = problem.__traceback__
        while below is not None and below.tb_frame.f_code.co_filename == __file__:
            below = below.tb_next  # this file knows the PIN
        whole = traceback.TracebackException(type(problem), problem, below, capture_locals=True)
        self.told.extend(whole.format())
        self.told.append(repr(problem))

    @property
    def text(self) -> str:
        """Each line once."""
        lines = (self.logged.getvalue() + "".join(self.told)).splitlines()
        return "\n".join(dict.fromkeys(lines))


class _Whole(logging.Formatter):
    """Everything that a record carries, not only its line."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {record.__dict__!r}"


@pytest.fixture
def readable() -> Iterator[Readable]:
    kept = Readable(io.StringIO(), [])
    handler = logging.StreamHandler(kept.logged)
    handler.setFormatter(_Whole())
    names = [None, *LOUD, *(name for name in logging.root.manager.loggerDict)]
    loggers = [logging.getLogger(name) for name in names]
    before = [(log, log.level, log.propagate, log.disabled) for log in loggers]
    for log in loggers:
        log.setLevel(logging.DEBUG)
        log.propagate, log.disabled = True, False
    logging.root.addHandler(handler)
    yield kept
    logging.root.removeHandler(handler)
    for log, level, propagate, disabled in before:
        log.setLevel(level)
        log.propagate, log.disabled = propagate, disabled


@dataclass
class Breaking:
    """A card that leaves, or whose reader has a bug, at the n-th command; before or after it."""

    card: Connection
    at: int
    how: type[Exception]
    works_first: bool
    count: int = 0

    def transmit(self, command: Octets) -> bytes:
        self.count += 1
        if self.count != self.at:
            return self.card.transmit(command)
        if self.works_first:
            self.card.transmit(command)
        raise self.how

    def close(self) -> None:
        self.card.close()


class Bug(Exception):
    """What nobody foresaw."""


@dataclass(repr=False)
class Counter:
    """A shop whose cards break as planned, and all that can be read of it."""

    shop: Shop
    readable: Readable
    card: Path
    plan: Callable[[Connection], Connection] = lambda card: card

    def tap(self, card: str) -> Tap:
        def connect(address: CardAddress) -> Connection:
            assert isinstance(address, SoftAddress)
            return self.plan(SoftCard(address.path))

        return Tap(card_address(card), connect=connect)

    @property
    def address(self) -> str:
        return f"soft:{self.card}"

    def breaks(self, at: int, how: type[Exception], *, works_first: bool) -> None:
        self.plan = lambda card: Breaking(card, at, how, works_first)

    def is_good(self) -> None:
        self.plan = lambda card: card

    def files(self) -> Iterator[bytes]:
        """Every file of the node, its second copy and its paper, and every value of its tables."""
        self.shop.counter.close()
        for folder in (self.shop.folder, self.shop.second):
            yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())
        yield from (path.read_bytes() for path in self.shop.folder.parent.glob("paper*"))
        with closing(Store.look(self.shop.folder)) as store:
            tables = store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables:
                for row in store.rows(f"SELECT * FROM {table}"):
                    yield from (
                        value if isinstance(value, bytes) else str(value).encode() for value in row
                    )
        self.shop.reopen()


@pytest.fixture
def counter(shop: Shop, readable: Readable, tmp_path: Path, resident_key: RSAPrivateKey) -> Counter:
    """Hanako's card has a PIN here that stands nowhere by accident."""
    path = tmp_path / "quiet.card"
    ca = DemoCa.create(tmp_path / "quiet-ca", at=NOON, key=resident_key)
    create(path, ca, bytearray(RIGHT), at=NOON, key=resident_key)
    made = Counter(shop, readable, path)
    shop.ports = replace(shop.ports, tap=made.tap)
    shop.restart()
    return made


def spend(counter: Counter, typed: bytearray) -> object:
    prepared: object = None
    try:
        prepared = counter.shop.counter.prepare(counter.address, KAWASAKI, Points(1))
    finally:
        if not isinstance(prepared, Prepared):
            typed[:] = bytes(len(typed))  # nobody was asked for it yet
    if not isinstance(prepared, Prepared):
        return prepared
    try:
        return counter.shop.counter.take(prepared, counter.address, typed)
    finally:
        counter.shop.counter.drop(prepared)


def register(counter: Counter, typed: bytearray) -> object:
    chosen = counter.shop.counter.choose_id(())
    assert isinstance(chosen, ChosenId)
    return counter.shop.counter.register(counter.address, typed, chosen, consent=True)


def look(counter: Counter, typed: bytearray) -> object:
    return counter.shop.counter.balances(counter.address, typed)


Story = Callable[[Counter, bytearray], object]
STORIES: tuple[Story, ...] = (spend, register, look)


def lived(counter: Counter, story: Story, pin: bytes) -> object:
    """What a story comes to; what it breaks with is kept. The PIN handed in is zeros afterwards."""
    typed = bytearray(pin)
    try:
        came = story(counter, typed)
    except Exception as problem:  # noqa: BLE001  a bug is what this is about
        counter.readable.tell(problem)
        came = problem
    assert not any(typed), "the PIN is still in memory"
    return came


def assert_nowhere(counter: Counter, capfd: pytest.CaptureFixture[str], pin: bytes) -> None:
    assert not signs_of(pin).search(counter.readable.text.encode())
    assert not [content[:60] for content in counter.files() if holds(content, pin)]
    printed = capfd.readouterr()
    assert not holds((printed.out + printed.err).encode(), pin)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_goes_well_leaves_no_pin_behind(
    counter: Counter, capfd: pytest.CaptureFixture[str], story: Story
) -> None:
    if story is register:
        counter.shop.hub.certificates.clear()

    came = lived(counter, story, RIGHT)

    assert isinstance(came, (Approved, RegisteredCard, tuple))
    shown = counter.readable.text
    assert "00 20 00 80 data=<4 bytes>" in shown  # it was logged that a PIN was presented
    assert "00 A4 04 0C" in shown
    assert_nowhere(counter, capfd, RIGHT)


@pytest.mark.parametrize("how", [CardRemoved, Bug])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_breaks_at_any_command_leaves_no_pin_behind(
    counter: Counter, capfd: pytest.CaptureFixture[str], story: Story, how: type[Exception]
) -> None:
    for at in range(1, COMMANDS + 1):
        for works_first in (False, True):
            counter.breaks(at, how, works_first=works_first)
            lived(counter, story, RIGHT)

    assert how.__name__ in counter.readable.text
    assert_nowhere(counter, capfd, RIGHT)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_wrong_pin_is_not_left_behind_either(
    counter: Counter, capfd: pytest.CaptureFixture[str], story: Story
) -> None:
    for _ in range(4):  # wrong, wrong, locked, locked before it is asked
        lived(counter, story, WRONG)

    assert_nowhere(counter, capfd, WRONG)


def test_a_hub_that_falls_silent_behind_the_pin_leaves_none_behind(
    counter: Counter, capfd: pytest.CaptureFixture[str]
) -> None:
    counter.plan = _Silencing(counter.shop).over
    for story in STORIES:
        counter.shop.mend()
        lived(counter, story, RIGHT)

    assert_nowhere(counter, capfd, RIGHT)


@dataclass
class _Silencing:
    """The line goes down as soon as the card has seen a PIN."""

    shop: Shop
    card: Connection | None = None

    def over(self, card: Connection) -> Connection:
        return _Silencing(self.shop, card)

    def transmit(self, command: Octets) -> bytes:
        assert self.card is not None
        if command[1] == VERIFY and len(command) > len(APDU) - len(RIGHT):
            self.shop.hub.silent = True
        return self.card.transmit(command)

    def close(self) -> None:
        assert self.card is not None
        self.card.close()


def test_over_pcsc_neither_the_octets_nor_their_frames_show_it(
    counter: Counter, capfd: pytest.CaptureFixture[str]
) -> None:
    class Broken(FakeScard):
        def SCardTransmit(  # noqa: N802  PC/SC's name
            self, card: int, protocol: int, command: Sequence[int]
        ) -> tuple[int, Sequence[int]]:
            if command[1] == VERIFY and len(command) > len(APDU) - len(RIGHT):
                raise Bug
            return super().SCardTransmit(card, protocol, command)

    pc = Broken()
    pc.plug("Sony", lambda: SoftCard(counter.card))
    counter.shop.ports = replace(
        counter.shop.ports,
        tap=lambda _: Tap("pcsc", connect=lambda _: PcscConnection.open(functions=pc)),
    )
    counter.shop.restart()

    assert isinstance(lived(counter, spend, RIGHT), Bug)
    assert "SCardTransmit" in counter.readable.text
    assert_nowhere(counter, capfd, RIGHT)


def test_a_rich_traceback_with_locals_shows_none(counter: Counter) -> None:
    for at in range(9, 15):  # around the PIN
        counter.breaks(at, Bug, works_first=True)
        try:
            spend(counter, bytearray(RIGHT))
        except Bug as problem:
            console = Console(file=io.StringIO(), width=200, no_color=True)
            trace = problem.__traceback__
            while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
                trace = trace.tb_next
            console.print(Traceback.from_exception(Bug, problem, trace, show_locals=True))
            shown = console.file.getvalue()  # type: ignore[attr-defined]
            assert "locals" in shown
            assert not holds(shown.encode(), RIGHT)


def test_the_programs_own_log_of_something_unexpected_has_no_pin(
    counter: Counter, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = logging.getLogger("machikado")
    before = log.handlers[:]
    log.handlers.clear()
    counter.breaks(12, Bug, works_first=True)
    try:
        code = exits.run(lambda: spend(counter, bytearray(RIGHT)), ("node",), tmp_path / "log")
    finally:
        for handler in log.handlers:
            handler.close()
        log.handlers[:] = before

    assert code == exits.UNEXPECTED
    written = (tmp_path / "log").read_bytes()
    assert b"Bug" in written
    assert not holds(written, RIGHT)
    printed = capfd.readouterr()
    assert not holds((printed.out + printed.err).encode(), RIGHT)


def test_a_command_that_carries_a_pin_never_shows_it() -> None:
    command = Command(ins=VERIFY, p2=0x80, data=bytearray(RIGHT))

    assert not holds(f"{command!r} {command} {[command]}".encode(), RIGHT)
