"""Bringing the databases of a hub's folder up to date, with the hub stopped.

A file is copied beside itself first; what lies on a server is the server's to back up. Each of the
two databases is brought up in one transaction, so whoever is cut off in the middle says it again.
"""

from contextlib import ExitStack
from pathlib import Path

import msgspec
import sqlalchemy as sa

from hub.folder import copy_database, databases_of, lock, read_config
from hub.mykey import schema as identity_schema
from hub.store import migrations, schema
from hub.store.database import Database, version_at
from hub.store.dialect import Dialect
from hub.store.sqlite import Sqlite


class Upgraded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one database."""

    name: str
    was: int
    now: int
    copy: str | None
    """The file as it was before; None where nothing changed, and for what lies on a server."""


def upgrade_hub(folder: Path) -> tuple[Upgraded, Upgraded]:
    """Bring ledger and identities up to date; what is up to date stays as it is.

    Raises InUse where a hub has them; Damaged for one that is newer, too old, gone or damaged;
    DiskFull; Unreachable. Then nothing of that database was changed.
    """
    with ExitStack() as undone:
        ledger, persons = databases_of(folder, read_config(folder))
        undone.callback(lock(folder))
        return (
            _upgrade(ledger, schema.metadata, schema.VERSION, migrations.LEDGER),
            _upgrade(
                persons,
                identity_schema.metadata,
                identity_schema.VERSION,
                migrations.IDENTITIES,
            ),
        )


def _upgrade(at: Dialect, metadata: sa.MetaData, version: int, steps: migrations.Steps) -> Upgraded:
    was = version_at(at)
    copy = _copy(at, was) if steps.oldest <= was < version else None
    Database(at, metadata, version=version, steps=steps).close()
    return Upgraded(name=at.name, was=was, now=version, copy=None if copy is None else str(copy))


def _copy(at: Dialect, version: int) -> Path | None:
    """Keep a file as it is now. One that is there is of an earlier try: nothing came of that."""
    if not isinstance(at, Sqlite):
        return None
    path = Path(at.name)
    kept = path.with_name(f"{path.name}.version-{version}")
    fresh = kept.with_name(f"{kept.name}.new")
    fresh.unlink(missing_ok=True)
    copy_database(path, fresh)
    fresh.replace(kept)
    return kept
