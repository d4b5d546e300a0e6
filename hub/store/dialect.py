"""What differs between the databases that a hub can lie in; nothing else does."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from hub.store.alike import Alike
from sync.errors import MachikadoError


class Dialect(Protocol):
    """One kind of database, and the way to it."""

    name: str
    """What people are told: a file, or where the server is; never a password."""
    in_memory: bool
    """It is made with the program and ends with it."""
    measures: str
    """The question how many bytes it takes."""
    joins: str
    """The aggregate that joins texts, with what stands between them behind a comma."""

    def marks(self, sql: str) -> str:
        """A statement with its values named as the driver wants it."""

    def engine(self, *, new: bool) -> sa.Engine:
        """A way in; what is not there is made only where ``new``."""

    def beside(self) -> sa.Engine:
        """Another way in, beside the first one, to what is there: it refuses to write."""

    def begin_write(self, raw: Any, towns: Collection[str] | None = None) -> None:
        """Begin a transaction beside which nobody writes for the same towns; None: for any.

        It reads what those before it left behind.
        """

    def begin_read(self, raw: Any) -> None:
        """Begin a transaction that sees one moment."""

    def make(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """Make the tables, and what these need to be fast and safe there."""

    def make_month(self, raw: Any, month: int) -> None:
        """Give the transfers of a month (202611) a place of their own, where they have such."""

    def add(
        self, raw: Any, table: sa.Table, rows: Sequence[Sequence[object]], otherwise: str
    ) -> None:
        """Insert full rows, columns in the table's order, the quickest way there is.

        ``otherwise``: what to do with a row whose key is there, as an ON CONFLICT clause; empty: it
        is an error.
        """

    def add_alike(self, raw: Any, table: sa.Table, some: Sequence[Alike]) -> None:
        """Insert rows that are alike; a key that is there is an error."""

    def stream(self, raw: Any, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement without values, a few in memory at a time."""

    def expect(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """Tell the planner anew what tables hold that have changed."""

    def under_way(self, raw: Any) -> bool:
        """Whether a transaction is still open; a full disk may have ended it."""

    def is_lost(self, raw: Any) -> bool:
        """Whether a connection is of no use any more."""

    def meaning(self, error: BaseException, *, opening: bool = False) -> MachikadoError | None:
        """What an error of the driver means to people; None: it is the program's own mistake.

        ``opening``: whoever runs the hub hears it, and is told which database it is and why. Later
        on terminals hear it too, and are not.

        Damaged, DiskFull, Malformed for a value that cannot be kept there, as a text with a NUL
        in it, and Unreachable where the same may go well in a moment.
        """

    def make_room(self, raw: Any) -> None:
        """Make the log as long as it will be, where that is the hub's own business."""
