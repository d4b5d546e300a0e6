"""A MyKey ID's life after registration: suspended, resumed, changed, cancelled; each with a reason.

    active <-> suspended        cards open nothing meanwhile; the points stay
    active | suspended -> cancelled, for good: the ID is nobody's, the card may register anew
    any but cancelled: the ID changed; the one left behind is free for nobody else

Asking for what is so already changes nothing and enters nothing, so that whoever heard no answer
asks again. Who called or came is not kept: only the reason, of a small fixed list, and the person
at the desk who did it, or the counter where the holder did it with the card
(:mod:`hub.mykey.with_card`).
"""

from collections.abc import Mapping, Sequence

from hub.mykey.bodies import (
    ACTIVE,
    CANCELLED,
    SUSPENDED,
    IdChanged,
    MemberCancelled,
    MemberResumed,
    MemberSuspended,
)
from hub.mykey.reasons import Cancellation, Resumption, Suspension
from hub.mykey.records import enter
from hub.store.database import Tx
from sync import policy
from sync.errors import RefusedByRule
from sync.values import CardState, KeyDigest, Millis, MyKeyId

_CLOSED: Mapping[policy.Reason, str] = {
    policy.Reason.NOT_ACTIVE: "the MyKey ID of this card is suspended: it is resumed at a counter"
    " or by the office that suspended it",
    policy.Reason.ID_CANCELLED: "the MyKey ID of this card was cancelled: the card may register"
    " anew",
    policy.Reason.CARD_REVOKED: "this card's certificate was revoked: its municipality helps",
    policy.Reason.CARD_REPLACED: "this card was replaced by a newer one: use that",
}


def suspend(tx: Tx, name: MyKeyId, why: Suspension, *, person: str, at: Millis) -> None:
    """Close a member's cards; one that is suspended stays so, for its first reason.

    But a reason that only the desk lifts takes the place of one that a card does: whoever found
    the card may have suspended it, to resume it later. Raises RefusedByRule, as all here:
    ``resident-unknown``, ``mykey-id-changed``, ``mykey-id-cancelled``.
    """
    graver = why.for_desk and not is_for_desk(tx, name)
    if _alive(tx, name) == ACTIVE or graver:
        enter(tx, MemberSuspended(name, why, person), at)


def resume(tx: Tx, name: MyKeyId, why: Resumption, *, person: str, at: Millis) -> None:
    """Open them again."""
    if _alive(tx, name) == SUSPENDED:
        enter(tx, MemberResumed(name, why, person), at)


def cancel(tx: Tx, name: MyKeyId, why: Cancellation, *, person: str, at: Millis) -> None:
    """End a membership."""
    if state_of(tx, name) != CANCELLED:
        enter(tx, MemberCancelled(name, why, person), at)


def change_id(tx: Tx, change: IdChanged, at: Millis) -> None:
    """Call a member otherwise; raises RefusedByRule (``mykey-id-taken``) as well."""
    _alive(tx, change.mykey_id)
    if is_taken(tx, change.new_id, by_other_than=change.mykey_id):
        raise taken(change.new_id)
    if change.new_id != change.mykey_id:
        enter(tx, change, at)


def state_of(tx: Tx, name: MyKeyId) -> str:
    """How a member stands; raises RefusedByRule (``resident-unknown``, ``mykey-id-changed``)."""
    state = tx.scalar("SELECT state FROM member WHERE mykey_id=:name", name=name)
    if state is not None:
        return str(state)
    if now_called(tx, name) is not None:
        raise RefusedByRule(
            "mykey-id-changed", f"{name} is nobody's ID any more: its holder has another one"
        )
    raise RefusedByRule("resident-unknown", f"nobody is registered as {name}")


def is_for_desk(tx: Tx, name: MyKeyId) -> bool:
    """Whether a member is suspended for a reason that no card lifts."""
    why = tx.scalar(
        "SELECT why FROM step JOIN member USING (mykey_id) WHERE mykey_id=:name AND state=:state"
        " AND what='suspended' ORDER BY seq DESC LIMIT 1",
        name=name,
        state=SUSPENDED,
    )
    return why is not None and Suspension(why).for_desk


def now_called(tx: Tx, former: MyKeyId) -> MyKeyId | None:
    """What the member who left this ID is called now; None where nobody left it."""
    found = tx.scalar("SELECT mykey_id FROM former_id WHERE former=:former", former=former)
    return None if found is None else MyKeyId(found)


def is_taken(tx: Tx, wanted: MyKeyId, *, by_other_than: MyKeyId | None = None) -> bool:
    """Whether an ID is or was anybody's, or anybody else's."""
    row = tx.scalar(
        "SELECT mykey_id FROM member WHERE mykey_id=:wanted"
        " UNION ALL SELECT mykey_id FROM former_id WHERE former=:wanted",
        wanted=wanted,
    )
    return row is not None and row != by_other_than


def taken(wanted: MyKeyId) -> RefusedByRule:
    """What is said of an ID that somebody has or had."""
    return RefusedByRule(
        "mykey-id-taken", f"{wanted} is or was somebody's ID already: choose another one"
    )


def cancelled(name: MyKeyId) -> RefusedByRule:
    """What is said of a member who left for good."""
    return RefusedByRule(
        "mykey-id-cancelled", f"{name} was cancelled for good: the card may register anew"
    )


def state_of_card(tx: Tx, card: KeyDigest) -> CardState:
    """How a card stands; one that nobody registered, as one whose holder left for good."""
    return states_of_cards(tx, [card])[card]


def states_of_cards(tx: Tx, cards: Sequence[KeyDigest]) -> dict[KeyDigest, CardState]:
    """The same of each of some cards, as many as one statement asks for."""
    rows = tx.rows(
        "SELECT digest, state, replaced, coalesce(revoked, '')"
        " FROM member JOIN card_key USING (mykey_id) LEFT JOIN card_mark USING (digest)"
        f" WHERE digest IN ({','.join('?' * len(cards))})",
        cards,
    )
    found = dict.fromkeys(cards, CardState.CANCELLED)
    found.update((KeyDigest(card), card_state(*how)) for card, *how in rows)
    return found


def card_state(state: str, replaced: object, revoked: str) -> CardState:
    """How a card stands by its member's row, its own and what issuers' lists say of it."""
    if replaced:  # its issuer takes it back as well: the newer card is what helps
        return CardState.REPLACED
    return CardState.REVOKED if revoked else CardState(state)


def closed(state: CardState) -> RefusedByRule:
    """What is said to whoever shows a card that opens nothing: why, and where it goes on.

    The reasons are the policy's (:func:`sync.policy.closed`), as at a counter without the hub.
    """
    why = policy.closed(state)
    if why is None:
        raise ValueError("an active card is not closed")
    return RefusedByRule(why, _CLOSED[why])


def _alive(tx: Tx, name: MyKeyId) -> str:
    state = state_of(tx, name)
    if state == CANCELLED:
        raise cancelled(name)
    return state
