"""What every part of the hub works with: its database, keys, clock and name."""

import re
from dataclasses import dataclass, field

from hub.keys import ContentKeys, KeyRing
from hub.rightofway import RightOfWay
from hub.store import schema
from hub.store.database import Database, Towns, Tx
from hub.store.files import damaged
from sync.errors import Unreachable
from sync.ports import Clock, Randomness
from sync.values import PLATFORM, municipality_code


class ServedElsewhere(Unreachable):
    """It is another hub's of the same ledger."""


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
    content_keys: ContentKeys = field(default_factory=ContentKeys)
    """Of the shifts that were opened lately."""
    towns: Towns = None
    """The municipalities that this hub serves, the platform as one of them; None: all there are."""

    def serves(self, town: str) -> bool:
        """Whether a town is one that this hub serves, and no other hub on the same server."""
        return self.towns is None or town in self.towns

    def require_served(self, town: str) -> None:
        """Raise ServedElsewhere for what another hub has to answer."""
        if not self.serves(town):
            what = "what people and the platform ask" if town == PLATFORM else f"town {town}"
            raise ServedElsewhere(
                f"{what} is for another hub of this ledger, and the way there led here: nothing was"
                " done; who runs the hubs looks at the proxy before them"
            )


def read_towns(text: str) -> Towns:
    """The towns of ``141305,000000``; of nothing all there are. Raises Malformed."""
    if not text.strip():
        return None
    names = [name.strip() for name in text.split(",")]
    return frozenset(name if name == PLATFORM else municipality_code(name) for name in names)


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
