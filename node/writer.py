"""The one writer of this node's chain: build, let the card sign, sign the head, commit, then speak.

    lock
      build the record after the present tip
      the card signs it (where it takes points), the tap checks the signature; meanwhile another
        thread signs the head, which the card's signature is no part of
      ONE transaction: record, evidence, certificate, projection, attempt, the slip's note
      second path
    unlock -> only now anybody says "done"

Nothing else enters the chain from building to commit. The lock is not held while a person types.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from node.beside import Beside
from node.card.tap import Signature
from node.identity import STOPPED_WORDS, Life, keep_life, life_of
from node.keys import Keys
from node.projection import project
from node.secondpath import Entry, SecondPath
from node.store import Store
from node.timekeeping import Timekeeper
from sync import chain
from sync.cardproof import Evidence, SealedCertificate, money_message
from sync.clock import At
from sync.errors import Damaged, RefusedByRule
from sync.records import VERSION, AnyBody, Record, encode
from sync.sealing import Sealer, certificate_name
from sync.signing import Head, SigningKey, sign_head
from sync.values import Digest, EpochId, KeyDigest, Millis, NodeId
from sync.wire import write


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """Where the chain ends."""

    seq: int
    digest: Digest
    at: Millis


START = Tip(seq=0, digest=chain.NOTHING, at=Millis(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShift:
    """The shift under whose content key evidence is sealed."""

    epoch: EpochId
    opened: int
    sealer: Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the card adds: it signs the message it is given; its certificate may travel sealed."""

    shift: OpenShift
    sign: Callable[[bytes], Signature]
    certificate: bytes


@dataclass(slots=True, kw_only=True)
class Committed:
    """A record that is in the chain, or comes into it with the transaction that is open."""

    record: Record
    digest: Digest
    slip: bytes | None = None
    """The note of its slip, for its row; whoever finishes it in that transaction may set it."""


Make = Callable[[At, int], AnyBody]
"""Gives the body for a moment and a seq; may raise to give the whole thing up."""


class Writer:
    """The chain of the present epoch."""

    def __init__(
        self,
        *,
        store: Store,
        keys: Keys,
        time: Timekeeper,
        second: SecondPath | None,
        node: NodeId,
        hub_origin: str,
    ) -> None:
        self._store = store
        self._keys = keys
        self._time = time
        self._second = second
        self._origin = hub_origin
        self.node = node
        self.lock = threading.RLock()
        self.life = life_of(store)
        self._key: SigningKey | None = None
        self._certified: set[tuple[EpochId, KeyDigest]] = set()
        self._receipted: int | None = None
        self._beside: Beside[Head] = Beside("sign-head")
        self.tip = self._read_tip()

    @property
    def epoch(self) -> EpochId:
        """The present epoch."""
        return self.life.epoch

    @property
    def receipted(self) -> int:
        """The last record of the present epoch up to which every receipt is stored.

        Each record says so; it is read once, and again when receipts came.
        """
        if self._receipted is None:
            receipted = "SELECT receipted FROM epoch WHERE epoch = ?"
            self._receipted = self._store.number(receipted, (self.epoch,))
        return self._receipted

    def receipts_come(self) -> None:
        """Receipts are being stored; called inside their transaction, which nobody reads beside."""
        self._receipted = None

    def now(self) -> At:
        """The moment a record made now would carry."""
        return self._time.now(self.tip.at)

    def key(self) -> SigningKey:
        """The key of the present epoch."""
        if self._key is None:
            self._key = self._keys.of(self.epoch)
        return self._key

    def check_selling(self) -> None:
        """Raise RefusedByRule (``stopped``) when this node takes no money."""
        if self.life.stopped:
            raise RefusedByRule(
                "stopped",
                f"this node takes no money now: {STOPPED_WORDS[self.life.stopped]};"
                " what it holds is handed in, and the next sync asks for a new life",
            )

    def stop(self, why: str) -> None:
        """Take no more money until a new epoch is granted."""
        with self.lock:
            if not self.life.stopped:
                self.life = Life(self.epoch, why)
                keep_life(self._store, self.life)

    def write(
        self,
        make: Make,
        *,
        proof: Proof | None = None,
        also: Callable[[Committed], None] | None = None,
    ) -> Committed:
        """Add one record; ``also`` runs inside its transaction, before the record's own row.

        Raises RefusedByRule (``stopped``), what ``make`` and the card raise, DiskFull. Then nothing
        of it is kept.
        """
        with self.lock:
            self.check_selling()
            if proof is not None and proof.shift.epoch != self.epoch:
                raise RefusedByRule(
                    "attempt-over", "this counter began anew meanwhile; nothing was taken: again"
                )
            return self._commit(make, proof, also)

    def _commit(
        self, make: Make, proof: Proof | None, also: Callable[[Committed], None] | None
    ) -> Committed:
        seq = self.tip.seq + 1
        at = self.now()
        record = Record(
            v=VERSION,
            node=self.node,
            epoch=self.epoch,
            seq=seq,
            prev=self.tip.digest,
            at=at,
            body=make(at, seq),
        )
        data = encode(record)
        digest = chain.digest(data)
        signed = partial(sign_head, self.key(), self.node, self.epoch, seq, digest)
        if proof is None:
            piece = evidence = None
            head = signed()
        else:
            signed_beside = self._beside.begin(signed)
            piece = self._evidence(proof, data, digest)
            evidence, head = write(piece), signed_beside()
        done = Committed(record=record, digest=digest)
        try:
            with self._store.transaction():
                project(self._store, record)
                if proof is not None and piece is not None:
                    self._keep_certificate(proof, KeyDigest(piece.key))
                if also is not None:
                    also(done)
                _keep(self._store, done, data, head.signature, evidence)
        except BaseException:
            self.tip = self._read_tip()  # a commit that failed may still have reached the disk
            raise
        self.tip = Tip(seq=seq, digest=digest, at=at.ms)
        if piece is not None:
            self._certified.add((self.epoch, KeyDigest(piece.key)))
        if self._second is not None:
            self._second.append(
                Entry(self.epoch, seq, digest, head.signature, data, evidence or b"")
            )
        return done

    def _evidence(self, proof: Proof, data: bytes, digest: Digest) -> Evidence:
        signed = proof.sign(money_message(self._origin, data))
        return Evidence(
            shift=proof.shift.opened,
            algorithm=signed.algorithm,
            key=signed.key_digest,
            sealed=proof.shift.sealer.seal(signed.signature, digest),
        )

    def _keep_certificate(self, proof: Proof, key: KeyDigest) -> None:
        if (self.epoch, key) in self._certified:
            return  # a card that was here before in this run of the program
        have = "SELECT 1 FROM certificate WHERE epoch = ? AND key = ?"
        if self._store.row(have, (self.epoch, key)) is None:
            sealed = proof.shift.sealer.seal(proof.certificate, certificate_name(key))
            self._store.execute(
                "INSERT INTO certificate VALUES (?, ?, ?, 0)",
                (self.epoch, key, write(SealedCertificate(proof.shift.opened, key, sealed))),
            )

    def begin(self, epoch: EpochId, genesis: Make) -> Committed:
        """Begin a life that the hub has granted: file its key, write its record 1."""
        with self.lock:
            self._keys.settle(epoch)
            with self._store.transaction():
                self._store.execute("UPDATE epoch SET state = 'closed'")
                self._store.execute(
                    "INSERT OR IGNORE INTO epoch (epoch, number, state) VALUES (?, ?, 'open')",
                    (epoch, int(epoch.split("-", 1)[0])),
                )
                self._store.execute("UPDATE epoch SET state = 'open' WHERE epoch = ?", (epoch,))
                self.life, self._key, self.tip = Life(epoch, ""), None, START
                self._receipted = None
                keep_life(self._store, self.life)
                return self._commit(genesis, None, None)

    def reload(self) -> None:
        """Read life and tip again after records came back from elsewhere."""
        with self.lock:
            self.life, self._key, self._receipted = life_of(self._store), None, None
            self.tip = self._read_tip()

    def _read_tip(self) -> Tip:
        row = self._store.row(
            "SELECT seq, digest, at FROM record WHERE epoch = ? ORDER BY seq DESC LIMIT 1",
            (self.epoch,),
        )
        return START if row is None else Tip(seq=row[0], digest=row[1], at=row[2])


def insert(
    store: Store,
    record: Record,
    *,
    data: bytes,
    digest: Digest,
    head: bytes,
    evidence: bytes | None,
) -> None:
    """Put a record with its evidence and projection into the tables, inside a transaction."""
    _keep(store, Committed(record=record, digest=digest), data, head, evidence)
    project(store, record)


def _keep(store: Store, done: Committed, data: bytes, head: bytes, evidence: bytes | None) -> None:
    """A record's own row: all that it has, at once."""
    record = done.record
    store.execute(
        "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.epoch,
            record.seq,
            done.digest,
            record.kind,
            record.at.ms,
            data,
            head,
            evidence,
            done.slip,
        ),
    )


def head_of(store: Store, node: NodeId, epoch: EpochId, seq: int) -> Head | None:
    """The signed head of a record, or None where this copy has none (a record given back)."""
    row = store.row("SELECT digest, head FROM record WHERE epoch = ? AND seq = ?", (epoch, seq))
    if row is None:
        raise Damaged(f"record {seq} of {epoch} is not here")
    return Head(node, epoch, seq, row[0], row[1]) if row[1] else None
