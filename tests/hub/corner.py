"""A street corner for the hub's tests: two towns, their shops, residents with cards, pens."""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import structs

from hub.audit import audit
from hub.bodies import (
    AnyHubBody,
    BankDetails,
    EpochGranted,
    ExceptionDecided,
    Granted,
    MunicipalityAdded,
    NodeConfirmed,
    NodeEnrolled,
    NodeInvited,
    OrganisationAccepted,
    OrganisationAdded,
    ProgrammeAdded,
    ReserveFunded,
    WindowApproved,
    WindowClosed,
    WindowResult,
    WindowReviewed,
)
from hub.core import Core, Incarnation
from hub.desk import enact
from hub.feed import page
from hub.findings import Finding
from hub.handing_in import Judging, hand_in
from hub.identities import Identities
from hub.intake.verify import InlineVerifier
from hub.keys import KeyRing
from hub.mykey import schema as identity_schema
from hub.mykey.registry import MyKey
from hub.nightly import nightly
from hub.nodes import node_named
from hub.points.asking import Asked, Attempt, ask
from hub.points.queries import accounts_of
from hub.settlement.draft import draft, make
from hub.settlement.release import outcomes
from hub.settlement.windows import SHOPS, WindowName, open_number
from hub.store import schema
from hub.store.database import Database
from hub.voids import end_voids
from sync.certificate import CardKey, Roots
from sync.chain import digest
from sync.clock import month_of
from sync.holds import HoldRequest, Purpose, Wanted
from sync.policy import Policy
from sync.receipt import Answer, Custody, Receipt, Verdict
from sync.records import Basis, Ref
from sync.revocation import Kind, RevocationList
from sync.signing import SigningKey, open_signed, thumbprint
from sync.ticket import read_ticket
from sync.values import (
    DAY,
    AccountId,
    Digest,
    EpochId,
    KeyDigest,
    Millis,
    MunicipalityCode,
    MyKeyId,
    NodeId,
    OrganisationId,
    Points,
    epoch_number,
    home_of,
    organisation_of,
)
from sync.wire import read
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Card, Pen

KAWASAKI = MunicipalityCode("141305")
TOSHIMA = MunicipalityCode("131164")
GREENGROCER = OrganisationId("141305-B2108")
FISH_SHOP = OrganisationId("141305-B2109")
BOOKSHOP = OrganisationId("131164-C1001")
ORIGIN = "https://hub.test"
BANK = BankDetails("0001", "001", 1, "1234567", "ﾔｵﾔ")


ISSUER = b"demo"
"""Key identifier of the root that vouched for everybody's card."""


def serial_of(card: KeyDigest) -> int:
    """What lists call a card's certificate."""
    return int.from_bytes(card[:8], "big")


@dataclass(slots=True)
class Resident:
    """Somebody with a card and a MyKey ID."""

    card: Card
    name: MyKeyId


@dataclass(slots=True)
class Corner:
    """A hub in memory with everything around it."""

    clock: TurnedClock
    core: Core
    mykey: MyKey
    pens: dict[NodeId, Pen] = field(default_factory=dict)
    attempts: int = 0

    # -- people

    def resident(self, key: RSAPrivateKey | EllipticCurvePrivateKey) -> Resident:
        """Register a card."""
        card = Card(key)
        believed = CardKey(
            digest=card.digest,
            algorithm=card.algorithm,
            public_key=card.spki,
            issuer_key_id=ISSUER,
            serial=serial_of(card.digest),
            not_after=at("2036-01-01 00:00"),
        )
        made = self.mykey.register(believed, "", consent_points=True)
        return Resident(card, made.mykey_id)

    def account(self, who: Resident, town: MunicipalityCode = KAWASAKI) -> AccountId:
        """The resident's account in a town."""
        return self.mykey.account_for(who.name, town)

    def enact(self, body: AnyHubBody, *persons: str) -> None:
        """Do something as people who may."""
        with self.core.database.write() as tx:
            enact(self.core, tx, body, persons or ("Sato", "Suzuki"))

    def grant(
        self,
        who: Resident,
        points: int,
        *,
        programme: str = "101",
        town: MunicipalityCode = KAWASAKI,
    ) -> None:
        """Grant points of a programme."""
        self.enact(Granted(town, self.account(who, town), Points(points), programme, "cleaning"))

    def fund(self, points: int, town: MunicipalityCode = KAWASAKI) -> None:
        """Fund the reserve."""
        self.enact(ReserveFunded(town, Points(points), "festival"))

    def decide(self, incident: int, decision: str, town: MunicipalityCode = KAWASAKI) -> None:
        """Decide an exception."""
        self.enact(ExceptionDecided(town, incident, decision, "because"))

    # -- nodes

    def listed(self, number: int, *revoked: Resident, life: Millis = DAY) -> None:
        """An issuer's list comes: these residents' cards are revoked."""
        now = self.clock.now()
        self.mykey.revocations.take(
            RevocationList(
                issuer_key_id=ISSUER,
                number=number,
                this_update=now,
                next_update=Millis(now + life),
                digest=Digest(number.to_bytes(32, "big")),
                entries={serial_of(each.card.digest): Kind.REVOKED for each in revoked},
            )
        )

    def node(
        self,
        organisation: OrganisationId,
        terminal: str = "1111",
        *,
        place: str = "station front",
        kind: str = "shop",
    ) -> Pen:
        """Enrol and confirm a terminal, open its shift, give it the feed."""
        name = NodeId(f"{organisation}-{terminal}")
        key = SigningKey(SeededRandomness(name).bytes(32))
        epoch = EpochId(f"1-{thumbprint(key.public)}")
        home = home_of(name)
        self.enact(NodeInvited(home, name, kind, place, f"{home}-1", name.encode()))
        self.enact(NodeEnrolled(home, name, epoch, key.public), name)
        self.enact(NodeConfirmed(home, name))
        return self._begin(name, epoch, key)

    def _begin(self, name: NodeId, epoch: EpochId, key: SigningKey) -> Pen:
        pen = Pen(name, epoch, key, ORIGIN, self.core.keys.signing.public, self.clock.now())
        month = month_of(self.clock.now())
        pen.open(self.core.keys.begin_month(month), month)
        self.pens[name] = pen
        self.feed(pen)
        return pen

    def feed(self, pen: Pen, *, available: int = 0, receipted: int = 0) -> None:
        """Give a pen the feed; it believes in ``available`` points."""
        got = page(self.core, self.mykey, pen.node, str(self.core.incarnation), 0)
        pen.at = self.clock.now()
        pen.knows(Policy().digest, got.as_of, available)
        assert pen.basis is not None
        pen.basis = Basis(
            policy=pen.basis.policy,
            incarnation=pen.basis.incarnation,
            feed=pen.basis.feed,
            as_of=pen.basis.as_of,
            available=available,
            expiring=(),
            included=dict(got.as_of.includes).get(pen.epoch, 0),
            receipted=receipted,
            silent_since=pen.at,
        )

    def put(
        self, pen: Pen, body: bytes | None = None, *, first: int = 1, judged: bool = True
    ) -> Answer:
        """Hand in what a pen wrote; unless ``judged`` is false, nothing may be left waiting."""
        answer = hand_in(
            self.core,
            self.identities,
            InlineVerifier(),
            node=pen.node,
            epoch=pen.epoch,
            first=first,
            body=pen.batch(first) if body is None else body,
        )
        if judged and self.waiting():
            self.round()  # says what stopped the one behind the answer
        assert not judged or not self.waiting()
        return answer

    def round(self) -> int:
        """Judge what waits; says how many records."""
        return Judging(self.core, self.identities, InlineVerifier()).round()

    def next_life(self, pen: Pen) -> Pen:
        """A new epoch for a node, with its genesis and shift; the one before is closed."""
        number = epoch_number(pen.epoch) + 1
        key = SigningKey(SeededRandomness(f"{pen.node}/{number}").bytes(32))
        epoch = EpochId(f"{number}-{thumbprint(key.public)}")
        body = EpochGranted(home_of(pen.node), pen.node, epoch, key.public, "new disk")
        self.enact(body, pen.node)
        return self._begin(pen.node, epoch, key)

    def ask(self, pen: Pen, request: HoldRequest, n: int = 0) -> tuple[int, Asked]:
        """Make an attempt of one's own wording; ``n`` asks again."""
        self.attempts += 0 if n else 1
        attempt = Attempt(pen.node, pen.epoch, n or self.attempts)
        return attempt.n, ask(self.core, self.identities, attempt, request)

    def hold(
        self, pen: Pen, who: Resident, points: int, *, town: MunicipalityCode = KAWASAKI
    ) -> tuple[int, Asked]:
        """Ask first."""
        request = HoldRequest(
            municipality=town,
            purpose=Purpose.SPEND,
            points=Points(points),
            account=self.account(who, town),
            card=who.card.digest,
            ticket=b"",
            wanted=None,
            after=(),
        )
        return self.ask(pen, request)

    def hold_tickets(
        self,
        pen: Pen,
        who: Resident,
        each: int,
        count: int = 1,
        days: int = 3,
        *,
        start: str = "",
        programme: str = "101",
    ) -> tuple[int, Asked]:
        """Ask for tickets, from today on unless told otherwise."""
        request = HoldRequest(
            municipality=KAWASAKI,
            purpose=Purpose.ISSUE,
            points=Points(each * count),
            account=self.account(who),
            card=who.card.digest,
            ticket=b"",
            wanted=Wanted(programme, Points(each), count, start or self.today, days),
            after=(),
        )
        return self.ask(pen, request)

    def hold_ticket(
        self,
        pen: Pen,
        ticket: bytes,
        points: int,
        *,
        purpose: Purpose = Purpose.REDEEM,
        number: str = "",
    ) -> tuple[int, Asked]:
        """Claim a ticket before redeeming or clearing it; by its number where that is typed."""
        request = HoldRequest(
            municipality=KAWASAKI,
            purpose=purpose,
            points=Points(points),
            account=number,
            card=b"",
            ticket=ticket,
            wanted=None,
            after=(),
        )
        return self.ask(pen, request)

    def hold_refund(
        self,
        pen: Pen,
        seq: int,
        points: int,
        *,
        town: MunicipalityCode = KAWASAKI,
        of: Ref | None = None,
    ) -> tuple[int, Asked]:
        """Ask before points are given back for a record of a pen, or for another one."""
        request = HoldRequest(
            municipality=town,
            purpose=Purpose.REFUND,
            points=Points(points),
            account="",
            card=b"",
            ticket=b"",
            wanted=None,
            after=(),
            of=of or Ref(pen.epoch, seq, digest(pen.records[seq - 1])),
        )
        return self.ask(pen, request)

    def ticket(
        self, pen: Pen, who: Resident, points: int, days: int = 3, *, programme: str = "101"
    ) -> bytes:
        """A live paper ticket: held, issued, receipted."""
        n, asked = self.hold_tickets(pen, who, points, days=days, programme=programme)
        assert asked.granted, asked.reason
        pen.issue(
            who.card, self.account(who), asked.tickets, town=KAWASAKI, hold=n, programme=programme
        )
        verdict = self.verdicts(self.put(pen))[pen.seq]
        return verdict.tickets[0]

    def redeem(self, pen: Pen, ticket: bytes, *, hold: int = 0) -> int:
        """Take a paper ticket of Kawasaki now; the record's place."""
        pen.at = self.clock.now()
        public = self.core.keys.tickets(KAWASAKI).public
        return pen.redeem(ticket, public=public, town=KAWASAKI, hold=hold)

    def clear(self, pen: Pen, ticket: bytes, shop: OrganisationId, *, hold: int = 0) -> int:
        """Clear a stamped ticket of Kawasaki for a shop now; the record's place."""
        pen.at = self.clock.now()
        public = self.core.keys.tickets(KAWASAKI).public
        return pen.clear(ticket, shop, public=public, town=KAWASAKI, hold=hold)

    def void(self, pen: Pen, ticket: bytes, points: int) -> Verdict:
        """The paper is handed in at a counter that asks first; what became of that."""
        n, asked = self.hold_ticket(pen, ticket, points, purpose=Purpose.VOID)
        assert asked.granted, asked.reason
        public = self.core.keys.tickets(KAWASAKI).public
        pen.void(ticket, public=public, town=KAWASAKI, hold=n)
        return self.verdict(pen)

    def lose(self, pen: Pen, who: Resident, ticket: bytes) -> Verdict:
        """A resident comes without the paper, with card and PIN; what became of that."""
        public = self.core.keys.tickets(KAWASAKI).public
        read = read_ticket(ticket, {KAWASAKI: (public,)})
        account = self.account(who)
        pen.lose(who.card, account, read.number, read.points, town=KAWASAKI)
        return self.verdict(pen)

    def asks_again(self, pen: Pen) -> None:
        """A node asks for the feed from where it is: it has applied all that it was given."""
        after = 0
        while True:
            made = page(self.core, self.mykey, pen.node, str(self.core.incarnation), after)
            if made.number == after:
                break
            after = made.number
        end_voids(self.core, KAWASAKI)

    def verdict(self, pen: Pen, seq: int = 0) -> Verdict:
        """Hand everything in; what became of the last record, or of one."""
        return self.verdicts(self.put(pen))[seq or pen.seq]

    # -- looking

    @property
    def identities(self) -> Identities:
        """As the intake asks for them."""
        return self.mykey

    @property
    def today(self) -> str:
        """The date in Tokyo."""
        from sync.clock import day_of

        return day_of(self.clock.now())

    def verdicts(self, answer: Answer) -> dict[int, Verdict]:
        """The verdicts of an answer by seq; superseding ones win."""
        found = {}
        for signed in answer.receipts:
            body = open_signed(signed, "receipt", (self.core.keys.signing.public,))
            found.update({verdict.seq: verdict for verdict in read(body, Receipt).verdicts})
        return found

    def waiting(self) -> int:
        """Lines and handed-over records that are in custody but not judged."""
        with self.core.database.read() as tx:
            lines = tx.scalar("SELECT count(*) FROM cursor WHERE posted<received")
            return int(lines + tx.scalar("SELECT count(*) FROM handover"))

    def last_seen(self, pen: Pen) -> Millis:
        """When the hub last heard of a node."""
        with self.core.database.read() as tx:
            return node_named(tx, pen.node).last_seen

    def stored(self, table: str) -> int:
        """How many rows a table has."""
        with self.core.database.read() as tx:
            return int(tx.scalar(f"SELECT count(*) FROM {table}"))

    def balances(self, town: MunicipalityCode = KAWASAKI) -> dict[str, int]:
        """Every ledger account of a town that is not empty."""
        with self.core.database.read() as tx:
            return accounts_of(tx, town)

    def custody(self, answer: Answer) -> Custody:
        """How far an answer says that the hub keeps a line."""
        body = open_signed(answer.custody, "custody", (self.core.keys.signing.public,))
        return read(body, Custody)

    def balance(self, account: str, town: MunicipalityCode = KAWASAKI) -> int:
        """What a ledger account holds."""
        with self.core.database.read() as tx:
            found = tx.scalar(
                "SELECT points FROM balance WHERE municipality=:town AND account=:account",
                town=town,
                account=account,
            )
        return int(found or 0)

    def wallet(self, who: Resident, town: MunicipalityCode = KAWASAKI) -> int:
        """What a resident has at hand."""
        return self.balance(f"wallet:{self.account(who, town)}", town)

    def owed(self, pen: Pen, town: MunicipalityCode = KAWASAKI) -> int:
        """What a town owes a shop."""
        return self.balance(f"payable:{organisation_of(pen.node)}", town)

    def ticket_states(self) -> dict[str, int]:
        """How many of Kawasaki's tickets stand how."""
        with self.core.database.read() as tx:
            sql = "SELECT state, count(*) FROM ticket WHERE municipality=? GROUP BY state"
            return dict(tx.rows(sql, [KAWASAKI]))

    def incidents(self, town: MunicipalityCode = KAWASAKI) -> list[tuple[int, str, str, str]]:
        """(id, kind, reason, state) of what people should see."""
        with self.core.database.read() as tx:
            return [
                (number, kind, reason, state)
                for number, kind, reason, state in tx.rows(
                    "SELECT id, kind, reason, state FROM incident WHERE municipality=? ORDER BY id",
                    [town],
                )
            ]

    def night(self) -> None:
        """Sleep until the next morning."""
        self.clock.turn(days=1)
        nightly(self.core)

    # -- settlement

    def close_window(self) -> int:
        """Ms Sato closes the open window of Kawasaki; its number."""
        with self.core.database.read() as tx:
            number = open_number(tx, KAWASAKI)
        self.enact(WindowClosed(KAWASAKI, SHOPS), "Sato")
        return number

    def release_window(self, number: int) -> None:
        """Review, approve and release a window's bank file."""
        self.enact(WindowReviewed(KAWASAKI, SHOPS, number), "Sato")
        self.enact(WindowApproved(KAWASAKI, SHOPS, number), "Suzuki")
        name = WindowName(KAWASAKI, SHOPS, number)
        with self.core.database.read() as tx:
            released = make(draft(tx, name, now=self.clock.now(), pay_on=None))
        self.enact(released, "Sato")

    def settle(self) -> int:
        """Close a window, pay it and read the bank's word that all was paid; its number."""
        number = self.close_window()
        self.release_window(number)
        self.pay_window(number)
        return number

    def pay_window(self, number: int) -> None:
        """The bank says that all of a window was paid."""
        with self.core.database.read() as tx:
            lines = outcomes(tx, WindowName(KAWASAKI, SHOPS, number))
        said = tuple((line, "paid", "") for line, _, _ in lines)
        self.enact(WindowResult(KAWASAKI, SHOPS, number, said), "Sato")

    def audit(self) -> list[Finding]:
        """What does not add up."""
        return audit(self.core, self.identities, InlineVerifier())


def _databases(folder: Path | None) -> tuple[Database, Database]:
    if folder is None:
        return databases.ledger(), databases.identities()
    return (
        Database(
            f"sqlite:///{folder / 'hub.db'}", schema.metadata, version=schema.VERSION, new=True
        ),
        Database(
            f"sqlite:///{folder / 'mykey.db'}",
            identity_schema.metadata,
            version=identity_schema.VERSION,
            new=True,
        ),
    )


def corner(
    folder: Path | None = None, *, stored: tuple[Database, Database] | None = None
) -> Corner:
    """Two towns with a programme each, three shops, all accepted by both towns.

    Its databases are where the tests' are, in a folder, or those that are given.
    """
    clock = TurnedClock(at("2026-11-02 10:00"))
    randomness = SeededRandomness(1)
    database, who = stored or _databases(folder)
    core = Core(
        database=database,
        keys=KeyRing(None, randomness),
        clock=clock,
        randomness=randomness,
        origin=ORIGIN,
        incarnation=Incarnation(1, "00" * 8),
        demo=True,
    )
    mykey = MyKey(who, Roots({}), secret=core.keys.marks, clock=clock, randomness=randomness)
    made = Corner(clock, core, mykey)
    furnish(made)
    return made


def furnish(made: Corner) -> None:
    """Let two towns join with a programme each, and three shops that both accept."""
    for town, name, point in (
        (KAWASAKI, "川崎市", "かわさきポイント"),
        (TOSHIMA, "豊島区", "としまポイント"),
    ):
        public = made.core.keys.begin_town(town).public
        made.enact(MunicipalityAdded(town, name, point, "1234567890", BANK, public))
        made.enact(
            ProgrammeAdded(
                town,
                "101",
                "清掃",
                "環境局",
                0,
                "2027-02-28",
                "2027-03-16",
                "2027-03-31",
                "2027-04-30",
            )
        )
    for organisation, name, account in (
        (GREENGROCER, "八百屋", "1234567"),
        (FISH_SHOP, "魚屋", "1234568"),
        (BOOKSHOP, "本屋", "1234569"),
    ):
        bank = structs.replace(BANK, number=account)
        made.enact(OrganisationAdded(home_of(organisation), organisation, name, "駅前", bank))
        other = TOSHIMA if home_of(organisation) == KAWASAKI else KAWASAKI
        made.enact(OrganisationAccepted(other, organisation))
