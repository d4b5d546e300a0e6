"""What waits for a second person, in words: for whom, how much, and what it takes the place of.

Digests and keys say nothing to people and are left out. What changes shows what stands there now.
"""

from collections.abc import Iterator

import msgspec

from hub import listsource, nodes, town
from hub.bodies import (
    AccountChanged,
    AnyHubBody,
    BankDetails,
    ExceptionDecided,
    FloatSet,
    Granted,
    PayerChanged,
    PolicySet,
    RevocationSourceSet,
)
from hub.mykey.registry import MyKey
from hub.store.database import Tx
from sync.policy import read_policy


def in_words(tx: Tx, mykey: MyKey, body: AnyHubBody) -> dict[str, str]:
    """A command's content as the second person reads it."""
    said = dict(_plain(body))
    match body:
        case Granted():
            del said["account"]
            said["mykey_id"] = mykey.holder_of(body.town, body.account) or "nobody"
            said["programme"] = _programme(tx, body)
        case AccountChanged():
            said["account_now"] = _account(town.account_of(tx, body.organisation))
            said["name"] = town.organisation_named(tx, body.organisation).name
        case PayerChanged():
            now = town.payer_of(tx, body.town)
            said["requester_now"] = now.requester
            said["account_now"] = _account(now.account)
        case FloatSet():
            said["points"] = str(nodes.float_meant(tx, body.node, body.points))
            said["points_now"] = str(nodes.float_of(tx, body.node))
        case RevocationSourceSet():
            said["source_now"] = listsource.source_of(tx)
        case PolicySet():
            said.update(_policy(tx, body))
        case ExceptionDecided():
            said.update(_exception(tx, body))
    return said


def _plain(body: AnyHubBody) -> Iterator[tuple[str, str]]:
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, BankDetails):
            yield name, _account(value)
        elif not isinstance(value, bytes):
            yield name, str(value)


def _account(account: BankDetails) -> str:
    return " ".join(str(part) for part in msgspec.structs.astuple(account))


def _programme(tx: Tx, body: Granted) -> str:
    found = town.programme_named(tx, body.town, body.programme)
    return f"{found.programme} {found.name}"


def _policy(tx: Tx, body: PolicySet) -> Iterator[tuple[str, str]]:
    """What the new policy changes, with what stands there now."""
    now, then = town.policy_of(tx, body.town), read_policy(body.policy)
    for name in then.__struct_fields__:
        value, before = getattr(then, name), getattr(now, name)
        if value != before:
            yield name, f"{value} (now {before})"


def _exception(tx: Tx, body: ExceptionDecided) -> dict[str, str]:
    """Which exception is decided: what happened where, and how much it is about."""
    row = tx.one(
        "SELECT node, kind, reason, bearer, points FROM incident"
        " WHERE municipality=:town AND id=:id",
        town=body.town,
        id=body.incident,
    )
    said = {} if row is None else {name: str(value) for name, value in row.items()}
    return {"incident": f"{body.town}-{body.incident}", **said}
