"""Between forms and the desk: making commands whose bounds hold, and asking for them."""

from datetime import date
from typing import TypeVar

import msgspec

from hub import town
from hub.bodies import AnyHubBody, BankDetails, HubBody
from hub.desk import Desk, Waiting
from hub.forms import Answered, BankForm
from hub.people import Person
from hub.shapes import in_words
from sync.errors import Malformed
from sync.wire import laid_out

B = TypeVar("B", bound=HubBody)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""What people can mean by a day; behind the last one of the year 9999 there is no next one."""


def ask(desk: Desk, person: Person, body: AnyHubBody) -> Answered:
    """Put a command before the desk; says whether it was done or waits."""
    done = desk.do(person, body)
    if isinstance(done, Waiting):
        return Answered(outcome="waiting", pending=done.pending)
    return Answered(outcome="done")


def make(kind: type[B], **values: object) -> B:
    """A command whose bounds are checked as they will be when it is read back."""
    fields = [values[name] for name in kind.__struct_fields__]
    try:
        return msgspec.convert([kind.__struct_config__.tag, *fields], laid_out(kind))
    except msgspec.ValidationError as error:
        names = ("kind", *kind.__struct_fields__)
        raise Malformed(in_words(str(error), names)) from None


def bank(form: BankForm) -> BankDetails:
    """Bank details from a form; raises Malformed."""
    return town.bank_details(form.bank, form.branch, form.account_type, form.account, form.holder)


def paying_bank(form: BankForm) -> BankDetails:
    """Bank details of an account that a town pays from; raises Malformed."""
    return town.paying_account(form.bank, form.branch, form.account_type, form.account, form.holder)


def day(written: str) -> str:
    """A date as ``YYYY-MM-DD``, or nothing; raises Malformed."""
    if not written:
        return ""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        raise Malformed(f"{written!r} is no day: write it as 2026-03-31") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise Malformed(f"{written} is too far away: a day is between {FIRST_DAY} and {LAST_DAY}")
    return found.isoformat()
