"""Point tickets at a counter: issue (online only) and redeem (also offline, within policy).

    issue    hold brings the numbers -> PIN -> ``ticket.issued``, card signs, commit -> push at once
             -> the receipt brings the signed tickets -> print jobs
    redeem   scan -> signature, lists, dates -> (the hub answers within 0.7 s: a claim, else policy)
             -> ``ticket.redeemed`` -> slip                                (:mod:`node.taking`)

Nobody holds bearer paper for points that were never taken: the signed ticket comes with the
receipt. A node that is cut off in between finds the waiting ticket at its next sync.
"""

import re
import threading
from contextlib import suppress

from node.asking import Asking, Attempted
from node.card.pin import wiped
from node.outcome import Approved, FoundTicket, Issued, Outcome, Refused, Running
from node.parts import Parts
from node.reach import SCAN_PATIENCE
from node.refusals import check_same, check_usable, no, nothing_known, refused, said_by_hub
from node.taking import Presented, Taking, Terms
from node.typed import Typed, unsigned
from node.writer import Committed, Proof
from sync import policy
from sync.clock import day_of
from sync.errors import DiskFull, Malformed, NotAuthentic, RefusedByRule
from sync.holds import HoldAnswer, Purpose, Wanted
from sync.records import AnyBody, TicketIssued, TicketRedeemed, Tier
from sync.scan import NoTicket, scanned_ticket
from sync.standing import AccountStanding
from sync.ticket import SignedTicket, UnknownSigner, name_of, read_ticket
from sync.values import KeyDigest, MunicipalityCode, Points, TicketNumber, is_typed

_PROGRAMME = re.compile(r"\d{3}", re.ASCII)


class Tickets:
    """Tickets at one counter. One is in hand at a time."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking
        self._typed = Typed(parts)
        self._taking = Taking(parts, asking, Purpose.REDEEM, SCAN_PATIENCE)
        self._turn = threading.RLock()

    def issue(
        self,
        card: str,
        town: MunicipalityCode,
        *,
        each: Points,
        days: int,
        count: int,
        programme: str | None,
        pin: bytearray,
        shown: KeyDigest | None,
    ) -> Issued | Refused:
        """Turn points into ``count`` tickets of ``each`` points."""
        with self._turn, wiped(pin):
            try:
                return self._issue(
                    card,
                    town,
                    each=each,
                    days=days,
                    count=count,
                    programme=programme,
                    pin=pin,
                    shown=shown,
                )
            except (RefusedByRule, NotAuthentic) as error:
                return refused(error, points=each, municipality=town)

    def _issue(
        self,
        card: str,
        town: MunicipalityCode,
        *,
        each: Points,
        days: int,
        count: int,
        programme: str | None,
        pin: bytearray,
        shown: KeyDigest | None,
    ) -> Issued | Refused:
        parts = self._parts
        parts.writer.check_selling()
        if parts.reach.silent:
            return no("hub-silent", points=each, municipality=town)
        with parts.tap(card) as tap:
            check_same(tap, shown)
            check_usable(tap, parts.writer.now())
            key = tap.key.digest
            found = self._asking.account(key, town)
            if found is None:
                reason = "hub-silent" if parts.reach.silent else nothing_known(silent=False)
                return no(reason, points=each, municipality=town)
            wanted = Wanted(
                programme=self._programme(town, programme),
                each=each,
                count=count,
                valid_from=day_of(parts.writer.now().ms),
                days=days,
            )
            total = Points(each * count)
            attempted = self._asking.hold_points(key, found[1], total, wanted)
            answer = attempted.answer
            if answer is None or not answer.granted or not answer.tickets:
                self._asking.give_up(attempted)
                reason = "hub-silent" if answer is None else said_by_hub(answer.reason)
                return no(reason or "only-issuing-online", points=each, municipality=town)
            try:
                tap.verify(pin)
                shift = parts.shifts.ensure()
                done: list[Approved] = []
                parts.writer.write(
                    lambda _at, _seq: self._issued(key, found[1], attempted, wanted.programme),
                    proof=Proof(shift=shift, sign=tap.sign_record, certificate=tap.certificate),
                    also=lambda committed: done.append(self._finish_issue(key, answer, committed)),
                )
            except BaseException:
                self._asking.give_up(attempted)
                raise
        with suppress(DiskFull):  # it is issued: the receipt and its paper come with the next sync
            parts.outbox.push()
        return self.issued(done[0], tuple(ticket.number for ticket in answer.tickets))

    def running(self) -> tuple[Running, ...] | Refused:
        """The programmes whose tickets may be issued now, of all towns; or why none may be."""
        try:
            self._parts.writer.check_selling()
        except RefusedByRule as error:
            return refused(error)
        if self._parts.reach.silent:
            return no("hub-silent")
        day = day_of(self._parts.writer.now().ms)
        return tuple(
            Running(
                municipality=item.municipality,
                programme=item.programme,
                name=item.name,
                use_until=item.use_until,
            )
            for item in self._parts.knowledge.programmes()
            if item.issue_until >= day
        )

    def issued(self, record: Approved, numbers: tuple[TicketNumber, ...]) -> Issued:
        """The issued tickets with what paper there is by now."""
        papers = self._parts.paper.of_record(record.epoch, record.seq)
        return Issued(record=record, numbers=numbers, papers=papers)

    def _programme(self, town: MunicipalityCode, programme: str | None) -> str:
        """The programme that was named, or the town's only one. Raises RefusedByRule."""
        if programme is not None and not _PROGRAMME.fullmatch(programme):
            raise RefusedByRule(
                "unknown-programme", f"{programme!r} names no programme: they have three digits"
            )
        if programme is not None:
            return programme
        found = self.running()
        if isinstance(found, Refused):
            raise RefusedByRule(found.reason, found.detail)
        running = [each.programme for each in found if each.municipality == town]
        if not running:
            raise RefusedByRule("unknown-programme", f"no programme of {town} issues tickets now")
        if len(running) > 1:
            raise RefusedByRule("name-a-programme", f"name the programme: {', '.join(running)}")
        return running[0]

    def _issued(
        self, key: KeyDigest, account: AccountStanding, attempted: Attempted, programme: str
    ) -> AnyBody:
        self._asking.check_alive(attempted)
        assert attempted.answer is not None  # noqa: S101  without it nothing is issued
        return TicketIssued(
            municipality=account.municipality,
            account=account.account,
            card=key,
            hold=attempted.n,
            programme=programme,
            tickets=attempted.answer.tickets,
        )

    def _finish_issue(self, key: KeyDigest, answer: HoldAnswer, done: Committed) -> Approved:
        record = done.record
        self._parts.attempts.use(record.epoch, answer.n)
        assert isinstance(record.body, TicketIssued)  # noqa: S101  _issued makes nothing else
        known = self._parts.knowledge.standing(key)
        rest = self._asking.rest(known, record.body.municipality, record.at, answer.rest)
        return Approved(
            kind="ticket.issued",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=record.body.municipality,
            points=Points(record.body.points),
            tier=Tier.T0,
            balance_after=None if rest is None else rest.points,
            at_cap=rest is not None and rest.at_cap,
            as_of=None if rest is None else rest.as_of,
        )

    def redeem(self, text: str) -> Outcome:
        """Take one ticket: scanned, or by its typed number (online only)."""
        with self._turn:
            if is_typed(text):
                found = self._typed.find(text, Purpose.REDEEM)
                if isinstance(found, Refused):
                    return found
                return self._redeem(Presented(ticket=unsigned(found), signed=b""))
            keys = self._parts.knowledge.ticket_keys()
            try:
                signed = scanned_ticket(text)
                ticket = read_ticket(signed, keys)
            except NoTicket as error:
                return no(error.reason)
            except Malformed:
                return no("not-a-ticket")
            except UnknownSigner as error:
                foreign = error.says and error.says not in keys
                return no("ticket-other-town" if foreign else "ticket-not-authentic")
            except NotAuthentic:
                return no("ticket-not-authentic")
            return self._redeem(Presented(ticket=ticket, signed=signed))

    def find(self, text: str) -> FoundTicket | Refused:
        """What is behind a typed number, to be compared with the paper before it is taken."""
        return self._typed.find(text, Purpose.REDEEM)

    def _redeem(self, paper: Presented) -> Outcome:
        return self._taking.take(
            paper,
            decide=lambda silent: self._decide(paper, silent=silent),
            make=lambda terms: _redeemed(paper, terms),
            finish=lambda committed: self._finish_redemption(paper.ticket, committed),
        )

    def _decide(self, paper: Presented, *, silent: bool) -> policy.Decision:
        town_policy, _ = self._parts.knowledge.policy(paper.ticket.municipality)
        facts = self._parts.limits.redemption(
            at=self._parts.writer.now(),
            ticket=paper.ticket,
            name=name_of(paper.signed) if paper.signed else b"",
            zone=self._parts.identity.zone,
            silent=silent,
        )
        return policy.decide_redemption(town_policy, facts)

    def _finish_redemption(self, ticket: SignedTicket, done: Committed) -> Approved:
        record = done.record
        assert isinstance(record.body, TicketRedeemed)  # noqa: S101  _redeemed makes nothing else
        approved = Approved(
            kind="ticket.redeemed",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=ticket.municipality,
            points=ticket.points,
            tier=record.body.tier,
            number=ticket.number,
        )
        self._parts.paper.slip(done, approved)
        return approved


def _redeemed(paper: Presented, terms: Terms) -> TicketRedeemed:
    return TicketRedeemed(
        municipality=paper.ticket.municipality,
        number=paper.ticket.number,
        points=paper.ticket.points,
        tier=terms.tier,
        hold=terms.hold,
        ticket=paper.signed,
        basis=terms.basis,
    )
