"""What people do who should not: they tamper with a chain, or with what they carry."""

from collections.abc import Callable

from msgspec.structs import replace

from node.counter import Counter
from sync.batch import Batch, EvidenceBook, join, pack, read_evidence, split, unpack
from sync.calls import HubCalls
from sync.cardproof import Evidence
from sync.chain import digest
from sync.errors import MachikadoError
from sync.records import decode, encode
from sync.signing import Head, sign_head
from sync.values import Digest, EpochId
from sync.wire import write
from tests.simulation.machine import Machine
from tests.simulation.places import ORIGIN
from tests.simulation.town import Town

Tampering = Callable[[list[bytes]], list[bytes]]


def forge(town: Town, machine: Machine) -> None:
    """Somebody with the node's key hands in what waits there, with one record tampered with."""
    with machine.running() as counter:
        writer = counter.parts.writer
        waiting = counter.parts.store.rows(
            "SELECT record.seq, record.bytes FROM record JOIN epoch USING (epoch)"
            " WHERE epoch = ? AND record.seq > epoch.received ORDER BY record.seq",
            (writer.epoch,),
        )
        if len(waiting) < _FEWEST or writer.life.stopped:
            return
        name = town.random.choice(list(_TAMPERINGS))
        first = int(waiting[0][0])
        records = _TAMPERINGS[name]([data for _, data in waiting])
        moved = _put(town, machine, counter, first, records)
        town.note(f"{machine.name} forge {name} from {first}: {'taken' if moved else 'not taken'}")


_FEWEST = 3


def _hole(records: list[bytes]) -> list[bytes]:
    """One in the middle is left out."""
    middle = len(records) // 2
    return records[:middle] + records[middle + 1 :]


def _rewritten(records: list[bytes]) -> list[bytes]:
    """One in the middle says another moment; what follows names the record as it was."""
    middle = len(records) // 2
    record = decode(records[middle])
    at = record.at
    other = replace(record, at=replace(at, ms=at.ms + 1))
    return [*records[:middle], encode(other), *records[middle + 1 :]]


def _torn_off(records: list[bytes]) -> list[bytes]:
    """The first names another past."""
    record = replace(decode(records[0]), prev=Digest(b"\x5a" * 32))
    return [encode(record), *records[1:]]


_TAMPERINGS: dict[str, Tampering] = {
    "hole": _hole,
    "rewritten": _rewritten,
    "torn off": _torn_off,
}


def _put(town: Town, machine: Machine, counter: Counter, first: int, records: list[bytes]) -> bool:
    """Hand in under a head that this node's key has signed; whether the hub took it."""
    writer = counter.parts.writer
    last, name = first + len(records) - 1, digest(records[-1])
    head = sign_head(writer.key(), writer.node, writer.epoch, last, name)
    body = pack(_batch(records, head))
    calls = HubCalls(
        town.road(),
        origin=ORIGIN,
        node=writer.node,
        epoch=writer.epoch,
        key=writer.key(),
        clock=machine.clock,
        trusted=(town.keys.signing.public,),
    )
    before = _cursor(town, machine, writer.epoch)
    try:
        town.calm(lambda: calls.put_records(writer.epoch, first, body))
    except MachikadoError as error:
        town.note(f"{machine.name} forge: {type(error).__name__}")
    return _cursor(town, machine, writer.epoch) != before


def _batch(records: list[bytes], head: Head) -> Batch:
    return Batch(
        facts=join(records),
        evidence=write(EvidenceBook(tuple(None for _ in records), ())),
        head=head,
        ended=(),
        closed=False,
        receipted=0,
        decisions=0,
    )


def _cursor(town: Town, machine: Machine, epoch: EpochId) -> int:
    with town.database.read() as tx:
        found = tx.scalar(
            "SELECT max(received) FROM cursor WHERE node=:node AND epoch=:epoch",
            node=machine.node,
            epoch=epoch,
        )
    return int(found or 0)


def carry(town: Town, machine: Machine) -> None:
    """Somebody takes a stick with what waits to the hub, and spoils the evidence on the way."""
    with machine.running() as counter:
        if counter.parts.writer.life.stopped or machine.spoiled:
            return
        stick, count = counter.parts.outbox.stick()
        town.note(f"{machine.name} carry {count}")
    judging = town.hub.judging
    for parcel in stick.parcels:
        body = pack(_spoilt(unpack(parcel.body)))
        town.calm(lambda p=parcel, b=body: judging.hand_in(machine.node, p.epoch, p.first, b))  # type: ignore[misc]


def _spoilt(batch: Batch) -> Batch:
    book = read_evidence(batch.evidence, len(split(batch.facts)))
    pieces = tuple(None if piece is None else _scratched(piece) for piece in book.pieces)
    return replace(batch, evidence=write(EvidenceBook(pieces, book.certificates)))


def _scratched(piece: Evidence) -> Evidence:
    return replace(piece, sealed=bytes([piece.sealed[0] ^ 1]) + piece.sealed[1:])
