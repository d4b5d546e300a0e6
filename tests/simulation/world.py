"""The town: hub, machines, residents, operators, and what happens to them."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251  seeded: a simulation is replayed by its seed
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.bodies import (
    AnyHubBody,
    BankDetails,
    ExceptionDecided,
    Granted,
    MunicipalityAdded,
    NodeConfirmed,
    OrganisationAccepted,
    OrganisationAdded,
    PolicySet,
    ProgrammeAdded,
    ReserveFunded,
)
from hub.core import Core, Incarnation, day_of
from hub.desk import enact
from hub.hub import Hub, compose
from hub.keys import KeyRing
from hub.mykey import schema as identity_schema
from hub.nodes import fresh_code, invite
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.settlement.windows import WindowName
from hub.store import schema
from hub.store.database import Database
from node.enrol import enrol
from node.outcome import Approved, Issued, Prepared, Refused
from sync.democa import DemoCa
from sync.errors import RefusedByRule
from sync.invitation import Invitation
from sync.policy import Policy
from sync.request import Request, Response
from sync.values import (
    AccountId,
    MunicipalityCode,
    MyKeyId,
    OrganisationId,
    Points,
    home_of,
)
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Card
from tests.doubles.ports import HandClock
from tests.simulation.cards import PIN, SimCard
from tests.simulation.faults import CrashingDatabase, Dice, Road
from tests.simulation.keys import RESIDENTS, card_keys
from tests.simulation.machine import Machine

KAWASAKI = MunicipalityCode("141305")
TOSHIMA = MunicipalityCode("131164")
TOWNS = (KAWASAKI, TOSHIMA)
SHOPS = (
    OrganisationId("141305-B2108"),
    OrganisationId("141305-B2109"),
    OrganisationId("131164-C1001"),
)
START = at("2026-04-01 09:00")
ORIGIN = "https://hub.test"

FLOATS = Policy(float_points=2_500, ticket_float=1_500)
"""Floats that a simulated week reaches."""
FAULTS = {
    "lose-request": 0.03,
    "delay": 0.5,
    "late": 0.2,
    "repeat": 0.03,
    "lose-answer": 0.04,
    "crash-before-send": 0.002,
    "crash-after-answer": 0.004,
    "crash-before-sign": 0.005,
    "crash-after-sign": 0.01,
    "crash-before-commit": 0.0015,
    "crash-after-commit": 0.0015,
    "hub-busy": 0.05,
    "hub-crash-before-commit": 0.002,
    "hub-crash-after-commit": 0.002,
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is common in a town, and what goes wrong more often than elsewhere."""

    acts: dict[str, float]
    worse: dict[str, float] = field(default_factory=dict)
    """Faults with other chances than :data:`FAULTS`."""
    residents: int = RESIDENTS
    grants: tuple[int, ...] = (100, 500, 1_000, 2_000)
    mended: float = 0.5
    """The chance that a line that is down comes back in the evening."""
    synced: float = 0.7
    """The chance that a node's schedule wakes up in the evening."""


_USUAL = {
    "spend": 12.0,
    "grant": 4,
    "redeem": 4,
    "issue": 2,
    "reverse": 2,
    "cut": 2,
    "drop": 1,
    "reboot": 1,
    "save": 0.3,
    "set_back": 0.15,
    "clone": 0.03,
}
PROFILES = {
    "usual": Profile(acts=_USUAL),
    "offline": Profile(
        acts={"spend": 14, "grant": 2, "reverse": 3, "cut": 3, "drop": 1},
        worse={"hub-busy": 0.85},
        residents=2,
        grants=(300, 1_000),
        mended=0.3,
        synced=0.6,
    ),
    "paper": Profile(
        acts={"issue": 5, "redeem": 16, "reverse": 6, "grant": 5, "cut": 5, "spend": 1},
        worse={"lose-answer": 0.1, "crash-after-answer": 0.03},
        residents=2,
        mended=0.3,
    ),
    "flaky": Profile(
        acts={"spend": 14, "grant": 4, "drop": 2, "reverse": 1},
        worse={"lose-request": 0.3, "delay": 1.0, "late": 0.15},
        residents=2,
    ),
    "expiry": Profile(
        acts={"spend": 12, "grant": 5, "cut": 3, "reverse": 1},
        residents=2,
        grants=(300, 500),
        mended=0.3,
    ),
    "copies": Profile(
        acts={"spend": 10, "grant": 4, "reverse": 1, "save": 2, "set_back": 1, "clone": 0.5},
        residents=2,
    ),
}


@dataclass
class Resident:
    """Somebody with a card, and perhaps paper in the pocket."""

    name: str
    card: SimCard
    mykey: MyKeyId


class World:
    """Everything, from one seed."""

    def __init__(self, seed: int, profile: str = "") -> None:
        """A seed lives in the profile that it names, unless told otherwise."""
        self.seed = seed
        self.profile = PROFILES[profile or list(PROFILES)[seed % len(PROFILES)]]
        self.random = Random(seed)  # noqa: S311  no secret comes from it
        self.dice = Dice(
            Random(seed + 1),  # noqa: S311  no secret comes from it
            {**FAULTS, **self.profile.worse},
        )
        self.dice.on = False
        self.trace: list[str] = []
        self.days = 0
        self.home = tempfile.TemporaryDirectory(dir=_memory(), prefix="machikado-sim-")
        self.clock = TurnedClock(START)
        self.hub_restarts = 0
        self._databases()
        self.hub = self._compose()
        self.machines: list[Machine] = []
        self.cards: dict[str, SimCard] = {}
        self.residents: list[Resident] = []
        self.papers: list[str] = []
        """QR texts of every ticket that came out of a printer."""
        self.approved: list[tuple[str, str, int]] = []
        """Every sale that a screen called done: node, epoch, seq."""
        self.granted: dict[MunicipalityCode, int] = dict.fromkeys(TOWNS, 0)
        self.bank: dict[OrganisationId, int] = dict.fromkeys(SHOPS, 0)
        self._found_town()
        self.dice.on = True

    # -- founding

    def _databases(self) -> None:
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
        self.randomness = SeededRandomness(self.seed)
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

    def _found_town(self) -> None:
        bank = BankDetails("0001", "001", 1, "1234567", "ﾏﾁ")
        for town, name in zip(TOWNS, ("川崎市", "豊島区"), strict=True):
            key = self.keys.begin_town(town).public
            self.enact(MunicipalityAdded(town, name, f"{name}ポイント", "1234567890", bank, key))
            self._programmes(town, 2026)
            self.enact(ReserveFunded(town, Points(9_000_000), "losses"))
            self.enact(PolicySet(town, FLOATS.encode()))
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
            self._machine(organisation)
        for machine in self.machines:
            machine.start().sync_now()

    def _programmes(self, town: MunicipalityCode, year: int) -> None:
        """One whose points fall away at the year's end, and short ones."""
        for code, end in ((f"{year % 10}00", f"{year + 1}-03-31"), *_short(year)):
            self.enact(ProgrammeAdded(town, code, "清掃", "環境局", 0, end, end, end, end))

    def _resident(self, name: str, key: RSAPrivateKey) -> None:
        public = key.public_key()
        card = SimCard(Card(key), self.ca.issue(public, at=START))
        made = self.hub.mykey.register(
            self.hub.mykey.check(card.certificate), "", consent_points=True
        )
        self.cards[name] = card
        self.residents.append(Resident(name, card, made.mykey_id))

    def _machine(self, organisation: OrganisationId) -> None:
        core = self.hub.core
        code = fresh_code(self.randomness)
        with core.database.write() as tx:
            invited = invite(
                tx, organisation, kind="shop", place="駅前", zone="", again=None, code=code
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
            road=self._road(),
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

    def _road(self) -> Road:
        return Road(self.dice, lambda: _Front(self))

    # -- asking

    def account(self, who: Resident, town: MunicipalityCode) -> AccountId:
        """A resident's account in a town."""
        return self.hub.mykey.account_for(who.mykey, town)

    def note(self, text: str) -> None:
        """One line of the trace."""
        self.trace.append(f"{day_of(self.clock.now())} {text}")

    # -- what happens

    def pass_time(self, minutes: int) -> None:
        """Time passes for everybody."""
        self.clock.turn(minutes=minutes)
        for clock in {id(machine.clock): machine.clock for machine in self.machines}.values():
            clock.advance(minutes=minutes)

    def calm(self, what: Callable[[], Any]) -> Any:
        """Do something at the desk: people there try again until the hub answers."""
        on, self.dice.on = self.dice.on, False
        try:
            return what()
        finally:
            self.dice.on = on

    def grant(self) -> None:
        """A resident cleaned the river."""
        who = self.random.choice(self.residents[: self.profile.residents])
        town = self.random.choices(TOWNS, (3, 1))[0]
        points = self.random.choice(self.profile.grants)
        programme = self._programme()
        if programme:
            body = Granted(town, self.account(who, town), Points(points), programme, "cleaning")
            self.calm(lambda: self.enact(body))
            self.granted[town] += points
            self.note(f"grant {who.name} {town} {points}")

    def _programme(self) -> str:
        """A programme that gives today; the year's, or the short one that ends next."""
        today = day_of(self.clock.now())
        year = _business_year(date.fromisoformat(today))
        soon = [code for code, end in _short(year) if end >= today]
        if soon and self.random.random() < 0.5:
            return soon[0]
        return f"{year % 10}00"

    def new_year(self) -> None:
        """April: the next year's programmes."""
        today = date.fromisoformat(day_of(self.clock.now()))
        if (today.month, today.day) == (4, 1) and self.days:
            for town in TOWNS:
                self.calm(partial(self._programmes, town, today.year))

    def spend(self, machine: Machine) -> None:
        """Somebody pays."""
        who = self.random.choice(self.residents[: self.profile.residents])
        town = self.random.choices(TOWNS, (3, 1))[0]
        points = self.random.choice((100, 300, 500, 700, 1_000))
        with machine.running() as counter:
            done = counter.spend(who.name, town, Points(points), bytearray(PIN))
            self._note_outcome(machine, f"spend {who.name} {town} {points}", done)

    def drop(self, machine: Machine) -> None:
        """Somebody changes their mind before the PIN."""
        who = self.random.choice(self.residents[: self.profile.residents])
        with machine.running() as counter:
            prepared = counter.prepare(who.name, KAWASAKI, Points(300))
            if isinstance(prepared, Prepared):
                counter.drop(prepared)
                self.note(f"{machine.name} drop {who.name}")

    def reverse(self, machine: Machine) -> None:
        """A wrong amount."""
        with machine.running() as counter:
            rows = [row for row in counter.history(5) if row.kind in {"spend", "ticket.redeemed"}]
            if rows:
                seq = self.random.choice(rows).seq
                self._note_outcome(machine, f"reverse {seq}", counter.reverse(seq))

    def issue(self, machine: Machine) -> None:
        """Somebody takes points home on paper."""
        who = self.random.choice(self.residents[: self.profile.residents])
        points = self.random.choice((300, 500, 1_000))
        today = date.fromisoformat(day_of(self.clock.now()))
        year = _business_year(today)
        with machine.running() as counter:
            done = counter.issue_tickets(
                who.name,
                KAWASAKI,
                Points(points),
                days=3,
                count=1,
                programme=f"{year % 10}00",
                pin=bytearray(PIN),
            )
            how = done.reason if isinstance(done, Refused) else "issued"
            self.note(f"{machine.name} issue {who.name} {points}: {how}")
            if isinstance(done, Issued):
                self.papers.extend(paper.qr for paper in done.papers if paper.qr)

    def redeem(self, machine: Machine) -> None:
        """Somebody hands over paper, or a photocopy of it."""
        if not self.papers:
            return
        qr = self.random.choice(self.papers[-6:])
        with machine.running() as counter:
            self._note_outcome(machine, "redeem", counter.redeem(qr))

    def sync(self, machine: Machine) -> None:
        """The node's schedule wakes up."""
        with machine.running() as counter:
            if counter.probe():
                done = counter.sync_now()
                self.note(f"{machine.name} sync sent={done.sent} receipts={done.receipts}")

    def shift(self, machine: Machine) -> None:
        """The day ends."""
        with machine.running() as counter:
            counter.close_shift()

    def cut(self, machine: Machine) -> None:
        """The line goes down, or comes back."""
        machine.road.up = not machine.road.up
        self.note(f"{machine.name} line {'up' if machine.road.up else 'down'}")

    def save(self, machine: Machine) -> None:
        """Somebody makes an image."""
        machine.save()

    def set_back(self, machine: Machine) -> None:
        """Somebody puts an old image back."""
        if machine.backup is not None:
            machine.set_back()
            self.note(f"{machine.name} set back")

    def clone(self, machine: Machine) -> None:
        """Somebody copies the whole PC."""
        if len(self.machines) < len(SHOPS) + 2:
            twin = machine.copy(f"{machine.name}.twin{len(self.machines)}", self._road())
            self.machines.append(twin)
            self.note(f"{machine.name} cloned")

    def reboot(self, machine: Machine) -> None:
        """The PC is switched off and on."""
        machine.stop()
        machine.clock.restart()

    def decide(self) -> None:
        """People look at the list of exceptions."""
        for town in TOWNS:
            self.calm(partial(self._decide, town))

    def _decide(self, town: MunicipalityCode) -> None:
        with self.hub.core.database.read() as tx:
            rows = tx.rows(
                "SELECT id, kind, reason FROM incident WHERE municipality=? AND state='open'",
                [town],
            )
        for number, kind, reason in rows:
            decision = {
                "overspend": self.random.choice(("write-off", "noted")),
                "second-redemption": self.random.choice(("recover", "noted")),
                "no-proof-of-its-own": self.random.choice(("apply", "refuse")),
                "beyond-float": "pay",
            }.get(reason, "noted")
            try:
                self.enact(ExceptionDecided(town, number, decision, "seen"))
            except RefusedByRule as error:
                self.note(f"decide {reason} {decision}: {error.reason}")
            else:
                self.note(f"decide {kind} {reason} {decision}")

    def settle(self) -> None:
        """A window is closed, reviewed, approved, released, and the bank answers."""
        for town in TOWNS:
            self.calm(partial(self._settle, town))

    def _settle(self, town: MunicipalityCode) -> None:
        core = self.hub.core
        desk = Settlement(core, Journal(self.journal_folder, core.keys.signing))
        closed = desk.close(lambda body: self.enact(body, "Sato"), town)
        name = WindowName(town, "shops", int(closed.window.rsplit("-", 1)[1]))
        try:
            desk.review(lambda body: self.enact(body, "Tanaka"), name)
            desk.approve(lambda body: self.enact(body, "Suzuki"), name)
            made = desk.file(lambda body: self.enact(body, "Sato"), name)
        except RefusedByRule as error:
            self.note(f"settle {name}: {error.reason}")
            return
        with core.database.read() as tx:
            lines = tx.rows(
                "SELECT line, organisation, paid FROM settlement_line WHERE municipality=?"
                " AND \"window\"=? AND paid>0 AND outcome='' ORDER BY line",
                [town, name.number],
            )
        if not lines:
            return
        answers = []
        for line, organisation, paid in lines:
            ok = self.random.random() < 0.9
            answers.append(f"{line},{'paid,' if ok else 'returned,account closed'}")
            if ok:
                self.bank[OrganisationId(organisation)] += paid
        data = "line,outcome,reason\r\n" + "\r\n".join(answers) + "\r\n"
        desk.result(lambda body: self.enact(body, "Sato"), name, data.encode())
        self.note(f"settle {name} count={made.count} total={made.total}")

    def _note_outcome(self, machine: Machine, what: str, done: object) -> None:
        if isinstance(done, Approved):
            self.approved.append((done.node, done.epoch, done.seq))
            self.note(f"{machine.name} {what}: approved {done.tier} seq={done.seq}")
        elif isinstance(done, Refused):
            self.note(f"{machine.name} {what}: {done.reason}")

    # -- a day

    def day(self) -> None:
        """One day of the town."""
        self.new_year()
        for _ in range(6):
            self.pass_time(self.random.randrange(10, 100))
            self._something()
        for machine in self.machines:
            if not machine.road.up and self.random.random() < self.profile.mended:
                self.cut(machine)
            if self.random.random() < self.profile.synced:
                self.sync(machine)
        if self.random.random() < 0.3:
            self.shift(self.random.choice(self.machines))
        if self.days % 7 == 6:
            self.decide()
        if self.days % 10 == 9:
            self.settle()
        self.days += 1
        tomorrow = at(f"{day_of(self.clock.now())} 00:00") + 86_400_000 + 9 * 3_600_000
        self.pass_time(max(1, (tomorrow - self.clock.now()) // 60_000))

    def _something(self) -> None:
        acts = self.profile.acts
        name = self.random.choices(list(acts), list(acts.values()))[0]
        if name == "grant":
            self.grant()
            return
        getattr(self, name)(self.random.choice(self.machines))

    # -- the end

    def heal(self) -> None:
        """Every line up, every machine running; hand in and take in until nothing moves."""
        self.dice.on = False
        for machine in self.machines:
            machine.road.up = True
            machine.road.forget()
        for _ in range(4):
            for machine in self.machines:
                counter = machine.start()
                counter.probe()
                counter.sync_now()
        self.decide()
        for machine in self.machines:
            machine.start().sync_now()

    def close(self) -> None:
        """Let go of everything."""
        self.dice.on = False
        for machine in self.machines:
            if machine.counter is not None:
                machine.power_cut()
        self.database.close()
        self.identities.close()
        self.home.cleanup()


def _business_year(today: date) -> int:
    """Japan's runs from April to March."""
    return today.year if today.month >= 4 else today.year - 1


def _short(year: int) -> list[tuple[str, str]]:
    """Programmes of a business year whose points fall away every six days: (code, last day)."""
    start = date(year, 4, 6)
    return [
        (f"{year % 10}{place:02d}", (start + timedelta(days=6 * (place - 1))).isoformat())
        for place in range(1, 60)
    ]


class _Front:
    """The hub as it stands now: another one after each crash."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, request: Request) -> Response:
        """Through the hub's own door."""
        return self._world.hub.door.send(request)


def _memory() -> str | None:
    """Files in memory, where the system has them."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  it is the point
