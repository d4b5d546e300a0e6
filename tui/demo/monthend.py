"""The month's end: windows closed and paid, books audited, figures held against each other."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from hub.forms import BalanceRow, CloseForm, ExceptionRow, WindowRow
from hub.views import AccountRow, ProgrammeRow
from sync.errors import Damaged, RefusedByRule
from sync.values import MunicipalityCode, OrganisationId, short
from tui.demo import cast
from tui.demo.bank import Order, all_paid, read_order
from tui.demo.clockwork import in_tokyo
from tui.demo.opening import tell_balances
from tui.demo.story import Month
from tui.demo.totals import TownTotals, compare, town_totals

LAST_DAY = "2017-12-31"


class ResidentBalance(BalanceRow, frozen=True, kw_only=True):
    """What a resident has in a town, under the name that the story calls them by."""

    name: str


HEADINGS: Mapping[type[msgspec.Struct], Mapping[str, str]] = {
    ResidentBalance: {
        "name": "氏名",
        "municipality": "自治体コード",
        "available": "使えるポイント",
        "held": "保留中のポイント",
        "as_of": "日時",
    },
    AccountRow: {
        "municipality": "自治体コード",
        "account": "勘定",
        "count": "件数",
        "points": "ポイント",
    },
    ProgrammeRow: {
        "municipality": "自治体コード",
        "programme": "事業番号",
        "name": "事業名",
        "department": "担当",
        "budget": "予算",
        "granted": "付与ポイント",
        "give_until": "付与期限",
        "issue_until": "発券期限",
        "use_until": "利用期限",
        "clear_until": "券の精算期限",
        "zones": "券の区域",
    },
    ExceptionRow: {
        "id": "番号",
        "kind": "種類",
        "node": "端末ID",
        "epoch": "世代",
        "seq": "記録番号",
        "points": "ポイント",
        "reason": "理由",
        "bearer": "負担",
        "state": "状態",
        "at": "日時",
        "other": "相手の記録",
        "decision": "判断",
    },
    WindowRow: {
        "window": "精算番号",
        "municipality": "自治体コード",
        "state": "状態",
        "needs": "次の手続き",
        "lines": "事業者数",
        "total": "当期ポイント合計",
        "paid": "振込額合計",
        "returned": "組戻合計",
        "pay_on": "振込指定日",
        "closed_by": "締切",
        "reviewed_by": "確認",
        "approved_by": "承認",
    },
}
"""What stands above each column of a list, in the columns' order."""
_MOMENTS = frozenset({"as_of", "at"})


def month_end(month: Month) -> None:
    """From the last Z-report to the list of files."""
    _close_shops(month)
    month.scene("2018-01-04 10:00", "December is settled")
    orders = {town.code: _settle(month, town.code) for town in cast.TOWNS}
    _bank_answers(month, orders)
    _audit(month)
    _compare(month, orders)
    _lists(month)
    month.tell.gap()
    month.tell.say("Files that were made, in {folder}:", folder=str(month.corner.folder))
    for file in [*month.files, month.corner.folder / "story.txt"]:
        month.tell.say("  {file}", file=str(file.relative_to(month.corner.folder)))


def _close_shops(month: Month) -> None:
    month.scene("2017-12-29 19:00", "The shops close for the year")
    taken = {
        terminal.place: [report.taken for at, report in month.reports if at is terminal]
        for terminal in month.corner.terminals
    }
    for terminal in month.corner.terminals:
        terminal.counter.sync_now()
    head = (cast.named("terminal"), cast.named("Z-reports"), cast.named("taken"))
    month.tell.table([head, *((place, len(each), sum(each)) for place, each in taken.items())])
    for pile in month.piles:
        month.tell.say(
            "Cleared for {name}: {points}", name=short(pile.organisation), points=pile.points
        )


def _settle(month: Month, town: MunicipalityCode) -> Order:
    """Close, review, approve by a second person, make the file; and read it as the bank does."""
    corner, tell = month.corner, month.tell
    closed = corner.first.close_window(town, CloseForm(until=LAST_DAY))
    tell.say(
        "Window {window}: {total} points; organisations: {lines}",
        window=closed.window,
        lines=closed.lines,
        total=closed.total,
    )
    corner.first.review_window(closed.window)
    try:
        corner.first.approve_window(closed.window)
    except RefusedByRule as refusal:
        tell.say("One person alone cannot approve it [{reason}]", reason=refusal.reason)
    else:
        raise Damaged(f"{closed.window} was approved by one person alone")
    approved = corner.second.approve_window(closed.window)
    tell.say(
        "Closed by {first}, approved by {second}",
        first=approved.closed_by,
        second=approved.approved_by,
    )
    made = corner.first.bank_file(closed.window)
    file = corner.made("bank", f"{closed.window}.zengin.txt")
    file.write_bytes(made.file)
    month.files.append(file)
    return _read_back(month, file, made.sha256, made.total)


def _read_back(month: Month, file: Path, sha256: str, total: int) -> Order:
    data = file.read_bytes()
    order = read_order(data)
    if hashlib.sha256(data).hexdigest() != sha256 or order.total != total:
        raise Damaged(f"{file} is not the file that the hub has made")
    month.tell.say(
        "The bank reads the file: {requester} pays {total} yen on {day}; payments: {count}",
        count=len(order.payments),
        requester=order.requester,
        total=order.total,
        day=f"{order.day[:2]}/{order.day[2:]}",
    )
    head = (cast.named("holder"), cast.named("account"), cast.named("yen"))
    rows = [(p.holder, f"{p.bank}-{p.branch}-{p.account}", p.yen) for p in order.payments]
    month.tell.table([head, *rows])
    return order


def _bank_answers(month: Month, orders: dict[MunicipalityCode, Order]) -> None:
    month.scene("2018-01-26 10:00", "The bank has paid")
    for window in month.corner.first.windows():
        result = all_paid(orders[MunicipalityCode(window.municipality)])
        settled = month.corner.first.bank_result(window.window, result.encode())
        month.tell.say(
            "{window}: {paid} yen, {state}",
            window=settled.window,
            paid=settled.paid,
            state=settled.state,
        )


def _audit(month: Month) -> None:
    """Everything recomputed from the records."""
    month.tell.say("Audit: everything is recomputed from the records")
    found = {"hub": len(month.corner.hub.audit())}
    for terminal in month.corner.terminals:
        found[terminal.place] = len(terminal.counter.audit())
    month.tell.table([(cast.named("audited"), cast.named("findings")), *found.items()])
    if any(found.values()):
        raise Damaged(f"the audit has findings: {found}")


def _compare(month: Month, orders: dict[MunicipalityCode, Order]) -> None:
    tell = month.tell
    tell_balances(month.corner, tell)
    towns = tuple(_totals(month, town) for town in orders)
    for each in towns:
        tell.say(
            "{town}: granted {granted} + reserve {reserve} = cards {cards} + tickets {tickets}"
            " + shops {earned} + ended {lapsed}",
            town=next(town.name for town in cast.TOWNS if town.code == each.town),
            granted=each.granted,
            reserve=each.from_reserve,
            cards=each.on_cards,
            tickets=each.in_tickets,
            earned=each.earned,
            lapsed=each.lapsed,
        )
    mismatches = compare(towns, _reported(month), _paid(orders))
    if mismatches:
        told = ", ".join(f"{each.what}: {each.one} and {each.other}" for each in mismatches)
        raise Damaged(f"the month does not add up: {told}")
    tell.say("Z-reports, receipts for piles, ledger and bank file say the same: everything adds up")


def _totals(month: Month, town: MunicipalityCode) -> TownTotals:
    hub = month.corner.first
    return town_totals(
        town,
        granted=sum(row.granted for row in hub.programmes() if row.municipality == town),
        earned=sum(row.total for row in hub.windows() if row.municipality == town),
        accounts=hub.accounts(town),
        flows=hub.flows(town),
    )


def _reported(month: Month) -> dict[OrganisationId, int]:
    """What each organisation took by its Z-reports and the receipts for its piles."""
    sums: dict[OrganisationId, int] = defaultdict(int)
    for terminal, report in month.reports:
        sums[terminal.organisation.id] += report.taken
    for pile in month.piles:
        sums[pile.organisation] += pile.points
    return {organisation: taken for organisation, taken in sums.items() if taken}


def _paid(orders: dict[MunicipalityCode, Order]) -> dict[OrganisationId, int]:
    """What the bank was told to pay each organisation, by its account."""
    owners = {each.account.number: each.id for each in cast.ORGANISATIONS}
    sums: dict[OrganisationId, int] = defaultdict(int)
    for order in orders.values():
        for payment in order.payments:
            sums[owners[payment.account]] += payment.yen
    return dict(sums)


def _lists(month: Month) -> None:
    """The ledger's lists, as spreadsheets in Japanese offices open them."""
    hub = month.corner.first
    balances = [
        ResidentBalance(name=month.tell.word(who.name), **msgspec.structs.asdict(row))
        for who in cast.RESIDENTS
        for row in hub.balances(who.mykey_id)
    ]
    accounts = [row for town in cast.TOWNS for row in hub.accounts(town.code)]
    _keep(month, "balances.csv", csv_of(ResidentBalance, balances))
    _keep(month, "accounts.csv", csv_of(AccountRow, accounts))
    _keep(month, "programmes.csv", csv_of(ProgrammeRow, hub.programmes()))
    _keep(month, "exceptions.csv", csv_of(ExceptionRow, hub.exceptions()))
    _keep(month, "windows.csv", csv_of(WindowRow, hub.windows()))
    for window in hub.windows():
        sheet = hub.window(window.window)
        _keep(month, f"{window.window}.csv", sheet.file)
        for line in sheet.lines:
            told = hub.notice(window.window, line.organisation)
            _keep(month, f"{window.window}-{line.organisation}.csv", told.file)


def _keep(month: Month, name: str, data: bytes) -> None:
    file = month.corner.made("lists", name)
    file.write_bytes(data)
    month.files.append(file)


def csv_of(kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> bytes:
    """Rows of a kind under their headings: UTF-8 with a byte order mark, CRLF."""
    headings, text = HEADINGS[kind], io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings.values())
    writer.writerows([_cell(row, name) for name in headings] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(row: msgspec.Struct, name: str) -> object:
    """A value as an office reads it: a moment by the clock in Tokyo, to the minute."""
    value = getattr(row, name)
    if isinstance(value, tuple):
        return " ".join(value)
    return f"{in_tokyo(value):%Y-%m-%d %H:%M}" if name in _MOMENTS else value
