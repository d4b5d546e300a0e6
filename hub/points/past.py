"""What the hub's books say of what nodes did and were told: asked for as one posting needs it.

Many records that are judged together ask the same of several nodes. :meth:`Past.prefetch` asks once
for all of them, before any is judged; what it has not been told of is asked for when it is needed.
Each answer is looked up by its key, as a value of its own: of a join a server may think that
reading all of a town's records comes cheaper.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import chain, groupby
from typing import NamedTuple

import msgspec

from hub.points.asked import any_of, asked
from hub.points.books import Books
from hub.points.case import Done, Line, Redemption
from hub.store.schema import OF_A_TICKET
from sync.records import Tier
from sync.values import DAY, EpochId, Millis, MunicipalityCode, NodeId, epoch_number, home_of

T2 = str(Tier.T2)
"""The tier of what a node decided by its own word."""
LOOK_BACK = 5 * DAY
"""Longer than any list may be old, so longer than any record that still counts."""
_DONE = "r.epoch, r.seq, r.kind, r.town, r.account, r.points, r.tier, r.at, r.undone<>'', r.hold"
RECENT = (
    "(SELECT r.* FROM (SELECT epoch, min(first) AS first FROM record_day WHERE municipality=?"
    " AND node=? AND branch=? AND day>=? GROUP BY epoch) d CROSS JOIN record r"
    " WHERE r.municipality=? AND r.node=? AND r.epoch=d.epoch AND r.branch=? AND r.seq>=d.first"
    " AND r.at>=?) r"
)
"""What a node did in the last days: on each life's line from where the first of these days begins.
CROSS JOIN, for SQLite to go this way round."""
_OWN_WORD = (
    f"r.seq>{{receipted}} AND r.kind={{kind}} AND r.tier='{T2}' AND r.points>0 AND r.at>={{since}}"
)
_PAGE = (
    " FROM told_node p WHERE p.municipality=? AND p.node=asked.node AND p.at=asked.as_of"
    " AND p.page=1 ORDER BY p.number DESC LIMIT 1"
)
_STANDING = " FROM told_node s WHERE s.municipality=? AND s.node=asked.node AND s.number=asked.feed"
_included = msgspec.msgpack.Decoder(list[tuple[EpochId, int]]).decode


class Earlier(NamedTuple):
    """What a life of the node before this one took on its own word."""

    kind: str
    points: int
    posted_at: Millis


class Node(NamedTuple):
    """What limits and zones ask of a node."""

    float_points: int
    zone: str
    accepted: bool
    """The town whose books are open has accepted its organisation."""


class Page(NamedTuple):
    """What the lists said that a basis names."""

    good_until: Millis | None
    """Until when revocation lists were in force."""
    includes: dict[EpochId, int]
    """What the standing counted."""


class Word(msgspec.Struct):
    """What a life took on its own word behind a place of its line."""

    points: int
    last: int
    """The seq of the last of these records."""
    each: list[tuple[int, int]] | None = None
    """Seq and points of each, once somebody has asked for less than all."""

    def add(self, seq: int, points: int) -> None:
        """Count one more record."""
        self.points += points
        self.last = max(self.last, seq)
        if self.each is not None:
            self.each.append((seq, points))


class Paper(NamedTuple):
    """A ticket that a node took, as far as its judging asks for what was before."""

    line: Line
    at: Millis
    kind: str
    body: Redemption

    @property
    def word(self) -> tuple[Line, str, int]:
        """Which sum of its node's own word is asked for."""
        return self.line, self.kind, self.body.basis.receipted

    @property
    def page(self) -> tuple[NodeId, int, int]:
        """Which lists of its node are asked for."""
        return self.line.node, self.body.basis.feed, self.body.basis.as_of


class Past:
    """One posting's questions about nodes, each asked once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._tx = books.tx
        self._nodes: dict[NodeId, Node] = {}
        self._pages: dict[tuple[NodeId, int, int], Page | None] = {}
        self._words: defaultdict[tuple[Line, str], dict[int, Word]] = defaultdict(dict)
        """By line and kind, and by the place behind which they begin."""
        self._papers: dict[tuple[MunicipalityCode, str], list[tuple[Line, Done]]] = {}
        """By home and number, as they were stored when they were asked for."""
        self._judged: dict[str, list[tuple[Line, Done]]] = {}
        """By what they are about."""

    def prefetch(self, papers: Collection[Paper]) -> None:
        """Ask at once for what these will ask one by one."""
        for home, of_home in groupby(sorted(papers, key=_home), key=_home):
            some = list(of_home)
            self._read_papers(home, {paper.body.number for paper in some})
            self._read_pages(home, {paper.page for paper in some})
            self._read_words({paper.word: paper.at for paper in some})

    def meet(self, names: Collection[NodeId]) -> None:
        """Ask at once for the nodes whose records are judged."""
        self._read_nodes([name for name in names if name not in self._nodes])

    def node(self, name: NodeId) -> Node:
        """What limits and zones ask of a node."""
        self.meet([name])
        return self._nodes[name]

    def page(self, line: Line, feed: int, as_of: int) -> Page | None:
        """The lists of a moment with the standing of a feed number; None: never handed out."""
        key = (line.node, feed, as_of)
        if key not in self._pages:
            self._read_pages(line.home, [key])
        return self._pages[key]

    def word(self, line: Line, kind: str, receipted: int, before: int, at: Millis) -> int:
        """Points of a life's own word without a receipt, in this posting too.

        In records ``before`` one: later ones may be judged already, as each town posts its own.
        """
        words = self._words[line, kind]
        if receipted not in words:
            self._books.write_rows()
            self._read_words({(line, kind, receipted): at})
        word = words[receipted]
        if word.last < before:
            return word.points
        if word.each is None:
            self._books.write_rows()
            own = _OWN_WORD.format(receipted="?", kind="?", since="?")
            rows = self._tx.rows(
                "SELECT r.seq, r.points FROM record r WHERE r.municipality=? AND r.node=?"
                f" AND r.epoch=? AND r.branch=? AND {own}",
                [*line, receipted, kind, at - LOOK_BACK],
            )
            word.each = [(seq, points) for seq, points in rows]
        return sum(points for seq, points in word.each if seq < before)

    def papers(self, line: Line, number: str, at: Millis) -> Collection[Done]:
        """What a node did in the last days with the ticket of a number, in this posting too."""
        key = (line.home, number)
        if key not in self._papers:
            self._read_papers(line.home, [number])
        some = [*self._papers[key], *self._judged.get(number, ())]
        return {
            (done.epoch, done.seq): done
            for of, done in some
            if _is_along(of, line) and done.at >= at - LOOK_BACK
        }.values()

    def judged(self, line: Line, done: Done) -> None:
        """Count a record that this posting has judged."""
        self._judged.setdefault(done.account, []).append((line, done))
        if done.tier == T2:
            for receipted, word in self._words.get((line, done.kind), {}).items():
                if done.seq > receipted:
                    word.add(done.seq, done.points)

    def undone(self, line: Line, seq: int) -> None:
        """Count a reversal that this posting has judged."""
        for of, done in chain.from_iterable([*self._papers.values(), *self._judged.values()]):
            if (of, done.seq) == (line, seq):
                done.undone = True

    def spends(
        self, line: Line, accounts: Collection[str], receipted: int, at: Millis
    ) -> list[Done]:
        """What a node took by its own word in the last days: of these accounts, in all its lives.

        And what this life took of whomever without a receipt. No index finds an account's: what
        the node did is looked through where it lies, and the rest of it stays there.
        """
        self._show_earlier_lives(line)
        marks, values = any_of([*accounts])
        rows = self._tx.rows(
            f"SELECT {_DONE} FROM {RECENT} WHERE r.tier='{T2}' AND r.points>0 AND r.kind='spend'"
            f" AND (r.account IN {marks} OR r.epoch=? AND r.seq>?)",
            [*recent_of(line, at), *values, line.epoch, receipted],
        )
        return [Done(*row) for row in rows]

    def earlier(self, line: Line, at: Millis) -> list[Earlier]:
        """What lives of a node before a line's took on their own word in the last days."""
        if is_first_life(line):
            return []
        self._show_earlier_lives(line)
        rows = self._tx.rows(
            f"SELECT r.epoch, r.kind, r.points, p.at FROM {RECENT} LEFT JOIN posting p"
            " ON p.municipality=r.town AND p.number=r.posting WHERE r.tier=? AND r.epoch<>?",
            [*recent_of(line, at), T2, line.epoch],
        )
        return [
            Earlier(kind, points, self._books.at if posted_at is None else posted_at)
            for epoch, kind, points, posted_at in rows
            if epoch_number(epoch) < epoch_number(line.epoch)
        ]

    def _show_earlier_lives(self, line: Line) -> None:
        """What this posting has judged of them may be asked for."""
        if not is_first_life(line):
            self._books.write_rows()

    def _read_nodes(self, names: Collection[NodeId]) -> None:
        for home, some in groupby(sorted(names), key=home_of):
            marks, values = any_of([*some])
            rows = self._tx.rows(
                "SELECT n.node, n.float_points, n.zone, (SELECT 1 FROM acceptance a"
                " WHERE a.municipality=? AND a.organisation=n.organisation) FROM node n"
                f" WHERE n.municipality=? AND n.node IN {marks}",
                [self._books.town, home, *values],
            )
            self._nodes |= {
                name: Node(float_points, zone, bool(accepted))
                for name, float_points, zone, accepted in rows
            }

    def _read_papers(self, home: MunicipalityCode, numbers: Collection[str]) -> None:
        marks, values = any_of([*numbers])
        self._papers |= {(home, number): [] for number in numbers}
        for node, branch, *done in self._tx.rows(
            f"SELECT r.node, r.branch, {_DONE} FROM record r WHERE r.municipality=?"
            f" AND r.account IN {marks} AND r.{OF_A_TICKET} AND r.points>0",
            [home, *values],
        ):
            one = Done(*done)
            line = Line(home=home, node=node, epoch=one.epoch, branch=branch)
            self._papers[home, one.account].append((line, one))

    def _read_pages(
        self, home: MunicipalityCode, keys: Collection[tuple[NodeId, int, int]]
    ) -> None:
        told, values = asked("node, feed, as_of", [*keys])
        self._pages |= dict.fromkeys(keys)
        for node, feed, as_of, page, good_until, includes in self._tx.rows(
            f"{told} SELECT node, feed, as_of, (SELECT p.number{_PAGE}),"
            f" (SELECT p.good_until{_PAGE}),"
            f" coalesce((SELECT s.includes{_STANDING} AND s.at=asked.as_of),"
            f" (SELECT s.includes{_STANDING} ORDER BY s.at LIMIT 1)) FROM asked",
            [*values, home, home, home, home],
        ):
            if page is not None and includes is not None:
                self._pages[node, feed, as_of] = Page(good_until, dict(_included(includes)))

    def _read_words(self, keys: Mapping[tuple[Line, str, int], Millis]) -> None:
        """Of lines with one home."""
        rows = [
            (line.node, line.epoch, line.branch, kind, receipted, at - LOOK_BACK)
            for (line, kind, receipted), at in keys.items()
        ]
        home = next(iter(keys))[0].home
        told, values = asked("node, epoch, branch, kind, receipted, since", rows)
        own = _OWN_WORD.format(receipted="asked.receipted", kind="asked.kind", since="asked.since")
        of_line = (
            "FROM record r WHERE r.municipality=? AND r.node=asked.node AND r.epoch=asked.epoch"
            f" AND r.branch=asked.branch AND {own}"
        )
        for node, epoch, branch, kind, receipted, points, last in self._tx.rows(
            f"{told} SELECT node, epoch, branch, kind, receipted, (SELECT sum(r.points) {of_line}),"
            f" (SELECT max(r.seq) {of_line}) FROM asked",
            [*values, home, home],
        ):
            line = Line(home=home, node=node, epoch=epoch, branch=branch)
            self._words[line, kind][receipted] = Word(int(points or 0), last or 0)


def _is_along(one: Line, other: Line) -> bool:
    """Whether two lines are of the same node, in whichever of its lives."""
    return (one.home, one.node, one.branch) == (other.home, other.node, other.branch)


def _home(paper: Paper) -> MunicipalityCode:
    return paper.line.home


def is_first_life(line: Line) -> bool:
    """Whether a line's node has had no life before this one."""
    return epoch_number(line.epoch) == 1


def recent_of(line: Line, at: Millis) -> list[object]:
    """The values of :data:`RECENT`."""
    since, place = at - LOOK_BACK, (line.home, line.node, line.branch)
    return [*place, since // DAY, *place, since]
