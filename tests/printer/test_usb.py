"""A printer at USB: found, borrowed from the kernel, printed with, given back."""

from collections.abc import Callable

import pytest
import usb.core
from usb.backend import libusb0, libusb1, openusb

from printer.destinations import ToUsb
from printer.device import ReceiptPrinter
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import profile_of
from printer.sheet import sheet
from printer.usbport import FoundUsb, usb_printers
from tests.printer import samples
from tests.printer.bus import Bus, Plugged
from tests.printer.mechanism import Mechanism

M30 = profile_of("epson-tm-m30")
SLIP = samples.slip()
Plug = Callable[..., None]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Plug devices into this PC; nothing else is there."""

    def plug_in(*devices: Plugged) -> None:
        monkeypatch.setattr(libusb1, "get_backend", lambda **_: Bus(*devices))

    monkeypatch.setattr(libusb0, "get_backend", lambda **_: None)
    monkeypatch.setattr(openusb, "get_backend", lambda **_: None)
    return plug_in


def printer(to: ToUsb) -> ReceiptPrinter:
    return ReceiptPrinter(destination=to, width=576, profile=M30, timeout=0.2)


@pytest.mark.parametrize("to", [ToUsb(), ToUsb(0x04B8, 0x0E28), ToUsb(0x04B8, 0x0E28, "A1")])
def test_a_printer_is_borrowed_from_the_kernel_for_each_sheet(plug: Plug, to: ToUsb) -> None:
    one = Plugged(Mechanism())
    plug(one, Plugged(Mechanism(), vendor=0x046D, kind=3))

    printer(to).print(SLIP)

    assert one.mechanism.sheets == [b"".join(sheet(SLIP, 576, M30))]
    assert one.log == ["borrowed", "claimed", "released", "given back", "closed"]


def test_a_usb_printer_says_how_it_stands(plug: Plug) -> None:
    plug(Plugged(Mechanism(cover_open=True)))
    with pytest.raises(NotPrinted) as told:
        printer(ToUsb()).print(SLIP)
    assert told.value.trouble is Trouble.COVER_OPEN

    plug(Plugged(Mechanism(near_end=True)))
    assert printer(ToUsb()).print(SLIP) is Trouble.NEAR_END


def test_what_it_said_to_somebody_else_is_no_answer_to_us(plug: Plug) -> None:
    one = Plugged(Mechanism(), answers=b"\x16")  # that its cover is open, an hour ago
    plug(one)

    printer(ToUsb()).print(SLIP)

    assert len(one.mechanism.sheets) == 1


@pytest.mark.parametrize(
    ("devices", "to", "trouble"),
    [
        ((), ToUsb(), Trouble.UNREACHABLE),
        ((Plugged(Mechanism(), kind=3),), ToUsb(), Trouble.UNREACHABLE),
        ((Plugged(Mechanism()),), ToUsb(0x04B8, 0x0E29), Trouble.UNREACHABLE),
        ((Plugged(Mechanism()),), ToUsb(0x04B8, 0x0E28, "B2"), Trouble.UNREACHABLE),
        ((Plugged(Mechanism()), Plugged(Mechanism(), serial="B2")), ToUsb(), Trouble.UNREACHABLE),
        ((Plugged(Mechanism(), claimed_elsewhere=True),), ToUsb(), Trouble.BUSY),
        ((Plugged(Mechanism(), allowed=False),), ToUsb(), Trouble.NOT_ALLOWED),
    ],
)
def test_a_printer_that_cannot_be_had_gets_no_dot(
    plug: Plug, devices: tuple[Plugged, ...], to: ToUsb, trouble: Trouble
) -> None:
    plug(*devices)

    with pytest.raises(NotPrinted) as told:
        printer(to).print(SLIP)

    assert told.value.trouble is trouble
    assert not any(one.mechanism.sheets for one in devices)


@pytest.mark.parametrize("to", [ToUsb(), ToUsb(0x04B8, 0x0E28)])
def test_a_printer_that_is_pulled_out_while_it_is_looked_for_is_not_there(
    plug: Plug, to: ToUsb
) -> None:
    plug(Plugged(Mechanism(), present=False))

    assert usb_printers() == ()
    with pytest.raises(NotPrinted) as told:
        printer(to).print(SLIP)
    assert told.value.trouble is Trouble.UNREACHABLE


def test_a_device_that_calls_itself_no_printer_is_used_by_its_numbers(plug: Plug) -> None:
    one = Plugged(Mechanism(), kind=255, kernel_has_it=False)
    plug(one)

    printer(ToUsb(0x04B8, 0x0E28)).print(SLIP)

    assert len(one.mechanism.sheets) == 1


def test_a_cable_that_is_pulled_half_way_leaves_a_doubt(plug: Plug) -> None:
    plug(Plugged(Mechanism(), pulled_after=500))

    with pytest.raises(MayHavePrinted) as told:
        printer(ToUsb()).print(SLIP)
    assert told.value.trouble is Trouble.CUT_OFF


def test_the_printers_that_are_plugged_in_are_listed(plug: Plug) -> None:
    plug(
        Plugged(Mechanism()),
        Plugged(Mechanism(), vendor=0x0519, product=0x0003, allowed=False),
        Plugged(Mechanism(), vendor=0x046D, kind=3),
    )

    assert usb_printers() == (
        FoundUsb(0x04B8, 0x0E28, "EPSON TM-m30II (04b8:0e28)"),
        FoundUsb(0x0519, 0x0003, "0519:0003"),
    )


def test_a_pc_without_libusb_says_so_and_lists_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: object) -> None:
        raise usb.core.NoBackendError("No backend available")

    monkeypatch.setattr(usb.core, "find", none)

    assert usb_printers() == ()
    with pytest.raises(NotPrinted) as told:
        printer(ToUsb()).print(SLIP)
    assert told.value.trouble is Trouble.NO_DRIVER
