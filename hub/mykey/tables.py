"""The tables of identity, as the records of their chronicle change them.

From the record only, so that the same records make the same tables again (:mod:`hub.mykey.audit`).
"""

from collections.abc import Mapping

from hub.mykey import schema
from hub.mykey.bodies import (
    ACTIVE,
    CANCELLED,
    JOIN_LIFE,
    REFUSED,
    SUSPENDED,
    WAITING,
    AccountMade,
    CardJoined,
    CardMarked,
    CardRestored,
    CardRevoked,
    ConsentGiven,
    IdChanged,
    JoinAsked,
    JoinRefused,
    MemberCancelled,
    MemberChanged,
    MemberRegistered,
    MemberResumed,
    MemberSuspended,
    MyKeyBody,
    MyKeyRecord,
    NumbersLinked,
    NumberUnlinked,
    RevocationListTaken,
)
from hub.store.database import Tx
from sync.revocation import Kind
from sync.values import Millis, MyKeyId, OrganisationId

_OF_A_MEMBER = (
    "step",
    "former_id",
    "card_key",
    "former_card",
    "consent",
    "account",
    "service_number",
)
"""Tables that name the member a row belongs to."""
_STATES: Mapping[type[MemberChanged], str] = {
    MemberSuspended: SUSPENDED,
    MemberResumed: ACTIVE,
    MemberCancelled: CANCELLED,
}


def apply(tx: Tx, record: MyKeyRecord) -> None:
    """Change the tables by a record, from the record only."""
    match record.body:
        case MemberRegistered() as body:
            _register(tx, body, record.seq)
        case ConsentGiven() as body:
            key = {"mykey_id": body.mykey_id, "what": body.what}
            tx.put(schema.consent, key, at=record.at)
        case AccountMade() as body:
            tx.insert(
                schema.account,
                mykey_id=body.mykey_id,
                municipality=body.town,
                account=body.account,
            )
        case CardMarked() as body:
            tx.insert(
                schema.card_mark,
                digest=body.card,
                issuer_key_id=body.issuer_key_id,
                mark=body.mark,
                revoked="",
                changed=0,
            )
        case RevocationListTaken() as body:
            _take(tx, body, record.at)
        case CardRevoked() as body:
            _revoke(tx, body.card, Kind.HELD if body.held else Kind.REVOKED, record.seq)
        case CardRestored() as body:
            _revoke(tx, body.card, "", record.seq)
        case NumbersLinked() as body:
            _link(tx, body)
        case NumberUnlinked() as body:
            _unlink(tx, body.mykey_id, body.organisation)
        case JoinAsked() | CardJoined() | JoinRefused() as body:
            _of_joining(tx, record, body)
        case IdChanged() as body:
            _rename(tx, body)
            _note(tx, record, body, body.new_id)
        case MemberChanged() as body:
            _stands(tx, body, record.seq)
            _note(tx, record, body, body.mykey_id)


def _register(tx: Tx, body: MemberRegistered, seq: int) -> None:
    """A new member; its card may have been a cancelled member's."""
    before = _holder(tx, body.card)
    tx.insert(
        schema.member,
        mykey_id=body.mykey_id,
        state=ACTIVE,
        generated=body.generated,
        changed=0 if before is None else seq,
    )
    _attach(tx, body)


def _of_joining(tx: Tx, record: MyKeyRecord, body: JoinAsked | CardJoined | JoinRefused) -> None:
    match body:
        case JoinAsked():
            _ask(tx, body, record.at)
            return
        case CardJoined():
            _join(tx, body, record.seq)
        case JoinRefused():
            tx.run(
                "UPDATE join_request SET state=:state WHERE digest=:card",
                state=REFUSED,
                card=body.card,
            )
    _note(tx, record, body, body.mykey_id)


def _join(tx: Tx, body: CardJoined, seq: int) -> None:
    """One more card for a member; nodes hear of it, and of those that it replaces."""
    _attach(tx, body)
    for card in body.replaces:
        tx.run("UPDATE card_key SET replaced=true WHERE digest=:card", card=card)
    tx.run("UPDATE member SET changed=:seq WHERE mykey_id=:name", seq=seq, name=body.mykey_id)


def _attach(tx: Tx, body: MemberRegistered | CardJoined) -> None:
    """A card is a member's from now on; what it signed for an earlier holder stays that one's."""
    before = _holder(tx, body.card)
    if before not in (None, body.mykey_id):
        tx.insert(schema.former_card, digest=body.card, mykey_id=before)
    tx.put(
        schema.card_key,
        {"digest": body.card},
        mykey_id=body.mykey_id,
        algorithm=body.algorithm,
        public_key=body.public_key,
        issuer_key_id=body.issuer_key_id,
        replaced=False,
    )
    tx.run("DELETE FROM join_request WHERE digest=:card", card=body.card)


def _holder(tx: Tx, card: bytes) -> str | None:
    """Whose a card is; None: nobody's yet."""
    found: str | None = tx.scalar("SELECT mykey_id FROM card_key WHERE digest=:card", card=card)
    return found


def _ask(tx: Tx, body: JoinAsked, at: Millis) -> None:
    """A card has one wish at a time; those that ended make room."""
    tx.run("DELETE FROM join_request WHERE at<=:until", until=at - JOIN_LIFE)
    tx.put(
        schema.join_request,
        {"digest": body.card},
        said=body.said,
        state=WAITING,
        at=at,
        node=body.node,
        algorithm=body.algorithm,
        public_key=body.public_key,
        issuer_key_id=body.issuer_key_id,
    )


def _stands(tx: Tx, body: MemberChanged, seq: int) -> None:
    tx.run(
        "UPDATE member SET state=:state, changed=:seq WHERE mykey_id=:name",
        state=_STATES[type(body)],
        seq=seq,
        name=body.mykey_id,
    )
    if isinstance(body, MemberCancelled):
        tx.run("DELETE FROM service_number WHERE mykey_id=:name", name=body.mykey_id)


def _link(tx: Tx, body: NumbersLinked) -> None:
    """All at once: two members may have changed their numbers with each other."""
    ends = "DELETE FROM service_number WHERE organisation=? AND mykey_id=?"
    tx.many(ends, [(body.organisation, name) for name, _ in body.numbers])
    tx.insert_many(
        schema.service_number,
        [(body.organisation, name, number) for name, number in body.numbers],
    )


def _unlink(tx: Tx, name: MyKeyId, organisation: OrganisationId) -> None:
    tx.run(
        "DELETE FROM service_number WHERE organisation=:organisation AND mykey_id=:name",
        organisation=organisation,
        name=name,
    )


def _take(tx: Tx, body: RevocationListTaken, at: Millis) -> None:
    tx.put(
        schema.revocation_list,
        {"issuer_key_id": body.issuer_key_id},
        number=body.number,
        this_update=body.this_update,
        next_update=body.next_update,
        digest=body.digest,
        entries=body.entries,
        marks=body.marks,
        taken_at=at,
    )


def _revoke(tx: Tx, card: bytes, kind: str, seq: int) -> None:
    tx.run(
        "UPDATE card_mark SET revoked=:kind, changed=:seq WHERE digest=:card",
        kind=kind,
        seq=seq,
        card=card,
    )


def _rename(tx: Tx, body: IdChanged) -> None:
    """The member's row under its new name, then everything that is the member's."""
    old, new = body.mykey_id, body.new_id
    tx.run(
        "INSERT INTO member (mykey_id, state, generated, changed)"
        " SELECT :new, state, :generated, changed FROM member WHERE mykey_id=:old",
        old=old,
        new=new,
        generated=body.generated,
    )
    for name in _OF_A_MEMBER:
        tx.run(f"UPDATE {name} SET mykey_id=:new WHERE mykey_id=:old", new=new, old=old)
    tx.run("DELETE FROM member WHERE mykey_id=:old", old=old)
    tx.run("DELETE FROM former_id WHERE former=:new", new=new)  # the member's own, taken back
    tx.insert(schema.former_id, former=old, mykey_id=new)


def _note(tx: Tx, record: MyKeyRecord, body: MemberChanged, name: MyKeyId) -> None:
    """What was done stands with whom it was done to, whatever that member is called since."""
    tx.insert(
        schema.step,
        mykey_id=name,
        seq=record.seq,
        at=record.at,
        what=_what(body),
        why=body.why,
        person=body.person,
    )


def _what(body: MyKeyBody) -> str:
    """A body's kind in one word, as people read it."""
    return str(body.__struct_config__.tag).removeprefix("mykey.")
