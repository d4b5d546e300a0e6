# ruff: noqa: ARG002, PLR0917  the signatures are pyusb's
"""A USB bus that is made up: a backend of pyusb with printers plugged into it.

Descriptors are those of USB 2.0, chapter 9, as far as pyusb reads them.
"""

import errno
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import usb.core
from usb.backend import IBackend

from tests.printer.mechanism import Mechanism

IN, OUT = 0x82, 0x03
"""Other numbers than python-escpos guesses, as many printers have."""


@dataclass(slots=True, eq=False)
class Plugged:
    """One device: a printer (class 7), or something else."""

    mechanism: Mechanism
    vendor: int = 0x04B8
    product: int = 0x0E28
    serial: str = "A1"
    kind: int = 7
    kernel_has_it: bool = True
    claimed_elsewhere: bool = False
    allowed: bool = True
    present: bool = True
    """It is listed; without this it was pulled out a moment ago."""
    pulled_after: int | None = None
    """Bytes after which the cable is pulled."""
    answers: bytes = b""
    taken: int = 0
    log: list[str] = field(default_factory=list)


class Bus(IBackend):
    """Answers pyusb's questions about what is plugged in."""

    def __init__(self, *devices: Plugged) -> None:
        super().__init__()
        self.devices = devices

    def enumerate_devices(self) -> Iterator[Plugged]:
        return iter(self.devices)

    def get_device_descriptor(self, dev: Plugged) -> Any:
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x0200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=dev.vendor,
            idProduct=dev.product,
            bcdDevice=0x0100,
            iManufacturer=1,
            iProduct=2,
            iSerialNumber=3,
            bNumConfigurations=1,
            address=5,
            bus=1,
            port_number=1,
            port_numbers=(1,),
            speed=3,
        )

    def get_configuration_descriptor(self, dev: Plugged, config: int) -> Any:
        if config:
            raise IndexError
        if not dev.present:
            raise usb.core.USBError("No such device", -4, errno.ENODEV)
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=32,
            bNumInterfaces=1,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, dev: Plugged, intf: int, alt: int, config: int) -> Any:
        if intf or alt or config:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=0,
            bAlternateSetting=0,
            bNumEndpoints=2,
            bInterfaceClass=dev.kind,
            bInterfaceSubClass=1,
            bInterfaceProtocol=2,
            iInterface=0,
            extra_descriptors=[],
        )

    def get_endpoint_descriptor(
        self, dev: Plugged, ep: int, intf: int, alt: int, config: int
    ) -> Any:
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=(OUT, IN)[ep],
            bmAttributes=2,
            wMaxPacketSize=64,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, dev: Plugged) -> Plugged:
        if not dev.allowed:
            raise usb.core.USBError("Access denied", -3, errno.EACCES)
        return dev

    def close_device(self, handle: Plugged) -> None:
        handle.log.append("closed")

    def get_configuration(self, handle: Plugged) -> int:
        return 1

    def claim_interface(self, handle: Plugged, intf: int) -> None:
        if handle.claimed_elsewhere or handle.kernel_has_it:
            raise usb.core.USBError("Resource busy", -6, errno.EBUSY)
        handle.log.append("claimed")

    def release_interface(self, handle: Plugged, intf: int) -> None:
        handle.log.append("released")

    def is_kernel_driver_active(self, handle: Plugged, intf: int) -> bool:
        return handle.kernel_has_it

    def detach_kernel_driver(self, handle: Plugged, intf: int) -> None:
        handle.kernel_has_it = False
        handle.log.append("borrowed")

    def attach_kernel_driver(self, handle: Plugged, intf: int) -> None:
        handle.kernel_has_it = True
        handle.log.append("given back")

    def ctrl_transfer(
        self, handle: Plugged, kind: int, request: int, value: int, index: int, data: Any, wait: int
    ) -> int:
        """GET_DESCRIPTOR of a string."""
        assert (kind, request, value >> 8) == (0x80, 6, 3)
        words = {1: "EPSON", 2: "TM-m30II", 3: handle.serial}
        number = value & 0xFF
        text = b"\x11\x04" if number == 0 else words[number].encode("utf-16-le")
        said = bytes([len(text) + 2, 3]) + text
        data[: len(said)] = array("B", said)
        return len(said)

    def bulk_write(self, handle: Plugged, ep: int, intf: int, data: Any, wait: int) -> int:
        assert ep == OUT
        handle.taken += len(data)
        if handle.pulled_after is not None and handle.taken >= handle.pulled_after:
            raise usb.core.USBError("No such device", -4, errno.ENODEV)
        handle.answers += handle.mechanism.feed(bytes(data))
        return len(data)

    def bulk_read(self, handle: Plugged, ep: int, intf: int, into: Any, wait: int) -> int:
        assert ep == IN
        if not handle.answers:
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        said = handle.answers[: len(into)]
        handle.answers = handle.answers[len(said) :]
        into[: len(said)] = array("B", said)
        return len(said)
