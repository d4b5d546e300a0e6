"""One hub in its folder: what it is made of, how it is made, and how it is opened.

DIR/hub.json     origin, whether it is a demo, where the database is
DIR/hub.db       points, intake, settlement, chronicle
DIR/mykey.db     identities, apart from everything else
DIR/keys/        private keys, one a file
DIR/roots/       certificate roots that are believed (DER), put there by hand
DIR/ca/          a demo's own certificate authority
DIR/lock         who has the folder
"""

import fcntl
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from hub import people
from hub.bodies import OperatorAdded
from hub.core import Core, current_incarnation, day_of
from hub.counters import Counters
from hub.desk import Desk, Rules, enact
from hub.door import HubDoor
from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier, PoolVerifier, Verifier
from hub.keys import KeyRing
from hub.mykey import schema as identity_schema
from hub.mykey.registry import MyKey
from hub.nightly import nightly
from hub.office import Office
from hub.people import Operator, Role
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.store import schema
from hub.store.database import Database
from hub.treasury import Treasury
from sync.certificate import Roots
from sync.democa import ROOT_FILE, DemoCa
from sync.errors import Damaged, InUse, RefusedByRule
from sync.http import check_origin
from sync.ports import Clock, FileClock, Randomness, SystemClock, SystemRandomness
from sync.values import PLATFORM

CONFIG = "hub.json"
DEMO_CLOCK = "MACHIKADO_DEMO_CLOCK"
"""Names a file with the time; only a demo hub looks at it."""
FIRST_TWO = ("operator-1", "operator-2")


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a hub is, for as long as it lives."""

    origin: str
    """Where nodes reach it, ``https://hub.example:8443``; every signature names it."""
    demo: bool
    database: str = ""
    """Another database than ``hub.db``, as a URL."""


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
    counters: Counters
    door: HubDoor
    office: Office
    treasury: Treasury
    judging: Judging
    release: Callable[[], None]

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
    release: Callable[[], None] = lambda: None,
) -> Hub:
    """Put a hub together from its databases and ports; ``journal`` is a folder beside them."""
    mykey = MyKey(identities, roots, clock=core.clock, randomness=core.randomness)
    desk = Desk(core, rules)
    judging = Judging(core, mykey, verifier or InlineVerifier())
    counters = Counters(core, mykey, judging)
    settlement = Settlement(core, Journal(journal, core.keys.signing))
    return Hub(
        core=core,
        mykey=mykey,
        desk=desk,
        counters=counters,
        door=HubDoor(core, counters, Nights(core).before),
        office=Office(core, desk),
        treasury=Treasury(core, mykey, desk, settlement),
        judging=judging,
        release=release,
    )


class Nights:
    """Runs the nightly job ahead of the first call of a new day (Asia/Tokyo)."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._day = ""
        self._lock = threading.Lock()

    def before(self) -> None:
        """End the days that are over; who comes meanwhile waits for that."""
        today = day_of(self._core.clock.now())
        with self._lock:
            if today != self._day:
                nightly(self._core)
                self._day = today


def init_hub(
    folder: Path,
    *,
    origin: str,
    demo: bool,
    database: str = "",
    clock: Clock | None = None,
    randomness: Randomness | None = None,
) -> Made:
    """Make a hub in a new or empty folder: keys, schema, the first two people.

    Raises RefusedByRule when there is one already, Malformed for an origin that no node would ask.
    """
    if (folder / CONFIG).exists():
        raise RefusedByRule("hub-exists", f"{folder} already holds a hub")
    check_origin(origin)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = Config(origin=origin, demo=demo, database=database)
    clock = clock or _clock(config)
    randomness = randomness or SystemRandomness()
    (folder / "roots").mkdir(exist_ok=True)
    if demo:
        DemoCa.create(folder / "ca", at=clock.now())
    with _opened(folder, config, clock, randomness, None) as hub:
        made = _first_people(hub, folder, demo=demo)
    (folder / CONFIG).write_bytes(msgspec.json.format(msgspec.json.encode(config)))
    return made


def open_hub(
    folder: Path,
    clock: Clock | None = None,
    *,
    randomness: Randomness | None = None,
    verifiers: int = 0,
    tls_pin: bytes = b"",
) -> Hub:
    """Open the hub of a folder; ``verifiers`` processes check signatures, 0: this one.

    ``tls_pin`` (:func:`sync.http.pin_of_file`) goes into the invitations that it writes. Raises
    Damaged when there is none, InUse when another program has it.
    """
    config = _config(folder)
    verifier = PoolVerifier(verifiers) if verifiers else None
    return _open(
        folder,
        config,
        clock or _clock(config),
        randomness or SystemRandomness(),
        verifier,
        tls_pin=tls_pin,
    )


@contextmanager
def copy_of(folder: Path) -> Iterator[Hub]:
    """A hub as it is at this moment, as a copy to look at; whoever has the folder is not disturbed.

    Raises Damaged when there is none; RefusedByRule for a database that is no file here.
    """
    config = _config(folder)
    if config.database:
        raise RefusedByRule("not-a-file", "a hub on a database server is looked at there")
    with TemporaryDirectory(prefix="machikado-") as name:
        copy = Path(name)
        for file in ("hub.db", "mykey.db"):
            _copy_database(folder / file, copy / file)
        for part in ("keys", "roots", "ca"):
            if (folder / part).is_dir():
                shutil.copytree(folder / part, copy / part)
        with _opened(copy, config, _clock(config), SystemRandomness(), None) as hub:
            yield hub


def _copy_database(path: Path, to: Path) -> None:
    """One consistent view of a SQLite file; the writer goes on meanwhile."""
    if not path.exists():
        raise Damaged(f"{path} is missing")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as copy:
        try:
            source.backup(copy)
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{path} cannot be read: {error}") from None


@contextmanager
def _opened(
    folder: Path,
    config: Config,
    clock: Clock,
    randomness: Randomness,
    verifier: Verifier | None,
) -> Iterator[Hub]:
    hub = _open(folder, config, clock, randomness, verifier)
    try:
        yield hub
    finally:
        hub.close()


def _open(
    folder: Path,
    config: Config,
    clock: Clock,
    randomness: Randomness,
    verifier: Verifier | None,
    *,
    tls_pin: bytes = b"",
) -> Hub:
    release = _lock(folder)
    try:
        url = config.database or f"sqlite:///{folder / 'hub.db'}"
        database = Database(url, schema.metadata, version=schema.VERSION)
        identities = Database(
            f"sqlite:///{folder / 'mykey.db'}",
            identity_schema.metadata,
            version=identity_schema.VERSION,
        )
        core = Core(
            database=database,
            keys=KeyRing(folder / "keys", randomness),
            clock=clock,
            randomness=randomness,
            origin=config.origin,
            incarnation=current_incarnation(database, randomness),
            demo=config.demo,
            tls_pin=tls_pin,
        )
        return compose(
            core,
            identities,
            _roots(folder, config),
            folder / "journal",
            verifier=verifier,
            release=release,
        )
    except BaseException:
        release()
        raise


def _config(folder: Path) -> Config:
    try:
        return msgspec.json.decode((folder / CONFIG).read_bytes(), type=Config)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged(f"{folder} holds no hub: make one with 'machikado hub init'") from None


def _clock(config: Config) -> Clock:
    path = os.environ.get(DEMO_CLOCK)
    return FileClock(Path(path)) if config.demo and path else SystemClock()


def _roots(folder: Path, config: Config) -> Roots:
    files = sorted((folder / "roots").glob("*.der"))
    if config.demo:
        files.append(folder / "ca" / ROOT_FILE)
    return Roots.pinned([path.read_bytes() for path in files], demo=config.demo)


def _lock(folder: Path) -> Callable[[], None]:
    """Hold the folder; the system lets go of it with the process. Raises InUse."""
    file = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read(200) or "another program"
        file.close()
        raise InUse(f"{folder} is in use by {holder}: stop it first") from None
    file.truncate(0)
    file.write(f"machikado hub (process {os.getpid()})")
    file.flush()
    return file.close


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


def write_secret(path: Path, secret: str) -> None:
    """Write a secret into a file that only its owner may read; an older one is replaced."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret + "\n")
