"""Everything that is wrong with a 総合振込 file, before it goes to the bank.

This is the last look at the very bytes that leave the house, whoever made them: what
``examine`` finds in the file itself, and what only the world knows, in this order: the day,
the banks and branches, and payments made twice. A good file has no finding; a file with one
is blocked, not warned about.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from hub.settlement import banks
from hub.settlement.calendar import PaymentCalendar
from hub.settlement.errors import PastHorizon, UnknownBank, UnknownBranch
from hub.settlement.examine import Examined, Record, duplicates, examine
from hub.settlement.findings import Fault, Finding
from hub.settlement.layout import TABLES, RecordKind


def findings(
    data: bytes,
    *,
    pay_on: date,
    calendar: PaymentCalendar,
    repeats: Mapping[int, str] | None = None,
) -> list[Finding]:
    """Name every fault of a file that is to be paid on ``pay_on``; empty when it is good.

    ``repeats`` gives, by line, the reason why an account gets the same amount once more.
    """
    examined = examine(data)
    return [
        *examined.findings,
        *_day(examined, pay_on, calendar),
        *_banks(examined),
        *duplicates(examined, repeats or {}),
    ]


def _day(examined: Examined, pay_on: date, calendar: PaymentCalendar) -> Iterator[Finding]:
    """The day of the window, and whether the header (which has no year) says the same."""
    for header in examined.of(RecordKind.HEADER):
        written = header.values.get("payment day")
        if written is not None and written != f"{pay_on:%m%d}":
            words = f"the file says {written} (MMDD), but the window is to be paid on {pay_on}"
            yield _finding(header, Fault.WRONG_DATE, "payment day", words)
    try:
        closed = calendar.business_days.why_closed(pay_on)
    except PastHorizon as unknown:
        yield Finding(fault=Fault.PAST_HORIZON, words=str(unknown))
        return
    if closed is not None:
        words = f"the banks are closed on {pay_on}: {closed}"
        yield Finding(fault=Fault.HOLIDAY, words=words)


def _banks(examined: Examined) -> Iterator[Finding]:
    """Every bank and branch that is not on the list, our own account's too."""
    for record in examined.records:
        bank, branch = record.values.get("bank"), record.values.get("branch")
        if bank is None:
            continue
        try:
            banks.find_bank(bank)
            if branch is not None:
                banks.find_branch(bank, branch)
        except UnknownBank as unknown:
            yield _finding(record, Fault.UNKNOWN_BANK, "bank", str(unknown))
        except UnknownBranch as unknown:
            yield _finding(record, Fault.UNKNOWN_BRANCH, "branch", str(unknown))


def _finding(record: Record, fault: Fault, name: str, words: str) -> Finding:
    table = TABLES[record.kind] if record.kind is not None else ()
    offset = next(field.offset for field in table if field.name == name)
    return Finding(fault=fault, words=words, record=record.number, field=name, offset=offset)
