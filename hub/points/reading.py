"""Asking a town's books, whether or not somebody writes in them."""

from dataclasses import dataclass
from typing import Protocol

from hub.points.tickets import Tickets
from hub.store.database import Tx
from sync.values import Millis, MunicipalityCode


class Reading(Protocol):
    """What a question about a ticket needs: open books have it, and so has a mere look."""

    @property
    def tx(self) -> Tx:
        """The database as the question sees it."""
        ...

    @property
    def town(self) -> MunicipalityCode:
        """Whose books they are."""
        ...

    @property
    def at(self) -> Millis:
        """When it is asked."""
        ...

    @property
    def tickets(self) -> Tickets:
        """Its paper tickets."""
        ...

    def balance(self, account: str) -> int:
        """What an account holds."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """A town's books as they lie there; nobody writes in them by this."""

    tx: Tx
    town: MunicipalityCode
    at: Millis

    @property
    def tickets(self) -> Tickets:
        """Its paper tickets by the last posting."""
        return Tickets(self.tx, self.town)

    def balance(self, account: str) -> int:
        """What an account holds by the last posting."""
        found = self.tx.scalar(
            "SELECT points FROM balance WHERE municipality=:town AND account=:account",
            town=self.town,
            account=account,
        )
        return int(found or 0)
