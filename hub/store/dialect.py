"""What differs between the databases that a hub can lie in; nothing else does."""

from typing import Any, Protocol

import sqlalchemy as sa


class Dialect(Protocol):
    """One kind of database, and the way to it."""

    name: str
    """What people are told: a file, or where the server is; never a password."""
    begins_write: str
    begins_read: str
    in_memory: bool
    """It is made with the program and ends with it."""

    def marks(self, sql: str) -> str:
        """A statement with its values named as the driver wants it."""

    def engine(self, *, new: bool) -> sa.Engine:
        """A way in; what is not there is made only where ``new``."""

    def make(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """Make the tables, and what these need to be fast and safe there."""

    def under_way(self, raw: Any) -> bool:
        """Whether a transaction is still open; a full disk may have ended it."""

    def damage(self, error: BaseException) -> str:
        """What an error says is wrong with what is stored; empty: it means something else."""

    def is_foreign(self, error: BaseException) -> bool:
        """Whether an error says that a value cannot be kept there, as a text with a NUL in it."""

    def is_away(self, error: BaseException) -> bool:
        """Whether an error says that the server does not answer."""

    def make_room(self, raw: Any) -> None:
        """Make the log as long as it will be, where that is the hub's own business."""
