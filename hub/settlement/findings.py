"""The names of everything that can be wrong with a 総合振込 file.

A fault has one name for good: screens translate it, scripts compare it, the manual lists it.
A finding says where the fault stands, counted as a person counts records (from 1) and as the
bank's table counts bytes (offset from 0).
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong, in one word that never changes."""

    TRUNCATED = "truncated-record"
    OVERLONG = "overlong-record"
    BARE_LF = "bare-lf"
    NO_LINE_END = "no-line-end"
    UNKNOWN_RECORD = "unknown-record"
    WRONG_ORDER = "wrong-order"
    MISSING_HEADER = "missing-header"
    MISSING_TRAILER = "missing-trailer"
    MISSING_END = "missing-end-record"
    NO_TRANSFERS = "no-transfers"
    TOO_MANY_LINES = "too-many-lines"
    WRONG_LINE = "wrong-line-number"

    BAD_VALUE = "bad-value"
    EMPTY_NAME = "empty-name"
    LONG_MARK = "long-mark"
    SMALL_KANA = "small-kana"
    LOOSE_MARK = "loose-mark"
    FORBIDDEN_CHARACTER = "forbidden-character"

    AMOUNT_ZERO = "amount-zero"
    AMOUNT_TOO_LARGE = "amount-too-large"
    TOTAL_TOO_LARGE = "total-too-large"
    WRONG_COUNT = "wrong-count"
    WRONG_TOTAL = "wrong-total"
    DUPLICATE = "duplicate"

    UNKNOWN_BANK = "unknown-bank"
    UNKNOWN_BRANCH = "unknown-branch"
    WRONG_DATE = "wrong-date"
    HOLIDAY = "holiday"
    PAST_HORIZON = "past-horizon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault and its place; ``words`` is the whole sentence for a person.

    ``record`` counts from 1 and is None where the fault is the whole file's or where there is
    no file yet; ``offset`` is in bytes from the start of the record.
    """

    fault: Fault
    words: str
    record: int | None = None
    field: str | None = None
    offset: int | None = None

    def __str__(self) -> str:
        """Place and sentence, as a list of findings shows them."""
        place = [] if self.record is None else [f"record {self.record}"]
        if self.field is not None:
            place.append(f"{self.field} (offset {self.offset})")
        return f"{', '.join(place) or 'file'}: {self.words} [{self.fault}]"
