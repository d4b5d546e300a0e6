"""What the chronicle of identity says, and its chain."""

import msgspec

from hub.mykey import schema
from hub.store.database import Tx
from sync.chain import NOTHING, digest
from sync.errors import Damaged
from sync.records.bodies import Account, CardKeyDigest, Town
from sync.values import Digest, Millis, MyKeyId


class MyKeyBody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of what happens to identities."""


class MemberRegistered(MyKeyBody, frozen=True, tag="mykey.registered"):
    """A card made a MyKey ID."""

    mykey_id: MyKeyId
    generated: bool
    card: CardKeyDigest
    algorithm: str
    public_key: bytes
    issuer_key_id: bytes


class ConsentGiven(MyKeyBody, frozen=True, tag="mykey.consent"):
    """A member agreed to something."""

    mykey_id: MyKeyId
    what: str


class AccountMade(MyKeyBody, frozen=True, tag="mykey.account"):
    """A member's account in a town got its random id."""

    mykey_id: MyKeyId
    town: Town
    account: Account


AnyMyKeyBody = MemberRegistered | ConsentGiven | AccountMade


class MyKeyRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One change: ``[v, seq, prev, at, body]``."""

    v: int
    seq: int
    prev: bytes
    at: Millis
    body: AnyMyKeyBody


_decoder = msgspec.msgpack.Decoder(MyKeyRecord)


def enter(tx: Tx, body: AnyMyKeyBody, at: Millis) -> MyKeyRecord:
    """Append a change to the chain, apply it, and give the record."""
    last = tx.one("SELECT seq, digest FROM chronicle ORDER BY seq DESC LIMIT 1")
    seq, prev = (1, NOTHING) if last is None else (last["seq"] + 1, Digest(last["digest"]))
    record = MyKeyRecord(v=1, seq=seq, prev=prev, at=at, body=body)
    data = msgspec.msgpack.encode(record)
    tx.insert(schema.chronicle, seq=seq, bytes=data, digest=digest(data))
    apply(tx, record)
    return record


def chain(tx: Tx) -> list[MyKeyRecord]:
    """The whole chain, checked; raises Damaged at the first record that does not follow."""
    records: list[MyKeyRecord] = []
    prev = NOTHING
    for seq, (data, stored) in enumerate(
        tx.rows("SELECT bytes, digest FROM chronicle ORDER BY seq"), 1
    ):
        try:
            record = _decoder.decode(data)
        except msgspec.MsgspecError as error:
            raise Damaged(f"identity record {seq} cannot be read: {error}") from None
        if (record.seq, record.prev, digest(data)) != (seq, prev, stored):
            raise Damaged(f"identity record {seq} does not follow the one before it")
        prev = Digest(stored)
        records.append(record)
    return records


def apply(tx: Tx, record: MyKeyRecord) -> None:
    """Change the tables by a record, from the record only."""
    match record.body:
        case MemberRegistered() as body:
            tx.insert(
                schema.member, mykey_id=body.mykey_id, state="active", generated=body.generated
            )
            tx.insert(
                schema.card_key,
                digest=body.card,
                mykey_id=body.mykey_id,
                algorithm=body.algorithm,
                public_key=body.public_key,
                issuer_key_id=body.issuer_key_id,
            )
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
