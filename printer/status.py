"""What a printer says when it is asked: before the first dot, and after the last.

Only the second answer makes a job confirmed. Commands and status bits: Epson, "ESC/POS Command
Reference": DLE EOT n, GS r.
"""

from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.transports import Connection

_ASK_OFFLINE_CAUSE = b"\x10\x04\x02"
_ASK_WHEN_DONE = b"\x1dr\x01"  # paper sensor, answered in order, so after what was sent before
_MOST_ANSWERS = 64


def require_ready(printer: Connection, timeout: float) -> None:
    """Refuse to send the first dot to a printer that could not print it."""
    # DLE EOT 2, "offline cause status": bits 1 and 4 are set, 0 and 7 are not.
    answer = _ask(printer, _ASK_OFFLINE_CAUSE, timeout, mask=0x93, fixed=0x12)
    if answer is None:
        raise NotPrinted(
            Trouble.SILENT,
            f"The printer {printer.name} does not answer. Nothing was printed. If this model "
            f"never answers, set it up as tcp:{printer.name},mute.",
        )
    for bit, trouble, words in (
        (0x04, Trouble.COVER_OPEN, "its cover is open"),
        (0x20, Trouble.PAPER_OUT, "its paper has run out"),
        (0x40, Trouble.DEVICE_ERROR, "it reports an error"),
    ):
        if answer & bit:
            raise NotPrinted(trouble, f"The printer cannot print: {words}. Nothing was printed.")


def require_done(printer: Connection, timeout: float) -> None:
    """Wait until the printer has worked off everything that was sent before."""
    # GS r 1, "paper sensor status": bits 4 and 7 are not set; 2 and 3 say that the roll is empty.
    answer = _ask(printer, _ASK_WHEN_DONE, timeout, mask=0x90, fixed=0x00)
    if answer is None:
        raise MayHavePrinted(
            Trouble.UNCONFIRMED,
            f"The printer {printer.name} took everything and said nothing since.",
        )
    if answer & 0x0C:
        raise MayHavePrinted(
            Trouble.PAPER_OUT, "The paper ran out: look whether the last sheet is whole."
        )


def _ask(
    printer: Connection, question: bytes, timeout: float, *, mask: int, fixed: int
) -> int | None:
    """The first byte that can be the answer, or None. Other bytes are a printer's own reports."""
    try:
        printer.send(question)
        for _ in range(_MOST_ANSWERS):
            answer = printer.receive(timeout)
            if not answer:
                return None
            for byte in answer:
                if byte & mask == fixed:
                    return byte
    except OSError:
        return None
    return None
