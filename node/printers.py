"""Which printer this counter has: what is found at this PC, a test sheet, and what is kept.

Nothing is kept that nobody could print with: words and profile are read before they are stored.
"""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from node.identity import (
    Identity,
    Language,
    Settings,
    keep_settings,
    settings_of,
)
from node.outcome import Refused
from node.paper import pass_slips_over
from node.printerchoice import FoundPrinter, PrinterChoice, Trial
from node.sheets import aware
from node.store import Store
from sync.errors import Malformed

if TYPE_CHECKING:
    from datetime import datetime

    from node.parts import Parts
    from printer.device import ReceiptPrinter


AT_THE_DRAWER = timedelta(minutes=2)
"""So long after a sale somebody still stands at the drawer; a later slip opens it no more."""


def found() -> tuple[FoundPrinter, ...]:
    """What is plugged into this PC or known to it: USB printers, serial ports, print queues.

    A network printer cannot be found so; its address stands on its own test print.
    """
    from printer.cups import queues
    from printer.destinations import ToCups, ToSerial, ToUsb, write_destination
    from printer.serialport import serial_ports
    from printer.usbport import usb_printers

    return (
        *(
            FoundPrinter(
                destination=write_destination(ToUsb(one.vendor, one.product)), shown=one.name
            )
            for one in usb_printers()
        ),
        *(
            FoundPrinter(destination=write_destination(ToSerial(device)), shown=said)
            for device, said in serial_ports()
        ),
        *(
            FoundPrinter(destination=write_destination(ToCups(queue)), shown=queue)
            for queue in queues()
        ),
    )


def chosen(before: Settings, choice: PrinterChoice, language: Language | None = None) -> Settings:
    """The settings with a choice made; a folder for PDF files is made. Raises Malformed."""
    from printer.destinations import ToPdf, in_full, parse_destination, write_destination
    from printer.errors import BadDestination
    from printer.files import begin_folder
    from printer.profiles import profile_of

    try:
        destination = in_full(parse_destination(choice.destination))
        profile = profile_of(choice.profile)
    except BadDestination as error:
        raise Malformed(str(error)) from None
    if isinstance(destination, ToPdf):
        begin_folder(destination.folder)
    return msgspec.structs.replace(
        before,
        printer=write_destination(destination),
        profile=profile.name,
        width=choice.width or profile.dots,
        drawer=choice.drawer,
        language=language or before.language,
    )


def keep(store: Store, after: Settings) -> None:
    """Store the settings. What was sold while there was no printer is not printed now."""
    with store.transaction():
        if not settings_of(store).prints:
            pass_slips_over(store)
        keep_settings(store, after)


def printer_of(settings: Settings, now: "datetime | None" = None) -> "ReceiptPrinter":
    """The printer of some settings. Raises :class:`printer.errors.BadDestination`.

    ``now``: slips of this moment open the drawer, where the shop wants that.
    """
    from printer.destinations import parse_destination
    from printer.device import ReceiptPrinter
    from printer.profiles import profile_of

    return ReceiptPrinter(
        destination=parse_destination(settings.printer),
        width=settings.width,
        profile=profile_of(settings.profile),
        drawer=now - AT_THE_DRAWER if settings.drawer and now is not None else None,
    )


def try_out(settings: Settings, identity: Identity, at: "datetime", hand: threading.Lock) -> Trial:
    """Print a test sheet, which no record stands behind. Who prints has ``hand``."""
    from printer.documents import TrialSheet
    from printer.errors import BadDocument, MayHavePrinted, NotPrinted
    from printer.profiles import profile_of

    device = printer_of(settings)
    document = TrialSheet(
        language=settings.language,
        organisation=identity.organisation_name,
        place=identity.place,
        printer=settings.printer,
        model=profile_of(settings.profile).shown,
        dots=settings.width,
        at=at,
    )
    try:
        with hand:
            warning = device.print(document)
    except NotPrinted as error:
        return Trial(outcome="not-printed", trouble=error.trouble, detail=str(error))
    except MayHavePrinted as error:
        return Trial(outcome="look", trouble=error.trouble, detail=str(error))
    except BadDocument as error:
        return Trial(outcome="not-printed", trouble="unreadable", detail=str(error))
    return Trial(outcome="printed", trouble=warning or "")


def try_choice(parts: "Parts", choice: PrinterChoice) -> Trial | Refused:
    """Print a test sheet with a printer that is not kept yet."""
    try:
        settings = chosen(settings_of(parts.store), choice)
    except Malformed as error:
        return Refused(reason="no-such-printer", detail=str(error))
    now = aware(parts.writer.now().ms)
    return try_out(settings, parts.identity, now, parts.paper.printing)


def set_choice(parts: "Parts", choice: PrinterChoice) -> Refused | None:
    """Keep a choice."""
    try:
        keep(parts.store, chosen(settings_of(parts.store), choice))
    except Malformed as error:
        return Refused(reason="no-such-printer", detail=str(error))
    return None
