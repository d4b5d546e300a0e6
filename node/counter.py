"""The use cases of one counter: what a person can do here, under screen and command line alike.

Every call is complete in itself and may take as long as the card or the hub takes: call it from a
worker, never from the drawing thread. One money action is in flight at a time. What a call answers
is durable before it returns: commit, then speak.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from node import audit, printers, printing, reporting
from node.asking import Asking
from node.clearing import Clearing
from node.joining import Joining
from node.members import Members
from node.numbers import Numbers
from node.outcome import (
    BalanceRow,
    CardLook,
    Choose,
    ChosenId,
    Finding,
    FoundTicket,
    HistoryRow,
    Issued,
    JoinedCard,
    NumberLook,
    Outcome,
    Prepared,
    PrinterState,
    Refused,
    RegisteredCard,
    Running,
    SeenMember,
    Sheet,
    Status,
    SyncResult,
    Voucher,
    ZReport,
)
from node.parts import Parts
from node.pile import Pile
from node.previews import Previews
from node.printerchoice import FoundPrinter, PrinterChoice, Trial
from node.refunding import Refunding
from node.refusals import refused
from node.reprinting import Reprinting
from node.residents import Residents
from node.reversing import Reversing
from node.secondpath import same_disk
from node.spending import Spending
from node.tickets import Tickets
from node.voided import LiveTicket, SeenTicket, Voided
from node.voiding import Voiding
from printer.preview import PaperLine
from sync.errors import DiskFull, RefusedByRule, Unreachable
from sync.members import MemberStep
from sync.payees import Payee
from sync.session import write_stick
from sync.values import EpochId, KeyDigest, MunicipalityCode, Points


class Counter:
    """One counter. ``card`` is an address (``soft:FILE``); ``pin`` is overwritten after use."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        asking = Asking(parts)
        self._spending = Spending(parts, asking)
        self._tickets = Tickets(parts, asking)
        self._voiding = Voiding(parts, asking)
        self._residents = Residents(parts, asking)
        self._numbers = Numbers(parts)
        self._members = Members(parts, asking)
        self._joining = Joining(parts, asking)
        self._reversing = Reversing(parts)
        self._refunding = Refunding(parts, asking)
        self._clearing = Clearing(parts, asking, self._reversing)
        self._reprinting = Reprinting(parts)
        self._previews = Previews(parts)

    def status(self) -> Status:
        """The banner's facts. Opens neither card, printer nor network."""
        parts = self.parts
        at = parts.writer.now()
        policy, _ = parts.knowledge.policy(parts.identity.municipality)
        second = parts.second
        return reporting.status(
            parts.store,
            reporting.Live(
                at=at,
                lists=parts.limits.lists(at),
                policy=policy,
                float_limit=parts.knowledge.float_limit(policy),
                silent=parts.reach.silent,
                busy=parts.reach.busy(parts.time.ran()),
                only_copy=second is None or same_disk(parts.store.file.parent, second.file.parent),
                unsealed_keys=not parts.keys.sealed,
                second_trouble="" if second is None else second.trouble,
            ),
        )

    def open_shift(self, staff: str) -> Refused | None:
        """Begin a shift; the first money action begins one by itself (staff unnamed)."""
        try:
            self.parts.shifts.open(staff)
        except RefusedByRule as error:
            return refused(error)
        return None

    def close_shift(self) -> ZReport | Refused:
        """End the shift; its Z-report becomes a print job in the same commit."""
        try:
            return self.parts.shifts.close()
        except RefusedByRule as error:
            return refused(error)

    def shift_so_far(self) -> ZReport | Refused:
        """The open shift's sums."""
        try:
            return self.parts.shifts.so_far()
        except RefusedByRule as error:
            return refused(error)

    def look_up(self, card: str) -> CardLook:
        """The card's towns with what the standing says, fresh when the hub answers. No PIN.

        Raises CardError.
        """
        return self._spending.look_up(card)

    def prepare(
        self, card: str, municipality: MunicipalityCode | None, points: Points
    ) -> Prepared | Choose | Refused:
        """Ask card, standing and hub (or policy) whether the points may be taken; no PIN yet.

        Raises CardError for what is no answer (no card, taken away); DiskFull.
        """
        return self._spending.prepare(card, municipality, points)

    def take(self, prepared: Prepared, card: str, pin: bytearray) -> Outcome:
        """Take what was prepared, under the PIN. After ``wrong-pin`` it may be called again."""
        return self._spending.take(prepared, card, pin)

    def drop(self, prepared: Prepared) -> None:
        """Give up what was prepared: its attempt ends without a record."""
        self._spending.drop(prepared)

    def spend(
        self, card: str, municipality: MunicipalityCode, points: Points, pin: bytearray
    ) -> Outcome:
        """Prepare and take in one."""
        return self._spending.spend(card, municipality, points, pin)

    def reverse(self, seq: int, reason: str = "") -> Outcome:
        """Take back a spend or redemption of the open shift, once."""
        return self._reversing.reverse(seq, reason)

    def refund(self, epoch: EpochId, seq: int, points: Points | None = None) -> Outcome:
        """Give points back for a sale or redemption of a closed shift: all of it, or a part.

        Within 30 days. Online only.
        """
        return self._refunding.refund(epoch, seq, points)

    def choose_id(self, wishes: Sequence[str]) -> ChosenId | Refused:
        """An ID that nobody has: the first wish that is free, or one that the hub makes.

        It makes one for no wish, and after three that were taken. Raises Malformed for a wish that
        cannot be an ID.
        """
        return self._residents.choose(wishes)

    def register(
        self,
        card: str,
        pin: bytearray,
        chosen: ChosenId,
        *,
        consent: bool,
        shown: KeyDigest | None = None,
    ) -> RegisteredCard | Refused:
        """Make the chosen MyKey ID this card's; one that has its ID keeps it. Online only."""
        return self._residents.register(card, pin, chosen, consent=consent, shown=shown)

    def number_of(self, card: str) -> NumberLook | Refused:
        """The card holder's number at this organisation. No PIN. Online only.

        Raises CardError.
        """
        return self._numbers.look(card)

    def set_number(
        self, card: str, pin: bytearray, number: str, *, shown: KeyDigest | None = None
    ) -> NumberLook | Refused:
        """Link this organisation's number to the card's holder; an empty one takes it back.

        Online only. Raises Malformed for what can be no number.
        """
        return self._numbers.change(card, pin, number, shown=shown)

    def vouch(
        self, card: str, pin: bytearray, for_card: KeyDigest, *, keep: bool
    ) -> Voucher | Refused:
        """Let an earlier card vouch for another one, which replaces it unless ``keep``."""
        return self._joining.vouch(card, pin, for_card, keep=keep)

    def join(
        self, card: str, pin: bytearray, by: Voucher | str, *, shown: KeyDigest | None = None
    ) -> JoinedCard | Refused:
        """Join a card to a MyKey ID: by a voucher at once, by the ID said once the desk agrees.

        Online only. Raises Malformed for what cannot be an ID.
        """
        return self._joining.join(card, pin, by, shown=shown)

    def balances(
        self, card: str, pin: bytearray | None = None, *, shown: KeyDigest | None = None
    ) -> tuple[BalanceRow, ...] | Refused:
        """With a PIN and a hub that answers: exact, all towns. Else what the standing says."""
        return self._residents.balances(card, pin, shown=shown)

    def member(
        self,
        card: str,
        pin: bytearray,
        step: MemberStep,
        name: str = "",
        *,
        shown: KeyDigest | None = None,
    ) -> SeenMember | Refused:
        """See the card's MyKey ID, or do something to it that the card signs. Online only.

        ``name`` is the ID wanted by a change, without one the hub makes it; or the one that is to
        end. Raises Malformed for what cannot be an ID.
        """
        return self._members.take(card, pin, step, name, shown=shown)

    def issue_tickets(
        self,
        card: str,
        municipality: MunicipalityCode,
        points: Points,
        *,
        days: int,
        count: int,
        programme: str | None,
        pin: bytearray,
        shown: KeyDigest | None = None,
    ) -> Issued | Refused:
        """Turn points into ``count`` tickets of ``points`` each, valid from today. Online only."""
        return self._tickets.issue(
            card,
            municipality,
            each=points,
            days=days,
            count=count,
            programme=programme,
            pin=pin,
            shown=shown,
        )

    def running(self) -> tuple[Running, ...] | Refused:
        """The programmes whose tickets may be issued now, of all towns; or why none may be."""
        return self._tickets.running()

    def redeem(self, qr: str) -> Outcome:
        """Take one ticket: scanned, or by its typed number (online only)."""
        return self._tickets.redeem(qr)

    def seen_ticket(self, qr: str) -> SeenTicket | Refused:
        """What a scanned ticket says of itself. Asks nobody."""
        return self._voiding.look(qr)

    def void_ticket(self, qr: str) -> Voided | Refused:
        """Take a scanned ticket out of use, whose paper stays here. Online only."""
        return self._voiding.void(qr)

    def own_tickets(
        self, card: str, pin: bytearray, *, shown: KeyDigest | None = None
    ) -> tuple[LiveTicket, ...] | Refused:
        """The live tickets of a card's holder. Online only."""
        return self._voiding.own(card, pin, shown=shown)

    def void_lost(
        self, card: str, pin: bytearray, ticket: LiveTicket, *, shown: KeyDigest | None = None
    ) -> Voided | Refused:
        """Take a ticket out of use whose paper is lost, for its holder. Online only."""
        return self._voiding.lose(card, pin, ticket, shown=shown)

    def find_ticket(self, number: str) -> FoundTicket | Refused:
        """What is behind a typed number, to be compared with the paper; :meth:`redeem` takes it."""
        return self._tickets.find(number)

    def payees(self) -> tuple[Payee, ...] | Refused:
        """Whose piles this ticket counter may clear; the list of last time while offline."""
        return self._clearing.payees()

    def open_pile(self, organisation: str) -> Pile | Refused:
        """Begin to clear what an organisation brought, or go on with its pile."""
        return self._clearing.open(organisation)

    def pile(self) -> Pile | None:
        """The pile that is open, with its sums."""
        return self._clearing.pile()

    def find_for_pile(self, number: str) -> FoundTicket | Refused:
        """What is behind a typed number of the open pile; :meth:`clear` takes it."""
        return self._clearing.find(number)

    def clear(self, qr: str) -> Outcome:
        """Clear one ticket of the open pile: scanned, or by its typed number (online only)."""
        return self._clearing.clear(qr)

    def undo_clearing(self) -> Outcome:
        """Take the last ticket of the open pile back."""
        return self._clearing.undo()

    def close_pile(self) -> Pile | Refused:
        """End the pile; the shop's receipt becomes a print job in the same commit."""
        return self._clearing.close()

    def history(self, limit: int = 100) -> tuple[HistoryRow, ...]:
        """The money records of this node, newest first."""
        return reporting.history(self.parts.store, limit, self.parts.writer.now().ms)

    def print_waiting(self) -> PrinterState:
        """Send the waiting print jobs to the printer."""
        now = self.parts.writer.now().ms
        return printing.print_waiting(self.parts.store, self.parts.paper, now)

    def sheets(self, limit: int = 50) -> tuple[Sheet, ...]:
        """What was printed or is to be: what is in doubt first, then the newest."""
        return printing.sheets(self.parts.store, limit)

    def preview_sheet(self, job: int) -> tuple[PaperLine, ...] | Refused:
        """A sheet of :meth:`sheets` as lines of a screen, as wide as this counter's paper."""
        return self._previews.of_job(job)

    def preview_shift(self) -> tuple[PaperLine, ...] | Refused:
        """The Z-report, if the shift were closed now."""
        return self._previews.of_shift()

    def preview_ticket(
        self, municipality: MunicipalityCode, points: Points, *, days: int, programme: str
    ) -> tuple[PaperLine, ...]:
        """A specimen of a ticket that would be issued today."""
        return self._previews.of_ticket(municipality, points, days=days, programme=programme)

    def came_out(self, job: int) -> Refused | None:
        """A person has looked: the sheet that may have been printed is there."""
        return printing.came_out(self.parts.paper, job)

    def reprint(self, job: int) -> Refused | None:
        """Queue a sheet again, after a person has looked; a ticket's is told to the hub."""
        return self._reprinting.again(job)

    def reprint_ticket(self, number: str) -> Refused | None:
        """The same for the newest sheet of a ticket, by the ticket's number."""
        return self._reprinting.ticket(number)

    def printers_found(self) -> tuple[FoundPrinter, ...]:
        """The printers, and the ways to one, that are found at this PC."""
        return printers.found()

    def try_printer(self, choice: PrinterChoice) -> Trial | Refused:
        """Print a test sheet with a printer that is not kept yet."""
        return printers.try_choice(self.parts, choice)

    def set_printer(self, choice: PrinterChoice) -> Refused | None:
        """Print with it from now on."""
        return printers.set_choice(self.parts, choice)

    def sync_now(self) -> SyncResult:
        """Exchange everything with the hub now, also what was found of other histories."""
        done = self.parts.outbox.sync()
        if done.reached:
            with suppress(Unreachable):  # it waits for the next exchange, and is told meanwhile
                self.parts.renewal.hand_in_others()
        return done

    def probe(self) -> bool:
        """Find out in the background whether the hub answers again."""
        return self.parts.line.probe()

    def audit(self) -> tuple[Finding, ...]:
        """Recompute everything from the records and name what does not add up."""
        return audit.findings(self.parts.store)

    def export(self, file: Path) -> int:
        """Write all records without a receipt to a file for ``hub import``; how many."""
        stick, count = self.parts.outbox.stick()
        file.write_bytes(write_stick(stick))
        return count

    def rest(self) -> None:
        """Housekeeping for an idle moment: old attempts given up, time kept, the log moved."""
        self.parts.attempts.rest(self.parts.time.ran())
        self.parts.time.remember()
        self.parts.store.checkpoint()

    def close(self) -> None:
        """Let go of the folder."""
        try:
            with suppress(DiskFull):  # only how long the machine ran; what was done is kept
                self.parts.time.remember()
        finally:
            self.parts.let_go()
