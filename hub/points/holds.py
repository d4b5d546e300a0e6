"""Holds: points, or a ticket, that wait for a node to speak.

Only the node's word ends a hold: a record that names it uses it, and each PUT names the attempts
that ended without a record. An ended number never comes back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

import msgspec

from hub.points.accounts import held, subject_of
from hub.points.asked import asked
from hub.points.books import Books, Source
from hub.points.case import Line
from hub.points.returns import give_back
from hub.points.seconds import pool_of, promote_next
from hub.store import schema
from hub.store.database import Row, Tx
from sync.errors import Damaged
from sync.holds import CLAIMS, Purpose
from sync.records import Ticket
from sync.values import AccountId, EpochId, Millis, MunicipalityCode, NodeId, home_of
from sync.wire import laid_out


@dataclass(slots=True)
class Hold:
    """One attempt as the hub knows it."""

    home: MunicipalityCode
    node: NodeId
    epoch: EpochId
    n: int
    town: MunicipalityCode
    purpose: str
    account: AccountId
    """The resident's account; for a claim the ticket's number, for a refund the record."""
    points: int
    state: str
    reason: str
    tickets: tuple[Ticket, ...]
    posting: int
    """The posting that opened it."""

    @property
    def account_name(self) -> str:
        """The ledger account that keeps the points."""
        return held(self.node, self.epoch, self.n)

    @property
    def opened_by(self) -> Source:
        """Where the transfer that opened it comes from."""
        return Source(f"hold/{self.node}", self.epoch, self.n)

    @property
    def ended_by(self) -> Source:
        """Where the transfer that frees it comes from."""
        return Source(f"free/{self.node}", self.epoch, self.n)

    def fits(self, town: MunicipalityCode, purpose: Purpose, account: str, points: int) -> bool:
        """Whether a record may use it: only for what it was asked for, to the point.

        The purpose counts too: what is asked of a claim differs (paper for a void, a zone for a
        redemption, a counter for a pile), and a yes to one is no yes to another.
        """
        held = (self.town, self.purpose, self.account, self.points)
        return held == (town, purpose, account, points)


_FIELDS = (
    "municipality",
    "node",
    "epoch",
    "n",
    "town",
    "purpose",
    "account",
    "points",
    "state",
    "reason",
    "tickets",
    "posting",
)


class HoldShelf:
    """The holds that the records of a posting name."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._found: dict[tuple[NodeId, EpochId, int], Hold | None] = {}
        self.misfits: list[Hold] = []
        """Holds of other towns that their own posting has to end."""

    def prefetch(self, named: Collection[tuple[Line, int]]) -> list[Hold]:
        """Ask at once for the holds that many records name; gives those that there are."""
        found: list[Hold] = []
        for home, some in groupby(sorted(named), key=lambda one: one[0].home):
            told, values = asked("node, epoch, n", [(line.node, line.epoch, n) for line, n in some])
            rows = self._books.tx.rows(
                f"{told} SELECT {','.join(f'h.{name}' for name in _FIELDS)} FROM asked"
                " CROSS JOIN hold h WHERE h.municipality=? AND h.node=asked.node"
                " AND h.epoch=asked.epoch AND h.n=asked.n",
                [*values, home],
            )
            found += [read_hold(dict(zip(_FIELDS, row, strict=True))) for row in rows]
        self._found |= {(hold.node, hold.epoch, hold.n): hold for hold in found}
        return found

    def named(self, line: Line, n: int) -> Hold | None:
        """The hold of an attempt of this line's epoch, or None."""
        if n == 0:
            return None
        key = (line.node, line.epoch, n)
        if key not in self._found:
            self._books.write_holds()
            row = self._books.tx.one(
                "SELECT * FROM hold WHERE municipality=:home AND node=:node AND epoch=:epoch"
                " AND n=:n",
                home=line.home,
                node=line.node,
                epoch=line.epoch,
                n=n,
            )
            self._found[key] = None if row is None else read_hold(row)
        return self._found[key]

    def named_by_record(self, line: Line, seq: int) -> Hold | None:
        """The open hold that a record of this line names, or None."""
        n = self._books.tx.scalar(
            "SELECT hold FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
            " AND branch=:branch AND seq=:seq",
            home=line.home,
            node=line.node,
            epoch=line.epoch,
            branch=line.branch,
            seq=seq,
        )
        hold = self.named(line, n or 0)
        return hold if hold is not None and hold.state == "open" else None

    def by_account_name(self, name: str) -> Hold:
        """The hold that keeps its points in a ledger account."""
        node, epoch, n = subject_of(name).split("/")
        line = Line(home=home_of(NodeId(node)), node=NodeId(node), epoch=EpochId(epoch), branch="")
        hold = self.named(line, int(n))
        if hold is None:
            raise Damaged(f"the ledger names {name}, but there is no such hold")
        return hold

    def spoken_of(self, line: Line, n: int) -> None:
        """A record names an attempt: if its request is still on the way, it comes too late."""
        if n and self.named(line, n) is None:
            remember_ended(self._books.tx, line, n, self._books.at)
            del self._found[line.node, line.epoch, n]

    def use(self, hold: Hold) -> None:
        """A record took what was held."""
        hold.state = "used"
        if hold.purpose in CLAIMS:
            self._books.tickets.claim_changed(hold.account)
        self._books.use_hold(hold.node, hold.epoch, hold.n)

    def misfit(self, hold: Hold, at: Millis) -> None:
        """A record names a hold that it does not fit: the hold ends, in its own town's books."""
        if hold.town == self._books.town:
            release(self._books, hold, at)
        else:
            self.misfits.append(hold)


def read_hold(fields: Row) -> Hold:
    """A hold from its row."""
    return Hold(
        home=fields["municipality"],
        node=fields["node"],
        epoch=fields["epoch"],
        n=fields["n"],
        town=fields["town"],
        purpose=fields["purpose"],
        account=fields["account"],
        points=fields["points"],
        state=fields["state"],
        reason=fields["reason"],
        tickets=msgspec.msgpack.decode(fields["tickets"], type=laid_out(tuple[Ticket, ...])),
        posting=fields["posting"],
    )


def release(books: Books, hold: Hold, at: Millis) -> None:
    """End an open hold without a record: points go back with their dates, a ticket lives again."""
    hold.state, home = "freed", home_of(hold.node)
    books.tx.require(home)
    books.tx.run(
        "UPDATE hold SET state='freed' WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND n=:n",
        home=home,
        node=hold.node,
        epoch=hold.epoch,
        n=hold.n,
    )
    if hold.purpose == Purpose.REFUND:
        return
    if hold.purpose in CLAIMS:
        books.tickets.claim_changed(hold.account)
        ticket = books.tickets.row(hold.account)
        if ticket is None:
            raise Damaged(f"{hold.account_name} claims {hold.account}, which is no ticket")
        back, source = pool_of(hold.account, ticket), hold.ended_by
        books.move(hold.account_name, back, hold.points, source=source, at=at)
        promote_next(books, hold.account, source=source, at=at)
        return
    give_back(
        books,
        hold.account_name,
        hold.account,
        hold.points,
        used_by=[hold.opened_by],
        source=hold.ended_by,
        at=at,
    )
    books.tickets.forget(*(ticket.number for ticket in hold.tickets))
    books.tx.many(
        "UPDATE ticket SET state='dead' WHERE municipality=? AND number=? AND state='held'",
        [(books.town, ticket.number) for ticket in hold.tickets],
    )


def remember_ended(tx: Tx, line: Line, n: int, now: Millis) -> None:
    """An attempt that the hub never saw has ended: a request that comes late opens nothing."""
    tx.require(line.home)
    tx.insert(
        schema.hold,
        municipality=line.home,
        node=line.node,
        epoch=line.epoch,
        n=n,
        town=line.home,
        purpose="",
        account="",
        points=0,
        request=b"",
        state="ended",
        reason="",
        tickets=b"\x90",
        opened_at=now,
        posting=0,
    )
