"""The names of ledger accounts, per municipality.

Everything is a transfer from one account to another: the debited one loses, the credited one
gains, for every account alike.
"""

from sync.values import AccountId, EpochId, NodeId, OrganisationId, TicketNumber

ISSUER = "issuer"
"""Negative: what was ever issued."""
TREASURY = "treasury"
"""The town's money outside; either sign."""
RESERVE = "reserve"
"""Set aside for losses within policy; below zero when it did not reach, until it is funded."""


def wallet(account: AccountId) -> str:
    """A resident's points in this town."""
    return f"wallet:{account}"


def deficit(account: AccountId) -> str:
    """What was taken beyond a wallet, within policy; never above zero."""
    return f"deficit:{account}"


def held(node: NodeId, epoch: EpochId, n: int) -> str:
    """Points that wait for a node to speak."""
    return f"hold:{node}/{epoch}/{n}"


def outstanding(programme: str) -> str:
    """Live paper tickets of a programme."""
    return f"outstanding:{programme}"


def payable(organisation: OrganisationId) -> str:
    """What the town owes a shop."""
    return f"payable:{organisation}"


def receivable(organisation: OrganisationId) -> str:
    """What a shop owes the town: below zero, netted from its next payment."""
    return f"receivable:{organisation}"


def transit(kind: str, window: int) -> str:
    """A bank file on its way."""
    return f"transit:{kind}/{window}"


def lapsed(account: AccountId, expires: int) -> str:
    """What expired for a resident at a moment; a late spend from before may still draw on it."""
    return f"lapsed:{account}/{expires:015d}"


def lapsed_ticket(number: TicketNumber) -> str:
    """What a ticket was worth when its days ended."""
    return f"lapsed:ticket/{number}"


def kind_of(account: str) -> str:
    """``wallet`` of ``wallet:...``."""
    return account.split(":", 1)[0]


def subject_of(account: str) -> str:
    """What stands behind the kind."""
    return account.split(":", 1)[1]
