"""Taking a ticket for good: over the counter for goods, or off a shop's pile.

    decide -> (the hub is asked: a claim; where it is silent, policy) -> ``make`` its record, commit

A scanned ticket proves itself and may be taken while the hub is silent. A typed number proves
nothing: it needs the hub's yes. A claim that comes to no record is given up, and told to the hub.
"""

from collections.abc import Callable
from dataclasses import dataclass

from node.asking import NOT_ASKED, Asking, Attempted
from node.outcome import Approved, Outcome, Refused
from node.parts import Parts
from node.refusals import no, refused, rule
from node.writer import Committed
from sync import policy
from sync.clock import At
from sync.errors import NotAuthentic, RefusedByRule
from sync.holds import HoldRequest, Purpose
from sync.records import AnyBody, Basis, Tier
from sync.ticket import SignedTicket
from sync.values import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The ticket in hand."""

    ticket: SignedTicket
    signed: bytes
    """As it was scanned; empty where its number was typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what its record stands."""

    tier: Tier
    hold: int
    basis: Basis


Decide = Callable[[bool], policy.Decision]
"""What policy says while the hub answers (False) or is silent (True)."""
Make = Callable[[Terms], AnyBody]
"""The record; may raise RefusedByRule to give the whole thing up."""
Finish = Callable[[Committed], Approved]
"""The answer, and what else belongs into the record's transaction."""


class Taking:
    """Takes one ticket after the other for one purpose. Its owner lets one in at a time."""

    def __init__(self, parts: Parts, asking: Asking, purpose: Purpose, patience: float) -> None:
        self._parts = parts
        self._asking = asking
        self._purpose = purpose
        self._patience = patience

    def take(self, paper: Presented, decide: Decide, make: Make, finish: Finish) -> Outcome:
        """Take a ticket whose signature was checked, or that the hub has told."""
        try:
            return self._take(paper, decide, make, finish)
        except (RefusedByRule, NotAuthentic) as error:
            ticket = paper.ticket
            return refused(
                error,
                points=ticket.points,
                municipality=ticket.municipality,
                number=ticket.number,
            )

    def _take(self, paper: Presented, decide: Decide, make: Make, finish: Finish) -> Outcome:
        parts = self._parts
        parts.writer.check_selling()
        attempted = NOT_ASKED
        decision = decide(parts.reach.silent)
        if isinstance(decision, policy.AskHub):
            attempted = self._asking.hold(claim(self._purpose, paper), self._patience)
            if attempted.answer is None:
                decision = decide(True)  # it may be heard again by now: this scan has waited once
            elif not attempted.answer.granted:
                return self._no(_of_ticket(attempted.answer.reason), paper)
        if isinstance(decision, policy.Refused):
            self._asking.give_up(attempted)
            return self._no(decision.reason, paper, decision.limit)
        if not paper.signed and attempted.answer is None:
            self._asking.give_up(attempted)
            return self._no("hub-silent", paper)
        return self._commit(paper, attempted, make, finish)

    def _commit(
        self, paper: Presented, attempted: Attempted, make: Make, finish: Finish
    ) -> Approved:
        parts = self._parts
        done: list[Approved] = []

        def body(at: At, _seq: int) -> AnyBody:
            self._asking.check_alive(attempted)
            if parts.limits.redeemed_here(paper.ticket.number) is not None:
                raise rule(policy.Reason.TICKET_SEEN_HERE)
            return make(self._terms(paper, attempted, at))

        def also(committed: Committed) -> None:
            parts.attempts.use(committed.record.epoch, attempted.n)
            done.append(finish(committed))

        try:
            parts.shifts.ensure()
            parts.writer.write(body, also=also)
        except BaseException:
            self._asking.give_up(attempted)
            raise
        return done[0]

    def _terms(self, paper: Presented, attempted: Attempted, at: At) -> Terms:
        parts = self._parts
        granted = attempted.answer is not None
        return Terms(
            tier=Tier.T0 if granted else Tier.T2,
            hold=attempted.n,
            basis=parts.limits.basis(
                receipted=parts.writer.receipted,
                epoch=parts.writer.epoch,
                town=paper.ticket.municipality,
                known=None,
                silent_since=Millis(0) if granted else parts.reach.silent_since or at.ms,
            ),
        )

    def _no(self, reason: str, paper: Presented, limit: int | None = None) -> Refused:
        limits, ticket = self._parts.limits, paper.ticket
        here = reason == policy.Reason.TICKET_SEEN_HERE
        return no(
            reason,
            points=ticket.points,
            municipality=ticket.municipality,
            number=ticket.number,
            seq=limits.redeemed_here(ticket.number) if here else None,
            taken_at=limits.taken_at(ticket.number) if here else None,
            limit=limit,
        )


def claim(purpose: Purpose, paper: Presented) -> HoldRequest:
    """Ask the hub that nobody else takes a ticket meanwhile."""
    return HoldRequest(
        municipality=paper.ticket.municipality,
        purpose=purpose,
        points=paper.ticket.points,
        account="" if paper.signed else paper.ticket.number,
        card=b"",
        ticket=paper.signed,
        wanted=None,
        after=(),
    )


def _of_ticket(reason: str) -> str:
    """The hub's reason as it is told of a ticket: no points of this town means no tickets of it."""
    return policy.Reason.TICKET_OTHER_TOWN if reason == "not-accepted" else reason
