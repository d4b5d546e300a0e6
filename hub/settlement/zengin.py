"""The 総合振込 file, written and read back.

A file is one header, one record a transfer, one trailer, one end record, each as ``layout``
has it and each followed by CRLF.

``make_file`` writes and ``read_file`` reads; both refuse at the first fault, and every file
that is written has been read again before anyone gets it. Whether banks exist and days are
open is not asked here but in ``validate``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from hub.settlement import kana
from hub.settlement.banks import AccountType, BankAccount
from hub.settlement.errors import FileRefused
from hub.settlement.examine import (
    LINE_END,
    MOST_LINES,
    Examined,
    duplicates,
    examine,
    too_many_lines,
)
from hub.settlement.findings import Fault, Finding
from hub.settlement.layout import RecordKind, fill

MOST_YEN_IN_ALL = 999_999_999_999
"""Yen in one file: the trailer adds them up with twelve digits."""
REQUESTER_NAME_WIDTH = 40
BANK_NAME_WIDTH = 15


class MonthDay(NamedTuple):
    """A day as the file writes it: without its year."""

    month: int
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who asks for the transfers, from which account, paid on which day.

    Codes and numbers are digits of their full width, names are half-width. ``account_type``
    is never savings. Raises FileRefused.
    """

    requester_code: str
    requester_name: str
    payment_day: MonthDay
    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    account_type: AccountType
    account_number: str

    def __post_init__(self) -> None:
        fill(RecordKind.HEADER, self.values())

    @classmethod
    def of(
        cls,
        account: BankAccount,
        *,
        requester_code: str,
        requester_name: str,
        pay_on: date,
    ) -> Self:
        """Head a file for a town's own account, in words as people write them.

        ``requester_code`` is the number (up to ten digits) that the bank gave the town.
        Raises NameRefused or FileRefused.
        """
        return cls(
            requester_code=requester_code.zfill(10),
            requester_name=kana.convert(
                requester_name,
                width=REQUESTER_NAME_WIDTH,
                what="requester name",
            ),
            payment_day=MonthDay(pay_on.month, pay_on.day),
            bank_code=account.bank.code,
            bank_name=kana.cut(account.bank.kana, BANK_NAME_WIDTH),
            branch_code=account.branch.code,
            branch_name=kana.cut(account.branch.kana, BANK_NAME_WIDTH),
            account_type=account.type,
            account_number=account.number,
        )

    def values(self) -> dict[str, str]:
        """Every field of the table that a header decides."""
        return {
            "requester code": self.requester_code,
            "requester name": self.requester_name,
            "payment day": f"{self.payment_day.month:02}{self.payment_day.day:02}",
            "bank": self.bank_code,
            "bank name": self.bank_name,
            "branch": self.branch_code,
            "branch name": self.branch_name,
            "account type": self.account_type.value,
            "account number": self.account_number,
        }

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Self:
        """The header of a record whose every field is sound."""
        day = values["payment day"]
        return cls(
            requester_code=values["requester code"],
            requester_name=values["requester name"],
            payment_day=MonthDay(int(day[:2]), int(day[2:])),
            bank_code=values["bank"],
            bank_name=values["bank name"],
            branch_code=values["branch"],
            branch_name=values["branch name"],
            account_type=AccountType(values["account type"]),
            account_number=values["account number"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One payment: to which account, how many yen, on which line of the file.

    ``line`` counts the file's transfers from 1 and stands in customer code 1, where the bank's
    result brings it back. ``how`` is 7 by wire (電信), 8 by document (文書). Raises FileRefused.
    """

    line: int
    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    account_type: AccountType
    account_number: str
    holder: str
    amount: int
    new: str = "0"
    customer_code: str = "0000000000"
    how: str = "7"

    def __post_init__(self) -> None:
        fill(RecordKind.TRANSFER, self.values())

    @classmethod
    def to(
        cls,
        account: BankAccount,
        *,
        line: int,
        amount: int,
        customer_code: str = "",
    ) -> Self:
        """Pay so many yen into an account; ``customer_code`` is up to ten digits of our own."""
        return cls(
            line=line,
            bank_code=account.bank.code,
            bank_name=kana.cut(account.bank.kana, BANK_NAME_WIDTH),
            branch_code=account.branch.code,
            branch_name=kana.cut(account.branch.kana, BANK_NAME_WIDTH),
            account_type=account.type,
            account_number=account.number,
            holder=account.holder,
            amount=amount,
            customer_code=customer_code.zfill(10),
        )

    def values(self) -> dict[str, str]:
        """Every field of the table that a transfer decides."""
        return {
            "bank": self.bank_code,
            "bank name": self.bank_name,
            "branch": self.branch_code,
            "branch name": self.branch_name,
            "account type": self.account_type.value,
            "account number": self.account_number,
            "account holder": self.holder,
            "amount": f"{self.amount:010}",
            "new": self.new,
            "customer code 1": f"{self.line:010}",
            "customer code 2": self.customer_code,
            "how": self.how,
        }

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Self:
        """The transfer of a record whose every field is sound."""
        return cls(
            line=int(values["customer code 1"]),
            bank_code=values["bank"],
            bank_name=values["bank name"],
            branch_code=values["branch"],
            branch_name=values["branch name"],
            account_type=AccountType(values["account type"]),
            account_number=values["account number"],
            holder=values["account holder"],
            amount=int(values["amount"]),
            new=values["new"],
            customer_code=values["customer code 2"],
            how=values["how"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFile:
    """A whole file, as it was meant."""

    header: Header
    transfers: tuple[Transfer, ...]

    @property
    def total(self) -> int:
        """Yen of all transfers together."""
        return sum(transfer.amount for transfer in self.transfers)


def make_file(
    header: Header,
    transfers: Sequence[Transfer],
    *,
    repeats: Mapping[int, str] | None = None,
) -> bytes:
    """Write a file of at least one transfer, lines numbered from 1, and examine it once more.

    ``repeats`` says, by line, why the same account gets the same amount again. Raises
    FileRefused.
    """
    total = sum(transfer.amount for transfer in transfers)
    if len(transfers) > MOST_LINES:
        raise FileRefused(too_many_lines(len(transfers)))
    if total > MOST_YEN_IN_ALL:
        words = f"{total} yen in all have more digits than the trailer's 12: split the file"
        raise FileRefused(Finding(fault=Fault.TOTAL_TOO_LARGE, words=words))
    records = [
        fill(RecordKind.HEADER, header.values()),
        *(fill(RecordKind.TRANSFER, transfer.values()) for transfer in transfers),
        fill(RecordKind.TRAILER, {"count": f"{len(transfers):06}", "sum": f"{total:012}"}),
        fill(RecordKind.END, {}),
    ]
    data = b"".join(record + LINE_END for record in records)
    examined = examine(data)
    _refuse_any([*examined.findings, *duplicates(examined, repeats or {})])
    return data


def read_file(data: bytes) -> TransferFile:
    """Read a file back whole, or raise FileRefused with its first fault."""
    return read(examine(data))


def read(examined: Examined) -> TransferFile:
    """What an examined file says, or raise FileRefused with its first fault."""
    _refuse_any(examined.findings)
    (header,) = examined.of(RecordKind.HEADER)
    transfers = examined.of(RecordKind.TRANSFER)
    return TransferFile(
        header=Header.read(header.values),
        transfers=tuple(Transfer.read(transfer.values) for transfer in transfers),
    )


def _refuse_any(findings: Sequence[Finding]) -> None:
    if findings:
        raise FileRefused(findings[0])
