"""One hub in its folder: what it is made of, how it is made, and how it is opened."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hub import people
from hub.access import Access
from hub.bodies import OperatorAdded
from hub.cardholders import CardHolders
from hub.carried import Carried
from hub.core import Core, current_incarnation, first_incarnation
from hub.counters import Counters
from hub.desk import Desk, Rules, enact
from hub.door import HubDoor
from hub.folder import (
    IDENTITIES,
    JOURNAL,
    KEYS,
    LEDGER,
    Config,
    check_databases,
    copy_files,
    databases_of,
    lock,
    read_config,
    read_roots,
    refuse_used,
    write_config,
    write_secret,
)
from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier, PoolVerifier, Verifier
from hub.keys import KeyRing
from hub.metrics import Figures
from hub.mykey import schema as identity_schema
from hub.mykey.registry import MyKey
from hub.mykey.services import Services
from hub.nightly import Nights
from hub.numbers import Numbers
from hub.office import Office
from hub.once import Once
from hub.people import Operator, Role
from hub.readiness import Looking
from hub.residents import Residents
from hub.revoking import Revoking
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.signin import Proofs
from hub.store import schema
from hub.store.database import Database, Towns
from hub.store.files import examine
from hub.store.postgres import is_on_server
from hub.throttle import Throttle
from hub.town import towns
from hub.treasury import Treasury
from sync.certificate import Roots
from sync.clock import month_of
from sync.democa import DemoCa
from sync.errors import Damaged, RefusedByRule
from sync.http import check_origin
from sync.ports import Clock, FileClock, Randomness, SystemClock, SystemRandomness
from sync.values import PLATFORM

DEMO_CLOCK = "MACHIKADO_DEMO_CLOCK"
"""Names a file with the time; only a demo hub looks at it."""
FIRST_TWO = ("operator-1", "operator-2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What ``init`` left behind."""

    origin: str
    token_files: tuple[Path | None, ...]
    """The first two operators' token files; None for one who joins by invitation."""
    invitation_file: Path | None
    demo_ca: Path | None


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub, open: its parts are used directly."""

    core: Core
    mykey: MyKey
    desk: Desk
    door: HubDoor
    office: Office
    once: Once
    access: Access
    residents: Residents
    numbers: Numbers
    revoking: Revoking
    treasury: Treasury
    judging: Judging
    nights: Nights
    carried: Carried
    journal: Journal
    figures: Figures
    looking: Looking
    release: Callable[[], None]

    def round(self) -> None:
        """What the hub does by itself, again and again: end days, judge what waits."""
        self.nights.before()
        self.judging.round()
        self.looking.went_round()

    def close(self) -> None:
        """Let go of verifiers, databases and folder."""
        self.judging.close()
        self.core.database.close()
        self.mykey.close()
        self.release()


def compose(
    core: Core,
    identities: Database,
    roots: Roots,
    journal: Path,
    *,
    verifier: Verifier | None = None,
    rules: Rules | None = None,
    proofs: Proofs | None = None,
    release: Callable[[], None] = lambda: None,
) -> Hub:
    """Put a hub together from its databases and ports; ``journal`` is a folder beside them."""
    mykey = MyKey(
        identities,
        roots,
        secret=core.keys.marks,
        clock=core.clock,
        randomness=core.randomness,
    )
    desk = Desk(core, rules)
    verifier = verifier or InlineVerifier()
    judging = Judging(core, mykey, verifier)
    services = Services(identities, core.clock)
    shown = Throttle(core.clock)
    counters = Counters(core, mykey, judging, shown)
    holders = CardHolders(core, mykey, services, shown)
    nights = Nights(core, judging.stopped.guarding)
    kept = Journal(journal, core.keys.signing)
    access = Access(core, proofs or Proofs(core.keys, core.randomness))
    return Hub(
        core=core,
        mykey=mykey,
        desk=desk,
        door=HubDoor(core, counters, holders, nights.before),
        once=Once(core),
        office=Office(core, mykey, desk, access),
        access=access,
        residents=Residents(core, mykey),
        numbers=Numbers(core, services),
        revoking=Revoking(core, mykey, desk),
        treasury=Treasury(core, mykey, desk, Settlement(core, kept)),
        judging=judging,
        nights=nights,
        carried=Carried(core, desk, judging),
        journal=kept,
        figures=Figures(core, lambda: verifier.restarts),
        looking=Looking(core, journal.parent),
        release=release,
    )


def init_hub(
    folder: Path,
    *,
    origin: str,
    demo: bool,
    database: str = "",
    identities: str = "",
    clock: Clock | None = None,
    randomness: Randomness | None = None,
) -> Made:
    """Make a hub in a new or empty folder: keys, schema, the first two people.

    Raises RefusedByRule when there is one already, Malformed for an origin that no node would ask
    or a database that cannot be; then nothing was made.
    """
    refuse_used(folder)
    check_origin(origin)
    check_databases(database, identities)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = Config(origin=origin, demo=demo, database=database, identities=identities)
    clock = clock or _clock(config)
    randomness = randomness or SystemRandomness()
    (folder / "roots").mkdir(exist_ok=True)
    if demo:
        DemoCa.create(folder / "ca", at=clock.now())
    with closing(_open(folder, config, clock, randomness, new=True)) as hub:
        made = _first_people(hub, folder, demo=demo)
    write_config(folder, config)
    return made


def open_hub(
    folder: Path,
    clock: Clock | None = None,
    *,
    randomness: Randomness | None = None,
    verifiers: int = 0,
    tls_pin: bytes = b"",
    serves: Towns = None,
) -> Hub:
    """Open the hub of a folder; ``verifiers`` processes check signatures, 0: this one.

    ``tls_pin`` (:func:`sync.http.pin_of_file`) goes into the invitations that it writes.
    ``serves``: its towns, the platform as one of them, beside hubs of other towns; None: all.
    Raises Damaged when there is none or a file of it is gone or damaged, InUse when another program
    has it or one of its towns, Malformed for towns of a ledger in a file; then nothing was made
    or changed.
    """
    config = read_config(folder)
    with ExitStack() as undone:
        hub = _open(
            folder,
            config,
            clock or _clock(config),
            randomness or SystemRandomness(),
            verifiers=verifiers,
            tls_pin=tls_pin,
            serves=serves,
        )
        undone.callback(hub.close)
        hub.journal.left()  # miss a line now, and not at the month's end
        undone.pop_all()
    return hub


@contextmanager
def copy_of(folder: Path) -> Iterator[Hub]:
    """A hub as it is at this moment, as a copy to look at; whoever has the folder is not disturbed.

    What lies on a database server is read there, and nothing can be changed. Raises Damaged as
    :func:`open_hub` does; RefusedByRule for a ledger in a file elsewhere.
    """
    config = read_config(folder)
    if config.database and not is_on_server(config.database):
        raise RefusedByRule("not-a-file", "stop the hub and look at a copy of its ledger")
    with TemporaryDirectory(prefix="machikado-") as name:
        copy = Path(name)
        try:
            copy_files(folder, copy)
            with closing(
                _open(copy, config, _clock(config), SystemRandomness(), looks=True)
            ) as hub:
                yield hub
        except Damaged as error:  # say it of the file that is damaged, not of its copy
            raise Damaged(str(error).replace(str(copy), str(folder))) from None


def _open(
    folder: Path,
    config: Config,
    clock: Clock,
    randomness: Randomness,
    *,
    new: bool = False,
    looks: bool = False,
    verifiers: int = 0,
    tls_pin: bytes = b"",
    serves: Towns = None,
) -> Hub:
    with ExitStack() as undone:
        release = lock(folder, shared=serves is not None)
        undone.callback(release)
        database, identities = _databases(folder, config, new=new, looks=looks, serves=serves)
        undone.callback(database.close)
        undone.callback(identities.close)
        keys = KeyRing(folder / KEYS, randomness)
        if new:
            keys.begin_hub()
        else:
            _check_keys(keys, database, month_of(clock.now()))
        core = Core(
            database=database,
            keys=keys,
            clock=clock,
            randomness=randomness,
            origin=config.origin,
            incarnation=(
                first_incarnation(database, randomness) if new else current_incarnation(database)
            ),
            demo=config.demo,
            tls_pin=tls_pin,
            towns=serves,
        )
        hub = compose(
            core,
            identities,
            read_roots(folder, demo=config.demo),
            folder / JOURNAL,
            verifier=PoolVerifier(verifiers) if verifiers else None,
            release=release,
        )
        undone.pop_all()
    return hub


def _databases(
    folder: Path, config: Config, *, new: bool, looks: bool, serves: Towns
) -> tuple[Database, Database]:
    """Ledger and identities, read through before anything else looks at them."""
    if not new and not is_on_server(config.database):
        for name in (IDENTITIES,) if config.database else (LEDGER, IDENTITIES):
            examine(folder / name)
    ledger, persons = databases_of(folder, config, looks=looks, serves=serves)
    database = Database(ledger, schema.metadata, version=schema.VERSION, new=new)
    try:
        identities = Database(
            persons, identity_schema.metadata, version=identity_schema.VERSION, new=new
        )
    except BaseException:
        database.close()
        raise
    return database, identities


def _check_keys(keys: KeyRing, database: Database, month: str) -> None:
    """Miss a key now, and not when somebody's points depend on it; raises Damaged.

    Sealing keys of months that are over may have been shredded.
    """
    with database.read() as tx:
        told = tx.rows(
            "SELECT f.scope, f.kind, f.item FROM (SELECT DISTINCT municipality, zone FROM node) n"
            " JOIN feed f ON f.municipality=n.municipality AND f.scope=n.zone"
            " AND f.kind IN ('sealing-key', 'zone-key') AND f.item>=?",
            [month],
        )
        keys.check(
            towns=[town.municipality for town in towns(tx)],
            months={item for _, kind, item in told if kind == "sealing-key"},
            zones={(zone, item) for zone, kind, item in told if kind == "zone-key"},
        )


def _clock(config: Config) -> Clock:
    path = os.environ.get(DEMO_CLOCK)
    return FileClock(Path(path)) if config.demo and path else SystemClock()


def _first_people(hub: Hub, folder: Path, *, demo: bool) -> Made:
    """Two people run a hub. In a demo both have their tokens at once."""
    files: list[Path | None] = []
    invitation = None
    for place, name in enumerate(FIRST_TWO):
        code = people.fresh_token(hub.core.randomness)
        operator = Operator(name=name, role=Role.PLATFORM, municipality=PLATFORM, state="")
        added = OperatorAdded(PLATFORM, name, Role.PLATFORM, "", people.digest_of(code))
        with hub.core.database.write() as tx:
            enact(hub.core, tx, added, (people.HUB,))
        if place and not demo:
            invitation = folder / f"{name}.invitation"
            write_secret(invitation, code)
            files.append(None)
            continue
        token = people.fresh_token(hub.core.randomness)
        joined = people.joining(operator, people.digest_of(token))
        with hub.core.database.write() as tx:
            enact(hub.core, tx, joined, (name,))
        path = folder / f"{name}.token"
        write_secret(path, token)
        files.append(path)
    return Made(
        origin=hub.core.origin,
        token_files=tuple(files),
        invitation_file=invitation,
        demo_ca=folder / "ca" if demo else None,
    )
