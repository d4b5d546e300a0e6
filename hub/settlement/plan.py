"""Who gets how much of a window: what was earned, less what is owed, if it is worth a transfer.

An organisation's claim is what the window's stamp earned it and what earlier windows carried
over. What it owes the town (a sale taken back after its window had closed) is netted first. What
is left is paid, unless it is below the town's minimum: then it is carried over.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sync.values import OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an organisation may ask for in a window, in points."""

    organisation: OrganisationId
    points: int
    """Net credits of its payable by this window's stamp."""
    brought: int
    """What earlier windows neither netted nor paid."""
    owed: int
    """What it owes the town now; never below zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What becomes of a claim. ``line`` counts the bank file's lines from 1; 0: not in it."""

    organisation: OrganisationId
    line: int
    points: int
    brought: int
    netted: int
    paid: int

    @property
    def carried(self) -> int:
        """What is left for a later window."""
        return self.points + self.brought - self.netted - self.paid


def plan(claims: Iterable[Claim], *, minimum: int) -> list[Payment]:
    """Net, pay or carry over each claim, in the order of the organisations' names."""
    payments: list[Payment] = []
    lines = 0
    for claim in sorted(claims, key=lambda claim: claim.organisation):
        due = max(0, claim.points + claim.brought)
        netted = min(due, claim.owed)
        paid = due - netted if due - netted >= minimum else 0
        lines += paid > 0
        payments.append(
            Payment(
                organisation=claim.organisation,
                line=lines if paid else 0,
                points=claim.points,
                brought=claim.brought,
                netted=netted,
                paid=paid,
            )
        )
    return payments
