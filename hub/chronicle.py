"""The hub's own records: one chain a municipality, one of the platform."""

import msgspec

from hub.bodies import AnyHubBody, HubRecord, kind_of
from hub.store import schema
from hub.store.database import Tx
from sync.chain import NOTHING, digest
from sync.errors import Damaged
from sync.values import Digest, Millis, MunicipalityCode

_decoder = msgspec.msgpack.Decoder(HubRecord)


def enter(
    tx: Tx, body: AnyHubBody, *, persons: tuple[str, ...], at: Millis, incarnation: int
) -> HubRecord:
    """Append what was done to its town's chain, and give the record."""
    tx.require(body.town)
    last = tx.one(
        "SELECT seq, digest FROM chronicle WHERE municipality=:town ORDER BY seq DESC LIMIT 1",
        town=body.town,
    )
    seq, prev = (1, NOTHING) if last is None else (last["seq"] + 1, Digest(last["digest"]))
    record = HubRecord(
        v=1,
        chain=body.town,
        incarnation=incarnation,
        seq=seq,
        prev=prev,
        at=at,
        persons=persons,
        body=body,
    )
    data = msgspec.msgpack.encode(record)
    tx.insert(
        schema.chronicle,
        municipality=body.town,
        seq=seq,
        incarnation=incarnation,
        kind=kind_of(body),
        at=at,
        person=",".join(persons),
        bytes=data,
        digest=digest(data),
    )
    return record


def read(data: bytes) -> HubRecord:
    """A record from its bytes; raises Damaged."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Damaged(f"a record of the hub cannot be read: {error}") from None


def chain_of(tx: Tx, town: MunicipalityCode) -> list[tuple[HubRecord, bytes, Digest]]:
    """A town's whole chain in order: record, bytes, stored digest."""
    rows = tx.rows("SELECT bytes, digest FROM chronicle WHERE municipality=? ORDER BY seq", (town,))
    return [(read(data), data, Digest(stored)) for data, stored in rows]
