"""Bringing a database up to date: by steps, forward only.

A step is a module in :mod:`hub.store.migrations.ledger` or :mod:`~hub.store.migrations.identities`,
in the form of Alembic: ``revision`` is the version it leads to, ``down_revision`` the one before
(None for the first step that there is), and ``upgrade()`` says what changes, with ``alembic.op``,
for both kinds of database. Versions that were never at anybody's need no step of their own: one may
lead over them. All steps that a database lacks are taken in one transaction, with the
version that it is of (``meta``): it is of the old form or of the new one and never between.
"""

from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

_HERE = Path(__file__).parent


class Steps:
    """The steps of one kind of database, from the oldest version that can be brought up to date."""

    def __init__(self, folder: Path, *, oldest: int) -> None:
        self._folder = folder
        self.oldest = oldest

    def behind(self, version: int) -> list[ModuleType]:
        """What a database of a version lacks, in order."""
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory(str(_HERE), version_locations=[str(self._folder)])
        steps = [step.module for step in scripts.walk_revisions()]
        return [step for step in reversed(steps) if int(step.revision) > version]

    def take(self, connection: sa.Connection, version: int) -> None:
        """Take what a database lacks, within the transaction that is open."""
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        with Operations.context(MigrationContext.configure(connection)):
            for step in self.behind(version):
                step.upgrade()


LEDGER = Steps(_HERE / "ledger", oldest=3)
IDENTITIES = Steps(_HERE / "identities", oldest=2)
