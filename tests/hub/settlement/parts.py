"""A town's month of payments, shared by the tests of this room.

Kawasaki closes its shops' window at the month's end and pays on the 25th of the next month;
25 October 2026 is a Sunday, so September's points are paid on Monday the 26th.
"""

from datetime import date

from hub.settlement.banks import BankAccount, account
from hub.settlement.calendar import DayOfMonth, Direction, PaymentCalendar
from hub.settlement.zengin import Header, Transfer, make_file

PAY_ON = date(2026, 10, 26)
CALENDAR = PaymentCalendar(
    closing_day=31,
    pays=DayOfMonth(months=1, day=25),
    direction=Direction.NEXT,
)

TOWN = account("0138", "810", "1", "123456", "カワサキシ カイケイカンリシャ")
FISH_SHOP = account("0001", "004", "1", "7654321", "カブシキガイシャ うおはる")
BAKERY = account("1344", "037", "2", "42", "パーラー ベル")
ASSOCIATION = account("0005", "253", "9", "0000777", "カワサキ ショウテンカイ キョウドウクミアイ")


def header() -> Header:
    return Header.of(
        TOWN,
        requester_code="1413050001",
        requester_name="カワサキシ",
        pay_on=PAY_ON,
    )


def transfer(line: int, to: BankAccount, amount: int, customer_code: str = "") -> Transfer:
    return Transfer.to(to, line=line, amount=amount, customer_code=customer_code)


def transfers() -> list[Transfer]:
    return [
        transfer(1, FISH_SHOP, 128_400, "2108"),
        transfer(2, BAKERY, 6_384, "2109"),
        transfer(3, ASSOCIATION, 1_203_000, "3001"),
    ]


def good_file() -> bytes:
    return make_file(header(), transfers())
