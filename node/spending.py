"""Spending a resident's points: prepare, then take.

    prepare   card -> standing -> decide -> (the hub answers: a hold within 3 s, else policy)
    take      PIN -> lock: decide again, record, card signs, commit with its slip -> done

The record names the attempt whatever tier it ended in: an answer that came too late is used, not
doubled. What is not taken ends its attempt without a record, and the hub hears of it. No card is
asked to sign what was refused.
"""

import threading
from dataclasses import replace

from node.asking import NOT_ASKED, Asking, Attempted
from node.card.errors import CardError
from node.card.pin import wiped
from node.knowledge import KnownStanding
from node.outcome import Approved, CardLook, Choose, Outcome, Prepared, Refused
from node.parts import Parts
from node.refusals import check_usable, no, nothing_known, refused, rule, said_by_hub
from node.writer import Committed, Proof
from sync import policy
from sync.clock import At
from sync.errors import NotAuthentic, RefusedByRule
from sync.records import AnyBody, Spend, Tier
from sync.standing import AccountStanding
from sync.values import AccountId, KeyDigest, Millis, MunicipalityCode, Points


class Spending:
    """Spends at one counter. One is in flight at a time."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking
        self._turn = threading.RLock()
        self._in_flight: Prepared | None = None

    def look_up(self, card: str) -> CardLook:
        """The card's towns, fresh when the hub answers."""
        with self._parts.tap(card) as tap:
            key, tries, pad = tap.key.digest, tap.tries_left, tap.pad
        fresh = self._asking.refresh(key)
        return self._asking.look(key, tries, fresh=fresh, pad=pad)

    def prepare(
        self, card: str, town: MunicipalityCode | None, points: Points
    ) -> Prepared | Choose | Refused:
        """Ask card, standing, and hub or policy. What was prepared before is given up."""
        with self._turn:
            if self._in_flight is not None:
                self.drop(self._in_flight)
            try:
                self._parts.writer.check_selling()
                with self._parts.tap(card) as tap:
                    check_usable(tap, self._parts.writer.now())
                    key, tries, pad = tap.key.digest, tap.tries_left, tap.pad
                chosen = self._choose(key, tries, points) if town is None else town
                if not isinstance(chosen, str):
                    return chosen
                answer = self._prepare(key, tries, chosen, points)
            except (RefusedByRule, NotAuthentic) as error:
                return refused(error, points=points, municipality=town)
            if isinstance(answer, Prepared):
                answer = self._in_flight = replace(answer, pad=pad)
            return answer

    def take(self, prepared: Prepared, card: str, pin: bytearray) -> Outcome:
        """Take what was prepared, under the PIN."""
        with self._turn, wiped(pin):
            try:
                outcome = self._take(prepared, card, pin)
            except RefusedByRule as error:
                return refused(error, points=prepared.points, municipality=prepared.municipality)
            self._in_flight = None
            return outcome

    def drop(self, prepared: Prepared) -> None:
        """Give up what was prepared: its attempt ends without a record."""
        with self._turn:
            self._parts.attempts.end(self._parts.writer.epoch, prepared.attempt)
            if self._in_flight == prepared:
                self._in_flight = None

    def spend(self, card: str, town: MunicipalityCode, points: Points, pin: bytearray) -> Outcome:
        """Prepare and take in one."""
        with self._turn, wiped(pin):
            prepared = self.prepare(card, town, points)
            if isinstance(prepared, Choose):
                return no("no-accepted-town", points=points, municipality=town)
            if isinstance(prepared, Refused):
                return prepared
            try:
                outcome = self.take(prepared, card, pin)
            except CardError:
                self.drop(prepared)
                raise
            if isinstance(outcome, Refused):
                self.drop(prepared)
            return outcome

    def _choose(
        self, key: KeyDigest, tries: int, points: Points
    ) -> MunicipalityCode | Choose | Refused:
        """The one town that can be used, or the choice between several."""
        fresh = self._asking.refresh(key)
        look = self._asking.look(key, tries, fresh=fresh)
        if look.closed is not None:
            return no(look.closed, points=points)
        usable = [row.municipality for row in look.towns if row.usable]
        if len(usable) > 1:
            return Choose(look=look, points=points)
        if usable:
            return usable[0]
        return no(nothing_known(silent=self._parts.reach.silent and not look.towns), points=points)

    def _prepare(
        self, key: KeyDigest, tries: int, town: MunicipalityCode, points: Points
    ) -> Prepared | Refused:
        item = self._parts.knowledge.town(town)
        if item is not None and not item.accepted:
            return no(policy.Reason.TICKET_OTHER_TOWN, points=points, municipality=town)
        attempted = NOT_ASKED
        found = self._asking.account(key, town)
        decision = self._decide(found, town, points)
        if isinstance(decision, policy.AskHub):
            if found is None:
                reason = nothing_known(silent=self._parts.reach.silent)
                return no(reason, points=points, municipality=town)
            attempted = self._asking.hold_points(key, found[1], points)
            if attempted.answer is None:
                decision = self._decide(found, town, points)
            elif not attempted.answer.granted:
                reason = said_by_hub(attempted.answer.reason)
                return no(reason, points=points, municipality=town)
            else:
                found = self._asking.account(key, town) or found
        if isinstance(decision, policy.Refused) or found is None:
            self._parts.attempts.end(self._parts.writer.epoch, attempted.n)
            if not isinstance(decision, policy.Refused):
                decision = policy.Refused(policy.Reason.NO_STANDING)
            return no(decision.reason, points=points, municipality=town, limit=decision.limit)
        return self._shown(key, tries, found, points, attempted)

    def _decide(
        self,
        found: tuple[KnownStanding, AccountStanding] | None,
        town: MunicipalityCode,
        points: Points,
    ) -> policy.Decision:
        town_policy, _ = self._parts.knowledge.policy(town)
        facts = self._parts.limits.spend(
            at=self._parts.writer.now(),
            town=town,
            points=points,
            known=None if found is None else found[0],
            silent=self._parts.reach.silent,
        )
        return policy.decide(town_policy, facts)

    def _shown(
        self,
        key: KeyDigest,
        tries: int,
        found: tuple[KnownStanding, AccountStanding],
        points: Points,
        attempted: Attempted,
    ) -> Prepared:
        """What the customer's line shows. A hold's own standing already lacks its points."""
        known, account = found
        town = account.municipality
        granted = attempted.answer is not None
        told = None if attempted.answer is None else attempted.answer.rest
        rest = self._asking.rest_of(known, account, self._parts.writer.now(), told)
        name, point_name = self._parts.paper.names(town)
        return Prepared(
            card=key,
            municipality=town,
            account=account.account,
            points=points,
            tier=Tier.T0 if granted else Tier.T2,
            attempt=attempted.n,
            tries_left=tries,
            town=name,
            point_name=point_name,
            available=rest.points + (points if granted else 0),
            at_cap=rest.at_cap,
            rest=told,
            as_of=rest.as_of,
            silent_since=Millis(0) if granted else self._parts.reach.silent_since,
        )

    def _take(self, prepared: Prepared, card: str, pin: bytearray) -> Outcome:
        parts = self._parts
        if self._is_over(prepared):
            return no("attempt-over", points=prepared.points, municipality=prepared.municipality)
        with parts.tap(card) as tap:
            if tap.key.digest != prepared.card:
                return no("other-card", points=prepared.points, municipality=prepared.municipality)
            check_usable(tap, parts.writer.now())
            with parts.writer.lock:
                self._require_allowed(prepared)
                shift = parts.shifts.ensure()
            tap.verify(pin)
            proof = Proof(shift=shift, sign=tap.sign_record, certificate=tap.certificate)
            return self._write(prepared, proof)

    def _write(self, prepared: Prepared, proof: Proof) -> Approved:
        """Make the record from what is known now, and its slip from the same."""
        known: KnownStanding | None = None
        done: list[Approved] = []

        def make(at: At, _seq: int) -> AnyBody:
            nonlocal known
            if self._is_over(prepared):
                raise rule("attempt-over")
            known = self._require_allowed(prepared)
            return self._body(prepared, known, at)

        def also(committed: Committed) -> None:
            done.append(self._finish(prepared, known, committed))

        self._parts.writer.write(make, proof=proof, also=also)
        return done[0]

    def _is_over(self, prepared: Prepared) -> bool:
        """Whether the attempt ended, or belongs to a life of the database before this one."""
        if not prepared.attempt:
            return False
        state = self._parts.attempts.state(self._parts.writer.epoch, prepared.attempt)
        return state in ("", "over", "told", "used")

    def _granted(self, prepared: Prepared) -> bool:
        """Whether the hub said yes, in time or since."""
        if not prepared.attempt:
            return False
        state = self._parts.attempts.state(self._parts.writer.epoch, prepared.attempt)
        return state == "granted"

    def _require_allowed(self, prepared: Prepared) -> KnownStanding | None:
        """The standing the record is made from. Without the hub's yes, policy is asked again.

        Raises RefusedByRule.
        """
        known = self._parts.knowledge.standing(prepared.card)
        if self._granted(prepared):
            return known
        at = self._parts.writer.now()
        town_policy, _ = self._parts.knowledge.policy(prepared.municipality)
        facts = self._parts.limits.spend(
            at=at, town=prepared.municipality, points=prepared.points, known=known, silent=True
        )
        decision = policy.decide(town_policy, facts)
        if isinstance(decision, policy.Refused):
            raise rule(decision.reason)
        return known

    def _body(self, prepared: Prepared, known: KnownStanding | None, at: At) -> AnyBody:
        granted = self._granted(prepared)
        return Spend(
            municipality=prepared.municipality,
            account=AccountId(prepared.account),
            points=prepared.points,
            tier=Tier.T0 if granted else Tier.T2,
            card=prepared.card,
            hold=prepared.attempt,
            basis=self._parts.limits.basis(
                receipted=self._parts.writer.receipted,
                epoch=self._parts.writer.epoch,
                town=prepared.municipality,
                known=known,
                silent_since=Millis(0) if granted else Millis(prepared.silent_since or at.ms),
            ),
        )

    def _finish(self, prepared: Prepared, known: KnownStanding | None, done: Committed) -> Approved:
        """What goes with the record into its transaction: the attempt's end and the slip."""
        parts = self._parts
        record = done.record
        parts.attempts.use(record.epoch, prepared.attempt)
        rest = self._asking.rest(known, prepared.municipality, record.at, prepared.rest)
        assert isinstance(record.body, Spend)  # noqa: S101  _body makes nothing else
        approved = Approved(
            kind="spend",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=prepared.municipality,
            points=prepared.points,
            tier=record.body.tier,
            balance_after=None if rest is None else rest.points,
            at_cap=rest is not None and rest.at_cap,
            as_of=None if rest is None else rest.as_of,
        )
        parts.paper.slip(done, approved)
        return approved
