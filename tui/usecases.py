"""What the screens ask of a counter: the use cases of :class:`node.counter.Counter`, as a shape.

Screens are written against this shape and not against the class, so that starting the app loads no
database, card or network, and so that tests drive the screens by a counter that is made up. Each
call may take as long as the card or the hub takes, and may come from any thread; what it answers
is durable.
"""

from collections.abc import Sequence
from typing import Protocol

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
from node.pile import Pile
from node.printerchoice import FoundPrinter, PrinterChoice, Trial
from node.voided import LiveTicket, SeenTicket, Voided
from printer.preview import PaperLine
from sync.members import MemberStep
from sync.payees import Payee
from sync.values import EpochId, KeyDigest, MunicipalityCode, Points


class UseCases(Protocol):
    """One counter. ``card`` is an address (``soft:FILE``); ``pin`` is overwritten after use.

    ``shown`` is the key of the card that a person showed there before: another one that lies there
    now is refused (``other-card``), and no PIN is given to it.
    """

    def status(self) -> Status:
        """The banner's facts. Opens neither card, printer nor network."""
        ...

    def open_shift(self, staff: str) -> Refused | None:
        """Begin a shift; the first money action begins one by itself (staff unnamed)."""
        ...

    def close_shift(self) -> ZReport | Refused:
        """End the shift; its Z-report becomes a print job in the same commit."""
        ...

    def shift_so_far(self) -> ZReport | Refused:
        """The open shift's sums."""
        ...

    def look_up(self, card: str) -> CardLook:
        """The card's towns with what the standing says, fresh when the hub answers. No PIN."""
        ...

    def prepare(
        self, card: str, municipality: MunicipalityCode | None, points: Points
    ) -> Prepared | Choose | Refused:
        """Ask card, standing and hub (or policy) whether the points may be taken; no PIN yet."""
        ...

    def take(self, prepared: Prepared, card: str, pin: bytearray) -> Outcome:
        """Take what was prepared, under the PIN. After ``wrong-pin`` it may be called again."""
        ...

    def drop(self, prepared: Prepared) -> None:
        """Give up what was prepared: its attempt ends without a record."""
        ...

    def reverse(self, seq: int, reason: str = "") -> Outcome:
        """Take back a spend or redemption of the open shift, once."""
        ...

    def refund(self, epoch: EpochId, seq: int, points: Points | None = None) -> Outcome:
        """Give points back for a sale or redemption of a closed shift: all of it, or a part.

        Within 30 days. Online only.
        """
        ...

    def choose_id(self, wishes: Sequence[str]) -> ChosenId | Refused:
        """An ID that nobody has: the first wish that is free, or one that the hub makes."""
        ...

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
        ...

    def number_of(self, card: str) -> NumberLook | Refused:
        """The card holder's number at this organisation. No PIN. Online only."""
        ...

    def set_number(
        self, card: str, pin: bytearray, number: str, *, shown: KeyDigest | None = None
    ) -> NumberLook | Refused:
        """Link this organisation's number to the card's holder; an empty one takes it back."""
        ...

    def vouch(
        self, card: str, pin: bytearray, for_card: KeyDigest, *, keep: bool
    ) -> Voucher | Refused:
        """Let an earlier card vouch for another one, which replaces it unless ``keep``."""
        ...

    def join(
        self, card: str, pin: bytearray, by: Voucher | str, *, shown: KeyDigest | None = None
    ) -> JoinedCard | Refused:
        """Join a card to a MyKey ID: by a voucher at once, by the ID said once the desk agrees."""
        ...

    def balances(
        self, card: str, pin: bytearray | None = None, *, shown: KeyDigest | None = None
    ) -> tuple[BalanceRow, ...] | Refused:
        """With a PIN and a hub that answers: exact, all towns. Else what the standing says."""
        ...

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

        ``name`` is the ID wanted by a change, without one it is made; or the one that is to end.
        """
        ...

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
        ...

    def running(self) -> tuple[Running, ...] | Refused:
        """The programmes whose tickets may be issued now, of all towns; or why none may be."""
        ...

    def redeem(self, qr: str) -> Outcome:
        """Take one ticket: scanned, or by its typed number (online only)."""
        ...

    def find_ticket(self, number: str) -> FoundTicket | Refused:
        """What is behind a typed number, to be compared with the paper; :meth:`redeem` takes it."""
        ...

    def payees(self) -> tuple[Payee, ...] | Refused:
        """Whose piles this ticket counter may clear; the list of last time while offline."""
        ...

    def open_pile(self, organisation: str) -> Pile | Refused:
        """Begin to clear what an organisation brought, or go on with its pile."""
        ...

    def pile(self) -> Pile | None:
        """The pile that is open, with its sums."""
        ...

    def find_for_pile(self, number: str) -> FoundTicket | Refused:
        """What is behind a typed number of the open pile; :meth:`clear` takes it."""
        ...

    def clear(self, qr: str) -> Outcome:
        """Clear one ticket of the open pile: scanned, or by its typed number (online only)."""
        ...

    def undo_clearing(self) -> Outcome:
        """Take the last ticket of the open pile back."""
        ...

    def close_pile(self) -> Pile | Refused:
        """End the pile; the shop's receipt becomes a print job in the same commit."""
        ...

    def seen_ticket(self, qr: str) -> SeenTicket | Refused:
        """What a scanned ticket says of itself. Asks nobody."""
        ...

    def void_ticket(self, qr: str) -> Voided | Refused:
        """Take a scanned ticket out of use, whose paper stays here. Online only."""
        ...

    def own_tickets(
        self, card: str, pin: bytearray, *, shown: KeyDigest | None = None
    ) -> tuple[LiveTicket, ...] | Refused:
        """The live tickets of a card's holder. Online only."""
        ...

    def void_lost(
        self, card: str, pin: bytearray, ticket: LiveTicket, *, shown: KeyDigest | None = None
    ) -> Voided | Refused:
        """Take a ticket out of use whose paper is lost, for its holder. Online only."""
        ...

    def history(self, limit: int = 100) -> tuple[HistoryRow, ...]:
        """The money records of this node, newest first."""
        ...

    def print_waiting(self) -> PrinterState:
        """Send the waiting print jobs to the printer."""
        ...

    def sheets(self, limit: int = 50) -> tuple[Sheet, ...]:
        """What was printed or is to be: what is in doubt first, then the newest."""
        ...

    def preview_sheet(self, job: int) -> tuple[PaperLine, ...] | Refused:
        """A sheet of :meth:`sheets` as lines of a screen, as wide as this counter's paper."""
        ...

    def preview_shift(self) -> tuple[PaperLine, ...] | Refused:
        """The Z-report, if the shift were closed now."""
        ...

    def preview_ticket(
        self, municipality: MunicipalityCode, points: Points, *, days: int, programme: str
    ) -> tuple[PaperLine, ...]:
        """A specimen of a ticket that would be issued today."""
        ...

    def came_out(self, job: int) -> Refused | None:
        """A person has looked: the sheet that may have been printed is there."""
        ...

    def reprint(self, job: int) -> Refused | None:
        """Queue a sheet again, after a person has looked."""
        ...

    def printers_found(self) -> tuple[FoundPrinter, ...]:
        """The printers, and the ways to one, that are found at this PC."""
        ...

    def try_printer(self, choice: PrinterChoice) -> Trial | Refused:
        """Print a test sheet with a printer that is not kept yet."""
        ...

    def set_printer(self, choice: PrinterChoice) -> Refused | None:
        """Print with it from now on."""
        ...

    def sync_now(self) -> SyncResult:
        """Exchange everything with the hub now."""
        ...

    def audit(self) -> tuple[Finding, ...]:
        """Recompute everything from the records and name what does not add up."""
        ...
