"""Shifts: a counter's day, with its evidence key at the beginning and its sums at the end.

``shift.opened`` carries a fresh content key sealed to the hub's sealing key of the month; the node
keeps the same key wrapped under its own, so that a restart in mid-shift goes on sealing. The first
money action opens a shift by itself: nobody loses a sale because a button was not pressed. A new
epoch begins with a new shift, and so with a new content key.
"""

from typing import get_args

from node.keys import Keys
from node.knowledge import Knowledge
from node.limits import Limits, float_used, share_of
from node.outcome import Kind, ZLine, ZReport
from node.paper import Paper
from node.projection import open_shift
from node.store import Store
from node.writer import Committed, OpenShift, Writer
from sync.clock import At
from sync.errors import RefusedByRule
from sync.ports import Randomness
from sync.records import AnyBody, ShiftClosed, ShiftOpened, ShiftSum
from sync.sealing import Sealer, seal_content_key
from sync.values import Millis, MunicipalityCode


class Shifts:
    """The shifts of one node."""

    def __init__(
        self,
        *,
        store: Store,
        keys: Keys,
        writer: Writer,
        knowledge: Knowledge,
        limits: Limits,
        paper: Paper,
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._keys = keys
        self._writer = writer
        self._knowledge = knowledge
        self._limits = limits
        self._paper = paper
        self._randomness = randomness
        self._open: OpenShift | None = None

    def current(self) -> int:
        """The open shift's ``shift.opened``, or 0."""
        return open_shift(self._store, self._writer.epoch)

    def open(self, staff: str) -> OpenShift:
        """Begin a shift.

        Raises RefusedByRule: ``shift-open``, ``stopped``, ``no-sealing-key`` (before the first
        feed).
        """
        with self._writer.lock:
            if self.current():
                raise RefusedByRule("shift-open", "a shift is already open: close it first")
            sealing = self._knowledge.sealing_key(self._writer.now().ms)
            if sealing is None:
                raise RefusedByRule(
                    "no-sealing-key",
                    "the hub's keys have not come yet: let this node sync once, then begin",
                )
            content_key = self._randomness.bytes(32)
            sealed = seal_content_key(content_key, sealing.public)
            self._writer.write(
                lambda _at, _seq: ShiftOpened(
                    staff=staff, sealing_key=sealing.month, content_key=sealed
                ),
                also=lambda done: self._keep(done, content_key),
            )
            self._open = OpenShift(
                epoch=self._writer.epoch, opened=self.current(), sealer=Sealer(content_key)
            )
            return self._open

    def ensure(self) -> OpenShift:
        """The open shift with its key; one is begun if none is open. Raises as :meth:`open`."""
        with self._writer.lock:
            opened = self.current()
            epoch = self._writer.epoch
            now = self._open
            if now is not None and (now.epoch, now.opened) == (epoch, opened):
                return now
            row = self._store.row(
                "SELECT sealed FROM shift_key WHERE epoch = ? AND opened = ?",
                (epoch, opened),
            )
            if not opened or row is None:
                if opened:
                    self.close()  # its key went with another life's: its evidence is sealed already
                return self.open("")
            self._open = OpenShift(
                epoch=epoch, opened=opened, sealer=Sealer(self._keys.unwrap(row[0]))
            )
            return self._open

    def close(self) -> ZReport:
        """End the shift; record, sums and print job in one commit. Raises ``no-shift``."""
        with self._writer.lock:
            opened = self._require()

            def close_it(_at: At, _seq: int) -> AnyBody:
                sums = self._lines(opened)
                return ShiftClosed(
                    opened=opened,
                    sums=tuple(
                        ShiftSum(line.municipality, line.kind, line.count, line.points)
                        for line in sums
                    ),
                )

            def also(done: Committed) -> None:
                at = done.record.at.ms
                self._paper.z_report(self.report(opened, done.record.seq, at))

            done = self._writer.write(close_it, also=also)
            self._open = None
            return self.report(opened, done.record.seq, done.record.at.ms)

    def so_far(self) -> ZReport:
        """The open shift's sums now. Raises ``no-shift``."""
        with self._writer.lock:
            return self.report(self._require(), None, self._writer.now().ms)

    def report(self, opened: int, closed: int | None, at: Millis) -> ZReport:
        """The sums of one shift of the present epoch, as of ``at``."""
        epoch = self._writer.epoch
        row = self._store.row(
            "SELECT staff, opened_at FROM shift WHERE epoch = ? AND opened = ?", (epoch, opened)
        )
        staff, opened_at = row if row is not None else ("", at)
        last = closed or self._writer.tip.seq
        waiting = self._store.rows(
            "SELECT kind, digest FROM record LEFT JOIN verdict USING (epoch, seq)"
            " WHERE epoch = ? AND seq BETWEEN ? AND ? AND outcome IS NULL ORDER BY seq",
            (epoch, opened, last),
        )
        money = set(get_args(Kind))
        policy, _ = self._knowledge.policy(MunicipalityCode(self._writer.node[:6]))
        now = self._writer.now()
        allowed = share_of(
            self._knowledge.float_limit(policy), policy, now, self._limits.lists(now)
        )
        used = float_used(self._store, "spend")
        return ZReport(
            node=self._writer.node,
            epoch=epoch,
            opened_seq=opened,
            closed_seq=closed,
            staff=staff,
            opened_at=opened_at,
            closed_at=max(at, opened_at),
            lines=(lines := self._lines(opened)),
            taken=sum(_SIGNS[line.kind] * line.points for line in lines),
            synced=last - opened + 1 - len(waiting),
            waiting=len(waiting),
            offline_used=used,
            offline_left=max(0, allowed - used),
            claims=tuple(digest for kind, digest in waiting if kind in money),
        )

    def _require(self) -> int:
        opened = self.current()
        if not opened:
            raise RefusedByRule("no-shift", "no shift is open")
        return opened

    def _lines(self, opened: int) -> tuple[ZLine, ...]:
        rows = self._store.rows(_LINES, (self._writer.epoch, opened))
        return tuple(self._line(*row) for row in rows)

    def _line(self, town: MunicipalityCode, kind: Kind, count: int, points: int) -> ZLine:
        name, point_name = self._paper.names(town)
        return ZLine(
            municipality=town,
            town=name,
            point_name=point_name,
            kind=kind,
            count=count,
            points=points,
        )

    def _keep(self, done: Committed, content_key: bytes) -> None:
        self._store.execute(
            "INSERT INTO shift_key VALUES (?, ?, ?)",
            (done.record.epoch, done.record.seq, self._keys.wrap(content_key)),
        )


_SIGNS: dict[Kind, int] = {
    "spend": 1,
    "ticket.redeemed": 1,
    "reversed": -1,
    "refunded": -1,
    "ticket.issued": 0,
    "ticket.cleared": 0,  # it is earned by whose pile it was
    "ticket.voided": 0,
}
_LINES = (
    "SELECT move.municipality, iif(of.kind = 'ticket.cleared', of.kind, move.kind),"
    " sum(iif(of.kind = 'ticket.cleared', -1, 1)),"
    " sum(iif(of.kind = 'ticket.cleared', -move.points, move.points))"
    " FROM move LEFT JOIN move of"
    " ON of.epoch = move.epoch AND of.seq = move.of_seq AND move.kind = 'reversed'"
    " WHERE move.epoch = ? AND move.shift = ? GROUP BY 1, 2 ORDER BY 1, 2"
)
"""What was cleared stands there less what was taken back of it: nobody counts it against paper."""
