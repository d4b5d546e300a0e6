"""From one life to the next: what the start finds, what the hub gives back, the new epoch.

A node that may be an old copy, a clone or half of one takes no money. It hands in what it holds,
takes back what the hub holds and this database lacks, and asks for a new epoch under a new key;
with the new epoch's record 1 it sells again. Its own branch is kept and handed in; what the hub
holds instead is kept beside it (table ``given``) and never mixed in. What a second path tells of
another history is handed in too (:mod:`node.others`), before the new epoch is asked for.
"""

from functools import partial

from node.identity import Identity, Life, keep_life
from node.keys import Keys
from node.line import Line
from node.others import Others
from node.projection import settle_again
from node.secondpath import Comparison, Entry, SecondPath, compare
from node.store import Store
from node.writer import Writer, insert
from sync import chain
from sync.batch import split
from sync.calls import LIFE_BEGUN, EpochGranted, HubCalls
from sync.cardproof import Evidence
from sync.clock import At
from sync.errors import Damaged, Malformed, RefusedByRule
from sync.records import AnyBody, Genesis, decode
from sync.signing import SigningKey
from sync.values import Digest, EpochId, epoch_number
from sync.wire import read

_DIGEST = "SELECT digest FROM record WHERE epoch = ? AND seq = ?"


class Renewal:
    """Keeps one node's lives apart."""

    def __init__(
        self,
        *,
        store: Store,
        keys: Keys,
        writer: Writer,
        line: Line,
        second: SecondPath | None,
        identity: Identity,
        others: Others,
    ) -> None:
        self._store = store
        self._keys = keys
        self._writer = writer
        self._line = line
        self._second = second
        self._identity = identity
        self._others = others

    def find_branch(self, epoch: EpochId) -> None:
        """Compare the hub's chain with ours and note where our branch begins."""
        row = self._store.row("SELECT receipted FROM epoch WHERE epoch = ?", (epoch,))
        seq = 1 if row is None else int(row[0]) + 1
        while True:
            first = seq
            records = self._held(epoch, first)
            for data in records:
                ours = self._store.row(_DIGEST, (epoch, seq))
                if ours is None or ours[0] != chain.digest(data):
                    with self._store.transaction():
                        self._mark_branch(epoch, seq)
                        self._keep_given(epoch, seq, records[seq - first :])
                    return
                seq += 1
            if not records:
                self._mark_branch(epoch, seq)
                return

    def renew(self) -> bool:
        """Ask for a new epoch and begin it; False when a person at the hub has to decide first."""
        self.hand_in_others()
        try:
            key, granted = self._ask_for_a_life()
        except RefusedByRule as error:
            self._store.execute(
                "INSERT OR IGNORE INTO incident (what, detail, at) VALUES (?, ?, ?)",
                ("no-new-epoch", f"{error.reason}: {error}", self._writer.now().ms),
            )
            return False

        def genesis(_at: At, _seq: int) -> AnyBody:
            return Genesis(
                hub_origin=self._identity.hub_origin,
                hub_key=self._identity.hub_key,
                node_key=key.public,
                before_epoch=granted.before,
                before_seq=granted.before_seq,
                before_digest=granted.before_digest,
            )

        with self._writer.lock:  # begun last: whatever fails before it is done again
            for epoch, seq, _ in granted.kept:
                if seq > self._last(epoch):
                    self.take_back(epoch)
            if self._second is not None:  # what follows only behind what the hub gave back
                self._restore(self._held_against_second(self._second))
                self._set_aside(self._second)
            self._writer.begin(granted.epoch, genesis)
            self.trim()
        return True

    def _ask_for_a_life(self) -> tuple[SigningKey, EpochGranted]:
        """A new epoch and its key; never one that a later self of this old copy has begun."""
        while True:
            key = self._keys.fresh(self._writer.epoch)
            try:
                granted = self._line.patiently(partial(HubCalls.ask_epoch, public=key.public))
            except RefusedByRule as error:
                if error.reason != LIFE_BEGUN:
                    raise
            else:
                if not self._last(granted.epoch):
                    return key, granted
            self._keys.forget_next()

    def hand_in_others(self) -> None:
        """Bring the hub what was found of other histories. Raises Unreachable."""
        self._others.hand_in(self._writer.now().ms)

    def take_back(self, epoch: EpochId) -> None:
        """Fetch what the hub holds of an epoch behind the end of this database."""
        last = self._last(epoch)
        row = self._store.row(_DIGEST, (epoch, last))
        prev = chain.NOTHING if row is None else Digest(row[0])
        while True:
            first = last + 1
            records = self._held(epoch, first)
            if not records:
                return
            with self._store.transaction():
                self._know(epoch)
                try:
                    digests = chain.follow(self._identity.node, epoch, first, prev, records)
                    for data, digest in zip(records, digests, strict=True):
                        insert(
                            self._store,
                            decode(data),
                            data=data,
                            digest=digest,
                            head=b"",
                            evidence=None,
                        )
                    self._writer.receipts_come()
                    settle_again(self._store, epoch)
                except Malformed:
                    digests = []
                    self._keep_given(epoch, first, records)
            if not digests:
                self.find_branch(epoch)  # what ends here is not what the hub went on from
                return
            last, prev = last + len(records), digests[-1]

    def trim(self) -> None:
        """Let the second path forget what has its receipt, but never its last head.

        What is nowhere else stays too: it may follow only behind what the hub will give back. A
        file that tells another history is laid aside whole, and what it tells is handed in. While
        the node is stopped nothing is forgotten: what told it apart from an old copy has to tell
        it again, should the old copy be put back once more.
        """
        if self._second is None:
            return
        with self._writer.lock:
            found = self._held_against_second(self._second)
            if found.verdict == "differs":
                self._set_aside(self._second)
            elif self._writer.life.stopped:
                return
            self._second.begin_anew([*found.tail, *self._waiting()])

    def check_start(self) -> None:
        """Hold the second path against the database; restore its tail; stop selling if need be."""
        if self._second is None:
            return
        found = self._held_against_second(self._second)
        if found.verdict == "fits":
            self.trim()
        elif found.verdict == "behind":
            self._restore(found)
            self._writer.stop("database-behind")
        else:
            self._others.keep(found.other, self._writer.now().ms)
            self._writer.stop(f"second-path-{found.verdict}")

    def _set_aside(self, second: SecondPath) -> None:
        """What differs, or follows on nothing that node and hub have, is another history."""
        found = self._held_against_second(second)
        if found.verdict == "differs" or found.tail:
            self._others.keep([*found.other, *found.tail], self._writer.now().ms)
            second.lay_aside()

    def _held_against_second(self, second: SecondPath) -> Comparison:
        """The second path beside the database."""
        entries = second.entries()
        return compare(
            entries,
            exists=second.exists(),
            known=[
                (entry.epoch, entry.seq, Digest(row[0]))
                for entry in entries
                if (row := self._store.row(_DIGEST, (entry.epoch, entry.seq))) is not None
            ],
        )

    def _restore(self, found: Comparison) -> None:
        """Put the second path's tail into the database, as far as it follows its chain."""
        with self._store.transaction():
            for entry in found.tail:
                self._know(entry.epoch)
                last = self._last(entry.epoch)
                row = self._store.row(_DIGEST, (entry.epoch, last))
                prev = chain.NOTHING if row is None else Digest(row[0])
                try:
                    record = decode(entry.record)
                    chain.follow(self._identity.node, entry.epoch, last + 1, prev, [entry.record])
                    if entry.evidence:
                        read(entry.evidence, Evidence)
                except Malformed:
                    continue
                insert(
                    self._store,
                    record,
                    data=entry.record,
                    digest=entry.digest,
                    head=entry.head,
                    evidence=entry.evidence or None,
                )
            self._adopt(found.tail)
        self._writer.reload()

    def _adopt(self, tail: tuple[Entry, ...]) -> None:
        """The newest life in the tail is the present one, if its key is still here."""
        newest = max((entry.epoch for entry in tail), key=epoch_number, default=self._writer.epoch)
        if epoch_number(newest) <= epoch_number(self._writer.epoch):
            return
        try:
            self._keys.of(newest)
        except Damaged:
            return
        keep_life(self._store, Life(newest, "database-behind"))

    def _waiting(self) -> list[Entry]:
        """What has no receipt yet, and the present head."""
        tip = self._writer.tip
        rows = self._store.rows(
            "SELECT record.epoch, record.seq, digest, head, record.bytes, evidence,"
            " verdict.seq FROM record JOIN epoch ON epoch.epoch = record.epoch"
            " LEFT JOIN verdict ON verdict.epoch = record.epoch AND verdict.seq = record.seq"
            " WHERE head <> x'' AND (verdict.seq IS NULL"
            "   OR (record.epoch = ? AND record.seq = ?))"
            " ORDER BY epoch.number, record.seq",
            (self._writer.epoch, tip.seq),
        )
        return [
            Entry(
                epoch, seq, digest, head, b"" if final else data, b"" if final else evidence or b""
            )
            for epoch, seq, digest, head, data, evidence, final in rows
        ]

    def _held(self, epoch: EpochId, first: int) -> list[bytes]:
        """Some of what the hub holds of an epoch from ``first`` on; none at its end."""
        return split(self._line.patiently(lambda calls: calls.held_records(epoch, first)).facts)

    def _last(self, epoch: EpochId) -> int:
        return self._store.number("SELECT max(seq) FROM record WHERE epoch = ?", (epoch,))

    def _know(self, epoch: EpochId) -> None:
        self._store.execute(
            "INSERT OR IGNORE INTO epoch (epoch, number, state) VALUES (?, ?, 'closed')",
            (epoch, epoch_number(epoch)),
        )

    def _mark_branch(self, epoch: EpochId, seq: int) -> None:
        self._store.execute("UPDATE epoch SET branch_at = ? WHERE epoch = ?", (seq, epoch))

    def _keep_given(self, epoch: EpochId, first: int, records: list[bytes]) -> None:
        for seq, data in enumerate(records, first):
            self._store.execute("INSERT OR IGNORE INTO given VALUES (?, ?, ?)", (epoch, seq, data))
