"""精算一覧 and 支払通知: what an office opens in its spreadsheet, totals on the face."""

import csv
import io
from datetime import date

import pytest

from hub.settlement.lists import payment_notice, settlement_list
from hub.settlement.terms import Terms, pay_day, read_account, read_payer, read_terms
from sync.errors import Damaged, Malformed, RefusedByRule
from tests.hub.settlement.month import ASSOCIATION, BAKERY, FISH, Month


def rows(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def face(table: list[list[str]]) -> dict[str, str]:
    return {row[0]: row[1] for row in table if len(row) == 2}


def paid_month(month: Month) -> bytes:
    month.set_calendar(minimum=100)
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 99)
    month.released()
    month.take_back(FISH, 250, window=1)
    month.sale(FISH, 750)
    month.sale(BAKERY, 1)
    name, _ = month.released()
    month.bank_says(name, "returned", "paid")
    return settlement_list(month.sheet(name))


def test_the_totals_on_the_face_are_those_of_the_lines(month: Month) -> None:
    table = rows(paid_month(month))
    top, start = face(table), next(i for i, row in enumerate(table) if row[:1] == ["行"])
    lines = [dict(zip(table[start], row, strict=True)) for row in table[start + 1 :]]

    assert top["精算番号"] == "141305-shops-2"
    assert (top["件数"], top["振込額合計"], top["相殺合計"]) == ("1", "100", "250")
    assert top["組戻合計"] == "500"
    for column in ("当期ポイント", "前期繰越", "相殺", "振込額", "組戻", "次期繰越"):
        amount = "組戻額" if column == "組戻" else column
        assert top[f"{column}合計"] == str(sum(int(line[amount]) for line in lines))
    assert [(line["事業者ID"], line["結果"]) for line in lines] == [
        (FISH, "組戻"),
        (BAKERY, "振込済"),
    ]
    assert (top["締切"], top["確認"], top["承認"]) == ("aoki", "aoki", "baba")


def test_a_name_cannot_become_a_formula(month: Month) -> None:
    table = rows(paid_month(month))
    assert table[-1][2] == "'=ベーカリー"


def test_a_shop_is_told_what_it_gets_and_nothing_of_the_others(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name, file = month.released()
    notice = payment_notice(month.sheet(name), FISH)

    top = face(rows(notice.file))
    assert (top["振込額"], top["振込額合計"], top["振込指定日"]) == ("1000", "1000", file.pay_on)
    assert BAKERY.encode() not in notice.file
    assert (notice.organisation, notice.paid) == (FISH, 1_000)
    with pytest.raises(RefusedByRule) as refused:
        payment_notice(month.sheet(name), ASSOCIATION)
    assert refused.value.reason == "no-line"


def test_what_the_bank_returned_is_not_told_as_paid(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.sale(BAKERY, 300)
    name, _ = month.released()
    month.bank_says(name, "returned", "paid")
    sheet = month.sheet(name)

    told = [payment_notice(sheet, shop) for shop in (FISH, BAKERY)]
    assert [(each.paid, each.returned) for each in told] == [(0, 1_000), (300, 0)]
    assert (sheet.pays, sheet.window.paid, sheet.window.returned) == (300, 300, 1_000)
    table = rows(told[0].file)
    assert ["振込額", "0"] in table
    assert ["組戻額", "1000"] in table
    assert face(table)["組戻合計"] == "1000"


def test_a_sheet_before_the_file_says_what_would_be_paid_now(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.closed()
    month.take_back(FISH, 250, window=1)
    before = month.sheet(name)
    assert (before.pays, before.lines[0].netted) == (750, 250)
    month.settlement.review(month.person("aoki"), name)
    month.settlement.approve(month.person("baba"), name)
    month.settlement.file(month.person("aoki"), name)
    assert month.sheet(name).pays == 750


@pytest.mark.parametrize(
    ("terms", "closed", "today", "paid"),
    [
        (Terms(), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 26)),
        (Terms(), date(2026, 10, 1), date(2026, 10, 1), date(2026, 10, 26)),
        (Terms(), date(2026, 10, 1), date(2026, 12, 30), date(2027, 1, 4)),
        (Terms(days_after=10), date(2026, 9, 30), date(2026, 9, 30), date(2026, 10, 13)),
        (Terms(closing_day=15, day=31), date(2026, 9, 20), date(2026, 9, 20), date(2026, 11, 2)),
    ],
)
def test_the_pay_day_follows_the_closing_day(
    terms: Terms, closed: date, today: date, paid: date
) -> None:
    assert pay_day(terms, closed=closed, today=today) == paid


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b'{"minimum": 0}',
        b'{"closing_day": 32}',
        b'{"holidays": []}',
        b'{"months": 0, "day": 1}',
        b"\xff",
    ],
)
def test_settings_that_make_no_sense_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed, match="calendar"):
        read_terms(data)


def test_no_settings_are_the_defaults_and_torn_accounts_are_damage() -> None:
    assert read_terms(b"") == Terms()
    for read in (read_account, read_payer):
        with pytest.raises(Damaged):
            read(b"\x91")
