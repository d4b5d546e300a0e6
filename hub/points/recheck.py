"""Asking ``decide()`` again, with what the hub itself knows.

A record's ``basis`` is its node's own word. Which lists the node had, what they said of the
account, and how far its receipts went, the hub takes from its own books as of the feed that the
basis names; a basis that says more is a broken rule.
"""

from collections import defaultdict
from collections.abc import Collection
from itertools import groupby

from hub.points.books import Books, Source
from hub.points.case import OF_TICKETS, Case, Done, Line, Redemption
from hub.points.knowledge import NodeKnowledge
from hub.points.past import T2, Paper, Past
from hub.points.told import Feed
from hub.points.zones import is_within
from sync.clock import day_of
from sync.policy import (
    AccountFacts,
    Approved,
    ClearingFacts,
    Decision,
    Lists,
    Policy,
    RedemptionFacts,
    Refused,
    SpendFacts,
    decide,
    decide_clearing,
    decide_redemption,
    near_midnight,
    read_policy,
)
from sync.receipt import Outcome
from sync.records import Basis, Record, Spend, TicketCleared, TicketRedeemed
from sync.values import EpochId, Millis, epoch_number


class Recheck:
    """The second question, for the records of one posting."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.past = Past(books)
        self._nodes: dict[Line, NodeKnowledge] = {}
        self._judged: dict[Line, list[Done]] = {}
        self._expected: defaultdict[Line, set[str]] = defaultdict(set)
        self._policies: dict[bytes, Policy | None] = {}
        self.feed = Feed(books.tx)

    def prefetch(self, papers: Collection[Paper]) -> None:
        """Ask at once for what is asked again about tickets that no hold carries."""
        self.past.prefetch(papers)
        for home, some in groupby(papers, key=lambda paper: paper.line.home):
            told = ((f"ticket/{one.body.number}", one.body.basis.feed) for one in some)
            self.feed.prefetch_each(home, self._books.town, told)

    def expect(self, line: Line, accounts: Collection[str]) -> None:
        """Let the first question about what these spent at a line's node be about all of them."""
        self._expected[line].update(accounts)

    def remember(self, case: Case, done: Done) -> None:
        """Count a record that this posting has judged."""
        if done.points:
            self.past.judged(case.line, done)
            known = self._nodes.get(case.line)
            if known is not None:
                known.add(done)
            else:
                self._judged.setdefault(case.line, []).append(done)

    def undo(self, case: Case, seq: int) -> None:
        """Count a reversal that this posting has judged."""
        self.past.undone(case.line, seq)
        known = self._nodes.get(case.line)
        if known is not None:
            known.undo(case.line.epoch, seq)
        for done in self._judged.get(case.line, []):
            if done.seq == seq:
                done.undone = True

    def spend(self, case: Case, record: Record, body: Spend) -> str | None:
        """The rule that a spend which used no hold broke, or None."""
        self._on_its_own_word(case)
        basis, town = body.basis, body.municipality
        known = self.known(case.line, case.at)
        ground = self.ground(case, known, record, basis)
        if isinstance(ground, str):
            return ground
        policy, lists, includes = ground
        told = self.feed.told(case.line.home, town, body.account, basis.feed)
        if told is None:
            return "basis-no-standing"
        if basis.available > told.available:
            return "basis-says-more"
        used = float_used(known, "spend", case, basis)
        later: list[tuple[Millis, int]] = []
        recent: list[int] = []
        recent_count = 0
        since = record.at.ms - policy.window
        for done in known.about(body.account):
            if done.tier != T2 or done.town != town or not came_before(case.line, case.seq, done):
                continue
            behind = not done.undone and done.seq > includes.get(done.epoch, 0)
            if behind and not (done.hold and self._held_by_then(case.line, done, basis.feed)):
                later.append((done.at, done.points))
            if done.kind == "spend" and done.at > since:
                recent_count += 1
                if not done.undone:
                    recent.append(done.points)
        facts = SpendFacts(
            at=record.at,
            hub_silent=True,
            lists=lists,
            points=body.points,
            account=AccountFacts(
                state=self.feed.state_of(case.line.home, body.card, basis.feed),
                deficit=told.deficit,
                available=basis.available,
                expiring=told.expiring,
                later=tuple(later),
                recent=tuple(recent),
                recent_count=recent_count,
            ),
            float_used=used,
            float_limit=known.float_points or policy.float_points,
        )
        return refusal(decide(policy, facts))

    def _held_by_then(self, line: Line, done: Done, feed: int) -> bool:
        """Whether the standing of a feed number lacks a record's points already.

        The hub had held them, and its answer came when the node had decided by itself.
        """
        self._books.write_holds()
        return bool(
            self._books.tx.rows(
                "SELECT 1 FROM hold h JOIN told_node t ON t.municipality=h.municipality"
                " AND t.node=h.node WHERE h.municipality=? AND h.node=? AND h.epoch=? AND h.n=?"
                " AND h.state='used' AND t.number=? AND t.at>=h.opened_at",
                [line.home, line.node, done.epoch, done.hold, feed],
            )
        )

    def redemption(self, case: Case, record: Record, body: TicketRedeemed) -> str | None:
        """The rule that a redemption which used no hold broke, or None."""
        self._on_its_own_word(case)
        known = self.known(case.line, case.at)
        ground = self.ground(case, known, record, body.basis)
        if isinstance(ground, str):
            return ground
        policy, lists, includes = ground
        ticket = self._books.tickets.row(body.number)
        if ticket is None:
            return None
        facts = RedemptionFacts(
            at=record.at,
            today=day_of(record.at.ms),
            near_midnight=near_midnight(record.at.ms),
            hub_silent=True,
            lists=lists,
            points=body.points,
            valid_from=ticket.valid_from,
            valid_until=ticket.valid_until,
            online_only=False,
            accepted=True,
            in_zone=is_within(self.past.node(case.line.node).zone, ticket.zones),
            listed_as_used=self._listed(case, body, includes),
            seen_here=_seen(case, known, body, _ENDED),
            float_used=float_used(known, "ticket.redeemed", case, body.basis),
            float_limit=policy.ticket_float,
        )
        return refusal(decide_redemption(policy, facts))

    def clearing(
        self, case: Case, record: Record, body: TicketCleared, *, valid_from: str, until: str
    ) -> str | None:
        """The rule that a clearing which used no hold broke, or None; ``until``: the last day."""
        self._on_its_own_word(case)
        known = self.known(case.line, case.at)
        ground = self.ground(case, known, record, body.basis)
        if isinstance(ground, str):
            return ground
        policy, lists, includes = ground
        facts = ClearingFacts(
            at=record.at,
            today=day_of(record.at.ms),
            near_midnight=near_midnight(record.at.ms),
            hub_silent=True,
            lists=lists,
            valid_from=valid_from,
            clear_until=until,
            accepted=True,
            listed_as_used=self._listed(case, body, includes),
            seen_here=_seen(case, known, body, OF_TICKETS),
        )
        return refusal(decide_clearing(policy, facts))

    def _listed(self, case: Case, body: Redemption, includes: dict[EpochId, int]) -> bool:
        """Whether the lists that a basis names call a ticket used."""
        told = self.feed.told(
            case.line.home, body.municipality, f"ticket/{body.number}", body.basis.feed
        )
        return (
            told is not None
            and not told.available
            and not self._lives_again(case, body.number, includes)
        )

    def _lives_again(self, case: Case, number: str, includes: dict[EpochId, int]) -> bool:
        """Whether a list calls a ticket used only for what its node had taken back since.

        The list counts the node's own redemption, the applied one, and not yet its reversal.
        """
        line = case.line
        for done in self.known(case.line, case.at).about_ticket(number):
            included = includes.get(done.epoch, 0)
            if not (done.undone and done.kind in OF_TICKETS and done.seq <= included):
                continue
            rows = self._books.tx.rows(
                "SELECT undone FROM record WHERE municipality=? AND node=? AND epoch=? AND branch=?"
                " AND seq=? AND outcome=?",
                [line.home, line.node, done.epoch, line.branch, done.seq, Outcome.APPLIED],
            )
            since = [Source.read(undone).seq for (undone,) in rows]
            if any(seq > included and _is_before(line, case.seq, done.epoch, seq) for seq in since):
                return True
        return False

    def _on_its_own_word(self, case: Case) -> None:
        """What used no hold counts against its node's limits, whatever tier it says."""
        done = case.done
        if done is None or done.tier == T2:
            return
        done.tier = T2
        self._books.tx.run(  # there is a row where the record is judged again
            "UPDATE record SET tier=:tier WHERE municipality=:home AND node=:node"
            " AND epoch=:epoch AND branch=:branch AND seq=:seq",
            tier=T2,
            seq=case.seq,
            **case.line._asdict(),
        )

    def ground(
        self, case: Case, known: NodeKnowledge, record: Record, basis: Basis
    ) -> "tuple[Policy, Lists, dict[EpochId, int]] | str":
        """What a basis stands on: policy, lists and included positions; or the rule it breaks."""
        policy = self._policy(basis.policy)
        if policy is None:
            return "basis-unknown-policy"
        if case.received_at - case.at > policy.hand_in_for:
            return "late-hand-in"
        page = known.page(basis)
        if page is None:
            return "basis-unknown-feed"
        if basis.receipted > case.posted_then:
            return "basis-says-more"
        lists = Lists(
            as_of=basis.as_of,
            age=record.at.ms - basis.as_of,
            good_until=page.good_until,
        )
        return policy, lists, page.includes

    def _policy(self, digest: bytes) -> Policy | None:
        if digest not in self._policies:
            now = self._books.policy
            self._policies[digest] = now if now.digest == digest else self._earlier_policy(digest)
        return self._policies[digest]

    def _earlier_policy(self, digest: bytes) -> Policy | None:
        """One that the town has had, if it has."""
        found = self._books.tx.scalar(
            "SELECT bytes FROM policy WHERE municipality=:town AND digest=:digest",
            town=self._books.town,
            digest=digest,
        )
        return None if found is None else read_policy(bytes(found))

    def known(self, line: Line, at: Millis) -> NodeKnowledge:
        """What is known of a line's node; ``at``: when the first record is from that asks."""
        known = self._nodes.get(line)
        if known is None:
            known = NodeKnowledge(self.past, line, at, self._expected[line])
            for done in self._judged.pop(line, []):
                known.add(done)
            self._nodes[line] = known
        return known


def float_used(known: NodeKnowledge, kind: str, case: Case, basis: Basis) -> int:
    """What of a node's own word had no stored receipt when a case was decided there."""
    own = known.float_used(kind, basis.receipted, case.seq)
    return own + known.float_of_lives_before(kind, case.at)


_ENDED = OF_TICKETS | {"ticket.voided"}
"""What ends a ticket for a sale. A shop's pile was stamped before a ticket was said to be lost."""


def _seen(case: Case, known: NodeKnowledge, body: Redemption, kinds: frozenset[str]) -> bool:
    """Whether a record of these kinds was made of a ticket at the node already."""
    return any(
        done.kind in kinds
        and done.town == body.municipality
        and not done.undone
        and came_before(case.line, case.seq, done)
        for done in known.about_ticket(body.number)
    )


def came_before(line: Line, seq: int, done: Done) -> bool:
    """Whether a node had written a record when it decided about the one at a place of a line.

    A case that better evidence heals is judged again when itself and later ones are here already.
    """
    return _is_before(line, seq, done.epoch, done.seq)


def _is_before(line: Line, before: int, epoch: EpochId, seq: int) -> bool:
    if epoch == line.epoch:
        return seq < before
    return epoch_number(epoch) < epoch_number(line.epoch)


def refusal(decision: Decision) -> str | None:
    """The rule that a spend broke, as a reason; None: it kept them."""
    if isinstance(decision, Refused):
        return str(decision.reason)
    assert isinstance(decision, Approved)  # noqa: S101  the hub was said to be silent
    return None
