"""The bank's side of a month: it reads the 総合振込 file that it was given, and says what it did.

Read here by the columns of the banks' own description and by nothing of the hub's, so that what the
hub wrote is read back by somebody else: records of 120 bytes and CRLF, JIS X 0201 in Shift_JIS
bytes; header 1, a record 2 for each payment, trailer 8, end 9.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sync.errors import Damaged

_RECORD = 120
_END = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment of a file, in yen. ``line`` is what the result names it by."""

    line: int
    bank: str
    branch: str
    account: str
    holder: str
    yen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A whole file; ``day`` is MMDD. Count and sum of the trailer are those of the payments."""

    requester: str
    day: str
    payments: tuple[Payment, ...]

    @property
    def total(self) -> int:
        """Yen of all payments."""
        return sum(payment.yen for payment in self.payments)


def read_order(file: bytes) -> Order:
    """Read a file as the bank does. Raises Damaged where it is not in order."""
    if not file.endswith(_END):
        raise Damaged("the bank file does not end with a whole record")
    records = file.split(_END)[:-1]
    kinds = b"".join(record[:1] for record in records)
    if any(len(record) != _RECORD for record in records) or len(records) < len("1289"):
        raise Damaged("the bank file's records are not all of 120 bytes")
    if kinds != b"1" + b"2" * (len(records) - 3) + b"89":
        raise Damaged(f"the bank file's records stand in the order {kinds!r}")
    header, trailer = records[0], records[-2]
    payments = tuple(map(_payment, records[1:-2]))
    order = Order(requester=_text(header[14:54]), day=_text(header[54:58]), payments=payments)
    if (int(trailer[1:7]), int(trailer[7:19])) != (len(payments), order.total):
        raise Damaged("the bank file's trailer does not add up")
    return order


def all_paid(order: Order) -> str:
    """What the bank says when every payment went through: the hub's result CSV."""
    return _csv([("line", "outcome", "reason"), *((p.line, "paid", "") for p in order.payments)])


def _payment(record: bytes) -> Payment:
    return Payment(
        line=int(record[91:101]),
        bank=_text(record[1:5]),
        branch=_text(record[20:23]),
        account=_text(record[43:50]),
        holder=_text(record[50:80]),
        yen=int(record[80:90]),
    )


def _text(field: bytes) -> str:
    return field.decode("cp932").rstrip()


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
