"""What every part of the hub works with: its database, keys, clock and name."""

import re
from dataclasses import dataclass, field

from hub.keys import KeyRing
from hub.rightofway import RightOfWay
from hub.store import schema
from hub.store.database import Database, Tx
from hub.store.files import damaged
from sync.ports import Clock, Randomness


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One start of a hub from its database or a backup of it: a number and 64 random bits."""

    number: int
    bits: str

    def __str__(self) -> str:
        return f"{self.number}-{self.bits}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The hub's parts, handed to every use case."""

    database: Database
    keys: KeyRing
    clock: Clock
    randomness: Randomness
    origin: str
    incarnation: Incarnation
    demo: bool = False
    tls_pin: bytes = b""
    """What invitations pin of the TLS key that this hub answers with; empty: nothing."""
    way: RightOfWay = field(default_factory=RightOfWay)
    """People at counters first, then batches and postings."""


def current_incarnation(database: Database) -> Incarnation:
    """The incarnation that the database is in; raises Damaged where it says none."""
    with database.read() as tx:
        found = tx.scalar("SELECT value FROM meta WHERE name='incarnation'")
    words = re.fullmatch(rb"([0-9]{1,9})-([0-9a-f]{16})", found or b"")
    if words is None:
        raise damaged(database.name, "does not say in which incarnation it is")
    return Incarnation(int(words[1]), words[2].decode())


def first_incarnation(database: Database, randomness: Randomness) -> Incarnation:
    """The incarnation of a new database."""
    with database.write() as tx:
        return draw_incarnation(tx, 1, randomness)


def draw_incarnation(tx: Tx, number: int, randomness: Randomness) -> Incarnation:
    """Begin a new incarnation, as after each start from a backup."""
    drawn = Incarnation(number, randomness.bytes(8).hex())
    tx.put(schema.meta, {"name": "incarnation"}, value=str(drawn).encode())
    return drawn
