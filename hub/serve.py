"""Running a hub: uvicorn over the application, and the hub's own round beside it."""

import gc
import logging
import signal
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Literal

import uvicorn

from hub.api.app import make_app
from hub.hub import Hub
from sync.errors import DiskFull, InUse, Malformed, Unreachable
from sync.http import pin_of_file
from sync.values import PLATFORM

if TYPE_CHECKING:
    import asyncio

LAST_PORT = 65_535
MOST_FILES = 65_536
_TURN = 0.0005
"""Seconds that one thread computes while another waits for its turn, a tenth of what Python
proposes: who comes back from the disk or a server wants its turn for each statement."""
_NEW_OBJECTS = 100_000
"""Collections are for circles, which postings do not make: rare, and not over what start left."""
_OLDER = 5
"""After so many collections those are looked through that one has passed over, and again so with
these. A closed connection leaves a circle behind; of thousands that are open at a collection each
would stay until then."""
LOOK_EVERY = 5.0
"""Seconds between two looks whether revocation lists are due."""
EVERY = 1.0
"""Seconds between the rounds that end days and judge what large batches left in custody."""

_log = logging.getLogger("machikado.hub")


def settle(hub: Hub) -> None:
    """Make ready for much: room in the log, and a garbage collector that comes seldom.

    A posting makes thousands of objects that live until it is written, and no circles: looking
    through them every 700 objects costs a fifth of it.
    """
    hub.core.database.make_room()
    sys.setswitchinterval(_TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _OLDER, _OLDER)


def take_open_files() -> int:
    """As many open files as the system allows, MOST_FILES at most; says how many.

    Each terminal keeps its connection for a while, and 1,024, which many systems begin with, is
    half a town.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def _try(what: str, work: Callable[[], None]) -> None:
    """Do what comes again anyhow; what fails is logged, and the next time tries again.

    A database that is away or without room is no fault of the program: as long as it lasts it is
    said in a line each time, without the way there.
    """
    try:
        work()
    except (Unreachable, DiskFull) as error:
        _log.warning("%s waits: %s", what, error)
    except Exception:  # noqa: BLE001  the next time tries again
        _log.exception("%s stopped", what)


class Rounds(threading.Thread):
    """Does the hub's own round, again and again, and at once when records have come."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(name="rounds", daemon=True)
        self._hub = hub
        self._over = threading.Event()
        self._wake = threading.Event()
        hub.judging.beside(self._wake.set)

    def run(self) -> None:
        """Go round; a round that fails is logged, and the next one tries again."""
        while not self._over.is_set():
            self._wake.wait(EVERY)
            self._wake.clear()
            _try("a round", self._hub.round)

    def stop(self) -> None:
        """End after the round that runs now."""
        self._over.set()
        self._wake.set()
        self.join()


class Lists(threading.Thread):
    """Loads revocation lists where it is due, in a thread of its own: a source may keep it long."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(name="revocation-lists", daemon=True)
        self._hub = hub
        self._over = threading.Event()

    def run(self) -> None:
        """Look again and again whether it is due; whatever fails is logged, and tried again."""
        wait = 0.0
        while not self._over.wait(wait):
            wait = LOOK_EVERY
            _try("loading revocation lists", self._hub.revoking.round)

    def stop(self) -> None:
        """End. A source that is being waited for is given up."""
        self._over.set()
        self._hub.revoking.stop()
        if self.is_alive():
            self.join(timeout=LOOK_EVERY)


class _Server(uvicorn.Server):
    """Says so once it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[str], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Open the sockets, then speak."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._listening(f"{host}:{port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What the hub proves itself with: its certificate (with its chain) and key, PEM files."""

    certificate: Path
    key: Path

    @property
    def pin(self) -> bytes:
        """What invitations pin; raises Malformed. A renewed certificate has to keep its key."""
        return pin_of_file(self.certificate)


def serve(
    hub: Hub,
    listen: str,
    *,
    listening: Callable[[str], None],
    tls: Tls | None = None,
) -> None:
    """Answer at ``host:port`` until the process is told to stop; port 0 takes a free one.

    ``listening`` hears the address once connections are taken. Raises Malformed for an address
    that is none and for TLS files that do not belong together, InUse when somebody else listens
    there.
    """
    host, port = read_address(listen)
    config = _config(hub, host, port, tls)
    rounds, lists = Rounds(hub), Lists(hub)
    settle(hub)
    take_open_files()
    rounds.start()
    if hub.core.serves(PLATFORM):  # the lists are the country's: one hub loads them
        lists.start()
    server = _Server(config, listening)
    if threading.current_thread() is threading.main_thread():
        for stop in (signal.SIGTERM, signal.SIGINT):
            # uvicorn ends in order on these, then raises them once more: that is no failure.
            signal.signal(stop, lambda *_: None)
    try:
        server.run()
    except SystemExit:
        raise InUse(f"another program listens at {listen}, or it is no address here") from None
    finally:
        lists.stop()
        rounds.stop()


def _config(hub: Hub, host: str, port: int, tls: Tls | None) -> uvicorn.Config:
    config = uvicorn.Config(
        make_app(hub),
        host=host,
        port=port,
        http=_reader(),
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else str(tls.key),
        timeout_graceful_shutdown=10,
    )
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise Malformed(f"the TLS certificate and key do not belong together ({error})") from None
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3  # nobody of ours speaks an older one
    return config


def _reader() -> "type[asyncio.Protocol] | Literal['h11']":
    """What reads HTTP: in C where that can be had for this machine."""
    try:
        from hub.api.head import BoundedHead
    except ImportError:
        return "h11"
    return BoundedHead


def read_address(text: str) -> tuple[str, int]:
    """Host and port of ``127.0.0.1:8443``; raises Malformed."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > LAST_PORT:
        raise Malformed(f"address {text!r}: it looks like 127.0.0.1:8443")
    return host.strip("[]"), int(port)
