"""A hot standby of a test's PostgreSQL server: a second one that follows, and takes over."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.doubles.databases import Server
from tests.doubles.postmaster import Postmaster, programs


class Standby:
    """Follows a server commit by commit; the server waits for it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._postmaster = Postmaster(folder / "standby", programs())
        self._data = self._postmaster.data
        at = sa.make_url(server.url)
        source = f"host={at.query['host']} user={at.username} application_name=standby"
        copying = ("-R", "-X", "stream", "-c", "fast", "-d", source)
        self._postmaster.run("pg_basebackup", *copying)
        (self._data / ".s.PGSQL.5432.lock").unlink()  # the server's socket lies in its folder, too
        self._postmaster.start()
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
        self._postmaster.run("pg_ctl", "-w", "promote")

    def stop(self) -> None:
        """Stop it at once."""
        self._postmaster.stop("immediate")


@contextmanager
def following(server: Server) -> Iterator[Standby]:
    """A standby, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="machikado-standby-") as folder:
        standby = Standby(server, Path(folder))
        try:
            yield standby
        finally:
            standby.stop()
