"""One printer: a document goes in, and comes back as printed, not printed, or in doubt."""

from contextlib import closing
from dataclasses import dataclass
from typing import assert_never

from printer.destinations import Destination, Nowhere, ToFile, ToNetwork
from printer.documents import Document
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.escpos import to_bytes
from printer.files import append, require_writable
from printer.raster import render
from printer.status import require_done, require_ready
from printer.transports import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPrinter:
    """One printer: where it is, how wide its paper is, how long to wait for it."""

    destination: Destination
    width: int
    """Dots across, see :data:`printer.raster.WIDTHS`."""
    timeout: float = 8.0
    """Seconds for each answer of a network printer; a long ticket takes about 3 to print."""

    def print(self, document: Document) -> None:
        """Print one document and return when it is known to be on paper.

        Raises :class:`BadDocument` or :class:`NotPrinted` when nothing was sent, and
        :class:`MayHavePrinted` when something was and nobody confirmed it.
        """
        data = to_bytes(render(document, self.width))
        match self.destination:
            case Nowhere():
                raise NotPrinted(Trouble.NO_PRINTER, "No printer is set up; the paper waits.")
            case ToFile(path):
                append(path, data)
            case ToNetwork():
                self._send(self.destination, data)
            case _:
                assert_never(self.destination)

    def check(self) -> None:
        """Ask whether it could print now, and print nothing. Raises :class:`NotPrinted`."""
        match self.destination:
            case Nowhere():
                raise NotPrinted(Trouble.NO_PRINTER, "No printer is set up; the paper waits.")
            case ToFile(path):
                require_writable(path)
            case ToNetwork(mute=mute):
                with closing(Network(self.destination, self.timeout)) as printer:
                    if not mute:
                        require_ready(printer, self.timeout)
            case _:
                assert_never(self.destination)

    def _send(self, to: ToNetwork, data: bytes) -> None:
        """Ask whether it is ready, send, and ask whether it is done."""
        with closing(Network(to, self.timeout)) as printer:
            if not to.mute:
                require_ready(printer, self.timeout)
            try:
                printer.send(data)
            except OSError as error:
                raise MayHavePrinted(
                    Trouble.CUT_OFF, f"The printer {to.host} was cut off half-way: {error}."
                ) from error
            if not to.mute:
                require_done(printer, self.timeout)
