"""Who is who at the street corner: towns, organisations, residents, programmes, and the calendar.

Codes, amounts and dates are those of the published documents (acceptance rows S4, S7, S8, S9):
川崎市 141305, 豊島区 131164, organisation B2108 with terminal B2108-1111 at A商店街八百屋, cleaning
100, gymnastics 20, a course 500, a three-day ticket of 1,000 from 2017-12-15. ``name`` is what the
story calls somebody in English, and its key for the translation; ``registered`` is what the hub
knows.
"""

from dataclasses import dataclass

from sync.values import MunicipalityCode, OrganisationId
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

KAWASAKI = MunicipalityCode("141305")
TOSHIMA = MunicipalityCode("131164")
MAEBASHI = MunicipalityCode("102016")
BEGIN = "2017-12-01 09:00"
"""A Friday; the festival is on the third weekend, as on the documents' sample ticket."""


def named(text: str) -> str:
    """The text itself; it is translated where it is told."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A bank account as people write it; ``holder`` in kana."""

    bank: str
    branch: str
    number: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A municipality and the account it pays from."""

    code: MunicipalityCode
    name: str
    registered: str
    point_name: str
    requester: str
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A shop, a committee or an office, and where its terminals stand."""

    id: OrganisationId
    registered: str
    kind: str
    places: tuple[str, ...]
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody with a card; ``pin`` is the demo card's."""

    name: str
    card: str
    pin: str
    mykey_id: str
    on_tray: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Points of one purpose; ``use_until`` is the last day of use, ``clear_until`` of clearing."""

    id: str
    town: MunicipalityCode
    name: str
    department: str
    use_until: str = "2018-03-31"
    issue_until: str = "2018-03-16"
    give_until: str = "2018-02-28"
    clear_until: str = "2018-04-30"


TOWNS = (
    Town(
        code=KAWASAKI,
        name=named("Kawasaki"),
        registered="川崎市",
        point_name="かわさきポイント",
        requester="1413050001",
        account=Account(bank="0138", branch="810", number="1410001", holder="カワサキシ"),
    ),
    Town(
        code=TOSHIMA,
        name=named("Toshima"),
        registered="豊島区",
        point_name="としまポイント",
        requester="1311640001",
        account=Account(bank="0001", branch="230", number="1310001", holder="トシマク"),
    ),
    Town(
        code=MAEBASHI,
        name=named("Maebashi"),
        registered="前橋市",
        point_name="まえばしポイント",
        requester="1020160001",
        account=Account(bank="0001", branch="001", number="1020001", holder="マエバシシ"),
    ),
)

GREENGROCER = Organisation(
    id=OrganisationId("141305-B2108"),
    registered="A商店街",
    kind="shop",
    places=("A商店街八百屋",),
    account=Account(
        bank="0001", branch="370", number="2108001", holder="エーシヨウテンガイ ヤオヤ"
    ),
)
FISH_SHOP = Organisation(
    id=OrganisationId("141305-B2109"),
    registered="A商店街",
    kind="shop",
    places=("A商店街魚屋",),
    account=Account(
        bank="0138", branch="812", number="2109001", holder="エーシヨウテンガイ サカナヤ"
    ),
)
FESTIVAL = Organisation(
    id=OrganisationId("141305-B2110"),
    registered="駅前まつり実行委員会",
    kind="booth",
    places=("まつり屋台その1", "まつり屋台その2"),
    account=Account(bank="0138", branch="810", number="2110001", holder="エキマエマツリ"),
)
OFFICE = Organisation(
    id=OrganisationId("141305-B2111"),
    registered="A商店街事務局",
    kind="counter",
    places=("ポイント券の窓口",),
    account=Account(
        bank="0001", branch="370", number="2111001", holder="エーシヨウテンガイ ジムキヨク"
    ),
)
ORGANISATIONS = (GREENGROCER, FISH_SHOP, FESTIVAL, OFFICE)

HANAKO = Resident(
    name=named("Hanako"), card="hanako", pin="1234", mykey_id="HANAKO01", on_tray=N_("Hanako")
)
TARO = Resident(
    name=named("Taro"), card="taro", pin="2345", mykey_id="TARO0001", on_tray=N_("Taro")
)
UMEKO = Resident(
    name=named("Umeko"), card="umeko", pin="3456", mykey_id="UMEKO001", on_tray=N_("Umeko")
)
RESIDENTS = (HANAKO, TARO, UMEKO)
NEWCOMER = Resident(
    name="Haruko",
    card="haruko",
    pin="4567",
    mykey_id="HARUKO01",
    on_tray=N_("Haruko (no MyKey ID yet)"),
)
"""Has a card and no MyKey ID yet: for who wants to try the registration."""

CLEANING = Programme(id="101", town=KAWASAKI, name="清掃ボランティア", department="環境局")
HEALTH = Programme(id="102", town=KAWASAKI, name="健康体操", department="健康福祉局")
COURSE = Programme(id="103", town=KAWASAKI, name="市民講座", department="教育委員会")
GIFT = Programme(id="104", town=KAWASAKI, name="お祝い", department="市民文化局")
PREMIUM = Programme(
    id="105",
    town=KAWASAKI,
    name="まつりプレミアム",
    department="経済労働局",
    use_until="2017-12-17",
    issue_until="2017-12-17",
    give_until="2017-12-17",
)
TOSHIMA_GIFT = Programme(id="201", town=TOSHIMA, name="転入のお祝い", department="区民部")
MAEBASHI_GIFT = Programme(id="301", town=MAEBASHI, name="ふるさと応援", department="政策部")
PROGRAMMES = (CLEANING, HEALTH, COURSE, GIFT, PREMIUM, TOSHIMA_GIFT, MAEBASHI_GIFT)
