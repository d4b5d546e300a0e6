"""One printer: a document goes in, and comes back as printed, not printed, or in doubt."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from printer import cups, files
from printer.destinations import (
    Destination,
    Nowhere,
    ToCups,
    ToFile,
    ToNetwork,
    ToPdf,
    ToSerial,
    ToUsb,
)
from printer.documents import Document
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import UNKNOWN, Answers, Profile
from printer.sheet import Pieces, sheet
from printer.status import Conversation
from printer.transports import Connection, connect

_NONE = "No printer is set up; the paper waits."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPrinter:
    """One printer: where and what it is, how wide its paper is, how long to wait for it."""

    destination: Destination
    width: int
    """Dots across, see :data:`printer.raster.WIDTHS`."""
    profile: Profile = UNKNOWN
    drawer: datetime | None = None
    """The moment from which on slips open this shop's drawer; None: none does."""
    timeout: float = 8.0
    """Seconds for an answer that should come at once; a long job is given more."""

    def print(self, document: Document) -> Trouble | None:
        """Print one document and return when it is known to be on paper; a warning, or None.

        Raises :class:`BadDocument` or :class:`NotPrinted` when nothing was sent, and
        :class:`MayHavePrinted` when something was and nobody confirmed it.
        """
        match self.destination:
            case Nowhere():
                raise NotPrinted(Trouble.NO_PRINTER, _NONE)
            case ToFile(path):
                files.append(path, b"".join(self._pieces(document)))
            case ToPdf(folder, page):
                files.keep_sheet(folder, document, page)
            case ToCups(_, None):
                cups.submit(self.destination, b"".join(self._pieces(document)))
            case ToCups(_, page):
                assert page is not None  # noqa: S101  the case above
                cups.submit(self.destination, files.as_page(document, page))
            case ToNetwork() | ToUsb() | ToSerial():
                return self._send(self.destination, self._pieces(document))
            case _:
                assert_never(self.destination)
        return None

    def check(self) -> Trouble | None:
        """Ask whether it could print now, and print nothing; a warning, or None.

        Raises :class:`NotPrinted`.
        """
        match self.destination:
            case Nowhere():
                raise NotPrinted(Trouble.NO_PRINTER, _NONE)
            case ToFile(path):
                files.require_writable(path)
            case ToPdf(folder):
                files.require_folder(folder)
            case ToCups():
                cups.check(self.destination)
            case ToNetwork() | ToUsb() | ToSerial():
                with closing(connect(self.destination, self.timeout)) as printer:
                    return self._talk(printer).ready()
            case _:
                assert_never(self.destination)
        return None

    def _pieces(self, document: Document) -> Pieces:
        return sheet(document, self.width, self.profile, drawer=self.drawer)

    def _talk(self, printer: Connection) -> Conversation:
        mute = isinstance(self.destination, ToNetwork) and self.destination.mute
        answers: Answers = "never" if mute else self.profile.answers
        return Conversation(printer=printer, answers=answers, timeout=self.timeout)

    def _send(self, to: ToNetwork | ToUsb | ToSerial, pieces: Pieces) -> Trouble | None:
        """Ask whether it is ready, send piece by piece, and ask whether it is done."""
        with closing(connect(to, self.timeout)) as printer:
            talk = self._talk(printer)
            warning = talk.ready()
            talk.forget_earlier()
            try:
                for number, piece in enumerate(pieces):
                    if number:
                        talk.goes_on()
                    printer.send(piece, self.timeout + len(piece) / printer.speed)
                job = b"".join(pieces)
                talk.done(job, self.timeout + len(job) / printer.speed)
            except OSError as error:
                raise MayHavePrinted(
                    Trouble.CUT_OFF, f"The printer {printer.name} was cut off half-way: {error}."
                ) from error
            return warning
