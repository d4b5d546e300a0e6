"""A window on paper: the sheet that people review, 精算一覧 and 支払通知 as CSV.

The CSV files are UTF-8 with a byte order mark and CRLF, as spreadsheets in Japanese offices open
them. Totals stand on the face, above the lines. A cell that a spreadsheet would take for a
formula is led by an apostrophe: names come from whoever applied.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.bodies import BankDetails
from hub.settlement.draft import terms_of
from hub.settlement.places import Place
from hub.settlement.plan import Payment
from hub.settlement.release import outcomes
from hub.settlement.result import Outcome
from hub.settlement.terms import read_account
from hub.settlement.windows import (
    FILE_MADE,
    State,
    Window,
    WindowName,
    check_kind,
    find,
    payments,
)
from hub.store.database import Tx
from sync.errors import RefusedByRule
from sync.values import OrganisationId

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_STATES = {
    State.CLOSED: "締切済",
    State.REVIEWED: "確認済",
    State.APPROVED: "承認済",
    State.RELEASED: "振込データ作成済",
    State.SETTLED: "精算済",
    State.RETURNED: "組戻あり",
}
_OUTCOMES = {"paid": "振込済", "returned": "組戻", "": ""}
_TYPES = {1: "普通", 2: "当座", 4: "貯蓄", 9: "その他"}


class _Shop(NamedTuple):
    """An organisation of a line, its account as it is stored."""

    name: str
    account: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """An organisation's line: brought + points = netted + paid + returned + carried.

    What the bank returned is a credit of the window that was open then, and paid with that one.
    """

    line: int
    organisation: OrganisationId
    name: str
    points: int
    brought: int
    netted: int
    paid: int
    returned: int
    carried: int
    account: BankDetails
    account_changed: bool
    """Whether the account is another one than that of its last payment."""
    outcome: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A window with its lines: as it was released, or as it would be now."""

    window: Window
    lines: tuple[SheetLine, ...]

    @property
    def pays(self) -> int:
        """Yen of all lines together, without those that the bank returned."""
        return sum(line.paid for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one organisation is told of a window; ``file`` is 支払通知."""

    organisation: OrganisationId
    paid: int
    returned: int
    file: bytes


def show(tx: Tx, name: WindowName) -> Sheet:
    """A closed window as people review it; refused with ``unknown-window``."""
    check_kind(name.kind)
    window = find(tx, name)
    said = {line: (outcome, why) for line, outcome, why in outcomes(tx, name)}
    shops, before = _shops(tx, window), _last_paid(tx, name)
    return Sheet(
        window=window,
        lines=tuple(
            _line(
                payment,
                shops[payment.organisation],
                before.get(payment.organisation),
                *said.get(payment.line, ("", "")),
            )
            for payment in payments(tx, window, minimum=terms_of(tx, name.town).minimum)
        ),
    )


def _shops(tx: Tx, window: Window) -> dict[str, _Shop]:
    """Who stands in a window's lines; an account is the one it was paid to, once it was."""
    rows = tx.rows(
        "SELECT l.organisation, o.name, l.account, o.account FROM settlement_line l"
        " LEFT JOIN organisation o ON o.municipality=substr(l.organisation, 1, 6)"
        " AND o.organisation=l.organisation"
        ' WHERE l.municipality=? AND l.kind=? AND l."window"=?',
        window.name,
    )
    found = {}
    for organisation, shop, fixed, now in rows:
        if shop is None:
            raise RefusedByRule("no-account", f"{organisation} is no organisation of this hub")
        found[organisation] = _Shop(shop, bytes(fixed if window.state in FILE_MADE else now))
    return found


def _last_paid(tx: Tx, name: WindowName) -> dict[str, bytes]:
    """The account to which each organisation of a window was paid last before it, if ever."""
    rows = tx.rows(
        "SELECT l.organisation, (SELECT p.account FROM settlement_line p"
        " WHERE p.municipality=l.municipality AND p.kind=l.kind AND p.organisation=l.organisation"
        ' AND p."window"<l."window" AND p.paid>0 ORDER BY p."window" DESC LIMIT 1)'
        ' FROM settlement_line l WHERE l.municipality=? AND l.kind=? AND l."window"=?',
        name,
    )
    return {organisation: bytes(account) for organisation, account in rows if account is not None}


def settlement_list(sheet: Sheet) -> bytes:
    """精算一覧: every organisation of a window, totals on the face."""
    heading = [
        "行",
        "事業者ID",
        "事業者名",
        "当期ポイント",
        "前期繰越",
        "相殺",
        "振込額",
        "組戻額",
        "次期繰越",
        "銀行",
        "支店",
        "種目",
        "口座番号",
        "口座名義",
        "口座変更",
        "結果",
        "理由",
    ]
    rows = [
        [
            line.line or "",
            line.organisation,
            line.name,
            line.points,
            line.brought,
            line.netted,
            line.paid,
            line.returned,
            line.carried,
            *_account(line.account),
            "変更" if line.account_changed else "",
            _OUTCOMES[line.outcome],
            line.why,
        ]
        for line in sheet.lines
    ]
    return _csv([["精算一覧"], *_face(sheet, sheet.lines), [], heading, *rows])


def payment_notice(
    sheet: Sheet, organisation: OrganisationId, places: Sequence[Place] = ()
) -> Notice:
    """支払通知: what one organisation gets of a window; refused with ``no-line``.

    Below stands what each of its places earned: an association is paid once and shares it out.
    """
    own = [line for line in sheet.lines if line.organisation == organisation]
    if not own:
        raise RefusedByRule("no-line", f"{organisation} has no line in {sheet.window.window}")
    (line,) = own
    file = _csv(
        [
            ["支払通知"],
            *_face(sheet, own),
            [],
            ["事業者ID", line.organisation],
            ["事業者名", line.name],
            ["当期ポイント", line.points],
            ["前期繰越", line.brought],
            ["相殺", line.netted],
            ["振込額", line.paid],
            ["組戻額", line.returned],
            ["次期繰越", line.carried],
            ["振込先", *_account(line.account)],
            ["結果", _OUTCOMES[line.outcome], line.why],
            [],
            ["場所", "端末ID", "当期ポイント"],
            *([each.place or "その他", each.node, each.points] for each in places),
        ]
    )
    return Notice(organisation=organisation, paid=line.paid, returned=line.returned, file=file)


def _face(sheet: Sheet, lines: Sequence[SheetLine]) -> list[list[object]]:
    window = sheet.window
    return [
        ["精算番号", window.window],
        ["状態", _STATES[window.state]],
        ["振込指定日", window.pay_on],
        ["件数", sum(line.paid > 0 for line in lines)],
        ["当期ポイント合計", sum(line.points for line in lines)],
        ["前期繰越合計", sum(line.brought for line in lines)],
        ["相殺合計", sum(line.netted for line in lines)],
        ["振込額合計", sum(line.paid for line in lines)],
        ["組戻合計", sum(line.returned for line in lines)],
        ["次期繰越合計", sum(line.carried for line in lines)],
        ["締切", window.closed_by],
        ["確認", window.reviewed_by],
        ["承認", window.approved_by],
    ]


def _line(payment: Payment, shop: _Shop, before: bytes | None, outcome: str, why: str) -> SheetLine:
    came_back = outcome == Outcome.RETURNED
    return SheetLine(
        line=payment.line,
        organisation=payment.organisation,
        name=shop.name,
        points=payment.points,
        brought=payment.brought,
        netted=payment.netted,
        paid=0 if came_back else payment.paid,
        returned=payment.paid if came_back else 0,
        carried=payment.carried,
        account=read_account(shop.account),
        account_changed=before is not None and before != shop.account,
        outcome=outcome,
        why=why,
    )


def _account(account: BankDetails) -> list[object]:
    kind = _TYPES.get(account.type, str(account.type))
    return [account.bank, account.branch, kind, account.number, account.holder]


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(map(_cells, rows))
    return text.getvalue().encode("utf-8-sig")


def _cells(row: Sequence[object]) -> list[object]:
    return [
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row
    ]
