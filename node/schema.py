"""The tables of a node's database, and how an older one becomes today's.

Everything but ``meta``, ``shift_key``, ``attempt``, ``item``, ``lone``, ``staged``, ``returned``
and ``job`` can be recomputed from ``record`` and ``answer`` (see :mod:`node.projection`). Stored
record bytes are never touched by a migration. A migration runs after a backup of the file; a
database of a newer program is refused.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync.errors import Damaged

STEPS = Migrations("node")
"""Each step once, in this order, inside a transaction of its own."""


@STEPS()
def m001_first_tables(db: Database) -> None:
    """The tables of version 1."""
    for statement in _FIRST.split(";\n"):
        db.execute(statement)


@STEPS()
def m002_fewer_pages_a_commit(db: Database) -> None:
    """One row a record, with its evidence and what its slip needs.

    What a sale waits for is pages: each that its commit touches goes whole into the log. Slips
    behind ``epoch.queued`` have no print job yet, and records whose receipt is missing lie behind
    ``epoch.receipted``: neither needs an index that every sale writes.
    """
    for statement in _FEWER_PAGES.split(";\n"):
        db.execute(statement)


@STEPS()
def m003_refunds(db: Database) -> None:
    """Which record a refund gave points back for, perhaps one of an earlier life."""
    db.execute(_REFUNDS)


@STEPS()
def m004_piles(db: Database) -> None:
    """Piles of stamped tickets, and the paper that went back with the shops."""
    for statement in _PILES.split(";\n"):
        db.execute(statement)


_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE epoch (
  epoch TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
  received INTEGER NOT NULL DEFAULT 0 CHECK (received >= 0),
  receipted INTEGER NOT NULL DEFAULT 0 CHECK (receipted >= 0),
  decisions INTEGER NOT NULL DEFAULT 0,
  highest_attempt INTEGER NOT NULL DEFAULT 0,
  branch_at INTEGER,
  told_closed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE record (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  kind TEXT NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL,
  head BLOB NOT NULL CHECK (length(head) IN (0, 64)),
  PRIMARY KEY (epoch, seq)
) WITHOUT ROWID, STRICT;
CREATE TABLE given (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (epoch, seq)
) WITHOUT ROWID, STRICT;
CREATE TABLE evidence (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (epoch, seq)
) WITHOUT ROWID, STRICT;
CREATE TABLE certificate (
  epoch TEXT NOT NULL, key BLOB NOT NULL, bytes BLOB NOT NULL,
  wanted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (epoch, key)
) WITHOUT ROWID, STRICT;
CREATE TABLE answer (
  id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, what TEXT NOT NULL, decision INTEGER NOT NULL,
  last INTEGER NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE TABLE verdict (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, decision INTEGER NOT NULL, outcome TEXT NOT NULL,
  reason TEXT NOT NULL, bearer TEXT NOT NULL, paid INTEGER NOT NULL, at INTEGER NOT NULL,
  opened BLOB NOT NULL, PRIMARY KEY (epoch, seq)
) WITHOUT ROWID, STRICT;
CREATE TABLE attempt (
  epoch TEXT NOT NULL, n INTEGER NOT NULL CHECK (n > 0), purpose TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'granted', 'refused', 'used', 'over', 'told')),
  request BLOB NOT NULL, incarnation INTEGER NOT NULL DEFAULT 0,
  number INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (epoch, n)
) WITHOUT ROWID, STRICT;
CREATE TABLE item (
  kind TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL, payload BLOB NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID, STRICT;
CREATE TABLE staged (
  kind TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL, payload BLOB NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID, STRICT;
CREATE TABLE lone (
  row BLOB PRIMARY KEY, incarnation INTEGER NOT NULL, number INTEGER NOT NULL,
  bytes BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE move (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, municipality TEXT NOT NULL,
  account TEXT NOT NULL, points INTEGER NOT NULL CHECK (points > 0), tier TEXT NOT NULL,
  at INTEGER NOT NULL, shift INTEGER NOT NULL, hold INTEGER NOT NULL, number TEXT NOT NULL,
  of_seq INTEGER NOT NULL, reversed_by INTEGER, verdict TEXT, PRIMARY KEY (epoch, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX move_account ON move (account, at) WHERE account <> '';
CREATE INDEX move_number ON move (number) WHERE number <> '';
CREATE INDEX move_open ON move (tier, kind) WHERE verdict IS NULL OR verdict = 'quarantined';
CREATE TABLE shift (
  epoch TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER, staff TEXT NOT NULL,
  opened_at INTEGER NOT NULL, closed_at INTEGER, PRIMARY KEY (epoch, opened)
) WITHOUT ROWID, STRICT;
CREATE TABLE shift_key (
  epoch TEXT NOT NULL, opened INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (epoch, opened)
) WITHOUT ROWID, STRICT;
CREATE TABLE paper (
  number TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, municipality TEXT NOT NULL,
  points INTEGER NOT NULL, valid_from TEXT NOT NULL, valid_until TEXT NOT NULL, signed BLOB
) WITHOUT ROWID, STRICT;
CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, title TEXT NOT NULL,
  document BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL, made INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_name ON job (name);
CREATE TABLE incident (
  id INTEGER PRIMARY KEY, what TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL,
  UNIQUE (what, detail)
) STRICT"""

_FEWER_PAGES = """
ALTER TABLE record ADD COLUMN evidence BLOB;
ALTER TABLE record ADD COLUMN slip BLOB;
UPDATE record SET evidence = (SELECT evidence.bytes FROM evidence
  WHERE evidence.epoch = record.epoch AND evidence.seq = record.seq);
DROP TABLE evidence;
ALTER TABLE epoch ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
UPDATE epoch SET queued =
  coalesce((SELECT max(seq) FROM record WHERE record.epoch = epoch.epoch), 0);
DROP INDEX move_open;
CREATE INDEX move_quarantined ON move (tier, kind) WHERE verdict = 'quarantined'"""


_REFUNDS = """
CREATE TABLE refund (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, of_epoch TEXT NOT NULL, of_seq INTEGER NOT NULL,
  points INTEGER NOT NULL CHECK (points > 0), PRIMARY KEY (of_epoch, of_seq, epoch, seq)
) WITHOUT ROWID, STRICT"""

_PILES = """
CREATE TABLE pile (
  epoch TEXT NOT NULL, opened INTEGER NOT NULL, municipality TEXT NOT NULL,
  organisation TEXT NOT NULL, opened_at INTEGER NOT NULL, closed INTEGER, closed_at INTEGER,
  PRIMARY KEY (epoch, opened)
) WITHOUT ROWID, STRICT;
CREATE TABLE returned (
  epoch TEXT NOT NULL, opened INTEGER NOT NULL, number TEXT NOT NULL, reason TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (epoch, opened, number)
) STRICT"""


def bring_up_to_date(connection: sqlite3.Connection, file: Path) -> None:
    """Apply what this database lacks, after a backup beside it; refuse a newer one.

    Raises Damaged when the database knows a step that this program does not.
    """
    db = Database(connection)
    known = {step.name for step in STEPS.pending(db)}
    applied = {step.name for step in STEPS.applied(db)}
    unknown = applied - _all_steps()
    if unknown:
        raise Damaged(
            f"{file} was written by a newer program ({', '.join(sorted(unknown))}):"
            " install that one; nothing was changed"
        )
    if not known:
        return
    if applied:
        back_up(connection, file.with_suffix(f".before-{min(known)}"))
    STEPS.apply(db)


def is_begun(connection: sqlite3.Connection) -> bool:
    """Whether a database holds a node's tables, of whatever version; reads only."""
    try:
        return bool(STEPS.applied(Database(connection)))
    except sqlite3.OperationalError:
        return False  # another program's, or none: it does not know our steps


def require_present_form(connection: sqlite3.Connection, file: Path) -> None:
    """Raise Damaged unless the database is as this program writes it; for who only looks."""
    try:
        applied = {step.name for step in STEPS.applied(Database(connection))}
    except sqlite3.DatabaseError as error:
        raise Damaged(f"{file} cannot be read ({error}); nothing was changed") from None
    if applied != _all_steps():
        raise Damaged(
            f"{file} was written by another version of this program: start the counter once with"
            " this one, then look again; nothing was changed"
        )


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the whole database, consistently, to a file that must not exist yet."""
    if target.exists():
        return  # an earlier try of the same migration already copied it
    partial = target.with_name(target.name + ".partial")
    partial.touch(mode=0o600)  # as private as what it is a copy of
    with closing(sqlite3.connect(partial)) as copy:
        connection.backup(copy)
    partial.replace(target)


def _all_steps() -> set[str]:
    """The names of every step that this program knows."""
    empty = Database(memory=True)
    try:
        return {step.name for step in STEPS.pending(empty)}
    finally:
        empty.close()
