"""Clearing the stamped tickets that a shop brings, at the ticket counter.

    open      for an organisation that the town has accepted -> ``pile.opened``
    clear     scan -> signature, lists, days -> (the hub answers: a claim, else the lists decide)
              -> ``ticket.cleared`` (:mod:`node.taking`); or it goes back with the shop, with its
              reason
    undo      ``reversed`` of the last one, in the shift in which it was cleared
    close     ``pile.closed`` with its sums and the shop's receipt, in one commit

One pile is open at a time. It is found again after a cut, and goes on over the end of a shift: what
was cleared in a shift that is closed stays cleared. Nothing is handed out for these tickets, so
neither a float nor the limit of a ticket bounds them while the hub is silent. A double is called
out as soon as anybody here can know of it; the hub commits the first one.
"""

import threading

from node.asking import Asking
from node.outcome import Approved, FoundTicket, Outcome, Refused
from node.parts import Parts
from node.pile import (
    Opened,
    Pile,
    ReturnedTicket,
    give_back,
    latest,
    newest,
    returned,
    sums,
    take_after_all,
)
from node.reach import HOLD_PATIENCE
from node.refusals import no, refused, rule
from node.reversing import Reversing
from node.taking import Presented, Taking, Terms
from node.typed import Typed, unsigned
from node.writer import Committed
from sync import policy
from sync.clock import At, day_of
from sync.errors import Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.holds import Purpose
from sync.payees import Payee, Payees
from sync.records import AnyBody, PileClosed, PileOpened, TicketCleared
from sync.scan import NoTicket, scanned_ticket
from sync.ticket import SignedTicket, claimed, name_of, read_ticket
from sync.values import (
    Digest,
    MunicipalityCode,
    OrganisationId,
    TicketNumber,
    half_width,
    is_typed,
    organisation_id,
)

COUNTER = "counter"
"""The kind of node that clears."""
_PAYEES = "payees"
_SHOWN = 5
_LONGEST = 24
"""Signs kept of a scan that names no ticket."""
_GOES_BACK = frozenset(
    {
        policy.Reason.CLEARING_OVER,
        policy.Reason.TICKET_NOT_YET,
        policy.Reason.TICKET_OTHER_TOWN,
        policy.Reason.TICKET_SEEN_HERE,
        policy.Reason.TICKET_USED,
        "ticket-forged",
        "ticket-not-authentic",
        "ticket-unknown",
        "ticket-voided",
    }
)
"""Reasons that are about the paper; after any other one it may be scanned again."""


class Clearing:
    """Piles at one ticket counter. One ticket is in hand at a time."""

    def __init__(self, parts: Parts, asking: Asking, reversing: Reversing) -> None:
        self._parts = parts
        self._asking = asking
        self._reversing = reversing
        self._typed = Typed(parts)
        self._taking = Taking(parts, asking, Purpose.CLEAR, HOLD_PATIENCE)
        self._turn = threading.RLock()

    # -- whose pile

    def payees(self) -> tuple[Payee, ...] | Refused:
        """The organisations that the town has accepted; the list of last time while offline."""
        if self._parts.identity.kind != COUNTER:
            return no("not-a-counter")
        store = self._parts.store
        try:
            told = self._parts.line.ask(lambda calls: calls.payees(), HOLD_PATIENCE)
        except Unreachable:
            told = None
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error)
        if told is not None:
            store.keep(_PAYEES, told)
        known = self._known()
        return known or no("hub-silent")

    def open(self, written: str) -> Pile | Refused:
        """Begin a pile, or go on with the one that is open for the same organisation.

        ``written``: the ID, with or without the town's code, full or half width.
        """
        with self._turn:
            try:
                return self._open(written)
            except RefusedByRule as error:
                return refused(error)

    def _open(self, written: str) -> Pile | Refused:
        parts = self._parts
        if parts.identity.kind != COUNTER:
            return no("not-a-counter")
        organisation = self._named(written)
        now = self.pile()
        if now is not None and now.organisation == organisation:
            return now
        if now is not None:
            return no("pile-open", seq=now.opened)
        if organisation is None or all(organisation != one.organisation for one in self._known()):
            known = self.payees()
            if isinstance(known, Refused):
                return known
            if organisation is None or all(organisation != one.organisation for one in known):
                return no("payee-unknown")
        parts.shifts.ensure()
        town = parts.identity.municipality
        parts.writer.write(lambda _at, _seq: PileOpened(town, organisation))
        opened = self.pile()
        assert opened is not None  # noqa: S101  its record was just committed
        return opened

    def _named(self, written: str) -> OrganisationId | None:
        """The organisation that somebody means; None: no ID."""
        name = "".join(half_width(written).upper().split())
        whole = name if name[:6].isdigit() else f"{self._parts.identity.municipality}-{name}"
        try:
            return organisation_id(whole)
        except Malformed:
            return None

    def _known(self) -> tuple[Payee, ...]:
        kept = self._parts.store.kept(_PAYEES, Payees)
        return () if kept is None else kept.rows

    # -- the pile

    def pile(self) -> Pile | None:
        """The pile that is open, with its sums."""
        found = latest(self._parts.store, self._parts.writer.epoch)
        return None if found is None or found.closed is not None else self._whole(found)

    def _whole(self, found: Opened, digest: Digest | None = None) -> Pile:
        """``digest`` of the record that closes it."""
        store, epoch = self._parts.store, self._parts.writer.epoch
        lines = sums(store, epoch, found.seq)
        names = {one.organisation: one.name for one in self._known()}
        return Pile(
            epoch=epoch,
            opened=found.seq,
            opened_at=found.at,
            municipality=found.municipality,
            organisation=found.organisation,
            name=names.get(found.organisation) or found.organisation,
            point_name=self._parts.paper.names(found.municipality)[1],
            count=sum(count for _, count in lines),
            points=sum(points * count for points, count in lines),
            lines=lines,
            last=newest(store, epoch, found.seq, _SHOWN),
            returned=returned(store, epoch, found.seq),
            closed=found.closed,
            closed_at=found.closed_at,
            digest=digest,
        )

    def close(self) -> Pile | Refused:
        """End the pile; record, sums and the shop's receipt in one commit."""
        with self._turn:
            done: list[Pile] = []

            def closed(_at: At, _seq: int) -> AnyBody:
                pile = self._require()
                return PileClosed(pile.opened, pile.count, pile.points)

            def also(committed: Committed) -> None:
                found = latest(self._parts.store, self._parts.writer.epoch)
                assert found is not None  # noqa: S101  it was required a moment ago
                done.append(self._whole(found, committed.digest))
                self._parts.paper.clearing_receipt(done[0])

            try:
                self._parts.writer.write(closed, also=also)
            except RefusedByRule as error:
                return refused(error)
            return done[0]

    def _require(self) -> Pile:
        pile = self.pile()
        if pile is None:
            raise rule("no-pile")
        return pile

    def undo(self) -> Outcome:
        """Take the last ticket of the open pile back."""
        with self._turn:
            pile = self.pile()
            if pile is None:
                return no("no-pile")
            if not pile.last:
                return no("pile-empty")
            return self._reversing.reverse(pile.last[0].seq, "")

    # -- one ticket

    def find(self, text: str) -> FoundTicket | Refused:
        """What is behind a typed number, to be compared with the paper before it is cleared."""
        pile = self.pile()
        if pile is None:
            return no("no-pile")
        return self._typed.find(text, Purpose.CLEAR, pile.municipality)

    def clear(self, text: str) -> Outcome:
        """Clear one ticket: scanned, or by its typed number."""
        with self._turn:
            found = latest(self._parts.store, self._parts.writer.epoch)
            if found is None or found.closed is not None:
                return no("no-pile")
            outcome = self._cleared(found, text)
            if isinstance(outcome, Refused) and outcome.reason in _GOES_BACK:
                paper = ReturnedTicket(
                    number=outcome.number or half_width(text)[:_LONGEST],
                    reason=outcome.reason,
                    at=self._parts.writer.now().ms,
                )
                give_back(self._parts.store, self._parts.writer.epoch, found.seq, paper)
            return outcome

    def _cleared(self, pile: Opened, text: str) -> Outcome:
        if is_typed(text):
            found = self._typed.find(text, Purpose.CLEAR, pile.municipality)
            if isinstance(found, Refused):
                return found
            signed, ticket = b"", unsigned(found)
        else:
            try:
                signed = scanned_ticket(text)
            except NoTicket as error:
                return no(error.reason)
            read = self._read(signed)
            if isinstance(read, Refused):
                return read
            ticket = read
        paper = Presented(ticket=ticket, signed=signed)
        return self._taking.take(
            paper,
            decide=lambda silent: self._decide(pile, paper, silent=silent),
            make=lambda terms: self._body(pile, paper, terms),
            finish=lambda committed: self._finish(pile, ticket, committed),
        )

    def _read(self, signed: bytes) -> SignedTicket | Refused:
        """The ticket, if its town signed it; else a refusal that names it as it names itself."""
        try:
            return read_ticket(signed, self._parts.knowledge.ticket_keys())
        except Malformed:
            return no("not-a-ticket")
        except NotAuthentic:
            says = claimed(signed)
        home = self._parts.identity.municipality
        if says is None:
            return no("ticket-not-authentic")
        foreign = says.municipality != home
        reason = policy.Reason.TICKET_OTHER_TOWN if foreign else "ticket-not-authentic"
        return no(reason, number=says.number, municipality=says.municipality)

    def _decide(self, pile: Opened, paper: Presented, *, silent: bool) -> policy.Decision:
        town_policy, _ = self._parts.knowledge.policy(paper.ticket.municipality)
        facts = self._parts.limits.clearing(
            at=self._parts.writer.now(),
            ticket=paper.ticket,
            name=name_of(paper.signed) if paper.signed else b"",
            town=pile.municipality,
            silent=silent,
        )
        return policy.decide_clearing(town_policy, facts)

    def _body(self, pile: Opened, paper: Presented, terms: Terms) -> AnyBody:
        if latest(self._parts.store, self._parts.writer.epoch) != pile:
            raise rule("no-pile")  # a new life of this counter began meanwhile
        return TicketCleared(
            municipality=paper.ticket.municipality,
            number=paper.ticket.number,
            points=paper.ticket.points,
            organisation=pile.organisation,
            pile=pile.seq,
            tier=terms.tier,
            hold=terms.hold,
            ticket=paper.signed,
            basis=terms.basis,
        )

    def _finish(self, pile: Opened, ticket: SignedTicket, done: Committed) -> Approved:
        record = done.record
        take_after_all(self._parts.store, record.epoch, pile.seq, ticket.number)
        assert isinstance(record.body, TicketCleared)  # noqa: S101  _body makes nothing else
        over = ticket.valid_until < day_of(record.at.ms)
        return Approved(
            kind="ticket.cleared",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=MunicipalityCode(ticket.municipality),
            points=ticket.points,
            tier=record.body.tier,
            number=TicketNumber(ticket.number),
            ended_on=ticket.valid_until if over else None,
        )
