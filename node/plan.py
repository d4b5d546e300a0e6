"""How far a PC's set-up has come, kept in its own database so that a cut costs nothing.

    planned     the invitation is kept; then the node's key is made
    looked      the hub said whose counter it becomes; both screens will show the fingerprint
    enrolled    the hub knows the key: identity and epoch are kept
    begun       record 1 is written and the second path begun; people compare the fingerprint
    over        the first complete feed came, so the office has confirmed: an ordinary node

Each step is durable before the next one leaves this PC, and each may be done again: the key is made
once, and the hub gives the same key the same answer. Whatever starts next reads here where to go
on. Light to import: the front door asks before its first screen is there.
"""

from contextlib import closing
from pathlib import Path

import msgspec

from node.store import Store, is_blank
from sync.calls import Invited
from sync.errors import Damaged, NoAccess

_PLAN, _FEED = "set-up", "feed"


class Plan(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a set-up that is not over knows."""

    invitation: str
    """As it was given (:func:`sync.invitation.write_invitation`); its code works for one key."""
    second_path: str
    """The folder of the second copy; empty: none."""
    fingerprint: str = ""
    """Of the node's key; empty before it was made."""
    invited: Invited | None = None
    """Whose counter this becomes, as the hub said."""
    begun: bool = False
    """Record 1 is written, and the second path has it."""


def plan_of(store: Store) -> Plan | None:
    """The set-up that is under way; None before one, and once it is over."""
    from node.knowledge import FeedState

    feed = store.kept(_FEED, FeedState)
    if feed is not None and feed.as_of is not None:
        return None
    return store.kept(_PLAN, Plan)


def keep_plan(store: Store, plan: Plan) -> Plan:
    """Keep the next step, durably; gives it back."""
    store.keep(_PLAN, plan)
    return plan


def forget_plan(store: Store) -> None:
    """The set-up is over: its one-time code is of no use to anybody any more."""
    if store.kept(_PLAN, Plan) is not None and plan_of(store) is None:
        store.forget(_PLAN)


def unfinished(folder: Path) -> bool:
    """Whether this folder's set-up is still to be done or to be finished.

    A file that is no node's database is none: opening it says what is wrong with it.
    """
    if is_blank(folder):
        return True
    try:
        with closing(Store.look(folder)) as store:
            return not _has_records(store) or plan_of(store) is not None
    except (Damaged, NoAccess):
        return False


def plan_in(folder: Path) -> Plan | None:
    """The set-up that is under way in a folder, also while another program has it."""
    try:
        with closing(Store.look(folder)) as store:
            return plan_of(store)
    except (Damaged, NoAccess):
        return None


def _has_records(store: Store) -> bool:
    return bool(store.number("SELECT count(*) FROM record"))
