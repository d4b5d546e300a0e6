"""Banks, branches and the accounts that money goes to.

The list of banks is the ``zengin-code`` package's; an account is only made of a bank and a
branch that stand in it, a number of seven digits and a holder's name in the banks' letters.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from hub.settlement import kana
from hub.settlement.errors import AccountRefused, NameRefused, UnknownBank, UnknownBranch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import zengin_code

HOLDER_WIDTH = 30
"""Letters of an account holder's name in a bank file (総合振込 data record, offset 50)."""

NUMBER_WIDTH = 7
"""Digits of an account number, zero-filled."""


class AccountType(StrEnum):
    """預金種目, as the digit that a bank file carries."""

    ORDINARY = "1"
    """普通"""
    CURRENT = "2"
    """当座"""
    SAVINGS = "4"
    """貯蓄"""
    OTHER = "9"
    """その他"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A bank: four digits, its name, and its name in the letters of a bank file."""

    code: str
    name: str
    kana: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch of one bank: three digits, its name, and its name in a bank file's letters."""

    code: str
    name: str
    kana: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where money goes to or comes from.

    ``number`` has seven digits; ``holder`` stands in the banks' letters, at most 30. Raises
    AccountRefused or NameRefused; ``account`` makes one from what people write.
    """

    bank: Bank
    branch: Branch
    type: AccountType
    number: str
    holder: str

    def __post_init__(self) -> None:
        if self.number != account_number(self.number):
            raise AccountRefused(f"account number {self.number!r} must be written with 7 digits")
        kana.check_width(self.holder, width=HOLDER_WIDTH, what="account holder")
        if self.holder != kana.letters(self.holder, what="account holder"):
            raise NameRefused(
                "account holder",
                f"{self.holder!r} is not yet in the letters of a bank file",
                position=1,
                character=self.holder[:1],
            )


def account(
    bank_code: str,
    branch_code: str,
    account_type: str,
    number: str,
    holder: str,
) -> BankAccount:
    """Make an account from codes and words as people write them.

    Raises UnknownBank, UnknownBranch, AccountRefused or NameRefused.
    """
    return BankAccount(
        bank=find_bank(bank_code),
        branch=find_branch(bank_code, branch_code),
        type=parse_account_type(account_type),
        number=account_number(number),
        holder=kana.convert(holder, width=HOLDER_WIDTH, what="account holder"),
    )


@lru_cache(maxsize=4096)
def find_bank(code: str) -> Bank:
    """Look a bank up by its four digits, or raise UnknownBank."""
    listed = _bank_list().get(code)
    if listed is None:
        raise UnknownBank(code)
    return Bank(code=code, name=listed.name, kana=kana.letters(listed.kana, what="bank name"))


@lru_cache(maxsize=65536)
def find_branch(bank_code: str, code: str) -> Branch:
    """Look a branch up by its bank's four digits and its own three.

    Raises UnknownBank or UnknownBranch.
    """
    bank = find_bank(bank_code)
    listed = _bank_list()[bank_code].branches.get(code)
    if listed is None:
        raise UnknownBranch(bank_code, bank.name, code)
    return Branch(code=code, name=listed.name, kana=kana.letters(listed.kana, what="branch name"))


def account_number(written: str) -> str:
    """Fill an account number up to seven digits with zeros, or raise AccountRefused."""
    if not (written.isascii() and written.isdigit() and len(written) <= NUMBER_WIDTH):
        raise AccountRefused(
            f"account number {written!r} must be 1 to 7 digits; ゆうちょ's 記号 and 番号 have to "
            "be turned into a branch and seven digits first",
        )
    return written.zfill(NUMBER_WIDTH)


def parse_account_type(written: str) -> AccountType:
    """Read the digit of an account type, or raise AccountRefused."""
    try:
        return AccountType(written)
    except ValueError:
        raise AccountRefused(
            f"account type {written!r} must be 1 (ordinary, 普通), 2 (current, 当座), "
            "4 (savings, 貯蓄) or 9 (other)",
        ) from None


def _bank_list() -> "Mapping[str, zengin_code.Bank]":
    from zengin_code import Bank as Listed  # 30,000 branches are read on import

    return Listed.all
