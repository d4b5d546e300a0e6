"""Ordinary spends, judged as a set.

Most records are spends by a node's own word that kept every rule and that the wallet simply pays.
Judged one by one, most of the time goes into asking each what all of them answer alike. So:

1. A *run* is consecutive spends of a line that stand on the same ground: policy, feed, receipts,
   state of the clock.
2. Of a run the second question is asked once, with the worst that any of its spends met: the
   oldest lists, the largest spend, the account that spent most, the float after all of them. Who is
   allowed that is allowed each of them, for ``decide`` is monotone; and it is the same ``decide``.
3. Where the answer is no, it is asked once an account. An account that is refused, that the wallet
   cannot pay, or for which something lapsed since, leaves the set: its spends are judged one by one
   at their places, as is every record that is no such spend. So everything is posted in its order,
   and what is posted is what would have been posted one by one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from msgspec import structs

from hub.points.accounts import payable, wallet
from hub.points.books import Sales
from hub.points.case import Line, Proof, Proved
from hub.points.knowledge import NodeKnowledge
from hub.points.late import lapsed_since
from hub.points.past import T2
from hub.points.recheck import Recheck, came_before, float_used, refusal
from hub.points.rows import rows_of_sales
from hub.points.till import Till
from sync.clock import At, bounded
from sync.policy import AccountFacts, Lists, Policy, SpendFacts, closed, decide
from sync.records import Record, Spend, Tier
from sync.values import (
    AccountId,
    CardState,
    EpochId,
    Millis,
    MunicipalityCode,
    Points,
    organisation_of,
)


class _Run(NamedTuple):
    """Consecutive spends on the same ground."""

    start: int
    """Its place among what came together; it ends before ``stop``."""
    stop: int
    records: Sequence[Record]
    spends: Sequence[Spend]
    moments: Sequence[Millis]
    """When they happened, within what the hub can know."""


@dataclass(slots=True)
class _Share:
    """What one account spends in a run."""

    count: int
    points: int
    largest: int
    least: int
    """The least balance that a basis names."""
    most: int
    """The greatest one."""


class _Asked(NamedTuple):
    """What ``decide`` is asked for some spends as if they were one: the worst of each."""

    largest: int
    left: int
    """What the standing leaves after all of an account's spends."""
    recent: int
    """Points of an account within the policy's window, these spends included."""
    recent_count: int


class Ordinary:
    """The ordinary spends among records that came together."""

    def __init__(self, till: Till, some: Proved, *, accepted: bool) -> None:
        """``accepted``: whether the town whose books are open has accepted the organisation."""
        self._till = till
        self._books = till.books
        self._some = some
        self._none = not accepted or some.alone_behind is not None

    def others(self) -> Iterator[Sequence[int]]:
        """Post what is ordinary; give the places of the rest, each when its turn has come."""
        for start, stop, ground in self._grounds():
            if ground is None:
                yield range(start, stop)
                continue
            run = self._run(start, stop)
            alone = self._alone(run)
            if not alone:
                self._post(run)
                continue
            for apart, part in _parted(run, alone):
                if apart:
                    yield range(part.start, part.stop)
                else:
                    self._post(part)

    def _grounds(self) -> Iterator[tuple[int, int, object]]:
        """Where what the records stand on begins and ends; None: no such spend."""
        records, proofs, town = self._some.records, self._some.proofs, self._books.town
        if self._none:
            yield 0, len(records), None
            return
        start, ground = 0, None
        for at, record in enumerate(records):
            here = None
            if record is not None and proofs[at] is Proof.GOOD and record.at.trusted:
                body = record.body
                if (
                    type(body) is Spend
                    and body.tier is Tier.T2
                    and not body.hold
                    and body.municipality == town
                ):
                    basis = body.basis
                    stands = basis.feed, basis.as_of, basis.receipted, basis.policy
                    here = (*stands, record.at.clock)
            if here != ground:
                if at > start:
                    yield start, at, ground
                start, ground = at, here
        yield start, len(records), ground

    def _run(self, start: int, stop: int) -> _Run:
        records = [one for one in self._some.records[start:stop] if one is not None]
        spends = [record.body for record in records if isinstance(record.body, Spend)]
        received = self._some.received_at
        moments = [
            at.ms if at.hub <= at.ms <= received else bounded(at, received)  # mostly the first
            for at in [record.at for record in records]
        ]
        return _Run(start, stop, records, spends, moments)

    def _alone(self, run: _Run) -> Collection[AccountId]:
        """The accounts whose spends are judged one by one."""
        shares = _shares(run.spends)
        question = self._question(run)
        if question is None:
            return shares.keys()
        asked = {account: question.about(account, share) for account, share in shares.items()}
        fit = {account: one for account, one in asked.items() if one is not None}
        if fit and not question.allows(_worst(fit.values())):
            fit = {account: one for account, one in fit.items() if question.allows(one)}
        earliest = min(run.moments)
        return {
            account
            for account, share in shares.items()
            if account not in fit
            or self._books.balance(wallet(account)) < share.points
            or lapsed_since(self._books, account, earliest)
        }

    def _question(self, run: _Run) -> "_Question | None":
        """What is asked of a run; None where a rule is broken before it can be asked."""
        some, recheck = self._some, self._till.recheck
        basis, home = run.spends[0].basis, some.line.home
        known = recheck.known(some.line, run.moments[0])
        case = structs.replace(some.case(run.start), at=min(run.moments))
        last = max(run.records, key=lambda record: record.at.ms)
        first = min(record.at.ms for record in run.records)
        ground = recheck.ground(case, known, last, basis)
        if isinstance(ground, str) or first < basis.as_of:
            return None
        policy, lists, includes = ground
        cards = {(spend.card, spend.account) for spend in run.spends}
        recheck.feed.prefetch(home, self._books.town, {account for _, account in cards}, basis.feed)
        recheck.feed.prefetch_cards(home, {card for card, _ in cards})
        return _Question(
            recheck=recheck,
            known=known,
            policy=policy,
            lists=lists,
            includes=includes,
            line=some.line,
            town=self._books.town,
            feed=basis.feed,
            closed={
                account
                for card, account in cards
                if closed(recheck.feed.state_of(home, card, basis.feed))
            },
            at=last.at,
            since=first - policy.window,
            before=some.first + run.stop,
            float_used=float_used(known, "spend", case, basis)
            + sum(spend.points for spend in run.spends),
        )

    def _post(self, run: _Run) -> None:
        """Pay the spends of a run, and write down that they are applied."""
        some, books = self._some, self._books
        name, epoch, first = some.line.source(some.first + run.start)
        seqs = range(first, first + len(run.records))
        digests = some.digests[run.start : run.stop]
        books.add_alike(rows_of_sales(some.line, first, digests, run.records, books))
        books.pay(
            Sales(
                name,
                epoch,
                seqs,
                [wallet(spend.account) for spend in run.spends],
                [spend.points for spend in run.spends],
                run.moments,
            ),
            payable(organisation_of(some.line.node)),
        )
        self._till.recheck.known(some.line, run.moments[0]).sold(run.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The second question about a run, and what its node was told and had done."""

    recheck: Recheck
    known: NodeKnowledge
    policy: Policy
    lists: Lists
    """At their oldest."""
    includes: Mapping[EpochId, int]
    line: Line
    town: MunicipalityCode
    feed: int
    closed: Collection[AccountId]
    """Who spent with a card that was closed, as the node knew."""
    at: At
    """When the last of the spends was."""
    since: int
    """From when on the first of them counts what was spent before."""
    before: int
    """The seq behind them."""
    float_used: int
    """With all of them."""

    def about(self, account: AccountId, share: _Share) -> _Asked | None:
        """What is asked of an account; None where its standing says no by itself."""
        home, told = self.line.home, self.recheck.feed.told
        standing = told(home, self.town, account, self.feed)
        if (
            standing is None
            or standing.deficit
            or share.most > standing.available
            or any(lot.at <= self.at.ms for lot in standing.expiring)
            or account in self.closed
        ):
            return None
        later, recent, recent_count = 0, share.points, share.count
        for done in self.known.about(account):
            if (
                done.tier != T2
                or done.town != self.town
                or not came_before(self.line, self.before, done)
            ):
                continue
            if not done.undone and done.seq > self.includes.get(done.epoch, 0):
                later += done.points
            if done.kind == "spend" and done.at > self.since:
                recent_count += 1
                recent += 0 if done.undone else done.points
        left = share.least - later - share.points
        return _Asked(share.largest, left, recent, recent_count)

    def allows(self, asked: _Asked) -> bool:
        """Whether ``decide`` allows the worst of them."""
        facts = SpendFacts(
            at=self.at,
            hub_silent=True,
            lists=self.lists,
            points=Points(asked.largest),
            account=AccountFacts(
                state=CardState.ACTIVE,
                deficit=False,
                available=asked.left + asked.largest,
                expiring=(),
                later=(),
                recent=(asked.recent - asked.largest,),
                recent_count=asked.recent_count - 1,
            ),
            float_used=self.float_used - asked.largest,
            float_limit=self.known.float_points or self.policy.float_points,
        )
        return refusal(decide(self.policy, facts)) is None


def _worst(asked: Iterable[_Asked]) -> _Asked:
    """All of them as one."""
    largest, left, recent, recent_count = zip(*asked, strict=True)
    return _Asked(max(largest), min(left), max(recent), max(recent_count))


def _shares(spends: Iterable[Spend]) -> dict[AccountId, _Share]:
    shares: dict[AccountId, _Share] = {}
    for spend in spends:
        points, available = spend.points, spend.basis.available
        share = shares.get(spend.account)
        if share is None:
            shares[spend.account] = _Share(1, points, points, available, available)
            continue
        share.count += 1
        share.points += points
        share.largest = max(share.largest, points)
        if available < share.least:
            share.least = available
        elif available > share.most:
            share.most = available
    return shares


def _parted(run: _Run, alone: Collection[AccountId]) -> Iterator[tuple[bool, _Run]]:
    """The run in its order: what is judged one by one, and what is still a set."""
    at = 0
    for apart, some in groupby(run.spends, key=lambda spend: spend.account in alone):
        end = at + len(list(some))
        yield (
            apart,
            _Run(
                run.start + at,
                run.start + end,
                run.records[at:end],
                run.spends[at:end],
                run.moments[at:end],
            ),
        )
        at = end
