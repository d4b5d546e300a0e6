"""The bank file of an approved window, and what the bank says became of it.

Preparing makes the bytes: it plans who gets how much, looks up the accounts, writes the file,
reads it back and examines it. A file with any fault is blocked. Releasing is a posting that asks
again, from the very bytes, whether they say what the window's lines say, and only then moves:

    netted        payable -> receivable     what the organisation owed
    paid          payable -> bank transit   what payable does not hold: receivable -> bank transit
    bank: paid    bank transit -> treasury
    bank: returned   bank transit -> payable   a credit of the open window, paid with that one
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date

import msgspec

from hub.applying import body_of
from hub.bodies import BankDetails, HubRecord, WindowReleased, WindowResult
from hub.points.accounts import TREASURY, payable, receivable, transit
from hub.points.books import Books
from hub.settlement import banks, kana, zengin
from hub.settlement.banks import HOLDER_WIDTH
from hub.settlement.errors import PastHorizon, SettlementError
from hub.settlement.examine import duplicates, examine
from hub.settlement.findings import Finding
from hub.settlement.plan import Payment
from hub.settlement.result import Outcome
from hub.settlement.terms import (
    Terms,
    bank_account,
    pay_day,
    read_account,
    read_payer,
    read_terms,
)
from hub.settlement.validate import findings
from hub.settlement.windows import (
    FILE_MADE,
    State,
    Window,
    WindowName,
    find,
    net_credits,
    payments,
)
from hub.store.database import Tx
from sync.clock import day_of
from sync.errors import Damaged, RefusedByRule
from sync.values import Millis, MunicipalityCode, OrganisationId, home_of

_OUTCOMES = frozenset(Outcome)
NO_FILE = b""
"""Where nobody is paid there is nothing for the bank to do."""


def terms_of(tx: Tx, town: MunicipalityCode) -> Terms:
    """What a town has set about paying."""
    data = tx.scalar("SELECT calendar FROM municipality WHERE municipality=:town", town=town)
    return read_terms(bytes(data or b""))


def accounts_on_file(tx: Tx, organisation: OrganisationId) -> tuple[BankDetails, ...]:
    """Where an organisation is paid: its account, then a new one that is to replace it.

    Kept where the organisation is at home; refused with ``no-account``.
    """
    row = tx.one(
        "SELECT account, next_account FROM organisation"
        " WHERE municipality=:home AND organisation=:organisation",
        home=home_of(organisation),
        organisation=organisation,
    )
    if row is None:
        raise RefusedByRule("no-account", f"{organisation} has no bank account on file")
    return tuple(read_account(bytes(each)) for each in row.values() if each)


def prepare(
    tx: Tx,
    name: WindowName,
    *,
    now: Millis,
    pay_on: date | None,
    twice: Mapping[OrganisationId, str] | None = None,
) -> WindowReleased:
    """Make the file of an approved window and examine it; nothing is moved yet.

    ``twice`` says why, of organisations to whose account the file pays the same amount once more:
    two shops of one owner may have earned the same.

    Refused with ``not-approved``, ``earlier-window-waits``, ``no-account``, ``pay-day-past``,
    ``not-a-business-day``, ``past-horizon``, ``not-paid-here`` or ``bank-file-blocked``.
    """
    window = find(tx, name)
    _refuse_early(tx, window)
    terms, today = terms_of(tx, name.town), date.fromisoformat(day_of(now))
    day = _business_day(terms, window, today, pay_on)
    paid = [each for each in payments(tx, window, minimum=terms.minimum) if each.paid]
    why = tuple((twice or {}).items())
    repeats = _repeats(paid, why)
    return WindowReleased(
        town=name.town,
        kind=name.kind,
        window=name.number,
        pay_on=day.isoformat(),
        file=_write(tx, name, paid, day, terms=terms, repeats=repeats) if paid else NO_FILE,
        twice=why,
    )


def release(books: Books, record: HubRecord) -> None:
    """Move what the file pays. The same file again changes nothing, another one is refused.

    Refused with ``file-differs``, ``not-approved`` or ``earlier-window-waits``; raises Damaged
    where lines, file and ledger do not tie.
    """
    body = body_of(record, WindowReleased)
    tx, name = books.tx, WindowName(books.town, body.kind, body.window)
    window, digest = find(tx, name), hashlib.sha256(body.file).hexdigest()
    if window.state in FILE_MADE:
        if (digest, body.pay_on) != (window.sha256, window.pay_on):
            raise RefusedByRule("file-differs", f"another file of {name} was released already")
        return
    _refuse_early(tx, window)
    planned = payments(tx, window, minimum=terms_of(tx, name.town).minimum)
    stamped = net_credits(tx, name.town, name.number)
    if stamped != {each.organisation: each.points for each in planned if each.points}:
        raise Damaged(f"the lines of {name} are not what the ledger says its stamp earned")
    accounts = _check_file(tx, body, planned)
    for each in planned:
        _move(books, record, name, each)
    total = sum(each.paid for each in planned)
    if books.balance(transit(name.kind, name.number)) != total:
        raise Damaged(f"{name} pays {total}, but its bank transit holds something else")
    tx.many(
        "UPDATE settlement_line SET line=?, netted=?, paid=?, account=?"
        ' WHERE municipality=? AND kind=? AND "window"=? AND organisation=?',
        [
            (
                each.line,
                each.netted,
                each.paid,
                msgspec.msgpack.encode(accounts[each.organisation]),
                *name,
                each.organisation,
            )
            for each in planned
        ],
    )
    tx.run(
        "UPDATE settlement_window SET pay_on=:pay_on, file=:file, file_digest=:digest"
        ' WHERE municipality=:town AND kind=:kind AND "window"=:number',
        pay_on=body.pay_on,
        file=body.file,
        digest=digest,
        **name._asdict(),
    )
    _set_state(tx, name, State.RELEASED if total else State.SETTLED)


def result(books: Books, record: HubRecord) -> None:
    """Move what the bank paid or returned, line by line, and note it.

    Reading the same result again changes nothing. Refused with ``not-released``,
    ``result-refused`` (lines that the file does not have) or ``result-differs``.
    """
    body = body_of(record, WindowResult)
    tx, name = books.tx, WindowName(books.town, body.kind, body.window)
    window = find(tx, name)
    if window.state not in FILE_MADE:
        raise RefusedByRule("not-released", f"no file of {name} has gone to the bank yet")
    said, known = body.lines, outcomes(tx, name)
    if [line for line, _, _ in said] != [line for line, _, _ in known] or any(
        outcome not in _OUTCOMES for _, outcome, _ in said
    ):
        raise RefusedByRule("result-refused", f"this result is not about the lines of {name}")
    if window.state is not State.RELEASED:
        if said != known:
            raise RefusedByRule("result-differs", f"the bank said otherwise about {name} before")
        return
    source, from_bank = books.hub_source(record), transit(name.kind, name.number)
    returned = {line for line, outcome, _ in said if outcome == Outcome.RETURNED}
    for each in payments(tx, window, minimum=1):
        if each.paid:
            to = payable(each.organisation) if each.line in returned else TREASURY
            books.move(from_bank, to, each.paid, source=source, at=record.at)
    if books.balance(from_bank):
        raise Damaged(f"the bank spoke of all lines of {name}, but its transit is not empty")
    tx.many(
        "UPDATE settlement_line SET outcome=?, why=?"
        ' WHERE municipality=? AND kind=? AND "window"=? AND line=?',
        [(outcome, why, *name, line) for line, outcome, why in said],
    )
    _set_state(tx, name, State.RETURNED if returned else State.SETTLED)


def outcomes(tx: Tx, name: WindowName) -> tuple[tuple[int, str, str], ...]:
    """(line, outcome, reason) of each line of a released file; no outcome until the bank spoke."""
    rows = tx.rows(
        "SELECT line, outcome, why FROM settlement_line"
        ' WHERE municipality=? AND kind=? AND "window"=? AND line>0 ORDER BY line',
        name,
    )
    return tuple((line, outcome, why) for line, outcome, why in rows)


def _refuse_early(tx: Tx, window: Window) -> None:
    """Approved, and every earlier window out: what one carries over belongs to the next."""
    if window.state is not State.APPROVED:
        raise RefusedByRule(
            "not-approved", f"{window.window} is {window.state}: {window.needs} it first"
        )
    earlier = tx.one(
        'SELECT "window" FROM settlement_window WHERE municipality=:town AND kind=:kind'
        " AND \"window\"<:number AND state IN ('closed','reviewed','approved')",
        **window.name._asdict(),
    )
    if earlier is not None:
        waits = window.name._replace(number=earlier["window"])
        raise RefusedByRule("earlier-window-waits", f"{waits} has to be paid before {window.name}")


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


def _repeats(
    paid: Sequence[Payment], twice: Iterable[tuple[OrganisationId, str]]
) -> dict[int, str]:
    """A person's reasons by line; refused with ``not-paid-here``."""
    lines = {each.organisation: each.line for each in paid}
    for organisation, _ in twice:
        if organisation not in lines:
            raise RefusedByRule(
                "not-paid-here", f"{organisation} is not in this file: no reason is needed"
            )
    return {lines[organisation]: why for organisation, why in twice}


def _write(
    tx: Tx,
    name: WindowName,
    paid: Sequence[Payment],
    day: date,
    *,
    terms: Terms,
    repeats: Mapping[int, str],
) -> bytes:
    """The file's bytes, read back and examined; refused with ``bank-file-blocked``."""
    payer = read_payer(
        bytes(
            tx.scalar("SELECT account FROM municipality WHERE municipality=:town", town=name.town)
        )
    )
    at = f"{name.town}'s own account"
    try:
        header = zengin.Header.of(
            bank_account(payer.account),
            requester_code=payer.requester,
            requester_name=payer.account.holder,
            pay_on=day,
        )
        transfers = []
        for each in paid:
            at = each.organisation
            account = _usable(accounts_on_file(tx, each.organisation))
            transfers.append(zengin.Transfer.to(account, line=each.line, amount=each.paid))
        at = "the file"
        file = zengin.make_file(header, transfers, repeats=repeats)
    except SettlementError as error:
        raise RefusedByRule("bank-file-blocked", f"{at}: {error}") from None
    _refuse_any(findings(file, pay_on=day, calendar=terms.calendar, repeats=repeats))
    return file


def _refuse_any(found: Sequence[Finding]) -> None:
    if found:
        raise RefusedByRule("bank-file-blocked", "; ".join(map(str, found)))


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


def _check_file(
    tx: Tx, body: WindowReleased, planned: Sequence[Payment]
) -> dict[OrganisationId, BankDetails]:
    """Whether the bytes pay exactly what was planned; gives the account of each organisation.

    Codes, numbers, holders and amounts are compared; the banks' names are not, since a later
    list of banks may spell them otherwise. Refused with ``bank-file-blocked``.
    """
    on_file = {each.organisation: accounts_on_file(tx, each.organisation) for each in planned}
    accounts = {organisation: known[0] for organisation, known in on_file.items()}
    paid = [each for each in planned if each.paid]
    if not paid and body.file == NO_FILE:
        return accounts
    try:
        file = zengin.read_file(body.file)
    except SettlementError as error:
        raise RefusedByRule("bank-file-blocked", str(error)) from None
    _refuse_any(duplicates(examine(body.file), _repeats(paid, body.twice)))
    day = date.fromisoformat(body.pay_on)
    if len(file.transfers) != len(paid) or file.header.payment_day != (day.month, day.day):
        raise _other_file(body)
    for each, written in zip(paid, file.transfers, strict=True):
        same = [known for known in on_file[each.organisation] if _goes_to(written, known)]
        if not same or (written.line, written.amount) != (each.line, each.paid):
            raise _other_file(body)
        accounts[each.organisation] = same[0]
    return accounts


def _goes_to(written: zengin.Transfer, account: BankDetails) -> bool:
    return (
        written.bank_code,
        written.branch_code,
        written.account_type.value,
        written.account_number,
        written.holder,
    ) == (
        account.bank,
        account.branch,
        str(account.type),
        account.number,
        kana.convert(account.holder, width=HOLDER_WIDTH, what="account holder"),
    )


def _other_file(body: WindowReleased) -> RefusedByRule:
    return RefusedByRule(
        "bank-file-blocked",
        f"the file does not pay what the lines of {body.kind} {body.window} say: make it anew",
    )


def _move(books: Books, record: HubRecord, name: WindowName, payment: Payment) -> None:
    source, owes = books.hub_source(record), receivable(payment.organisation)
    earns, to_bank = payable(payment.organisation), transit(name.kind, name.number)
    books.move(earns, owes, payment.netted, source=source, at=record.at)
    there = min(payment.paid, books.balance(earns))
    books.move(earns, to_bank, there, source=source, at=record.at)
    books.move(owes, to_bank, payment.paid - there, source=source, at=record.at)


def _set_state(tx: Tx, name: WindowName, state: State) -> None:
    tx.run(
        "UPDATE settlement_window SET state=:state"
        ' WHERE municipality=:town AND kind=:kind AND "window"=:number',
        state=state.value,
        **name._asdict(),
    )
