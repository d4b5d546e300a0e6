"""The town as it was founded: hub, shops with their machines, residents with their cards."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random  # noqa: TID251  seeded: a simulation is replayed by its seed
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.bodies import (
    AnyHubBody,
    BankDetails,
    MunicipalityAdded,
    NodeConfirmed,
    OrganisationAccepted,
    OrganisationAdded,
    PolicySet,
    ProgrammeAdded,
    ReserveFunded,
    RevocationSourceSet,
)
from hub.core import Core, Incarnation
from hub.desk import enact
from hub.hub import Hub, compose
from hub.keys import KeyRing
from hub.mykey import schema as identity_schema
from hub.nodes import fresh_code, invite
from hub.store import schema
from hub.store.database import Database
from node.enrol import enrol
from sync.clock import day_of
from sync.democa import DemoCa
from sync.invitation import Invitation
from sync.request import Request, Response
from sync.values import (
    PLATFORM,
    AccountId,
    Digest,
    MunicipalityCode,
    MyKeyId,
    OrganisationId,
    Points,
    home_of,
)
from tests.doubles.clocks import SeededRandomness, TurnedClock
from tests.doubles.pen import Card
from tests.doubles.ports import HandClock
from tests.simulation.cards import SimCard
from tests.simulation.faults import CrashingDatabase, Dice, Road
from tests.simulation.keys import card_keys
from tests.simulation.machine import Machine
from tests.simulation.places import FLOATS, KAWASAKI, OFFICE, ORIGIN, SHOPS, START, TOWNS
from tests.simulation.profiles import FAULTS, Profile
from tests.simulation.witness import Witness

T = TypeVar("T")


@dataclass
class Resident:
    """Somebody with a card, and perhaps paper in the pocket."""

    name: str
    card: SimCard
    mykey: MyKeyId


class Town:
    """Everything there is, and what has happened so far."""

    def __init__(self, seed: int, profile: Profile) -> None:
        self.profile = profile
        self.random = Random(seed)  # noqa: S311  no secret comes from it
        self.dice = Dice(
            Random(seed + 1),  # noqa: S311  no secret comes from it
            {**FAULTS, **profile.worse},
        )
        self.dice.on = False
        self.trace: list[str] = []
        self.home = tempfile.TemporaryDirectory(dir=_memory(), prefix="machikado-sim-")
        self.clock = TurnedClock(START)
        self.hub_restarts = 0
        self._databases(seed)
        self.hub = self._compose()
        self.witness = Witness(self.database)
        self.machines: list[Machine] = []
        self.office: Machine | None = None
        """The ticket counter, where there is one."""
        self.happened: Counter[str] = Counter()
        """How often something was done that a counter did not refuse."""
        self.cards: dict[str, SimCard] = {}
        self.residents: list[Resident] = []
        self.papers: list[str] = []
        """QR texts of every ticket that came out of a printer."""
        self.qr_of: dict[str, str] = {}
        """The same by their numbers."""
        self.approved: list[tuple[str, str, int]] = []
        """Every sale that a screen called done: node, epoch, seq."""
        self.followed: dict[tuple[str, ...], tuple[int, Digest]] = {}
        """How far each line of records in custody was found to be a chain, and its digest there."""
        self.posted: dict[MunicipalityCode, int] = {}
        """Each town's last posting in which nobody was found to pay twice."""
        self.looked_at: dict[MunicipalityCode, int] = {}
        """Each town's last window whose lines were compared with its stamp."""
        self.granted: dict[MunicipalityCode, int] = dict.fromkeys(TOWNS, 0)
        self.bank: dict[OrganisationId, int] = dict.fromkeys((*SHOPS, OFFICE), 0)
        self.held: set[str] = set()
        """Whose certificates the issuer's last list had on hold."""
        self.lists = 0
        """How many lists the issuer has made."""
        self._found()
        self.dice.on = True

    # -- founding

    def _databases(self, seed: int) -> None:
        self.database = CrashingDatabase(
            "sqlite://",
            schema.metadata,
            version=schema.VERSION,
            dice=self.dice,
            down=self._hub_down,
        )
        self.identities = Database(
            "sqlite://", identity_schema.metadata, version=identity_schema.VERSION
        )
        self.randomness = SeededRandomness(seed)
        self.keys = KeyRing(None, self.randomness)
        self.ca = DemoCa.create(Path(self.home.name) / "ca", at=START, key=card_keys()[-1])
        self.journal_folder = Path(self.home.name) / "journal"

    def _compose(self) -> Hub:
        core = Core(
            database=self.database,
            keys=self.keys,
            clock=self.clock,
            randomness=self.randomness,
            origin=ORIGIN,
            incarnation=Incarnation(1, "ab" * 8),
            demo=True,
        )
        hub = compose(core, self.identities, self.ca.roots, self.journal_folder)
        judge = hub.judging.round
        hub.judging.round = lambda: 0 if self.dice.fall("hub-busy") else judge()  # type: ignore[method-assign]
        return hub

    def _hub_down(self) -> None:
        self.hub_restarts += 1
        self.hub = self._compose()

    def enact(self, body: AnyHubBody, *persons: str) -> None:
        """Something that people at the desk do."""
        core = self.hub.core
        with core.database.write() as tx:
            enact(core, tx, body, persons or ("Sato", "Suzuki"))

    def _found(self) -> None:
        bank = BankDetails("0001", "001", 1, "1234567", "ﾏﾁ")
        for town, name in zip(TOWNS, ("川崎市", "豊島区"), strict=True):
            key = self.keys.begin_town(town).public
            self.enact(MunicipalityAdded(town, name, f"{name}ポイント", "1234567890", bank, key))
            self.add_programmes(town, START_YEAR)
            self.enact(ReserveFunded(town, Points(9_000_000), "losses"))
            self.enact(PolicySet(town, FLOATS.encode()))
        if self.profile.closed:
            self.enact(RevocationSourceSet(PLATFORM, "dir:/srv/lists"))
        for place, organisation in enumerate(SHOPS):
            account = BankDetails("0001", "001", 1, f"{place + 1:07d}", f"ﾐｾ{place + 1}")
            self.enact(
                OrganisationAdded(home_of(organisation), organisation, f"店{place}", "", account)
            )
            for town in TOWNS:
                if town != home_of(organisation):
                    self.enact(OrganisationAccepted(town, organisation))
        for place, holder in enumerate(card_keys()[:-1]):
            self._resident(f"r{place}", holder)
        for organisation in SHOPS:
            self.open_booth(organisation)
        if self.profile.piles:
            account = BankDetails("0001", "001", 1, "7654321", "ﾏﾁﾔｸﾊﾞ")
            self.enact(OrganisationAdded(KAWASAKI, OFFICE, "町役場", "", account))
            self.office = self.open_booth(OFFICE, kind="counter")
        for machine in self.machines:
            machine.start().sync_now()

    def add_programmes(self, town: MunicipalityCode, year: int) -> None:
        """One whose points fall away at the year's end, and short ones."""
        for code, end in ((f"{year % 10}00", f"{year + 1}-03-31"), *short_programmes(year)):
            until = (date.fromisoformat(end) + _STAMPED).isoformat()
            self.enact(ProgrammeAdded(town, code, "清掃", "環境局", 0, end, end, end, until))

    def _resident(self, name: str, key: RSAPrivateKey) -> None:
        public = key.public_key()
        card = SimCard(Card(key), self.ca.issue(public, at=START))
        made = self.hub.mykey.register(
            self.hub.mykey.check(card.certificate), "", consent_points=True
        )
        self.cards[name] = card
        self.residents.append(Resident(name, card, made.mykey_id))

    def open_booth(self, organisation: OrganisationId, kind: str = "shop") -> Machine:
        core = self.hub.core
        code = fresh_code(self.randomness)
        with core.database.write() as tx:
            invited = invite(
                tx, organisation, kind=kind, place="駅前", zone="", again=None, code=code
            )
            enact(core, tx, invited, ("Sato",))
        name = invited.node
        folder = Path(self.home.name) / name
        machine = Machine(
            name=name,
            node=name,
            folder=folder,
            second=folder.with_name(name + ".second"),
            clock=HandClock(self.clock.now()),
            road=self.road(),
            dice=self.dice,
            cards=self.cards,
        )
        invitation = Invitation(hub=ORIGIN, key=self.keys.signing.public.hex(), code=code)
        new = enrol(
            folder, invitation, machine.ports, second_path=machine.second, door=machine.road
        )
        machine.adopt(new.counter)
        self.enact(NodeConfirmed(home_of(organisation), name))
        self.machines.append(machine)
        return machine

    # -- for everybody in it

    def road(self) -> Road:
        """A new line to the hub."""
        return Road(self.dice, lambda: _Front(self), long=self.profile.long_lines)

    def account(self, who: Resident, town: MunicipalityCode) -> AccountId:
        """A resident's account in a town."""
        return self.hub.mykey.account_for(who.mykey, town)

    def somebody(self) -> Resident:
        """Whoever comes along."""
        return self.random.choice(self.residents[: self.profile.residents])

    @property
    def today(self) -> str:
        """The date."""
        return day_of(self.clock.now())

    def note(self, text: str) -> None:
        """One line of the trace."""
        self.trace.append(f"{self.today} {text}")

    def pass_time(self, minutes: int) -> None:
        """Time passes for everybody."""
        self.clock.turn(minutes=minutes)
        for clock in {id(machine.clock): machine.clock for machine in self.machines}.values():
            clock.advance(minutes=minutes)

    def calm(self, what: Callable[[], T]) -> T:
        """Do something at the desk: people there try again until the hub answers."""
        on, self.dice.on = self.dice.on, False
        try:
            return what()
        finally:
            self.dice.on = on

    def close(self) -> None:
        """Let go of everything."""
        self.dice.on = False
        for machine in self.machines:
            if machine.counter is not None:
                machine.power_cut()
        self.database.close()
        self.identities.close()
        self.home.cleanup()


START_YEAR = 2025
_STAMPED = timedelta(days=2)
"""How long after a programme's end its stamped paper may still be cleared."""


def business_year(today: date) -> int:
    """Japan's runs from April to March."""
    return today.year if today.month >= 4 else today.year - 1


def short_programmes(year: int) -> list[tuple[str, str]]:
    """Programmes of a business year whose points fall away every six days: (code, last day)."""
    start = date(year, 4, 6)
    return [
        (f"{year % 10}{place:02d}", (start + timedelta(days=6 * (place - 1))).isoformat())
        for place in range(1, 60)
    ]


class _Front:
    """The hub as it stands now, another one after each crash, with somebody listening."""

    def __init__(self, town: Town) -> None:
        self._town = town

    def send(self, request: Request) -> Response:
        """Through the hub's own door."""
        response = self._town.hub.door.send(request)
        self._town.witness.hear(request, response)
        return response


def _memory() -> str | None:
    """Files in memory, where the system has them."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  it is the point
