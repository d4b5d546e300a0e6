"""What can go wrong on the way to paper, as one small tree.

    PrinterError
    ├── BadDocument       bytes or values that are no document of ours, or do not fit the paper
    ├── BadDestination    words that name no printer
    ├── NotPrinted        nothing left for the paper: the job waits and may be tried again
    └── MayHavePrinted    dots left and nobody confirmed them: a person has to look

The last two carry a :class:`Trouble`, the stable key that a job keeps as its reason;
``printer.words.trouble_in_words`` says it in Japanese or English.
"""

from enum import StrEnum


class Trouble(StrEnum):
    """Why a job is not known to be on paper."""

    NO_PRINTER = "no-printer"
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not-allowed"
    NO_DRIVER = "no-driver"
    NO_FOLDER = "no-folder"
    BUSY = "busy"
    SILENT = "silent"
    OFFLINE = "offline"
    COVER_OPEN = "cover-open"
    PAPER_OUT = "paper-out"
    NEAR_END = "near-end"
    """A warning: it prints on."""
    CUTTER_STUCK = "cutter-stuck"
    OVERHEATED = "overheated"
    DEVICE_ERROR = "device-error"
    QUEUE_STOPPED = "queue-stopped"
    CUT_OFF = "cut-off"
    UNCONFIRMED = "unconfirmed"
    UNREADABLE = "unreadable"


class PrinterError(Exception):
    """Base of every error of this room."""


class BadDocument(PrinterError):
    """Bytes or values that are no document of ours, or that do not fit the paper."""


class BadDestination(PrinterError):
    """Words that name no printer."""


class NotPrinted(PrinterError):
    """Nothing left for the paper. The job waits; trying again is safe."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


class MayHavePrinted(PrinterError):
    """Dots left for the paper and nobody confirmed them. Printing again may make a double."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble
