"""The facts of a decision, gathered from this node's records and from what the hub told it.

What this node subtracts from a standing: its own later records of that account, that is those
the standing does not count. Not subtracted are a record made from a *granted* hold that the
standing already took, and a record that was reversed here before anybody counted it. A quarantined
record stays subtracted until a person at the hub has decided.
"""

from dataclasses import dataclass

from node.knowledge import Knowledge, KnownStanding
from node.store import Store
from node.timekeeping import Timekeeper, age
from sync.clock import At, day_of
from sync.policy import (
    AccountFacts,
    ClearingFacts,
    Lists,
    Policy,
    RedemptionFacts,
    SpendFacts,
    card_divisor,
    divisor,
    near_midnight,
)
from sync.policy import Refused as PolicyRefused
from sync.records import Basis
from sync.standing import AccountStanding, Asof
from sync.ticket import SignedTicket
from sync.values import EpochId, Millis, MunicipalityCode, Points, epoch_number

_OF_TICKETS = "('ticket.redeemed', 'ticket.cleared')"
_FLOAT = (
    "SELECT sum(points) FROM ("
    "SELECT points, tier, kind FROM epoch CROSS JOIN move ON move.epoch = epoch.epoch"
    " AND seq > receipted WHERE verdict IS NULL OR verdict = 'quarantined'"
    " UNION ALL SELECT points, tier, kind FROM move JOIN epoch USING (epoch)"
    " WHERE verdict = 'quarantined' AND tier = 'T2' AND seq <= receipted"
    ") WHERE tier = 'T2' AND kind = ?"
)
"""Up to ``receipted`` every record has a verdict, so what is open lies behind it, but for what
people have still to decide about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One of this node's records of an account, as far as a standing is concerned."""

    epoch: EpochId
    seq: int
    at: Millis
    points: int
    reversed: bool
    verdict: str | None
    hold_order: tuple[int, int] | None
    """The standing that already took it, for a granted hold."""


def share_of(limit: int, policy: Policy, at: At, lists: Lists, *, card: bool = False) -> int:
    """What of a limit is allowed now: all, half where the lists are older, or nothing.

    ``card``: it is one for what a card opens, and not for tickets.
    """
    half = (card_divisor if card else divisor)(policy, at, lists)
    return 0 if isinstance(half, PolicyRefused) else limit // half


def float_used(store: Store, kind: str) -> int:
    """Points of T2 records of a kind (``spend``, ``ticket.redeemed``) without a final receipt."""
    return store.number(_FLOAT, (kind,))


def subtracted(record: Counted, as_of: Asof) -> bool:
    """Whether this node still takes a record off a standing."""
    if record.hold_order is not None and (
        record.hold_order[0] == as_of.incarnation and record.hold_order <= as_of.order
    ):
        return False
    if record.reversed:
        return False
    if record.verdict == "quarantined":
        return True
    included = dict(as_of.includes)
    if record.epoch in included:
        return record.seq > included[record.epoch]
    newest = max((epoch_number(epoch) for epoch in included), default=0)
    # A life that the standing does not know yet is not counted; one that may hand in no more has
    # been counted as far as its receipts go.
    return record.verdict is None or epoch_number(record.epoch) > newest


def later(store: Store, account: str, as_of: Asof) -> tuple[tuple[Millis, int], ...]:
    """The records of this node for one account that a standing does not count: (moment, points)."""
    rows = store.rows(
        "SELECT move.epoch, seq, at, points, reversed_by, verdict, attempt.incarnation,"
        " attempt.number FROM move LEFT JOIN attempt"
        " ON attempt.epoch = move.epoch AND attempt.n = move.hold AND attempt.number > 0"
        " WHERE account = ? ORDER BY at",
        (account,),
    )
    found = (
        Counted(
            epoch=row[0],
            seq=row[1],
            at=row[2],
            points=row[3],
            reversed=row[4] is not None,
            verdict=row[5],
            hold_order=None if row[7] is None else (row[6], row[7]),
        )
        for row in rows
    )
    return tuple((r.at, r.points) for r in found if subtracted(r, as_of))


def account_in(known: KnownStanding | None, town: MunicipalityCode) -> AccountStanding | None:
    """The account of a town in a standing."""
    if known is None:
        return None
    return next((a for a in known.standing.accounts if a.municipality == town), None)


class Limits:
    """Facts and their limits on this node."""

    def __init__(self, store: Store, knowledge: Knowledge, time: Timekeeper) -> None:
        self._store = store
        self._knowledge = knowledge
        self._time = time

    def lists(self, at: At) -> Lists:
        """How fresh what this node knows is."""
        state = self._knowledge.state
        if state.as_of is None:
            return Lists(as_of=None, age=0)
        ran_since = self._time.ran() - state.ran
        return Lists(
            as_of=state.as_of.at,
            age=age(at, state.as_of.at, ran_since),
            good_until=self._knowledge.good_until(),
        )

    def account(
        self, known: KnownStanding, account: AccountStanding, at: At, policy: Policy
    ) -> AccountFacts:
        """What the standing says of an account, and what this node did since."""
        recent = self._store.rows(
            "SELECT points, reversed_by FROM move WHERE account = ? AND at > ? AND tier = 'T2'"
            " AND kind = 'spend'",
            (account.account, at.ms - policy.window),
        )
        return AccountFacts(
            state=known.standing.state,
            deficit=account.deficit,
            available=account.available,
            expiring=account.expiring,
            later=later(self._store, account.account, known.as_of),
            recent=tuple(points for points, undone in recent if undone is None),
            recent_count=len(recent),
        )

    def spend(
        self,
        *,
        at: At,
        town: MunicipalityCode,
        points: Points,
        known: KnownStanding | None,
        silent: bool,
    ) -> SpendFacts:
        """Everything that decides about one spend now."""
        policy, _ = self._knowledge.policy(town)
        account = account_in(known, town)
        return SpendFacts(
            at=at,
            hub_silent=silent,
            lists=self.lists(at),
            points=points,
            account=None
            if account is None or known is None
            else self.account(known, account, at, policy),
            float_used=float_used(self._store, "spend"),
            float_limit=self._knowledge.float_limit(policy),
        )

    def redemption(
        self,
        *,
        at: At,
        ticket: SignedTicket,
        name: bytes,
        zone: str,
        silent: bool,
    ) -> RedemptionFacts:
        """Everything that decides about one scanned ticket now."""
        policy, _ = self._knowledge.policy(ticket.municipality)
        town = self._knowledge.town(ticket.municipality)
        return RedemptionFacts(
            at=at,
            today=day_of(at.ms),
            near_midnight=near_midnight(at.ms),
            hub_silent=silent,
            lists=self.lists(at),
            points=ticket.points,
            valid_from=ticket.valid_from,
            valid_until=ticket.valid_until,
            online_only=ticket.online_only,
            accepted=town is not None and town.accepted,
            in_zone=not ticket.zones or zone in ticket.zones,
            listed_as_used=self._knowledge.is_used(name) and not self._lives_again(ticket.number),
            seen_here=self.redeemed_here(ticket.number) is not None
            or self.voided_here(ticket.number),
            float_used=float_used(self._store, "ticket.redeemed"),
            float_limit=policy.ticket_float,
        )

    def clearing(
        self, *, at: At, ticket: SignedTicket, name: bytes, town: MunicipalityCode, silent: bool
    ) -> ClearingFacts:
        """Everything that decides about one ticket of a pile of a town's tickets now."""
        known = self._knowledge.town(town)
        accepted = known is not None and known.accepted and ticket.municipality == town
        return ClearingFacts(
            at=at,
            today=day_of(at.ms),
            near_midnight=near_midnight(at.ms),
            hub_silent=silent,
            lists=self.lists(at),
            valid_from=ticket.valid_from,
            clear_until=max(
                ticket.valid_until, self._knowledge.clears_until(town, ticket.number[:3])
            ),
            accepted=accepted,
            listed_as_used=self._knowledge.is_used(name) and not self._lives_again(ticket.number),
            seen_here=self.redeemed_here(ticket.number) is not None
            or self.has_paper_of(ticket.number),
        )

    def _lives_again(self, number: str) -> bool:
        """Whether the list calls a ticket used only for what was taken back here since.

        That was this node's own redemption, the applied one, which the list counts while it does
        not count its reversal. A redemption that came second elsewhere made nothing used.
        """
        as_of = self._knowledge.state.as_of
        included = {} if as_of is None else dict(as_of.includes)
        rows = self._store.rows(
            f"SELECT epoch, seq, reversed_by FROM move WHERE number = ? AND kind IN {_OF_TICKETS}"
            " AND reversed_by IS NOT NULL AND verdict = 'applied'",
            (number,),
        )
        return any(seq <= included.get(epoch, 0) < undone for epoch, seq, undone in rows)

    def redeemed_here(self, number: str) -> int | None:
        """The seq of a redemption or clearing of this ticket that stands here, or None."""
        row = self._store.row(
            f"SELECT seq FROM move WHERE number = ? AND kind IN {_OF_TICKETS}"
            " AND reversed_by IS NULL",
            (number,),
        )
        return None if row is None else int(row[0])

    def voided_here(self, number: str) -> bool:
        """Whether this node took the ticket out of use, with its paper or without."""
        voided = "SELECT 1 FROM move WHERE number = ? AND kind = 'ticket.voided'"
        return self._store.row(voided, (number,)) is not None

    def has_paper_of(self, number: str) -> bool:
        """Whether this node kept the paper when it took the ticket out of use: others are copies.

        What was said to be lost may still come in a shop's pile, taken in time.
        """
        kept = "SELECT 1 FROM move WHERE number = ? AND kind = 'ticket.voided' AND tier <> ''"
        return self._store.row(kept, (number,)) is not None

    def taken_at(self, number: str) -> Millis | None:
        """When that of :meth:`redeemed_here` was made, or None."""
        at = self._store.row(
            f"SELECT at FROM move WHERE number = ? AND kind IN {_OF_TICKETS}"
            " AND reversed_by IS NULL",
            (number,),
        )
        return None if at is None else Millis(at[0])

    def basis(
        self,
        *,
        epoch: EpochId,
        town: MunicipalityCode,
        known: KnownStanding | None,
        silent_since: Millis,
        receipted: int,
    ) -> Basis:
        """What the record says the decision was made from."""
        _, digest = self._knowledge.policy(town)
        state = self._knowledge.state
        as_of = known.as_of if known is not None else state.as_of
        account = account_in(known, town)
        return Basis(
            policy=digest,
            incarnation=0 if as_of is None else as_of.incarnation,
            feed=0 if as_of is None else as_of.number,
            as_of=Millis(0) if state.as_of is None else state.as_of.at,
            available=0 if account is None else account.available,
            expiring=() if account is None else account.expiring,
            included=0 if as_of is None else dict(as_of.includes).get(epoch, 0),
            receipted=receipted,
            silent_since=silent_since,
        )
