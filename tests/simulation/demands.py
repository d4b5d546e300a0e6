"""How an invariant that does not hold is named.

| name | says |
|------|------|
| I1   | the sum of all accounts of a town is 0 |
| I2   | wallets, holds and live tickets are what grants less spends leave; nobody pays twice |
| I3   | only some accounts may be negative, and some never positive |
| I4   | what a node may do on its own word is bounded; node and hub decide alike |
| I5   | what was acknowledged is at the hub once, with a verdict |
| I6   | one digest a place, no gaps, each record follows the one before |
| I7   | at most one redemption of a ticket is applied and stands |
| I8   | playing all records again gives the same books |
| I10  | settlement is what the window's stamp earned; within policy a shop is paid |
| I11  | no identity outside the tables of who is who |

I9, that checkpoints only grow, needs a log with witnesses, which no machine here keeps.
"""


class Broken(AssertionError):
    """An invariant does not hold."""


def demand(holds: bool, invariant: str, detail: object = "") -> None:
    """Stop here unless it holds."""
    if not holds:
        raise Broken(f"{invariant}: {detail}")
