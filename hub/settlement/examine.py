"""What can be read of a 総合振込 file, and everything that is wrong with it by itself.

Foreign bytes come in here, so nothing in it is believed: lines are split, each is read by its
table as far as it goes, and only then are order, line numbers and totals looked at. One fault
gives one finding: totals are compared only where every amount could be read, for example.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hub.settlement.findings import Fault, Finding
from hub.settlement.layout import RECORD_LENGTH, RecordKind, read

LINE_END = b"\r\n"
MOST_LINES = 999_999
"""Transfers in one file: the trailer counts them with six digits."""

_AROUND = 3  # header, trailer, end
_AMOUNT_FROM, _AMOUNT_TO = 80, 90  # in a transfer
_ORDER = re.compile("12+89")
_KINDS = {kind.encode(): kind for kind in RecordKind}
_PAYMENT = ("bank", "branch", "account type", "account number", "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as far as it could be read: its number from 1 and its sound values by field."""

    number: int
    kind: RecordKind | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The records of a file and its findings, both in the file's order."""

    records: tuple[Record, ...]
    findings: tuple[Finding, ...]

    def of(self, kind: RecordKind) -> list[Record]:
        """The records of one kind."""
        return _of(self.records, kind)


def examine(data: bytes) -> Examined:
    """Read as much of a file as can be read. Whatever the bytes are, this raises nothing."""
    lines = data.count(b"\n") - _AROUND
    if lines > MOST_LINES:  # counted before anything is taken apart
        return Examined(records=(), findings=(too_many_lines(lines),))
    records: list[Record] = []
    findings: list[Finding] = []
    for number, line in enumerate(io.BytesIO(data), 1):  # only LF ends a line here
        record, found = _record(line, number)
        records.append(record)
        findings += found
    findings += _order(records)
    if all(record.kind is not None for record in records):  # else nobody knows what to count
        findings += _line_numbers(_of(records, RecordKind.TRANSFER))
        findings += _totals(_of(records, RecordKind.TRANSFER), _of(records, RecordKind.TRAILER))
    return Examined(records=tuple(records), findings=tuple(findings))


def duplicates(examined: Examined, repeats: Mapping[int, str]) -> list[Finding]:
    """Find each transfer that pays an account the same amount once more without a reason.

    ``repeats`` gives the reasons by line. The account decides, not the holder's name.
    """
    findings: list[Finding] = []
    first: dict[tuple[str, ...], int] = {}
    for line, record in enumerate(examined.of(RecordKind.TRANSFER), 1):
        if not all(name in record.values for name in _PAYMENT):
            continue
        payment = tuple(record.values[name] for name in _PAYMENT)
        if first.setdefault(payment, line) != line and not repeats.get(line, "").strip():
            words = (
                f"line {line} pays the same account the same amount as line {first[payment]}: "
                "take it out, or give the reason for paying twice"
            )
            findings.append(
                Finding(fault=Fault.DUPLICATE, words=words, record=record.number),
            )
    return findings


def too_many_lines(lines: int) -> Finding:
    """The finding for more transfers than one file can count."""
    words = f"{lines} transfers are more than the {MOST_LINES} of one file: split it"
    return Finding(fault=Fault.TOO_MANY_LINES, words=words)


def _of(records: Iterable[Record], kind: RecordKind) -> list[Record]:
    return [record for record in records if record.kind is kind]


def _record(line: bytes, number: int) -> tuple[Record, list[Finding]]:
    """One line as a record; its values are empty unless it has its kind and its length."""
    raw, findings = _line_end(line, number)
    kind = _KINDS.get(raw[:1])
    values: dict[str, str] = {}
    if len(raw) < RECORD_LENGTH:
        words = f"the record has {len(raw)} bytes and must have {RECORD_LENGTH}"
        findings = [Finding(fault=Fault.TRUNCATED, words=words, record=number)]
    elif len(raw) > RECORD_LENGTH:
        findings.append(_too_long(kind, raw, number))
    elif kind is None:
        words = f"a record begins with 1, 2, 8 or 9, not with {raw[:1]!r}"
        findings.append(Finding(fault=Fault.UNKNOWN_RECORD, words=words, record=number))
    else:
        values, found = read(kind, raw, number)
        findings += found
    return Record(number=number, kind=kind, values=values), findings


def _line_end(line: bytes, number: int) -> tuple[bytes, list[Finding]]:
    if line.endswith(LINE_END):
        return line.removesuffix(LINE_END), []
    if line.endswith(b"\n"):
        words = "the record ends with LF alone and must end with CRLF"
        return line[:-1], [Finding(fault=Fault.BARE_LF, words=words, record=number)]
    words = "the last record does not end with CRLF"
    return line, [Finding(fault=Fault.NO_LINE_END, words=words, record=number)]


def _too_long(kind: RecordKind | None, raw: bytes, number: int) -> Finding:
    """Tell an amount of too many digits, which pushes all behind it, from other long records."""
    more = len(raw) - RECORD_LENGTH
    amount = raw[_AMOUNT_FROM : _AMOUNT_TO + more]
    if kind is RecordKind.TRANSFER and amount.isdigit():
        _, otherwise = read(kind, raw[:_AMOUNT_FROM] + raw[_AMOUNT_FROM + more :])
        if all(finding.fault is Fault.AMOUNT_ZERO for finding in otherwise):
            return Finding(
                fault=Fault.AMOUNT_TOO_LARGE,
                words=f"{amount.decode()} yen have more than the 10 digits that the field holds",
                record=number,
                field="amount",
                offset=_AMOUNT_FROM,
            )
    words = f"the record has {len(raw)} bytes and must have {RECORD_LENGTH}"
    return Finding(fault=Fault.OVERLONG, words=words, record=number)


def _order(records: list[Record]) -> Iterator[Finding]:
    kinds = "".join(record.kind or "?" for record in records)
    missing = [fault for kind, fault in _MISSING.items() if kind not in kinds]
    for fault in missing:
        yield Finding(fault=fault, words=_MISSING_WORDS[fault])
    if not (missing or "?" in kinds or _ORDER.fullmatch(kinds)):
        words = "records must stand as one header, the transfers, one trailer, one end record"
        yield Finding(fault=Fault.WRONG_ORDER, words=words)


_MISSING = {
    RecordKind.HEADER: Fault.MISSING_HEADER,
    RecordKind.TRANSFER: Fault.NO_TRANSFERS,
    RecordKind.TRAILER: Fault.MISSING_TRAILER,
    RecordKind.END: Fault.MISSING_END,
}
_MISSING_WORDS = {
    Fault.MISSING_HEADER: "the header (a record beginning with 1) is missing",
    Fault.NO_TRANSFERS: "there is no transfer (a record beginning with 2): nobody would be paid",
    Fault.MISSING_TRAILER: "the trailer (a record beginning with 8) is missing",
    Fault.MISSING_END: "the end record (beginning with 9) is missing: the file may be cut off",
}


def _line_numbers(transfers: list[Record]) -> Iterator[Finding]:
    """Customer code 1 counts the lines; only the first one that does not is named."""
    for line, record in enumerate(transfers, 1):
        code = record.values.get("customer code 1")
        if code is not None and int(code) != line:
            words = f"customer code 1 says line {int(code)}, but this is line {line}"
            yield Finding(
                fault=Fault.WRONG_LINE,
                words=words,
                record=record.number,
                field="customer code 1",
                offset=91,
            )
            return


def _totals(transfers: list[Record], trailers: list[Record]) -> Iterator[Finding]:
    for trailer in trailers:
        count = trailer.values.get("count")
        if count is not None and int(count) != len(transfers):
            words = f"the trailer counts {int(count)} transfers, but there are {len(transfers)}"
            yield _trailer_finding(trailer, Fault.WRONG_COUNT, words, "count", 1)
        amounts = [record.values.get("amount") for record in transfers]
        stated = trailer.values.get("sum")
        if stated is None or None in amounts:
            continue
        total = sum(int(amount) for amount in amounts if amount is not None)
        if int(stated) != total:
            words = f"the trailer says {int(stated)} yen, but the transfers make {total}"
            yield _trailer_finding(trailer, Fault.WRONG_TOTAL, words, "sum", 7)


def _trailer_finding(record: Record, fault: Fault, words: str, field: str, at: int) -> Finding:
    return Finding(fault=fault, words=words, record=record.number, field=field, offset=at)
