"""The walls of this machine, now: what nothing that we do can be quicker than."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from hub.store.dialect import Dialect
from tests.bench.figures import seconds

_PAGE = b"\0" * 8192
_MESSAGE = b"a record of about this length" * 8
_READY = 1.0
"""Seconds in which every process has made its key."""


def append_and_sync(
    folder: Path, times: int, before: Callable[[], object] = lambda: None
) -> list[float]:
    """Seconds of each of many ``append 8 kB + fdatasync`` on the disk of ``folder``.

    ``before`` each one, and not counted, comes what stands between two of those it is the limit of.
    """
    file = os.open(folder / "wall", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    samples = []
    try:
        for _ in range(times):
            before()
            began = time.perf_counter()
            os.write(file, _PAGE)
            os.fdatasync(file)
            samples.append(time.perf_counter() - began)
    finally:
        os.close(file)
        (folder / "wall").unlink()
    return samples


def commits(dialect: Dialect, times: int) -> list[float]:
    """Seconds of each of many durable commits of one row, on one connection of a database.

    They go to the driver itself, without a transaction's own statements around them. Whatever was
    in its table ``wall`` is gone afterwards.
    """
    samples = []
    row = dialect.marks("INSERT INTO wall VALUES (?, ?)")
    engine = dialect.engine(new=True)
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            dialect.make_room(raw)
            raw.execute("CREATE TABLE wall (id INTEGER PRIMARY KEY, filler TEXT)")
            for number in range(times):
                values = (number, "a row of about this length" * 4)
                samples.append(seconds(partial(raw.execute, row, values)))
            raw.execute("DROP TABLE wall")
    finally:
        engine.dispose()
    return samples


def copies(
    url: str, given: Mapping[sa.Table, Sequence[Sequence[object]]], times: int
) -> list[float]:
    """Seconds of each of some commits that COPY the same rows into a PostgreSQL database.

    ``given``: whole rows of some tables, in the order of their columns. Each goes into an empty
    table of the same columns and primary key, without any other index, check or trigger; the bytes
    that COPY takes are made beforehand, so that only the server's own work is counted.
    """
    import psycopg

    with psycopg.connect(url) as connection:
        ready = [
            (_bare(table), _bytes_of(connection, table, rows)) for table, rows in given.items()
        ]
        samples = []
        for _ in range(times):
            for table, _data in ready:
                connection.execute(f"TRUNCATE {table}".encode())
            connection.commit()
            samples.append(seconds(partial(_copy, connection, ready)))
        for table, _data in ready:
            connection.execute(f"DROP TABLE {table}".encode())
    return samples


def _bare(table: sa.Table) -> str:
    return f"wall_{table.name}"


def _bytes_of(connection: Any, table: sa.Table, rows: Sequence[Sequence[object]]) -> bytes:
    """Make the table, and the bytes of these rows as the server itself writes them."""
    from sqlalchemy.dialects.postgresql import dialect

    bare = sa.Table(
        _bare(table),
        sa.MetaData(),
        *(sa.Column(one.name, one.type, nullable=one.nullable) for one in table.columns),
        sa.PrimaryKeyConstraint(*(one.name for one in table.primary_key.columns)),
    )
    spoken = dialect()  # type: ignore[no-untyped-call]
    connection.execute(str(sa.schema.CreateTable(bare).compile(dialect=spoken)))
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {bare.name} FROM STDIN") as into:
            for row in rows:
                into.write_row(row)
        with cursor.copy(f"COPY {bare.name} TO STDOUT (FORMAT BINARY)") as out:
            return b"".join(out)


def _copy(connection: Any, ready: Sequence[tuple[str, bytes]]) -> None:
    with connection.cursor() as cursor:
        for table, data in ready:
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as into:
                into.write(data)
    connection.commit()


def verifies_a_second(pool: ProcessPoolExecutor, cores: int, long: float) -> float:
    """RSA-2048 verifications a second with all cores at it for a while, the key loaded."""
    begin = time.monotonic() + _READY
    return sum(pool.map(partial(_verify_for, begin), [long] * cores))


def _verify_for(begin: float, long: float) -> float:
    """From the same moment on as the others: one alone would have their share of the machine."""
    public, signature = _signed()
    padding, digest = PKCS1v15(), SHA256()
    time.sleep(max(0.0, begin - time.monotonic()))
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < long:
        for _ in range(200):
            public.verify(signature, _MESSAGE, padding, digest)
        done += 200
    return done / passed


@cache
def _signed() -> tuple[rsa.RSAPublicKey, bytes]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.public_key(), private.sign(_MESSAGE, PKCS1v15(), SHA256())
