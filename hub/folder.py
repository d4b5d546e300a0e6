"""A hub's folder: what lies in it, who has it, and copies of it to look at.

DIR/hub.json     origin, whether it is a demo, where the database is
DIR/hub.db       points, intake, settlement, chronicle
DIR/mykey.db     identities, apart from everything else
DIR/keys/        private keys, one a file
DIR/roots/       certificate roots that are believed (DER), put there by hand
DIR/ca/          a demo's own certificate authority
DIR/journal/     what left for the bank
DIR/lock         who has the folder; hubs of one ledger that serve towns of their own share it
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec

from hub.store.database import Towns
from hub.store.dialect import Dialect
from hub.store.files import damaged, examine, must_be_there, read_whole, write_whole
from hub.store.postgres import Postgres, check_url, is_on_server
from hub.store.sqlite import Sqlite
from sync.certificate import CertificateError, Roots
from sync.democa import ROOT_FILE
from sync.errors import Damaged, InUse, Malformed, RefusedByRule
from sync.wire import laid_out

CONFIG = "hub.json"
LEDGER = "hub.db"
IDENTITIES = "mykey.db"
KEYS = "keys"
JOURNAL = "journal"
_SQLITE = "sqlite:///"
_POINTS, _PERSONS = "ledger", "identities"
"""Schemas on a server."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a hub is, for as long as it lives."""

    origin: str
    """Where nodes reach it, ``https://hub.example:8443``; every signature names it."""
    demo: bool
    database: str = ""
    """Another database than ``hub.db``, as a URL."""
    identities: str = ""
    """On a server: another role's way to the identities than the ledger's."""


def refuse_used(folder: Path) -> None:
    """Raise RefusedByRule where a hub, or the beginning of one, lies in a folder."""
    if any((folder / name).exists() for name in (CONFIG, LEDGER, IDENTITIES, KEYS)):
        raise RefusedByRule(
            "hub-exists",
            f"{folder} already holds a hub, or what an interrupted init left: take another folder",
        )


def check_databases(database: str, identities: str) -> None:
    """Whether a new hub's databases can lie there; nothing: in its folder.

    Raises Malformed, Unreachable; RefusedByRule where there is a hub already.
    """
    if is_on_server(database):
        check_servers(database, identities)
        for at in servers_of(
            Config(origin="", demo=False, database=database, identities=identities)
        ):
            at.require_unused()
    elif identities:
        raise Malformed("identities can lie elsewhere only where the ledger is on a server too")
    elif database:
        _check_file(database)


def check_servers(database: str, identities: str) -> None:
    """Whether both name a server's database; raises Malformed."""
    for url in (database, identities or database):
        check_url(url)


def servers_of(
    config: Config, *, looks: bool = False, serves: Towns = None
) -> tuple[Postgres, Postgres]:
    """Where ledger and identities are on a server. Identities are of no town."""
    persons = config.identities or config.database
    return (
        Postgres(config.database, _POINTS, looks=looks, serves=serves),
        Postgres(persons, _PERSONS, looks=looks, serves=None if serves is None else ()),
    )


def databases_of(
    folder: Path, config: Config, *, looks: bool = False, serves: Towns = None
) -> tuple[Dialect, Dialect]:
    """Where a hub's ledger and its identities are; ``looks``: on a server nothing is changed.

    ``serves``: its towns, where hubs of other towns are beside it. Raises Malformed for those of a
    ledger in a file, which has one hub.
    """
    if is_on_server(config.database):
        return servers_of(config, looks=looks, serves=serves)
    if serves is not None:
        raise Malformed(
            "this hub's ledger is a file, which one hub serves with all its towns: several need a"
            " PostgreSQL server ('machikado hub move')"
        )
    ledger_file = config.database or f"{_SQLITE}{folder / LEDGER}"
    return Sqlite(ledger_file), Sqlite(f"{_SQLITE}{folder / IDENTITIES}")


def _check_file(url: str) -> None:
    path = Path(url.removeprefix(_SQLITE))
    if not url.startswith(_SQLITE) or not path.is_absolute():
        raise Malformed(
            f"database {url!r}: it looks like sqlite:////srv/machikado/hub.db"
            " or postgresql://machikado@localhost/machikado"
        )
    if path.exists():
        raise Malformed(f"database {url!r}: {path} is there already; name a file that is not")
    if not path.parent.is_dir():
        raise Malformed(f"database {url!r}: there is no folder {path.parent}: make it first")


def write_config(folder: Path, config: Config) -> None:
    """Say what a hub is, as a whole or not at all."""
    write_whole(folder / CONFIG, msgspec.json.format(msgspec.json.encode(config)))


def read_config(folder: Path) -> Config:
    """What a folder's hub is; raises Damaged where there is none."""
    if not any((folder / name).exists() for name in (CONFIG, LEDGER, IDENTITIES)):
        raise Damaged(f"{folder} holds no hub: make one with 'machikado hub init'")
    path = folder / CONFIG
    try:
        return msgspec.json.decode(read_whole(path), type=laid_out(Config))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise damaged(path, f"cannot be read ({error})") from None


def read_roots(folder: Path, *, demo: bool) -> Roots:
    """The roots that a folder's hub believes; raises CertificateError, Damaged for a demo's own."""
    files = sorted((folder / "roots").glob("*.der"))
    if demo:
        files.append(folder / "ca" / ROOT_FILE)
    certificates = [read_whole(path) for path in files]
    for path, data in zip(files, certificates, strict=True):
        try:
            Roots.pinned([data], demo=demo)
        except CertificateError as error:
            raise type(error)(f"{path}: {error}") from None
    return Roots.pinned(certificates, demo=demo)


def lock(folder: Path, *, shared: bool = False) -> Callable[[], None]:
    """Hold the folder; the system lets go of it with the process. Raises InUse.

    ``shared``: with other hubs that hold it so, each for towns of its own.
    """
    file = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read(200) or "another program"
        file.close()
        raise InUse(f"{folder} is in use by {holder}: stop it first") from None
    file.truncate(0)
    file.write(f"machikado hub (process {os.getpid()})")
    file.flush()
    return file.close


def copy_files(folder: Path, to: Path) -> None:
    """Copy what a hub works with; one that has the folder open goes on meanwhile.

    Raises Damaged for what is gone or cannot be read.
    """
    if not is_on_server(read_config(folder).database):
        for name in (LEDGER, IDENTITIES):
            copy_database(folder / name, to / name)
    for part in (KEYS, "roots", "ca", JOURNAL):
        if (folder / part).is_dir():
            shutil.copytree(folder / part, to / part)


def copy_database(path: Path, to: Path) -> None:
    """One consistent view of a SQLite file, read through whatever its size. Raises Damaged."""
    read_only = f"file:{quote(str(path))}?mode=ro"
    must_be_there(path)
    try:
        with (
            closing(sqlite3.connect(read_only, uri=True)) as source,
            closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)
    except sqlite3.DatabaseError as error:
        raise damaged(path, f"cannot be read ({error})") from None
    examine(to, most=None)


def write_secret(path: Path, secret: str) -> None:
    """Write a secret into a file that only its owner may read; an older one is replaced."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret + "\n")
