"""Members as they are looked at: who has a card, what somebody agreed to, has, and went through."""

from dataclasses import dataclass

from hub.mykey import life
from hub.store.database import Tx
from sync.values import AccountId, KeyDigest, Millis, MunicipalityCode, MyKeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What somebody did to a member, why and when."""

    at: Millis
    what: str
    why: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as the desk shows it."""

    mykey_id: MyKeyId
    state: str
    for_desk: bool
    """Suspended so that only people at the desk may lift it."""
    generated: bool
    cards: int
    """How many open what it has."""
    consents: tuple[str, ...]
    steps: tuple[Step, ...]


def member_of(tx: Tx, card: KeyDigest) -> MyKeyId | None:
    """Whose a card is; None: nobody's."""
    found = tx.scalar("SELECT mykey_id FROM card_key WHERE digest=:card", card=card)
    return None if found is None else MyKeyId(found)


def seen(tx: Tx, name: MyKeyId) -> Member:
    """A member; raises RefusedByRule (``resident-unknown``, ``mykey-id-changed``)."""
    state = life.state_of(tx, name)
    steps = tx.all(
        "SELECT at, what, why, person FROM step WHERE mykey_id=:name ORDER BY seq", name=name
    )
    return Member(
        mykey_id=name,
        state=state,
        for_desk=life.is_for_desk(tx, name),
        generated=bool(tx.scalar("SELECT generated FROM member WHERE mykey_id=:name", name=name)),
        cards=tx.scalar(
            "SELECT COUNT(*) FROM card_key WHERE mykey_id=:name AND NOT replaced", name=name
        ),
        consents=consents(tx, name),
        steps=tuple(Step(**each) for each in steps),
    )


def consents(tx: Tx, name: MyKeyId) -> tuple[str, ...]:
    """What a member agreed to."""
    rows = tx.rows("SELECT what FROM consent WHERE mykey_id=? ORDER BY what", (name,))
    return tuple(what for (what,) in rows)


def accounts(tx: Tx, name: MyKeyId) -> dict[MunicipalityCode, AccountId]:
    """A member's account in each town that has one."""
    rows = tx.rows("SELECT municipality, account FROM account WHERE mykey_id=?", (name,))
    return {MunicipalityCode(town): AccountId(account) for town, account in rows}
