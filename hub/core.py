"""What every part of the hub works with: its database, keys, clock and name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.keys import KeyRing
from hub.store import schema
from hub.store.database import Database, Tx
from sync.ports import Clock, Randomness
from sync.values import Millis

TOKYO = ZoneInfo("Asia/Tokyo")


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


def current_incarnation(database: Database, randomness: Randomness) -> Incarnation:
    """The incarnation that the database is in; the first one is drawn here."""
    with database.write() as tx:
        found = tx.scalar("SELECT value FROM meta WHERE name='incarnation'")
        if found is None:
            return draw_incarnation(tx, 1, randomness)
        number, bits = bytes(found).decode().split("-")
        return Incarnation(int(number), bits)


def draw_incarnation(tx: Tx, number: int, randomness: Randomness) -> Incarnation:
    """Begin a new incarnation, as after each start from a backup."""
    drawn = Incarnation(number, randomness.bytes(8).hex())
    tx.put(schema.meta, {"name": "incarnation"}, value=str(drawn).encode())
    return drawn


def tokyo(at: Millis) -> datetime:
    """A moment in Asia/Tokyo."""
    return datetime.fromtimestamp(at / 1000, TOKYO)


def day_of(at: Millis) -> str:
    """The date in Asia/Tokyo, ``YYYY-MM-DD``."""
    return tokyo(at).date().isoformat()


def month_of(at: Millis) -> str:
    """The month in Asia/Tokyo, ``YYYY-MM``."""
    return day_of(at)[:7]


def end_of(day: str) -> Millis:
    """The first moment after a date in Asia/Tokyo."""
    start = datetime.fromisoformat(day).replace(tzinfo=TOKYO)
    return Millis(int((start + timedelta(days=1)).timestamp() * 1000))
