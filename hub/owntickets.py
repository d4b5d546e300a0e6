"""Which paper tickets of a resident live: told to card and PIN only, and nothing is kept of it."""

from collections.abc import Mapping

from hub.store.database import Tx
from sync.clock import day_of
from sync.owntickets import MOST, OwnTicket, OwnTickets
from sync.values import AccountId, Millis, MunicipalityCode, NodeId, organisation_of


def own_tickets(
    tx: Tx, node: NodeId, accounts: Mapping[MunicipalityCode, AccountId], now: Millis
) -> OwnTickets:
    """What lives of one person's tickets, in the towns whose points the node may take."""
    accepted = tx.rows(
        "SELECT municipality FROM acceptance WHERE organisation=? ORDER BY 1",
        [organisation_of(node)],
    )
    found = [
        OwnTicket(town, number, points, first, last, voiding=bool(voiding))
        for (town,) in accepted
        if town in accounts
        for number, points, first, last, voiding in tx.rows(
            "SELECT number, points, valid_from, valid_until, state='voiding' FROM ticket"
            " WHERE municipality=? AND account=? AND state IN ('issued', 'voiding')"
            " AND (state='voiding' OR valid_until>=?) ORDER BY valid_until, number",
            [town, accounts[town], day_of(now)],
        )
    ]
    return OwnTickets(now, tuple(found[:MOST]))
