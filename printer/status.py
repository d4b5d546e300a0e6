"""What a printer says when it is asked: before the first dot, between bands, and after the last.

Only the last answer makes a job confirmed. Commands and status bits: Epson, "ESC/POS
Command Reference": DLE EOT n (real-time status), DLE DC4 function 8 (clear the buffers), GS r
(status in its turn), GS ( H function 48 (process ID). Answers are told apart by their fixed bits,
for a printer also sends reports unasked.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import Answers
from printer.transports import Connection

_PRINTER, _OFFLINE, _ERROR, _PAPER = (b"\x10\x04" + bytes([n]) for n in (1, 2, 3, 4))
_WHEN_DONE = b"\x1dr\x01"  # paper sensor, answered in its turn: after what was sent before
_PROCESS_ID = b"\x1d(H\x06\x0000"
_CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_CLEARED = b"\x37\x25\x00"
_QUICK = 1.0
"""Seconds for a question that some printers do not know, once they have answered another."""

_WORDS = {
    Trouble.COVER_OPEN: "its cover is open",
    Trouble.PAPER_OUT: "its paper has run out",
    Trouble.CUTTER_STUCK: "its cutter is stuck",
    Trouble.OVERHEATED: "it is too hot",
    Trouble.DEVICE_ERROR: "it reports an error",
    Trouble.OFFLINE: "it is offline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Questions to one open printer, as far as its profile answers."""

    printer: Connection
    answers: Answers
    timeout: float
    """Seconds for an answer to a question that is answered at once."""

    def ready(self) -> Trouble | None:
        """Refuse to send the first dot to a printer that could not print it; a warning, or None.

        Raises :class:`NotPrinted`.
        """
        if self.answers == "never":
            return None
        try:
            return self._look()
        except OSError as error:
            raise self._lost(error) from error

    def forget_earlier(self) -> None:
        """Clear what is left of a sheet that broke off (DLE DC4 function 8, real-time).

        A printer that was cut off in the middle of a picture takes what comes next for the rest of
        its dots; and what it still holds of a sheet in doubt must not come out behind our backs.
        Raises :class:`NotPrinted`.
        """
        if self.answers != "jobs":
            return
        try:
            self.printer.send(_CLEAR, self.timeout)
            cleared = self._hear_words(_CLEARED, self.timeout)
        except OSError as error:
            raise self._lost(error) from error
        if not cleared:
            raise NotPrinted(
                Trouble.SILENT,
                f"The printer {self.printer.name} does not say that it is empty: switch it off and "
                "on. Nothing was printed. If it never does, choose another profile.",
            )

    def _lost(self, error: OSError) -> NotPrinted:
        return NotPrinted(
            Trouble.UNREACHABLE,
            f"The printer {self.printer.name} was lost: {error}. Nothing was printed.",
        )

    def _look(self) -> Trouble | None:
        offline = self._ask(_OFFLINE, self.timeout)
        if offline is None:
            raise NotPrinted(
                Trouble.SILENT,
                f"The printer {self.printer.name} does not answer. Nothing was printed. If this "
                "model never answers, choose its profile, or write ,mute behind its address.",
            )
        trouble = self._stopped_by(offline)
        if trouble is None:
            paper = self._ask(_PAPER, _QUICK) or 0
            if paper & 0x60:
                trouble = Trouble.PAPER_OUT
            elif (self._ask(_PRINTER, _QUICK) or 0) & 0x08:
                trouble = Trouble.OFFLINE
            elif paper & 0x0C:
                return Trouble.NEAR_END
        if trouble is not None:
            raise NotPrinted(
                trouble, f"The printer cannot print: {_WORDS[trouble]}. Nothing was printed."
            )
        return None

    def goes_on(self) -> None:
        """Ask between two bands whether it still prints. Raises :class:`MayHavePrinted`."""
        if self.answers == "never":
            return
        offline = self._ask(_OFFLINE, self.timeout)
        if offline is None:
            raise MayHavePrinted(
                Trouble.UNCONFIRMED, f"The printer {self.printer.name} fell silent half-way."
            )
        self._require_whole(offline)

    def done(self, job: bytes, patience: float) -> None:
        """Wait until the printer has worked off everything that was sent before.

        ``job`` tells this one from others. Raises :class:`MayHavePrinted`.
        """
        if self.answers == "never":
            return
        by_id = self.answers == "jobs"
        if not (self._done_by_id(job, patience) if by_id else self._done(patience)):
            raise MayHavePrinted(
                Trouble.UNCONFIRMED,
                f"The printer {self.printer.name} took everything and said nothing since.",
            )

    def _done_by_id(self, job: bytes, patience: float) -> bool:
        name = process_id(job)
        self.printer.send(_PROCESS_ID + name, self.timeout)
        return self._hear_words(b"\x37\x22" + name + b"\x00", patience)

    def _done(self, patience: float) -> bool:
        # GS r 1: bits 4 and 7 are not set; 2 and 3 say that the roll is empty.
        self.printer.send(_WHEN_DONE, self.timeout)
        paper = self._hear(patience, mask=0x90, fixed=0x00)
        if paper is None:
            return False
        if paper & 0x0C:
            raise MayHavePrinted(
                Trouble.PAPER_OUT, "The paper ran out: look whether the last sheet is whole."
            )
        # Some answer out of turn: one that stands still now has hardly finished.
        offline = self._ask(_OFFLINE, self.timeout)
        if offline is not None:
            self._require_whole(offline)
        return offline is not None

    def _require_whole(self, offline: int) -> None:
        trouble = self._stopped_by(offline)
        if trouble is not None:
            raise MayHavePrinted(
                trouble, f"The printer stopped half-way: {_WORDS[trouble]}. Look at the sheet."
            )

    def _stopped_by(self, offline: int) -> Trouble | None:
        """What keeps it from printing, by DLE EOT 2 and, for errors, DLE EOT 3."""
        if offline & 0x04:
            return Trouble.COVER_OPEN
        if offline & 0x20:
            return Trouble.PAPER_OUT
        if not offline & 0x40:
            return None
        error = self._ask(_ERROR, _QUICK) or 0
        if error & 0x08:
            return Trouble.CUTTER_STUCK
        return Trouble.OVERHEATED if error & 0x40 and not error & 0x20 else Trouble.DEVICE_ERROR

    def _ask(self, question: bytes, wait: float) -> int | None:
        """A real-time status byte, or None: bits 1 and 4 are set, 0 and 7 are not."""
        self.printer.send(question, self.timeout)
        return self._hear(wait, mask=0x93, fixed=0x12)

    def _hear_words(self, words: bytes, wait: float) -> bool:
        """Whether an answer of several bytes comes, among whatever else is said."""
        heard = b""
        for said in self._said(wait):
            heard = heard[-len(words) :] + said
            if words in heard:
                return True
        return False

    def _hear(self, wait: float, *, mask: int, fixed: int) -> int | None:
        for said in self._said(wait):
            for byte in said:
                if byte & mask == fixed:
                    return byte
        return None

    def _said(self, wait: float) -> Iterator[bytes]:
        """What comes within ``wait`` seconds, however much it is and however slowly it drips."""
        until = time.monotonic() + wait
        left = wait
        while left > 0:
            said = self.printer.receive(left)
            if not said:
                return
            yield said
            left = until - time.monotonic()


def process_id(job: bytes) -> bytes:
    """Four signs, 32 to 126, that stand for a job's bytes."""
    number = int.from_bytes(hashlib.sha256(job).digest()[:8])
    return bytes(32 + number // 95**place % 95 for place in range(4))
