"""What can go wrong when money is prepared for the bank, as one small tree.

    SettlementError
    ├── NameRefused       a name that cannot stand in a bank file (what, position, character)
    ├── UnknownBank       no bank has this code
    ├── UnknownBranch     the bank has no such branch
    ├── AccountRefused    an account number or type that cannot be one
    ├── CalendarRefused   closing and payment days that cannot work together
    ├── PastHorizon       a day whose holidays nobody has announced yet
    ├── FileRefused       a 総合振込 file that is not what the bank's table says (its finding)
    └── ResultRefused     a bank result that cannot be believed (its row)

Every message says what happened and what to do about it.
"""

from datetime import date

from hub.settlement.findings import Finding


class SettlementError(ValueError):
    """Base of everything this room refuses."""


class NameRefused(SettlementError):
    """A name that a bank file cannot carry.

    ``position`` counts characters from 1: of the text as it was given for ``character``, of
    the converted name where that is too long, 0 where there is no name at all.
    """

    def __init__(self, what: str, words: str, *, position: int, character: str = "") -> None:
        super().__init__(f"{what}: {words}")
        self.what = what
        self.position = position
        self.character = character


class UnknownBank(SettlementError):
    """No bank has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"no bank has the code {code!r}: a bank code is four digits, such as 0001; "
            "a bank that merged or opened lately may need a newer bank list",
        )
        self.code = code


class UnknownBranch(SettlementError):
    """The bank is known, the branch is not."""

    def __init__(self, bank: str, bank_name: str, code: str) -> None:
        super().__init__(
            f"{bank_name} ({bank}) has no branch with the code {code!r}: a branch code is three "
            "digits; a branch that moved or closed lately has handed its accounts to another",
        )
        self.bank = bank
        self.code = code


class AccountRefused(SettlementError):
    """An account number or type that no account can have."""


class CalendarRefused(SettlementError):
    """Closing and payment days that cannot work together."""


class PastHorizon(SettlementError):
    """A day about which the holiday data says nothing yet."""

    def __init__(self, day: date, known_until: date) -> None:
        super().__init__(
            f"{day} lies past {known_until}, the last day whose holidays are announced: "
            "update the holiday data, then ask again",
        )
        self.day = day
        self.known_until = known_until


class FileRefused(SettlementError):
    """A 総合振込 file, or a record for one, that is not what the bank's table says."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class ResultRefused(SettlementError):
    """A bank result that cannot be believed.

    ``row`` counts the file's rows from 1, the heading included; None where it is about all.
    """

    def __init__(self, words: str, *, row: int | None = None) -> None:
        super().__init__(words if row is None else f"row {row}: {words}")
        self.row = row
