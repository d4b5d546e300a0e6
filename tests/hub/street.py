"""One paper ticket and three places that take it, its copies included."""

from dataclasses import dataclass

from hub.bodies import FloatSet
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

TICKET = 500
RESERVE = 5_000


@dataclass
class Street:
    """A ticket of 500 out of Hana's 1,000 points, and three places that take it."""

    town: Corner
    hana: Resident
    paper: bytes
    fish: Pen
    fruit: Pen
    booth: Pen
    """Its own word is good for nothing: people decide about each copy that it takes."""

    def redeem(self, shop: Pen, *, warned: bool = False) -> int:
        """A shop takes the paper; ``warned``: its lists say by now that the ticket is used."""
        if warned:
            self.town.feed(shop)
        seq = self.town.redeem(shop, self.paper)
        self.town.put(shop)
        return seq

    def take_back(self, shop: Pen, seq: int = 0) -> None:
        """A shop takes a redemption back, the last record unless told otherwise."""
        shop.reverse(seq or shop.seq, TICKET, town=KAWASAKI)
        self.town.put(shop)

    def decide(self, shop: Pen, decision: str, seq: int = 0) -> None:
        """Two people decide about a redemption."""
        with self.town.core.database.read() as tx:
            number = tx.scalar(
                "SELECT id FROM incident WHERE node=:node AND seq=:seq",
                node=shop.node,
                seq=seq or shop.seq,
            )
        assert number is not None
        self.town.decide(number, decision)

    def got(self, organisation: str) -> int:
        """What an organisation has got or will get, less what it owes."""
        with self.town.core.database.read() as tx:
            paid = tx.scalar(
                "SELECT coalesce(sum(paid), 0) FROM settlement_line WHERE organisation=:name",
                name=organisation,
            )
        waits = self.town.balance(f"payable:{organisation}")
        return int(paid) + waits + self.town.balance(f"receivable:{organisation}")

    @property
    def of_hana(self) -> int:
        """Hana's points, less what she owes."""
        deficit = self.town.balance(f"deficit:{self.town.account(self.hana)}")
        return self.town.wallet(self.hana) + deficit

    @property
    def money(self) -> tuple[int, int, int]:
        """(what lies in the ticket, the reserve, Hana's points)."""
        free = self.town.balance("outstanding:101")
        return free, self.town.balance("reserve"), self.of_hana


def street(town: Corner, hana: Resident) -> Street:
    """Lay it out."""
    town.fund(RESERVE)
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, TICKET)
    fish, fruit, booth = town.node(FISH_SHOP), town.node(GREENGROCER), town.node(FISH_SHOP, "3333")
    town.enact(FloatSet(KAWASAKI, booth.node, 1))
    return Street(town, hana, paper, fish, fruit, booth)
