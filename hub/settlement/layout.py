"""The tables of the 総合振込 file (全銀協 format) and how one record keeps to its table.

Each record is 120 bytes of JIS X 0201. Digits are right-aligned and zero-filled, text is
left-aligned and space-filled. One table serves writing and reading, so the two cannot drift
apart. Offsets count bytes from 0, as in the banks' own descriptions less one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, StrEnum, auto

from hub.settlement import kana
from hub.settlement.errors import FileRefused
from hub.settlement.findings import Fault, Finding

RECORD_LENGTH = 120


class Shape(Enum):
    """How a field is filled and what it may hold."""

    DIGITS = auto()
    AMOUNT = auto()
    """Digits, and not zero."""
    TEXT = auto()
    NAME = auto()
    """Text, and not empty."""


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the bank's table: name, offset from 0, width in bytes, shape.

    ``only`` lists the values a field may have; the first one is what we write when a record
    says nothing about it.
    """

    name: str
    offset: int
    width: int
    shape: Shape = Shape.DIGITS
    only: tuple[str, ...] = ()


_EVERY_DAY = tuple(f"{date(2000, 1, 1) + timedelta(days=n):%m%d}" for n in range(366))

HEADER = (
    Field("record", 0, 1, only=("1",)),
    Field("kind", 1, 2, only=("21",)),
    Field("character code", 3, 1, only=("0",)),
    Field("requester code", 4, 10),
    Field("requester name", 14, 40, Shape.NAME),
    Field("payment day", 54, 4, only=_EVERY_DAY),
    Field("bank", 58, 4),
    Field("bank name", 62, 15, Shape.TEXT),
    Field("branch", 77, 3),
    Field("branch name", 80, 15, Shape.TEXT),
    Field("account type", 95, 1, only=("1", "2", "9")),
    Field("account number", 96, 7),
    Field("blank", 103, 17, Shape.TEXT, only=("",)),
)
DATA = (
    Field("record", 0, 1, only=("2",)),
    Field("bank", 1, 4),
    Field("bank name", 5, 15, Shape.TEXT),
    Field("branch", 20, 3),
    Field("branch name", 23, 15, Shape.TEXT),
    Field("clearing", 38, 4, only=("0000",)),
    Field("account type", 42, 1, only=("1", "2", "4", "9")),
    Field("account number", 43, 7),
    Field("account holder", 50, 30, Shape.NAME),
    Field("amount", 80, 10, Shape.AMOUNT),
    Field("new", 90, 1, only=("0", "1", "2")),
    Field("customer code 1", 91, 10),
    Field("customer code 2", 101, 10),
    Field("how", 111, 1, only=("7", "8")),
    Field("EDI flag", 112, 1, Shape.TEXT, only=("",)),
    Field("blank", 113, 7, Shape.TEXT, only=("",)),
)
TRAILER = (
    Field("record", 0, 1, only=("8",)),
    Field("count", 1, 6),
    Field("sum", 7, 12),
    Field("blank", 19, 101, Shape.TEXT, only=("",)),
)
END = (
    Field("record", 0, 1, only=("9",)),
    Field("blank", 1, 119, Shape.TEXT, only=("",)),
)


class RecordKind(StrEnum):
    """データ区分: the first byte of a record."""

    HEADER = "1"
    TRANSFER = "2"
    TRAILER = "8"
    END = "9"


TABLES: Mapping[RecordKind, tuple[Field, ...]] = {
    RecordKind.HEADER: HEADER,
    RecordKind.TRANSFER: DATA,
    RecordKind.TRAILER: TRAILER,
    RecordKind.END: END,
}


def fill(kind: RecordKind, values: Mapping[str, str]) -> bytes:
    """Write one record of 120 bytes, without its line end.

    ``values`` holds digits of full width and text without its filling, by field name; a field
    left out takes its first allowed value. Raises FileRefused for the first value that does
    not fit.
    """
    written = []
    for field in TABLES[kind]:
        value = values[field.name] if field.name in values else field.only[0]
        if (finding := objection(field, value)) is not None:
            raise FileRefused(finding)
        written.append(value.ljust(field.width))
    return kana.encode("".join(written))


def read(
    kind: RecordKind,
    raw: bytes,
    number: int | None = None,
) -> tuple[dict[str, str], list[Finding]]:
    """Read one record of 120 bytes: its sound values by field name, and what is wrong.

    Text loses its filling, digits stay as they are. ``number`` is the record's, for findings.
    """
    values: dict[str, str] = {}
    findings: list[Finding] = []
    for field in TABLES[kind]:
        value = kana.decode(raw[field.offset : field.offset + field.width])
        if field.shape in _TEXTS:
            value = value.rstrip(" ")
        finding = objection(field, value, number)
        if finding is None:
            values[field.name] = value
        else:
            findings.append(finding)
    return values, findings


def objection(field: Field, value: str, number: int | None = None) -> Finding | None:
    """Say what keeps a value out of a field, or None."""
    if field.only:
        if value in field.only:
            return None
        return _finding(field, number, Fault.BAD_VALUE, f"{value!r} is not {_choice(field)}")
    if field.shape in _TEXTS:
        return _text_objection(field, value, number)
    if not (value.isascii() and value.isdigit() and len(value) >= field.width):
        words = f"{value!r} must be {field.width} digits, zero-filled"
        return _finding(field, number, Fault.BAD_VALUE, words)
    if len(value) > field.width:
        fault = Fault.AMOUNT_TOO_LARGE if field.shape is Shape.AMOUNT else Fault.BAD_VALUE
        words = f"{value} has more than the {field.width} digits that the field holds"
        return _finding(field, number, fault, words)
    if field.shape is Shape.AMOUNT and int(value) == 0:
        return _finding(field, number, Fault.AMOUNT_ZERO, "nobody is paid 0 yen: leave it out")
    return None


def _text_objection(field: Field, value: str, number: int | None) -> Finding | None:
    if (found := kana.flaw(value)) is not None:
        at, fault = found
        words = f"{value[at]!r} at position {at + 1} {_FLAW_WORDS[fault]}"
        return _finding(field, number, fault, words, at)
    if value != value.strip():
        words = f"{value!r} must begin and end with a letter; the filling stands behind it"
        return _finding(field, number, Fault.BAD_VALUE, words)
    if len(value) > field.width:
        words = f"{value} is {len(value)} letters long and the field holds {field.width}"
        return _finding(field, number, Fault.BAD_VALUE, words, field.width)
    if field.shape is Shape.NAME and not value:
        return _finding(field, number, Fault.EMPTY_NAME, "the name is missing")
    return None


_TEXTS = (Shape.TEXT, Shape.NAME)

_FLAW_WORDS = {
    Fault.LONG_MARK: "is the long mark: the banks write a hyphen",
    Fault.SMALL_KANA: "is a small kana: the banks write the large one",
    Fault.LOOSE_MARK: "is a voicing mark behind nothing that can carry it",
    Fault.FORBIDDEN_CHARACTER: "is none of the letters that the banks know",
}


def _choice(field: Field) -> str:
    if field.only == ("",):
        return "blank"
    if field.only == _EVERY_DAY:
        return "a month and a day (MMDD)"
    return " or ".join(field.only)


def _finding(field: Field, number: int | None, fault: Fault, words: str, at: int = 0) -> Finding:
    offset = field.offset + at
    return Finding(fault=fault, words=words, record=number, field=field.name, offset=offset)
