"""The documents that the printer's stories are told with."""

from datetime import UTC, date, datetime
from typing import Literal

from printer.documents import (
    Balance,
    Cleared,
    ClearingReceipt,
    Returned,
    Slip,
    Takings,
    Ticket,
    ZReport,
)

QR_TEXT = "2KCEHKQBEJUG" + "A7KXQ3ZPL5WDY2M6" * 16
"""As long as the base32 of a signed ticket: about 170 bytes."""


def ticket(language: Literal["ja", "en"] = "ja") -> Ticket:
    ja = language == "ja"
    return Ticket(
        language=language,
        town="豊島区" if ja else "Toshima City",
        point_name="としまるポイント" if ja else "Toshimaru Points",
        points=1_000,
        valid_from=date(2017, 12, 15),
        valid_until=date(2018, 3, 31),
        issued_on=date(2017, 12, 15),
        number="1234567890128",
        qr=QR_TEXT,
        online_only=not ja,
        office="大塚商店街事務局" if ja else "Otsuka Street Office",
        office_place="大塚駅前窓口" if ja else "Counter at Otsuka station",
        digest="9f2c01d2",
    )


def slip(language: Literal["ja", "en"] = "ja") -> Slip:
    ja = language == "ja"
    return Slip(
        language=language,
        kind="spend",
        organisation="魚屋 うおまさ" if ja else "Uomasa Fish",
        place="大塚銀の鈴通り店" if ja else "Otsuka street",
        town="豊島区" if ja else "Toshima City",
        point_name="としまるポイント" if ja else "Toshimaru Points",
        points=300,
        balance=Balance(points=3_450, as_of=datetime(2017, 12, 15, 3, 0, tzinfo=UTC)),
        settled="offline",
        at=datetime(2017, 12, 15, 5, 5, tzinfo=UTC),
        node="B2108-1111",
        seq=42,
        digest="9f2c01d2",
    )


def z_report(language: Literal["ja", "en"] = "ja") -> ZReport:
    ja = language == "ja"
    toshima = ("豊島区", "としまるポイント") if ja else ("Toshima City", "Toshimaru Points")
    kawasaki = ("川崎市", "かわさきポイント") if ja else ("Kawasaki City", "Kawasaki Points")
    return ZReport(
        language=language,
        organisation="魚屋 うおまさ" if ja else "Uomasa Fish",
        place="大塚銀の鈴通り店" if ja else "Otsuka street",
        node="B2108-1111",
        shift=17,
        opened=datetime(2017, 12, 15, 0, 55, tzinfo=UTC),
        closed=datetime(2017, 12, 15, 10, 2, tzinfo=UTC),
        takings=(
            Takings(town=toshima[0], point_name=toshima[1], kind="spend", count=31, points=12_450),
            Takings(
                town=toshima[0], point_name=toshima[1], kind="redemption", count=8, points=6_500
            ),
            Takings(town=toshima[0], point_name=toshima[1], kind="reversal", count=1, points=300),
            Takings(town=kawasaki[0], point_name=kawasaki[1], kind="spend", count=2, points=800),
        ),
        synced=38,
        waiting=4,
        limit_used=1_200,
        limit_left=28_800,
        next_payment=date(2018, 1, 31),
        waiting_digests=("9f2c01d2", "03ab77e1", "c4d50e9a", "77f1b2c3"),
    )


def clearing_receipt(language: Literal["ja", "en"] = "ja") -> ClearingReceipt:
    ja = language == "ja"
    return ClearingReceipt(
        language=language,
        organisation="魚屋 うおまさ" if ja else "Uomasa Fish",
        office="大塚商店街事務局" if ja else "Otsuka Shopping Street Office",
        place="大塚駅前窓口" if ja else "Counter at Otsuka station",
        town="豊島区" if ja else "Toshima City",
        point_name="としまるポイント" if ja else "Toshimaru Points",
        opened=datetime(2017, 12, 18, 1, 2, tzinfo=UTC),
        closed=datetime(2017, 12, 18, 1, 21, tzinfo=UTC),
        lines=(
            Cleared(points=1_000, count=23),
            Cleared(points=500, count=112),
            Cleared(points=3_250, count=1),
        ),
        returned=(
            Returned(number="1234567890128", reason="すでに使われた券" if ja else "already used"),
            Returned(
                number="（読めない紙）" if ja else "(cannot be read)",
                reason="ほかの町のポイント券" if ja else "a ticket of another town",
            ),
        ),
        node="B2100-0001",
        seq=871,
        digest="5be10c77",
        next_payment=date(2018, 1, 31),
    )
