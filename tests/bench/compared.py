"""What one would write otherwise, on the same PostgreSQL server and in the same run.

``one transaction a transfer``: begin, lock both accounts in order, check the payer's balance,
insert the transfer, move both balances, commit; statements are prepared, each connection is a
process of its own. ``django-hordak``: its ``transfer_to`` as it comes, in an environment of its own
that ``make compare`` makes (:mod:`tests.bench.hordak_transfers`).

Neither checks a card's signature, opens sealed evidence, keeps what it was handed, judges a policy
or writes a receipt: the hub beside them does all of that, and its figure stands here as their
limit. A single transfer, on the other hand, is done in them as soon as its own commit is.
"""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.serve import settle
from hub.store.postgres import Postgres
from tests.bench import hub_way
from tests.bench.figures import Better, Figure, NotMeasured, against, median, must
from tests.bench.street import build
from tests.bench.walls import commits
from tests.doubles.databases import Server, running

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv/compare/bin/python"
"""What ``make compare`` leaves behind."""
SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
)
WALLETS, SHOPS = 1_000, 100
PRICE, GRANTED = 10, 1_000_000
MANY = 8
"""Connections at the same time."""
_TABLES = """
CREATE TABLE account (id integer PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
CREATE TABLE transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    debit integer NOT NULL REFERENCES account,
    credit integer NOT NULL REFERENCES account,
    points bigint NOT NULL CHECK (points > 0),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON transfer (debit);
CREATE INDEX ON transfer (credit);
"""


class Load(NamedTuple):
    """What some connections have to do at the same time."""

    url: str
    connections: int
    shops: int
    begin: float
    """By the monotonic clock, which is the same in every process of a machine."""
    seconds: float


class Done(NamedTuple):
    """What some connections did in a while."""

    transfers: int
    seconds: float
    samples: Sequence[float]
    """The time of some of them, each as its own connection saw it."""

    @property
    def rate(self) -> float:
        """Transfers a second."""
        return self.transfers / self.seconds


def settings(server: Server) -> str:
    """What a report has to say of a server."""
    import psycopg

    with psycopg.connect(server.url) as connection:
        rows = [(name, connection.execute(f"SHOW {name}".encode()).fetchone()) for name in SETTINGS]
    return ", ".join(f"{name} {row[0]}" for name, row in rows if row)


def measure(
    folder: Path, *, seconds: float, shops: int, residents: int, cores: int
) -> Iterator[Figure | str]:
    """Transfers a second beside the hub's records a second; raises SumsDoNotHold, NotMeasured.

    ``seconds`` a figure; ``shops`` and ``residents`` of the hub's street.
    """
    with running(durable=True) as server:
        yield f"PostgreSQL: {settings(server)}"
        ours = _ours(server, folder / "hub", shops=shops, residents=residents, cores=cores)
        commit = median(commits(Postgres(server.url, "public"), 300))
        yield from _plain(server, seconds, ours, commit)
        yield from _hordak(server, seconds, ours, commit)


def _ours(server: Server, folder: Path, *, shops: int, residents: int, cores: int) -> float:
    """Records a second of the hub on this server, the best turn."""
    database = server.fresh_database()
    street = build(folder, shops=shops, residents=residents, cores=cores, database=database)
    settle(street.hub)
    try:
        _, *turns = hub_way.measure_turns(street, lambda: 1.0)
        hub_way.check(street)
    finally:
        street.hub.close()
    return max(turn.rate for turn in turns)


def _plain(server: Server, seconds: float, ours: float, commit: float) -> Iterator[Figure]:
    """One transaction a transfer."""
    one = _transfers(server, seconds, connections=1, shops=SHOPS)
    yield _rate("compared: one transaction a transfer, 1 connection", one, ours)
    yield _rate(
        "compared: one transaction a transfer, 8 connections",
        _transfers(server, seconds, connections=MANY, shops=SHOPS),
        ours,
    )
    yield _rate(
        "compared: the same, all into one shop's account",
        _transfers(server, seconds, connections=MANY, shops=1),
        ours,
    )
    yield _time("compared: one transaction a transfer, its time", one, commit)


def _hordak(server: Server, seconds: float, ours: float, commit: float) -> Iterator[Figure | str]:
    """django-hordak's transfer_to; raises NotMeasured where its environment is not."""
    if not PYTHON.exists():
        raise NotMeasured("django-hordak's transfer_to: make compare")
    one, versions = _by_hordak(server, seconds, connections=1)
    yield f"django-hordak: {versions}"
    yield _rate("compared: django-hordak's transfer_to, 1 connection", one, ours)
    yield _rate(
        "compared: django-hordak's transfer_to, 8 connections",
        _by_hordak(server, seconds, connections=MANY)[0],
        ours,
    )
    yield _time("compared: django-hordak's transfer_to, its time", one, commit)


def _rate(figure: str, done: Done, ours: float) -> Figure:
    return against(figure, done.rate, "1/s", limit=ours, target=None, better=Better.LOWER)


def _time(figure: str, done: Done, commit: float) -> Figure:
    value = 1e3 * median(done.samples)
    return against(figure, value, "ms", limit=1e3 * commit, target=None, better=Better.LOWER)


# -- one transaction a transfer


def _transfers(server: Server, seconds: float, *, connections: int, shops: int) -> Done:
    import psycopg

    url = server.fresh_database()
    with psycopg.connect(url) as connection:
        connection.execute(_TABLES.encode())
        rows = [(place, GRANTED if place < WALLETS else 0) for place in range(WALLETS + SHOPS)]
        connection.cursor().executemany("INSERT INTO account VALUES (%s, %s)", rows)
    load = Load(url, connections, shops, time.monotonic() + 0.5, seconds)
    with ProcessPoolExecutor(connections) as pool:
        parts = list(pool.map(partial(_transfer, load), range(connections)))
    done = _together(parts)
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM transfer), (SELECT sum(points) FROM transfer),"
            " sum(balance), sum(balance) FILTER (WHERE id >= %s) FROM account",
            [WALLETS],
        ).fetchone()
    moved = PRICE * done.transfers
    must(row == (done.transfers, moved, WALLETS * GRANTED, moved), "its books add up")
    return done


def _transfer(load: Load, place: int) -> Done:
    """What one connection does; its wallets and the shops come by turns."""
    import psycopg

    wallets, samples, done = range(place, WALLETS, load.connections), [], 0
    with psycopg.connect(load.url, autocommit=True, prepare_threshold=0) as connection:
        time.sleep(max(0.0, load.begin - time.monotonic()))
        began = time.perf_counter()
        while (now := time.perf_counter()) - began < load.seconds:
            _one(connection, wallets[done % len(wallets)], WALLETS + done % load.shops)
            samples.append(time.perf_counter() - now)
            done += 1
        return Done(done, time.perf_counter() - began, samples[:: max(1, done // 200)])


def _one(connection: Any, debit: int, credit: int) -> None:
    """One transfer, as carefully as one would write it."""
    with connection.transaction():
        rows = connection.execute(
            "SELECT id, balance FROM account WHERE id IN (%s, %s) ORDER BY id FOR UPDATE",
            [debit, credit],
        ).fetchall()
        must(dict(rows)[debit] >= PRICE, "the points are there")
        connection.execute(
            "INSERT INTO transfer (debit, credit, points) VALUES (%s, %s, %s)",
            [debit, credit, PRICE],
        )
        connection.execute(
            "UPDATE account SET balance = balance + CASE WHEN id = %s THEN -%s ELSE %s END"
            " WHERE id IN (%s, %s)",
            [debit, PRICE, PRICE, debit, credit],
        )


def _together(parts: Sequence[Done]) -> Done:
    return Done(
        sum(part.transfers for part in parts),
        max(part.seconds for part in parts),
        [*chain.from_iterable(part.samples for part in parts)],
    )


# -- django-hordak


def _by_hordak(server: Server, seconds: float, *, connections: int) -> tuple[Done, str]:
    """What it did, and what of which version did it."""
    at = sa.make_url(server.fresh_database())
    script = Path(__file__).with_name("hordak_transfers.py")
    what = (str(at.query["host"]), str(at.database), str(seconds), str(connections))
    ran = subprocess.run([PYTHON, script, *what], check=True, capture_output=True, text=True)
    said = json.loads(ran.stdout)
    done = Done(said["transfers"], said["seconds"], said["samples"])
    moved = PRICE * done.transfers
    must(said["legs"] == 2 * done.transfers, "each transfer has two legs")
    must(said["moved"] == [moved, moved], "debits equal credits")
    return done, ", ".join(f"{name} {number}" for name, number in said["versions"].items())
