"""The bank file of an approved window, and what the bank says became of it.

The bytes are made beforehand (:mod:`hub.settlement.draft`); a file with any fault is blocked.
Releasing is a posting that asks again, from the very bytes, whether they say what the window's
lines say, and only then moves:

    netted        payable -> receivable     what the organisation owed
    paid          payable -> bank transit   what payable does not hold: receivable -> bank transit
    bank: paid    bank transit -> treasury
    bank: returned   bank transit -> payable   a credit of the open window, paid with that one
"""

import hashlib
from collections.abc import Sequence
from datetime import date

import msgspec

from hub.applying import body_of
from hub.bodies import BankDetails, HubRecord, WindowReleased, WindowResult
from hub.points.accounts import TREASURY, payable, receivable, transit
from hub.points.books import Books
from hub.settlement import kana, zengin
from hub.settlement.banks import HOLDER_WIDTH
from hub.settlement.draft import (
    NO_FILE,
    accounts_on_file,
    refuse_any,
    refuse_early,
    repeats,
    terms_of,
)
from hub.settlement.errors import SettlementError
from hub.settlement.examine import duplicates, examine
from hub.settlement.plan import Payment
from hub.settlement.result import Outcome
from hub.settlement.windows import (
    FILE_MADE,
    State,
    WindowName,
    find,
    net_credits,
    payments,
)
from hub.store.database import Tx
from sync.errors import Damaged, RefusedByRule
from sync.values import OrganisationId

_OUTCOMES = frozenset(Outcome)


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
    refuse_early(tx, window)
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


def _check_file(
    tx: Tx, body: WindowReleased, planned: Sequence[Payment]
) -> dict[OrganisationId, BankDetails]:
    """Whether the bytes pay exactly what was planned; gives the account of each organisation.

    Codes, numbers, holders and amounts are compared; the banks' names are not, since a later
    list of banks may spell them otherwise. Refused with ``bank-file-blocked``.
    """
    on_file = accounts_on_file(tx, WindowName(body.town, body.kind, body.window))
    accounts = {organisation: known[0] for organisation, known in on_file.items()}
    paid = [each for each in planned if each.paid]
    if not paid and body.file == NO_FILE:
        return accounts
    try:
        examined = examine(body.file)
        file = zengin.read(examined)
    except SettlementError as error:
        raise RefusedByRule("bank-file-blocked", str(error)) from None
    refuse_any(duplicates(examined, repeats(paid, body.twice)))
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
