"""The chronicle of identities: a chain of records, each of which changes the tables."""

import msgspec

from hub.mykey import schema
from hub.mykey.bodies import AnyMyKeyBody, MyKeyRecord
from hub.mykey.tables import apply
from hub.store.database import Tx
from sync.chain import NOTHING, digest
from sync.errors import Damaged
from sync.values import Digest, Millis

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
