"""Taking paper tickets out of use, with the paper or without it. Online only.

    with the paper   scan -> the hub claims the ticket -> ``ticket.voided``, commit -> push: the
                     points are back; the paper stays here
    without it       card and PIN -> the resident's own live tickets -> which one -> PIN, the card
                     signs ``ticket.voided`` -> push: nobody takes the ticket any more, and its
                     points come back when every counter knows so

The claim leaves nobody else in doubt while the paper changes hands. Without the paper nothing is
claimed: what the hub makes of the record comes back at once with its receipt.
"""

import threading
from contextlib import suppress

from node.asking import Asking, Attempted
from node.card.pin import wiped
from node.outcome import Approved, Refused
from node.parts import Parts
from node.reach import HOLD_PATIENCE, LOOK_PATIENCE
from node.refusals import answers, check_same, check_usable, no, refused, rule
from node.signed import signed_by_card
from node.taking import Presented, claim
from node.voided import Back, LiveTicket, SeenTicket, Voided
from node.writer import Committed, Proof
from sync import policy
from sync.errors import DiskFull, Malformed, NotAuthentic, RefusedByRule
from sync.holds import Purpose
from sync.owntickets import VERB, OwnTicketsRequest, back_by
from sync.records import AnyBody, TicketVoided, Tier
from sync.scan import NoTicket, scanned_ticket
from sync.ticket import SignedTicket, read_ticket
from sync.values import AccountId, KeyDigest, MunicipalityCode, Points, TicketNumber, half_width


class Voiding:
    """Voids at one counter. One ticket is in hand at a time."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking
        self._turn = threading.RLock()

    # -- with the paper

    def look(self, text: str) -> SeenTicket | Refused:
        """What a scanned ticket says of itself. Asks nobody."""
        scanned = self._scanned(text)
        if isinstance(scanned, Refused):
            return scanned
        ticket = scanned.ticket
        town, point_name = self._parts.paper.names(ticket.municipality)
        return SeenTicket(
            number=ticket.number,
            municipality=ticket.municipality,
            town=town,
            point_name=point_name,
            points=ticket.points,
            valid_from=ticket.valid_from,
            valid_until=ticket.valid_until,
        )

    def void(self, text: str) -> Voided | Refused:
        """Take one scanned ticket out of use: its paper stays here."""
        with self._turn:
            scanned = self._scanned(text)
            if isinstance(scanned, Refused):
                return scanned
            ticket = scanned.ticket
            try:
                return self._void(scanned)
            except (RefusedByRule, NotAuthentic) as error:
                return refused(
                    error,
                    points=ticket.points,
                    municipality=ticket.municipality,
                    number=ticket.number,
                )

    def _scanned(self, text: str) -> Presented | Refused:
        if half_width(text).isdigit():
            return no("scan-needed")
        try:
            signed = scanned_ticket(text)
            ticket = read_ticket(signed, self._parts.knowledge.ticket_keys())
        except NoTicket as error:
            return no(error.reason)
        except Malformed:
            return no("not-a-ticket")
        except NotAuthentic:
            return no("ticket-not-authentic")
        return Presented(ticket=ticket, signed=signed)

    def _void(self, paper: Presented) -> Voided | Refused:
        parts, ticket = self._parts, paper.ticket
        parts.writer.check_selling()
        self._check_not_taken(ticket.number)
        if parts.reach.silent:
            return self._no("hub-silent", ticket)
        attempted = self._asking.hold(claim(Purpose.VOID, paper), HOLD_PATIENCE)
        answer = attempted.answer
        if answer is None or not answer.granted:
            self._asking.give_up(attempted)
            return self._no("hub-silent" if answer is None else answer.reason, ticket)
        try:
            parts.shifts.ensure()
            done: list[Approved] = []
            parts.writer.write(
                lambda _at, _seq: self._handed_in(paper, attempted),
                also=lambda committed: done.append(self._finish(committed)),
            )
        except BaseException:
            self._asking.give_up(attempted)
            raise
        self._push()
        return self._said(done[0], ticket, "now", "")

    def _handed_in(self, paper: Presented, attempted: Attempted) -> AnyBody:
        self._asking.check_alive(attempted)
        self._check_not_taken(paper.ticket.number)
        return TicketVoided(
            municipality=paper.ticket.municipality,
            number=paper.ticket.number,
            points=paper.ticket.points,
            account=AccountId(""),
            card=KeyDigest(b""),
            hold=attempted.n,
            ticket=paper.signed,
        )

    def _check_not_taken(self, number: TicketNumber) -> None:
        """Raise RefusedByRule where the ticket was taken for goods here, perhaps unknown to all."""
        if self._parts.limits.redeemed_here(number) is not None:
            raise rule(policy.Reason.TICKET_SEEN_HERE)

    # -- without the paper

    @answers
    def own(
        self, card: str, pin: bytearray, *, shown: KeyDigest | None
    ) -> tuple[LiveTicket, ...] | Refused:
        """The live tickets of the card's holder, those that end first ahead."""
        with wiped(pin):
            self._parts.writer.check_selling()
            signed = signed_by_card(
                self._parts,
                card,
                pin,
                VERB,
                lambda tap, challenge: OwnTicketsRequest(challenge, tap.key.digest),
                shown=shown,
            )
        found = self._parts.line.ask(lambda calls: calls.own_tickets(signed), LOOK_PATIENCE)
        return tuple(
            LiveTicket(
                number=each.number,
                municipality=each.municipality,
                town=self._parts.paper.names(each.municipality)[0],
                point_name=self._parts.paper.names(each.municipality)[1],
                points=Points(each.points),
                valid_from=each.valid_from,
                valid_until=each.valid_until,
                voiding=each.voiding,
                back_by=back_by(each.valid_until),
            )
            for each in found.tickets
        )

    def lose(
        self, card: str, pin: bytearray, ticket: LiveTicket, *, shown: KeyDigest | None
    ) -> Voided | Refused:
        """Take a lost ticket out of use: the card signs the record."""
        with self._turn, wiped(pin):
            try:
                return self._lose(card, pin, ticket, shown)
            except (RefusedByRule, NotAuthentic) as error:
                return refused(
                    error,
                    points=ticket.points,
                    municipality=ticket.municipality,
                    number=ticket.number,
                )

    def _lose(
        self, card: str, pin: bytearray, ticket: LiveTicket, shown: KeyDigest | None
    ) -> Voided | Refused:
        parts = self._parts
        parts.writer.check_selling()
        if parts.reach.silent:
            return self._no("hub-silent", ticket)
        with parts.tap(card) as tap:
            check_same(tap, shown)
            check_usable(tap, parts.writer.now())
            found = self._asking.account(tap.key.digest, ticket.municipality)
            if found is None:
                return self._no("no-accepted-town", ticket)
            tap.verify(pin)
            body = _lost(ticket, found[1].account, tap.key.digest)
            proof = Proof(
                shift=parts.shifts.ensure(), sign=tap.sign_record, certificate=tap.certificate
            )
            done: list[Approved] = []
            parts.writer.write(
                lambda _at, _seq: body,
                proof=proof,
                also=lambda committed: done.append(self._finish(committed)),
            )
        self._push()
        return self._said(done[0], ticket, "later", ticket.back_by)

    # -- both

    def _said(
        self, record: Approved, ticket: SignedTicket | LiveTicket, back: Back, back_by: str
    ) -> Voided | Refused:
        """What the hub made of it; one that moves nothing is a refusal to who asked."""
        verdict = self._verdict(record)
        if verdict is None:
            return Voided(record=record, back="soon", back_by=back_by)
        outcome, reason = verdict
        if outcome != "applied":
            return self._no(reason, ticket)
        return Voided(record=record, back=back, back_by=back_by)

    def _finish(self, done: Committed) -> Approved:
        record, body = done.record, done.record.body
        assert isinstance(body, TicketVoided)  # noqa: S101  nothing else is made here
        self._parts.attempts.use(record.epoch, body.hold)
        approved = Approved(
            kind="ticket.voided",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=MunicipalityCode(body.municipality),
            points=Points(body.points),
            tier=None if body.lost else Tier.T0,
            number=body.number,
        )
        self._parts.paper.slip(done, approved)
        self._parts.paper.withdraw(body.number)
        return approved

    def _push(self) -> None:
        with suppress(DiskFull):  # it is committed: what follows comes with the next sync
            self._parts.outbox.push()

    def _verdict(self, record: Approved) -> tuple[str, str] | None:
        """Outcome and reason, where the receipt is here."""
        row = self._parts.store.row(
            "SELECT outcome, reason FROM verdict WHERE epoch = ? AND seq = ?",
            (record.epoch, record.seq),
        )
        return None if row is None else (str(row[0]), str(row[1]))

    def _no(self, reason: str, ticket: SignedTicket | LiveTicket) -> Refused:
        return no(
            reason, points=ticket.points, municipality=ticket.municipality, number=ticket.number
        )


def _lost(ticket: LiveTicket, account: AccountId, card: KeyDigest) -> TicketVoided:
    return TicketVoided(
        municipality=ticket.municipality,
        number=ticket.number,
        points=ticket.points,
        account=account,
        card=card,
        hold=0,
        ticket=b"",
    )
