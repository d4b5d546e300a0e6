"""A printer at USB. The only pyusb import.

USB Device Class Definition for Printing Devices 1.1: interface class 7, one bulk endpoint out and,
where the printer can answer, one in. A few cheap ones call themselves vendor-specific (255); they
are used when their numbers are given.
"""

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from printer.destinations import ToUsb
from printer.errors import NotPrinted, Trouble
from printer.transports import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from usb.core import Device, Endpoint, Interface

_PRINTER_CLASS = 7
_DIRECTION, _OUT, _IN = 0x80, 0x00, 0x80
_TRANSFER, _BULK = 0x03, 0x02
_PIECE = 4096
_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class FoundUsb:
    """One USB printer that is plugged in."""

    vendor: int
    product: int
    name: str


class UsbPort:
    """An open USB printer."""

    speed = 10_000

    def __init__(self, to: ToUsb) -> None:
        """Find it and claim it. Raises :class:`NotPrinted`."""
        self._device = _choose(to)
        self.name = _name(self._device)
        interface, self._out = _interface(self._device)
        self._in = _endpoint(interface, _IN)
        self._number = interface.bInterfaceNumber
        self._borrowed = False
        try:
            self._claim()
        except OSError as error:
            self.close()
            raise refused(self.name, error) from error

    def _claim(self) -> None:
        import usb.util

        try:
            if self._device.is_kernel_driver_active(self._number):  # usblp has it on Linux
                self._device.detach_kernel_driver(self._number)
                self._borrowed = True
        except NotImplementedError:  # no such thing on Windows and macOS
            pass
        usb.util.claim_interface(self._device, self._number)
        self.receive(0.01)  # what it said to whoever was here before

    def send(self, data: bytes, wait: float) -> None:
        """Hand over every byte within ``wait`` seconds a piece."""
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            taken = self._out.write(piece, round(wait * _MILLISECONDS))
            if taken != len(piece):
                raise OSError(errno.EIO, f"it took {taken} of {len(piece)} bytes")

    def receive(self, wait: float) -> bytes:
        """What has come, after at most ``wait`` seconds; empty when nothing has."""
        import usb.core

        if self._in is None:
            return b""
        try:
            return bytes(self._in.read(64, max(1, round(wait * _MILLISECONDS))))
        except usb.core.USBTimeoutError:
            return b""

    def close(self) -> None:
        """Let go of it, and give it back to whoever had it."""
        import usb.core
        import usb.util

        try:
            usb.util.release_interface(self._device, self._number)
            if self._borrowed:
                self._device.attach_kernel_driver(self._number)
        except (usb.core.USBError, NotImplementedError):
            pass  # it is unplugged, or was never ours
        usb.util.dispose_resources(self._device)


def usb_printers() -> tuple[FoundUsb, ...]:
    """The USB printers that are plugged in; none where USB cannot be looked at."""
    try:
        devices = tuple(_devices())
    except NotPrinted:
        return ()
    return tuple(
        FoundUsb(device.idVendor, device.idProduct, _name(device))
        for device in devices
        if _is_printer(device)
    )


def _choose(to: ToUsb) -> "Device":
    """The one printer that is meant."""
    found = [device for device in _devices() if _matches(device, to)]
    if not found:
        raise NotPrinted(
            Trouble.UNREACHABLE, "No such USB printer is plugged in. Nothing was printed."
        )
    if len(found) > 1:
        names = ", ".join(_name(device) for device in found)
        raise NotPrinted(
            Trouble.UNREACHABLE,
            f"There are several such USB printers ({names}): name one as usb:VID:PID:SERIAL.",
        )
    return found[0]


def _devices() -> "Iterator[Device]":
    try:
        import usb.core

        yield from usb.core.find(find_all=True)
    except (ImportError, usb.core.NoBackendError) as error:
        raise NotPrinted(
            Trouble.NO_DRIVER, "libusb 1.0 is missing: USB printers cannot be used."
        ) from error


def _matches(device: "Device", to: ToUsb) -> bool:
    if to.vendor is None:
        return _is_printer(device)
    if (device.idVendor, device.idProduct) != (to.vendor, to.product):
        return False
    return not to.serial or _serial(device) == to.serial


def _is_printer(device: "Device") -> bool:
    try:
        return any(
            interface.bInterfaceClass == _PRINTER_CLASS
            for configuration in device
            for interface in configuration
        )
    except OSError:  # it was unplugged, or does not work: it must not hide the others
        return False


def _interface(device: "Device") -> "tuple[Interface, Endpoint]":
    """Its printer's interface, or else the first that takes bytes; and where it takes them."""
    interfaces = [interface for configuration in device for interface in configuration]
    printers = [one for one in interfaces if one.bInterfaceClass == _PRINTER_CLASS]
    for interface in (*printers, *interfaces):
        out = _endpoint(interface, _OUT)
        if out is not None:
            return interface, out
    raise NotPrinted(Trouble.UNREACHABLE, f"The USB device {_name(device)} takes no bytes.")


def _endpoint(interface: "Interface", direction: int) -> "Endpoint | None":
    """Its bulk endpoint to the printer, or from it (USB 2.0, table 9-13)."""
    for endpoint in interface:
        bulk = endpoint.bmAttributes & _TRANSFER == _BULK
        if bulk and endpoint.bEndpointAddress & _DIRECTION == direction:
            return endpoint
    return None


def _serial(device: "Device") -> str:
    """Its serial number; empty where it has none or may not be asked."""
    try:
        return str(device.serial_number or "")
    except (OSError, ValueError):  # pyusb: ValueError where no language may be read
        return ""


def _name(device: "Device") -> str:
    """How people know it."""
    numbers = f"{device.idVendor:04x}:{device.idProduct:04x}"
    try:
        words = " ".join(filter(None, (device.manufacturer, device.product)))
    except (OSError, ValueError):
        words = ""
    return f"{words} ({numbers})" if words else numbers
