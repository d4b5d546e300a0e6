"""A town with shops, its ledger and the people who settle, for the stories of this room.

Postings are real: every sale, reversal and window goes through the books. Only what a node and a
card would add is left out: a sale takes its points straight from the issuer.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from hub import chronicle, town
from hub.bodies import (
    AccountChanged,
    AnyHubBody,
    BankDetails,
    CalendarSet,
    MunicipalityAdded,
    OrganisationAdded,
)
from hub.core import Core, Incarnation
from hub.keys import KeyRing
from hub.points.accounts import ISSUER, payable, receivable
from hub.points.books import Source, hub_posting, posting
from hub.settlement.cases import APPLIERS, BankFile, Do, Settlement
from hub.settlement.journal import Journal
from hub.settlement.lists import Sheet, show
from hub.settlement.windows import Window, WindowName, open_number, window_name
from hub.settlement.zengin import read_file
from hub.store.database import Database
from sync.clock import TOKYO
from sync.values import Millis, OrganisationId, municipality_code
from tests.doubles import databases

KAWASAKI = municipality_code("141305")
FISH = OrganisationId("141305-B2108")
BAKERY = OrganisationId("141305-B2109")
ASSOCIATION = OrganisationId("141305-S3001")
ACCOUNTS = {
    FISH: BankDetails("0001", "004", 1, "7654321", "カ)ウオハル"),
    BAKERY: BankDetails("1344", "037", 2, "0000042", "パーラー ベル"),
    ASSOCIATION: BankDetails("0005", "253", 9, "0000777", "カワサキ ショウテンカイ"),
}
NEW_ACCOUNT = BankDetails("0001", "004", 1, "1112223", "カ)ウオハル")
NAMES = {FISH: "魚春", BAKERY: "=ベーカリー", ASSOCIATION: "川崎商店会"}


def at(written: str) -> Millis:
    """A moment in Asia/Tokyo."""
    return Millis(int(datetime.fromisoformat(written).replace(tzinfo=TOKYO).timestamp() * 1000))


@dataclass
class Clock:
    """A clock that stands where the story puts it."""

    time: Millis = field(default_factory=lambda: at("2026-09-10T10:00"))

    def now(self) -> Millis:
        return self.time

    def running(self) -> Millis:
        return self.time

    def boot(self) -> str:
        return "story"


class Zeros:
    """No randomness at all."""

    def bytes(self, count: int) -> bytes:
        return bytes(count)


class Month:
    """One hub, its town and three shops."""

    def __init__(
        self, folder: Path, database: Database | None = None, *, joined: bool = False
    ) -> None:
        """``database``: the ledger, where it is to be another one than every test's.

        ``joined``: its town and shops are there.
        """
        self.clock = Clock()
        self.core = Core(
            database=database or databases.ledger(),
            keys=KeyRing(None, Zeros()),
            clock=self.clock,
            randomness=Zeros(),
            origin="https://hub.example",
            incarnation=Incarnation(1, "00" * 8),
        )
        self.journal = Journal(folder, self.core.keys.signing)
        self.settlement = Settlement(self.core, self.journal)
        with self.core.database.read() as tx:
            self._sales = int(tx.scalar("SELECT max(number) FROM posting") or 0)
        if not joined:
            self._found()

    def _found(self) -> None:
        do = self.person("platform")
        do(
            MunicipalityAdded(
                town=KAWASAKI,
                name="川崎市",
                point_name="川崎ポイント",
                requester="1413050001",
                account=BankDetails("0138", "810", 1, "0123456", "カワサキシ カイケイカンリシャ"),
                ticket_key=bytes(32),
            )
        )
        for shop, account in ACCOUNTS.items():
            do(
                OrganisationAdded(
                    town=KAWASAKI,
                    organisation=shop,
                    name=NAMES[shop],
                    place="川崎区",
                    account=account,
                )
            )

    def close(self) -> None:
        self.core.database.close()

    # -- the shops

    def sale(self, shop: OrganisationId, points: int) -> int:
        """A shop takes points; says which window they are stamped with."""
        return self._move(ISSUER, payable(shop), points)

    def take_back(self, shop: OrganisationId, points: int, *, window: int) -> None:
        """A sale of a window is reversed: once that is closed, the shop owes the points."""
        from_shop = payable(shop) if window == self.open_window else receivable(shop)
        self._move(from_shop, ISSUER, points)

    def balance(self, account: str) -> int:
        with self.core.database.read() as tx:
            found = tx.scalar(
                "SELECT points FROM balance WHERE municipality=:town AND account=:account",
                town=KAWASAKI,
                account=account,
            )
        return int(found or 0)

    def everything(self) -> int:
        """The sum of all accounts."""
        with self.core.database.read() as tx:
            return int(tx.scalar("SELECT COALESCE(SUM(points), 0) FROM balance"))

    @property
    def open_window(self) -> int:
        with self.core.database.read() as tx:
            return open_number(tx, KAWASAKI)

    def entered(self) -> int:
        """How many records the town's chronicle has."""
        with self.core.database.read() as tx:
            return int(tx.scalar("SELECT COUNT(*) FROM chronicle"))

    def _move(self, debit: str, credit: str, points: int) -> int:
        self._sales += 1
        now = self.clock.now()
        with (
            self.core.database.write() as tx,
            posting(self.core, tx, KAWASAKI, now, ("batch", self._sales)) as books,
        ):
            source = Source("141305-B2108-1111", "1-0000000000000000", self._sales)
            books.move(debit, credit, points, source=source, at=now)
            return books.window

    # -- the people

    def person(self, *names: str) -> Do:
        """The desk as a person has it."""

        def do(body: AnyHubBody) -> None:
            with self.core.database.write() as tx:
                record = chronicle.enter(
                    tx, body, persons=names, at=self.clock.now(), incarnation=1
                )
                applier = town.APPLIERS.get(type(body))
                if applier is not None:
                    applier(self.core, tx, record)
                with hub_posting(self.core, tx, record) as books:
                    if type(body) in APPLIERS:
                        APPLIERS[type(body)](books, record)

        return do

    def closed(self) -> WindowName:
        """Aoki closes the open window."""
        return window_name(self.settlement.close(self.person("aoki"), KAWASAKI).window)

    def approved(self) -> WindowName:
        """Aoki closes and reviews the open window, Baba approves it."""
        name = self.closed()
        self.settlement.review(self.person("aoki"), name)
        self.settlement.approve(self.person("baba"), name)
        return name

    def released(self) -> tuple[WindowName, BankFile]:
        """A window brought as far as its bank file."""
        name = self.approved()
        return name, self.settlement.file(self.person("aoki"), name)

    def bank_says(self, name: WindowName, *outcomes: str) -> Window:
        """The bank's result, a word a line."""
        rows = [f"{line},{outcome},\r\n" for line, outcome in enumerate(outcomes, 1)]
        data = "".join(["line,outcome,reason\r\n", *rows]).encode()
        return self.settlement.result(self.person("aoki"), name, data)

    def sheet(self, name: WindowName) -> Sheet:
        with self.core.database.read() as tx:
            return show(tx, name)

    def set_calendar(self, **terms: object) -> None:
        self.person("aoki")(CalendarSet(town=KAWASAKI, calendar=msgspec.json.encode(terms)))

    def change_account(self, shop: OrganisationId, account: BankDetails) -> None:
        change = AccountChanged(town=KAWASAKI, organisation=shop, account=account)
        self.person("aoki", "baba")(change)


def payments(file: bytes) -> dict[str, int]:
    """Yen by account number, as the bank reads them."""
    if not file:
        return {}
    return {each.account_number: each.amount for each in read_file(file).transfers}
