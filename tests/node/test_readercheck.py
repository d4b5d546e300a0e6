"""The doctor's look at readers and cards: what lacks, what to do, and nothing about the owner."""

from pathlib import Path

import pytest

from node.card.cardfile import CardFile
from node.card.errors import NoReaderSupport, PinLocked, WrongPin
from node.card.pcsc import Code, PcscConnection, Scard
from node.card.softcard import Knobs, SoftCard
from node.card.tap import ReaderAddress, Tap
from node.outcome import Check, Level
from node.readercheck import Pc, check_readers, judge_card, pc_here, why_down, why_none
from sync.certificate import validity
from sync.values import Millis
from tests.doubles.scard import FakeScard
from tests.node.conftest import NOON, pin

READER = "SONY FeliCa RC-S300/S 00 00"
OTHER = "ACS ACR39U ICC Reader 00 00"
WELL, NOTE, LOOK = Level.WELL, Level.NOTE, Level.LOOK


@pytest.fixture
def card(tmp_path: Path, blank_card: Path) -> Path:
    path = tmp_path / "hanako.card"
    path.write_bytes(blank_card.read_bytes())
    return path


@pytest.fixture
def pc(card: Path) -> FakeScard:
    service = FakeScard()
    service.plug(READER, lambda: SoftCard(card))
    return service


def looked(
    service: FakeScard, *, here: Pc | None = None, wanted: bool = True, at: Millis = NOON
) -> tuple[Check, ...]:
    return check_readers(wanted=wanted, at=at, functions=lambda: service, pc=lambda: here or Pc())


def last(service: FakeScard, *, here: Pc | None = None, wanted: bool = True) -> Check:
    return looked(service, here=here, wanted=wanted)[-1]


def test_a_reader_with_a_card_is_well_from_end_to_end(pc: FakeScard) -> None:
    found = looked(pc)

    assert [(check.check, check.level) for check in found] == [
        ("reader-support", WELL),
        ("reader-service", WELL),
        ("reader", WELL),
        ("card-on-reader", WELL),
    ]
    assert found[2].detail == READER
    assert "tries left: 3" in found[3].detail


def test_the_look_spends_no_try_and_lets_go_of_everything(pc: FakeScard, card: Path) -> None:
    looked(pc)

    with_a_pin = [each for each in pc.transmitted if each[1] == 0x20 and len(each) > 5]
    assert with_a_pin == []
    assert pc.contexts == set()
    assert pc.unpowered == [READER]
    assert CardFile(card).tries == 3


def test_nothing_that_the_card_says_of_its_owner_is_told(pc: FakeScard, card: Path) -> None:
    with Tap(f"soft:{card}") as tap:
        begins, ends = validity(tap.certificate)

    for at in (NOON, Millis(begins - 1), Millis(ends + 1)):
        told = " ".join(check.detail for check in looked(pc, at=at))
        assert str(begins) not in told
        assert str(ends) not in told
        assert "20" not in told.replace(READER, "")  # no year of any date


# -- support and service


def absent() -> Scard:
    raise NoReaderSupport


@pytest.mark.parametrize(
    ("here", "level"),
    [(Pc(), NOTE), (Pc(plugged_in=1), LOOK), (Pc(held_by=("port100",)), LOOK)],
)
def test_a_program_without_readers_is_unwell_only_where_one_is_plugged_in(
    here: Pc, level: Level
) -> None:
    (found,) = check_readers(wanted=True, at=NOON, functions=absent, pc=lambda: here)

    assert (found.check, found.level) == ("reader-support", level)
    assert "make card" in found.detail
    assert found.well is (level is NOTE)


@pytest.mark.parametrize(
    ("here", "todo"),
    [
        (Pc(service=False), "apt install pcscd"),
        (Pc(service=False), "dnf install pcsc-lite pcsc-lite-ccid"),
        (Pc(socket=False), "systemctl enable --now pcscd.socket"),
        (Pc(), "systemctl restart pcscd.socket"),
        (Pc(system="win32"), "SCardSvr"),
        (Pc(system="darwin"), "not running"),
    ],
)
def test_a_service_that_is_down_is_told_with_what_starts_it(
    pc: FakeScard, here: Pc, todo: str
) -> None:
    pc.kill()

    found = last(pc, here=here)

    assert (found.check, found.level) == ("reader-service", LOOK)
    assert todo in found.detail
    assert found.detail == why_down(here)


def test_a_demo_goes_on_without_a_service_or_a_reader(pc: FakeScard) -> None:
    pc.unplug(READER)
    assert last(pc, wanted=False).level is NOTE
    pc.kill()
    assert last(pc, wanted=False).level is NOTE


@pytest.mark.parametrize("function", ["SCardEstablishContext", "SCardListReaders"])
def test_a_user_whom_polkit_refuses_is_told_so(pc: FakeScard, function: str) -> None:
    pc.codes[function] = Code.SECURITY_VIOLATION

    found = last(pc)

    assert (found.check, found.level) == ("reader-service", LOOK)
    assert "polkit" in found.detail
    assert pc.contexts == set()


# -- readers


@pytest.mark.parametrize(
    ("here", "todo"),
    [
        (Pc(), "plug it in"),
        (Pc(plugged_in=1), "systemctl restart pcscd.service"),
        (Pc(driver=False, plugged_in=1), "libccid"),
        (Pc(held_by=("pn533_usb",), plugged_in=1), "modprobe -r pn533_usb"),
    ],
)
def test_a_reader_that_is_not_seen_is_told_with_its_reason(
    pc: FakeScard, here: Pc, todo: str
) -> None:
    pc.unplug(READER)

    found = last(pc, here=here)

    assert (found.check, found.level) == ("reader", LOOK)
    assert todo in found.detail
    assert found.detail == why_none(here)


def test_several_readers_are_told_by_name_and_each_is_looked_at(pc: FakeScard, card: Path) -> None:
    pc.slots[READER].card = None
    pc.plug(OTHER, lambda: SoftCard(card))

    _, _, readers, lying = looked(pc)

    assert readers.level is NOTE
    assert READER in readers.detail
    assert OTHER in readers.detail
    assert lying.level is WELL


# -- cards


def test_an_empty_reader_is_no_trouble(pc: FakeScard) -> None:
    pc.lift(READER)

    assert last(pc).level is NOTE
    assert "put a My Number card down" in last(pc).detail


def test_a_card_that_another_program_uses_is_left_alone(pc: FakeScard) -> None:
    with Tap(ReaderAddress(), connect=lambda _: PcscConnection.open(functions=pc)) as tap:
        found = last(pc)
        tap.verify(pin())  # nobody took the card away

    assert found.level is NOTE
    assert "another program" in found.detail


def enter_wrongly(card: Path, times: int) -> None:
    for _ in range(times):
        with Tap(f"soft:{card}") as tap, pytest.raises((WrongPin, PinLocked)):
            tap.verify(bytearray(b"0000"))


@pytest.mark.parametrize(
    ("wrong", "level", "words"),
    [(1, WELL, "tries left: 2"), (2, LOOK, "one try left"), (3, LOOK, "municipality")],
)
def test_tries_are_told_and_the_last_one_warned_of(
    pc: FakeScard, card: Path, wrong: int, level: Level, words: str
) -> None:
    enter_wrongly(card, wrong)

    assert last(pc).level is level
    assert words in last(pc).detail


def test_a_reader_with_keys_is_told(pc: FakeScard) -> None:
    assert "keys" not in last(pc).detail
    pc.slots[READER].pad = lambda _: b"\x64\x00"

    assert last(pc).detail.endswith("the PIN is typed on the reader's own keys")
    assert last(pc).level is WELL


def test_another_kind_of_card_and_a_silent_one_are_told(pc: FakeScard, card: Path) -> None:
    class Transit(SoftCard):
        def transmit(self, command: object) -> bytes:
            assert command
            return b"\x6a\x82"

    pc.put(READER, lambda: Transit(card))
    assert (last(pc).level, "not a My Number card" in last(pc).detail) == (LOOK, True)
    pc.put(READER, lambda: SoftCard(card), mute=True)
    assert (last(pc).level, "upside down" in last(pc).detail) == (LOOK, True)


def test_a_card_that_leaves_during_the_look_ends_it_in_words(pc: FakeScard, card: Path) -> None:
    for at in range(1, 10):
        pc.put(READER, lambda at=at: SoftCard(card, Knobs(leaves_at=at)))  # type: ignore[misc]
        assert "taken away" in last(pc).detail


def test_the_dates_decide_after_the_pin_and_before_a_last_try() -> None:
    dates = (Millis(100), Millis(200))

    assert judge_card(3, dates, Millis(150))[0] is WELL
    assert "not valid yet" in judge_card(1, dates, Millis(99))[1]
    assert "run out" in judge_card(1, dates, Millis(201))[1]
    assert "locked" in judge_card(0, dates, Millis(201))[1]


# -- what Linux shows


def test_a_pc_is_read_from_its_file_system(tmp_path: Path) -> None:
    assert pc_here(tmp_path) == Pc(service=False, socket=False, driver=False)

    for name in ("usr/sbin", "run/pcscd", "usr/lib/pcsc/drivers/ifd-ccid.bundle"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/sbin/pcscd").write_text("#!/bin/sh\n")
    (tmp_path / "usr/sbin/pcscd").chmod(0o755)
    (tmp_path / "run/pcscd/pcscd.comm").touch()
    for port, kind in (("1-1:1.0", "0b\n"), ("1-2:1.0", "03\n"), ("1-3:1.0", "\xff")):
        (tmp_path / "sys/bus/usb/devices" / port).mkdir(parents=True)
        (tmp_path / "sys/bus/usb/devices" / port / "bInterfaceClass").write_text(
            kind, encoding="latin-1"
        )
    for driver in ("pn533_usb", "port100"):
        (tmp_path / "sys/bus/usb/drivers" / driver).mkdir(parents=True)
    (tmp_path / "sys/bus/usb/drivers/pn533_usb/1-1:1.0").mkdir()

    assert pc_here(tmp_path) == Pc(plugged_in=1, held_by=("pn533_usb",))


def test_this_very_pc_can_be_looked_at() -> None:
    here = pc_here()

    assert why_down(here)
    assert why_none(here)
