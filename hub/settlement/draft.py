"""The bank file of an approved window as a draft: what it takes is read, then its bytes are made.

Making thousands of lines takes a while, and nobody should wait for it: a draft is read in a moment,
its bytes are made with no database open, and are released only if the draft is then still the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from hub.bodies import BankDetails, WindowReleased
from hub.settlement import banks, zengin
from hub.settlement.errors import PastHorizon, SettlementError
from hub.settlement.findings import Finding
from hub.settlement.plan import Payment
from hub.settlement.terms import (
    Payer,
    Terms,
    bank_account,
    pay_day,
    read_account,
    read_payer,
    read_terms,
)
from hub.settlement.validate import findings
from hub.settlement.windows import State, Window, WindowName, find, last_made, payments
from hub.store.database import Tx
from sync.clock import day_of
from sync.errors import RefusedByRule
from sync.values import Millis, MunicipalityCode, OrganisationId

NO_FILE = b""
"""Where nobody is paid there is nothing for the bank to do."""
Accounts = Mapping[OrganisationId, tuple[BankDetails, ...]]
"""Where organisations are paid: each one's account, then a new one that is to replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that the bytes of a window's file follow from."""

    name: WindowName
    day: date
    terms: Terms
    payer: Payer
    paid: tuple[Payment, ...]
    """Those that are in the file, in the order of its lines."""
    accounts: Accounts
    twice: tuple[tuple[OrganisationId, str], ...]
    """Why an account gets the same amount once more."""


def terms_of(tx: Tx, town: MunicipalityCode) -> Terms:
    """What a town has set about paying."""
    data = tx.scalar("SELECT calendar FROM municipality WHERE municipality=:town", town=town)
    return read_terms(bytes(data or b""))


def accounts_on_file(tx: Tx, name: WindowName) -> Accounts:
    """Where the organisations of a window's lines are paid, as it stands where each is at home.

    Refused with ``no-account``.
    """
    rows = tx.rows(
        "SELECT l.organisation, o.account, o.next_account FROM settlement_line l"
        " LEFT JOIN organisation o ON o.municipality=substr(l.organisation, 1, 6)"
        " AND o.organisation=l.organisation"
        ' WHERE l.municipality=? AND l.kind=? AND l."window"=? ORDER BY l.organisation',
        name,
    )
    for organisation, account, _ in rows:
        if account is None:
            raise RefusedByRule("no-account", f"{organisation} has no bank account on file")
    return {
        OrganisationId(organisation): tuple(read_account(bytes(each)) for each in known if each)
        for organisation, *known in rows
    }


def draft(
    tx: Tx,
    name: WindowName,
    *,
    now: Millis,
    pay_on: date | None,
    twice: Mapping[OrganisationId, str] | None = None,
) -> Draft:
    """Read what the file of an approved window follows from.

    ``twice`` says why, of organisations to whose account the file pays the same amount once more:
    two shops of one owner may have earned the same.

    Refused with ``not-approved``, ``earlier-window-waits``, ``no-account``, ``pay-day-past``,
    ``not-a-business-day``, ``past-horizon`` or ``not-paid-here``.
    """
    window = find(tx, name)
    refuse_early(tx, window)
    terms, today = terms_of(tx, name.town), date.fromisoformat(day_of(now))
    day = _business_day(terms, window, today, pay_on)
    paid = [each for each in payments(tx, window, minimum=terms.minimum) if each.paid]
    why = tuple((twice or {}).items())
    repeats(paid, why)
    payer = tx.scalar("SELECT account FROM municipality WHERE municipality=:town", town=name.town)
    return Draft(
        name=name,
        day=day,
        terms=terms,
        payer=read_payer(bytes(payer)),
        paid=tuple(paid),
        accounts=accounts_on_file(tx, name),
        twice=why,
    )


def make(drafted: Draft) -> WindowReleased:
    """Make the file's bytes and examine them; refused with ``bank-file-blocked``."""
    return WindowReleased(
        town=drafted.name.town,
        kind=drafted.name.kind,
        window=drafted.name.number,
        pay_on=drafted.day.isoformat(),
        file=_write(drafted) if drafted.paid else NO_FILE,
        twice=drafted.twice,
    )


def refuse_early(tx: Tx, window: Window) -> None:
    """Approved, and every earlier window out: what one carries over belongs to the next."""
    if window.state is not State.APPROVED:
        raise RefusedByRule(
            "not-approved", f"{window.window} is {window.state}: {window.needs} it first"
        )
    waits = window.name._replace(number=last_made(tx, window.name) + 1)
    if waits != window.name:
        raise RefusedByRule("earlier-window-waits", f"{waits} has to be paid before {window.name}")


def repeats(paid: Sequence[Payment], twice: Iterable[tuple[OrganisationId, str]]) -> dict[int, str]:
    """A person's reasons by line; refused with ``not-paid-here``."""
    lines = {each.organisation: each.line for each in paid}
    for organisation, _ in twice:
        if organisation not in lines:
            raise RefusedByRule(
                "not-paid-here", f"{organisation} is not in this file: no reason is needed"
            )
    return {lines[organisation]: why for organisation, why in twice}


def refuse_any(found: Sequence[Finding]) -> None:
    """Refuse a file that has any fault, with ``bank-file-blocked``."""
    if found:
        raise RefusedByRule("bank-file-blocked", "; ".join(map(str, found)))


def _business_day(terms: Terms, window: Window, today: date, pay_on: date | None) -> date:
    try:
        if pay_on is None:
            closed = date.fromisoformat(day_of(window.closed_at))
            return pay_day(terms, closed=closed, today=today)
        closed_because = terms.calendar.business_days.why_closed(pay_on)
    except PastHorizon as error:
        raise RefusedByRule("past-horizon", str(error)) from None
    if closed_because is not None:
        raise RefusedByRule(
            "not-a-business-day", f"the banks are closed on {pay_on}: {closed_because}"
        )
    if pay_on < today:
        raise RefusedByRule("pay-day-past", f"{pay_on} is over: choose a day to come")
    return pay_on


def _write(drafted: Draft) -> bytes:
    """The file's bytes, read back and examined."""
    day, why = drafted.day, repeats(drafted.paid, drafted.twice)
    payer, at = drafted.payer, f"{drafted.name.town}'s own account"
    try:
        header = zengin.Header.of(
            bank_account(payer.account),
            requester_code=payer.requester,
            requester_name=payer.account.holder,
            pay_on=day,
        )
        transfers = []
        for each in drafted.paid:
            at = each.organisation
            account = _usable(drafted.accounts[each.organisation])
            transfers.append(zengin.Transfer.to(account, line=each.line, amount=each.paid))
        at = "the file"
        file = zengin.make_file(header, transfers, repeats=why)
    except SettlementError as error:
        raise RefusedByRule("bank-file-blocked", f"{at}: {error}") from None
    refuse_any(findings(file, pay_on=day, calendar=drafted.terms.calendar, repeats=why))
    return file


def _usable(accounts: Sequence[BankDetails]) -> banks.BankAccount:
    """The account, or where its bank or branch is gone the one that is to replace it.

    Else one closed branch would keep the whole town waiting for a window. Raises
    SettlementError.
    """
    *others, last = accounts
    for each in others:
        with suppress(SettlementError):
            return bank_account(each)
    return bank_account(last)
